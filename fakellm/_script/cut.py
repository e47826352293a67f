"""Cutting the events of an answer at a byte or a chunk, which framings and faults have in common."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from itertools import chain, pairwise

from fakellm._wire.events import Data, Head, WireEvent
from fakellm._wire.sse import EventEnds

__all__ = ["Cutter", "to_byte", "to_chunk", "to_half", "to_head"]

Cut = Generator[WireEvent, None, Iterator[WireEvent]]
"""Yields the events before a cut and returns those behind it."""


class Cutter:
    """Cuts the Data of one stream into pieces, each with the number of chunks that end in it.

    Every Data of the stream has to pass through, in order, since an event may begin in one and end in
    another.
    """

    def __init__(self) -> None:
        self._ends = EventEnds()
        self.skip = self._ends.skip  # takes the bytes of a Data that is not cut

    def ends(self, event: Data) -> list[int]:
        """Return the offset behind each chunk of a Data; its end stands for chunks that are no events."""
        found = self._ends.feed(event.data)[: event.chunks]
        return found + [len(event.data)] * (event.chunks - len(found))

    def cut(self, event: Data, offsets: Iterable[int]) -> list[Data]:
        """Cut a Data at offsets, in order, into pieces that have bytes; one that has none stays whole."""
        return _pieces(event, self.ends(event), offsets)


def to_head(events: Iterator[WireEvent]) -> Generator[WireEvent, None, Head | None]:
    """Yield what comes before the head and return the head; None where there is none."""
    for event in events:
        if isinstance(event, Head):
            return event
        yield event
    return None


def to_chunk(events: Iterator[WireEvent], wanted: int) -> Cut:
    """Yield the events of a stream's body until the wanted number of chunks ended."""
    cutter = Cutter()
    if wanted <= 0:
        return events
    for event in events:
        if not isinstance(event, Data):
            yield event
            continue
        if event.chunks < wanted:
            yield event
            wanted -= event.chunks
            cutter.skip(event.data)
            continue
        ends = cutter.ends(event)
        first, *rest = _pieces(event, ends, [ends[wanted - 1]])
        yield first
        return chain(rest, events)
    return events


def to_half(events: Iterator[WireEvent]) -> Cut:
    """Yield the events of a body until half its bytes came."""
    body = list(events)
    size = sum(len(event.data) for event in body if isinstance(event, Data))
    return (yield from to_byte(iter(body), size // 2))


def to_byte(events: Iterator[WireEvent], wanted: int) -> Cut:
    """Yield the events of a body until the wanted number of bytes came."""
    cutter = Cutter()
    for event in events:
        if not isinstance(event, Data):
            yield event
            continue
        if wanted <= len(event.data):
            pieces = cutter.cut(event, [wanted])
            yield from pieces[: 1 if wanted else 0]
            return chain(pieces[1 if wanted else 0 :], events)
        yield event
        cutter.skip(event.data)
        wanted -= len(event.data)
    return events


def _pieces(event: Data, ends: list[int], offsets: Iterable[int]) -> list[Data]:
    if not event.data:
        return [event]
    spans = pairwise([0, *offsets, len(event.data)])
    pieces = [(event.data[a:b], sum(a < end <= b for end in ends)) for a, b in spans]
    return [Data(data, chunks) for data, chunks in pieces if data]
