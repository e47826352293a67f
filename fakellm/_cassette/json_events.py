"""The JSON values of a body, one behind the other, and how changed ones get back to their places.

A body is a stream of events, lines of JSON, a list of JSON streamed as a whole, or one JSON value: all of them are
events here, and so is the last one where the connection was lost in the middle of it.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fakellm._cassette.tree import Number, write_json

__all__ = ["Event", "read_events", "write_events"]

Span = tuple[int, int]

_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|\Z)")  # WHATWG HTML, section 9.2.6: a line ends with any of the three
_HAS_DATA = re.compile(r"(?<![^\r\n\ufeff])data:")
_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")  # values stand in lines, or in a list
_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number)


@dataclass(slots=True)
class Event:
    """One JSON value of a body.

    spans: where its lines stand in the text; the first takes what is written. missing: what it lacks at its end,
    since it was cut. rest: what stands behind the last value that could be read of it.
    """

    value: Any
    spans: Sequence[Span]
    missing: str = ""
    rest: str = ""

    def text(self) -> str:
        """Write the value, cut where it was cut."""
        text = write_json(self.value)
        return text[: len(text) - len(self.missing)] + self.rest


def read_events(text: str) -> list[Event]:
    """Return the JSON values of a body in their order; what is no JSON is left out."""
    return list(_server_sent(text) if _HAS_DATA.search(text) else _values(text))


def write_events(text: str, events: Sequence[Event], changed: Collection[int]) -> bytes:
    """Return the body with some of its events written anew, by number; all lines stay, and all other bytes."""
    written: list[bytes] = []
    place = 0
    for number in sorted(changed):
        for n, (start, end) in enumerate(events[number].spans):
            # A data line without data is a line end behind the JSON, which means nothing there.
            new = "" if n else events[number].text()
            written += [text[place:start].encode("utf-8", "surrogateescape"), new.encode("utf-8", "backslashreplace")]
            place = end
    return b"".join([*written, text[place:].encode("utf-8", "surrogateescape")])


def _server_sent(text: str) -> Iterator[Event]:
    last: list[Event] = []
    spans: list[Span] = []
    for spans in _data_lines(text):
        last = list(_event_of(text, spans))
        yield from last
    if not last:
        yield from _cut(text, spans[-1])


def _data_lines(text: str) -> Iterator[list[Span]]:
    """Yield where the data lines of each event stand."""
    spans: list[Span] = []
    for line in _LINE.finditer(text, 1 if text.startswith("\ufeff") else 0):
        if line[1].startswith("data:"):
            spans.append((line.start() + len("data:") + line[1].startswith("data: "), line.end(1)))
        elif not line[1] and spans:
            yield spans
            spans = []
    if spans:
        yield spans


def _event_of(text: str, spans: list[Span]) -> Iterator[Event]:
    """Yield the event of some data lines; where they are no JSON together, an event for each that is."""
    try:
        yield Event(_load("\n".join(text[start:end] for start, end in spans)), spans)
    except ValueError:
        if len(spans) > 1:
            for span in spans:
                yield from _event_of(text, [span])


def _load(text: str) -> Any:
    """Load a JSON text.

    Raises:
        ValueError: it is none, or nested too deeply.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError as err:
        raise ValueError("nested too deeply") from err


def _values(text: str) -> Iterator[Event]:
    """Yield values that follow each other; behind a line that is no JSON, those of the next line."""
    start, broken = _next_value(text, 0), -1
    while start < len(text):
        try:
            value, end = _DECODER.raw_decode(text, start)
            yield Event(value, [(start, end)])
            broken = -1
        except json.JSONDecodeError as err:
            broken, line_end = start, text.find("\n", err.pos)
            end = len(text) if line_end < 0 else line_end
        except RecursionError:
            return
        start = _next_value(text, end)
    if broken >= 0:
        yield from _cut(text, (broken, len(text)))


def _next_value(text: str, place: int) -> int:
    between = _BETWEEN.match(text, place)
    return between.end() if between else place


_TOKEN = re.compile(r'"(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*("?)|[{}\[\]]')
_TRIED = 8  # strings and brackets at the end: a key without its value, and a value behind which something begins
_CLOSERS = {"{": "}", "[": "]"}


def _cut(text: str, span: Span) -> Iterator[Event]:
    """Yield the event of a JSON text that was cut anywhere, as far as it can be read."""
    part = text[slice(*span)]
    for end, missing in reversed(_stops(part)):
        try:
            yield Event(_load(part[:end] + missing), [span], missing, part[end:])
        except ValueError:
            continue
        return


def _stops(part: str) -> list[tuple[int, str]]:
    """Return the last places where a cut JSON text may be closed, each with what closes it."""
    stops: deque[tuple[int, str, Any]] = deque(maxlen=_TRIED)
    still_open: Any = None  # (what closes the innermost, what is open around it)
    for token in _TOKEN.finditer(part):
        if token[0] in _CLOSERS:
            still_open = _CLOSERS[token[0]], still_open
        elif token[1] is None and still_open is not None:
            still_open = still_open[1]
        stops.append((token.end(), '"' if token[1] == "" else "", still_open))
    return [(end, quote + "".join(_from_inside(closers))) for end, quote, closers in stops]


def _from_inside(still_open: Any) -> Iterator[str]:
    while still_open is not None:
        closer, still_open = still_open
        yield closer
