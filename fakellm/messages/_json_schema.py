"""A pydantic model from a JSON Schema, by the rules of AutoGen 0.7.5 where these work.

Each property's schema is looked at in this order: `$ref`, `anyOf`, `oneOf`, `enum`, `const`, `allOf`, an object with
properties, any other type. A definition of an object becomes a model, any other its type: an enumeration a Literal, a
plain type itself. Definitions may stand at the root or further inside, and refer to each other in any order.
"""

from collections.abc import Iterator, Mapping
from types import GenericAlias
from typing import Annotated, Any, ForwardRef, Literal, Union

from pydantic import BaseModel, Field, create_model

from fakellm.messages._schema_errors import ReferenceNotFoundError, UnsupportedKeywordError
from fakellm.messages._schema_types import constrained, format_type, plain_type

_Schema = Mapping[str, Any]
_CHOOSING = ("anyOf", "oneOf", "enum", "const", "allOf")
_DEFINITIONS = ("$defs", "definitions")


def model_from_schema(schema: _Schema, name: str) -> type[BaseModel]:
    """Make a pydantic model called `name` from the JSON Schema of an object.

    Raises: SchemaConversionError for what it cannot express.
    """
    return _Converter(schema).root_model(schema, name)


class _Converter:
    """Holds the definitions of one schema, the types made of them so far, and all models."""

    def __init__(self, schema: _Schema) -> None:
        self._definitions: dict[str, _Schema] = {}
        for definitions in _all_definitions(schema):
            self._definitions = {**definitions, **self._definitions}  # the outer one of a name counts
        self._types: dict[str, Any] = {}
        self._begun: set[str] = set()
        self._made: list[type[BaseModel]] = []

    def root_model(self, schema: _Schema, name: str) -> type[BaseModel]:
        for defined in schema.get("$defs", {}):
            self._referenced(defined)
        model = self._model(self._dereferenced(schema), name)
        for made in self._made:  # those that refer to what was made after them
            made.model_rebuild(_types_namespace=self._types)
        return model

    def _model(self, schema: _Schema, name: str) -> type[BaseModel]:
        schema = self._merged(schema)
        required = schema.get("required", ())
        fields: dict[str, Any] = {
            key: self._field(value, key, name, required=key in required)
            for key, value in schema.get("properties", {}).items()
        }
        model: type[BaseModel] = create_model(name, __module__=__name__, **fields)
        self._made.append(model)
        return model

    def _field(self, schema: _Schema, key: str, owner: str, *, required: bool) -> tuple[Any, Any]:
        kind = self._type(schema, key, owner)
        default = ... if required else schema.get("default")
        if default is None:
            kind = Union[(kind, None)]  # noqa: UP007  # the types are only known at run time
        texts = {text: schema[text] for text in ("title", "description") if schema.get(text) is not None}
        return kind, Field(default, **texts)

    def _type(self, schema: _Schema, key: str, owner: str) -> Any:
        where = f"{owner}.{key}"
        if "$ref" in schema:
            return self._referenced(schema["$ref"])
        if "anyOf" in schema:
            return self._union(schema["anyOf"], key, owner)
        if "oneOf" in schema:
            return self._discriminated(schema, key, owner)
        if "enum" in schema:
            return _literal(schema["enum"], where)
        if "const" in schema:
            return Literal[schema["const"]]
        if "allOf" in schema or _is_model(schema):
            return self._model(schema, f"{owner}_{key}")
        return self._other(schema, key, owner)

    def _other(self, schema: _Schema, key: str, owner: str) -> Any:
        where = f"{owner}.{key}"
        kind = plain_type(schema.get("type"), where=where)
        if kind is list:
            kind = GenericAlias(list, self._item(schema.get("items", {}), key, owner))
        narrowed = constrained(kind, schema)
        return format_type(schema["format"], where=where) if "format" in schema else narrowed

    def _item(self, schema: _Schema, key: str, owner: str) -> Any:
        if "$ref" not in schema and _is_model(schema):
            return self._model(schema, _item_name(key, owner))
        return self._simple_item(schema, key, owner, f"the items of {owner}.{key}")

    def _simple_item(self, schema: _Schema, key: str, owner: str, where: str) -> Any:
        if "$ref" in schema or _chooses(schema):
            return self._type(schema, key, owner)
        name = schema.get("type")
        return str if name is None else plain_type(name, where=where)

    def _discriminated(self, schema: _Schema, key: str, owner: str) -> Any:
        union = self._union(schema["oneOf"], key, owner)
        if "discriminator" not in schema:
            return union
        return Annotated[union, Field(discriminator=schema["discriminator"]["propertyName"])]

    def _union(self, members: list[_Schema], key: str, owner: str) -> Any:
        kinds = tuple(self._member(member, key, owner) for member in members)
        return Union[kinds]  # noqa: UP007  # as above

    def _member(self, schema: _Schema, key: str, owner: str) -> Any:
        """Give one type of a union; only arrays keep their constraints there."""
        if schema.get("enum") == []:
            return Any
        if "$ref" in schema or _chooses(schema):
            return self._type(schema, key, owner)
        where = f"a member of {owner}.{key}"
        kind = plain_type(schema.get("type"), where=where)
        if kind is not list or "items" not in schema:
            return kind
        item = self._simple_item(schema["items"], key, owner, f"the items of {where}")
        return constrained(GenericAlias(list, item), schema)

    def _referenced(self, reference: str) -> Any:
        """Give the type of a definition, made when it is first referred to."""
        name = reference.rpartition("/")[2]
        definition = self._definition(reference)
        if name in self._types:
            return self._types[name]
        is_object = _is_object(definition := self._dereferenced(definition))
        if name in self._begun:
            if is_object:
                return ForwardRef(name)
            raise UnsupportedKeywordError(f"{reference!r} refers to itself, which only objects can")
        self._begun.add(name)
        self._types[name] = self._model(definition, name) if is_object else self._type(definition, name, "$defs")
        return self._types[name]

    def _definition(self, reference: str) -> _Schema:
        name = reference.rpartition("/")[2]
        if name not in self._definitions:
            raise ReferenceNotFoundError(f"{reference!r} is not among the definitions {list(self._definitions)}")
        return self._definitions[name]

    def _dereferenced(self, schema: _Schema) -> _Schema:
        if "$ref" not in schema:
            return schema
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return {**self._target(schema["$ref"]), **beside}

    def _target(self, reference: str) -> _Schema:
        """Follow a reference to what is none, through definitions that are references themselves."""
        passed: list[str] = []
        while True:
            schema = self._definition(reference)
            if "$ref" not in schema:
                return schema
            if reference in passed:
                raise UnsupportedKeywordError(f"{reference!r} refers to itself, which only objects can")
            passed.append(reference)
            reference = schema["$ref"]

    def _merged(self, schema: _Schema) -> _Schema:
        """Lay the parts of an `allOf` over each other; properties beside it are dropped, as AutoGen does."""
        if "allOf" not in schema:
            return schema
        parts = [self._definition(part["$ref"]) if "$ref" in part else part for part in schema["allOf"]]
        properties = {key: value for part in parts for key, value in part.get("properties", {}).items()}
        required = [key for part in parts for key in part.get("required", ())]
        return {"properties": properties, "required": required}


def _all_definitions(schema: _Schema) -> Iterator[dict[str, _Schema]]:
    """Yield the definitions at the root and in all that is inside, the outer ones first."""
    level: list[Any] = [schema]
    while level:
        nodes = [node for node in level if isinstance(node, dict)]
        for found in (node[key] for node in nodes for key in _DEFINITIONS if isinstance(node.get(key), dict)):
            yield {name: definition for name, definition in found.items() if isinstance(definition, dict)}
        lists = [node for node in level if isinstance(node, list)]
        level = [inner for node in nodes for inner in node.values()] + [inner for node in lists for inner in node]


def _chooses(schema: _Schema) -> bool:
    return any(key in schema for key in _CHOOSING)


def _is_object(schema: _Schema) -> bool:
    """Tell whether a definition is one of an object, as which one that says nothing counts."""
    if "allOf" in schema or "properties" in schema:
        return True
    return not _chooses(schema) and schema.get("type", "object") == "object"


def _is_model(schema: _Schema) -> bool:
    return schema.get("type") == "object" and "properties" in schema


def _literal(values: list[Any], where: str) -> Any:
    if not values:
        raise UnsupportedKeywordError(f"{where} has an empty enum, which no value can satisfy")
    return Literal[tuple(values)]


def _item_name(key: str, owner: str) -> str:
    """Name the model of an array's items: short, and different for each array."""
    from hashlib import md5  # imported here: it loads OpenSSL

    return f"{key}_{md5(f'{owner}_{key}'.encode(), usedforsecurity=False).hexdigest()[:6]}"
