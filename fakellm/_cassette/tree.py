"""YAML and JSON text to plain values, without losing what a recorded body needs.

Two things are kept that the usual loaders drop: the text of numbers (``1.10`` stays ``1.10``) and the line
on which a mapping begins, for error messages. Everything else is what a safe loader gives.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import yaml

from fakellm._errors import CassetteFormatError

__all__ = ["Node", "Number", "UnknownTag", "load_json", "load_yaml", "write_json"]

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Number(str):
    """A number as it was written; valid JSON."""

    __slots__ = ()


class Node(dict[str, Any]):
    """A mapping that knows the line where it began, first line 1."""

    __slots__ = ("line",)

    def __init__(self, line: int | None) -> None:
        super().__init__()
        self.line = line


class UnknownTag(Exception):  # noqa: N818  # a finding, handled in this package
    """The file uses a YAML tag, or a merge key, that this reader leaves to another. line: where."""

    def __init__(self, tag: str, *, line: int) -> None:
        super().__init__(tag)
        self.line = line


def load_yaml(text: str, *, path: str) -> Any:
    """Load the one document of a YAML text.

    Raises:
        CassetteFormatError: the text is no YAML; with the line.
        UnknownTag: it is, but holds a tag beyond those of YAML and ``!!binary``.
    """
    try:
        return _Reader(Loader(text)).read()
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark
        message = f"not valid YAML: {err.problem or err.context}"
        raise CassetteFormatError(message, path=path, line=mark.line + 1 if mark else None) from err
    except yaml.reader.ReaderError as err:
        message = f"not valid YAML: character #x{err.character:04x} is not allowed"
        raise CassetteFormatError(message, path=path, line=_line_at(text, err.position)) from err
    except RecursionError:
        raise CassetteFormatError("nested too deeply", path=path) from None


def _line_at(text: str, position: int) -> int:
    # libyaml counts bytes.
    return text.encode("utf-8", "surrogatepass").count(b"\n", 0, position) + 1


def load_json(text: str, *, path: str) -> Any:
    """Load a JSON text.

    Raises:
        CassetteFormatError: the text is no JSON; with the line.
    """

    def node(pairs: list[tuple[str, Any]]) -> Node:
        found = Node(None)
        found.update(pairs)
        return found

    try:
        return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=node)
    except json.JSONDecodeError as err:
        raise CassetteFormatError(f"not valid JSON: {err.msg}", path=path, line=err.lineno) from err
    except RecursionError:
        raise CassetteFormatError("nested too deeply", path=path) from None


def write_json(value: Any) -> str:
    """Write a value as JSON, members in their order, numbers as they were read.

    Raises:
        TypeError: it is no JSON value.
    """
    match value:
        case Number():
            return str(value)
        case dict():
            return "{" + ",".join(f"{_quoted(_name(k))}:{write_json(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ",".join(map(write_json, value)) + "]"
        case str():
            return _quoted(value)
        case None | bool() | int() | float():
            return json.dumps(value)
        case _:
            raise TypeError(f"{type(value).__name__} is no JSON value")


def _name(key: object) -> str:
    return str(key) if isinstance(key, str) else write_json(key)


_quoted = json.JSONEncoder(ensure_ascii=False).encode


_JSON_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+(?:[eE][+-]\d+)?)?")  # what YAML 1.1 and JSON both take for one
_PREFIX = "tag:yaml.org,2002:"
# What a plain scalar that begins with a letter may be else than text (YAML 1.1 resolvers).
_WORDS: dict[str, bool | None] = {
    spelling: value
    for words, value in (("yes true on", True), ("no false off", False), ("null", None))
    for word in words.split()
    for spelling in (word, word.capitalize(), word.upper())
}
_DIGITS_AND_MINUS = frozenset("-0123456789")
# What a plain scalar begins with that may be else than text, but for letters, digits and minus.
_ODD_STARTS = frozenset("~<=.+")


class _Reader:
    """Builds values from libyaml's events: a third of the time that building its nodes first takes.

    Types are compared by identity, and what most events are is asked first: there are thousands in a file.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._next: Callable[[], Any] = loader.get_event
        self._anchors: dict[str, Any] = {}

    def read(self) -> Any:
        self._next()  # the start of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        value = self._value(self._next())
        self._next()  # the end of the document
        if not isinstance(event := self._next(), yaml.StreamEndEvent):
            raise _problem("a second document begins here", event)
        return value

    def _value(self, event: Any) -> Any:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._scalar(event) if event.anchor is None else self._anchored(event, self._scalar(event))
        if kind is yaml.MappingStartEvent:
            return self._mapping(event)
        if kind is yaml.SequenceStartEvent:
            return self._sequence(event)
        return self._alias(event)

    def _mapping(self, start: Any) -> Node:
        _check_tag(start, "map")
        node: Node = self._anchored(start, Node(start.start_mark.line + 1))
        following, value_of = self._next, self._value
        while type(event := following()) is not yaml.MappingEndEvent:
            key = value_of(event)
            if type(key) is not str:
                _check_key(key, event)
            elif key == "<<":
                _check_merge(event)
            node[key] = value_of(following())
        return node

    def _sequence(self, start: Any) -> list[Any]:
        _check_tag(start, "seq")
        items: list[Any] = self._anchored(start, [])
        following, value_of = self._next, self._value
        while type(event := following()) is not yaml.SequenceEndEvent:
            items.append(value_of(event))
        return items

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise _problem(f"undefined alias {event.anchor!r}", event)
        return self._anchors[event.anchor]

    def _anchored(self, event: Any, value: Any) -> Any:
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        tag = event.tag
        if tag is not None and tag != "!":
            return self._tagged(event, tag, text)
        if not event.implicit[0]:
            return text
        start = text[:1]
        if start in _DIGITS_AND_MINUS and _PLAIN_NUMBER.fullmatch(text):
            return Number(text)
        if start and start not in _DIGITS_AND_MINUS and start not in _ODD_STARTS:
            return _WORDS.get(text, text)
        return self._tagged(event, self._loader.resolve(yaml.ScalarNode, text, event.implicit), text)

    def _tagged(self, event: Any, tag: str, text: str) -> Any:
        match tag.removeprefix(_PREFIX):
            case "int" | "float":
                return self._number(event, tag, text)
            case "binary":
                return _decode_binary(event, text)
            case "null":
                return None
            case "bool":
                return text.lower() in ("yes", "true", "on")
            case "str" | "timestamp" | "value" | "merge" | "python/unicode":
                return text
        raise UnknownTag(tag, line=event.start_mark.line + 1)

    def _number(self, event: Any, tag: str, text: str) -> Any:
        if ":" in text:
            return text  # a time of day; YAML 1.1 reads 12:30:45 as a number to the base of 60, and nobody means that
        if _JSON_NUMBER.fullmatch(text):
            return Number(text)
        node = yaml.ScalarNode(tag, text, event.start_mark, event.end_mark)
        try:
            return self._loader.construct_object(node)
        except (ValueError, IndexError) as err:
            raise _problem(f"not a number: {text!r}", event) from err


def _decode_binary(event: Any, text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError as err:
        raise _problem(f"broken !!binary: {err}", event) from err


def _check_tag(start: Any, kind: str) -> None:
    if start.tag is not None and start.tag not in ("!", _PREFIX + kind):
        raise UnknownTag(start.tag, line=start.start_mark.line + 1)


def _check_key(key: Any, event: Any) -> None:
    if isinstance(key, dict | list):
        raise _problem("a key is a mapping or a list", event)


def _check_merge(key: Any) -> None:
    if isinstance(key, yaml.ScalarEvent) and key.implicit[0]:
        raise UnknownTag("<<", line=key.start_mark.line + 1)  # type: ignore[union-attr]


def _problem(text: str, event: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=text, problem_mark=event.start_mark)
