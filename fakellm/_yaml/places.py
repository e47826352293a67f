"""Where values stand in the text of a YAML or JSON file, and what a merge has left in it.

Readers for daily use count no lines, so this goes through the text once more where something is wrong with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Literal, NamedTuple

import yaml

from fakellm._yaml.events import Loader

__all__ = ["Token", "find_conflict", "find_twice", "json_tokens", "line_of", "line_of_deepest", "places", "yaml_tokens"]


class Token(NamedTuple):
    """A piece of a document: a scalar or a key with its text, the beginning of a container, or its end."""

    kind: Literal["scalar", "mapping", "list", "end"]
    text: str
    line: int


def yaml_tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of the first document of a YAML text, as far as it can be read."""
    loader = Loader(text)
    with suppress(yaml.YAMLError):  # what stands before the damage is asked for
        while loader.check_event() and not isinstance(event := loader.get_event(), yaml.DocumentEndEvent):
            line = event.start_mark.line + 1
            match event:
                case yaml.ScalarEvent():
                    yield Token("scalar", event.value, line)
                case yaml.AliasEvent():
                    yield Token("scalar", f"*{event.anchor}", line)
                case yaml.MappingStartEvent():
                    yield Token("mapping", "", line)
                case yaml.SequenceStartEvent():
                    yield Token("list", "", line)
                case yaml.CollectionEndEvent():
                    yield Token("end", "", line)


_JSON = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s{}\[\],:"]+', re.DOTALL)
_KINDS: dict[str, Literal["mapping", "list", "end"]] = {"{": "mapping", "[": "list", "}": "end", "]": "end"}


def json_tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a JSON text; of one that is none, what looks like them."""
    line, counted = 1, 0
    for found in _JSON.finditer(text):
        line += text.count("\n", counted, found.start())
        counted = found.start()
        yield Token(_KINDS.get(found[0], "scalar"), _unquoted(found[0]), line)


def _unquoted(text: str) -> str:
    with suppress(ValueError):
        return str(json.loads(text, strict=False)) if text.startswith('"') else text
    return text


def line_of(tokens: Iterable[Token], *place: str | int) -> int:
    """Return the line on which the value at a place begins, or else what holds it. place: keys and indexes."""
    wanted = list(place)
    line, depth = 1, -1
    for at, _, begins in places(tokens):
        if len(at) > depth and at == wanted[: len(at)]:
            line, depth = begins, len(at)
            if depth == len(wanted):
                break
    return line


def line_of_deepest(tokens: Iterable[Token]) -> int:
    """Return the line of the value that most others stand around, the first of several."""
    line, depth = 1, 0
    for at, _, begins in places(tokens):
        if len(at) > depth:
            line, depth = begins, len(at)
    return line


def find_twice(tokens: Iterable[Token]) -> tuple[str, int, int] | None:
    """Return the first key that its mapping holds already, with the lines of both; None where there is none."""
    seen: dict[tuple[str | int, ...], int] = {}
    for at, line, _ in places(tokens):
        if (place := tuple(at)) in seen:
            return at[-1], seen[place], line
        seen[place] = line
    return None


def places(tokens: Iterable[Token]) -> Iterator[tuple[list[Any], int, int]]:
    """Yield (place, line of its key, line where it begins) of each value, in order.

    The place is one list, which changes with the next.
    """
    place: list[Any] = []  # ends with None where a key comes next
    key_line = inside_key = 0
    for kind, text, line in tokens:
        is_key = bool(place) and place[-1] is None
        if inside_key or (is_key and kind in ("mapping", "list")):
            inside_key += {"scalar": 0, "end": -1}.get(kind, 1)
            if not inside_key:
                place[-1] = "?"
        elif kind == "end":
            del place[-1:]
            _advance(place)
        elif is_key:
            place[-1], key_line = text, line
        else:
            yield place, key_line if place and isinstance(place[-1], str) else line, line
            if kind == "scalar":
                _advance(place)
            else:
                place.append(None if kind == "mapping" else 0)


def _advance(place: list[Any]) -> None:
    if place:
        place[-1] = place[-1] + 1 if isinstance(place[-1], int) else None


_CONFLICT = re.compile(r"^(?:<<<<<<<|>>>>>>>)(?=[ \r\n]|\Z).*", re.MULTILINE)  # Git writes them where a line begins


def find_conflict(text: str) -> tuple[str, int] | None:
    """Return what a merge conflict has left in a text, for a message, with its line; None where there is none."""
    if "<<<<<<<" not in text and ">>>>>>>" not in text:
        return None
    if (found := _CONFLICT.search(text)) is None:
        return None
    problem = (
        f"a merge conflict: {found[0].strip()}\n"
        "  keep what belongs to the file, and delete the lines with <<<<<<<, ======= and >>>>>>>"
    )
    return problem, text.count("\n", 0, found.start()) + 1
