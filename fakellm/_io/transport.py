"""An engine's answers, played in the process to a client of httpx or httpx2, sync or async."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache
from types import ModuleType
from typing import Any, NoReturn, Protocol

from fakellm._clock import Clock
from fakellm._wire.events import Disconnect, Head, Wait, WireEvent, WireRequest

__all__ = ["Answers", "make_transport", "transport_class"]


class Answers(Protocol):
    """What a transport asks: an engine."""

    def handle(self, request: WireRequest) -> Iterator[WireEvent]:
        """Answer a request."""
        ...


def make_transport(module: ModuleType, engine: Answers, clock: Clock) -> Any:
    """Return a transport for clients of this module, sync and async in one object."""
    return transport_class(module)(engine, clock)


class _Playback:
    """The events of one answer on their way to one client.

    The law of ``_wire.events`` makes two phases: ``head`` plays up to the Head, the body follows. Every
    Wait goes through a clock, and ends early where the client's own read timeout is shorter.
    """

    def __init__(self, module: ModuleType, events: Iterator[WireEvent], request: Any) -> None:
        self._module = module
        self._events = events
        self._request = request
        timeout = request.extensions.get("timeout") or {}
        self._patience: float | None = timeout.get("read")
        self._started = False

    def until_head(self) -> Iterator[Wait | Head]:
        """Yield what precedes the body: waits, then the head."""
        for event in self._events:
            match event:
                case Wait():
                    yield event
                case Head():
                    self._started = True
                    yield event
                    return
                case _:
                    self._lose()
        self._lose()

    def body(self) -> Iterator[Wait | bytes]:
        """Yield the waits and the bytes of the body."""
        for event in self._events:
            match event:
                case Wait():
                    yield event
                case Disconnect():
                    self._lose()
                case _:
                    yield event.data if not isinstance(event, Head) else b""

    def patience(self, wait: Wait) -> float:
        """Return how long to wait; the timeout follows where it is less than the wait."""
        return wait.seconds if self._patience is None else min(wait.seconds, self._patience)

    def lose_patience(self, wait: Wait) -> None:
        """Raise ReadTimeout where the client's patience ended before the wait did."""
        if self._patience is not None and wait.seconds > self._patience:
            raise self._module.ReadTimeout("The read operation timed out", request=self._request)

    def _lose(self) -> NoReturn:
        # The texts are those of httpcore for a peer that closes the connection.
        text = (
            "peer closed connection without sending complete message body (incomplete chunked read)"
            if self._started
            else "Server disconnected without sending a response."
        )
        raise self._module.RemoteProtocolError(text, request=self._request)


@cache
def transport_class(module: ModuleType) -> type[Any]:
    """Return the transport class for a module; one body serves both modules, sync and async."""

    class PlayedStream(module.SyncByteStream, module.AsyncByteStream):  # type: ignore[misc,name-defined]
        def __init__(self, playback: _Playback, clock: Clock) -> None:
            self._playback = playback
            self._clock = clock

        def __iter__(self) -> Iterator[bytes]:
            for step in self._playback.body():
                if isinstance(step, Wait):
                    self._clock.sleep(self._playback.patience(step))
                    self._playback.lose_patience(step)
                else:
                    yield step

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for step in self._playback.body():
                if isinstance(step, Wait):
                    await self._clock.sleep_async(self._playback.patience(step))
                    self._playback.lose_patience(step)
                else:
                    yield step

    class FakeTransport(module.BaseTransport, module.AsyncBaseTransport):  # type: ignore[misc,name-defined]
        def __init__(self, engine: Answers, clock: Clock) -> None:
            self._engine = engine
            self._clock = clock

        def handle_request(self, request: Any) -> Any:
            request.read()
            playback = self._play(request)
            for step in playback.until_head():
                if isinstance(step, Head):
                    return self._respond(step, playback)
                self._clock.sleep(playback.patience(step))
                playback.lose_patience(step)
            raise AssertionError("until_head ends with a head or raises")

        async def handle_async_request(self, request: Any) -> Any:
            await request.aread()
            playback = self._play(request)
            for step in playback.until_head():
                if isinstance(step, Head):
                    return self._respond(step, playback)
                await self._clock.sleep_async(playback.patience(step))
                playback.lose_patience(step)
            raise AssertionError("until_head ends with a head or raises")

        def _play(self, request: Any) -> _Playback:
            wire = WireRequest(request.method, str(request.url), request.headers, request.content)
            return _Playback(module, self._engine.handle(wire), request)

        def _respond(self, head: Head, playback: _Playback) -> Any:
            return module.Response(head.status, headers=list(head.headers), stream=PlayedStream(playback, self._clock))

    return FakeTransport
