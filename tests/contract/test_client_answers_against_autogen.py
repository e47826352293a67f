"""What our client makes of answers, beside AutoGen's: the same bytes from the same server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("autogen_ext.models.openai")

from autogen_answers import ERROR, LOGPROBS, R1, READ, Point, call, calls, function, result, said
from autogen_sides import (
    Case,
    Sent,
    Stub,
    chunk,
    compare,
    completion,
    json_sent,
    running_stub,
    streamed,
)


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with running_stub() as stub:
        yield stub


def r1(text: str) -> Sent:
    return completion(text, model="r1")


WHOLE = [
    Case("text"),
    Case("empty text", sent=(completion(""),)),
    Case("null text", sent=(completion(said(None)),)),
    Case("refusal", sent=(completion(said(None, refusal="no")),)),
    Case("other model", sent=(completion(model="gpt-4o-2024-11-20"),)),
    Case(
        "echoed alias is no other model",
        sent=(completion(model="gpt-4o"),),
        differs={"warnings": (["UserWarning"], [])},
    ),
    Case(
        "several choices",
        sent=(
            completion(
                choices=[
                    {"index": 0, "message": said("a"), "finish_reason": "stop"},
                    {"index": 1, "message": said("b"), "finish_reason": "stop"},
                ]
            ),
        ),
    ),
    *(
        Case(f"reason {reason}", sent=(completion("a", reason),))
        for reason in (
            "stop",
            "length",
            "content_filter",
            "function_calls",
            "end_turn",
            "STOP",
            "Length",
            "function_call",
            "insufficient_system_resource",
            None,
        )
    ),
    *(
        Case(
            f"reason {reason}",
            sent=(completion("a", reason),),
            differs={"results": (result("a", "unknown", READ), result("a", word, READ))},
        )
        for reason, word in (("eos", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"))
    ),
    Case("calls", sent=(completion(calls(call(), call("g", '{"a": 1}', "c1")), "tool_calls"),)),
    Case("calls, reason stop", sent=(completion(calls(call()), "stop"),)),
    Case("calls and text", sent=(completion(calls(call(), content="let me see"), "tool_calls"),)),
    Case("calls and empty text", sent=(completion(calls(call(), content=""), "tool_calls"),)),
    Case("calls, odd name", sent=(completion(calls(call("a.b c" + "d" * 70)), "tool_calls"),)),
    Case("calls, broken arguments", sent=(completion(calls(call(arguments='{"a"')), "tool_calls"),)),
    # Their second warning is pydantic's, about the object that they log.
    Case(
        "calls, arguments as an object",
        sent=(completion(calls(call(arguments={"a": 1})), "tool_calls"),),
        differs={"warnings": (["UserWarning"] * 2, ["UserWarning"])},
    ),
    Case("empty list of calls", sent=(completion({**calls(), "content": "a"}),)),
    Case(
        "function_call", sent=(completion(said(None, function_call={"name": "f", "arguments": "{}"}), "function_call"),)
    ),
    Case("reasoning_content", sent=(completion(said("a", reasoning_content="hm")),)),
    Case(
        "reasoning_content empty",
        sent=(completion(said("a", reasoning_content="")),),
        differs={"results": (result("a", usage=READ, thought=""), result("a", usage=READ))},
    ),
    Case("reasoning_content null", sent=(completion(said("a", reasoning_content=None)),)),
    Case(
        "reasoning",
        sent=(completion(said("a", reasoning="hm")),),
        differs={"results": (result("a", usage=READ), result("a", usage=READ, thought="hm"))},
    ),
    Case(
        "reasoning with calls",
        sent=(completion(calls(call(), reasoning_content="hm"), "tool_calls"),),
        differs={
            "results": (
                result([function()], "function_calls", READ),
                result([function()], "function_calls", READ, thought="hm"),
            )
        },
    ),
    Case(
        "reasoning with calls and text",
        sent=(completion(calls(call(), content="ok", reasoning_content="hm"), "tool_calls"),),
        differs={
            "results": (
                result([function()], "function_calls", READ, thought="ok"),
                result([function()], "function_calls", READ, thought="hm\nok"),
            )
        },
    ),
    Case("logprobs", sent=(completion("Hi", logprobs=LOGPROBS),)),
    Case("empty logprobs", sent=(completion("Hi", logprobs={"content": []}),)),
    Case("null logprobs", sent=(completion("Hi", logprobs={"content": None}),)),
    Case("r1", client=R1, sent=(r1("before <think> hm </think> a "),)),
    Case("r1 without tags", client=R1, sent=(r1("a"),)),
    Case(
        "r1, closing tag alone",
        client=R1,
        sent=(r1("hm</think>a"),),
        differs={
            "warnings": (["UserWarning"], []),
            "results": (result("hm</think>a", usage=READ), result("a", usage=READ, thought="hm")),
        },
    ),
    Case("r1, unclosed", client=R1, sent=(r1("<think>a"),)),
    Case(
        "r1, reasoning_content",
        client=R1,
        sent=(completion(said("<think>a</think>b", reasoning_content="hm"), model="r1"),),
    ),
    Case("tags in another family", sent=(completion("<think>a</think>b"),)),
    Case("no usage", sent=(completion(usage=None),)),
    Case(
        "null counts",
        sent=(completion(usage={"prompt_tokens": None, "completion_tokens": 3}),),
        differs={
            "error": ("TypeError", None),
            "usage": (
                [{"prompt_tokens": 0, "completion_tokens": 0}] * 2,
                [{"prompt_tokens": 0, "completion_tokens": 3}] * 2,
            ),
            "results": ([], result("Hello!", usage=(0, 3))),
            "logs": None,
        },
    ),
    Case("structured", {"json_output": Point}, sent=(completion('{"x": 1}'),)),
    Case("structured, cut", {"json_output": Point}, sent=(completion('{"x"', "length"),)),
    Case("structured, filtered", {"json_output": Point}, sent=(completion("", "content_filter"),)),
    Case("structured, wrong", {"json_output": Point}, sent=(completion('{"y": 1}'),)),
    Case("structured, no JSON", {"json_output": Point}, sent=(completion("sorry"),)),
    Case("structured, refusal", {"json_output": Point}, sent=(completion(said(None, refusal="no")),)),
]

BROKEN = {
    "null choices": (json_sent({"id": "c", "model": "gpt-4o-2024-08-06", "choices": None}), "TypeError"),
    "no choices": (completion(choices=[]), "IndexError"),
    "error object with 200": (json_sent({"error": {"message": "overloaded", "code": "busy"}}), "TypeError"),
    "HTML with 200": (Sent(b"<html>hi</html>", headers={"content-type": "text/html"}), "AttributeError"),
    "broken JSON": (Sent(b'{"id":', headers={"content-type": "application/json"}), "JSONDecodeError"),
    "empty": (Sent(b"", headers={"content-type": "application/json"}), "JSONDecodeError"),
}
AT_ONCE = {"retry-after-ms": "1"}


def failed(status: int, body: object = None, **headers: str) -> Sent:
    return json_sent({"error": ERROR} if body is None else body, status, **{**AT_ONCE, **headers})


def retried(*sent: Sent, retries: int = 2, stream: bool = False, **differs: Any) -> dict[str, Any]:
    return {"client": {"max_retries": retries}, "sent": sent, "stream": stream, "differs": differs}


ERRORS = [
    *(
        Case(f"status {status}", sent=(failed(status),))
        for status in (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 451, 500, 502, 503, 529)
    ),
    *(Case(f"status {status}, streamed", sent=(failed(status),), stream=True) for status in (400, 401, 429, 500)),
    Case("error as text", sent=(failed(400, {"error": "no"}),)),
    Case("error that is no JSON", sent=(Sent(b"<html>", 502),)),
    Case("error without a body", sent=(Sent(b"", 500),)),
    *(
        Case(f"{status} is retried", **retried(failed(status), failed(status), completion()))
        for status in (408, 409, 429, 503)
    ),
    Case("400 is not retried", **retried(failed(400), completion())),
    Case("three failures are too many", **retried(failed(500))),
    Case("no retries", **retried(failed(500), completion(), retries=0)),
    Case("five retries", **retried(*[failed(500)] * 5, completion(), retries=5)),
    Case("told to retry", **retried(failed(400, **{"x-should-retry": "true"}), completion())),
    Case("told not to retry", **retried(failed(500, **{"x-should-retry": "false"}), completion())),
    Case(
        "insufficient_quota is retried", **retried(failed(429, {"error": {"code": "insufficient_quota"}}), completion())
    ),
    Case("retried before a stream", **retried(failed(500), streamed(chunk("a", "stop")), stream=True)),
]


@pytest.mark.parametrize("case", [*WHOLE, *ERRORS], ids=str)
def test_answers_are_read_alike(case: Case, stub: Stub) -> None:
    compare(case, stub)


@pytest.mark.parametrize("name", BROKEN)
def test_an_answer_that_is_no_completion_is_one_clear_error_here(name: str, stub: Stub) -> None:
    sent, theirs = BROKEN[name]

    compare(Case(name, sent=(sent,), differs={"error": (theirs, "APIError"), "warnings": None, "logs": None}), stub)
