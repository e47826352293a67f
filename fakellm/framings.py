"""Ways to cut a stream into bytes, all of which say the same to a reader that follows the standard.

A framing takes the events of an answer, one chunk a Data, and gives the same stream in other bytes or other
pieces; any callable of that shape is one. Give it to a reply:
``fake_llm.reply("Hello!", framing=framings.bytewise())``. An answer that is not streamed passes as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fakellm._errors import UsageError, did_you_mean
from fakellm._numbers import AT_LEAST_ONE, DURATION, AtLeastOne, Duration
from fakellm._script.cut import Cutter, to_head
from fakellm._script.transform import Framing, Transform
from fakellm._wire.events import Data, Wait, WireEvent

__all__ = [
    "Framing",
    "bom",
    "bytewise",
    "comments",
    "crlf",
    "multi_line_data",
    "one_block",
    "per_event",
    "recorded",
    "split_utf8",
]


def per_event() -> Framing:
    """Send each chunk in a piece of its own; the default."""
    return Transform("per_event()", lambda events: events)


def one_block() -> Framing:
    """Send the whole stream in one piece."""
    return _on_streams("one_block()", _joined)


def bytewise() -> Framing:
    """Send one byte at a time."""
    return _on_streams("bytewise()", lambda events: _cut(events, lambda data: range(1, len(data))))


def split_utf8() -> Framing:
    """Cut inside every character that takes more than one byte, behind its first."""
    return _on_streams("split_utf8()", lambda events: _cut(events, _inside_characters))


def crlf() -> Framing:
    """End lines with CR LF."""
    return _on_streams("crlf()", lambda events: _rewritten(events, lambda data: _BARE_LF.sub(b"\r\n", data)))


def multi_line_data() -> Framing:
    """Break the JSON of each chunk behind its commas, into a ``data:`` line for each part."""
    return _on_streams("multi_line_data()", lambda events: _rewritten(events, _on_several_lines))


def comments() -> Framing:
    """Send a comment before each event, as gateways do to keep a connection alive."""
    return _on_streams("comments()", _commented)


def bom() -> Framing:
    """Begin the stream with a byte order mark."""
    return _on_streams("bom()", _marked)


def recorded(chunks: Sequence[AtLeastOne | tuple[Duration, AtLeastOne]]) -> Framing:
    """Cut the stream into pieces of these sizes, as a recording found them.

    chunks: byte counts, or pairs (seconds since the previous piece, byte count). What is left of a longer
    stream comes in one last piece.

    >>> recorded([66, 14])
    recorded([66, 14])
    >>> recorded([(0.21, 66), (0.035, 14)])
    recorded([(0.21, 66), (0.035, 14)])
    """
    pieces = [_piece(chunk) for chunk in (chunks if isinstance(chunks, list | tuple) else [chunks])]
    return _on_streams(f"recorded({chunks!r})", lambda events: _as_recorded(_joined(events), iter(pieces)))


def _on_streams(name: str, reframe: Callable[[Iterator[WireEvent]], Iterator[WireEvent]]) -> Framing:
    """Return a framing of the bodies of streams."""

    def frame(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        if (head := (yield from to_head(events))) is not None:
            yield head
            yield from reframe(events) if head.is_stream else events

    return Transform(name, frame)


def _joined(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
    """Yield the events with each run of Data in one."""
    run: list[Data] = []
    for event in events:
        if isinstance(event, Data):
            run.append(event)
            continue
        yield from _join(run)
        run = []
        yield event
    yield from _join(run)


def _join(run: list[Data]) -> Iterator[Data]:
    if run:
        yield Data(b"".join(data.data for data in run), sum(data.chunks for data in run))


def _cut(events: Iterator[WireEvent], find_offsets: Callable[[bytes], Iterable[int]]) -> Iterator[WireEvent]:
    cutter = Cutter()
    for event in events:
        if isinstance(event, Data):
            yield from cutter.cut(event, find_offsets(event.data))
        else:
            yield event


def _inside_characters(data: bytes) -> list[int]:
    return [match.end() for match in _LEAD_BYTE.finditer(data)]


def _rewritten(events: Iterator[WireEvent], rewrite: Callable[[bytes], bytes]) -> Iterator[WireEvent]:
    for event in events:
        yield Data(rewrite(event.data), event.chunks) if isinstance(event, Data) else event


def _on_several_lines(data: bytes) -> bytes:
    # A line break between two members is white space to JSON, and inside a string it would be an error.
    return _STRING_OR_COMMA.sub(lambda match: b",\ndata: " if match[0] == b"," else match[0], data)


def _commented(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
    for event in events:
        if isinstance(event, Data):
            yield Data(b": keep-alive\n\n", chunks=0)
        yield event


def _marked(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
    mark = b"\xef\xbb\xbf"
    for event in events:
        if isinstance(event, Data):
            yield Data(mark + event.data, event.chunks)
            mark = b""
        else:
            yield event


def _as_recorded(blocks: Iterator[WireEvent], pieces: Iterator[tuple[float, int]]) -> Iterator[WireEvent]:
    cutter = Cutter()
    for block in blocks:
        if not isinstance(block, Data):
            yield block
            continue
        waits, offsets = _fitting(pieces, len(block.data))
        for data in cutter.cut(block, offsets):
            seconds = next(waits, 0.0)
            yield from [Wait(seconds)] if seconds else []
            yield data


def _fitting(pieces: Iterator[tuple[float, int]], size: int) -> tuple[Iterator[float], list[int]]:
    """Return the pauses before the pieces that so many bytes take, and where to cut them."""
    waits: list[float] = []
    offsets = [0]
    while offsets[-1] < size and (piece := next(pieces, None)):
        waits.append(piece[0])
        offsets.append(min(offsets[-1] + piece[1], size))
    return iter(waits), offsets[1:]


def _piece(chunk: object) -> tuple[float, int]:
    """Return (seconds, byte count)."""
    pair: Any = chunk if isinstance(chunk, list | tuple) and len(chunk) == 2 else (0.0, chunk)
    seconds, count = pair
    if seconds not in DURATION or count not in AT_LEAST_ONE:
        raise UsageError(
            "recorded(chunks) takes byte counts, 1 or more, or pairs (seconds, byte count): "
            f"recorded([66, 14]) or recorded([(0.21, 66), (0.035, 14)]); got {chunk!r}"
        )
    return seconds, count


_BARE_LF = re.compile(rb"(?<!\r)\n")
_LEAD_BYTE = re.compile(rb"[\xc2-\xf4](?=[\x80-\xbf])")
_STRING_OR_COMMA = re.compile(rb'"(?:[^"\\]|\\.)*"|,')


if not TYPE_CHECKING:  # to a type checker, a misspelt name is an error of its own

    def __getattr__(name: str) -> object:
        raise AttributeError(f"fakellm.framings has no {name!r}{did_you_mean(name, __all__)}")
