"""What OpenAI asks of a JSON Schema: of every tool's parameters a little, of a strict schema a lot.

Source: https://platform.openai.com/docs/guides/structured-outputs (supported schemas, read in November
2026) and the sentences with which api.openai.com rejects the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakellm._dialects.shapes import Misfit

__all__ = ["check_format", "check_parameters"]

# Not in the list of supported keywords, and seen in "'…' is not permitted". Three that were seen there until 2025
# are taken now: default (openai-agents-python #4390, August 2026), minLength and maxLength (pydantic-ai #7400).
_NOT_PERMITTED = frozenset(
    {
        "allOf",
        "contains",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "maxContains",
        "maxProperties",
        "minContains",
        "minProperties",
        "not",
        "oneOf",
        "patternProperties",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
        "uniqueItems",
    }
)
_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
_NOT_AT_THE_TOP = frozenset({"oneOf", "anyOf", "allOf", "enum", "not"})
_SAYS_WHAT_IT_IS = frozenset({"type", "anyOf", "$ref", "enum", "const"})

# "up to 5000 object properties total, with up to 10 levels of nesting", "up to 1000 enum values", "total
# string length of all property names, definition names, enum values, and const values cannot exceed
# 120,000 characters".
_MOST_PROPERTIES = 5_000
_MOST_LEVELS = 10
_MOST_ENUM_VALUES = 1_000
_MOST_CHARACTERS = 120_000

Node = tuple[tuple[str, ...], Any]
"""A part of a schema, with the path to it."""


def check_parameters(function: dict[str, Any]) -> Misfit | None:
    """Return the misfit of the parameters of a function; the rule of a patch."""
    if (schema := function.get("parameters")) is None:
        return None
    error = _explain_strict(schema, of_tool=True) if function.get("strict") else _explain_parameters(schema)
    if error is None:
        return None
    return Misfit("function_schema", ("parameters",), {"name": function["name"], "error": error})


def check_format(wanted: dict[str, Any]) -> Misfit | None:
    """Return the misfit of the schema that an answer is to have; the rule of a patch."""
    if not wanted.get("strict") or (error := _explain_strict(wanted.get("schema") or {}, of_tool=False)) is None:
        return None
    return Misfit("format_schema", facts={"name": wanted["name"], "error": error})


def _explain_parameters(schema: Any) -> str | None:
    """Return what is wrong with the parameters of a tool that is not strict; None where nothing is."""
    if not schema:
        return None  # a function without parameters
    if error := _explain_top(schema):
        return error
    if "properties" not in schema:
        return "In context=(), object schema missing properties."
    errors = (_explain_array(part, path) for path, part in _walk(schema) if isinstance(part, dict))
    return next((error for error in errors if error), None)


def _explain_strict(schema: Any, *, of_tool: bool) -> str | None:
    """Return what is wrong with a schema that must be kept to the letter; None where nothing is."""
    if error := _explain_top(schema) if of_tool else _explain_type(schema):
        return error
    nodes = list(_walk(schema))
    errors = (_explain_node(part, path) for path, part in nodes)
    return next((error for error in errors if error), None) or _explain_size(nodes, _levels(schema))


def _explain_top(schema: Any) -> str | None:
    if _NOT_AT_THE_TOP & schema.keys():
        names = "/".join(f"'{name}'" for name in ("oneOf", "anyOf", "allOf", "enum", "not"))
        return f"schema must have type 'object' and not have {names} at the top level."
    return _explain_type(schema)


def _explain_type(schema: Any) -> str | None:
    if (kind := schema.get("type")) == "object":
        return None
    return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."


def _walk(schema: Any, path: tuple[str, ...] = ()) -> Iterator[Node]:
    """Yield a schema and all that it is made of, from the top down."""
    yield path, schema
    for name, part in _parts(schema):
        yield from _walk(part, (*path, *name))


def _parts(schema: Any) -> Iterator[Node]:
    if not isinstance(schema, dict):
        return
    for keyword in ("properties", "$defs", "definitions"):
        if isinstance(members := schema.get(keyword), dict):
            yield from (((keyword, name), part) for name, part in members.items())
    if "items" in schema:
        yield ("items",), schema["items"]
    if isinstance(alternatives := schema.get("anyOf"), list):
        yield from ((("anyOf", str(n)), part) for n, part in enumerate(alternatives))


def _explain_node(part: Any, path: tuple[str, ...]) -> str | None:
    if not isinstance(part, dict):
        return None if isinstance(part, bool) else f"{part!r} is not of type 'object', 'boolean'."
    if "$ref" in part and len(part) > 1:
        return _at(path, f"$ref cannot have keywords {{{', '.join(repr(name) for name in part if name != '$ref')}}}.")
    for keyword in part:
        if keyword in _NOT_PERMITTED:
            return _at(path, f"'{keyword}' is not permitted.")
    if _SAYS_WHAT_IT_IS.isdisjoint(part):
        return _at(path, "schema must have a 'type' key.")
    if isinstance(kind := part.get("format"), str) and kind not in _FORMATS:
        return _at(path, f"'{kind}' is not a valid format.")
    return _explain_object(part, path) or _explain_array(part, path)


def _explain_object(part: dict[str, Any], path: tuple[str, ...]) -> str | None:
    if not _is(part, "object"):
        return None
    if part.get("additionalProperties") is not False:
        return _at(path, "'additionalProperties' is required to be supplied and to be false.")
    rule = "'required' is required to be supplied and to be an array including every key in properties."
    properties, required = part.get("properties") or {}, part.get("required")
    if not isinstance(properties, dict):
        return f"{properties!r} is not of type 'object'."
    names = required if isinstance(required, list) else []
    known = {name for name in names if isinstance(name, str)}
    if (absent := next((name for name in properties if name not in known), None)) is not None:
        return _at(path, f"{rule} Missing '{absent}'.")
    if (extra := next((n for n in names if not isinstance(n, str) or n not in properties), None)) is not None:
        return _at(path, f"{rule} Extra required key '{extra}' supplied.")
    return None


def _explain_array(part: dict[str, Any], path: tuple[str, ...]) -> str | None:
    if _is(part, "array") and "items" not in part:
        return _at(path, "array schema missing items.")
    return None


def _is(part: dict[str, Any], kind: str) -> bool:
    named = part.get("type")
    return named == kind or (isinstance(named, list) and kind in named)


def _at(path: tuple[str, ...], what: str) -> str:
    return f"In context={path!r}, {what}"


def _levels(schema: Any) -> int:
    """Count how deep objects lie within objects; a $ref is not followed."""
    below = max((_levels(part) for _, part in _parts(schema)), default=0)
    return below + (isinstance(schema, dict) and _is(schema, "object"))


def _explain_size(nodes: list[Node], levels: int) -> str | None:
    """Return which limit is passed. Only the sentence on nesting is one that users report."""
    parts = [part for _, part in nodes if isinstance(part, dict)]
    names = [name for part in parts for name in _names(part, "properties")]
    defined = [name for part in parts for name in (*_names(part, "$defs"), *_names(part, "definitions"))]
    values = [value for part in parts if isinstance(part.get("enum"), list) for value in part["enum"]]
    constants = [part["const"] for part in parts if "const" in part]
    if levels > _MOST_LEVELS:
        return f"{levels} levels of nesting exceeds limit of {_MOST_LEVELS}."
    if len(names) > _MOST_PROPERTIES:
        return f"{len(names)} object properties exceeds limit of {_MOST_PROPERTIES}."
    if len(values) > _MOST_ENUM_VALUES:
        return f"{len(values)} enum values exceeds limit of {_MOST_ENUM_VALUES}."
    characters = sum(len(text) for text in [*names, *defined, *values, *constants] if isinstance(text, str))
    if characters > _MOST_CHARACTERS:
        return f"{characters} characters of names and values exceeds limit of {_MOST_CHARACTERS}."
    return None


def _names(part: dict[str, Any], keyword: str) -> list[str]:
    return list(members) if isinstance(members := part.get(keyword), dict) else []
