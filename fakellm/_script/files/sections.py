"""YAML and JSON text of a script to plain values whose mappings know their place in the file.

A script is written by hand, so this reads YAML as editors and people do today: only true, false, null and JSON's
numbers are anything else than text (``no`` and ``12:30`` are text), and a key that is given twice is a mistake.
Recordings need another reader (``_cassette.tree``): one that keeps the text of numbers and takes what vcrpy writes.
"""

from __future__ import annotations

import json
import re
from json.decoder import JSONObject  # type: ignore[attr-defined]  # what the standard decoder itself is made of
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from typing import Any, ClassVar

import yaml

from fakellm._errors import ScriptFormatError
from fakellm._yaml.aliases import MOST, expanded_size
from fakellm._yaml.places import find_conflict, find_twice, json_tokens, line_of_deepest, yaml_tokens

__all__ = ["Section", "read_sections"]


class Section(dict[str, Any]):
    """A mapping of a script file. path: the file. line: where it begins. lines: key -> where it stands."""

    def __init__(self, path: str, line: int) -> None:
        super().__init__()
        self.path = path
        self.line = line
        self.lines: dict[str, int] = {}

    def error(self, message: str, key: str | None = None) -> ScriptFormatError:
        """Return an error at a key, or at the beginning."""
        return ScriptFormatError(message, path=self.path, line=self.lines.get(key or "", self.line))


def read_sections(text: str, *, path: str) -> Any:
    """Return the value of a YAML text; of a JSON text where the path ends with ``.json``.

    Raises:
        ScriptFormatError: it is neither, gives a key twice, or stands for too much with its aliases; with the line.
    """
    if conflict := find_conflict(text):
        raise ScriptFormatError(conflict[0], path=path, line=conflict[1])
    is_json = path.endswith(".json")
    try:
        return _read_json(text, path) if is_json else _read_yaml(text, path)
    except RecursionError:
        line = line_of_deepest((json_tokens if is_json else yaml_tokens)(text))
        raise ScriptFormatError("nested too deeply", path=path, line=line) from None


class _Loader(yaml.SafeLoader):
    """Reads scalars as YAML 1.2 does, and mappings as sections.

    The loader in Python, not libyaml's: a script is short, and libyaml overflows the stack on deep nesting.
    """

    # Attributes of PyYAML; what is not added below is no part of a script.
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # in the stubs it is no ClassVar
    yaml_constructors: ClassVar[dict[str | None, Any]] = {None: yaml.SafeLoader.construct_undefined}

    def __init__(self, text: str, path: str) -> None:
        super().__init__(text)
        self.path = path
        self._sizes: dict[int, int] = {}

    def section(self, node: yaml.MappingNode) -> Section:
        section = Section(self.path, node.start_mark.line + 1)
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise ScriptFormatError(f"a key is a text, got {key!r}", path=self.path, line=line)
            if key in section:
                raise ScriptFormatError(_twice(key, section.lines[key]), path=self.path, line=line)
            if key == "<<":
                raise ScriptFormatError("'<<' merges nothing here; write the keys out", path=self.path, line=line)
            section.lines[key] = line
            section[key] = self.construct_object(value_node, deep=True)
            if expanded_size(section[key], self._sizes) > MOST:
                message = "its aliases stand for more than any script says; write out what is meant"
                raise ScriptFormatError(message, path=self.path, line=line)
        return section

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # as PyYAML has it
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError) as err:  # !!int x, !!bool x, a number of too many digits
            raise yaml.MarkedYAMLError(
                problem=f"no {node.tag.removeprefix(_YAML)}: {err}", problem_mark=node.start_mark
            ) from err


_YAML = "tag:yaml.org,2002:"
for _tag, _pattern, _first in (
    ("bool", "true|false", "tf"),
    ("null", "null|~|", ["n", "~", ""]),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", "-0123456789"),
):
    _Loader.add_implicit_resolver(_YAML + _tag, re.compile(f"^(?:{_pattern})$"), list(_first))
for _tag in ("bool", "null", "int", "float", "str", "seq"):
    _Loader.add_constructor(_YAML + _tag, yaml.SafeLoader.yaml_constructors[_YAML + _tag])
_Loader.add_constructor(_YAML + "map", _Loader.section)


def _read_yaml(text: str, path: str) -> Any:
    try:
        return _Loader(text, path).get_single_data()
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        line = mark.line + 1 if mark else None
        problem = ", ".join(part for part in (err.context, err.problem) if part)
        raise ScriptFormatError(f"not valid YAML: {problem}", path=path, line=line) from err
    except yaml.reader.ReaderError as err:
        line = text.count("\n", 0, err.position) + 1
        raise ScriptFormatError(f"not valid YAML: {err.reason}", path=path, line=line) from err


class _Decoder(json.JSONDecoder):
    """Reads objects as sections."""

    def __init__(self, path: str) -> None:
        super().__init__(object_pairs_hook=lambda pairs: pairs, parse_constant=self._refuse)
        self._path = path
        self.parse_object = self._section
        self.scan_once = py_make_scanner(self)

    def _section(self, text_and_start: tuple[str, int], *args: Any) -> tuple[Section, int]:
        text, start = text_and_start
        section = Section(self._path, text.count("\n", 0, start) + 1)
        try:
            pairs, end = JSONObject(text_and_start, *args)
        except json.JSONDecodeError:
            raise
        except ValueError as err:  # a number of too many digits, NaN
            raise section.error(f"not valid JSON: {err}") from err
        section.update(pairs)
        if len(section) < len(pairs) and (found := find_twice(json_tokens(text))):
            raise ScriptFormatError(_twice(found[0], found[1]), path=self._path, line=found[2])
        return section, end

    def _refuse(self, name: str) -> None:
        raise ValueError(f"{name} is no value")


def _read_json(text: str, path: str) -> Any:
    try:
        return _Decoder(path).decode(text)
    except json.JSONDecodeError as err:
        raise ScriptFormatError(f"not valid JSON: {err.msg}", path=path, line=err.lineno) from err
    except ValueError as err:
        raise ScriptFormatError(f"not valid JSON: {err}", path=path, line=1) from err


def _twice(key: str, first: int) -> str:
    return f"{key!r} is given twice, first in line {first}; a list item of its own begins with '- '"
