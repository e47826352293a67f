import dataclasses
import math
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from fakellm import ErrorReply, Reply, ToolCall, UsageError, faults, framings
from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.providers import PROVIDERS
from fakellm._script.scripted import ReplyFields, as_reply
from fakellm._wire.errors import ErrorBody
from fakellm._wire.voice import Speaker

SAYS_NOTHING = (
    "which is nothing that a model says; give a str, a Reply, a ToolCall, a list of ToolCall, an ErrorReply, "
    "a pydantic object, or a callable that takes the ChatRequest and returns one of these"
)
NO_TIME = "ErrorReply retry_after is a number of seconds, 0 or more, a datetime, or the header's own text; got "


def words_of(error):
    return Speaker(CHAT, PROVIDERS["openai"], "gpt-x").words(error, **error.facts)


def complaint(make):
    with pytest.raises(UsageError) as caught:
        make()
    return str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"city": "Paris", "days": 2}, '{"city":"Paris","days":2}'),
        ({"city": "Zürich 😀"}, '{"city":"Zürich 😀"}'),
        ({}, "{}"),
        ({"a": {"b": [1, None, True]}}, '{"a":{"b":[1,null,true]}}'),
        ("{broken", "{broken"),
        ("", ""),
    ],
)
def test_arguments_are_sent_as_this_text(arguments, text):
    assert ToolCall("f", arguments).arguments_text == text


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([("a", 1)], "[('a', 1)] (list is no mapping)"),
        (None, "None (NoneType is no mapping)"),
        (b"{}", "b'{}' (bytes is no mapping)"),
        ({"a": {1}}, "{'a': {1}} (Object of type set is not JSON serializable)"),
        ({"a": math.inf}, "{'a': inf} (Out of range float values are not JSON compliant)"),
        ({(1,): 1}, "{(1,): 1} (keys must be str, int, float, bool or None, not tuple)"),
    ],
)
def test_arguments_that_are_no_json_object_are_a_usage_error(arguments, reason):
    text = complaint(lambda: ToolCall("f", arguments))

    # Newer versions of Python name the value as well.
    assert re.sub(r": inf\)$", ")", text) == (
        f"ToolCall('f') needs arguments that are JSON: a mapping, or a str that is sent as it is; got {reason}"
    )


def test_call_without_arguments_has_an_empty_object():
    assert ToolCall("now").arguments_text == "{}"


def test_arguments_that_hold_themselves_are_a_usage_error():
    loop = {}
    loop["loop"] = loop

    assert complaint(lambda: ToolCall("f", loop)).endswith("{'loop': {...}} (Circular reference detected)")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: ToolCall(None, {}), "ToolCall name is a str, got None"),
        (lambda: ToolCall("f", {}, id=5), "ToolCall id is a str, got 5"),
        (
            lambda: ToolCall("\ud800", {}),
            "ToolCall name has a lone surrogate at 0, which UTF-8 cannot carry: '\\ud800'",
        ),
        (
            lambda: ToolCall("f", "{\ud800"),
            "ToolCall arguments has a lone surrogate at 1, which UTF-8 cannot carry: '{\\ud800'",
        ),
        (lambda: Reply(5), "Reply text is a str, got 5"),
        (lambda: Reply(b"hi"), "Reply text is a str, got b'hi'"),
        (lambda: Reply("a\udc00"), "Reply text has a lone surrogate at 1, which UTF-8 cannot carry: 'a\\udc00'"),
        (lambda: Reply(finish_reason=1), "Reply finish_reason is a str, got 1"),
        (lambda: Reply(tool_calls=["f"]), "Reply tool_calls holds ToolCall objects, got 'f'"),
        (lambda: Reply(tool_calls=None), "Reply tool_calls holds ToolCall objects, got None"),
        (
            lambda: Reply(usage=5),
            "Reply usage is a mapping of wire names to what JSON can hold, or False; got 5 (int is no mapping)",
        ),
        (
            lambda: Reply(fault="drop"),
            "Reply fault is one of fakellm.faults, such as faults.drop(after=2); got 'drop'",
        ),
        (lambda: ErrorReply(200), "ErrorReply status is an HTTP status from 400 to 599, got 200"),
        (lambda: ErrorReply(600), "ErrorReply status is an HTTP status from 400 to 599, got 600"),
        (lambda: ErrorReply("500"), "ErrorReply status is an HTTP status from 400 to 599, got '500'"),
        (lambda: ErrorReply(400, message=5), "ErrorReply message is a str, got 5"),
        (lambda: ErrorReply(400, code=400), "ErrorReply code is a str, got 400"),
        (
            lambda: ErrorReply(429, retry_after="3\n"),
            "ErrorReply retry_after is no value of a header: '3\\n'",
        ),
        (
            lambda: ErrorReply(429, retry_after=datetime(2026, 10, 21)),  # noqa: DTZ001  # the mistake
            "ErrorReply retry_after has no time zone: datetime.datetime(2026, 10, 21, 0, 0)\n"
            "  type: retry_after=datetime.now(UTC) + timedelta(seconds=30)",
        ),
        (
            lambda: ErrorReply(429, retry_after_ms="3"),
            "ErrorReply retry_after_ms is a number of milliseconds, 0 or more; got '3'",
        ),
        (
            lambda: ErrorReply(429, retry_after=-1),
            NO_TIME + "-1",
        ),
        (
            lambda: ErrorReply(429, retry_after=math.inf),
            NO_TIME + "inf",
        ),
        (
            lambda: ErrorReply(429, retry_after=True),
            NO_TIME + "True",
        ),
        (
            lambda: ErrorReply(429, headers={"retry-after": 3}),
            "ErrorReply headers are names and values of type str, got 'retry-after': 3",
        ),
    ],
)
def test_mistake_is_told_where_it_was_made(make, text):
    assert complaint(make) == text


@pytest.mark.parametrize(
    "make",
    [lambda: ToolCall("f", {}, "call_1"), lambda: Reply("a", ()), lambda: ErrorReply(400, "no")],
    ids=["ToolCall", "Reply", "ErrorReply"],
)
def test_further_fields_need_their_names(make):
    with pytest.raises(TypeError, match="positional argument"):
        make()


@pytest.mark.parametrize(
    ("value", "name"), [(ToolCall("f", {}), "name"), (Reply("a"), "text"), (ErrorReply(400), "code")]
)
def test_value_cannot_be_changed(value, name):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, "new")


def test_one_tool_call_needs_no_list():
    call = ToolCall("f", {})

    assert Reply(tool_calls=call) == Reply(tool_calls=(call,)) == Reply(tool_calls=[call])


def test_tool_calls_may_come_from_a_generator():
    assert Reply(tool_calls=(ToolCall(name, {}) for name in "ab")).tool_calls == (ToolCall("a", {}), ToolCall("b", {}))


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (ErrorReply(400), ErrorBody("Scripted error 400", "invalid_request_error")),
        (ErrorReply(599), ErrorBody("Scripted error 599", "server_error")),
        (
            ErrorReply(418, message="no tea", code="teapot", type="tea", param="pot"),
            ErrorBody("no tea", "tea", "pot", "teapot"),
        ),
    ],
)
def test_error_object_has_the_usual_members(error, body):
    assert words_of(error) == body


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (
            ErrorReply.rate_limited(),
            429,
            ErrorBody(
                "Rate limit reached for gpt-x in organization org-fakellm on requests per min (RPM): Limit 10000, Used "
                "10000, Requested 1. Please try again in 1ms. Visit https://platform.openai.com/account/rate-limits "
                "to learn more.",
                "requests",
                None,
                "rate_limit_exceeded",
            ),
        ),
        (
            ErrorReply.insufficient_quota(),
            429,
            ErrorBody(
                "You exceeded your current quota, please check your plan and billing details. For more information on "
                "this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
                "insufficient_quota",
                None,
                "insufficient_quota",
            ),
        ),
        (
            ErrorReply.invalid_api_key(),
            401,
            ErrorBody(
                "Incorrect API key provided: sk-fakellm. You can find your API key at "
                "https://platform.openai.com/account/api-keys.",
                "invalid_request_error",
                None,
                "invalid_api_key",
            ),
        ),
        (
            ErrorReply.model_not_found("gpt-9"),
            404,
            ErrorBody(
                "The model `gpt-9` does not exist or you do not have access to it.",
                "invalid_request_error",
                None,
                "model_not_found",
            ),
        ),
        (
            ErrorReply.context_length_exceeded(limit=8192, used=9000),
            400,
            ErrorBody(
                "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. "
                "Please reduce the length of the messages.",
                "invalid_request_error",
                "messages",
                "context_length_exceeded",
            ),
        ),
        (
            ErrorReply.content_filter(),
            400,
            ErrorBody(
                "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. "
                "Please modify your prompt and retry. To learn more about our content filtering policies please read "
                "our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
                "invalid_request_error",
                "prompt",
                "content_filter",
            ),
        ),
        (
            ErrorReply.server_error(),
            500,
            ErrorBody(
                "The server had an error while processing your request. Sorry about that! You can retry your request, "
                "or contact us through our help center at help.openai.com if the error persists.",
                "server_error",
            ),
        ),
        (
            ErrorReply.overloaded(),
            503,
            ErrorBody(
                "That model is currently overloaded with other requests. You can retry your request, or contact us "
                "through our help center at help.openai.com if the error persists.",
                "server_error",
            ),
        ),
    ],
    ids=lambda value: str(value.status) if isinstance(value, ErrorReply) else "",
)
def test_documented_error_has_status_and_body(error, status, body):
    assert (error.status, words_of(error)) == (status, body)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503, 529, 599])
def test_retried_status_asks_for_a_retry_at_once(status):
    assert ErrorReply(status).is_retried_at_once


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_other_status_says_nothing_of_a_retry(status):
    assert not ErrorReply(status).is_retried_at_once


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "3"), (0, "0"), (1.5, "1.5"), (0.1, "0.1"), (86_400, "86400"), (1_234_567.25, "1234567.25")],
)
def test_retry_after_is_sent_in_seconds(seconds, text):
    assert ErrorReply.rate_limited(retry_after=seconds).wire_headers == (("retry-after", text),)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT"),
        (datetime(2026, 10, 21, 7, 28, tzinfo=UTC), "Wed, 21 Oct 2026 07:28:00 GMT"),
        (datetime(2026, 10, 21, 9, 28, tzinfo=timezone(timedelta(hours=2))), "Wed, 21 Oct 2026 07:28:00 GMT"),
    ],
)
def test_retry_after_may_be_a_moment(moment, text):
    assert ErrorReply(503, retry_after=moment).wire_headers == (("retry-after", text),)


def test_retry_after_may_be_in_milliseconds():
    error = ErrorReply.rate_limited(retry_after=2, retry_after_ms=1500)

    assert error.wire_headers == (("retry-after", "2"), ("retry-after-ms", "1500"))


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (ErrorReply(429), "1ms"),
        (ErrorReply(429, retry_after=20), "20s"),
        (ErrorReply(429, retry_after=0.25), "250ms"),
        (ErrorReply(429, retry_after=90), "1m30s"),
        (ErrorReply(429, retry_after=86_400), "24h0m0s"),
        (ErrorReply(429, retry_after_ms=1500), "1.5s"),
    ],
)
def test_rate_limit_says_how_long_to_wait(error, wait):
    assert f"Please try again in {wait}. Visit" in words_of(error).message


@pytest.mark.parametrize("name", ["Retry-After", "retry-after-ms", "X-Should-Retry"])
def test_scripted_header_decides_on_the_retry(name):
    error = ErrorReply(503, headers={name: "x"})

    assert (error.wire_headers, error.is_retried_at_once) == (((name.lower(), "x"),), False)


@pytest.mark.parametrize("given", [{"retry_after": 2}, {"retry_after_ms": 1}, {"retry_after": "soon"}])
def test_scripted_wait_is_not_cut_short(given):
    assert not ErrorReply(429, **given).is_retried_at_once


def test_other_headers_are_added():
    error = ErrorReply(429, headers={"X-RateLimit-Limit-Requests": "60"})

    assert (error.wire_headers, error.is_retried_at_once) == ((("x-ratelimit-limit-requests", "60"),), True)


def test_header_wins_over_retry_after():
    assert ErrorReply(429, retry_after=3, headers={"retry-after": "9"}).wire_headers == (("retry-after", "9"),)


CALL = ToolCall("f", {"a": 1})


@pytest.mark.parametrize(
    ("given", "reply"),
    [
        ("Hello", Reply("Hello")),
        ("", Reply("")),
        (CALL, Reply(tool_calls=(CALL,))),
        ([CALL, CALL], Reply(tool_calls=(CALL, CALL))),
        ((CALL,), Reply(tool_calls=(CALL,))),
        (Reply("x"), Reply("x")),
        (ErrorReply(400), ErrorReply(400)),
    ],
)
def test_what_a_model_says_becomes_a_reply(given, reply):
    assert as_reply(given, {}) == reply


@pytest.mark.parametrize(
    ("given", "reply"),
    [
        ("Hello", Reply("Hello", finish_reason="length")),
        (CALL, Reply(tool_calls=(CALL,), finish_reason="length")),
        ([CALL], Reply(tool_calls=(CALL,), finish_reason="length")),
        (Reply("x", finish_reason="stop"), Reply("x", finish_reason="length")),
        (ErrorReply(400), ErrorReply(400)),
    ],
)
def test_fields_are_laid_over_every_reply(given, reply):
    assert as_reply(given, {"finish_reason": "length"}) == reply


def test_fields_are_laid_over_what_a_callable_returns():
    compute = as_reply(lambda request: f"echo {request}", {"finish_reason": "length"})

    assert compute("hi") == Reply("echo hi", finish_reason="length")


def test_fields_may_replace_the_tool_calls():
    other = ToolCall("g", {})

    assert as_reply(CALL, {"tool_calls": other}) == Reply(tool_calls=(other,))


@pytest.mark.parametrize(
    "given", [None, 5, [], [CALL, "x"], {1, 2}, iter([CALL])], ids=lambda given: type(given).__name__
)
def test_what_no_model_says_is_a_usage_error(given):
    assert complaint(lambda: as_reply(given, {})) == f"reply() got {given!r}, {SAYS_NOTHING}"


def answer(request):
    return request


@pytest.mark.parametrize("returned", [None, 5, [], answer])
def test_callable_that_returns_what_no_model_says_is_named(returned):
    compute = as_reply(answer, {})

    assert complaint(lambda: compute(returned)) == f"answer returned {returned!r}, {SAYS_NOTHING}"


def test_unknown_field_is_a_usage_error_that_lists_the_known_ones():
    assert complaint(lambda: as_reply("x", {"finish": "stop"})) == (
        "reply() has no field 'finish'; did you mean 'finish_reason'?\n"
        "  it takes times=, tool_calls=, refusal=, reasoning=, parts=, finish_reason=, usage=, "
        "logprobs=, choices=, parsed=, vectors=, chunks=, raw=, pace=, framing=, fault=, headers=, extra=, deliberate="
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"fault": faults.drop}, "call it: fault=faults.drop(...)"),
        ({"fault": faults.no_done}, "call it: fault=faults.no_done(...)"),
        ({"framing": framings.crlf}, "call it: framing=framings.crlf(...)"),
    ],
)
def test_what_makes_a_fault_or_a_framing_is_to_be_called(fields, text):
    assert complaint(lambda: Reply("x", **fields)) == text


def test_fault_is_shown_by_its_name():
    assert "drop(after=2)" in Reply("x", fault=faults.drop(after=2)).fault.name


def test_fields_that_type_checkers_see_are_those_of_a_reply():
    assert tuple(ReplyFields.__annotations__) == tuple(field.name for field in dataclasses.fields(Reply))[1:]
