"""Whole answers, handed to a client as they are: the short cut past the player of ``transport``.

What a client sees and what is reported are the same on both ways; tests/io/test_at_once.py compares them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from fakellm._clock import Clock
from fakellm._script.journal import Ending
from fakellm._wire.events import Head, Whole

__all__ = ["header_pairs", "is_time_real", "respond_at_once"]

Report = Callable[[Ending], None]


def respond_at_once(module: ModuleType, whole: Whole, report: Report, clock: Clock) -> Any:
    """Return the response of a module that a whole answer makes. report: takes how it ended."""
    unread = _stream_class(module)(whole, report, clock)
    response_class = _known_class(module) if _is_known(whole) else module.Response
    return response_class(whole.head.status, headers=header_pairs(whole.head), stream=unread)


def header_pairs(head: Head) -> list[tuple[bytes, bytes]]:
    """Return the headers as they are sent, as bytes; httpx would take text in ASCII only."""
    pairs = [(name.encode(), value.encode()) for name, value in head.headers]
    return [*pairs, (b"retry-after-ms", b"1")] if head.is_retried_at_once and is_time_real() else pairs


def is_time_real() -> bool:
    """Whether a client that waits in this thread really does."""
    from fakellm._time.virtual_time import is_virtual  # most tests use no virtual time

    return not is_virtual()


def _is_known(whole: Whole) -> bool:
    """Whether the content is the body as it stands: in one part, and not encoded."""
    return len(whole.parts) == 1 and all(name != "content-encoding" for name, _ in whole.head.headers)


class _Unread:
    """The parts of an answer that a client has not taken yet; reports once, when it lets go of them."""

    def __init__(self, whole: Whole, report: Report, clock: Clock) -> None:
        self._whole = whole
        self._report = report
        self._clock = clock
        self._began = clock.now()
        self._taken = 0
        self._is_over = False

    def take_all(self) -> bytes:
        """Return the whole body."""
        self._taken = len(self._whole.parts)
        return b"".join(self._whole.parts)

    def close(self) -> None:
        """Report the ending, unless that was done."""
        if self._is_over:
            return
        self._is_over = True
        head, chunks = self._whole.head, self._whole.chunks
        cancelled = head.is_stream and any(chunks[self._taken :])
        seconds = self._clock.now() - self._began
        received = self._whole.parts[: self._taken] if cancelled else None
        self._report(Ending(head.status, sum(chunks[: self._taken]), seconds, cancelled, received))

    async def aclose(self) -> None:
        """Do the same."""
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._whole.parts:
                self._taken += 1
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
        def __init__(self, status_code: int, *, headers: Any, stream: _Unread) -> None:
            super().__init__(status_code, headers=headers, stream=stream)
            self._unread = stream

        def read(self) -> bytes:
            if self.is_stream_consumed or self.is_closed:
                return super().read()  # type: ignore[no-any-return]
            content = self._unread.take_all()
            self.close()
            return self._known(content)

        async def aread(self) -> bytes:
            if self.is_stream_consumed or self.is_closed:
                return await super().aread()  # type: ignore[no-any-return]
            content = self._unread.take_all()
            await self.aclose()
            return self._known(content)

        def _known(self, content: bytes) -> bytes:
            self._content = content
            self._num_bytes_downloaded = len(content)
            self.is_stream_consumed = True
            del self._unread
            self.__class__ = module.Response
            return content

    return KnownResponse
