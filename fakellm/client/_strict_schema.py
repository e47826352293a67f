"""A pydantic class as the JSON schema that strict structured output accepts.

Source: https://platform.openai.com/docs/guides/structured-outputs (supported schemas), and the behaviour of the
OpenAI SDK 1.109, whose result this equals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

__all__ = ["response_format_for"]

Schema = dict[str, Any]


def response_format_for(model: type[BaseModel]) -> Schema:
    """Return the ``response_format`` that asks for an object of a pydantic class."""
    schema = model.model_json_schema()
    return {
        "type": "json_schema",
        "json_schema": {"name": model.__name__, "strict": True, "schema": _strict(schema, schema)},
    }


def _strict(schema: Schema, root: Schema) -> Schema:
    """Forbid what is not declared and require what is, in place and all the way down."""
    if schema.get("type") == "object":
        schema.setdefault("additionalProperties", False)
    if "properties" in schema:
        schema["required"] = list(schema["properties"])
    for inner in _inner(schema):
        _strict(inner, root)
    _merge_single_all_of(schema)
    if schema.get("default", ...) is None:
        del schema["default"]
    if "$ref" in schema and len(schema) > 1:  # "$ref" stands alone, so its target moves in beside its siblings
        target = _resolve(schema.pop("$ref"), root)
        schema.update({**target, **schema})
        return _strict(schema, root)
    return schema


def _inner(schema: Schema) -> Iterator[Schema]:
    for key in ("$defs", "definitions", "properties"):
        yield from schema.get(key, {}).values()
    if isinstance(schema.get("items"), dict):
        yield schema["items"]
    for key in ("anyOf", "allOf"):
        yield from schema.get(key, ())


def _merge_single_all_of(schema: Schema) -> None:
    if len(schema.get("allOf", ())) == 1:
        schema.update(schema.pop("allOf")[0])


def _resolve(reference: str, root: Schema) -> Schema:
    target: Any = root
    for key in reference.removeprefix("#/").split("/"):
        target = target[key]
    return dict(target)
