"""Make the file of request bodies that ships from OpenAI's API document: `python tools/pack_openapi.py DOCUMENT`.

DOCUMENT is JSON: `openapi.yaml` of https://github.com/openai/openai-openapi, or a part of it. Run by hand when it
changes. The file has a line that says where it is from, then a line for each operation and schema, in order of
their names: the name, a tab, a JSON Schema.

Packed are the bodies of the operations below and the schemas that they reach. Of a schema stays what says yes or no
to a value; prose, titles, defaults, formats and extensions go. What stays is brought into one form:

- `$ref` holds the name alone; `$recursiveRef` becomes the `$ref` that it means.
- `allOf` is merged into one object, its members in order of their names.
- Null goes, whether it is said with `nullable` or `anyOf`, and so do members that are null from `required`: to the
  shapes, null and absent are one.
- Unions within unions become one `oneOf`, and a string or one of some strings becomes a string. Objects in it that
  a member tells apart have that member as `discriminator`, whether the document says so or not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

PACKED = Path(__file__).parent.parent / "fakellm" / "_dialects" / "openai" / "document.jsonl"
SOURCE = "https://github.com/openai/openai-openapi"

Schema = dict[str, Any]

OPERATIONS = (
    "POST /chat/completions",
    "POST /chat/completions/{completion_id}",
    "POST /completions",
    "POST /conversations",
    "POST /conversations/{conversation_id}",
    "POST /conversations/{conversation_id}/items",
    "POST /embeddings",
    "POST /moderations",
    "POST /responses",
    "POST /responses/compact",
    "POST /responses/input_tokens",
)

KEPT = {
    "additionalProperties",
    "enum",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "type",
}
DROPPED = {
    "$recursiveAnchor",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "format",
    "nullable",
    "title",
}

_REF = "#/components/schemas/"
_METADATA: Schema = {
    "type": "object",
    "properties": {"metadata": {"$ref": f"{_REF}Metadata"}},
    "required": ["metadata"],
}
_ITEMS: Schema = {"type": "array", "maxItems": 20, "items": {"$ref": f"{_REF}InputItem"}}

# Bodies for a document that lacks the operation. Source: the parameters of openai-python 3.57.
WITHOUT_DOCUMENT: dict[str, Schema] = {
    "POST /chat/completions/{completion_id}": _METADATA,
    "POST /conversations": {"type": "object", "properties": {"items": _ITEMS, **_METADATA["properties"]}},
    "POST /conversations/{conversation_id}": _METADATA,
    "POST /conversations/{conversation_id}/items": {
        "type": "object",
        "properties": {"items": _ITEMS},
        "required": ["items"],
    },
}
# The same for bodies that hold some members of the one that creates a response: those that must be there, the rest.
PARTS_OF_A_RESPONSE = {
    "POST /responses/compact": (
        ["model"],
        ["input", "instructions", "previous_response_id", "prompt_cache_key", "prompt_cache_options",
         "prompt_cache_retention", "service_tier"],
    ),
    "POST /responses/input_tokens": (
        [],
        ["conversation", "input", "instructions", "model", "parallel_tool_calls", "previous_response_id", "reasoning",
         "text", "tool_choice", "tools", "truncation"],
    ),
}  # fmt: skip


class Packer:
    """Brings the schemas of one document into the form that ships."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._paths = document["paths"]
        self._schemas: dict[str, Schema] = document["components"]["schemas"]

    def pack(self) -> dict[str, Schema]:
        """Return operations and the schemas that they reach, by name."""
        packed: dict[str, Schema] = {}
        waiting = {name: self._body(name) for name in OPERATIONS}
        while waiting:
            name, schema = waiting.popitem()
            packed[name] = self._normal(schema, name)
            waiting |= {ref: self._schemas[ref] for ref in _refs(packed[name]) if ref not in packed}
        return dict(sorted(packed.items()))

    def _body(self, operation: str) -> Schema:
        method, path = operation.split(" ")
        found = self._paths.get(path, {}).get(method.lower())
        if found is not None:
            schema: Schema = found["requestBody"]["content"]["application/json"]["schema"]
            return schema
        if operation in WITHOUT_DOCUMENT:
            return WITHOUT_DOCUMENT[operation]
        required, optional = PARTS_OF_A_RESPONSE[operation]
        members = self._merged(self._schemas["CreateResponse"])["properties"]
        return {"type": "object", "properties": {n: members[n] for n in [*required, *optional]}, "required": required}

    def _normal(self, schema: Schema, name: str) -> Schema:
        """Return a schema in the form of the file. name: of the schema that holds it, to which it may refer."""
        if "allOf" in schema:
            schema = self._merged(schema)
        said = {keyword: value for keyword, value in schema.items() if not _is_dropped(keyword)}
        match said:
            case {"$recursiveRef": _}:
                return {"$ref": name}
            case {"oneOf": parts} | {"anyOf": parts} if said.keys() <= {"oneOf", "anyOf", "type"}:
                return self._union(parts, name)
            case {"$ref": ref} if said.keys() <= {"$ref", "type"}:
                return {"$ref": ref.removeprefix(_REF)}
        if unknown := said.keys() - KEPT:
            sys.exit(f"{name}: the packer does not know what {sorted(unknown)} says here")
        return self._plain(said, name)

    def _plain(self, schema: Schema, name: str) -> Schema:
        if "properties" in schema:
            members = schema["properties"]
            required = [n for n in schema.get("required", []) if not self._may_be_null(members.get(n, {}))]
            schema = {
                **schema,
                "type": "object",
                "properties": {n: self._normal(part, name) for n, part in members.items()},
                "required": required,
            }
        for keyword in ("items", "additionalProperties", "propertyNames"):
            if isinstance(schema.get(keyword), dict):
                schema = {**schema, keyword: self._normal(schema[keyword], name)}
        return {keyword: value for keyword, value in schema.items() if not _says_nothing(value)}

    def _merged(self, schema: Schema) -> Schema:
        """Return the object that all parts of an ``allOf`` make together."""
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"].removeprefix(_REF)]
        parts = [self._merged(part) for part in schema.get("allOf", [])]
        if not parts:
            return schema
        members = {name: member for part in parts for name, member in part["properties"].items()}
        required = [name for part in parts for name in part.get("required", [])]
        return {"type": "object", "properties": dict(sorted(members.items())), "required": required}

    def _union(self, alternatives: list[Schema], name: str) -> Schema:
        parts = list(self._flat(alternatives))
        strings = [part for part in parts if part.get("type") == "string"]
        if free := [part for part in strings if "enum" not in part]:
            parts = [part for part in parts if part not in strings or part is free[0]]
        tag = self._tag(parts)
        packed = [self._normal(part, name) for part in parts]
        if len(packed) == 1 and tag is None:
            return packed[0]
        return {"oneOf": packed, **({"discriminator": tag} if tag else {})}

    def _flat(self, alternatives: list[Schema]) -> Iterator[Schema]:
        """Yield the alternatives of a union, those of unions within it, too; strings are written out."""
        for part in alternatives:
            resolved = self._resolved(part)
            if within := _alternatives(resolved):
                yield from self._flat(within)
            elif resolved.get("type") == "string":
                yield resolved
            elif resolved.get("type") != "null":
                yield part

    def _tag(self, parts: Iterable[Schema]) -> str | None:
        """Return the member that tells objects apart: each lists the values that it has there."""
        objects = [part for part in map(self._resolved, parts) if "properties" in part]
        for tag in ("type", "role"):
            if objects and all(self._listed(part["properties"].get(tag, {})) for part in objects):
                return tag
        return None

    def _listed(self, schema: Schema) -> bool:
        return "enum" in self._normal(self._resolved(schema), "")

    def _resolved(self, schema: Schema) -> Schema:
        """Return a schema, or the one that it refers to."""
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].removeprefix(_REF)]
        return schema

    def _may_be_null(self, schema: Schema) -> bool:
        schema = self._resolved(schema)
        parts = [self._resolved(part) for part in _alternatives(schema)]
        return bool(schema.get("nullable")) or {"type": "null"} in parts or any(map(self._may_be_null, parts))


def _alternatives(schema: Schema) -> list[Schema]:
    found: list[Schema] = schema.get("oneOf") or schema.get("anyOf") or []
    return found


def _is_dropped(keyword: str) -> bool:
    return keyword in DROPPED or keyword.startswith("x-")


def _says_nothing(value: object) -> bool:
    return value is True or value in ([], {})


def _refs(schema: Any) -> Iterator[str]:
    """Yield the names of all schemas that one refers to."""
    if isinstance(schema, list):
        for part in schema:
            yield from _refs(part)
    elif isinstance(schema, dict):
        if isinstance(ref := schema.get("$ref"), str):
            yield ref
        for part in schema.values():
            yield from _refs(part)


def pack(document: dict[str, Any]) -> str:
    """Return the file for a document; the same text for the same document."""
    info = document["info"]
    head = {
        "document": info["title"],
        "version": info["version"],
        "source": SOURCE,
        "tool": f"tools/{Path(__file__).name}",
    }
    lines = [f"{name}\t{_compact(schema)}" for name, schema in Packer(document).pack().items()]
    return "\n".join([_compact(head), *lines, ""])


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def main(path: str) -> None:
    packed = pack(json.loads(Path(path).read_text(encoding="utf-8")))
    PACKED.write_text(packed, encoding="utf-8", newline="\n")
    print(f"{PACKED.name}: {len(packed):,} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
