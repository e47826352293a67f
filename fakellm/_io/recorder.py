"""A recorder around the real transports: every answer goes on to the client as it arrives, and is kept.

``Take`` holds one answer while it arrives; ``Recorder`` holds the takes in the order in which they were asked.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from types import ModuleType
from typing import Any, Literal
from urllib.parse import parse_qsl

from fakellm._cassette.content_encoding import decoded
from fakellm._cassette.interaction import Interaction, RecordedResponse, Trace
from fakellm._script.journal import Call, Ending
from fakellm._secret_names import is_secret_name, is_secret_parameter
from fakellm._wire.events import WireRequest, split_url
from fakellm._wire.hosts import is_loopback
from fakellm._wire.table import Table

__all__ = ["Recorder", "Take", "record", "record_async"]

STAND_IN_KEY = "sk-fakellm"
"""The key that the fixtures set where there is none."""


@dataclass(frozen=True, slots=True)
class _Head:
    """The head of an answer, without its stream, so that nothing holds on to the connection."""

    module: ModuleType
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        """Return the values of a header as one text, empty where it is not there."""
        return ", ".join(value for known, value in self.headers if known == name)


class Take:
    """One answer on its way from the network to the client. Chunks are kept as they came, encoded or not."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._head: _Head | None = None
        self._chunks: list[tuple[float, bytes]] = []
        self._began = self._last = time.perf_counter()
        self._ending: Literal["open", "end", "broken", "closed"] = "open"

    def begin(self, module: ModuleType, response: Any) -> None:
        """Take the head of the answer. response: of module, httpx or httpx2."""
        headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw
        )
        self._head = _Head(module, response.status_code, response.reason_phrase, headers)

    def chunk(self, data: bytes) -> None:
        """Take the next bytes."""
        now = time.perf_counter()
        self._chunks.append((now - self._last, data))
        self._last = now

    @property
    def answered(self) -> WireRequest | None:
        """The request, once there is an answer."""
        return None if self._head is None else self._call.wire

    @property
    def is_unread_error(self) -> bool:
        """Whether this is an error whose text nobody has asked for, as before a retry; another client may ask."""
        is_fresh = self._ending == "open" and not self._chunks
        return is_fresh and self._head is not None and self._head.status >= 400

    def end(self, ending: Literal["end", "broken", "closed"]) -> None:
        """Take note that all has come, that the answer broke off, or that the client wants no more."""
        if self._ending != "open":
            return
        self._ending = ending
        head, body = self._head, b""
        if head is not None:
            body, _, _ = _decoded(head, [data for _, data in self._chunks])
            self._call.status, self._call.recorded = head.status, body
        cancelled = ending == "closed" and not self._is_whole(body)
        status = None if head is None else head.status
        self._call.ending = Ending(status, len(self._chunks), self._last - self._began, cancelled)

    def interaction(self) -> Interaction | None:
        """Return what was recorded so far, or None where there was no answer."""
        head = self._head
        if head is None:
            return None
        body, sizes, is_decoded = _decoded(head, [data for _, data in self._chunks])
        gone = {"content-length", "transfer-encoding"} | ({"content-encoding"} if is_decoded else set())
        headers = tuple((name, value) for name, value in head.headers if name not in gone)
        chunks = tuple((round(seconds, 3), size) for (seconds, _), size in zip(self._chunks, sizes, strict=True))
        trace = Trace(datetime.now(UTC).date().isoformat(), chunks, cut=not self._is_whole(body))
        recorded = RecordedResponse(head.status, head.reason, headers, body)
        return Interaction(0, None, self._call.wire, recorded, trace)

    def _is_whole(self, body: bytes) -> bool:
        """Whether all has come; where a client leaves early, the length or the end mark of a stream tells."""
        if self._ending in ("end", "broken") or self._head is None:
            return self._ending == "end"
        has_no_body = self._call.wire.method == "HEAD" or self._head.status in (204, 304)
        has_come = self._head.header("content-length") == str(sum(len(data) for _, data in self._chunks))
        return has_no_body or has_come or self._call.voice.marks.has_ended(body)


def _decoded(head: _Head, chunks: list[bytes]) -> tuple[bytes, list[int], bool]:
    """Decode chunks as their content-encoding says: (body, bytes that each chunk gave, whether that worked)."""
    raw, module = b"".join(chunks), head.module
    untouched = raw, [len(chunk) for chunk in chunks]
    encoding = head.header("content-encoding")
    if not encoding or not raw:
        return *untouched, True
    sizes = [0] * len(chunks)
    pieces: list[bytes] = []
    pulled = -1

    class Wire(module.SyncByteStream):  # type: ignore[misc,name-defined]
        def __iter__(self) -> Iterator[bytes]:
            nonlocal pulled
            for chunk in chunks:
                pulled += 1
                yield chunk

    try:
        for piece in module.Response(200, headers={"content-encoding": encoding}, stream=Wire()).iter_bytes():
            sizes[pulled] += len(piece)
            pieces.append(piece)
    except module.DecodingError:
        if not pieces:
            return *untouched, False
    body = b"".join(pieces)
    return body, sizes, body != raw  # the same where the module does not know the encoding


class Recorder:
    """Takes what the engine has no answer to, and keeps the answers of the real thing.

    dialects: they say what asks a model. places: the hosts that the file holds already, each with its port, None for
    the scheme's own.
    """

    def __init__(self, dialects: Table, *, places: Iterable[tuple[str, int | None]] = ()) -> None:
        self._dialects = dialects
        self._places = frozenset(places)
        self.refusals: list[str] = []
        self._takes: list[Take] = []
        self._left_out: list[WireRequest] = []
        self._lock = Lock()

    def refusal(self, request: WireRequest) -> str:
        """Say why a request is not recorded; nothing where it is."""
        if not _has_stand_in_key(request):
            return ""
        place = request.shown_url.partition("?")[0]
        text = (
            f"not recorded: {request.method} {place} carries the key {STAND_IN_KEY!r}, which no provider knows\n"
            "  fakellm sets it where no key is set, so that clients can be built\n"
            "  type: export OPENAI_API_KEY=… (a live key) before you record; none is written to the file"
        )
        with self._lock:
            self.refusals.append(text)
        return text

    def begin(self, call: Call) -> Take:
        """Begin to record the answer to a call."""
        take = Take(call)
        with self._lock:
            self._takes.append(take)
        return take

    def interactions(self) -> list[Interaction]:
        """Return what was recorded, in the order in which it was asked.

        Other traffic to a port of this machine counts where a model was asked there, too, or the file holds the
        port: that is what a replay answers.
        """
        with self._lock:
            found = [one for take in self._takes if (one := take.interaction()) is not None]
        places = self._replayed([one.request for one in found])
        return [one for one in found if _is_kept(one.request, places)]

    @property
    def left_out(self) -> list[WireRequest]:
        """The requests that had an answer and are not kept, those of before ``clear`` included."""
        with self._lock:
            requests = [request for take in self._takes if (request := take.answered) is not None]
        places = self._replayed(requests)
        return [*self._left_out, *(request for request in requests if not _is_kept(request, places))]

    def clear(self) -> None:
        """Forget what was recorded."""
        self._left_out = self.left_out
        with self._lock:
            self._takes.clear()

    def _replayed(self, requests: Iterable[WireRequest]) -> frozenset[_Place]:
        """Return the places whose traffic a replay will answer even on this machine."""
        return self._places | {_place(request) for request in requests if self._dialects.asks_model(decoded(request))}


_Place = tuple[str, int | None]


def _is_kept(request: WireRequest, places: frozenset[_Place]) -> bool:
    return not is_loopback(request.host) or _place(request) in places


def _place(request: WireRequest) -> _Place:
    return request.host, request.port


def _has_stand_in_key(request: WireRequest) -> bool:
    keys = [value.rpartition(" ")[2] for name, value in request.headers.items() if is_secret_name(name)]
    keys += [value for name, value in parse_qsl(split_url(request.url).query) if is_secret_parameter(name)]
    return STAND_IN_KEY in keys


def record(module: ModuleType, request: Any, onward: Callable[[Any], Any], take: Take) -> Any:
    """Send a request on and return the answer, which is kept while the client reads it."""
    try:
        response = onward(request)
    except BaseException:
        take.end("broken")
        raise
    return _tapped(module, response, take)


async def record_async(module: ModuleType, request: Any, onward: Callable[[Any], Awaitable[Any]], take: Take) -> Any:
    """Do the same for an async client."""
    try:
        response = await onward(request)
    except BaseException:
        take.end("broken")
        raise
    return _tapped(module, response, take)


def _tapped(module: ModuleType, response: Any, take: Take) -> Any:
    take.begin(module, response)
    if (content := _content(module, response)) is None:
        response.stream = _tap_class(module)(response.stream, take)
    else:
        take.chunk(content)
        take.end("end")
    return response


def _content(module: ModuleType, response: Any) -> bytes | None:
    """Return the body of an answer that its transport has read already, as some of other libraries do."""
    try:
        return bytes(response.content)
    except module.ResponseNotRead:
        return None


@cache
def _tap_class(module: ModuleType) -> type[Any]:
    """Return the stream class for a module; one body serves both modules, sync and async."""

    class Tap(module.SyncByteStream, module.AsyncByteStream):  # type: ignore[misc,name-defined]
        def __init__(self, stream: Any, take: Take) -> None:
            self._stream = stream
            self._take = take

        def __iter__(self) -> Iterator[bytes]:
            try:
                for chunk in self._stream:
                    self._take.chunk(chunk)
                    yield chunk
                self._take.end("end")
            except Exception:
                self._take.end("broken")
                raise

        async def __aiter__(self) -> AsyncIterator[bytes]:
            try:
                async for chunk in self._stream:
                    self._take.chunk(chunk)
                    yield chunk
                self._take.end("end")
            except Exception:
                self._take.end("broken")
                raise

        def close(self) -> None:
            if self._take.is_unread_error:
                self._read_on()
            self._take.end("closed")
            self._stream.close()

        async def aclose(self) -> None:
            if self._take.is_unread_error:
                await self._read_on_async()
            self._take.end("closed")
            await self._stream.aclose()

        def _read_on(self) -> None:
            with suppress(module.TransportError):  # the take knows, and who leaves wants to hear nothing
                for _ in self:
                    pass

        async def _read_on_async(self) -> None:
            with suppress(module.TransportError):
                async for _ in self:
                    pass

    return Tap
