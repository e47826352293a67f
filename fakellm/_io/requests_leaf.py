"""requests, answered below urllib3: ``HTTPAdapter.send`` runs as it is, on connections that lead to an engine.

So retries of an adapter, timeouts, exceptions, streams and cookies are those of requests and urllib3. An adapter of
the user's that calls ``super().send`` is answered; one that sends by itself is not.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from http.client import HTTPResponse, IncompleteRead
from importlib.util import find_spec, module_from_spec
from inspect import unwrap
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from warnings import catch_warnings

from fakellm._clock import Clock
from fakellm._io.http_bytes import Answering, LostError, begin_take, framed, played_bytes, start_playback
from fakellm._io.player import Playback
from fakellm._wire.events import USUAL_PORTS, WireRequest

if TYPE_CHECKING:
    from fakellm._io.recorder import Take

__all__ = ["answering_send"]


class _ToRecordError(Exception):
    """The engine wants the real answer; the only argument is the Take that keeps it."""


def answering_send(answering: Callable[[], Answering | None]) -> Callable[[Any], Any]:
    """Return what makes ``HTTPAdapter.send`` ask whoever is answering before it goes out."""

    def make(original: Any) -> Any:
        def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            who = answering()
            wire = None if who is None else _claimed(who, request)
            if who is None or wire is None:
                return original(self, request, *args, **kwargs)
            try:
                response = _own(original)(_beside(self, who, wire), request, *args, **kwargs)
            except _ToRecordError as wanted:
                (take,) = wanted.args
            else:
                response.connection = self
                return response
            with who.passing():
                return _kept(take, lambda: original(self, request, *args, **kwargs))

        return send

    return make


def _own(original: Any) -> Any:
    """Return what sends: the original, or the one of requests where that is a double, such as responses put in."""
    passes_on = getattr(unwrap(original), "__module__", "") == "requests.adapters"
    return original if passes_on else _another_copy().HTTPAdapter.send


@cache
def _another_copy() -> Any:
    spec: Any = find_spec("requests.adapters")
    module = module_from_spec(spec)
    with catch_warnings(action="ignore"):  # of what is not installed, which the first copy was told
        spec.loader.exec_module(module)
    return module


def _claimed(who: Answering, request: Any) -> WireRequest | None:
    """Return a prepared request, if it is to be answered; its body is read only where it may be."""
    headers = {name.lower(): _header(value) for name, value in request.headers.items()}
    headers.setdefault("host", urlsplit(request.url).netloc.rpartition("@")[2])
    bare = WireRequest(request.method, request.url, headers, b"")
    if not who.may_answer(bare):
        return None
    whole = bare._replace(body=_body(request))
    return whole if who.answers_whole(whole) else None


def _header(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body(request: Any) -> bytes:
    """Return the body of a request; one that can be read once alone is put back as bytes."""
    body = request.body
    if body is None or isinstance(body, str | bytes | bytearray):
        return _bytes(body or b"")
    data = _bytes(body.read()) if hasattr(body, "read") else b"".join(map(_bytes, body))
    # A file is sent from where it stood, and again from there where the request is redirected.
    if hasattr(body, "seek") and isinstance(position := getattr(request, "_body_position", None), int):
        body.seek(position)
    else:
        request.body = data
    return data


def _bytes(text: Any) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)


def _beside(adapter: Any, who: Answering, wire: WireRequest) -> Any:
    """Return a copy of an adapter that sends through connections to an engine, and no others."""
    url = urlsplit(wire.url)
    pool = _pool_class(url.scheme)(url.hostname or "", url.port or USUAL_PORTS.get(url.scheme))
    pool.scheme, pool.asked = url.scheme, (who, wire)
    copy = object.__new__(type(adapter))
    vars(copy).update(vars(adapter), cert_verify=lambda *_: None)  # it would look for a file of certificates
    # In requests from 2.32.2 on, in 2.32.0 and 2.32.1, and before.
    for name in ("get_connection_with_tls_context", "_get_connection", "get_connection"):
        setattr(copy, name, lambda *_args, **_kwargs: pool)
    return copy


@cache
def _pool_class(scheme: str) -> Any:
    """Return a class of pools whose texts are those of urllib3 for a scheme."""
    from urllib3 import HTTPConnectionPool
    from urllib3.connection import HTTPConnection

    class PlayedConnection(HTTPConnection):
        asked: tuple[Answering, WireRequest]

        def _new_conn(self) -> Any:
            return _Socket(self)

    class PlayedPool(HTTPConnectionPool):
        """Connections that are used once: who answers is asked anew for each try."""

        ConnectionCls: Any = PlayedConnection
        asked: tuple[Answering, WireRequest]

        def _new_conn(self) -> Any:
            connection: Any = super()._new_conn()
            connection.asked = self.asked
            return connection

        def _put_conn(self, conn: Any) -> None:
            if conn is not None:
                conn.close()

    PlayedConnection.__name__ = f"{scheme.upper()}Connection"
    PlayedPool.__name__ = f"{scheme.upper()}ConnectionPool"
    return PlayedPool


class _Socket:
    """The client's end of a connection to an engine, which knows already what is asked of it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._timeouts = {"connect": connection.timeout}  # later its timeout is that for reading

    def sendall(self, data: bytes) -> None:
        """Take bytes of the request."""

    def settimeout(self, seconds: float | None) -> None:
        self._timeouts["read"] = seconds

    def makefile(self, *_: Any) -> io.BufferedReader:
        who, wire = self._connection.asked
        answer = who.handle(wire)
        if answer.take is not None:
            raise _ToRecordError(answer.take)
        playback = start_playback(answer, who.clock, self._timeouts)
        return _Answer(self._bytes(playback, wire.method, who.clock), playback.close).makefile()

    def _bytes(self, playback: Playback, method: str, clock: Clock) -> Iterator[bytes]:
        """Yield the bytes of an answer, each after its pauses; raise what urllib3 knows of a lost connection."""
        try:
            for step in played_bytes(playback, method):
                if isinstance(step, bytes):
                    yield step
                else:
                    clock.sleep(step)
        except LostError as lost:
            raise self._error(lost) from None

    def _error(self, lost: LostError) -> Exception:
        from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

        connection = self._connection
        match lost.loss:
            case "read_timeout":
                return TimeoutError("timed out")
            case "connect_timeout":
                text = f"Connection to {connection.host} timed out. (connect timeout={self._timeouts['connect']})"
                return ConnectTimeoutError(connection, text)
            case "connect_error":
                refused = f"[Errno {errno.ECONNREFUSED}] Connection refused"
                return NewConnectionError(connection, f"Failed to establish a new connection: {refused}")
        return lost

    def close(self) -> None:
        """Let go of it; what is being read stays open, as it does on a real socket."""


class _Answer(io.RawIOBase):
    """The bytes of an answer as a file, which come while they are read; it ends where the connection is dropped.

    let_go: called when the file is closed.
    """

    def __init__(self, parts: Iterator[bytes], let_go: Callable[[], None]) -> None:
        self._parts = parts
        self._let_go = let_go
        self._unread = memoryview(b"")

    def makefile(self, *_: Any) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._unread:
            with suppress(LostError):
                self._unread = memoryview(next(self._parts, b""))
        size = min(len(buffer), len(self._unread))
        buffer[:size], self._unread = self._unread[:size], self._unread[size:]
        return size

    def close(self) -> None:
        self._let_go()
        super().close()


def _kept(take: Take, send: Callable[[], Any]) -> Any:
    """Send a request and return the real answer, which is kept while the client reads it."""
    try:
        response = send()
    except BaseException:
        take.end("broken")
        raise
    raw, method = response.raw, response.request.method
    head = raw.status, raw.reason or "", [(_latin(name), _latin(value)) for name, value in raw.headers.items()]
    begin_take(take, *head)
    real = raw._fp  # noqa: SLF001  # what urllib3 reads the body from
    parts: Any = framed(method, *head, _parts(real, take))

    def let_go() -> None:
        if take.is_unread_error:
            with suppress(Exception):  # the take knows, and who leaves wants to hear nothing
                list(parts)
        take.end("closed")
        real.close()

    again: Any = HTTPResponse(_Answer(parts, let_go), method=method)  # type: ignore[arg-type]
    again.begin()
    raw._fp = again  # noqa: SLF001
    return response


def _latin(text: str) -> bytes:
    return text.encode("latin-1")


def _parts(real: Any, take: Take) -> Iterator[bytes]:
    """Yield the parts of a real body as they arrive, up to where it breaks off."""
    try:
        while part := real.read1(_MOST):
            take.chunk(part)
            yield part
    except IncompleteRead as err:
        take.end("broken")
        raise LostError("dropped", str(err)) from None
    except Exception:
        take.end("broken")
        raise
    else:
        take.end("broken" if getattr(real, "length", None) else "end")


_MOST = 2**16  # bytes that are handed on at once
