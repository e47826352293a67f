"""What our client makes of streams, beside AutoGen's: the same bytes from the same server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("autogen_ext.models.openai")

from autogen_answers import ERROR, LOGPROBS, R1, READ, TOKEN, Point, function, result
from autogen_sides import Case, Sent, Stub, chunk, compare, completion, event, running_stub, streamed


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with running_stub() as stub:
        yield stub


def fragment(
    index: int | None = 0, id: str | None = None, name: str | None = None, arguments: Any = None
) -> dict[str, Any]:
    delta: dict[str, Any] = {"function": {"name": name, "arguments": arguments}}
    if index is not None:
        delta["index"] = index
    return {"tool_calls": [delta if id is None else {**delta, "id": id, "type": "function"}]}


USAGE = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
STOP = chunk({}, "stop")
CALLED = chunk({}, "tool_calls")
COUNTED = [{"prompt_tokens": 5, "completion_tokens": 3}] * 2
UNCOUNTED = [{"prompt_tokens": 0, "completion_tokens": 0}] * 2


def stream_case(name: str, *parts: bytes, **fields: Any) -> Case:
    done, cut = fields.pop("done", True), fields.pop("cut", False)
    return Case(name, sent=(streamed(*parts, done=done, cut=cut),), stream=True, **fields)


def cut_up(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def thinking(*texts: str | None, key: str = "reasoning_content") -> list[bytes]:
    return [chunk({"content": None, key: text}) for text in texts]


def differing(theirs: Any, ours: Any, **more: Any) -> dict[str, Any]:
    return {"results": (theirs, ours), **more}


CHINESE = chunk("你好") + chunk("，世界😀") + STOP
STREAMS = [
    stream_case("text", chunk({"role": "assistant", "content": ""}), chunk("Hel"), chunk("lo"), STOP),
    stream_case("only the end marker"),
    stream_case("no end marker", chunk("a"), STOP, done=False),
    stream_case("no end at all", chunk("a"), done=False),
    stream_case("text after the end", chunk("a"), STOP, b"data: [DONE]\n\n", chunk("b")),
    stream_case("usage in the last chunk", chunk("a"), STOP, chunk(usage=USAGE)),
    stream_case("null usage before", chunk("a", usage=None), chunk({}, "stop", usage=None), chunk(usage=USAGE)),
    stream_case("no text", chunk({"role": "assistant"}), STOP),
    stream_case(
        "several choices",
        event(
            {
                "choices": [
                    {"index": 0, "delta": {"content": "a"}, "finish_reason": None},
                    {"index": 1, "delta": {"content": "b"}, "finish_reason": None},
                ],
                "model": "m",
            }
        ),
        STOP,
    ),
    stream_case("nine empty chunks", *[chunk()] * 9, chunk("a"), STOP),
    stream_case("ten empty chunks", *[chunk()] * 10, chunk("a"), STOP),
    stream_case("many empty chunks, warned about once", *[chunk()] * 25, chunk("a"), *[chunk()] * 12, STOP),
    *(
        stream_case(f"reason {reason}", chunk("a"), chunk({}, reason))
        for reason in ("length", "content_filter", "tool_calls", "end_turn", "STOP", "error")
    ),
    stream_case(
        "reason eos",
        chunk("a"),
        chunk({}, "eos"),
        differs=differing(result("a", "unknown"), result("a", "stop")),
    ),
    stream_case("reason function_call", chunk({}, "function_call")),
    stream_case("two reasons", chunk("a", "length"), STOP),
    stream_case("comments", b": OPENROUTER PROCESSING\n\n", chunk("a"), b": x\n\n", STOP),
    stream_case("CRLF", *(part.replace(b"\n", b"\r\n") for part in (chunk("a"), STOP))),
    stream_case("no space after data", *(part.replace(b"data: ", b"data:") for part in (chunk("a"), STOP))),
    stream_case("several lines of data", chunk("a").replace(b', "delta"', b',\ndata: "delta"'), STOP),
    stream_case("event names and ids", b"event: message\nid: 1\n" + chunk("a"), STOP),
    stream_case("bytes", *cut_up(CHINESE, 1)),
    stream_case("sevens", *cut_up(CHINESE, 7)),
    stream_case("one block", CHINESE),
    stream_case(
        "line separator in a text",
        event({"choices": [{"index": 0, "delta": {"content": "a\u2028b"}}], "model": "m"}).replace(
            b"\\u2028", "\u2028".encode()
        ),
        STOP,
    ),
    stream_case("call in one piece", chunk(fragment(0, "c0", "f", '{"a": 1}')), CALLED),
    stream_case(
        "call in fragments",
        chunk(fragment(0, "c0", "f", "")),
        *(chunk(fragment(0, None, None, x)) for x in '{"a": 1}'),
        CALLED,
    ),
    stream_case("fragmented name", chunk(fragment(0, "c0", "get_")), chunk(fragment(0, None, "it", "{}")), CALLED),
    stream_case(
        "two calls of index 0 without arguments",
        chunk(fragment(0, "c0", "f", "")),
        chunk(fragment(0, "c1", "g", "{}")),
        CALLED,
        differs=differing(
            result([function("fg", "{}", "c0c1")], "function_calls"),
            result([function(), function("g", id="c1")], "function_calls"),
        ),
    ),
    stream_case(
        "another id in a fragment without a name",
        chunk(fragment(0, "c0", "f", "{")),
        chunk(fragment(0, "c1", None, "}")),
        CALLED,
        differs=differing(result([function(id="c0c1")], "function_calls"), result([function()], "function_calls")),
    ),
    stream_case(
        "repeated name",
        chunk(fragment(0, "c0", "f", "{")),
        chunk(fragment(0, None, "f", "}")),
        CALLED,
        differs=differing(result([function("ff")], "function_calls"), result([function()], "function_calls")),
    ),
    stream_case(
        "call without arguments",
        chunk(fragment(0, "c0", "f", "")),
        CALLED,
        differs=differing(result([function(arguments="")], "function_calls"), result([function()], "function_calls")),
    ),
    stream_case(
        "two calls, interleaved",
        chunk(fragment(1, "c1", "g", "")),
        chunk(fragment(0, "c0", "f", "{")),
        chunk(fragment(1, None, None, "{}")),
        chunk(fragment(0, None, None, "}")),
        CALLED,
    ),
    stream_case("calls, reason stop", chunk(fragment(0, "c0", "f", "{}")), STOP),
    stream_case("text, then calls", chunk("let me "), chunk("see"), chunk(fragment(0, "c0", "f", "{}")), CALLED),
    stream_case(
        "text and a call in one chunk",
        chunk({"content": "a", **fragment(0, "c0", "f", "{}")}),
        CALLED,
        differs=differing(result("a", "function_calls"), result([function()], "function_calls", thought="a")),
    ),
    stream_case(
        "odd name",
        chunk(fragment(0, "c0", "a.b", "{}")),
        CALLED,
        differs=differing(result([function("a.b")], "function_calls"), result([function("a_b")], "function_calls")),
    ),
    stream_case(
        "repeated id",
        chunk(fragment(0, "c0", "f", "{")),
        chunk(fragment(0, "c0", None, "}")),
        CALLED,
        differs=differing(result([function(id="c0c0")], "function_calls"), result([function()], "function_calls")),
    ),
    stream_case(
        "two calls of index 0",
        chunk(fragment(0, "c0", "f", "{}")),
        chunk(fragment(0, "c1", "g", "{}")),
        CALLED,
        differs=differing(
            result([function("fg", "{}{}", "c0c1")], "function_calls"),
            result([function(), function("g", id="c1")], "function_calls"),
        ),
    ),
    stream_case("reasoning_content", *thinking("", "A", "B"), chunk("a"), STOP),
    stream_case("reasoning_content, empty in between", *thinking("A", "", "B"), chunk("a"), STOP),
    stream_case(
        "reasoning_content, unclosed",
        *thinking("A", "B"),
        differs={"chunks": (["<think>A", "B"], ["<think>A", "B", "</think>"])},
    ),
    stream_case("reasoning_content again", *thinking("A"), chunk("a"), *thinking("B"), chunk("b"), STOP),
    stream_case(
        "reasoning_content with content",
        chunk({"content": "a", "reasoning_content": "A"}),
        chunk("b"),
        STOP,
        differs={"chunks": (["<think>A", "a", "</think>", "b"], ["<think>A", "</think>", "a", "b"])},
    ),
    stream_case(
        "thought of a knight",
        *thinking("think of knight"),
        chunk("a"),
        STOP,
        differs=differing(result("a", thought=" of knig"), result("a", thought="think of knight")),
    ),
    stream_case(
        "reasoning",
        *thinking("h", "m", key="reasoning"),
        chunk("a"),
        STOP,
        differs={
            "chunks": (["a"], ["<think>h", "m", "</think>", "a"]),
            **differing(result("a"), result("a", thought="hm")),
        },
    ),
    stream_case(
        "reasoning, then calls",
        *thinking("hm"),
        chunk(fragment(0, "c0", "f", "{}")),
        CALLED,
        differs=differing(result([function()], "function_calls"), result([function()], "function_calls", thought="hm")),
    ),
    stream_case("r1", chunk("<think>"), chunk("hm"), chunk("</think>a"), STOP, client=R1),
    stream_case("r1 without tags", chunk("a"), STOP, client=R1),
    stream_case("logprobs beside an empty text", chunk({"content": ""}, logprobs=LOGPROBS), chunk("a"), STOP),
    stream_case(
        "logprobs beside text",
        chunk("H", logprobs={"content": [TOKEN]}),
        chunk("i", logprobs={"content": [TOKEN]}),
        STOP,
        differs=differing(result("Hi"), result("Hi", logprobs=[{**TOKEN}, {**TOKEN}])),
    ),
    stream_case(
        "usage on every chunk",
        chunk("a", usage=USAGE),
        chunk({}, "stop", usage=USAGE),
        differs=differing(result("a", "unknown", (5, 3)), result("a", "stop", (5, 3))),
    ),
    stream_case(
        "usage before the end",
        chunk("a", usage=USAGE),
        STOP,
        differs={
            **differing(result("a", "stop"), result("a", "stop", (5, 3))),
            "usage": (UNCOUNTED, COUNTED),
            "logs": None,
        },
    ),
    stream_case(
        "usage in x_groq",
        chunk("a"),
        chunk({}, "stop", x_groq={"usage": USAGE}),
        differs={**differing(result("a"), result("a", "stop", (5, 3))), "usage": (UNCOUNTED, COUNTED), "logs": None},
    ),
    stream_case("error event", chunk("a"), event({"error": ERROR})),
    stream_case("error event before text", event({"error": {"message": "busy", "code": 502}})),
    stream_case("error beside choices", event({"error": {"code": 400, "message": "limit"}, "choices": []})),
    stream_case("broken JSON", chunk("a"), b"data: {\n\n", differs={"error": ("JSONDecodeError", "APIError")}),
    stream_case(
        "connection lost",
        chunk("a"),
        cut=True,
        done=False,
        differs={"error": ("RemoteProtocolError", "APIConnectionError")},
    ),
    stream_case("structured", chunk('{"x"'), chunk(": 1}"), STOP, call={"json_output": Point}),
    stream_case("structured, cut", chunk('{"x"'), chunk({}, "length"), call={"json_output": Point}),
    stream_case("structured, filtered", chunk(""), chunk({}, "content_filter"), call={"json_output": Point}),
    stream_case("structured, wrong", chunk('{"y": 1}'), STOP, call={"json_output": Point}),
    Case(
        "whole answer instead of a stream",
        sent=(completion(),),
        stream=True,
        differs={
            "chunks": ([], ["Hello!"]),
            "results": (result("", "unknown"), result("Hello!", "stop", READ)),
            "usage": (UNCOUNTED, [{"prompt_tokens": 8, "completion_tokens": 2}] * 2),
            "warnings": (["UserWarning"], []),
            "logs": None,
        },
    ),
    Case(
        "HTML instead of a stream",
        sent=(Sent(b"<html>"),),
        stream=True,
        differs={
            "error": (None, "APIError"),
            "warnings": (["UserWarning"], []),
            "results": (result("", "unknown"), []),
            "logs": None,
        },
    ),
    Case(
        "nothing instead of a stream",
        sent=(Sent(b""),),
        stream=True,
        differs={
            "error": (None, "APIError"),
            "warnings": (["UserWarning"], []),
            "results": (result("", "unknown"), []),
            "logs": None,
        },
    ),
]


@pytest.mark.parametrize("case", STREAMS, ids=str)
def test_streams_are_read_alike(case: Case, stub: Stub) -> None:
    compare(case, stub)
