"""Answers and chunks, read into results."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakellm._errors import APIError
from fakellm.client._response import StreamResult, parse_chunk, parse_completion
from fakellm.models import FunctionCall, RequestUsage


def parse(message, **members):
    body = {"choices": [{"message": message, **members}]}
    return parse_completion(json.dumps(body).encode(), status=200)


def collect(*deltas, **members):
    collected = StreamResult()
    pieces = [
        piece
        for delta in deltas
        for piece in collected.add(parse_chunk(json.dumps({"choices": [{"delta": delta, **members}]})))
    ]
    return pieces, collected


REASONS = [
    ("stop", "stop"),
    ("STOP", "stop"),
    ("end_turn", "stop"),
    ("length", "length"),
    ("content_filter", "content_filter"),
    ("tool_calls", "function_calls"),
    ("function_calls", "function_calls"),
    ("function_call", "unknown"),
    ("eos", "unknown"),
    ("", "unknown"),
    (None, "unknown"),
]


@pytest.mark.parametrize(("on_the_wire", "reason"), REASONS)
def test_finish_reason_of_an_answer(on_the_wire, reason):
    assert parse({"content": "a"}, finish_reason=on_the_wire).finish_reason == reason


@pytest.mark.parametrize(("on_the_wire", "reason"), REASONS)
def test_finish_reason_of_a_stream(on_the_wire, reason):
    _, collected = collect({"content": "a"}, finish_reason=on_the_wire)

    assert collected.result().finish_reason == reason


def test_missing_text_is_empty():
    assert parse({"content": None}).content == ""


def test_text_beside_calls_is_the_thought():
    result = parse({"content": "Let me look.", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": ""}}]})

    assert (result.content, result.thought) == ([FunctionCall(id="c", arguments="", name="f")], "Let me look.")


def test_empty_text_beside_calls_is_no_thought():
    assert parse({"content": "", "tool_calls": [{"id": "c", "function": {"name": "f"}}]}).thought is None


def test_no_calls_leave_the_text():
    assert parse({"content": "a", "tool_calls": []}).content == "a"


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 3}, (9, 3)),
        ({"prompt_tokens": None, "completion_tokens": None}, (0, 0)),
        ({}, (0, 0)),
        (None, (0, 0)),
    ],
)
def test_usage_of_an_answer(usage, counts):
    body = {"choices": [{"message": {"content": "a"}}], "usage": usage}

    result = parse_completion(json.dumps(body).encode(), status=200)

    assert result.usage == RequestUsage(prompt_tokens=counts[0], completion_tokens=counts[1])


def test_first_choice_counts():
    body = {"choices": [{"message": {"content": "a"}}, {"message": {"content": "b"}}]}

    assert parse_completion(json.dumps(body).encode(), status=200).content == "a"


def test_unknown_members_are_passed_over():
    assert parse({"content": "a", "annotations": [], "reasoning": "x"}, logprobs=None, index=0).content == "a"


def test_answer_that_is_none_shows_its_status():
    with pytest.raises(APIError) as caught:
        parse_completion(b"accepted", status=202)

    assert str(caught.value) == "the answer (status 202) is no chat completion: 'accepted'"
    assert caught.value.body == "accepted"


def test_pieces_are_the_deltas():
    pieces, collected = collect({"role": "assistant", "content": ""}, {"content": "Hel"}, {}, {"content": "lo"})

    assert (pieces, collected.result().content) == (["Hel", "lo"], "Hello")


def test_text_and_call_in_one_chunk_are_both_kept():
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}

    pieces, collected = collect({"content": "Let me look.", "tool_calls": [call]})

    assert pieces == ["Let me look."]
    assert collected.result().content == [FunctionCall(id="c", arguments="{}", name="f")]
    assert collected.result().thought == "Let me look."


def test_calls_come_in_order_of_appearance():
    _, collected = collect(
        *({"tool_calls": [{"index": index, "id": str(index), "function": {"name": "f"}}]} for index in (1, 0))
    )

    assert [call.id for call in collected.result().content] == ["1", "0"]


def test_only_the_first_choice_is_streamed():
    chunk = parse_chunk('{"choices": [{"delta": {"content": "a"}}, {"delta": {"content": "b"}}]}')

    assert list(StreamResult().add(chunk)) == ["a"]


@pytest.mark.parametrize("chunk", ['{"choices": []}', "{}", '{"choices": [{}]}', '{"choices": [{"delta": {}}]}'])
def test_chunk_without_text_gives_none(chunk):
    assert list(StreamResult().add(parse_chunk(chunk))) == []


def usage_chunk(prompt, completion):
    return parse_chunk(json.dumps({"usage": {"prompt_tokens": prompt, "completion_tokens": completion}}))


def test_last_usage_of_a_stream_counts():
    collected = StreamResult()
    for chunk in (usage_chunk(1, 1), usage_chunk(9, 3), parse_chunk('{"usage": null}')):
        list(collected.add(chunk))

    assert collected.result().usage == RequestUsage(prompt_tokens=9, completion_tokens=3)


def test_finish_reason_on_a_chunk_with_usage_counts():
    text = (
        '{"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}'
    )
    collected = StreamResult()

    list(collected.add(parse_chunk(text)))

    assert collected.result().finish_reason == "stop"


def test_characters_that_arrived_are_counted():
    _, collected = collect({"content": "Hé"}, {"content": "llo"})

    assert collected.characters == 5


def test_stream_is_empty_until_a_chunk_arrives():
    collected = StreamResult()
    before = collected.is_empty

    list(collected.add(parse_chunk("{}")))

    assert (before, collected.is_empty) == (True, False)


@pytest.mark.parametrize("data", ["", "{", "null", '{"choices": 3}', '{"choices": [{"delta": {"content": 7}}]}'])
def test_what_is_no_chunk_is_refused(data):
    with pytest.raises(APIError) as caught:
        parse_chunk(data)

    assert str(caught.value) == f"the stream holds something that is no chunk: {data!r}"


def test_long_thing_that_is_no_chunk_is_cut():
    with pytest.raises(APIError) as caught:
        parse_chunk("x" * 300)

    assert str(caught.value) == f"the stream holds something that is no chunk: '{'x' * 200}'"


@given(text=st.text(), name=st.text(), arguments=st.text(), data=st.data())
def test_however_an_answer_is_cut_it_is_the_same(text, name, arguments, data):
    def cut(whole):
        places = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
        return [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)]

    deltas = [{"content": part} for part in cut(text)]
    deltas += [{"tool_calls": [{"index": 0, "function": {"name": part}}]} for part in cut(name)]
    deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in cut(arguments)]

    pieces, collected = collect(*deltas)

    assert "".join(pieces) == text
    assert collected.result().content == [FunctionCall(id="", arguments=arguments, name=name)]
