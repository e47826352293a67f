"""OpenAI's API document, packed (``tools/pack_openapi.py``), and the shapes that it is compiled into.

Patches say what the API checks beyond it. Each is found by a place: the name of a schema, the names of members
behind it, ``[]`` for the items of an array (``ChatCompletionTool.function``, ``CreateChatCompletionRequest.tools[]``).
It holds keywords that are laid over those of the document, and beside the keywords of JSON Schema:

- ``rule``: called with a value that has the shape, returns a misfit or None
- ``quick``: says yes to most values that have the shape, at once
- ``remembered``: whether answers are kept for values that come again
- ``names``: the values of the discriminator in the order in which the API names them, others that it knows among them
- ``refused``: values of the discriminator that are taken elsewhere, each with its misfit
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

from pydantic_core import from_json

from fakellm._dialects.shapes import (
    ANY,
    BOOLEAN,
    OBJECT,
    TEXT,
    Also,
    AnyOf,
    Choice,
    Either,
    Later,
    ListOf,
    MapOf,
    Members,
    Number,
    Quick,
    Refused,
    Remembered,
    Shape,
    Tagged,
    Text,
)
from fakellm._real_files import real_files

__all__ = ["NAME", "PATCHES", "Compiler", "Patches", "body_of"]

Schema = Mapping[str, Any]
Patches = Mapping[str, Schema]

NAME: Schema = {"minLength": 1, "maxLength": 64, "pattern": "^[a-zA-Z0-9_-]+$"}
"""Of functions, custom tools, formats: "string does not match pattern …", "maximum length 64"."""

PATCHES: Patches = {
    # "too many properties … at most 16", "maximum length 64" for names and 512 for values.
    "Metadata": {
        "maxProperties": 16,
        "propertyNames": {"maxLength": 64},
        "additionalProperties": {"type": "string", "maxLength": 512},
    },
    "PromptCacheOptionsParam": {"additionalProperties": False},
}
"""What all APIs of OpenAI check beyond the document."""

_KINDS: Mapping[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


def body_of(operation: str, patches: Patches) -> Members:
    """Return the shape of the body of an operation, such as ``POST /embeddings``."""
    body = Compiler({**PATCHES, **patches}).named(operation)
    assert isinstance(body, Members)
    return body


@cache
def _packed() -> dict[str, str]:
    """Return the schemas of the document, as JSON, by name."""
    loader: Any = __spec__.loader  # which may be that of a zip file
    with real_files():
        data: bytes = loader.get_data(f"{__file__.rpartition('.')[0]}.jsonl")
    return dict(line.split("\t", 1) for line in data.decode().splitlines()[1:])


class Compiler:
    """Makes shapes of the schemas of the document. places: those that it came to, where a patch may lie."""

    def __init__(self, patches: Patches) -> None:
        self.places: set[str] = set()
        self._patches = patches
        self._schemas: dict[str, Schema] = {}
        self._shapes: dict[tuple[str, str | None], Shape] = {}

    def named(self, name: str, tag: str | None = None) -> Shape:
        """Return the shape of a schema. tag: the member that a union looked at already."""
        if (shape := self._shapes.get((name, tag))) is not None:
            return shape
        make = partial(self._made, name, tag)
        self._shapes[name, tag] = Later(make)  # for a schema that refers to itself
        shape = self._shapes[name, tag] = make()
        return shape

    def _made(self, name: str, tag: str | None) -> Shape:
        return self._shape(self._schema(name), name, tag)

    def _schema(self, name: str) -> Schema:
        if name not in self._schemas:
            self._schemas[name] = self._patched(from_json(_packed()[name]), name)
        return self._schemas[name]

    def _patched(self, schema: Schema, place: str) -> Schema:
        self.places.add(place)
        if (patch := self._patches.get(place)) is None:
            return schema
        members = {**schema.get("properties", {}), **patch.get("properties", {})}
        return {**schema, **patch, **({"properties": members} if members else {})}

    def _part(self, schema: Schema, place: str, tag: str | None = None) -> Shape:
        """Return the shape of a schema within another."""
        return self._shape(self._patched(schema, place), place, tag)

    def _shape(self, schema: Schema, place: str, tag: str | None) -> Shape:
        if (name := schema.get("$ref")) is not None:
            laid_over = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
            return self._shape({**self._schema(name), **laid_over}, name, tag) if laid_over else self.named(name, tag)
        test, is_remembered = schema.get("quick"), schema.get("remembered")
        if test is None and not is_remembered:
            return self._ruled(schema, place, tag)
        shape: Shape = Later(partial(self._ruled, schema, place, tag))
        if test is not None:
            shape = Quick(shape, test)
        return Remembered(shape) if is_remembered else shape

    def _ruled(self, schema: Schema, place: str, tag: str | None) -> Shape:
        """Return the shape of a schema that refers to no other, with the rule over it."""
        shape = self._union(schema, place) if "oneOf" in schema else self._plain(schema, place, tag)
        return shape if (rule := schema.get("rule")) is None else Also(shape, rule)

    def _plain(self, schema: Schema, place: str, tag: str | None) -> Shape:
        match schema.get("type"):
            case "string":
                return Choice(tuple(schema["enum"])) if "enum" in schema else _text(schema)
            case "boolean":
                return BOOLEAN
            case "integer" | "number" as kind:
                bounds = schema.get("minimum"), schema.get("maximum")
                return Number("integer" if kind == "integer" else "decimal", *bounds)
            case "array":
                items = self._part(schema.get("items", {}), f"{place}[]")
                return ListOf(items, schema.get("minItems", 0), schema.get("maxItems"))
            case "object" if "properties" in schema:
                return self._members(schema, place, tag)
            case "object" if schema.get("additionalProperties"):
                items = self._part(schema["additionalProperties"], f"{place}[]")
                return MapOf(items, schema.get("propertyNames", {}).get("maxLength"), schema.get("maxProperties"))
            case "object":
                return OBJECT
        return ANY

    def _members(self, schema: Schema, place: str, tag: str | None) -> Members:
        parts, required = schema["properties"], tuple(name for name in schema.get("required", ()) if name != tag)
        names = [name for name in dict.fromkeys([*required, *parts]) if name != tag]
        members = {name: self._member(parts.get(name, {}), f"{place}.{name}") for name in names}
        closed = schema.get("additionalProperties") is False
        return Members(members | {tag: ANY} if closed and tag else members, required, closed)

    def _member(self, schema: Schema, place: str) -> Shape:
        """Return the shape of a member; one of many parts is made when a request has it, as most have few."""
        resolved = self._resolved(schema)
        has_parts = "properties" in resolved or "oneOf" in resolved
        return Later(partial(self._part, schema, place)) if has_parts else self._part(schema, place)

    def _union(self, schema: Schema, place: str) -> Shape:
        tag = schema.get("discriminator")
        found: dict[type, list[Shape]] = {}
        for part in schema["oneOf"]:
            resolved = self._resolved(part)
            if tag and "properties" in resolved:
                found.setdefault(dict, [])
                continue
            shape = self._part(part, place)
            for kind in _KINDS[resolved["type"]]:
                found.setdefault(kind, []).append(shape)
        if tag:
            found[dict].append(self._tagged(schema, place))
        shapes = {kind: _any_of(alternatives) for kind, alternatives in found.items()}
        return Either(shapes) if len(shapes) > 1 else _any_of([*shapes.values()])

    def _tagged(self, schema: Schema, place: str) -> Tagged:
        tag = schema["discriminator"]
        found: dict[str, list[Shape]] = {}
        untagged: list[Shape] = []
        for part in schema["oneOf"]:
            if "properties" not in (resolved := self._resolved(part)):
                continue
            shape = self._part(part, place, tag)
            for value in self._resolved(resolved["properties"][tag])["enum"]:
                found.setdefault(value, []).append(shape)
            if tag not in resolved.get("required", ()):
                untagged.append(shape)
        shapes = {value: _any_of(alternatives) for value, alternatives in found.items()}
        refused = {value: Refused(misfit) for value, misfit in schema.get("refused", {}).items()}
        return Tagged(tag, shapes | refused, schema.get("names", ()), _any_of(untagged) if untagged else None)

    def _resolved(self, schema: Schema) -> Schema:
        """Return a schema, or the one that it refers to."""
        while "$ref" in schema:
            schema = self._schema(schema["$ref"])
        return schema


def _text(schema: Schema) -> Shape:
    bounds = [schema.get(keyword) for keyword in ("minLength", "maxLength", "pattern")]
    return TEXT if bounds == [None] * 3 else Text(bounds[0] or 0, *bounds[1:])


def _any_of(shapes: Sequence[Shape]) -> Shape:
    return shapes[0] if len(shapes) == 1 else AnyOf(tuple(shapes))
