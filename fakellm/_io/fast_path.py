"""Whole answers, handed to a client as they are: the short cut past the player of ``transport``.

What a client sees and what is reported are the same on both ways; tests/io/test_fast_path.py compares them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from fakellm._clock import Clock
from fakellm._io.player import Playable
from fakellm._script.journal import Ending
from fakellm._wire.events import Head, Whole

__all__ = ["header_pairs", "is_time_real", "respond_at_once"]


def respond_at_once(module: ModuleType, whole: Whole, answer: Playable, clock: Clock) -> Any:
    """Return the response of a module that a whole answer makes. answer: that which is whole."""
    pairs, unread = header_pairs(whole.head), _stream_class(module)(whole, answer, clock)
    # Where it says how the content is encoded, the content is not the body as it stands.
    make = module.Response if b"content-encoding" in dict(pairs) else _known_class(module)
    response = make(whole.head.status, headers=pairs, stream=unread)
    if make is not module.Response:
        response.unread = unread
    return response


def header_pairs(head: Head) -> list[tuple[bytes, bytes]]:
    """Return the headers as they are sent, as bytes; httpx would take text in ASCII only."""
    pairs = []
    for name, value in head.headers:  # no comprehension, which would be a call of its own
        pairs.append((name.encode(), value.encode()))
    if head.is_retried_at_once and is_time_real():
        pairs.append((b"retry-after-ms", b"1"))
    return pairs


def is_time_real() -> bool:
    """Whether a client that waits in this thread really does."""
    from fakellm._time.virtual_time import is_virtual  # most tests use no virtual time

    return not is_virtual()


class _Unread:
    """The parts of an answer that a client has not taken yet; reports once, when it lets go of them.

    taken: how many it has taken.
    """

    def __init__(self, whole: Whole, answer: Playable, clock: Clock) -> None:
        self.whole = whole
        self.taken = 0
        self._answer: Playable | None = answer  # None once it has reported
        self._clock = clock

    def close(self) -> None:
        """Report the ending, unless that was done."""
        if (answer := self._answer) is None:
            return
        # Let go of: a client's response and its stream hold each other, until the collector finds them.
        self._answer = None
        whole, taken = self.whole, self.taken
        cancelled = any(whole.chunks[taken:]) and whole.head.is_stream
        seconds = self._clock.now() - answer.began
        received = whole.parts[:taken] if cancelled else None
        answer.finished(Ending(whole.head.status, sum(whole.chunks[:taken]), seconds, cancelled, received))

    async def aclose(self) -> None:
        """Do the same."""
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self.whole.parts:
                self.taken += 1
                yield part
        finally:
            self.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part


@cache
def _stream_class(module: ModuleType) -> type[Any]:
    class UnreadStream(_Unread, module.SyncByteStream, module.AsyncByteStream):  # type: ignore[misc,name-defined]
        pass

    return UnreadStream


@cache
def _known_class(module: ModuleType) -> type[Any]:
    """Return a Response that takes its content whole where a plain one puts it together, which costs 10 µs.

    It sets what httpx keeps to itself; a version that keeps something else gets plain responses. Once read,
    it is a plain Response, so that it can be pickled.
    """
    if vars(module.Response(200, content=b"a")).get("_content") != b"a":
        return module.Response  # type: ignore[no-any-return]

    class KnownResponse(module.Response):  # type: ignore[misc,name-defined]
        unread: _Unread
        """What it takes its content from; its stream has another around it by then."""

        def read(self) -> bytes:
            if self.is_stream_consumed or self.is_closed:
                return super().read()  # type: ignore[no-any-return]
            self._take()
            self.stream.close()
            return self._content

        async def aread(self) -> bytes:
            if self.is_stream_consumed or self.is_closed:
                return await super().aread()  # type: ignore[no-any-return]
            self._take()
            await self.stream.aclose()
            return self._content

        def _take(self) -> None:
            parts = self.unread.whole.parts
            self.unread.taken = len(parts)
            self._content = content = b"".join(parts)
            self._num_bytes_downloaded = len(content)
            self.is_stream_consumed = self.is_closed = True
            del self.unread
            self.__class__ = module.Response

    return KnownResponse
