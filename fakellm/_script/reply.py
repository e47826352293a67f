"""What the model says: the values that a test hands to ``reply()``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from fakellm._errors import UsageError
from fakellm._script.callables import refuse_async, settled
from fakellm._script.pace import Pace, is_duration
from fakellm._script.transform import Fault, Framing
from fakellm._wire.chat import ChatRequest
from fakellm._wire.errors import ErrorBody

__all__ = ["ErrorReply", "Reply", "ReplyLike", "ToolCall", "as_reply"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool in the model's answer.

    arguments: a mapping, sent as JSON, or a str, sent as it is, broken JSON included. id: the call's
    id; None makes one, the same on every run. Two calls are equal whatever their ids.

    >>> ToolCall("get_weather", {"city": "Paris"}).arguments_text
    '{"city":"Paris"}'
    """

    name: str
    arguments: Mapping[str, Any] | str
    id: str | None = field(default=None, kw_only=True, compare=False)
    arguments_text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_text("ToolCall name", self.name)
        _check_texts(self, "id")
        object.__setattr__(self, "arguments_text", _arguments_text(self.name, self.arguments))


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the model.

    text: what it says. tool_calls: the calls it makes, one ToolCall or several. finish_reason: as on
    the wire; None takes the one that fits. usage: wire fields laid over the exact counts, in tokens.
    pace: when its parts come; None takes the fake's. framing: how a stream is cut into bytes, from
    ``fakellm.framings``. fault: a deliberate break of the protocol, from ``fakellm.faults``.
    """

    text: str | None = None
    tool_calls: tuple[ToolCall, ...] = field(default=(), kw_only=True)
    finish_reason: str | None = field(default=None, kw_only=True)
    usage: Mapping[str, Any] | None = field(default=None, kw_only=True)
    pace: Pace | None = field(default=None, kw_only=True)
    framing: Framing | None = field(default=None, kw_only=True)
    fault: Fault | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _check_texts(self, "text", "finish_reason")
        object.__setattr__(self, "tool_calls", _tool_calls(self.tool_calls))
        if self.usage is not None:
            _json_object("Reply usage is a mapping of wire names to what JSON can hold", self.usage)
        if self.pace is not None and not isinstance(self.pace, Pace):
            raise UsageError(f"Reply pace is a Pace, such as Pace(ttft=0.2, tokens_per_second=50); got {self.pace!r}")
        _check_transform("framing", self.framing, "framings.crlf()")
        _check_transform("fault", self.fault, "faults.drop(after=2)")


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error that the API documents, sent instead of an answer.

    status: HTTP status, 400 to 599. message, code, type, param: the members of the error object.
    retry_after: seconds, sent as ``retry-after``; None lets a client that retries do so at once.
    headers: further response headers.
    """

    status: int
    message: str | None = field(default=None, kw_only=True)
    code: str | None = field(default=None, kw_only=True)
    type: str | None = field(default=None, kw_only=True)
    param: str | None = field(default=None, kw_only=True)
    retry_after: float | None = field(default=None, kw_only=True)
    headers: Mapping[str, str] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.status, int) or not 400 <= self.status <= 599:
            raise UsageError(f"ErrorReply status is an HTTP status from 400 to 599, got {self.status!r}")
        _check_texts(self, "message", "code", "type", "param")
        if self.retry_after is not None and not is_duration(self.retry_after):
            raise UsageError(f"ErrorReply retry_after is a number of seconds, 0 or more; got {self.retry_after!r}")
        for name, value in (self.headers or {}).items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise UsageError(f"ErrorReply headers are names and values of type str, got {name!r}: {value!r}")

    @property
    def body(self) -> ErrorBody:
        """The error object, with the API's usual type and text where none was given."""
        kind = self.type or ("server_error" if self.status >= 500 else "invalid_request_error")
        return ErrorBody(self.message or f"Scripted error {self.status}", kind, self.param, self.code)

    @property
    def wire_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers to send beside content-type and length.

        A status that the SDKs retry carries ``retry-after-ms: 1`` unless the test says how long to
        wait, so that a retry costs no back-off of half a second and more.
        """
        given = {name.lower(): value for name, value in (self.headers or {}).items()}
        if self.retry_after is not None:
            given.setdefault("retry-after", f"{self.retry_after:.15g}")
        scripted = {"retry-after", "retry-after-ms", "x-should-retry"} & given.keys()
        if not scripted and (self.status in _RETRIED or self.status >= 500):
            given["retry-after-ms"] = "1"
        return tuple(given.items())

    @classmethod
    def rate_limited(cls, *, retry_after: float | None = None) -> ErrorReply:
        """429: too many requests; clients retry it."""
        return cls(
            429,
            message="Rate limit reached for requests. Please try again later.",
            type="requests",
            code="rate_limit_exceeded",
            retry_after=retry_after,
        )

    @classmethod
    def insufficient_quota(cls) -> ErrorReply:
        """429 that no waiting helps; the SDKs retry it all the same."""
        return cls(
            429,
            message="You exceeded your current quota, please check your plan and billing details.",
            type="insufficient_quota",
            code="insufficient_quota",
        )

    @classmethod
    def invalid_api_key(cls) -> ErrorReply:
        """401."""
        return cls(
            401,
            message="Incorrect API key provided. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
            code="invalid_api_key",
        )

    @classmethod
    def model_not_found(cls, model: str = "gpt-x") -> ErrorReply:
        """404. model: the name that the message gives."""
        return cls(
            404,
            message=f"The model `{model}` does not exist or you do not have access to it.",
            code="model_not_found",
        )

    @classmethod
    def context_length_exceeded(cls, *, limit: int = 128_000, used: int = 128_001) -> ErrorReply:
        """400: the prompt is too long. limit, used: the token counts that the message gives."""
        return cls(
            400,
            message=f"This model's maximum context length is {limit} tokens. However, your messages resulted in "
            f"{used} tokens. Please reduce the length of the messages.",
            code="context_length_exceeded",
            param="messages",
        )

    @classmethod
    def content_filter(cls) -> ErrorReply:
        """400: the prompt was stopped by the content filter, as Azure OpenAI reports it."""
        return cls(
            400,
            message="The response was filtered due to the prompt triggering the content management policy. "
            "Please modify your prompt and retry.",
            code="content_filter",
            param="prompt",
        )

    @classmethod
    def server_error(cls) -> ErrorReply:
        """500; clients retry it."""
        return cls(500, message="The server had an error while processing your request. Sorry about that!")

    @classmethod
    def overloaded(cls) -> ErrorReply:
        """503; clients retry it."""
        return cls(503, message="The engine is currently overloaded, please try again later.")


# Besides 5xx; the OpenAI SDK's own list (openai 3.52, ``_base_client.py``).
_RETRIED = frozenset({408, 409, 429})

ReplyLike = (
    str
    | Reply
    | ToolCall
    | Iterable[ToolCall]
    | ErrorReply
    | Callable[[ChatRequest], "str | Reply | ToolCall | ErrorReply"]
)
"""What ``reply()`` takes for one reply; a callable computes it from the request."""

Scripted = Reply | ErrorReply | Callable[[ChatRequest], Reply | ErrorReply]

_REPLY_FIELDS = tuple(f.name for f in fields(Reply))


def as_reply(given: object, reply_fields: Mapping[str, Any]) -> Scripted:
    """Turn what a test gave for one reply into the value that the engine plays.

    reply_fields: fields of Reply laid over it; an ErrorReply has none of them.

    Raises:
        UsageError: given is nothing that a model can say, or a field is unknown.
    """
    if unknown := reply_fields.keys() - set(_REPLY_FIELDS[1:]):
        known = ", ".join(f"{name}=" for name in _REPLY_FIELDS[1:])
        raise UsageError(f"reply() has no field {min(unknown)!r}; it takes times=, {known}")
    __tracebackhide__ = True
    reply = _said(given, reply_fields)
    if reply is not None:
        return reply
    if getattr(given, "__self__", None) is ErrorReply:
        raise UsageError(f"call it: ErrorReply.{getattr(given, '__name__', '')}()")
    if callable(given):
        refuse_async(given, "reply()")
        return lambda request: _computed(given, request, reply_fields)
    raise UsageError(f"reply() got {given!r}, {_SAYS_NOTHING}")


_SAYS_NOTHING = (
    "which is nothing that a model says; give a str, a Reply, a ToolCall, a list of ToolCall, an ErrorReply, "
    "or a callable that takes the ChatRequest and returns one of these"
)


def _said(given: object, reply_fields: Mapping[str, Any]) -> Reply | ErrorReply | None:
    """Return what is given as a reply with the fields laid over it, or None where it is none."""
    match given:
        case ErrorReply():
            return given
        case Reply():
            reply = given
        case str():
            reply = Reply(given)
        case ToolCall():
            reply = Reply(tool_calls=(given,))
        case list() | tuple() if given and all(isinstance(call, ToolCall) for call in given):
            reply = Reply(tool_calls=tuple(given))
        case _:
            return None
    return replace(reply, **reply_fields) if reply_fields else reply


def _computed(
    compute: Callable[[ChatRequest], object], request: ChatRequest, reply_fields: Mapping[str, Any]
) -> Reply | ErrorReply:
    returned = settled(compute, compute(request))
    reply = _said(returned, reply_fields)
    if reply is None:
        name = getattr(compute, "__qualname__", repr(compute))
        raise UsageError(f"{name} returned {returned!r}, {_SAYS_NOTHING}")
    return reply


def _tool_calls(given: object) -> tuple[ToolCall, ...]:
    """Return the calls of a reply, of which a test may give a single one bare."""
    calls: tuple[Any, ...] = (
        (given,) if isinstance(given, ToolCall) or not isinstance(given, Iterable) else tuple(given)
    )
    if wrong := [call for call in calls if not isinstance(call, ToolCall)]:
        raise UsageError(f"Reply tool_calls holds ToolCall objects, got {wrong[0]!r}")
    return calls


def _arguments_text(name: str, arguments: Mapping[str, Any] | str) -> str:
    if not isinstance(arguments, str):
        needs = f"ToolCall({name!r}) needs arguments that are JSON: a mapping, or a str that is sent as it is"
        return _json_object(needs, arguments)
    _check_text("ToolCall arguments", arguments)
    return arguments


def _json_object(needs: str, value: object) -> str:
    """Write a mapping as a JSON object; a UsageError that begins with what is needed where it is none."""
    try:
        if not isinstance(value, Mapping):
            raise TypeError(f"{type(value).__name__} is no mapping")
        text = json.dumps(dict(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as err:
        raise UsageError(f"{needs}; got {value!r} ({err})") from err
    return text


def _check_texts(value: object, *names: str) -> None:
    """Raise where a field that is given is no text."""
    for name in names:
        if (text := getattr(value, name)) is not None:
            _check_text(f"{type(value).__name__} {name}", text)


def _check_text(what: str, text: object) -> None:
    if not isinstance(text, str):
        raise UsageError(f"{what} is a str, got {text!r}")
    try:
        text.encode()
    except UnicodeEncodeError as err:
        raise UsageError(f"{what} has a lone surrogate at {err.start}, which UTF-8 cannot carry: {text!r}") from err


def _check_transform(field_name: str, given: object, example: str) -> None:
    """Raise where a framing or a fault is none, or is what makes one, not called."""
    if given is None:
        return
    module = f"{field_name}s"
    if not callable(given):
        raise UsageError(f"Reply {field_name} is one of fakellm.{module}, such as {example}; got {given!r}")
    # What makes one stands at the top of its module; what it makes is a Transform.
    if getattr(given, "__module__", "") == f"fakellm.{module}":
        raise UsageError(f"call it: {field_name}={module}.{getattr(given, '__name__', '')}(...)")
