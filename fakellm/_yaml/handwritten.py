"""YAML and JSON text that people write to plain values whose mappings know their lines; for scripts.

YAML is read as editors and people do today: only true, false, null and JSON's numbers are anything else than text
(``no`` and ``12:30`` are text), and a key that is given twice is a mistake.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import yaml

from fakellm._errors import ScriptFormatError
from fakellm._yaml.aliases import MOST, expanded_size
from fakellm._yaml.events import TAG, EventReader, LinedMapping, problem
from fakellm._yaml.places import find_conflict, find_twice, json_tokens, line_of_deepest, places, yaml_tokens

__all__ = ["HandwrittenMapping", "parse", "told_deep"]


class HandwrittenMapping(LinedMapping):
    """A mapping that knows where its keys stand. lines: key -> line."""

    __slots__ = ("lines",)

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.lines: dict[str, int] = {}

    def line_of(self, key: str | None) -> int:
        """Return the line of a key; that where the mapping begins for None, and for a key that is not there."""
        return self.lines.get(key or "", self.line or 1)


def parse(text: str, *, path: str) -> Any:
    """Return the value of a YAML text; of a JSON text where the path ends with ``.json``.

    Raises:
        ScriptFormatError: it is neither, gives a key twice, or stands for too much with its aliases; with the line.
    """
    if conflict := find_conflict(text):
        raise ScriptFormatError(conflict[0], path=path, line=conflict[1])
    return _parse_json(text, path) if path.endswith(".json") else _parse_yaml(text, path)


@contextmanager
def told_deep(text: str, *, path: str) -> Iterator[None]:
    """Tell a text that is nested too deeply, for its parser or for what reads its value.

    Raises:
        ScriptFormatError: it is; with the line.
    """
    try:
        yield
    except RecursionError:
        line = line_of_deepest((json_tokens if path.endswith(".json") else yaml_tokens)(text))
        raise ScriptFormatError("nested too deeply", path=path, line=line) from None


class _Loader(yaml.SafeLoader):
    """Knows the scalars of a script: those of YAML 1.2."""

    # Attributes of PyYAML; what is not added below is no part of a script.
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # in the stubs it is no ClassVar
    yaml_constructors: ClassVar[dict[str | None, Any]] = {None: yaml.SafeLoader.construct_undefined}


for _tag, _pattern, _first in (
    ("bool", "true|false", "tf"),
    ("null", "null|~|", ["n", "~", ""]),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", "-0123456789"),
):
    _Loader.add_implicit_resolver(TAG + _tag, re.compile(f"^(?:{_pattern})$"), list(_first))
for _tag in ("bool", "null", "int", "float", "str"):
    _Loader.add_constructor(TAG + _tag, yaml.SafeLoader.yaml_constructors[TAG + _tag])


class _Reader(EventReader):
    """Reads what people write, by PyYAML's own parser."""

    undefined = "found undefined alias"
    second = "expected a single document in the stream, but found another document"

    def __init__(self, text: str, path: str) -> None:
        super().__init__(loader := _Loader(text))
        self._next = iter([*iter(loader.get_event, None)]).__next__  # broken YAML is told before what it holds
        self._path = path
        self._expanded: dict[int, int] = {}

    def _mapping(self, start: Any) -> HandwrittenMapping:
        mapping = HandwrittenMapping(start.start_mark.line + 1)
        self._begin(start, mapping, "map")
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key, line = self._value(event), event.start_mark.line + 1
            if mistake := _mistake_of_key(key, mapping):
                raise ScriptFormatError(mistake, path=self._path, line=line)
            mapping.lines[key] = line
            mapping[key] = self._value(self._next())
            if expanded_size(mapping[key], self._expanded) > MOST:
                message = "its aliases stand for more than any script says; write out what is meant"
                raise ScriptFormatError(message, path=self._path, line=line)
        if start.anchor is not None:
            self._measure(start, event, 0)
        return mapping

    def _scalar(self, event: Any) -> Any:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        try:
            return self._loader.construct_object(yaml.ScalarNode(tag, event.value, event.start_mark))
        except (ValueError, KeyError, IndexError) as err:  # !!int x, !!bool x, !!int '', too many digits
            raise problem(f"no {tag.removeprefix(TAG)}: {err}", event) from err

    def _unknown(self, tag: str, event: Any) -> Any:
        return self._loader.construct_undefined(yaml.ScalarNode(tag, "", event.start_mark))

    def _alias(self, event: Any) -> Any:
        value = super()._alias(event)
        if event.anchor not in self._sizes:
            raise problem("found unconstructable recursive node", self._anchors[event.anchor][1])
        return value


def _mistake_of_key(key: Any, mapping: HandwrittenMapping) -> str:
    """Return what is wrong with a key that comes next in a mapping; empty where it is right."""
    if not isinstance(key, str):
        return f"a key is a text, got {key!r}"
    if key in mapping:
        return _twice(key, mapping.lines[key])
    return "'<<' merges nothing here; write the keys out" if key == "<<" else ""


def _parse_yaml(text: str, path: str) -> Any:
    try:
        return _Reader(text, path).read()
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        line = mark.line + 1 if mark else None
        told = ", ".join(part for part in (err.context, err.problem) if part)
        raise ScriptFormatError(f"not valid YAML: {told}", path=path, line=line) from err
    except yaml.reader.ReaderError as err:
        line = text.count("\n", 0, err.position) + 1
        raise ScriptFormatError(f"not valid YAML: {err.reason}", path=path, line=line) from err


def _parse_json(text: str, path: str) -> Any:
    try:
        document = json.loads(text, object_hook=_mapping_of, parse_int=_int, parse_constant=_no_constant)
    except json.JSONDecodeError as err:
        raise ScriptFormatError(f"not valid JSON: {err.msg}", path=path, line=err.lineno) from err
    if given := find_twice(json_tokens(text)):
        raise ScriptFormatError(_twice(given[0], given[1]), path=path, line=given[2])
    for place, key_line, line in places(json_tokens(text)):
        _note_line(document, place, key_line, line, path)
    return document


def _mapping_of(members: dict[str, Any]) -> HandwrittenMapping:
    mapping = HandwrittenMapping(1)
    mapping.update(members)
    return mapping


class _NoValue(str):
    """Why something in JSON is no value: NaN, a number of too many digits."""

    __slots__ = ()


def _int(text: str) -> int | _NoValue:
    try:
        return int(text)
    except ValueError as err:
        return _NoValue(err)


def _no_constant(name: str) -> _NoValue:
    return _NoValue(f"{name} is no value")


def _note_line(value: Any, place: list[Any], key_line: int, line: int, path: str) -> None:
    """Note where the value at a place of a document stands.

    Raises:
        ScriptFormatError: it is none.
    """
    holder = None
    for step in place:
        holder, value = value, value[step]
    if isinstance(holder, HandwrittenMapping):
        holder.lines[place[-1]] = key_line
    if isinstance(value, HandwrittenMapping):
        value.line = line
    if isinstance(value, _NoValue):
        raise ScriptFormatError(f"not valid JSON: {value}", path=path, line=line)


def _twice(key: str, first: int) -> str:
    return f"{key!r} is given twice, first in line {first}; a list item of its own begins with '- '"
