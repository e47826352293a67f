"""What was asked, in order, and what was answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, overload

from fakellm._script.reply import ErrorReply, Reply
from fakellm._script.rule import Rule
from fakellm._wire.chat import ChatRequest, Message
from fakellm._wire.events import WireRequest

__all__ = ["Call", "Ending", "Journal", "Outcome"]


class Outcome(Enum):
    """How a call ended."""

    ANSWERED = "answered by a rule"
    REPLAYED = "answered from a cassette"
    UNMATCHED = "asked but not scripted"
    REJECTED = "asked in a way that the API refuses"
    OTHER = "no model call"


@dataclass(frozen=True, slots=True)
class Ending:
    """How the playing of an answer ended, as its player reports it.

    status: the HTTP status sent, None where not even the head was. chunks: how many chunks of a stream the
    client got. seconds: from the request to the end. cancelled: whether the client left before the head, or
    while chunks of a stream were left.
    """

    status: int | None
    chunks: int
    seconds: float
    cancelled: bool


@dataclass(slots=True)
class Call:
    """One HTTP request and what became of it.

    number: its place in the journal, from 1. request: the decoded request, None where it could not be
    decoded. rule, reply: what answered it, None where nothing did. status: the HTTP status sent; of an
    answer that was lost before its head, the one it would have had. ending: how the answer was played, None
    until then.
    explanation: for a call that nothing answered, what happened and what to type. cause: the exception
    that the test's own predicate or callable raised. recorded: the body that a cassette gave.
    """

    number: int
    wire: WireRequest
    outcome: Outcome
    status: int
    request: ChatRequest | None = None
    rule: Rule | None = None
    reply: Reply | ErrorReply | None = None
    explanation: str = ""
    cause: Exception | None = None
    recorded: bytes | None = None
    ending: Ending | None = None

    @property
    def duration(self) -> float | None:
        """The seconds from the request to the end of the answer, on the fake's clock; None until then."""
        return self.ending.seconds if self.ending else None

    @property
    def cancelled(self) -> bool:
        """Whether the client left before the head of the answer, or closed its stream before the last chunk."""
        return self.ending is not None and self.ending.cancelled

    @property
    def chunks(self) -> int:
        """How many chunks of a stream the client got; 0 until the stream ended."""
        return self.ending.chunks if self.ending else 0

    @property
    def model(self) -> str:
        """The model asked for; empty where the request could not be decoded."""
        return self.request.model if self.request else ""

    @property
    def messages(self) -> list[Message]:
        """The messages sent, oldest first."""
        return self.request.messages if self.request else []

    @property
    def last_user(self) -> str | None:
        """The text of the newest user message."""
        return self.request.last_user if self.request else None

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The tools offered."""
        return self.request.tools if self.request else []

    @property
    def stream(self) -> bool:
        """Whether a stream was asked for."""
        return self.request is not None and self.request.stream

    @property
    def headers(self) -> Mapping[str, str]:
        """The request headers; look them up in lower case."""
        return self.wire.headers

    @property
    def attempt(self) -> int:
        """Which attempt of the SDK this was, 0 for the first; from ``x-stainless-retry-count``."""
        count = self.wire.headers.get("x-stainless-retry-count", "")
        # int() refuses digits by the thousand, and nothing that was sent may raise here.
        return int(count) if count.isascii() and count.isdigit() and len(count) < 10 else 0

    @property
    def rejected(self) -> bool:
        """Whether the real API would have refused the request."""
        return self.outcome is Outcome.REJECTED


class Journal(Sequence[Call]):
    """The calls of one fake or cassette, oldest first."""

    def __init__(self, calls: Sequence[Call] = ()) -> None:
        self._calls = list(calls)

    def append(self, call: Call) -> None:
        """Add the newest call."""
        self._calls.append(call)

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> Journal: ...
    def __getitem__(self, index: int | slice) -> Call | Journal:
        if isinstance(index, slice):
            return Journal(self._calls[index])
        return self._calls[index]

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._calls))

    def __repr__(self) -> str:
        return f"<Journal of {len(self)} calls>"
