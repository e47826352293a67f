"""YAML and JSON text of a recording to plain values, without losing what a recorded body needs.

Two things are kept that the usual loaders drop: the text of numbers (``1.10`` stays ``1.10``) and the line
on which a mapping begins. A key that is given twice, of which they keep the last, is refused, and so is base64 with
anything else in it. Everything else is what a safe loader gives.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable
from typing import Any

import yaml

from fakellm._errors import CassetteFormatError
from fakellm._yaml.events import TAG, EventReader, LinedMapping, Loader, problem
from fakellm._yaml.places import find_twice, json_tokens, line_of_deepest, yaml_tokens

__all__ = ["GivenTwice", "Number", "UnknownTag", "decode_base64", "load_json", "load_yaml", "write_json"]


class Number(str):
    """A number as it was written; valid JSON."""

    __slots__ = ()


class UnknownTag(Exception):  # noqa: N818  # a finding, handled in this package
    """The file uses a YAML tag, or a merge key, that this reader leaves to another. line: where."""

    def __init__(self, tag: str, *, line: int) -> None:
        super().__init__(tag)
        self.line = line


class GivenTwice(CassetteFormatError):  # noqa: N818  # handled in this package
    """A mapping gives a key twice. first: the line where it gives it first."""

    def __init__(self, key: object, *, path: str, line: int, first: int) -> None:
        what_to_do = (
            "to have both read, put the items of the second list behind those of the first, and delete the second key"
            if key == "interactions"
            else "keep the right one, and delete the other"
        )
        message = f"{key!r} is given twice, first in line {first}; merges leave that\n  {what_to_do}"
        super().__init__(message, path=path, line=line)


def load_yaml(text: str, *, path: str, any_tag: bool = False, if_large: Callable[[Any], object] | None = None) -> Any:
    """Load the one document of a YAML text.

    any_tag: take what has an unknown tag as if it had none. if_large: called with a document that may be very large
    with its aliases written out.

    Raises:
        CassetteFormatError: the text is no YAML; with the line.
        UnknownTag: it is, but holds a tag beyond those of YAML and ``!!binary``.
    """
    try:
        reader = _Reader(text, path, any_tag=any_tag)
        value = reader.read()
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark
        message = f"not valid YAML: {err.problem or err.context}"
        raise CassetteFormatError(message, path=path, line=mark.line + 1 if mark else None) from err
    except yaml.reader.ReaderError as err:
        message = f"not valid YAML: character #x{err.character:04x} is not allowed"
        raise CassetteFormatError(message, path=path, line=_line_at(text, err.position)) from err
    except RecursionError:
        line = line_of_deepest(yaml_tokens(text))
        raise CassetteFormatError("nested too deeply", path=path, line=line) from None
    if reader.may_be_large and if_large is not None:
        if_large(value)
    return value


def _line_at(text: str, position: int) -> int:
    # libyaml counts bytes.
    return text.encode("utf-8", "surrogatepass").count(b"\n", 0, position) + 1


def load_json(text: str, *, path: str, unique: bool = False) -> Any:
    """Load a JSON text. unique: refuse keys that are given twice; otherwise the last one counts.

    Raises:
        CassetteFormatError: the text is no JSON, or gives a key twice; with the line.
    """

    def mapping(pairs: list[tuple[str, Any]]) -> LinedMapping:
        found = LinedMapping(None)
        found.update(pairs)
        if unique and len(found) < len(pairs) and (given := find_twice(json_tokens(text))):
            raise GivenTwice(given[0], path=path, first=given[1], line=given[2])
        return found

    try:
        return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=mapping)
    except json.JSONDecodeError as err:
        raise CassetteFormatError(f"not valid JSON: {err.msg}", path=path, line=err.lineno) from err
    except RecursionError:
        line = line_of_deepest(json_tokens(text))
        raise CassetteFormatError("nested too deeply", path=path, line=line) from None


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


class _Reader(EventReader):
    """Reads what vcrpy writes, by libyaml."""

    def __init__(self, text: str, path: str, *, any_tag: bool) -> None:
        super().__init__(Loader(text))
        self._text = text
        self._path = path
        self._any_tag = any_tag

    def _mapping(self, start: Any) -> LinedMapping:
        mapping = LinedMapping(start.start_mark.line + 1)
        if start.tag is not None or start.anchor is not None:
            self._begin(start, mapping, "map")
        following, value_of, repeated = self._next, self._value, self._repeated
        while type(event := following()) is not yaml.MappingEndEvent:
            key = value_of(event)
            if type(key) is not str:
                _check_key(key, event)
            elif key == "<<":
                self._check_merge(event)
            if key in mapping:
                raise self._given_twice(key, event, mapping)
            mapping[key] = value_of(following())
        if start.anchor is not None:
            self._measure(start, event, repeated)
        return mapping

    def _given_twice(self, key: Any, event: Any, mapping: LinedMapping) -> GivenTwice:
        # Keys as null and ~ are equal, and their texts are not; then the beginning of the mapping has to do.
        found = find_twice(yaml_tokens(self._text))
        first = found[1] if found else mapping.line or 1
        return GivenTwice(key, path=self._path, line=event.start_mark.line + 1, first=first)

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
        match tag.removeprefix(TAG):
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
        return self._unknown(tag, event)

    def _check_merge(self, key: Any) -> None:
        if isinstance(key, yaml.ScalarEvent) and key.implicit[0]:
            self._unknown("<<", key)

    def _unknown(self, tag: str, event: Any) -> Any:
        if self._any_tag:
            return getattr(event, "value", None)
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
            raise problem(f"not a number: {text!r}", event) from err


def _decode_binary(event: Any, text: str) -> bytes:
    try:
        return decode_base64(text)
    except ValueError as err:
        raise problem(f"broken !!binary: {err}", event) from err


def decode_base64(text: str) -> bytes:
    """Decode base64 that may be broken into lines, and holds nothing else.

    Raises:
        ValueError: it does, or its end is missing.
    """
    return binascii.a2b_base64("".join(text.split()), strict_mode=True)


def _check_key(key: Any, event: Any) -> None:
    if isinstance(key, dict | list):
        raise problem("a key is a mapping or a list", event)
