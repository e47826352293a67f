"""What a JSON value must look like, as a tree that says yes or no quickly and, if no, why.

Each shape has two methods that must agree: ``accepts`` runs on every request and answers with a bool;
``explain`` runs only on a request that is refused and answers with the first error that the API would
name, or None. Null for an optional member counts as absent: AutoGen's client sends nulls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from pydantic_core import from_json, to_json

from fakellm._dialects.openai import words
from fakellm._wire.errors import ErrorBody

__all__ = [
    "ANY",
    "BOOLEAN",
    "OBJECT",
    "Also",
    "Choice",
    "Either",
    "ListOf",
    "MapOf",
    "Members",
    "Number",
    "Refused",
    "Remembered",
    "Shape",
    "Tagged",
    "Text",
]


class Shape(Protocol):
    """A requirement on a JSON value."""

    def accepts(self, value: Any, /) -> bool:
        """Say whether the value meets it."""
        ...

    def explain(self, value: Any, path: str, /) -> ErrorBody | None:
        """Return the error for a value at this path; None for one that meets it."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """A value of one JSON type. expected: its name, with article."""

    kind: type
    expected: str

    def accepts(self, value: Any) -> bool:
        return isinstance(value, self.kind)

    def explain(self, value: Any, path: str) -> ErrorBody | None:
        return None if self.accepts(value) else words.wrong_type(path, self.expected, value)


BOOLEAN = _Kind(bool, "a boolean")
OBJECT = _Kind(dict, "an object")
ANY = _Kind(object, "anything")


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A number between bounds, both included. kind: integer or decimal; an integer is a decimal, too."""

    kind: str = "decimal"
    minimum: float | None = None
    maximum: float | None = None

    def accepts(self, value: Any) -> bool:
        """Say whether it is such a number; true and false are none."""
        return self._is_number(value) and self._is_within(value)

    def explain(self, value: Any, path: str) -> ErrorBody | None:
        """Return the error for another type, or for a number out of bounds."""
        if not self._is_number(value):
            return words.wrong_type(path, "an integer" if self.kind == "integer" else "a decimal", value)
        if self._is_within(value):
            return None
        return words.out_of_range(path, value, kind=self.kind, minimum=self.minimum, maximum=self.maximum)

    def _is_number(self, value: object) -> bool:
        return type(value) is int or (type(value) is float and self.kind == "decimal")

    def _is_within(self, value: float) -> bool:
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A string. pattern: a regular expression that matches from its beginning to its end."""

    minimum: int = 0
    maximum: int | None = None
    pattern: str | None = None

    def accepts(self, value: Any) -> bool:
        """Say whether it is such a string."""
        if not isinstance(value, str) or len(value) < self.minimum:
            return False
        if self.maximum is not None and len(value) > self.maximum:
            return False
        return self.pattern is None or _matches(self.pattern, value)

    def explain(self, value: Any, path: str) -> ErrorBody | None:
        """Return the error for another type, its length or its signs."""
        if not isinstance(value, str):
            return words.wrong_type(path, "a string", value)
        if len(value) < self.minimum:
            return words.empty_string(path)
        if self.maximum is not None and len(value) > self.maximum:
            return words.too_long(path, "string", self.maximum, len(value))
        if self.pattern is not None and not _matches(self.pattern, value):
            return words.mismatched(path, self.pattern)
        return None


def _matches(pattern: str, value: str) -> bool:
    # fullmatch, since $ alone lets a line break at the end pass; re keeps compiled patterns.
    return re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value) is not None


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of a few strings, in the order in which the API names them."""

    values: tuple[str, ...]

    def accepts(self, value: Any) -> bool:
        """Say whether it is one of them."""
        return value in self.values

    def explain(self, value: Any, path: str) -> ErrorBody | None:
        """Return the error for another type or another string."""
        if not isinstance(value, str):
            return words.wrong_type(path, f"one of {words.alternatives(self.values, 'or')}", value)
        return None if value in self.values else words.wrong_value(path, self.values, value)


@dataclass(frozen=True, slots=True, eq=False)
class ListOf:
    """An array. items: what it is called, as in "an array of objects"."""

    item: Shape
    items: str
    minimum: int = 0
    maximum: int | None = None

    def accepts(self, value: Any) -> bool:
        """Say whether every item is as it must be, and their number."""
        if not isinstance(value, list) or len(value) < self.minimum:
            return False
        if self.maximum is not None and len(value) > self.maximum:
            return False
        return all(map(self.item.accepts, value))

    def explain(self, value: Any, path: str) -> ErrorBody | None:
        """Return the error of the array, or of its first wrong item."""
        if not isinstance(value, list):
            return words.wrong_type(path, f"an array of {self.items}", value)
        if len(value) < self.minimum:
            return words.empty_array(path)
        if self.maximum is not None and len(value) > self.maximum:
            return words.too_long(path, "array", self.maximum, len(value))
        errors = (self.item.explain(item, f"{path}[{n}]") for n, item in enumerate(value))
        return next((error for error in errors if error), None)


@dataclass(frozen=True, slots=True, eq=False)
class MapOf:
    """An object whose members are all alike. key_length, maximum: bounds of its names and of their number."""

    item: Shape
    key_length: int | None = None
    maximum: int | None = None

    def accepts(self, value: Any) -> bool:
        """Say whether every member is as it must be."""
        if not isinstance(value, dict) or (self.maximum is not None and len(value) > self.maximum):
            return False
        long = self.key_length is not None and any(len(key) > self.key_length for key in value)
        return not long and all(map(self.item.accepts, value.values()))

    def explain(self, value: Any, path: str) -> ErrorBody | None:
        """Return the error of the object, or of its first wrong member."""
        if not isinstance(value, dict):
            return words.wrong_type(path, "an object", value)
        if self.maximum is not None and len(value) > self.maximum:
            return words.too_many_properties(path, self.maximum, len(value))
        errors = (self._explain_member(name, item, path) for name, item in value.items())
        return next((error for error in errors if error), None)

    def _explain_member(self, name: str, item: Any, path: str) -> ErrorBody | None:
        if self.key_length is not None and len(name) > self.key_length:
            return ErrorBody(
                f"Invalid property name in '{path}': '{name[:3]}...{name[-3:]}' is too long. Expected a string with "
                f"maximum length {self.key_length}, but got a string with length {len(name)} instead.",
                param=f"{path}.{name}",
                code="property_name_above_max_length",
            )
        return self.item.explain(item, f"{path}.{name}")


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """An object with these members, others allowed unless closed. required: those that must be there."""

    members: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    closed: bool = False

    def accepts(self, value: Any) -> bool:
        """Say whether every known member is as it must be and none is missing."""
        if not isinstance(value, dict):
            return False
        for name in self.required:
            if value.get(name) is None:
                return False
        members = self.members
        for name, item in value.items():
            shape = members.get(name)
            if shape is None:
                if self.closed:
                    return False
            elif item is not None and not shape.accepts(item):
                return False
        return True

    def explain(self, value: Any, path: str) -> ErrorBody | None:
        """Return the error of the first member, in the order of the table, that is missing or wrong."""
        if not isinstance(value, dict):
            return words.wrong_type(path, "an object", value)
        for name, shape in self.members.items():
            if error := self._explain_member(shape, value.get(name), name, path):
                return error
        unknown = next((name for name in value if name not in self.members), None) if self.closed else None
        return None if unknown is None else words.unknown_parameter(_join(path, unknown))

    def _explain_member(self, shape: Shape, item: Any, name: str, path: str) -> ErrorBody | None:
        if item is None:
            return words.missing(_join(path, name)) if name in self.required else None
        return shape.explain(item, _join(path, name))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


@dataclass(frozen=True, slots=True, eq=False)
class Tagged:
    """An object whose member ``tag`` says which shape it must have. supported: the tags that the API names."""

    tag: str
    shapes: Mapping[str, Shape]
    supported: tuple[str, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Say whether it has a known tag and the shape that belongs to it."""
        if not isinstance(value, dict):
            return False
        tag = value.get(self.tag)
        shape = self.shapes.get(tag) if isinstance(tag, str) else None
        return shape is not None and shape.accepts(value)

    def explain(self, value: Any, path: str) -> ErrorBody | None:
        """Return the error of the tag, or of the rest."""
        if not isinstance(value, dict):
            return words.wrong_type(path, "an object", value)
        tag, where = value.get(self.tag), _join(path, self.tag)
        if tag is None:
            return words.missing(where)
        if not isinstance(tag, str):
            return words.wrong_type(where, f"one of {words.alternatives(self._named(''), 'or')}", tag)
        if tag not in self.shapes:
            return words.wrong_value(where, self._named(tag), tag)
        return self.shapes[tag].explain(value, path)

    def _named(self, tag: str) -> tuple[str, ...]:
        if self.supported and tag not in self.supported:
            return self.supported
        return tuple(name for name, shape in self.shapes.items() if not isinstance(shape, Refused))


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """A value of one of two JSON types. expected: how the API names both, with article."""

    kind: type
    shape: Shape
    other_kind: type
    other: Shape
    expected: str

    def accepts(self, value: Any) -> bool:
        """Say whether it is of one of the types, and as that must be."""
        if isinstance(value, self.kind):
            return self.shape.accepts(value)
        return isinstance(value, self.other_kind) and self.other.accepts(value)

    def explain(self, value: Any, path: str) -> ErrorBody | None:
        """Return the error for a third type, or for what is wrong within the one it has."""
        if isinstance(value, self.kind):
            return self.shape.explain(value, path)
        if isinstance(value, self.other_kind):
            return self.other.explain(value, path)
        return words.wrong_type(path, self.expected, value)


@dataclass(frozen=True, slots=True, eq=False)
class Refused:
    """A value that has no business where it is, whatever it holds. because: gives the error, from the path."""

    because: Callable[[str], ErrorBody]

    def accepts(self, _: Any) -> bool:
        """Say no."""
        return False

    def explain(self, _: Any, path: str) -> ErrorBody | None:
        """Return the error."""
        return self.because(path)


@dataclass(frozen=True, slots=True, eq=False)
class Also:
    """A shape, and a rule over the whole value that runs once the value has the shape."""

    shape: Shape
    rule: Callable[[Any, str], ErrorBody | None]

    def accepts(self, value: Any) -> bool:
        """Say whether it has the shape and keeps the rule."""
        return self.shape.accepts(value) and self.rule(value, "") is None

    def explain(self, value: Any, path: str) -> ErrorBody | None:
        """Return the error of the shape, or of the rule."""
        return self.shape.explain(value, path) or self.rule(value, path)


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """A shape whose answers are remembered: for what comes back on every call, such as the tools of an agent."""

    shape: Shape

    def accepts(self, value: Any) -> bool:
        """Say whether it has the shape."""
        return _remembered(self.shape.accepts, to_json(value))

    def explain(self, value: Any, path: str) -> ErrorBody | None:
        """Return the error of the shape."""
        return self.shape.explain(value, path)


@lru_cache(maxsize=256)
def _remembered(accepts: Callable[[Any], bool], data: bytes) -> bool:
    return accepts(from_json(data))
