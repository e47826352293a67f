"""An answer as the bytes of HTTP/1.1, for libraries that are answered below their own parser.

So their streams, exceptions and clean-up are their own: they read what a server would have sent, up to where the
connection is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import TYPE_CHECKING, NoReturn, Protocol

import httpx

from fakellm._clock import Clock
from fakellm._io.fast_path import header_pairs
from fakellm._io.player import Failure, Playable, Playback
from fakellm._wire.events import WireRequest

if TYPE_CHECKING:
    from fakellm._io.recorder import Take

__all__ = ["Answering", "LostError", "begin_take", "framed", "played_bytes", "start_playback"]

Pairs = Iterable[tuple[bytes, bytes]]


class Answering(Protocol):
    """What such a library asks: an activation of ``intercept``, whose methods tell more."""

    clock: Clock

    def may_answer(self, bare: WireRequest) -> bool: ...
    def answers_whole(self, wire: WireRequest) -> bool: ...
    def handle(self, wire: WireRequest) -> Playable: ...
    def passing(self) -> AbstractContextManager[None]: ...


class LostError(Exception):
    """The connection is lost, or the client's patience has ended. loss: which."""

    def __init__(self, loss: Failure, text: str) -> None:
        super().__init__(text)
        self.loss: Failure = loss


def start_playback(answer: Playable, clock: Clock, timeouts: Mapping[str, float | None]) -> Playback:
    """Return the playback of an answer that raises LostError where the connection is lost."""

    def fail(loss: Failure, text: str) -> NoReturn:
        raise LostError(loss, text)

    return Playback(answer, clock, timeouts=timeouts, fail=fail)


def played_bytes(playback: Playback, method: str) -> Iterator[float | bytes]:
    """Yield the pauses of an answer, in seconds, and its bytes. method: of the request.

    Raises:
        LostError: the connection is lost here.
    """
    yield from playback.until_head()
    head = playback.head
    yield from framed(method, head.status, _phrase(head.status), header_pairs(head), playback.body())


def framed(
    method: str, status: int, reason: str, headers: Pairs, body: Iterable[float | bytes]
) -> Iterator[float | bytes]:
    """Yield the bytes of an answer: the head, then the body part by part, pauses as they are.

    A body whose length no header tells is sent in chunks of HTTP, a part in each.
    """
    pairs = [(name, value) for name, value in headers if name.lower() != b"transfer-encoding"]
    has_length = any(name.lower() == b"content-length" and value.isdigit() for name, value in pairs)
    is_chunked = not has_length and method != "HEAD" and status not in (204, 304)
    if is_chunked:
        pairs.append((b"transfer-encoding", b"chunked"))
    lines = [b"HTTP/1.1 %d %b" % (status, reason.encode("latin-1")), *(b"%b: %b" % pair for pair in pairs)]
    yield b"\r\n".join([*lines, b"", b""])
    for part in body:
        if part or not isinstance(part, bytes):
            yield b"%x\r\n%b\r\n" % (len(part), part) if is_chunked and isinstance(part, bytes) else part
    if is_chunked:
        yield b"0\r\n\r\n"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # a status of the test's own
        return ""


def begin_take(take: Take, status: int, reason: str, headers: Pairs) -> None:
    """Let a take begin with the head of a real answer, given to it as a response of httpx."""
    extensions = {"reason_phrase": reason.encode("latin-1")}
    take.begin(httpx, httpx.Response(status, headers=list(headers), extensions=extensions))
