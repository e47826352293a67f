"""What the model says: the values that a test hands to ``reply()``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, TypeGuard

from fakellm._errors import UsageError
from fakellm._named_arguments import naming_fields
from fakellm._numbers import AT_LEAST_ONE, Duration, Numbers
from fakellm._script.pace import Pace
from fakellm._script.retry_after import RetryAfter, check_retry_after, duration_text, is_retried, retry_after_text
from fakellm._script.transform import Fault, Framing
from fakellm._wire.parts import Part, Reasoning, ToolCall, check_text, check_texts, json_object

__all__ = ["ERROR_STATUS", "ErrorReply", "Reasoning", "Reply", "ToolCall", "is_text", "other_ways", "saying"]

ERROR_STATUS = Numbers(400, 599, whole=True)
_LOG_PROBABILITY = Numbers(most=0)
_LogProbability = Annotated[float, _LOG_PROBABILITY]
_FINITE = Numbers()
_Vector = Annotated[Sequence[Annotated[float, _FINITE]], AT_LEAST_ONE]


# No slots: ``saying`` fills what it makes at once.
@naming_fields()
@dataclass(frozen=True)
class Reply:
    """One answer of the model.

    text: what it says. tool_calls: the calls it makes, one ToolCall or several. refusal: what it says instead, when it
    declines. reasoning: what it thinks first; billed, and shown where the provider shows it. parts: all of it in order,
    each a str, a ToolCall, a Reasoning or a mapping, which is sent as it is where the API has a place for it, in place
    of text, calls and reasoning. finish_reason: as on the wire; None takes the one that fits, "null" is JSON null.
    usage: wire fields laid over the exact counts, in tokens; False sends none. logprobs: of each token of the text a
    number, or the whole entry; None makes them up. Sent, like usage, only where the request asks. choices: a str or
    Reply for each alternative that a request with ``n`` asks for, in place of text and calls; without it all
    alternatives are alike. parsed: an object (pydantic, dataclass, anything JSON), delivered in the shape that the
    request asks for: its response format, the tool it forces, or the one tool made for the final answer. vectors: of
    embeddings, a list of numbers for each input. chunks: where a stream cuts the text; a mapping among them is a delta
    that is sent as it is. raw: the bytes of the body, with nothing added.

    pace: when its parts come; None takes the fake's. framing: how a stream is cut into bytes, from
    ``fakellm.framings``. fault: a deliberate break of the protocol, from ``fakellm.faults``. headers: response
    headers to add, or "full" for all that the real API sends. extra: further members of the message, as they are.
    deliberate: True lets it contradict the request, such as by calling a tool that was not offered.
    """

    text: str | None = None
    tool_calls: tuple[ToolCall, ...] = field(default=(), kw_only=True)
    refusal: str | None = field(default=None, kw_only=True)
    reasoning: str | None = field(default=None, kw_only=True)
    parts: Sequence[Part] | None = field(default=None, kw_only=True)
    finish_reason: str | None = field(default=None, kw_only=True)
    usage: Mapping[str, Any] | Literal[False] | None = field(default=None, kw_only=True)
    logprobs: Sequence[_LogProbability | Mapping[str, Any]] | None = field(default=None, kw_only=True)
    choices: Annotated[tuple[Reply, ...], AT_LEAST_ONE] | None = field(default=None, kw_only=True)
    parsed: Any = field(default=None, kw_only=True)
    vectors: Annotated[Sequence[_Vector], AT_LEAST_ONE] | None = field(default=None, kw_only=True)
    chunks: Sequence[str | Mapping[str, Any]] | None = field(default=None, kw_only=True)
    raw: bytes | None = field(default=None, kw_only=True)
    pace: Pace | None = field(default=None, kw_only=True)
    framing: Framing | None = field(default=None, kw_only=True)
    fault: Fault | None = field(default=None, kw_only=True)
    headers: Mapping[str, str] | Literal["full"] | None = field(default=None, kw_only=True)
    extra: Mapping[str, Any] | None = field(default=None, kw_only=True)
    deliberate: bool = field(default=False, kw_only=True)
    is_text_alone: ClassVar[bool] = False
    """Whether it was made of a text and nothing beside, by ``saying``."""

    def __post_init__(self) -> None:
        check_texts(self, "text", "refusal", "reasoning", "finish_reason")
        if self.tool_calls != ():
            object.__setattr__(self, "tool_calls", _tool_calls(self.tool_calls))
        if self.usage is not None and self.usage is not False:
            json_object("Reply usage is a mapping of wire names to what JSON can hold, or False", self.usage)
        if self.extra is not None:
            json_object("Reply extra is a mapping of names to what JSON can hold", self.extra)
        if self.logprobs is not None:
            object.__setattr__(self, "logprobs", _logprobs(self.logprobs))
        if self.chunks is not None:
            object.__setattr__(self, "chunks", _chunks(self.chunks))
        if self.parts is not None:
            object.__setattr__(self, "parts", _parts(self.parts))
        if self.choices is not None:
            object.__setattr__(self, "choices", _choices(self.choices))
        if self.vectors is not None:
            object.__setattr__(self, "vectors", _vectors(self.vectors))
        if not isinstance(self.deliberate, bool):
            raise UsageError(f"Reply deliberate is True or False, got {self.deliberate!r}")
        if self.raw is not None and not isinstance(self.raw, bytes):
            raise UsageError(f"Reply raw is bytes, the whole body as it is sent; got {self.raw!r}")
        if self.pace is not None and not isinstance(self.pace, Pace):
            raise UsageError(f"Reply pace is a Pace, such as Pace(ttft=0.2, tokens_per_second=50); got {self.pace!r}")
        _check_transform("framing", self.framing, "framings.crlf()")
        _check_transform("fault", self.fault, "faults.drop(after=2)")
        if self.headers is not None and self.headers != "full":
            object.__setattr__(self, "headers", _headers(self.headers))
        self._check_one_way_of_saying()

    @property
    def wire_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers that the test gives, to send beside those of every answer."""
        return () if self.headers is None or isinstance(self.headers, str) else tuple(self.headers.items())

    def _check_one_way_of_saying(self) -> None:
        """Raise where two fields give the content of the answer, of which one would be lost."""
        given = [name for name in _WAYS if getattr(self, name) is not None]
        if self.text is not None or self.tool_calls:
            given.insert(0, "text" if self.text is not None else "tool_calls")
        if given == ["text", "chunks"] and is_text(self.chunks or ()):
            if (joined := "".join(map(str, self.chunks or ()))) != self.text:
                raise UsageError(f"Reply chunks join to {joined!r}, its text is {self.text!r}\n  leave the text out")
        elif len(given) > 1:
            raise UsageError(f"a Reply has {given[0]} or {given[1]}, not both; one of them would be lost")
        if self.parts is not None and self.reasoning is not None:
            raise UsageError(
                "a Reply has parts or reasoning, not both; one of them would be lost\n"
                "  give it in its place: parts=[Reasoning('...'), ...]"
            )
        for name in ("reasoning", "finish_reason", "logprobs", "extra") if self.choices is not None else ():
            if getattr(self, name) is not None:
                raise UsageError(f"{name} belongs to one choice: choices=[Reply('a', {name}=...), ...]")


_WAYS = ("refusal", "parts", "choices", "parsed", "vectors", "chunks", "raw")
"""Fields of a Reply that stand in place of text and tool calls."""


def is_text(chunks: Collection[object]) -> TypeGuard[tuple[str, ...]]:
    """Whether the chunks of a reply are all text, with no delta among them."""
    return all(issubclass(kind, str) for kind in set(map(type, chunks)))


def other_ways(reply: Reply) -> Iterator[tuple[str, object]]:
    """Yield what a reply says beside its text and its tool calls: (what it is, the value)."""
    if reply.refusal is not None:
        yield "the refusal", reply.refusal
    if reply.parts is not None:
        yield "the parts", list(reply.parts)
    for choice in reply.choices or ():
        yield "the choice", choice.text if choice.text is not None else dict(other_ways(choice)) or choice.tool_calls
    if reply.parsed is not None:
        yield "the object", reply.parsed
    if reply.vectors is not None:
        yield "the vectors", f"{len(reply.vectors)} of {len(reply.vectors[0])} numbers"
    if reply.chunks is not None and reply.text is None:
        yield "the chunks", "".join(map(str, reply.chunks)) if is_text(reply.chunks) else list(reply.chunks)
    if reply.raw is not None:
        yield "the bytes", reply.raw


@naming_fields()
@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error that the API documents, sent instead of an answer, in the envelope of the provider asked.

    status: HTTP status, 400 to 599. message, code, type, param: the members of the error object; what is left out
    is what the API usually says with this code or status. retry_after: sent as ``retry-after``: seconds, a
    datetime with its time zone, which makes an HTTP-date, or a str as it is. retry_after_ms: milliseconds, sent as
    ``retry-after-ms``. Without either, a client that retries does so at once, on virtual time when it likes.
    headers: further response headers.
    """

    status: Annotated[int, ERROR_STATUS]
    message: str | None = field(default=None, kw_only=True)
    code: str | None = field(default=None, kw_only=True)
    type: str | None = field(default=None, kw_only=True)
    param: str | None = field(default=None, kw_only=True)
    retry_after: RetryAfter | None = field(default=None, kw_only=True)
    retry_after_ms: Duration | None = field(default=None, kw_only=True)
    headers: Mapping[str, str] | None = field(default=None, kw_only=True)
    _facts: Mapping[str, object] = field(default_factory=dict, init=False, repr=False)
    _name: str = field(default="", init=False, repr=False)

    def __post_init__(self) -> None:
        if self.status not in ERROR_STATUS:
            raise UsageError(f"ErrorReply status is an HTTP status from 400 to 599, got {self.status!r}")
        check_texts(self, "message", "code", "type", "param")
        check_retry_after(self.retry_after, self.retry_after_ms)
        for name, value in (self.headers or {}).items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise UsageError(f"ErrorReply headers are names and values of type str, got {name!r}: {value!r}")

    @property
    def name(self) -> str:
        """The form in which the test named it, where an API has words or a status of its own for it; else empty."""
        return self._name

    @property
    def facts(self) -> Mapping[str, object]:
        """What the API's own words tell of this error, by the names that stand in them."""
        return {"limit": 128_000, "used": 128_001, "wait": self.wait, **self._facts}

    @property
    def wait(self) -> str:
        """How long a client should wait, as the API writes it."""
        if isinstance(self.retry_after, int | float):
            return duration_text(self.retry_after)
        return duration_text((self.retry_after_ms or 1) / 1000)

    @property
    def wire_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers that the test gives, to send beside those of every answer."""
        given = {name.lower(): value for name, value in (self.headers or {}).items()}
        if self.retry_after is not None:
            given.setdefault("retry-after", retry_after_text(self.retry_after))
        if self.retry_after_ms is not None:
            given.setdefault("retry-after-ms", f"{self.retry_after_ms:.15g}")
        return tuple(given.items())

    @property
    def is_retried_at_once(self) -> bool:
        """Whether a retry is to cost no back-off of half a second and more: the test leaves open how long to wait."""
        scripted = {"retry-after", "retry-after-ms", "x-should-retry"} & dict(self.wire_headers).keys()
        return is_retried(self.status) and not scripted

    @classmethod
    def rate_limited(
        cls, *, retry_after: RetryAfter | None = None, retry_after_ms: Duration | None = None
    ) -> ErrorReply:
        """429: too many requests; clients retry it."""
        return cls(
            429,
            code="rate_limit_exceeded",
            retry_after=retry_after,
            retry_after_ms=retry_after_ms,
        )

    @classmethod
    def insufficient_quota(cls) -> ErrorReply:
        """429 that no waiting helps; the SDKs retry it all the same."""
        return cls(429, code="insufficient_quota")

    @classmethod
    def invalid_api_key(cls) -> ErrorReply:
        """401."""
        return cls(401, code="invalid_api_key")

    @classmethod
    def model_not_found(cls, model: str | None = None) -> ErrorReply:
        """404, of Responses 400. model: the name that the message gives; None gives the one asked for."""
        facts = {} if model is None else {"model": model}
        return _named("model_not_found", cls(404, code="model_not_found"), **facts)

    @classmethod
    def context_length_exceeded(cls, *, limit: int = 128_000, used: int = 128_001) -> ErrorReply:
        """400: the prompt is too long. limit, used: the token counts that the message gives."""
        error = cls(400, code="context_length_exceeded")
        return _named("context_length_exceeded", error, limit=limit, used=used)

    @classmethod
    def content_filter(cls) -> ErrorReply:
        """400: the prompt was stopped by the content filter, as Azure OpenAI reports it."""
        return cls(400, code="content_filter")

    @classmethod
    def server_error(cls) -> ErrorReply:
        """500; clients retry it."""
        return cls(500)

    @classmethod
    def overloaded(cls) -> ErrorReply:
        """503; clients retry it."""
        return cls(503)


def _named(name: str, error: ErrorReply, **facts: object) -> ErrorReply:
    """Give an error its name, and the facts that the API's own words tell."""
    object.__setattr__(error, "_name", name)
    object.__setattr__(error, "_facts", facts)
    return error


def _tool_calls(given: object) -> tuple[ToolCall, ...]:
    """Return the calls of a reply, of which a test may give a single one bare."""
    calls: tuple[Any, ...] = (
        (given,) if isinstance(given, ToolCall) or not isinstance(given, Iterable) else tuple(given)
    )
    if wrong := [call for call in calls if not isinstance(call, ToolCall)]:
        raise UsageError(f"Reply tool_calls holds ToolCall objects, got {wrong[0]!r}")
    return calls


def _logprobs(given: Any) -> tuple[float | Mapping[str, Any], ...]:
    """Return the log probabilities of a reply, one number or entry a token."""
    values: tuple[Any, ...] = (
        tuple(given) if isinstance(given, Iterable) and not isinstance(given, str | Mapping) else (given,)
    )
    for value in values:
        if not isinstance(value, Mapping) and value not in _LOG_PROBABILITY:
            raise UsageError(
                f"Reply logprobs holds a number, 0 or less, or an entry as on the wire for each token; got {value!r}"
            )
    return values


def _chunks(given: object) -> tuple[str | Mapping[str, Any], ...]:
    """Return the chunks of a reply: texts, and deltas as they are sent."""
    if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
        raise UsageError(f"Reply chunks is a list of str, the text as a stream cuts it; got {given!r}")
    chunks = tuple(given)
    if is_text(chunks) and "".join(chunks).isascii():  # there may be thousands
        return chunks
    for chunk in chunks:
        if isinstance(chunk, Mapping):
            json_object("a delta among Reply chunks is a mapping of wire names to what JSON can hold", chunk)
        else:
            check_text("each of Reply chunks", chunk)
    return chunks


def _vectors(given: object) -> tuple[tuple[float, ...], ...]:
    """Return the vectors of a reply."""
    rows = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str | Mapping) else ()
    for row in rows:
        numbers = row if isinstance(row, Sequence) and not isinstance(row, str) else ()
        if not numbers or not all(number in _FINITE for number in numbers):
            raise UsageError(f"each of Reply vectors is a list of finite numbers; got {row!r}")
    if not rows:
        raise UsageError(f"Reply vectors is a list of vectors, one for each input, such as [[1.0, 0.0]]; got {given!r}")
    return tuple(tuple(map(float, row)) for row in rows)


def _parts(given: object) -> tuple[Part, ...]:
    """Return the parts of a reply, of each kind that there is."""
    if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
        raise UsageError(f"Reply parts is a list of str, ToolCall, Reasoning and mappings, in order; got {given!r}")
    parts = tuple(given)
    for part in parts:
        if isinstance(part, str):
            check_text("each text of Reply parts", part)
        elif isinstance(part, Mapping):
            json_object("a mapping among Reply parts is a part as on the wire, of what JSON can hold", part)
        elif not isinstance(part, ToolCall | Reasoning):
            raise UsageError(f"each of Reply parts is a str, a ToolCall, a Reasoning or a mapping; got {part!r}")
    return parts


def _choices(given: object) -> tuple[Reply, ...]:
    """Return the alternatives of a reply."""
    if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
        raise UsageError(f"Reply choices is a list of str or Reply, one for each alternative; got {given!r}")
    choices = tuple(Reply(choice) if isinstance(choice, str) else choice for choice in given)
    if wrong := [choice for choice in choices if not isinstance(choice, Reply) or choice.choices is not None]:
        raise UsageError(f"each of Reply choices is a str or a Reply without choices of its own; got {wrong[0]!r}")
    if not choices:
        raise UsageError("Reply choices needs a str or a Reply for each alternative; got none")
    for name in ("usage", "raw", "pace", "framing", "fault", "headers"):
        if any(getattr(choice, name) is not None for choice in choices):
            raise UsageError(f"{name} belongs to the whole answer: give it to the Reply that has the choices")
    return choices


def _headers(given: object) -> dict[str, str]:
    """Return response headers with their names in lower case."""
    if not isinstance(given, Mapping):
        raise UsageError(f"Reply headers is a mapping of names to texts, or 'full'; got {given!r}")
    for name, value in given.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise UsageError(f"Reply headers are names and values of type str, got {name!r}: {value!r}")
    return {name.lower(): value for name, value in given.items()}


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


def saying(text: str) -> Reply:
    """Return ``Reply(text)``, which most replies are, in a fifth of the time.

    Raises:
        UsageError: a text that cannot be sent.
    """
    check_text("Reply text", text)
    reply = object.__new__(Reply)
    vars(reply).update(_TEXT_ALONE, text=text)  # ``is_text_alone`` included
    return reply


_TEXT_ALONE = {**vars(Reply()), "is_text_alone": True}
