"""An engine's answers, played in the process to a client of httpx or httpx2, sync or async."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache
from types import ModuleType
from typing import Any, NoReturn, Protocol

from fakellm._clock import Clock
from fakellm._wire.events import Data, Head, Wait, WireEvent, WireRequest

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

    The law of ``_wire.events`` makes two phases: ``until_head`` plays up to the head, ``body`` what follows.
    Both yield pauses, in seconds, for the caller's clock; a pause ends early, in a timeout, where the client
    has less patience.
    """

    head: Head

    def __init__(self, module: ModuleType, events: Iterator[WireEvent], request: Any) -> None:
        self._module = module
        self._events = events
        self._request = request
        timeout = request.extensions.get("timeout") or {}
        self._patience: float | None = timeout.get("read")
        self._started = False

    def until_head(self) -> Iterator[float]:
        """Yield the pauses before the head, then set ``head``."""
        for event in self._events:
            match event:
                case Wait(seconds):
                    yield from self._pause(seconds)
                case Head():
                    self.head, self._started = event, True
                    return
                case _:
                    break
        self._lose()

    def body(self) -> Iterator[float | bytes]:
        """Yield the pauses and the bytes of the body."""
        for event in self._events:
            match event:
                case Wait(seconds):
                    yield from self._pause(seconds)
                case Data(data):
                    yield data
                case _:
                    self._lose()

    def _pause(self, seconds: float) -> Iterator[float]:
        patience = seconds if self._patience is None else self._patience
        yield min(seconds, patience)
        if patience < seconds:
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
                if isinstance(step, bytes):
                    yield step
                else:
                    self._clock.sleep(step)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for step in self._playback.body():
                if isinstance(step, bytes):
                    yield step
                else:
                    await self._clock.sleep_async(step)

    class FakeTransport(module.BaseTransport, module.AsyncBaseTransport):  # type: ignore[misc,name-defined]
        def __init__(self, engine: Answers, clock: Clock) -> None:
            self._engine = engine
            self._clock = clock

        def handle_request(self, request: Any) -> Any:
            request.read()
            playback = self._play(request)
            for pause in playback.until_head():
                self._clock.sleep(pause)
            return self._respond(playback)

        async def handle_async_request(self, request: Any) -> Any:
            await request.aread()
            playback = self._play(request)
            for pause in playback.until_head():
                await self._clock.sleep_async(pause)
            return self._respond(playback)

        def _play(self, request: Any) -> _Playback:
            wire = WireRequest(request.method, str(request.url), request.headers, request.content)
            return _Playback(module, self._engine.handle(wire), request)

        def _respond(self, playback: _Playback) -> Any:
            head, stream = playback.head, PlayedStream(playback, self._clock)
            headers = [(name.encode(), value.encode()) for name, value in head.headers]  # text would have to be ASCII
            return module.Response(head.status, headers=headers, stream=stream)

    return FakeTransport
