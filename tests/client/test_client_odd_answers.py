"""Answers as real servers send them, whole and as streams: what is odd in them loses nothing that is good."""

from __future__ import annotations

import json
import re

import httpx
import pytest
import respx
from provider_bytes import HI, URL, client, pieces_of

from fakellm import APIError, LengthFinishReasonError
from fakellm.models import FunctionCall, RequestUsage

pytestmark = pytest.mark.asyncio

INFO = {"vision": False, "function_calling": True, "json_output": True, "family": "r1", "structured_output": True}


@pytest.fixture
def api():
    with respx.mock(assert_all_called=False) as router:
        yield router.post(URL)


def delta(finish=None, **fields):
    """A chunk as an object."""
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def part(index=None, id=None, name=None, arguments=None):
    """A chunk with a fragment of a call; what is None is left out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    rest = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return delta(tool_calls=[{**rest, "function": function}])


def whole(finish="stop", *, choice=None, **message):
    """A completion as an object."""
    return {"choices": [{"message": message, "finish_reason": finish, **(choice or {})}]}


def sse(*objects):
    """A stream of these: objects as JSON, texts as they stand, bytes as events."""
    events = [one if isinstance(one, str) else json.dumps(one) for one in objects]
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"]).encode()


async def streamed(api, *objects, **settings):
    api.mock(return_value=httpx.Response(200, content=sse(*objects)))
    return await pieces_of(client(**settings).create_stream(HI))


async def created(api, answer, **settings):
    body = answer if isinstance(answer, str) else json.dumps(answer)
    api.mock(return_value=httpx.Response(200, content=body.encode()))
    return await client(**settings).create(HI)


async def both(api, message, finish="stop", **choice):
    """Give the result of a whole answer, and that of a stream of one chunk."""
    one = delta(finish, **message)
    one["choices"][0].update(choice)
    return [await created(api, whole(finish, choice=choice, **message)), (await streamed(api, one))[1]]


SIGNS = [
    "null",
    "{}",
    "[]",
    '""',
    "",
    " ",
    '{"choices": null}',
    '{"choices": []}',
    '{"choices": [null]}',
    '{"choices": [{"delta": null}]}',
    '{"choices": [{"delta": {}}]}',
    '{"choices": [{}]}',
    '{"error": null}',
]


@pytest.mark.parametrize("sign", SIGNS)
async def test_signs_of_life_are_passed_over(api, sign):
    pieces, result = await streamed(api, sign, delta(content="a"), sign, delta("stop", content="b"), sign)

    assert pieces == ["a", "b"]
    assert (result.content, result.finish_reason) == ("ab", "stop")


@pytest.mark.parametrize(
    "event", ['event: ping\ndata: {"type": "ping"}', "event: heartbeat\ndata: 17:03", "event: keepalive\ndata:", ": hi"]
)
async def test_pings_are_passed_over(api, event):
    body = f"{event}\n\n".encode() + sse(delta(content="a")) + f"{event}\n\n".encode()
    api.mock(return_value=httpx.Response(200, content=body))

    pieces, _ = await pieces_of(client().create_stream(HI))

    assert pieces == ["a"]


@pytest.mark.parametrize("end", ["[DONE]", " [DONE]", "[DONE] "])
async def test_end_marker_may_have_blanks_around_it(api, end):
    api.mock(return_value=httpx.Response(200, content=sse(delta(content="a"), end, "garbage")))

    assert (await pieces_of(client().create_stream(HI)))[0] == ["a"]


@pytest.mark.parametrize("data", ['"overloaded"', "5", "[1]", "nonsense", '{"choices": 5}', '{"choices": "busy"}'])
async def test_data_that_is_no_chunk_is_an_error(api, data):
    with pytest.raises(APIError, match=f"^the stream holds something that is no chunk: {re.escape(repr(data))}$"):
        await streamed(api, delta(content="a"), data)


CALLS = {
    "name in pieces": ([part(0, "a", "edit_", ""), part(0, None, "file", "{}")], [("a", "edit_file", "{}")]),
    "name repeated": ([part(0, "a", "f", ""), part(0, "a", "f", "{"), part(0, None, "f", "}")], [("a", "f", "{}")]),
    "name growing": (
        [part(0, "a", "get"), part(0, "a", "get_time"), part(0, None, None, "{}")],
        [("a", "get_time", "{}")],
    ),
    "name changing behind arguments": ([part(0, "a", "f", "{"), part(0, "a", "F", "}")], [("a", "f", "{}")]),
    "name null": (
        [part(0, "a", "f", "{"), delta(tool_calls=[{"index": 0, "function": {"name": None, "arguments": "}"}}])],
        [("a", "f", "{}")],
    ),
    "name late": ([part(0, "a", None, "{"), part(0, None, "f", "}")], [("a", "f", "{}")]),
    "name of blanks": ([part(0, "a", "f", "{"), part(0, None, " ", "}")], [("a", "f", "{}")]),
    "blanks around the name": ([part(0, "a", " f\n", "{"), part(0, None, "f ", "}")], [("a", "f", "{}")]),
    "id repeated": ([part(0, "a", "f", "{"), part(0, "a", None, "}")], [("a", "f", "{}")]),
    "id changing": ([part(0, "a", "f", ""), part(0, "b", None, "{"), part(0, "c", None, "}")], [("a", "f", "{}")]),
    "id changing, name repeated": (
        [part(0, "a", "f", "{"), part(0, "b", "f", '"x": '), part(0, "c", "f", "1}")],
        [("a", "f", '{"x": 1}')],
    ),
    "id late": ([part(0, None, "f", ""), part(0, "a", None, "{}")], [("a", "f", "{}")]),
    "id late, name repeated": ([part(0, None, "f", "{"), part(0, "a", "f", "}")], [("a", "f", "{}")]),
    "id is a number": ([part(0, 7, "f", "{}")], [("7", "f", "{}")]),
    "index off by one": ([part(0, "a", "f", '{"x"'), part(1, None, None, ": 1}")], [("a", "f", '{"x": 1}')]),
    "index counts fragments": (
        [part(0, "a", "f", "{"), part(1, "a", "f", '"x"'), part(2, "a", None, ": 1}")],
        [("a", "f", '{"x": 1}')],
    ),
    "index of the last fragment alone missing": (
        [part(0, "a", "f", "{"), part(None, None, None, "}")],
        [("a", "f", "{}")],
    ),
    "index begins at one": ([part(1, "a", "f", "{}"), part(2, "b", "g", "{}")], [("a", "f", "{}"), ("b", "g", "{}")]),
    "index is a text": ([part("0", "a", "f", "{"), part("0", None, None, "}")], [("a", "f", "{}")]),
    "index is nonsense": ([part("x", "a", "f", "{"), part({}, None, None, "}")], [("a", "f", "{}")]),
    "one index for all": (
        [part(0, "a", "f", '{"x": 1}'), part(0, "b", "f", '{"x": 2}')],
        [("a", "f", '{"x": 1}'), ("b", "f", '{"x": 2}')],
    ),
    "one index, no arguments": (
        [part(0, "a", "f", ""), part(0, "b", "g", ""), part(0, "c", "f", "")],
        [("a", "f", "{}"), ("b", "g", "{}"), ("c", "f", "{}")],
    ),
    "one index, interleaved": (
        [part(0, "a", "f", ""), part(0, "b", "g", ""), part(0, "a", None, "{}"), part(0, "b", "g", "{}")],
        [("a", "f", "{}"), ("b", "g", "{}")],
    ),
    "one index, no ids": (
        [part(0, None, "f", "{}"), part(0, None, "f", '{"x": 1}'), part(0, None, "g", "{}")],
        [("", "f", "{}"), ("", "f", '{"x": 1}'), ("", "g", "{}")],
    ),
    "one id for all": (
        [part(0, "a", "f", ""), part(1, "a", "g", ""), part(0, "a", None, '{"x": 1}'), part(1, "a", None, "{}")],
        [("a", "f", '{"x": 1}'), ("a", "g", "{}")],
    ),
    "no index": (
        [part(None, "a", "f", "{}"), part(None, "b", "g", "{"), part(None, None, None, "}")],
        [("a", "f", "{}"), ("b", "g", "{}")],
    ),
    "no index, interleaved": (
        [part(None, "a", "f", "{"), part(None, "b", "g", "{"), part(None, "a", None, "}"), part(None, "b", None, "}")],
        [("a", "f", "{}"), ("b", "g", "{}")],
    ),
    "neither index nor id": (
        [part(None, None, "f", "{"), part(None, None, None, "}"), part(None, None, "g", "{}")],
        [("", "f", "{}"), ("", "g", "{}")],
    ),
    "alike and beside each other": (
        [part(0, "a", "f", ""), part(1, "b", "f", ""), part(1, None, None, "{}")],
        [("a", "f", "{}"), ("b", "f", "{}")],
    ),
    "empty fragments between": ([part(0, "a", "f", ""), part(1), part(), part(0, "", "", "{}")], [("a", "f", "{}")]),
    "object that holds the place": (
        [part(0, "a", "f", "{}"), part(0, None, None, '{"x"'), part(0, None, None, ": 1}")],
        [("a", "f", '{"x": 1}')],
    ),
    "whole call again": (
        [part(0, "a", "f", '{"x"'), part(0, None, None, ": 1}"), part(0, "a", "f", '{"x": 1}')],
        [("a", "f", '{"x": 1}')],
    ),
    "arguments of blanks": ([part(0, "a", "f", " "), part(0, None, None, "\n")], [("a", "f", "{}")]),
    "arguments null": ([part(0, "a", "f", "null")], [("a", "f", "{}")]),
    "arguments that are broken": ([part(0, "a", "f", '{"x"'), part(0, None, None, ": ")], [("a", "f", '{"x": ')]),
    "one call, not in a list": (
        [delta(tool_calls={"id": "a", "function": {"name": "f", "arguments": "{}"}})],
        [("a", "f", "{}")],
    ),
}


@pytest.mark.parametrize("name", CALLS)
async def test_fragments_of_calls_are_put_together(api, name):
    chunks, calls = CALLS[name]

    _, result = await streamed(api, *chunks, delta("tool_calls"))

    assert [(call.id, call.name, call.arguments) for call in result.content] == calls


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ({"id": "a", "function": {"name": "f", "arguments": ""}}, ("a", "f", "{}")),
        ({"id": "a", "function": {"name": "f"}}, ("a", "f", "{}")),
        ({"id": "a", "function": {"name": "f", "arguments": None}}, ("a", "f", "{}")),
        ({"id": "a", "function": {"name": " f\n", "arguments": "{}"}}, ("a", "f", "{}")),
        ({"id": 5, "index": 0.0, "function": {"name": "f", "arguments": "{}"}}, ("5", "f", "{}")),
        ({"id": "a", "index": "x", "function": {"name": "f", "arguments": "{}"}}, ("a", "f", "{}")),
    ],
)
async def test_calls_are_read_alike_whole_and_streamed(api, call, expected):
    for result in await both(api, {"tool_calls": [call]}, "tool_calls"):
        assert [(one.id, one.name, one.arguments) for one in result.content] == [expected]


@pytest.mark.filterwarnings("ignore:the arguments of a tool call are no text")
async def test_arguments_that_are_objects_are_written_as_text(api):
    call = {"id": "a", "function": {"name": "f", "arguments": {"city": "Köln"}}}

    for result in await both(api, {"tool_calls": [call]}, "tool_calls"):
        assert json.loads(result.content[0].arguments) == {"city": "Köln"}


async def test_calls_that_say_nothing_leave_the_text(api):
    empty = [{}, {"index": 0, "id": None, "function": {"name": None, "arguments": None}}, {"function": None}]

    for result in await both(api, {"content": "a", "tool_calls": empty}):
        assert result.content == "a"


async def test_whole_calls_are_not_taken_for_fragments(api):
    calls = [{"function": {"name": "f", "arguments": ""}}, {"function": {"name": "f", "arguments": ""}}]

    result = await created(api, whole("tool_calls", tool_calls=calls))

    assert result.content == [FunctionCall("", "{}", "f")] * 2


CALL = {"id": "a", "function": {"name": "f", "arguments": "{}"}}


async def test_text_is_not_read_again_from_a_closing_message(api):
    closing = {**whole(content="Hello"), "usage": {"prompt_tokens": 3, "completion_tokens": 2}}

    pieces, result = await streamed(api, delta(content="Hel"), delta(content="lo"), closing)

    assert pieces == ["Hel", "lo"]
    assert (result.content, result.finish_reason, result.usage) == ("Hello", "stop", RequestUsage(3, 2))


async def test_calls_are_not_read_again_from_a_closing_message(api):
    _, result = await streamed(api, delta(tool_calls=[CALL]), whole("tool_calls", content="", tool_calls=[CALL]))

    assert result.content == [FunctionCall("a", "{}", "f")]


async def test_reasoning_is_not_read_again_from_a_closing_message(api):
    closing = whole(reasoning_content="hm", content="a")

    pieces, result = await streamed(api, delta(reasoning_content="hm"), delta(content="a"), closing)

    assert "".join(pieces) == "<think>hm</think>a"
    assert (result.content, result.thought) == ("a", "hm")


async def test_log_probabilities_are_not_read_again_from_a_closing_message(api):
    logprobs = {"content": [{"token": "a", "logprob": -0.1}]}
    chunk, closing = delta(content="a"), whole(content="a", choice={"logprobs": logprobs})
    chunk["choices"][0]["logprobs"] = logprobs

    _, result = await streamed(api, chunk, closing)

    assert [token.token for token in result.logprobs] == ["a"]


@pytest.mark.parametrize(
    "before",
    [[], [delta(role="assistant", content="")], [delta(reasoning_content="hm")]],
    ids=["nothing", "role", "thought"],
)
async def test_closing_message_is_the_answer_where_no_text_came_before(api, before):
    assert (await streamed(api, *before, whole(content="Hello")))[1].content == "Hello"


async def test_message_beside_an_empty_delta_is_the_answer(api):
    closing = whole(content="Hello", choice={"delta": {}})

    assert (await streamed(api, closing))[1].content == "Hello"


async def test_messages_in_place_of_deltas_go_on_with_each_other(api):
    pieces, result = await streamed(api, whole(None, content="Hel"), whole(content="lo"))

    assert (pieces, result.content) == (["Hel", "lo"], "Hello")


REASONING = {
    "empty beside the text": [delta(reasoning_content="hm", content=""), delta(reasoning_content="", content="A")],
    "null beside the text": [delta(reasoning_content="hm", content=None), delta(reasoning_content=None, content="A")],
    "empty between": [delta(reasoning_content="h"), delta(reasoning_content=""), delta(reasoning_content="m"),
                      delta(content="A")],
    "sign of life between": [delta(reasoning_content="h"), delta(), delta(content=""), delta(reasoning_content="m"),
                             delta(content="A")],
    "together with text": [delta(reasoning_content="hm", content="A")],
    "empty in the first field": [delta(reasoning_content="", reasoning="hm"), delta(reasoning_content="", content="A")],
    "in both fields": [delta(reasoning_content="hm", reasoning="hm"), delta(content="A")],
    "no text": [delta(reasoning_content={"a": 1}, reasoning="hm"), delta(content="A")],
}  # fmt: skip


@pytest.mark.parametrize("name", REASONING)
async def test_thought_ends_where_text_begins(api, name):
    pieces, result = await streamed(api, *REASONING[name], delta("stop"))

    assert "".join(pieces) == "<think>hm</think>A"
    assert (result.content, result.thought) == ("A", "hm")


@pytest.mark.parametrize(
    "end", [[], [delta("stop")], [delta("stop", content="")], [delta("stop", reasoning_content="", content="")]]
)
@pytest.mark.filterwarnings("ignore:the stream held neither text nor tool calls")
async def test_thought_that_nothing_follows_is_closed(api, end):
    pieces, result = await streamed(api, delta(reasoning_content="hm"), *end)

    assert "".join(pieces) == "<think>hm</think>"
    assert (result.content, result.thought) == ("", "hm")


async def test_thought_ends_where_calls_begin(api):
    pieces, result = await streamed(api, delta(reasoning_content="hm"), delta(reasoning_content="", tool_calls=[CALL]))

    assert pieces == ["<think>hm", "</think>"]
    assert result.thought == "hm"


async def test_empty_reasoning_is_no_thought(api):
    for result in await both(api, {"content": "a", "reasoning_content": ""}):
        assert (result.content, result.thought) == ("a", None)


async def test_closing_tag_alone_ends_the_thought(api):
    r1 = {"model": "r1", "model_info": INFO}
    text = "Two and two.\n</think>\n\nFour."

    results = [
        await created(api, whole(content=text, reasoning_content=""), **r1),
        (await streamed(api, *(delta(content=piece) for piece in text), **r1))[1],
    ]

    assert [(result.thought, result.content) for result in results] == [("Two and two.", "Four.")] * 2


REAL = {"prompt_tokens": 12, "completion_tokens": 3}


@pytest.mark.parametrize(
    "nothing",
    [
        {},
        None,
        {"prompt_tokens": None},
        {"prompt_tokens": 0, "completion_tokens": 0},
        [],
        "none",
        {"prompt_tokens": "?", "completion_tokens": -1},
    ],
)
async def test_counts_stay_whatever_comes_behind_and_before_them(api, nothing):
    chunks = [delta(content="a"), {**delta("stop"), "usage": REAL}, {"choices": [], "usage": nothing}]

    assert (await streamed(api, {**delta(), "usage": nothing}, *chunks))[1].usage == RequestUsage(12, 3)


@pytest.mark.parametrize("usage", [{"prompt_tokens": "12", "completion_tokens": 3.0}, {**REAL, "total_tokens": "many"}])
async def test_counts_may_be_texts_and_floats(api, usage):
    assert (await created(api, {**whole(content="a"), "usage": usage})).usage == RequestUsage(12, 3)
    assert (await streamed(api, {**delta("stop", content="a"), "usage": usage}))[1].usage == RequestUsage(12, 3)


async def test_counts_of_prompt_and_completion_may_come_apart(api):
    first, last = {"prompt_tokens": 12, "completion_tokens": 0}, {"prompt_tokens": 0, "completion_tokens": 3}

    _, result = await streamed(api, {**delta(content="a"), "usage": first}, {**delta("stop"), "usage": last})

    assert result.usage == RequestUsage(12, 3)


async def test_usage_that_says_nothing_leaves_that_of_another_place(api):
    _, result = await streamed(api, {**delta("stop", content="a"), "usage": {}, "x_groq": {"usage": REAL}})

    assert result.usage == RequestUsage(12, 3)


@pytest.mark.parametrize("late", [None, "", "null", 5, "unspecified"])
async def test_reason_stays_whatever_comes_behind_and_before_it(api, late):
    _, result = await streamed(api, delta(late, content="a"), delta("length"), delta(late))

    assert result.finish_reason == "length"


@pytest.mark.parametrize("model", ["", None, 5])
async def test_answer_that_names_no_model_is_not_warned_about(api, model):
    assert (await created(api, {**whole(content="a"), "model": model})).content == "a"


ODD = {
    "created": {"created": 1.5},
    "id": {"id": 7},
    "error": {"error": {}},
    "usage": {"usage": "none"},
    "model": {"model": ["m"]},
    "x_groq": {"x_groq": "fast"},
    "fingerprint": {"system_fingerprint": 3, "object": None},
}
ODD_CHOICE = {
    "logprobs": {"logprobs": []},
    "index": {"index": "first"},
    "reason": {"finish_reason": ["stop"]},
    "usage": {"usage": 5},
    "filter": {"content_filter_results": None},
}
ODD_MESSAGE = {
    "role": {"role": None},
    "function_call": {"function_call": {"name": "", "arguments": ""}},
    "no function_call": {"function_call": {}},
    "calls": {"tool_calls": ""},
    "no calls": {"tool_calls": {}},
    "reasoning": {"reasoning_content": 5, "reasoning": []},
    "refusal": {"refusal": False, "annotations": None},
}


@pytest.mark.filterwarnings("ignore:asked for")
@pytest.mark.parametrize("odd", [*ODD.values(), {"choices": whole(content="a")["choices"][0]}], ids=[*ODD, "choices"])
async def test_odd_value_in_an_answer_loses_nothing(api, odd):
    assert (await created(api, {**whole(content="a"), **odd})).content == "a"


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_odd_value_in_a_chunk_loses_nothing(api, odd):
    assert (await streamed(api, {**delta("stop", content="a"), **odd}))[1].content == "a"


@pytest.mark.parametrize("odd", ODD_CHOICE.values(), ids=ODD_CHOICE)
async def test_odd_value_in_a_choice_loses_nothing(api, odd):
    for result in await both(api, {"content": "a"}, **odd):
        assert result.content == "a"


@pytest.mark.parametrize("odd", ODD_MESSAGE.values(), ids=ODD_MESSAGE)
async def test_odd_value_in_a_message_loses_nothing(api, odd):
    for result in await both(api, {"content": "a", **odd}):
        assert result.content == "a"


async def test_parts_may_hold_what_is_no_text(api):
    parts = ["a", {"type": "text", "text": None}, {"type": "image"}, None, 5, {"type": "text", "text": "b"}]

    for result in await both(api, {"content": parts}):
        assert result.content == "ab"


@pytest.mark.parametrize("content", [5, True, {"city": "Rome"}])
async def test_content_that_cannot_be_read_is_an_error(api, content):
    with pytest.raises(APIError, match="is no chat completion; it begins with"):
        await created(api, whole(content=content))
    with pytest.raises(APIError, match="the stream holds something that is no chunk"):
        await streamed(api, delta("stop", content=content))


@pytest.mark.parametrize(
    ("token", "read"),
    [
        ({"token": "a", "logprob": None}, []),
        ({"token": "a", "logprob": "x"}, []),
        ({"token": None, "logprob": -1}, []),
        ("a", []),
        ({"token": "a", "logprob": "-1.5"}, [("a", -1.5, None, None)]),
        ({"token": "a", "logprob": -1.5, "bytes": "a", "top_logprobs": None}, [("a", -1.5, None, None)]),
        ({"token": "a", "logprob": -1, "bytes": [97], "top_logprobs": [{"token": "b"}, {"logprob": -2}]},
         [("a", -1.0, [-2.0], [97])]),
    ],
)  # fmt: skip
async def test_log_probabilities_that_are_no_numbers_are_left_out(api, token, read):
    logprobs = {"content": [token]}

    for result in await both(api, {"content": "a"}, logprobs=logprobs):
        found = [
            (one.token, one.logprob, one.top_logprobs and [top.logprob for top in one.top_logprobs], one.bytes)
            for one in result.logprobs or ()
        ]
        assert found == read


HALVES = [r'"a\ud83d"', r'"\ude00b"']


def raw(key, value):
    return f'{{"choices": [{{"delta": {{"{key}": {value}}}}}]}}'


async def test_halves_in_neighbouring_chunks_are_one_character(api):
    pieces, result = await streamed(api, *(raw("content", half) for half in HALVES))

    assert (pieces, result.content) == (["a", "😀b"], "a😀b")


async def test_halves_of_a_thought_are_one_character(api):
    pieces, result = await streamed(api, *(raw("reasoning_content", half) for half in HALVES), raw("content", '"c"'))

    assert ("".join(pieces), result.thought) == ("<think>a😀b</think>c", "a😀b")


async def test_halves_in_arguments_are_one_character(api):
    call = '[{"index": 0, "id": "c", "function": {"name": "f", "arguments": %s}}]'
    halves = [r'"{\"x\": \"\ud83d"', r'"\ude00\"}"']

    _, result = await streamed(api, *(raw("tool_calls", call % half) for half in halves))

    assert result.content == [FunctionCall("c", '{"x": "😀"}', "f")]


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (r'"a\ud83d"', "a\ufffd"),
        (r'"\ude00b"', "\ufffdb"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd😀"),
        (r'"\ud83dabc"', "\ufffdabc"),
    ],
)
async def test_half_a_character_does_not_lose_the_rest(api, content, read):
    result = await created(api, f'{{"choices": [{{"message": {{"content": {content}}}, "finish_reason": "stop"}}]}}')
    pieces, streamed_result = await streamed(api, raw("content", content))

    assert result.content == streamed_result.content == "".join(pieces) == read


async def test_bytes_that_are_no_utf_8_do_not_lose_the_rest(api):
    body = b'{"choices": [{"message": {"content": "a\xff"}, "finish_reason": "stop"}]}'
    api.mock(return_value=httpx.Response(200, content=body))

    assert (await client().create(HI)).content == "a\ufffd"


# OpenAI, Anthropic, Gemini, Cohere, Mistral, Bedrock, Together AI, Z.AI, Baidu, gateways.
WORDS = {
    "stop": [
        "stop",
        "STOP",
        "end_turn",
        "stop_sequence",
        "COMPLETE",
        "eos",
        "eos_token",
        "normal",
        "FINISH_REASON_STOP",
    ],
    "length": [
        "length",
        "MAX_TOKENS",
        "max_tokens",
        "model_length",
        "model_context_window_exceeded",
        "ERROR_LIMIT",
        "max_output_tokens",
        "REASON_MAX_LEN",
    ],
    "content_filter": [
        "content_filter",
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "refusal",
        "ERROR_TOXIC",
        "guardrail_intervened",
        "content_filtered",
        "sensitive",
        "IMAGE_SAFETY",
        "content_filter: PROHIBITED_CONTENT",
        "content-filter",
    ],
    "function_calls": ["tool_calls", "tool_use", "TOOL_CALL", "tool-calls", "function_calls"],
    "unknown": [
        "MALFORMED_FUNCTION_CALL",
        "OTHER",
        "pause_turn",
        "error",
        "FINISH_REASON_UNSPECIFIED",
        "USER_CANCEL",
        "insufficient_system_resource",
    ],
}


@pytest.mark.parametrize(("reason", "word"), [(reason, word) for reason, words in WORDS.items() for word in words])
async def test_reasons_are_read_in_the_words_of_all_providers(api, reason, word):
    for result in await both(api, {"content": "a"}, word):
        assert result.finish_reason == reason


async def test_object_that_was_cut_is_told_in_the_words_of_all_providers(api):
    from pydantic import BaseModel

    class Point(BaseModel):
        x: int

    api.mock(return_value=httpx.Response(200, json=whole("MAX_TOKENS", content='{"x"')))

    with pytest.raises(LengthFinishReasonError):
        await client().create(HI, json_output=Point)


@pytest.mark.parametrize("word", ["function_call", None, "eos_of_tool"])
async def test_calls_are_why_a_stream_ends_that_does_not_say_it(api, word):
    _, result = await streamed(api, delta(tool_calls=[CALL]), delta(word))

    assert (result.finish_reason, result.content) == ("function_calls", [FunctionCall("a", "{}", "f")])
