"""What a file that people write can say where Python wants a value: each kind reads it, and describes it to editors.

A kind knows types, bounds and names; both its reading and its JSON Schema go by these, so that they agree. What else a
value must be, the class says that is made of it, and its mistake is told with the line of the file.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from fakellm._errors import UsageError, did_you_mean
from fakellm._yaml.handwritten import HandwrittenMapping

__all__ = [
    "Either",
    "Json",
    "Kind",
    "Members",
    "Named",
    "Place",
    "Plain",
    "Row",
    "Several",
    "Shorthand",
    "constants",
    "shown",
]

Json = dict[str, Any]


class Place(NamedTuple):
    """Where a value stands: in a mapping of the file, under a key, or at its beginning.

    name: how messages call what stands there. mistakes: what is wrong with the file, with its lines; grows.
    """

    mapping: HandwrittenMapping
    key: str | None
    name: str
    mistakes: list[tuple[str, int]]

    def within(self, mapping: HandwrittenMapping, key: str | None, name: str = "") -> Place:
        """Return a place in a mapping that stands here."""
        return Place(mapping, key, name or key or self.name, self.mistakes)

    def note(self, message: str) -> None:
        """Take note of a mistake here."""
        self.mistakes.append((message, self.mapping.line_of(self.key)))

    def refuse(self, value: object, kind: Kind) -> None:
        """Take note that a value is not of a kind."""
        got = f"{';' if ',' in kind.takes else ','} got {shown(value)}"
        is_unquoted = isinstance(value, int | float) and "a text" in kind.takes
        quotes = "; a text that looks like this goes in quotes" if is_unquoted else ""
        hint = did_you_mean(value, kind.names) if isinstance(value, str) else ""
        self.note(f"{self.name} takes {kind.takes}{got}{quotes}{hint}")


class Kind(ABC):
    """Values of one kind. takes: the same in words. names: the texts among them, where they are few."""

    takes: str
    names: Collection[str] = ()

    @abstractmethod
    def fits(self, value: Any) -> bool:
        """Whether a value looks like one of them; where it does not, another kind may fit."""

    @abstractmethod
    def read(self, value: Any, at: Place) -> Any:
        """Return what a value stands for; where it has a mistake, note it, and return anything."""

    @abstractmethod
    def schema(self, defs: Json) -> Json:
        """Return its JSON Schema. defs: name -> schema, for those that stand in several places; grows."""


class Plain(Kind):
    """What is taken over as it is."""

    def __init__(self, takes: str, schema: Json, fits: Callable[[Any], bool], *, names: Collection[str] = ()) -> None:
        self.takes, self.names, self._fits, self._schema = takes, names, fits, schema

    def fits(self, value: Any) -> bool:
        return self._fits(value)

    def read(self, value: Any, at: Place) -> Any:
        return _plain(value) if self.fits(value) else at.refuse(value, self)

    def schema(self, defs: Json) -> Json:
        return self._schema


def constants(values: Sequence[Any]) -> Plain:
    """Return the kind of a few values."""
    words = [value if isinstance(value, str) else json.dumps(value) for value in values]
    takes = f"one of {', '.join(words)}" if len(words) > 1 else words[0]
    typed = [(type(value), value) for value in values]  # False is no 0
    return Plain(takes, {"enum": [*values]}, lambda value: (type(value), value) in typed, names=words)


class Several(Kind):
    """A list of values of one kind, or a mapping of any keys to them. least: how many there are at least."""

    def __init__(self, item: Kind, *, container: type = list, least: int = 0) -> None:
        self._item, self._least, self._is_list = item, least, container is list
        self.takes = ("a list" if self._is_list else "a mapping") + (f" of {least} or more" if least else "")

    def at_least(self, least: int) -> Several:
        """Return the same with so many items at least."""
        return Several(self._item, container=list if self._is_list else dict, least=least)

    def fits(self, value: Any) -> bool:
        return isinstance(value, list if self._is_list else dict)

    def read(self, value: Any, at: Place) -> Any:
        if not self.fits(value) or len(value) < self._least:
            return at.refuse(value, self)
        if self._is_list:
            each = at._replace(name=f"each of {at.name}")
            return [self._item.read(item, each) for item in value]
        return {key: self._item.read(item, at.within(value, key)) for key, item in value.items()}

    def schema(self, defs: Json) -> Json:
        of_items = self._item.schema(defs)
        if self._is_list:
            return {"type": "array", "items": of_items, **_unless_empty(minItems=self._least)}
        return {"type": "object", "additionalProperties": of_items, **_unless_empty(minProperties=self._least)}


class Row(Kind):
    """A list with a kind for each of its items."""

    def __init__(self, items: Sequence[Kind]) -> None:
        self._items = items
        self.takes = f"a list of {' and '.join(item.takes for item in items)}"

    def fits(self, value: Any) -> bool:
        return isinstance(value, list) and len(value) == len(self._items)

    def read(self, value: Any, at: Place) -> Any:
        if not self.fits(value):
            return at.refuse(value, self)
        return [kind.read(item, at) for kind, item in zip(self._items, value, strict=True)]

    def schema(self, defs: Json) -> Json:
        items = [item.schema(defs) for item in self._items]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}


class Either(Kind):
    """Values of several kinds, of which the first reads that a value looks like."""

    def __init__(self, *kinds: Kind) -> None:
        self._kinds = kinds
        self.names = [name for kind in kinds for name in kind.names]
        words = [kind.takes for kind in kinds if kind.takes != "null"]
        comma = "," if any("," in kind for kind in words) or len(words) > 2 else ""
        self.takes = f"{comma} or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]

    def fits(self, value: Any) -> bool:
        return any(kind.fits(value) for kind in self._kinds)

    def read(self, value: Any, at: Place) -> Any:
        kind = next((kind for kind in self._kinds if kind.fits(value)), None)
        return at.refuse(value, self) if kind is None else kind.read(value, at)

    def schema(self, defs: Json) -> Json:
        return {"anyOf": [kind.schema(defs) for kind in self._kinds]}


class Shorthand(Kind):
    """A value that stands for another, which a function makes of it."""

    def __init__(self, kind: Kind, make: Callable[[Any], Any]) -> None:
        self.takes, self.names, self._kind, self._make = kind.takes, kind.names, kind, make

    def fits(self, value: Any) -> bool:
        return self._kind.fits(value)

    def schema(self, defs: Json) -> Json:
        return self._kind.schema(defs)

    def read(self, value: Any, at: Place) -> Any:
        before = len(at.mistakes)
        given = self._kind.read(value, at)
        if len(at.mistakes) > before:
            return None
        try:
            return self._make(given)
        except UsageError as err:
            return at.note(str(err))


class Members(Kind):
    """A mapping of names to values, with which a class or function is called.

    name: how messages call it; its key in the file by default. kinds: name of a member -> its kind; asked when it is
    needed, since a reply holds replies. needed: the members that must be there. summary, says: what it is and what
    members are, for editors. empty: what to say of an empty mapping, where it means nothing. rules: what else its
    schema says.
    """

    def __init__(
        self,
        make: Callable[..., Any],
        kinds: Callable[[], Mapping[str, Kind]],
        *,
        name: str = "",
        needed: Sequence[str] = (),
        summary: str = "",
        says: Callable[[], Mapping[str, str]] = dict,
        empty: str = "",
        rules: Json | None = None,
    ) -> None:
        self._make, self._make_kinds = make, kinds
        self._name, self._empty, self._rules = name, empty, rules or {}
        self.needed, self.says, self._summary = needed, says, summary
        self.takes = f"{{{', '.join(f'{one}: ...' for one in needed)}}}" if needed else "a mapping"

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        """The members by name."""
        return self._make_kinds()

    def fits(self, value: Any) -> bool:
        return isinstance(value, dict)

    def read(self, value: Any, at: Place) -> Any:
        name, before = self._name or at.name, len(at.mistakes)
        if not isinstance(value, HandwrittenMapping):
            return at._replace(name=name).refuse(value, self)
        here = at.within(value, None, name)
        if not value and self._empty:
            return here.note(self._empty)
        given = {key: self._member(key, value, here) for key in value}
        if len(at.mistakes) == before:  # else a name that is missing may be the one that is misspelt
            for missing in [name for name in self.needed if name not in given]:
                here.note(f"{here.name} needs {missing}:")
        return self._made(given, here) if len(at.mistakes) == before else None

    def _member(self, key: str, mapping: HandwrittenMapping, here: Place) -> Any:
        if kind := self.kinds.get(key):
            return kind.read(mapping[key], here.within(mapping, key))
        known = f"it takes {', '.join(self.kinds) or 'nothing'}"
        return here.within(mapping, key).note(f"{here.name} has no {key!r}{did_you_mean(key, self.kinds, then=known)}")

    def _made(self, given: Mapping[str, Any], here: Place) -> Any:
        try:
            return self._make(**given)
        except UsageError as err:
            alone = (name for name in (*self.needed, *given) if self._complaint({name: given[name]}, given) == str(err))
            return here._replace(key=next(alone, None)).note(str(err))

    def _complaint(self, some: Mapping[str, Any], given: Mapping[str, Any]) -> str:
        """Return what is wrong with a few members beside those that are needed; empty where nothing is."""
        try:
            self._make(**{**{name: given[name] for name in self.needed}, **some})
        except UsageError as err:
            return str(err)
        return ""

    def schema(self, defs: Json) -> Json:
        return _shared(self._name.removeprefix("a ").removeprefix("an "), self.own_schema, defs)

    def own_schema(self, defs: Json) -> Json:
        """Return its JSON Schema written out."""
        says = self.says()
        members: Json = {
            name: {**kind.schema(defs), **_unless_empty(description=says.get(name))}
            for name, kind in self.kinds.items()
        }
        schema = {"type": "object", "additionalProperties": False, "properties": members, **self._rules}
        also = {"required": [*self.needed], "minProperties": int(bool(self._empty)), "description": self._summary}
        return {**schema, **_unless_empty(**also)}


class Named(Kind):
    """What a function makes, by its name: ``empty_body``, or ``drop: {after: 2}``.

    what: what the functions make, in a word. functions: name -> its arguments.
    """

    def __init__(self, what: str, functions: Mapping[str, Members]) -> None:
        self._what, self._functions = what, functions
        self.names = list(functions)
        self.takes = f"one of {', '.join(functions)}"

    def fits(self, value: Any) -> bool:
        if isinstance(value, dict):  # {rate_limitd: {}} is meant to be one
            return len(value) == 1 and did_you_mean(next(iter(value)), self.names) != ""
        return value in self.names

    def read(self, value: Any, at: Place) -> Any:
        is_call = isinstance(value, HandwrittenMapping) and len(value) == 1
        name = next(iter(value)) if is_call else value
        if not isinstance(name, str) or name not in self._functions:
            return at.refuse(name, self)
        function = self._functions[name]
        if is_call:
            return function.read(value[name], at.within(value, name))
        if function.needed:
            return at.note(f"{name} needs {function.needed[0]}:, as in {{{name}: {function.takes}}}")
        return function.read(HandwrittenMapping(at.mapping.line_of(at.key)), at)

    def schema(self, defs: Json) -> Json:
        return _shared(self._what, self._own_schema, defs)

    def _own_schema(self, defs: Json) -> Json:
        alone = [name for name, arguments in self._functions.items() if not arguments.needed]
        members = {name: arguments.own_schema(defs) for name, arguments in self._functions.items()}
        one = {"type": "object", "additionalProperties": False, "properties": members}
        called = {**one, "minProperties": 1, "maxProperties": 1}
        return {"anyOf": [{"enum": alone}, called]} if alone else called


def _shared(name: str, schema: Callable[[Json], Json], defs: Json) -> Json:
    """Return a reference to a schema that stands among the shared ones; the schema itself where it has no name."""
    if not name:
        return schema(defs)
    name = name.replace(" ", "_")
    if name not in defs:
        defs[name] = {}  # it may hold itself
        defs[name] = schema(defs)
    return {"$ref": f"#/$defs/{name}"}


def _unless_empty(**members: Any) -> Json:
    return {name: value for name, value in members.items() if value}


def _plain(value: object) -> Any:
    """Return a value of a file as plain dicts and lists."""
    match value:
        case dict():
            return {key: _plain(member) for key, member in value.items()}
        case list():
            return [_plain(member) for member in value]
    return value


def shown(value: object) -> str:
    """Return a value of a file as messages tell it."""
    match value:
        case None:
            return "nothing"
        case dict():
            return f"a mapping with {', '.join(value)}" if value else "an empty mapping"
        case list():
            return "a list" if value else "an empty list"
    return json.dumps(value, ensure_ascii=False)
