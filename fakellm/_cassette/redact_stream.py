"""Secrets that a stream delivers in pieces, a few characters an event, so that no event holds one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fakellm._cassette.tree import load_json, write_json
from fakellm._errors import CassetteFormatError

__all__ = ["redact_stream"]

_DATA_LINE = re.compile(r"^data:[ \t]*(\{[^\r\n]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A text in an event. event: its number. holder, name: the object or list that holds it, and where."""

    event: int
    holder: Any
    name: Any

    @property
    def text(self) -> str:
        return str(self.holder[self.name])


def redact_stream(body: bytes, redact: Callable[[str], str]) -> bytes:
    """Return an event stream without the secrets that its events spell together; the same where there are none.

    Joined are the texts that events hold in the same place. The event in which a secret begins gets what stands
    for it; the others lose their part of it.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    lines = list(_DATA_LINE.finditer(text))
    events = [_load(line[1]) for line in lines]
    changed = {event for pieces in _by_place(events).values() for event in _redact_pieces(pieces, redact)}
    for number in sorted(changed, reverse=True):
        start, end = lines[number].span(1)
        text = text[:start] + write_json(events[number]) + text[end:]
    return text.encode("utf-8", "backslashreplace") if changed else body


def _load(text: str) -> Any:
    try:
        return load_json(text, path="")
    except CassetteFormatError:
        return None


def _by_place(events: list[Any]) -> dict[tuple[Any, ...], list[_Piece]]:
    places: defaultdict[tuple[Any, ...], list[_Piece]] = defaultdict(list)
    for number, event in enumerate(events):
        for place, holder in _texts(event, ()):
            places[place].append(_Piece(number, holder, place[-1]))
    return places


def _texts(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield (place, what holds it) for each text in a JSON value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, held in members:
        if type(held) is str:  # a number is a str that remembers how it was written
            yield (*place, name), value
        else:
            yield from _texts(held, (*place, name))


def _redact_pieces(pieces: list[_Piece], redact: Callable[[str], str]) -> list[int]:
    """Redact texts in place as if they were one; return the numbers of the events that have changed."""
    texts = [piece.text for piece in pieces]
    if len(set(texts)) < 2:
        return []  # an id or a model, the same in each event
    joined = "".join(texts)
    redacted = redact(joined)
    if redacted == joined:
        return []
    begin = _common_length(joined, redacted)
    same_end = _common_length(joined[begin:][::-1], redacted[begin:][::-1])
    stand_in = redacted[begin : len(redacted) - same_end]
    kept = _cut_out(texts, begin, len(joined) - same_end, stand_in)
    return [piece.event for piece, text in zip(pieces, kept, strict=True) if _set(piece, text)]


def _common_length(one: str, other: str) -> int:
    """Return how many characters two texts begin with that are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _cut_out(texts: list[str], begin: int, end: int, stand_in: str) -> Iterator[str]:
    """Yield each text without what lies between two places of the joined ones; where that begins, stand_in."""
    start = 0
    for text in texts:
        stop = start + len(text)
        middle = stand_in if start <= begin < stop else ""
        yield text[: max(begin - start, 0)] + middle + text[max(end - start, 0) :] if stop > begin else text
        start = stop


def _set(piece: _Piece, text: str) -> bool:
    has_changed = piece.text != text
    piece.holder[piece.name] = text
    return has_changed
