"""An answer of an engine on its way to a client, whatever carries it: a transport in the process, a socket.

A player asks an engine, plays the events of the answer on a clock, and reports how that ended. What differs between
players is what a client's patience is, and what it raises where a connection is lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NoReturn, Protocol

from fakellm._clock import Clock
from fakellm._script.journal import Ending
from fakellm._wire.events import Data, Disconnect, Head, Loss, Wait, Whole, WireEvent, WireRequest

__all__ = ["Answers", "Fail", "Failure", "Playable", "Playback"]


class Playable(Protocol):
    """An answer: the events to play, and who wants to know how that went.

    take: what takes the real answer instead, where the request is to be recorded.
    """

    @property
    def began(self) -> float:
        """When the request came, by the clock that plays the answer."""
        ...

    @property
    def take(self) -> Any:
        """What takes the real answer, or None."""
        ...

    @property
    def whole(self) -> Whole | None:
        """The answer in one piece; None where it has to be played."""
        ...

    def __iter__(self) -> Iterator[WireEvent]:
        """Yield the events."""
        ...

    def finished(self, ending: Ending) -> None:
        """Take the report, once nothing more will be played."""
        ...


class Answers(Protocol):
    """What a transport asks: an engine."""

    def handle(self, request: WireRequest, now: float) -> Playable:
        """Answer a request. now: the time in seconds, by the clock that plays the answer."""
        ...


Failure = Loss | Literal["total_timeout"]
"""How a connection is lost, or that the client's patience for the whole request has ended."""

Fail = Callable[[Failure, str], NoReturn]
"""Raises what a client raises for a connection that is lost so. The text is httpcore's, where another has none."""

_TIMEOUTS: dict[Loss, tuple[str, str]] = {
    "connect_timeout": ("connect", "timed out"),
    "read_timeout": ("read", "The read operation timed out"),
}
"""Loss -> the client's timeout that ends it, and the text. The texts here and below are httpcore's."""


class Playback:
    """The events of one answer on their way to one client.

    The law of ``_wire.events`` makes two phases: ``until_head`` plays up to the head, ``body`` what follows.
    Both yield pauses, in seconds, for the caller's clock; a pause ends early, in a timeout, where the client
    has less patience. Whoever plays calls ``close`` in the end, wherever that is.

    timeouts: the client's patience in seconds, by ``connect``, ``read`` and, for both and the body, ``total``; None or
    absent for ever. fail: raises.
    """

    head: Head

    def __init__(self, answer: Playable, clock: Clock, *, timeouts: Mapping[str, float | None], fail: Fail) -> None:
        self._answer = answer
        self._events = iter(answer)
        self._clock = clock
        self._began = answer.began
        self._timeouts = timeouts
        self._raise = fail
        self._started = False
        self._silence = 0.0
        self._chunks = 0
        self._received = 0
        self._parts: list[bytes] = []
        self._is_over = False

    def until_head(self) -> Iterator[float]:
        """Yield the pauses before the head, then set ``head``."""
        for event in self._events:
            match event:
                case Wait(seconds):
                    yield from self._pause(seconds)
                case Head():
                    self.head, self._started, self._silence = event, True, 0.0
                    return
                case Disconnect(loss):
                    yield from self._lose(loss)
                case _:
                    break
        self._drop()

    def body(self) -> Iterator[float | bytes]:
        """Yield the pauses and the bytes of the body; where the headers say how many, no more than these."""
        size = self.head.content_length
        while size is None or self._received < size:
            event = next(self._events, None)
            if isinstance(event, Data):  # the only case that is there for every token
                data = event.data if size is None else event.data[: size - self._received]
                self._received += len(event.data)
                self._chunks += event.chunks
                self._silence = 0.0
                self._parts.append(data)
                yield data
                continue
            match event:
                case Wait(seconds):
                    yield from self._pause(seconds)
                case Disconnect(loss):
                    yield from self._lose(loss)
                case None if size is None:
                    break
                case _:
                    self._drop()
        self._finish()

    def close(self) -> None:
        """Report the ending, unless that was done: the client lets go of the answer."""
        if not self._is_over:
            self._finish(cancelled=not self._started or (self.head.is_stream and self._has_chunks_left()))

    def _has_chunks_left(self) -> bool:
        return any(event.chunks for event in self._events if isinstance(event, Data))

    def _finish(self, *, cancelled: bool = False) -> None:
        self._is_over = True
        status = self.head.status if self._started else None
        seconds = self._clock.now() - self._began
        self._answer.finished(Ending(status, self._chunks, seconds, cancelled, self._parts))

    def _pause(self, seconds: float) -> Iterator[float]:
        """Yield a pause, cut where the client has heard nothing for as long as it waits for a read."""
        if seconds > min(self._left("read"), self._left_in_all()):
            yield from self._lose("read_timeout")
        self._silence += seconds
        yield seconds

    def _left(self, kind: str) -> float:
        """Return what is left of the client's patience with a silence, in seconds."""
        patience = self._timeouts.get(kind)
        return math.inf if patience is None else patience - self._silence

    def _left_in_all(self) -> float:
        """Return what is left of the client's patience with the whole request."""
        total = self._timeouts.get("total")
        return math.inf if total is None else total - (self._clock.now() - self._began)

    def _lose(self, loss: Loss) -> Iterator[float]:
        """Yield what is left of the client's patience, then raise what it raises for such a loss."""
        if loss in _TIMEOUTS:
            kind, text = _TIMEOUTS[loss]
            left, left_in_all = self._left(kind), self._left_in_all()
            if 0 < min(left, left_in_all) < math.inf:
                yield min(left, left_in_all)
            self._fail("total_timeout" if left_in_all < left else loss, text)
        if loss == "connect_error":
            self._fail(loss, "All connection attempts failed")
        self._drop()

    def _drop(self) -> NoReturn:
        self._fail("dropped", self._dropped_text())

    def _dropped_text(self) -> str:
        if not self._started:
            return "Server disconnected without sending a response."
        size = self.head.content_length
        got = "incomplete chunked read" if size is None else f"received {self._received} bytes, expected {size}"
        return f"peer closed connection without sending complete message body ({got})"

    def _fail(self, loss: Failure, text: str) -> NoReturn:
        self._finish()
        self._raise(loss, text)
