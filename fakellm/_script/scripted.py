"""From what a test hands to ``reply()`` to the value that the engine plays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, ClassVar, Literal, Protocol, TypedDict

from fakellm._errors import UsageError, did_you_mean
from fakellm._script.callables import refuse_async, settled
from fakellm._script.pace import Pace
from fakellm._script.reply import ErrorReply, Reply, ToolCall, saying
from fakellm._script.transform import Fault, Framing
from fakellm._wire.asked import ChatRequest
from fakellm._wire.parts import Part

__all__ = ["ReplyFields", "ReplyLike", "Scripted", "as_reply"]


class Pydantic(Protocol):
    """An object of a pydantic model or dataclass, named by what both have, so that pydantic need not be imported."""

    __pydantic_serializer__: ClassVar[Any]


ReplyLike = (
    str
    | bytes
    | Reply
    | ToolCall
    | Iterable[ToolCall]
    | ErrorReply
    | Pydantic
    | Callable[[ChatRequest], "str | Reply | ToolCall | ErrorReply | Pydantic"]
)
"""What ``reply()`` takes for one reply; a callable computes it from the request."""


class ReplyFields(TypedDict, total=False):
    """The fields of Reply that ``reply(...)`` takes by keyword, for editors and type checkers."""

    tool_calls: ToolCall | Iterable[ToolCall]
    refusal: str | None
    reasoning: str | None
    parts: Sequence[Part] | None
    finish_reason: str | None
    usage: Mapping[str, Any] | Literal[False] | None
    logprobs: Sequence[float | Mapping[str, Any]] | None
    choices: Sequence[str | Reply] | None
    parsed: Any
    vectors: Sequence[Sequence[float]] | None
    chunks: Sequence[str | Mapping[str, Any]] | None
    raw: bytes | None
    pace: Pace | None
    framing: Framing | None
    fault: Fault | None
    headers: Mapping[str, str] | Literal["full"] | None
    extra: Mapping[str, Any] | None
    deliberate: bool


Scripted = Reply | ErrorReply | Callable[[ChatRequest], Reply | ErrorReply]

_REPLY_FIELDS = tuple(f.name for f in fields(Reply))


def as_reply(given: object, reply_fields: Mapping[str, Any]) -> Scripted:
    """Turn what a test gave for one reply into the value that the engine plays.

    reply_fields: fields of Reply laid over it; an ErrorReply has none of them.

    Raises:
        UsageError: given is nothing that a model can say, or a field is unknown.
    """
    __tracebackhide__ = True
    if reply_fields and (unknown := reply_fields.keys() - set(_REPLY_FIELDS[1:])):
        raise UsageError(f"reply() has no field {min(unknown)!r}{_nearest(min(unknown))}")
    reply = _said(given, reply_fields)
    if reply is not None:
        return reply
    if getattr(given, "__self__", None) is ErrorReply:
        raise UsageError(f"call it: ErrorReply.{getattr(given, '__name__', '')}()")
    if callable(given) and not _is_exception(given):
        refuse_async(given, "reply()")
        return lambda request: _computed(given, request, reply_fields)
    raise UsageError(f"reply() got {given!r}, {_SAYS_NOTHING}{_instead(given)}")


_SAYS_NOTHING = (
    "which is nothing that a model says; give a str, a Reply, a ToolCall, a list of ToolCall, an ErrorReply, "
    "a pydantic object, or a callable that takes the ChatRequest and returns one of these"
)


def _nearest(unknown: str) -> str:
    """Return what a field that there is not was meant to be, and which there are."""
    if unknown in ("text", "content"):
        return "; the text comes first, without a name: reply('Hello!')"
    known = ", ".join(f"{name}=" for name in _REPLY_FIELDS[1:])
    return did_you_mean(unknown, ["times", *_REPLY_FIELDS[1:]], then=f"it takes times=, {known}")


def _instead(given: object) -> str:
    """Return what to type for something that is no reply; empty where nothing is likely."""
    match given:
        case Mapping():
            advice = "to answer with an object, type: Reply(parsed={...})"
        case [str(), *_]:
            advice = "one after the other, type: reply('a', 'b'); as choices of one answer: Reply(choices=['a', 'b'])"
        case int() if 400 <= given <= 599:
            advice = f"to answer with an error, type: ErrorReply({given})"
        case _ if _is_exception(given):
            advice = "a client raises it for an error or a fault: ErrorReply(429), Reply(fault=faults.connect_error())"
        case _:
            return ""
    return f"\n  {advice}"


def _is_exception(given: object) -> bool:
    return isinstance(given, BaseException) or (isinstance(given, type) and issubclass(given, BaseException))


def _said(given: object, reply_fields: Mapping[str, Any]) -> Reply | ErrorReply | None:
    """Return what is given as a reply with the fields laid over it, or None where it is none."""
    match given:
        case ErrorReply():
            return given
        case Reply():
            reply = given
        case str():
            reply = saying(given)
        case bytes():
            reply = Reply(raw=given)
        case ToolCall():
            reply = Reply(tool_calls=(given,))
        case list() | tuple() if given and all(isinstance(call, ToolCall) for call in given):
            reply = Reply(tool_calls=tuple(given))
        case _ if _is_pydantic(given):
            reply = Reply(parsed=given)
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
        raise UsageError(f"{name} returned {returned!r}, {_SAYS_NOTHING}{_instead(returned)}")
    return reply


def _is_pydantic(given: object) -> bool:
    """Whether this is an object of a pydantic model or dataclass; asked without importing pydantic."""
    return hasattr(type(given), "__pydantic_serializer__")
