"""An engine's answers, played in the process to a client of httpx or httpx2, sync or async."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any, NoReturn, Protocol

from fakellm._clock import Clock
from fakellm._io.at_once import header_pairs, respond_at_once
from fakellm._io.recorder import record, record_async
from fakellm._script.journal import Ending
from fakellm._wire.events import Data, Disconnect, Head, Loss, Wait, Whole, WireEvent, WireRequest

__all__ = ["Answers", "Playable", "make_transport", "transport_class"]


class Playable(Protocol):
    """An answer: the events to play, and who wants to know how that went.

    take: what takes the real answer instead, where the request is to be recorded.
    """

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

    def handle(self, request: WireRequest) -> Playable:
        """Answer a request."""
        ...


def make_transport(module: ModuleType, engine: Answers, clock: Clock) -> Any:
    """Return a transport for clients of this module, sync and async in one object."""
    return transport_class(module)(engine, clock)


_TIMEOUTS: dict[Loss, tuple[str, str, str]] = {
    "connect_timeout": ("connect", "ConnectTimeout", "timed out"),
    "read_timeout": ("read", "ReadTimeout", "The read operation timed out"),
}
"""Loss -> the client's timeout that ends it, the exception, its text. The texts here and below are httpcore's."""


class _Playback:
    """The events of one answer on their way to one client.

    The law of ``_wire.events`` makes two phases: ``until_head`` plays up to the head, ``body`` what follows.
    Both yield pauses, in seconds, for the caller's clock; a pause ends early, in a timeout, where the client
    has less patience. Whoever plays calls ``close`` in the end, wherever that is.
    """

    head: Head

    def __init__(self, module: ModuleType, answer: Playable, request: Any, clock: Clock) -> None:
        self._module = module
        self._answer = answer
        self._events = iter(answer)
        self._request = request
        self._clock = clock
        self._began = clock.now()
        self._timeouts: dict[str, float | None] = request.extensions.get("timeout") or {}
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
        self._answer.finished(Ending(status, self._chunks, seconds, cancelled, b"".join(self._parts)))

    def _pause(self, seconds: float) -> Iterator[float]:
        """Yield a pause, cut where the client has heard nothing for as long as it waits for a read."""
        patience = self._timeouts.get("read")
        if patience is not None and self._silence + seconds > patience:
            yield from self._lose("read_timeout")
        self._silence += seconds
        yield seconds

    def _lose(self, loss: Loss) -> Iterator[float]:
        """Yield what is left of the client's patience, then raise what it raises for such a loss."""
        if loss in _TIMEOUTS:
            kind, name, text = _TIMEOUTS[loss]
            if patience := self._timeouts.get(kind):
                yield max(patience - self._silence, 0.0)
            self._fail(name, text)
        if loss == "connect_error":
            self._fail("ConnectError", "All connection attempts failed")
        self._drop()

    def _drop(self) -> NoReturn:
        self._fail("RemoteProtocolError", self._dropped_text())

    def _dropped_text(self) -> str:
        if not self._started:
            return "Server disconnected without sending a response."
        size = self.head.content_length
        got = "incomplete chunked read" if size is None else f"received {self._received} bytes, expected {size}"
        return f"peer closed connection without sending complete message body ({got})"

    def _fail(self, name: str, text: str) -> NoReturn:
        self._finish()
        raise getattr(self._module, name)(text, request=self._request)


@cache
def transport_class(module: ModuleType) -> type[Any]:
    """Return the transport class for a module; one body serves both modules, sync and async."""

    class PlayedStream(module.SyncByteStream, module.AsyncByteStream):  # type: ignore[misc,name-defined]
        def __init__(self, playback: _Playback, clock: Clock) -> None:
            self._playback = playback
            self._clock = clock

        def __iter__(self) -> Iterator[bytes]:
            try:
                for step in self._playback.body():
                    if isinstance(step, bytes):
                        yield step
                    else:
                        self._clock.sleep(step)
            finally:
                self.close()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            try:
                for step in self._playback.body():
                    if isinstance(step, bytes):
                        yield step
                    else:
                        await self._clock.sleep_async(step)
            finally:
                self.close()

        def close(self) -> None:
            self._playback.close()

        async def aclose(self) -> None:
            self.close()

    class FakeTransport(module.BaseTransport, module.AsyncBaseTransport):  # type: ignore[misc,name-defined]
        def __init__(self, engine: Answers, clock: Clock) -> None:
            self._engine = engine
            self._clock = clock

        # onward: sends a request to where it was going, for what is to be recorded; it awaits where the client does.
        def handle_request(self, request: Any, onward: Callable[[Any], Any] | None = None) -> Any:
            request.read()
            answer = self._ask(request)
            if answer.take is not None and onward is not None:
                return record(module, request, onward, answer.take)
            if answer.whole is not None:
                return respond_at_once(module, answer.whole, answer.finished, self._clock)
            playback = _Playback(module, answer, request, self._clock)
            try:
                for pause in playback.until_head():
                    self._clock.sleep(pause)
                return self._respond(playback)
            except BaseException:
                playback.close()
                raise

        async def handle_async_request(self, request: Any, onward: Callable[[Any], Any] | None = None) -> Any:
            await request.aread()
            answer = self._ask(request)
            if answer.take is not None and onward is not None:
                return await record_async(module, request, onward, answer.take)
            if answer.whole is not None:
                return respond_at_once(module, answer.whole, answer.finished, self._clock)
            playback = _Playback(module, answer, request, self._clock)
            try:
                for pause in playback.until_head():
                    await self._clock.sleep_async(pause)
                return self._respond(playback)
            except BaseException:
                playback.close()
                raise

        def _ask(self, request: Any) -> Playable:
            return self._engine.handle(WireRequest(request.method, str(request.url), request.headers, request.content))

        def _respond(self, playback: _Playback) -> Any:
            head, stream = playback.head, PlayedStream(playback, self._clock)
            return module.Response(head.status, headers=header_pairs(head), stream=stream)

    return FakeTransport
