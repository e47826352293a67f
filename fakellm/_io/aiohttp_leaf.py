"""aiohttp, answered below its parser: a connector gives out a connection that leads to an engine.

So the parser, streams, exceptions, the timeout for the whole and tracing are aiohttp's own. Nothing is played ahead: a
pause begins when the client asks for what comes behind it.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from fakellm._clock import Clock
from fakellm._io.http_bytes import Answering, LostError, begin_take, played_bytes, start_playback
from fakellm._io.player import Failure, Playback
from fakellm._wire.events import WireRequest

if TYPE_CHECKING:
    from fakellm._io.recorder import Take

__all__ = ["answering_connect"]


def answering_connect(answering: Callable[[], Answering | None]) -> Callable[[Any], Any]:
    """Return what makes ``BaseConnector.connect`` ask whoever is answering before it goes out."""

    def make(original: Any) -> Any:
        from aiohttp.connector import Connection

        async def connect(self: Any, req: Any, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109  # aiohttp's
            who = answering()
            wire = None if who is None else await _claimed(who, req)
            if who is None or wire is None:
                return await original(self, req, traces, timeout)
            answer = who.handle(wire)
            if answer.take is not None:
                with who.passing():
                    return await _tapped(answer.take, req, original(self, req, traces, timeout))
            for trace in traces:
                await trace.send_connection_create_start()
                await trace.send_connection_create_end()
            playback, loop = start_playback(answer, who.clock, _patience(timeout)), asyncio.get_running_loop()
            protocol = _protocol_class()(loop, req, playback, who.clock)
            self._acquired.add(protocol)  # it is closed with its session
            return Connection(self, req.connection_key, protocol, loop)

        return connect

    return make


def _patience(timeout: Any) -> dict[str, float | None]:
    """Return a ClientTimeout by the names of a playback; 0 is no timeout, as in aiohttp."""
    connect = [seconds for seconds in (timeout.connect, timeout.sock_connect) if seconds]
    return {
        "connect": min(connect, default=None),
        "read": timeout.sock_read or None,
        "total": timeout.total or None,
    }


async def _claimed(who: Answering, req: Any) -> WireRequest | None:
    """Return a request, if it is to be answered; its body is read only where it may be."""
    headers = {name.lower(): value for name, value in req.headers.items()}
    bare = WireRequest(req.method, str(req.url), headers, b"")
    if not who.may_answer(bare):
        return None
    whole = bare._replace(body=await _body(req))
    return whole if who.answers_whole(whole) else None


class _Written:
    """Stands where a payload expects the writer of a connection."""

    def __init__(self) -> None:
        self.data = bytearray()

    async def write(self, chunk: bytes) -> None:
        self.data += chunk


async def _body(req: Any) -> bytes:
    """Return the body of a request; one that can be written once alone is put back as another."""
    from aiohttp.payload import AsyncIterablePayload, BytesPayload, Payload

    body: Any = req.body
    if not isinstance(body, Payload):
        return bytes(body)
    written = _Written()
    await body.write(written)  # type: ignore[arg-type]
    data = bytes(written.data)
    if not isinstance(body, BytesPayload):
        again = AsyncIterablePayload(_once_more(data))
        setattr(req, "_body" if hasattr(req, "_body") else "body", again)  # aiohttp from 3.12 on, and before
        if hasattr(body, "close"):
            await body.close()
    return data


async def _once_more(data: bytes) -> AsyncIterator[bytes]:
    yield data


class _Transport(asyncio.Transport):
    """Takes what the client writes, and knows whether it has let go. let_go: called then, and ``lost`` soon after."""

    def __init__(self, loop: Any, let_go: Callable[[], None], lost: Callable[[None], None]) -> None:
        super().__init__()
        self._loop = loop
        self._let_go = let_go
        self._lost = lost
        self._is_closing = False

    def write(self, data: Any) -> None:
        """Take bytes of the request; who answers has it already."""

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._let_go()
            self._loop.call_soon(self._lost, None)

    abort = close


@cache
def _protocol_class() -> Any:
    from aiohttp import ClientConnectorError, ConnectionTimeoutError
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.streams import StreamReader

    class PlayedReader(StreamReader):
        """A body that is played while it is read."""

        __slots__ = ()

        async def _wait(self, func_name: str) -> None:  # where every method that reads waits for more
            protocol: Any = self._protocol
            if not protocol.connected:
                raise RuntimeError("Connection closed.")
            with self._timer:
                await protocol.play()
            if (error := self.exception()) is not None:
                raise error

    class PlayedProtocol(ResponseHandler):
        """aiohttp's end of a connection to an engine."""

        def __init__(self, loop: Any, req: Any, playback: Playback, clock: Clock) -> None:
            super().__init__(loop)
            self._req = req
            self._clock = clock
            self._steps: Iterator[float | bytes] = played_bytes(playback, req.method)
            self._rest = 0.0  # of a pause that was given up
            self.connection_made(_Transport(loop, playback.close, self.connection_lost))
            self.force_close()  # no other request is to get it

        def set_response_params(self, *, read_timeout: float | None = None, **params: Any) -> None:
            """Keep read_timeout to the playback: the loop's timer would count the client's own time as silence."""
            super().set_response_params(**params)

        async def read(self) -> Any:
            """Return the head and the body, once the request was written, which a task of its own may do."""
            await asyncio.sleep(0)
            await self.play()
            return await super().read()

        def feed_data(self, data: Any, size: int = 0) -> None:
            """Take head and body from the parser."""
            if type(data[1]) is StreamReader:  # an empty body is of another class
                data[1].__class__ = PlayedReader
            super().feed_data(data, size)

        async def play(self) -> None:
            """Play up to the next bytes, or to the end of the connection."""
            loss: Failure = "dropped"
            try:
                await self._sleep(self._rest)
                for step in self._steps:
                    if isinstance(step, bytes):
                        return self.data_received(step)
                    await self._sleep(step)
            except LostError as lost:
                loss = lost.loss
            return self._lose(loss)

        async def _sleep(self, seconds: float) -> None:
            """Wait; whoever gives that up, and reads again, waits for the rest."""
            began, self._rest = self._clock.now(), 0.0
            try:
                if seconds:
                    await self._clock.sleep_async(seconds)
            except BaseException:
                self._rest = max(0.0, seconds - (self._clock.now() - began))
                raise

        def _lose(self, loss: Failure) -> None:
            match loss:
                case "connect_error":
                    refused = OSError(errno.ECONNREFUSED, f"Connect call failed {self._req.host, self._req.port}")
                    raise ClientConnectorError(self._req.connection_key, refused)
                case "connect_timeout":
                    raise ConnectionTimeoutError(f"Connection timeout to host {self._req.url}")
                case "read_timeout":
                    self._on_read_timeout()
                case "total_timeout":
                    raise TimeoutError
                case "dropped":
                    self.connection_lost(None)

    return PlayedProtocol


async def _tapped(take: Take, req: Any, connecting: Any) -> Any:
    """Return the real connection; the answer to the request is kept as it arrives."""
    try:
        connection = await connecting
    except BaseException:
        take.end("broken")
        raise
    req.response_class = _tap_class(req.response_class, take, is_decoded=req._session.auto_decompress)  # noqa: SLF001
    return connection


def _tap_class(kind: Any, take: Take, *, is_decoded: bool) -> Any:
    """Return a class of responses whose answer is kept. is_decoded: what is read is no longer encoded."""

    class Tap(kind):  # type: ignore[misc]
        async def start(self, connection: Any) -> Any:
            try:
                await super().start(connection)
            except BaseException:
                take.end("broken")
                raise
            gone = b"content-encoding" if is_decoded else None
            headers: Iterable[tuple[bytes, bytes]] = self.raw_headers
            begin_take(take, self.status, self.reason or "", (pair for pair in headers if pair[0].lower() != gone))
            _tap(self.content, take)
            if self.status >= 400:
                await _fill(self.content)  # whoever leaves unread what is wrong leaves no time for it
            return self

        def close(self) -> None:
            take.end("closed")
            super().close()

        def release(self) -> Any:
            take.end("closed")
            return super().release()

    Tap.__name__ = kind.__name__
    return Tap


def _tap(content: Any, take: Take) -> None:
    """Keep what a body holds already, and what will be fed to it."""
    from aiohttp.streams import StreamReader

    for chunk in getattr(content, "_buffer", ()):
        take.chunk(bytes(chunk))
    if content.is_eof():
        return take.end("end")

    class TappedReader(StreamReader):
        __slots__ = ()

        def feed_data(self, data: bytes, size: int = 0) -> Any:
            take.chunk(bytes(data))
            return super().feed_data(data, size)

        def feed_eof(self) -> None:
            take.end("end")
            super().feed_eof()

        def set_exception(self, *args: Any, **kwargs: Any) -> None:
            take.end("broken")
            super().set_exception(*args, **kwargs)

    content.__class__ = TappedReader
    return None


async def _fill(content: Any) -> None:
    """Wait for the rest of a short body, which stays unread."""
    from aiohttp import ClientError

    with suppress(ClientError):  # the take knows, and so does whoever reads it
        while not content.is_eof() and content.total_bytes < _SHORT:
            await content._wait("read")  # noqa: SLF001


_SHORT = 2**16  # bytes; aiohttp holds at least as much before it lets the server wait
