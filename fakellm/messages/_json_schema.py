"""A pydantic model from a JSON Schema, by the rules of AutoGen 0.7.5.

Each property's schema is looked at in this order: `$ref`, `anyOf`, `oneOf`, `enum`, `allOf`, an object with
properties, any other type. Definitions become models in the order they are written; one may refer to itself
and to those before it.
"""

from collections.abc import Mapping
from types import GenericAlias
from typing import Annotated, Any, ForwardRef, Literal, Union

from pydantic import BaseModel, Field, create_model
from pydantic.errors import PydanticUndefinedAnnotation

from fakellm.messages._schema_errors import ReferenceNotFoundError, UnsupportedKeywordError
from fakellm.messages._schema_types import constrained, format_type, plain_type

_Schema = Mapping[str, Any]


def model_from_schema(schema: _Schema, name: str) -> type[BaseModel]:
    """Make a pydantic model called `name` from the JSON Schema of an object.

    Raises: SchemaConversionError for what it cannot express; NameError (pydantic's
    PydanticUndefinedAnnotation) when a definition refers to one after it.
    """
    return _Converter(schema.get("$defs", {})).root_model(schema, name)


class _Converter:
    """Holds the definitions of one schema, and the models made of them so far."""

    def __init__(self, definitions: Mapping[str, _Schema]) -> None:
        self._definitions = definitions
        self._models: dict[str, type[BaseModel]] = {}

    def root_model(self, schema: _Schema, name: str) -> type[BaseModel]:
        for defined, definition in self._definitions.items():
            self._models[defined] = self._model(self._dereferenced(definition), defined)
        return self._model(self._dereferenced(schema), name)

    def _model(self, schema: _Schema, name: str) -> type[BaseModel]:
        schema = self._merged(schema)
        required = schema.get("required", ())
        fields: dict[str, Any] = {
            key: self._field(value, key, name, required=key in required)
            for key, value in schema.get("properties", {}).items()
        }
        model: type[BaseModel] = create_model(name, __module__=__name__, **fields)
        try:
            model.model_rebuild()
        except PydanticUndefinedAnnotation as err:
            err.add_note(f"{name!r} refers to {err.name!r}, which $defs has only after it; put {err.name!r} first")
            raise
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
            return self._union(schema["anyOf"], where)
        if "oneOf" in schema:
            return self._discriminated(schema, where)
        if "enum" in schema:
            return _literal(schema["enum"], where)
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
        return self._simple_item(schema, f"the items of {owner}.{key}")

    def _simple_item(self, schema: _Schema, where: str) -> Any:
        if "$ref" in schema:
            return self._referenced(schema["$ref"])
        name = schema.get("type")
        return str if name is None else plain_type(name, where=where)

    def _discriminated(self, schema: _Schema, where: str) -> Any:
        union = self._union(schema["oneOf"], where)
        if "discriminator" not in schema:
            return union
        return Annotated[union, Field(discriminator=schema["discriminator"]["propertyName"])]

    def _union(self, members: list[_Schema], where: str) -> Any:
        kinds = tuple(self._member(member, f"a member of {where}") for member in members)
        return Union[kinds]  # noqa: UP007  # as above

    def _member(self, schema: _Schema, where: str) -> Any:
        """Give one type of a union; only arrays keep their constraints there."""
        if "$ref" in schema:
            return self._referenced(schema["$ref"])
        if "enum" in schema:
            return _literal(schema["enum"], where) if schema["enum"] else Any
        kind = plain_type(schema.get("type"), where=where)
        if kind is not list or "items" not in schema:
            return kind
        item = self._simple_item(schema["items"], f"the items of {where}")
        return constrained(GenericAlias(list, item), schema)

    def _referenced(self, reference: str) -> Any:
        name = reference.rpartition("/")[2]
        self._definition(reference)
        return self._models.get(name) or ForwardRef(name)

    def _definition(self, reference: str) -> _Schema:
        name = reference.rpartition("/")[2]
        if name not in self._definitions:
            raise ReferenceNotFoundError(f"{reference!r} is not among the definitions {list(self._definitions)}")
        return self._definitions[name]

    def _dereferenced(self, schema: _Schema) -> _Schema:
        if "$ref" not in schema:
            return schema
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return {**self._definition(schema["$ref"]), **beside}

    def _merged(self, schema: _Schema) -> _Schema:
        """Lay the parts of an `allOf` over each other; properties beside it are dropped, as AutoGen does."""
        if "allOf" not in schema:
            return schema
        parts = [self._definition(part["$ref"]) if "$ref" in part else part for part in schema["allOf"]]
        properties = {key: value for part in parts for key, value in part.get("properties", {}).items()}
        required = [key for part in parts for key in part.get("required", ())]
        return {"properties": properties, "required": required}


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
