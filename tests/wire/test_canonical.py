import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm._cassette.key import Keys
from fakellm._wire.canonical import canonical_body, canonical_json, digest
from fakellm._wire.events import WireRequest

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
parts = st.lists(st.binary(max_size=5), max_size=4)


def reversed_members(value):
    if isinstance(value, dict):
        return {key: reversed_members(member) for key, member in reversed(value.items())}
    return [reversed_members(item) for item in value] if isinstance(value, list) else value


def call(call_id):
    return {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}


def conversation(*ids):
    """A request in which each id is called and answered."""
    messages = [{"role": "assistant", "tool_calls": [call(call_id) for call_id in ids]}]
    return {"messages": messages + [{"role": "tool", "tool_call_id": call_id, "content": ""} for call_id in ids]}


def key(url="https://x.test/", body=b"", method="POST"):
    return Keys().of(WireRequest(method, url, {}, body))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1, 1.0, True, None, "é\u2028😀"]}, '{"a":[1,1.0,true,null,"é\u2028😀"],"b":1}'),
        ({}, "{}"),
        ("a\nb", '"a\\nb"'),
        ({"messages": 1}, '{"messages":1}'),
    ],
)
def test_canonical_json_is_this_text(value, text):
    assert canonical_json(value) == text


@given(value=json_values)
@settings(max_examples=100, deadline=None)
def test_member_order_does_not_matter(value):
    assert canonical_json(reversed_members(value)) == canonical_json(value)


@given(value=json_values)
@settings(max_examples=100, deadline=None)
def test_canonical_json_keeps_the_value(value):
    assert json.loads(canonical_json(value)) == value


@given(value=st.dictionaries(st.text(max_size=6), json_values, max_size=4))
@settings(max_examples=60, deadline=None)
def test_white_space_and_escapes_do_not_matter(value):
    loose = json.dumps(value, indent=3, ensure_ascii=True).encode()
    tight = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    assert canonical_body(loose) == canonical_body(tight)


@pytest.mark.parametrize(
    "values", [(1, 1.0), (1, True), (1.0, True), (0, False), (0, None), ("1", 1), ([1, 2], [2, 1])]
)
def test_different_values_stay_different(values):
    first, second = values

    assert canonical_json({"n": first}) != canonical_json({"n": second})


def test_white_space_around_a_body_does_not_matter():
    assert canonical_body(b'\r\n {"a": 1} \n') == b'{"a":1}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"text",
        b'"text"',
        b"1",
        b"{",
        b"{]",
        b"[1",
        b"\xff{}",
        b"{\xff}",
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: f"{len(body)} bytes {body[:4]!r}",
)
def test_body_that_is_no_json_object_or_array_stays_as_it_is(body):
    assert canonical_body(body) == body


def test_lone_surrogate_of_an_escape_survives():
    assert canonical_body(b'{"a":"\\ud800"}') == b'{"a":"\xed\xa0\x80"}'


def test_call_ids_are_renamed_in_order_of_appearance():
    assert canonical_json(conversation("call_x9", "call_a1")) == canonical_json(conversation("call_0", "call_1"))


def test_swapped_call_ids_are_another_request():
    swapped = conversation("a", "b")
    swapped["messages"].reverse()

    assert canonical_json(swapped) != canonical_json(conversation("a", "b"))


def test_answer_to_another_call_is_another_request():
    other = conversation("a", "b")
    other["messages"][1]["tool_call_id"] = "b"

    assert canonical_json(other) != canonical_json(conversation("a", "b"))


def test_ids_elsewhere_are_kept():
    value = {**conversation("abc"), "metadata": {"id": "abc"}, "user": "abc"}

    assert json.loads(canonical_json(value))["metadata"] == {"id": "abc"}


@pytest.mark.parametrize(
    "messages",
    [
        None,
        "text",
        {"tool_calls": []},
        [None, 1, "x", []],
        [{"tool_calls": None, "tool_call_id": None}],
        [{"tool_calls": "x", "tool_call_id": 5}],
        [{"tool_calls": [None, 1, {"id": 7}, {}]}],
    ],
)
def test_odd_messages_are_kept(messages):
    assert json.loads(canonical_json({"messages": messages})) == {"messages": messages}


def test_odd_messages_beside_good_ones_are_kept():
    messages = ["loose", {"tool_calls": [1, {"id": 2}, call("x")]}, {"tool_call_id": "x", "tool_calls": 5}]

    found = json.loads(canonical_json({"messages": messages}))["messages"]

    assert found == [
        "loose",
        {"tool_calls": [1, {"id": 2}, call("call_0")]},
        {"tool_call_id": "call_0", "tool_calls": 5},
    ]


def test_request_key_has_its_parts_in_order():
    found = key("https://API.openai.com/v1/chat?b=2&a=1#part", b'{"b":1,"a":2}', "post")

    assert list(found.items()) == [
        ("method", "POST"),
        ("scheme", "https"),
        ("host", "api.openai.com"),
        ("port", "443"),
        ("path", "/v1/chat"),
        ("query", "a=1&b=2"),
        ("body", b'{"a":2,"b":1}'),
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://x.test", "https://x.test/"),
        ("https://x.test:443/", "https://x.test/"),
        ("http://x.test:80/", "HTTP://X.test/"),
        ("https://x.test/?a=1&b=2", "https://x.test/?b=2&a=1"),
        ("https://x.test/?a=%20", "https://x.test/?a=+"),
        ("https://x.test/#a", "https://x.test/#b"),
    ],
)
def test_urls_that_mean_the_same_have_one_key(first, second):
    assert key(first) == key(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://x.test/", "http://x.test/"),
        ("https://x.test:444/", "https://x.test/"),
        ("https://x.test:99999/", "https://x.test/"),
        ("https://x.test:99999/", "https://x.test:99998/"),
        ("https://x.test/a", "https://x.test/A"),
        ("https://x.test/?a=", "https://x.test/"),
        ("https://x.test/?a=1&b=2", "https://x.test/?a=1%26b%3D2"),
        ("https://x.test/?a=1&a=1", "https://x.test/?a=1"),
        ("http://[", "http://[["),
    ],
)
def test_urls_that_differ_have_two_keys(first, second):
    assert key(first) != key(second)


def test_unknown_scheme_has_no_port():
    assert key("unix:/run/model")["port"] == ""


def test_digest_has_sixteen_bytes():
    assert len(digest("a", b"b")) == 16


def test_text_and_its_bytes_have_one_digest():
    assert digest("é") == digest(b"\xc3\xa9")


def test_lone_surrogate_has_a_digest():
    assert digest("\ud800") == digest(b"\xed\xa0\x80")


@pytest.mark.parametrize(
    ("first", "second"),
    [(["ab", "c"], ["a", "bc"]), (["abc"], ["ab", "c"]), ([], [""]), (["a", ""], ["a"]), (["a", "b"], ["b", "a"])],
)
def test_digest_parts_do_not_run_together(first, second):
    assert digest(*first) != digest(*second)


@given(first=parts, second=parts)
@settings(max_examples=150, deadline=None)
def test_digests_are_equal_for_equal_parts_alone(first, second):
    assert (digest(*first) == digest(*second)) is (first == second)


def responses_turn(item_id, call_id):
    return {
        "input": [
            {"role": "user", "content": "weather?"},
            {"type": "function_call", "id": item_id, "call_id": call_id, "name": "w", "arguments": "{}"},
            {"type": "function_call_output", "call_id": call_id, "output": "18"},
        ]
    }


def test_call_ids_of_the_responses_api_are_renamed():
    assert canonical_json(responses_turn("fc_1", "call_a")) == canonical_json(responses_turn("fc_2", "call_b"))


def anthropic_turn(call_id):
    return {
        "messages": [
            {"role": "assistant", "content": [{"type": "tool_use", "id": call_id, "name": "w", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call_id, "content": "18"}]},
        ]
    }


def test_call_ids_of_anthropic_messages_are_renamed():
    assert canonical_json(anthropic_turn("toolu_1")) == canonical_json(anthropic_turn("toolu_2"))


def gemini_turn(call_id):
    return {
        "contents": [
            {"role": "user", "parts": [{"text": "weather?"}]},
            {"role": "model", "parts": [{"functionCall": {"id": call_id, "name": "w", "args": {}}}]},
            {"role": "user", "parts": [{"functionResponse": {"id": call_id, "name": "w", "response": {"n": 18}}}]},
        ]
    }


def test_call_ids_of_gemini_contents_are_renamed():
    assert canonical_json(gemini_turn("pyd_ai_1")) == canonical_json(gemini_turn("pyd_ai_2"))


@pytest.mark.parametrize("contents", ["x", [None, {"parts": None}], [{"parts": ["x", {"functionCall": "f"}]}]])
def test_odd_contents_are_kept(contents):
    assert json.loads(canonical_json({"contents": contents})) == {"contents": contents}


@pytest.mark.parametrize("name", ["previous_response_id", "id"])
def test_other_ids_stay(name):
    one, other = {name: "x", "input": [{name: "x"}]}, {name: "x", "input": [{name: "y"}]}

    assert canonical_json(one) != canonical_json(other)


def form(boundary, *parts):
    lines = [f"--{boundary}\r\n{part}\r\n" for part in parts]
    return ("".join(lines) + f"--{boundary}--\r\n").encode()


MODEL = 'Content-Disposition: form-data; name="model"\r\n\r\nwhisper-1'
FILE = 'Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\nRIFF--x'


def test_boundary_of_a_body_of_several_parts_does_not_matter():
    assert canonical_body(form("a1b2", MODEL, FILE)) == canonical_body(form("zzz", MODEL, FILE))


@pytest.mark.parametrize(
    "other", [form("a", FILE, MODEL), form("a", MODEL), form("a", MODEL, FILE + "y"), form("a", MODEL, FILE, FILE)]
)
def test_other_parts_are_told_apart(other):
    assert canonical_body(form("a", MODEL, FILE)) != canonical_body(other)


def test_json_in_a_part_is_compared_by_value():
    parts = [
        'Content-Type: application/json\r\n\r\n{"a": 1, "b": 2}',
        'Content-Type: application/json\r\n\r\n{"b":2,"a":1}',
    ]

    assert canonical_body(form("x", parts[0])) == canonical_body(form("y", parts[1]))


@pytest.mark.parametrize("body", [b"--", b"--\r\n--", b"--a\r\nno end", b"--a\n\n--a--", b"-- a diff\r\n+++ b\r\n"])
def test_body_that_only_begins_like_several_parts_stays(body):
    assert canonical_body(body) == body
