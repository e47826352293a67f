"""Messages are known when they come again, wherever in a history they stand."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm._wire.canonical import canonical_json
from fakellm._wire.known import KnownMessage, keys_of

messages = st.lists(
    st.dictionaries(
        st.sampled_from(["role", "content", "tool_call_id", "x"]),
        st.sampled_from(["user", "tool", "a", "b", 1, 1.0, True, None, ["a"], {"b": "a"}]),
    ),
    max_size=3,
)


def known(history):
    return [KnownMessage(key) for key in keys_of({"messages": history})[1]]


def told(messages):
    """Return the texts of known messages that make a history."""
    numbers = {}
    return [message.text(numbers).decode() for message in messages]


def texts(history):
    return told(known(history))


def reversed_members(value):
    if isinstance(value, dict):
        return {key: reversed_members(member) for key, member in reversed(value.items())}
    return [reversed_members(item) for item in value] if isinstance(value, list) else value


def turn(call_id):
    """A call and its result."""
    call = {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    return [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": call_id, "content": ""}]


def turn_text(call_id):
    return [
        '{"role":"assistant","tool_calls":[{"function":{"arguments":"{}","name":"f"},'
        f'"id":"{call_id}","type":"function"}}]}}',
        f'{{"content":"","role":"tool","tool_call_id":"{call_id}"}}',
    ]


@given(first=messages, second=messages)
@settings(max_examples=300, deadline=None)
def test_texts_are_equal_where_the_canonical_json_of_histories_is(first, second):
    for other in (second, reversed_members(first)):
        is_same = canonical_json({"messages": first}) == canonical_json({"messages": other})

        assert (texts(first) == texts(other)) is is_same


def test_texts_of_messages_are_these():
    assert texts([{"content": "hi", "role": "user"}, *turn("call_x")]) == ["user hi", *turn_text("call_0")]


def test_message_that_is_known_is_told_by_its_place_in_each_history():
    first, second = known(turn("call_x")), known(turn("call_y"))

    assert told([*first, *second]) == [*turn_text("call_0"), *turn_text("call_1")]
    assert told([*second, *first]) == [*turn_text("call_0"), *turn_text("call_1")]
    assert told(second) == turn_text("call_0")


def test_threads_that_share_messages_tell_the_same_texts():
    turns = [known(turn(f"call_{letter}")) for letter in "abc"]
    histories = [[message for one in order for message in one] for order in permutations(turns)] * 50
    expected = [text for n in range(3) for text in turn_text(f"call_{n}")]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(told, histories))

    assert set(map(tuple, found)) == {tuple(expected)}


def test_key_of_a_message_is_that_of_its_value():
    message = {"role": "user", "content": "hi"}

    assert keys_of({"messages": [message]})[1] == keys_of({"model": "x", "messages": [dict(message)]})[1]


def test_form_that_holds_more_than_json_has_the_key_of_its_json():
    class Count(int):
        pass

    assert keys_of({"n": Count(2), "messages": [{"x": Count(1)}]}) == keys_of({"n": 2, "messages": [{"x": 1}]})
