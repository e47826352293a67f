"""What a JSON value must look like, whatever the API: a tree of shapes, each of which answers with a misfit or None.

A misfit says in facts what is wrong, and where; the words of a dialect make a sentence of it. Its path grows on the
way back, so that a value that fits pays for none. Null for an optional member counts as absent: AutoGen's client
sends nulls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from pydantic_core import from_json, to_json

__all__ = [
    "ANY",
    "BOOLEAN",
    "OBJECT",
    "TEXT",
    "Also",
    "AnyOf",
    "Choice",
    "Either",
    "Kind",
    "Later",
    "ListOf",
    "MapOf",
    "Members",
    "Misfit",
    "Number",
    "Quick",
    "Refused",
    "Remembered",
    "Shape",
    "Tagged",
    "Text",
]


class Misfit(NamedTuple):
    """The first thing that is wrong with a value.

    path: names and indexes that lead to it, from the value that was looked at. facts, by kind:

    - ``type``: expected (a shape), got
    - ``value``: supported (strings), got
    - ``missing``, ``unknown``: none; the path ends with the name of the member
    - ``range``: kind (integer or decimal), minimum, maximum, got
    - ``short``: kind (string or array), minimum, length
    - ``long``: kind (string or array), maximum, length
    - ``pattern``: pattern
    - ``members``: maximum, count
    - ``name``: name (of a member, too long), maximum

    Rules of a dialect (``Also``, ``Refused``) add kinds of their own.
    """

    kind: str
    path: tuple[str | int, ...] = ()
    facts: Mapping[str, Any] = MappingProxyType({})

    def below(self, step: str | int) -> Misfit:
        """Return it as seen from the value that holds this one."""
        return self._replace(path=(step, *self.path))


class Shape(Protocol):
    """A requirement on a JSON value, as ``from_json`` reads it."""

    def misfit(self, value: Any, /) -> Misfit | None:
        """Return what is wrong with a value; None for one that fits."""
        ...


def _wrong_type(expected: Shape, got: object) -> Misfit:
    return Misfit("type", facts={"expected": expected, "got": got})


class Kind(NamedTuple):
    """A value of one JSON type."""

    kind: type

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of another type."""
        return None if isinstance(value, self.kind) else _wrong_type(self, value)


BOOLEAN = Kind(bool)
OBJECT = Kind(dict)
TEXT = Kind(str)
ANY = Kind(object)


class Number(NamedTuple):
    """A number between bounds, both included. kind: integer or decimal; an integer is a decimal, too."""

    kind: str = "decimal"
    minimum: float | None = None
    maximum: float | None = None

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of another type, true and false included, or of a number out of bounds."""
        if type(value) is not int and (type(value) is not float or self.kind == "integer"):
            return _wrong_type(self, value)
        if (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum):
            return None
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return Misfit("range", facts={"kind": self.kind, **bounds, "got": value})


class Text(NamedTuple):
    """A string within bounds. pattern: a regular expression that matches from its beginning to its end."""

    minimum: int = 0
    maximum: int | None = None
    pattern: str | None = None

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of another type, of its length or its signs."""
        if not isinstance(value, str):
            return _wrong_type(self, value)
        length, maximum = len(value), self.maximum
        if length < self.minimum or (maximum is not None and length > maximum):
            return _wrong_length("string", length, self.minimum, maximum)
        if self.pattern is not None and _whole(self.pattern)(value) is None:
            return Misfit("pattern", facts={"pattern": self.pattern})
        return None


def _wrong_length(kind: str, length: int, minimum: int, maximum: int | None) -> Misfit:
    if length < minimum:
        return Misfit("short", facts={"kind": kind, "minimum": minimum, "length": length})
    return Misfit("long", facts={"kind": kind, "maximum": maximum, "length": length})


@lru_cache(maxsize=256)
def _whole(pattern: str) -> Callable[[str], object]:
    # fullmatch, since $ alone lets a line break at the end pass.
    return re.compile(pattern.removeprefix("^").removesuffix("$")).fullmatch


class Choice(NamedTuple):
    """One of a few strings, in the order in which the API names them."""

    values: tuple[str, ...]

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of another type or another string."""
        if value in self.values:
            return None
        if not isinstance(value, str):
            return _wrong_type(self, value)
        return Misfit("value", facts={"supported": self.values, "got": value})


class ListOf(NamedTuple):
    """An array of items that are all alike."""

    item: Shape
    minimum: int = 0
    maximum: int | None = None

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of the array, or of its first wrong item."""
        if not isinstance(value, list):
            return _wrong_type(self, value)
        length, maximum = len(value), self.maximum
        if length < self.minimum or (maximum is not None and length > maximum):
            return _wrong_length("array", length, self.minimum, maximum)
        misfit_of = self.item.misfit
        for item in value:  # without counting, which takes longer than most items do
            if misfit := misfit_of(item):
                return misfit.below(next(place for place, other in enumerate(value) if other is item))
        return None


class MapOf(NamedTuple):
    """An object whose members are all alike. key_length, maximum: bounds of its names and of their number."""

    item: Shape
    key_length: int | None = None
    maximum: int | None = None

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of the object, or of its first wrong member."""
        if not isinstance(value, dict):
            return _wrong_type(self, value)
        if self.maximum is not None and len(value) > self.maximum:
            return Misfit("members", facts={"maximum": self.maximum, "count": len(value)})
        for name, item in value.items():
            if self.key_length is not None and len(name) > self.key_length:
                return Misfit("name", (name,), {"name": name, "maximum": self.key_length})
            if misfit := self.item.misfit(item):
                return misfit.below(name)
        return None


class Members(NamedTuple):
    """An object with these members, others allowed unless closed. required: those that must be there."""

    members: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    closed: bool = False

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of the first member, in the order of the table, that is missing or wrong."""
        if not isinstance(value, dict):
            return _wrong_type(self, value)
        found: dict[str, Misfit] = {}
        for name in self.required:
            if value.get(name) is None:
                found[name] = Misfit("missing", (name,))
        members = self.members
        for name, item in value.items():
            if (shape := members.get(name)) is None:
                if self.closed:
                    found[name] = Misfit("unknown", (name,))
            elif item is not None and (misfit := shape.misfit(item)):
                found[name] = misfit.below(name)
        return self._first(found) if found else None

    def _first(self, found: Mapping[str, Misfit]) -> Misfit:
        return next(found[name] for name in (*self.members, *found) if name in found)


class Tagged(NamedTuple):
    """An object whose member ``tag`` says which shape it must have.

    named: all tags that the API knows, where it names more than it takes here. otherwise: the shape of an object
    without tag; None where there must be one.
    """

    tag: str
    shapes: Mapping[str, Shape]
    named: tuple[str, ...] = ()
    otherwise: Shape | None = None

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of the tag, or of the rest."""
        if not isinstance(value, dict):
            return _wrong_type(self, value)
        tag = value.get(self.tag)
        shape = self.shapes.get(tag) if isinstance(tag, str) else self.otherwise if tag is None else None
        return self._wrong_tag(tag).below(self.tag) if shape is None else shape.misfit(value)

    def _wrong_tag(self, tag: object) -> Misfit:
        if tag is None:
            return Misfit("missing")
        taken = tuple(name for name, shape in self.shapes.items() if not isinstance(shape, Refused))
        supported = taken if tag in self.named else self.named or taken
        if isinstance(tag, str):
            return Misfit("value", facts={"supported": supported, "got": tag})
        return _wrong_type(Choice(supported), tag)


class Either(NamedTuple):
    """A value of one of several JSON types, and as a value of that type must be."""

    shapes: Mapping[type, Shape]

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of another type, or of what is wrong within the one it has."""
        shape = self.shapes.get(type(value))
        return _wrong_type(self, value) if shape is None else shape.misfit(value)


class AnyOf(NamedTuple):
    """A value that has one of these shapes, which nothing tells apart at a glance."""

    shapes: tuple[Shape, ...]

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of the shape that fits furthest: its misfit lies deepest; of equals the first."""
        misfits: list[Misfit] = []
        for shape in self.shapes:
            if (misfit := shape.misfit(value)) is None:
                return None
            misfits.append(misfit)
        return max(misfits, key=lambda misfit: len(misfit.path))


class Refused(NamedTuple):
    """A value that has no business where it is, whatever it holds."""

    because: Misfit

    def misfit(self, _: Any) -> Misfit | None:
        """Return the reason."""
        return self.because


class Also(NamedTuple):
    """A shape, and a rule over the whole value that runs once the value has the shape."""

    shape: Shape
    rule: Callable[[Any], Misfit | None]

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of the shape, or of the rule."""
        return self.shape.misfit(value) or self.rule(value)


class Quick(NamedTuple):
    """A shape that is slow to look at, and a test that most values pass. A value that passes must have the shape."""

    shape: Shape
    test: Callable[[Any], bool]

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of the shape."""
        return None if self.test(value) else self.shape.misfit(value)


class Later:
    """A shape that is made when a value is first looked at: few values get as far, and a shape may hold itself.

    Threads may share it: at worst, two make the same.
    """

    __slots__ = ("_make", "_shape")

    def __init__(self, make: Callable[[], Shape]) -> None:
        self._make = make
        self._shape: Shape | None = None

    @property
    def shape(self) -> Shape:
        """The shape, made if it is not yet."""
        if self._shape is None:
            self._shape = self._make()
        return self._shape

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of the shape."""
        shape = self._shape  # without the property, once it is made
        return self.shape.misfit(value) if shape is None else shape.misfit(value)


class Remembered(NamedTuple):
    """A shape whose answers are remembered: for what comes back on every call, such as the tools of an agent."""

    shape: Shape

    def misfit(self, value: Any) -> Misfit | None:
        """Return the misfit of the shape."""
        return _remembered(self.shape.misfit, to_json(value))


@lru_cache(maxsize=256)
def _remembered(misfit: Callable[[Any], Misfit | None], data: bytes) -> Misfit | None:
    return misfit(from_json(data))
