"""An engine's answers, played in the process to a client of httpx or httpx2, sync or async."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any, NoReturn

from fakellm._clock import Clock
from fakellm._io.fast_path import header_pairs, respond_at_once
from fakellm._io.player import Answers, Failure, Playable, Playback
from fakellm._io.sent import sent
from fakellm._wire.events import WireRequest

__all__ = ["transport_class"]

_RAISED: dict[Failure, str] = {
    "connect_error": "ConnectError",
    "connect_timeout": "ConnectTimeout",
    "dropped": "RemoteProtocolError",
    "read_timeout": "ReadTimeout",
}
"""Failure -> the exception of httpx and httpx2, which have no patience for the whole."""


@cache
def transport_class(module: ModuleType) -> type[Any]:
    """Return the transport class for a module; one body serves both modules, sync and async."""

    class PlayedStream(module.SyncByteStream, module.AsyncByteStream):  # type: ignore[misc,name-defined]
        def __init__(self, playback: Playback, clock: Clock) -> None:
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

    def playback_of(answer: Playable, request: Any, clock: Clock) -> Playback:
        def fail(loss: Failure, text: str) -> NoReturn:
            raise getattr(module, _RAISED[loss])(text, request=request)

        return Playback(answer, clock, timeouts=request.extensions.get("timeout") or {}, fail=fail)

    class FakeTransport(module.BaseTransport, module.AsyncBaseTransport):  # type: ignore[misc,name-defined]
        def __init__(self, engine: Answers, clock: Clock) -> None:
            self._engine = engine
            self._clock = clock

        def handle_request(self, request: Any) -> Any:
            return self.answer(request, sent(module, request, request.read()))

        async def handle_async_request(self, request: Any) -> Any:
            return await self.answer_async(request, sent(module, request, await request.aread()))

        # onward: sends the request to where it was going, for what is to be recorded.
        def answer(self, request: Any, wire: WireRequest, onward: Callable[[Any], Any] | None = None) -> Any:
            answer = self._engine.handle(wire, self._clock.now())
            if answer.take is not None and onward is not None:
                from fakellm._io.recorder import record  # who gives a take has it already

                return record(module, request, onward, answer.take)
            if (whole := answer.whole) is not None:
                return respond_at_once(module, whole, answer, self._clock)
            playback = playback_of(answer, request, self._clock)
            try:
                for pause in playback.until_head():
                    self._clock.sleep(pause)
                return self._respond(playback)
            except BaseException:
                playback.close()
                raise

        # The same; onward awaits.
        async def answer_async(
            self, request: Any, wire: WireRequest, onward: Callable[[Any], Any] | None = None
        ) -> Any:
            answer = self._engine.handle(wire, self._clock.now())
            if answer.take is not None and onward is not None:
                from fakellm._io.recorder import record_async

                return await record_async(module, request, onward, answer.take)
            if (whole := answer.whole) is not None:
                return respond_at_once(module, whole, answer, self._clock)
            playback = playback_of(answer, request, self._clock)
            try:
                for pause in playback.until_head():
                    await self._clock.sleep_async(pause)
                return self._respond(playback)
            except BaseException:
                playback.close()
                raise

        def _respond(self, playback: Playback) -> Any:
            head, stream = playback.head, PlayedStream(playback, self._clock)
            return module.Response(head.status, headers=header_pairs(head), stream=stream)

    return FakeTransport
