"""create_stream(): pieces and result, however the answer is cut, whoever sends it."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import httpx
import pytest
import respx
from hypothesis import example, given, settings
from hypothesis import strategies as st
from provider_bytes import HI, URL, Parts, chunk, client, completion, pieces_of, stream, text_chunks

from fakellm import APIConnectionError, APIError, APITimeoutError
from fakellm.models import FunctionCall, RequestUsage

pytestmark = pytest.mark.asyncio

R1 = {"vision": False, "function_calling": True, "json_output": True, "family": "r1", "structured_output": False}


@pytest.fixture
def api():
    with respx.mock(assert_all_called=False) as router:
        yield router.post(URL)


async def streamed(api, parts, error=None, **kwargs):
    api.mock(return_value=stream(parts, error))
    return await pieces_of(client(**kwargs.pop("settings", {})).create_stream(HI, **kwargs))


async def test_yields_the_text_as_it_comes_then_the_result(api):
    pieces, result = await streamed(api, text_chunks("Hel", "lo"))

    assert pieces == ["Hel", "lo"]
    assert (result.content, result.finish_reason, result.usage) == ("Hello", "stop", RequestUsage(0, 0))


async def test_nothing_happens_before_the_first_piece_is_asked_for(api):
    client().create_stream([object()])  # no request, no check

    assert not api.called


@pytest.mark.parametrize("wanted", [True, False])
async def test_include_usage_is_sent_as_given(api, wanted):
    await streamed(api, text_chunks("a"), include_usage=wanted)

    assert (b'"stream_options":{"include_usage":%s}' % str(wanted).lower().encode()) in api.calls.last.request.content


async def test_include_usage_joins_other_stream_options(api):
    await streamed(
        api, text_chunks("a"), include_usage=True, settings={"stream_options": {"include_obfuscation": False}}
    )

    assert b'"stream_options":{"include_obfuscation":false,"include_usage":true}' in api.calls.last.request.content


USAGE = {"prompt_tokens": 5, "completion_tokens": 3}


@pytest.mark.parametrize(
    "parts",
    [
        [chunk({"content": "a"}), chunk({}, "stop"), chunk(usage=USAGE)],
        [chunk({"content": "a"}, usage=USAGE), chunk({}, "stop", usage=USAGE)],
        [chunk({"content": "a"}, usage=USAGE), chunk({}, "stop")],
        [chunk({"content": "a"}), chunk({}, "stop", x_groq={"usage": USAGE})],
        [chunk({"content": "a"}), chunk({}, "stop", choice_usage=USAGE)],
    ],
    ids=["last chunk", "every chunk", "early", "Groq", "Moonshot"],
)  # fmt: skip
async def test_usage_is_taken_wherever_it_comes(api, parts):
    _, result = await streamed(api, parts)

    assert (result.usage, result.finish_reason) == (RequestUsage(5, 3), "stop")


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
async def test_reasoning_comes_between_tags_and_as_thought(api, key):
    parts = [chunk({key: "think of "}), chunk({key: ""}), chunk({key: "knights"}), *text_chunks("Arthur")]

    pieces, result = await streamed(api, parts)

    assert pieces == ["<think>think of ", "knights", "</think>", "Arthur"]
    assert (result.content, result.thought) == ("Arthur", "think of knights")


async def test_parts_of_mistral(api):
    thinking = {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}
    parts = [chunk(thinking), chunk({"content": [{"type": "text", "text": "A"}]}), chunk({"content": "B"}, "stop")]

    pieces, result = await streamed(api, parts)

    assert pieces == ["<think>hm", "</think>", "A", "B"]
    assert (result.content, result.thought) == ("AB", "hm")


async def test_tags_in_the_text_of_r1(api):
    answer = text_chunks("<think>", "hm", "</think>", "A")

    pieces, result = await streamed(api, answer, settings={"model": "r1", "model_info": R1})

    assert pieces == ["<think>", "hm", "</think>", "A"]
    assert (result.content, result.thought) == ("A", "hm")


def fragment(index=0, id=None, name=None, arguments=None):
    call = {"function": {"name": name, "arguments": arguments}}
    call |= {} if index is None else {"index": index}
    return chunk({"tool_calls": [call if id is None else {**call, "id": id, "type": "function"}]})


@pytest.mark.parametrize(
    "parts",
    [
        [fragment(0, "c0", "f", "{}"), fragment(1, "c1", "g", '{"a": 1}')],
        [
            fragment(0, "c0", "f", ""), fragment(1, "c1", "g", "{"),
            fragment(0, arguments="{}"), fragment(1, arguments='"a": 1}'),
        ],
        [fragment(0, "c0", "f", "{}"), fragment(0, "c1", "g", '{"a": 1}')],
        [fragment(None, "c0", "f", "{}"), fragment(None, "c1", "g", '{"a"'), fragment(None, arguments=": 1}")],
        [fragment(0, "c0", "f", "{"), fragment(0, "c0", arguments="}"), fragment(1, "c1", "g", '{"a": 1}')],
        [fragment(0, "c0", "f"), fragment(0, arguments="{}"), fragment(1, "c1", "g", {"a": 1})],
    ],
    ids=["whole", "interleaved", "one index for all", "no index", "repeated id", "object"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:the arguments of a tool call are no text")
async def test_calls_are_put_together_however_they_are_cut(api, parts):
    pieces, result = await streamed(api, [*parts, chunk({}, "tool_calls")])

    assert pieces == []
    assert result.content == [FunctionCall("c0", "{}", "f"), FunctionCall("c1", '{"a": 1}', "g")]
    assert result.finish_reason == "function_calls"


async def test_text_and_reasoning_beside_calls_are_the_thought(api):
    parts = [chunk({"reasoning_content": "hm"}), chunk({"content": "ok"}), fragment(0, "c0", "a.b", "{}")]

    _, result = await streamed(api, parts)

    assert result.thought == "hm\nok"
    assert result.content == [FunctionCall("c0", "{}", "a_b")]


@pytest.mark.parametrize("reason", ["insufficient_system_resource", "error", "cache_threshold", "null", "", 5, None])
async def test_reasons_that_have_no_word_are_unknown(api, reason):
    _, result = await streamed(api, [chunk({"content": "a"}, reason)])

    assert result.finish_reason == "unknown"


async def test_an_empty_stream_is_warned_about(api):
    with pytest.warns(UserWarning, match="neither text nor tool calls"):
        _, result = await streamed(api, [chunk({}, "stop")])

    assert result.content == ""


async def test_many_chunks_without_a_choice_are_warned_about_once(api):
    with pytest.warns(UserWarning, match="10 chunks in a row hold no choice") as caught:
        pieces, _ = await streamed(api, [*[chunk()] * 25, *text_chunks("a"), *[chunk()] * 12])

    assert pieces == ["a"]
    assert len(caught) == 1


async def test_only_the_first_choice_is_read(api):
    choices = b'"choices": [{"delta": {"content": "a"}}, {"delta": {"content": "b"}}]'

    with pytest.warns(UserWarning, match="a chunk holds 2 choices; only the first is used"):
        pieces, _ = await streamed(api, [b"data: {" + choices + b"}\n\n"])

    assert pieces == ["a"]


async def test_a_function_call_of_old_is_refused(api):
    with pytest.raises(ValueError, match="the stream ends in a function_call, which is deprecated"):
        await streamed(api, [chunk({}, "function_call")])


async def test_logprobs_are_collected(api):
    tokens = [{"token": token, "logprob": -0.5} for token in "ab"]
    parts = [
        b'data: {"choices": [{"delta": {"content": "%s"}, "logprobs": {"content": [%s]}}]}\n\n'
        % (token["token"].encode(), json.dumps(token).encode())
        for token in tokens
    ]

    _, result = await streamed(api, parts)

    assert [token.token for token in result.logprobs] == ["a", "b"]


async def test_a_whole_answer_instead_of_a_stream_is_the_answer(api):
    api.mock(return_value=completion())

    pieces, result = await pieces_of(client().create_stream(HI))

    assert pieces == ["Hello!"]
    assert (result.content, result.finish_reason, result.usage) == ("Hello!", "stop", RequestUsage(8, 2))


ANSWER = b": hello\n\n" + b"".join(text_chunks("你好", "，世界😀\u2028!", "\r\n"))


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.lists(st.integers(0, len(ANSWER)), max_size=12),
    newline=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    mark=st.booleans(),
)
@example(cuts=list(range(len(ANSWER))), newline=b"\r\n", mark=True)
async def test_no_cut_changes_the_answer(cuts, newline, mark):
    answer = (b"\xef\xbb\xbf" if mark else b"") + ANSWER.replace(b"\n", newline)
    places = [0, *sorted(cuts), len(answer)]
    parts = [answer[start:end] for start, end in pairwise(places)]

    with respx.mock:
        pieces, result = await streamed(respx.post(URL), parts)

    assert pieces == ["你好", "，世界😀\u2028!", "\r\n"]
    assert result.content == "你好，世界😀\u2028!\r\n"


@pytest.mark.parametrize("end", [b"data: [DONE]", b"data: [DONE]\n", b"", b"data: [DONE]\n\ndata: garbage\n\n"])
async def test_the_end_may_look_like_this(api, end):
    pieces, _ = await streamed(api, [chunk({"content": "a"}), chunk({}, "stop") + end])

    assert pieces == ["a"]


async def test_a_last_event_without_its_blank_line_counts(api):
    pieces, result = await streamed(api, [chunk({"content": "a"}), chunk({"content": "b"}, "stop").rstrip()])

    assert pieces == ["a", "b"]
    assert result.finish_reason == "stop"


BROKEN = r"RemoteProtocolError: gone The stream broke off after 6 characters of text and 1 tool calls\.$"


async def test_a_broken_stream_says_how_much_had_arrived(api):
    parts = [chunk({"content": "Hello "}), fragment(0, "c0", "f", "{")]

    with pytest.raises(APIConnectionError, match=BROKEN) as caught:
        await streamed(api, parts, httpx.RemoteProtocolError("gone"))

    assert isinstance(caught.value.__cause__, httpx.RemoteProtocolError)


async def test_a_stalled_stream_is_a_timeout(api):
    with pytest.raises(APITimeoutError, match=r"ReadTimeout.*broke off after 1 characters"):
        await streamed(api, [chunk({"content": "a"})], httpx.ReadTimeout("slow"))


async def test_a_body_that_ends_inside_an_event_is_broken(api):
    half = chunk({"content": "b"})[:-30]

    with pytest.raises(APIConnectionError, match=r"ends inside an event.*broke off after 1 characters"):
        await streamed(api, [chunk({"content": "a"}), half])


async def test_a_stream_that_was_opened_is_not_asked_for_again(api):
    with pytest.raises(APIConnectionError):
        await streamed(api, [], httpx.ReadError("gone"))

    assert api.call_count == 1


async def test_an_error_event_is_an_api_error(api):
    error = b'data: {"error": {"message": "Token limit reached", "code": 400, "type": "limit"}}\n\n'

    with pytest.raises(APIError, match=r"^Token limit reached$") as caught:
        await streamed(api, [chunk({"content": "a"}), error])

    assert (caught.value.code, caught.value.type) == ("400", "limit")


async def test_an_event_called_error_is_an_api_error(api):
    with pytest.raises(APIError, match=r"^overloaded$"):
        await streamed(api, [b'event: error\ndata: {"message": "overloaded"}\n\n'])


async def test_what_is_no_chunk_is_shown(api):
    with pytest.raises(APIError, match=r"^the stream holds something that is no chunk: '\{nonsense'$"):
        await streamed(api, [b"data: {nonsense\n\n"])


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"<html>busy</html>", r"\(status 200\) is no chat completion; it begins with '<html>busy"), (b"", "is empty")],
)
async def test_what_is_no_stream_is_one_clear_error(api, body, message):
    with pytest.raises(APIError, match=message):
        await streamed(api, [body] if body else [])


async def test_a_reader_that_stops_early_releases_the_connection(api):
    body = Parts([chunk({"content": "a"})] * 5)
    api.mock(return_value=httpx.Response(200, stream=body))
    answer = client().create_stream(HI)

    assert await anext(answer) == "a"
    await answer.aclose()

    assert body.is_closed


async def test_usage_counts_only_what_was_read_to_its_end(api):
    model_client = client()
    api.mock(side_effect=lambda _: stream([*text_chunks("a")[:2], chunk(usage=USAGE)]))

    await pieces_of(model_client.create_stream(HI))
    unfinished = model_client.create_stream(HI)
    await anext(unfinished)
    await unfinished.aclose()

    assert model_client.total_usage() == RequestUsage(5, 3)


async def test_two_streams_at_once_do_not_mix(api):
    api.mock(side_effect=lambda request: stream(text_chunks(*("ab" if b'"one"' in request.content else "cd"))))
    model_client = client()

    async def ask(user: str) -> str:
        _, result = await pieces_of(model_client.create_stream(HI, extra_create_args={"user": user}))
        return str(result.content)

    assert await asyncio.gather(ask("one"), ask("two")) == ["ab", "cd"]
