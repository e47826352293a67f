"""A model's answer before a dialect says it.

The script fills these in; a dialect turns them into its own JSON and stream objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, overload

from fakellm._wire.events import Head, Whole
from fakellm._wire.identity import Identity

__all__ = [
    "CallKind",
    "Choice",
    "Completion",
    "Counted",
    "Headers",
    "Logprobs",
    "Pieces",
    "WirePart",
    "WireReasoning",
    "WireText",
    "WireToolCall",
    "json_answer",
    "raw_answer",
    "stream_head",
    "whole",
]

Headers = tuple[tuple[str, str], ...]
"""Response headers, names in lower case."""

CallKind = Literal["function", "custom", "function_call"]
"""How a call stands on the wire: a function tool's, a custom tool's, or that of the older ``functions``."""


class Pieces(Sequence[str]):
    """A text, cut as a stream sends it once somebody looks at a piece; an answer that is sent whole never is.

    cut: takes the text, gives its pieces.
    """

    __slots__ = ("_cut", "_pieces", "text")

    def __init__(self, text: str, cut: Callable[[str], Sequence[str]]) -> None:
        self.text = text
        self._cut = cut
        self._pieces: Sequence[str] | None = None

    @property
    def all(self) -> Sequence[str]:
        """The pieces."""
        if self._pieces is None:
            self._pieces = self._cut(self.text)
        return self._pieces

    def __bool__(self) -> bool:
        return bool(self.text) or bool(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[str]:
        return iter(self.all)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self.all[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and not isinstance(other, str) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __repr__(self) -> str:
        return f"<Pieces of {self.text!r}>"


def whole(pieces: Sequence[str]) -> str:
    """Return the text that pieces make."""
    return pieces.text if isinstance(pieces, Pieces) else "".join(pieces)


# The values of an answer are not frozen, which would take three times as long to make: three are made for each call.
@dataclass(slots=True)
class WireToolCall:
    """One call of a tool. pieces: its arguments text, or a custom tool's input, cut as a stream sends it."""

    id: str
    name: str
    pieces: Sequence[str]
    kind: CallKind = "function"

    @property
    def arguments(self) -> str:
        """The arguments text, whole; valid JSON unless the test scripted otherwise."""
        return whole(self.pieces)


Logprobs = tuple[tuple[Mapping[str, Any], ...], ...]
"""For each piece of a text, the entries of its tokens."""


@dataclass(frozen=True, slots=True)
class WireText:
    """A text, or what is said when the model declines. pieces: cut as a stream sends it."""

    pieces: Sequence[str]
    logprobs: Logprobs | None = None
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class WireReasoning:
    """What the model thinks. signature: the test's own seal; None for the API's. redacted: kept from the client."""

    pieces: Sequence[str]
    signature: str | None = None
    redacted: bool = False


WirePart = WireText | WireReasoning | WireToolCall | Mapping[str, Any]
"""One piece of what an answer holds; a mapping is one as it stands on the wire of the API."""


@dataclass(slots=True)
class Choice:
    """One alternative.

    finish_reason: None for JSON null. pieces, refusal, reasoning: text cut as a stream sends it; None where there
    is none. logprobs: for each piece of the text, or of the refusal, the entries of its tokens; None where the
    request did not ask. deltas: sent in place of all these in a stream, as they are. extra: further members of
    the message. parts: the same and more in the order that the test gave; None where it gave none. ``tool_calls``
    holds those of mappings as well.
    """

    index: int
    finish_reason: str | None
    pieces: Sequence[str] | None
    tool_calls: tuple[WireToolCall, ...] = ()
    refusal: Sequence[str] | None = None
    reasoning: Sequence[str] | None = None
    logprobs: Logprobs | None = None
    deltas: tuple[Mapping[str, Any], ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[WirePart, ...] | None = None

    @property
    def in_order(self) -> tuple[WirePart, ...]:
        """All that it holds, in order: what is thought, what is said, the calls, unless the test gave another."""
        if self.parts is not None:
            return self.parts
        thought = () if self.reasoning is None else (WireReasoning(self.reasoning),)
        if self.refusal is not None:
            return (*thought, WireText(self.refusal, self.logprobs, is_refusal=True), *self.tool_calls)
        said = () if self.pieces is None else (WireText(self.pieces, self.logprobs),)
        return (*thought, *said, *self.tool_calls)

    @property
    def text(self) -> str | None:
        """The text, whole."""
        return None if self.pieces is None else whole(self.pieces)


class Counted:
    """A usage, shared by all answers that it is the usage of, so it stays as it is.

    usage: by chat's names, a count or a nested mapping each. rendered: the bytes that a dialect made of it; None
    before.
    """

    __slots__ = ("rendered", "usage")

    def __init__(self, usage: Mapping[str, Any]) -> None:
        self.usage = usage
        self.rendered: bytes | None = None


@dataclass(slots=True, eq=False)
class Completion:
    """A whole answer.

    identity: what its ids are made of. created: Unix time in seconds. bill: its usage, or what counts it when somebody
    wants to know. sends_usage: False keeps it from the client. headers: response headers beside the usual ones, names
    in lower case. vectors: of embeddings, one for each input; None where the test gives none. kept: for a dialect to
    keep what it rendered; shared by answers that differ in their ids and their usage alone. seconds: how long the
    model goes on behind it, where a pace says so; else None. shared: as kept, of answers of one alternative that differ
    in its text as well; None where there are none.
    """

    identity: Identity
    created: int
    model: str
    choices: tuple[Choice, ...]
    bill: Mapping[str, Any] | Counted | Callable[[], Counted]
    sends_usage: bool = True
    headers: Headers = ()
    vectors: Sequence[Sequence[float]] | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    shared: dict[str, Any] | None = None

    @property
    def counted(self) -> Counted:
        """Its usage, with the bytes of it."""
        bill = self.bill
        if not isinstance(bill, Counted):
            self.bill = bill = bill() if callable(bill) else Counted(bill)
        return bill

    @property
    def usage(self) -> Mapping[str, Any]:
        """The usage by chat's names, a count or a nested mapping each."""
        return self.counted.usage

    @property
    def request_id(self) -> str:
        """The id of the request that it answers."""
        return self.identity.request_id

    @property
    def token_count(self) -> int:
        """How many tokens it took, as its usage says; 0 where the test put something else there."""
        count = self.usage.get("completion_tokens")
        return count if isinstance(count, int) else 0


_JSON = "application/json"
_EVENTS = "text/event-stream; charset=utf-8"


def json_answer(body: bytes, request_id: tuple[str, str], headers: Headers) -> Whole:
    """Return an answer that is one JSON text. request_id: its header. headers: laid over the usual ones."""
    usual = (("content-type", _JSON), ("content-length", str(len(body))), request_id)
    return Whole(Head(200, _laid_over(usual, headers) if headers else usual), (body,), (1,))


def stream_head(request_id: tuple[str, str], headers: Headers) -> Head:
    """Return the head of an event stream. request_id: its header. headers: laid over the usual ones."""
    return Head(200, _laid_over((("content-type", _EVENTS), request_id), headers))


def _laid_over(usual: Headers, given: Headers) -> Headers:
    return tuple({**dict(usual), **dict(given)}.items())


def raw_answer(body: bytes, request_id: tuple[str, str], headers: Headers, *, is_stream: bool) -> Whole:
    """Return the answer with a body that the test wrote itself."""
    if not is_stream:
        return json_answer(body, request_id, headers)
    return Whole(stream_head(request_id, headers), (body,), (body.count(b"\n\n") or 1,))
