"""StructuredMessageFactory against AutoGen's, on a table of JSON Schemas: equal models, or none."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import fakellm.messages as ours

theirs = pytest.importorskip("autogen_agentchat.messages")


def schema(properties: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **others}


def one(field: dict[str, Any], **others: Any) -> dict[str, Any]:
    return schema({"x": field}, **others)


POINT = schema({"x": {"type": "integer"}, "y": {"type": "integer", "default": 0}}, required=["x"])
CAT = schema({"kind": {"enum": ["cat"]}, "lives": {"type": "integer"}}, required=["kind"])
DOG = schema({"kind": {"enum": ["dog"]}, "name": {"type": "string"}}, required=["kind"])
TREE = schema({"value": {"type": "string"}, "left": {"$ref": "#/$defs/Tree"}}, required=["value"])
FORMATS = [
    "uuid",
    "uuid1",
    "uuid2",
    "uuid3",
    "uuid4",
    "uuid5",
    "uri",
    "hostname",
    "ipv4",
    "ipv6",
    "ipv4-network",
    "ipv6-network",
    "date-time",
    "date",
    "time",
    "duration",
    "password",
    "path",
    "json",
]
NUMBER_FORMATS = ["int32", "int64", "float", "double", "decimal", "byte", "binary"]

SCHEMAS: dict[str, dict[str, Any]] = {
    "no properties": {"type": "object"},
    "no type": {"properties": {"x": {"type": "string"}}},
    "plain types": schema(
        {kind: {"type": kind} for kind in ("string", "integer", "number", "boolean", "null", "object", "array")}
    ),
    "required": one({"type": "string"}, required=["x"]),
    "default": one({"type": "string", "default": "a"}),
    "default of a required field": one({"type": "string", "default": "a"}, required=["x"]),
    "default null": one({"type": "string", "default": None}),
    "default list": one({"type": "array", "items": {"type": "integer"}, "default": []}),
    "false default": one({"type": "boolean", "default": False}),
    "title and description": one({"type": "string", "title": "The X", "description": "what x is"}),
    "string constraints": one({"type": "string", "minLength": 1, "maxLength": 3, "pattern": "^a"}, required=["x"]),
    "integer constraints": one({"type": "integer", "minimum": 1, "maximum": 3}, required=["x"]),
    "exclusive integers": one({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 9}),
    "number constraints": one({"type": "number", "minimum": 0.5, "maximum": 1.5}),
    "exclusive numbers": one({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
    "array constraints": one({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2}),
    "array of unconstrained items": one({"type": "array", "items": {"type": "integer", "minimum": 5}}),
    "array of untyped items": one({"type": "array", "items": {}}),
    "array of arrays": one({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}),
    "array of dicts": one({"type": "array", "items": {"type": "object"}}),
    "array of models": one({"type": "array", "items": POINT}),
    "array of references": one({"type": "array", "items": {"$ref": "#/$defs/P"}}, **{"$defs": {"P": POINT}}),
    "array of enums": one({"type": "array", "items": {"enum": ["a"]}}),
    "constraint of another type": one({"type": "string", "minimum": 1, "minItems": 2}),
    "nested model": one(POINT),
    "nested models": one(schema({"inner": POINT}, required=["inner"]), required=["x"]),
    "object without properties": one({"type": "object", "additionalProperties": {"type": "integer"}}),
    "enum": one({"enum": ["a", "b"]}),
    "enum with type": one({"type": "string", "enum": ["a", "b"], "default": "a"}),
    "enum of mixed values": one({"enum": ["a", 1, True, None]}),
    "enum of one": one({"type": "string", "enum": ["a"]}, required=["x"]),
    "empty enum": one({"enum": []}),
    "const": one({"const": "a"}),
    "anyOf": one({"anyOf": [{"type": "string"}, {"type": "integer"}]}, required=["x"]),
    "anyOf with null": one({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}),
    "anyOf constrained": one({"anyOf": [{"type": "string", "minLength": 2}, {"type": "integer"}]}),
    "anyOf array": one({"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]}),
    "anyOf long array": one({"anyOf": [{"type": "array", "items": {}, "minItems": 2, "maxItems": 3}]}),
    "anyOf bare array": one({"anyOf": [{"type": "array"}, {"type": "integer"}]}),
    "anyOf array of references": one(
        {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/P"}}]}, **{"$defs": {"P": POINT}}
    ),
    "anyOf array of models": one({"anyOf": [{"type": "array", "items": POINT}, {"type": "null"}]}),
    "anyOf array of unknown": one({"anyOf": [{"type": "array", "items": {"type": "tuple"}}]}),
    "anyOf enum": one({"anyOf": [{"enum": ["a"]}, {"type": "integer"}]}),
    "anyOf empty enum": one({"anyOf": [{"enum": []}, {"type": "integer"}]}),
    "anyOf reference": one({"anyOf": [{"$ref": "#/$defs/P"}, {"type": "null"}]}, **{"$defs": {"P": POINT}}),
    "anyOf unknown": one({"anyOf": [{"type": "tuple"}]}),
    "anyOf untyped": one({"anyOf": [{}]}),
    "anyOf inline model": one({"anyOf": [POINT, {"type": "null"}]}),
    "oneOf": one({"oneOf": [{"type": "boolean"}, {"type": "integer"}]}),
    "oneOf with discriminator": one(
        {
            "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
            "discriminator": {"propertyName": "kind"},
        },
        required=["x"],
        **{"$defs": {"Cat": CAT, "Dog": DOG}},
    ),
    "optional oneOf with discriminator": one(
        {
            "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
            "discriminator": {"propertyName": "kind"},
        },
        **{"$defs": {"Cat": CAT, "Dog": DOG}},
    ),
    "oneOf with a wrong discriminator": one(
        {
            "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
            "discriminator": {"propertyName": "species"},
        },
        **{"$defs": {"Cat": CAT, "Dog": DOG}},
    ),
    "allOf of a field": one({"allOf": [{"$ref": "#/$defs/P"}, CAT]}, **{"$defs": {"P": POINT}}),
    "allOf of one reference": one({"allOf": [{"$ref": "#/$defs/P"}], "default": None}, **{"$defs": {"P": POINT}}),
    "allOf of the root": {"allOf": [{"$ref": "#/$defs/P"}, CAT], "$defs": {"P": POINT}},
    "allOf beside properties": {**one({"type": "string"}), "allOf": [POINT]},
    "allOf of a missing reference": {"allOf": [{"$ref": "#/$defs/Nowhere"}]},
    "allOf of a definition": one({"$ref": "#/$defs/Both"}, **{"$defs": {"Both": {"allOf": [POINT, CAT]}}}),
    "reference": one({"$ref": "#/$defs/P"}, required=["x"], **{"$defs": {"P": POINT}}),
    "optional reference": one({"$ref": "#/$defs/P", "description": "p"}, **{"$defs": {"P": POINT}}),
    "reference elsewhere": one({"$ref": "other.json#/definitions/P"}, **{"$defs": {"P": POINT}}),
    "missing reference": one({"$ref": "#/$defs/Nowhere"}),
    "root reference": {"$ref": "#/$defs/P", "$defs": {"P": POINT}},
    "root reference with properties": {"$ref": "#/$defs/P", **one({"type": "string"}), "$defs": {"P": POINT}},
    "missing root reference": {"$ref": "#/$defs/Nowhere"},
    "definition that is a reference": one({"$ref": "#/$defs/Q"}, **{"$defs": {"P": POINT, "Q": {"$ref": "#/$defs/P"}}}),
    "recursive definition": one({"$ref": "#/$defs/Tree"}, **{"$defs": {"Tree": TREE}}),
    "recursive list": one(
        {"$ref": "#/$defs/Tree"},
        **{"$defs": {"Tree": one({"type": "array", "items": {"$ref": "#/$defs/Tree"}})}},
    ),
    "backward reference": one(
        {"$ref": "#/$defs/B"},
        **{"$defs": {"A": POINT, "B": one({"$ref": "#/$defs/A"})}},
    ),
    "forward reference": one(
        {"$ref": "#/$defs/A"},
        **{"$defs": {"A": one({"$ref": "#/$defs/B"}), "B": POINT}},
    ),
    "mutual references": one(
        {"$ref": "#/$defs/A"},
        **{"$defs": {"A": one({"$ref": "#/$defs/B"}), "B": one({"$ref": "#/$defs/A"})}},
    ),
    "definition that is an enum": one(
        {"$ref": "#/$defs/Color"}, **{"$defs": {"Color": {"type": "string", "enum": ["red"]}}}
    ),
    "unused definition": one({"type": "string"}, **{"$defs": {"P": POINT}}),
    "unknown type": one({"type": "tuple"}),
    "missing type": one({"description": "anything"}),
    "several types": one({"type": ["string", "null"]}),
    "unknown format": one({"type": "string", "format": "phone"}),
    "array of unknown items": one({"type": "array", "items": {"type": "tuple"}}),
    "array of missing references": one({"type": "array", "items": {"$ref": "#/$defs/Nowhere"}}),
    "additional properties": one({"type": "string"}, additionalProperties=False),
    "required field that is not there": one({"type": "string"}, required=["y"]),
    "broken pattern": one({"type": "string", "pattern": "("}),
    "private name": schema({"_x": {"type": "string"}}),
    "format beside constraints": one({"type": "string", "format": "date", "minLength": 3}),
    "format on an array": one({"type": "array", "items": {"type": "string"}, "format": "date"}),
    "email": one({"type": "string", "format": "email"}),
    **{f"format {name}": one({"type": "string", "format": name}, required=["x"]) for name in FORMATS},
    **{f"format {name}": one({"type": "number", "format": name}, required=["x"]) for name in NUMBER_FORMATS},
}

# Values tried on every model that has the field x; each implementation has to accept or reject the same ones.
VALUES = [
    None, True, 0, 1, 2.5, -1, 10**20, "", "a", "abcd", "2024-05-06", "127.0.0.1", "::1", "http://a.b", "{}",
    "6f9619ff-8b86-4011-b42d-00c04fc964ff", "PT5S", [], [1], ["a"], [1, 2, 3], [{"x": 1}], {}, {"x": 1},
    {"x": {}}, {"kind": "cat"}, {"kind": "dog", "name": "Rex"}, {"inner": {"x": 1}},
    {"value": "v", "left": {"value": "w"}},
]  # fmt: skip


def without_texts(node: Any, *, inside_properties: bool = False) -> Any:
    if isinstance(node, list):
        return [without_texts(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: without_texts(value, inside_properties=key in ("properties", "$defs"))
        for key, value in node.items()
        if inside_properties or key not in ("title", "description")
    }


def model(module: Any, json_schema: dict[str, Any]) -> type[BaseModel] | type[Exception]:
    try:
        made: type[BaseModel] = module.StructuredMessageFactory(json_schema=json_schema).ContentModel
    except Exception as err:
        return type(err)
    return made


def loaded(made: type[BaseModel], value: Any) -> Any:
    try:
        return made.model_validate({"x": value}).model_dump_json()
    except ValidationError as err:
        return [(error["type"], error["loc"]) for error in err.errors()]


OWN_ERRORS = {
    "SchemaConversionError",
    "ReferenceNotFoundError",
    "FormatNotSupportedError",
    "UnsupportedKeywordError",
}
# Ours says what is wrong with the schema where AutoGen stumbles over it.
CLEARER = {"empty enum": "UnsupportedKeywordError", "several types": "UnsupportedKeywordError"}
# Ours holds values to the schema where AutoGen's takes any, or refuses all, or cannot make a model:
# (accepted, rejected) here.
HELD: dict[str, tuple[Any, Any]] = {
    "array of enums": (["a"], ["b"]),
    "const": ("a", "b"),
    "forward reference": ({"x": {"x": 1}}, {"x": {}}),
    "mutual references": ({"x": {"x": {}}}, {"x": 1}),
    "definition that is an enum": ("red", "blue"),
}


@pytest.mark.parametrize("name", HELD)
def test_values_are_held_to_the_schema_here(name: str) -> None:
    accepted, rejected = HELD[name]
    mine, real = model(ours, SCHEMAS[name]), model(theirs, SCHEMAS[name])

    assert issubclass(mine, BaseModel)
    mine.model_validate({"x": accepted})
    with pytest.raises(ValidationError):
        mine.model_validate({"x": rejected})
    if issubclass(real, BaseModel):
        assert [loaded(real, value) for value in HELD[name]] != [loaded(mine, value) for value in HELD[name]]


@pytest.mark.parametrize("name", [name for name in SCHEMAS if name not in HELD])
def test_models_agree(name: str) -> None:
    mine, real = model(ours, SCHEMAS[name]), model(theirs, SCHEMAS[name])

    if issubclass(real, BaseModel):
        assert issubclass(mine, BaseModel)
        assert without_texts(mine.model_json_schema()) == without_texts(real.model_json_schema())
        assert [loaded(mine, value) for value in VALUES] == [loaded(real, value) for value in VALUES]
    elif real.__name__ in OWN_ERRORS or name in CLEARER:
        assert mine.__name__ == CLEARER.get(name, real.__name__)
    else:
        assert mine is real


def test_titles_and_descriptions_of_fields_agree() -> None:
    json_schema = SCHEMAS["title and description"]
    mine = ours.StructuredMessageFactory(json_schema=json_schema, content_model_name="Content")
    real = theirs.StructuredMessageFactory(json_schema=json_schema, content_model_name="Content")

    assert mine.ContentModel.model_json_schema() == real.ContentModel.model_json_schema()


@pytest.mark.parametrize("name", ["array of models", "nested models", "reference", "recursive definition"])
def test_names_of_inner_models_agree(name: str) -> None:
    mine, real = model(ours, SCHEMAS[name]), model(theirs, SCHEMAS[name])

    assert issubclass(mine, BaseModel)
    assert issubclass(real, BaseModel)
    assert mine.model_json_schema() == real.model_json_schema()


class Content(BaseModel):
    a: int


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"json_schema": {}},
        {"json_schema": {}, "input_model": Content},
        {"input_model": Content, "content_model_name": "Other"},
        {"json_schema": one({"type": "string"}), "input_model": Content},
        {"json_schema": one({"type": "string"}), "content_model_name": "Other", "format_string": "{x}"},
    ],
    ids=["nothing", "empty schema", "model beside empty schema", "model", "both", "schema"],
)
def test_factories_take_the_same_arguments(arguments: dict[str, Any]) -> None:
    def made(module: Any) -> Any:
        try:
            factory = module.StructuredMessageFactory(**arguments)
        except ValueError as err:
            return type(err)
        dumped = factory.dump_component().model_dump()
        own = {key: dumped[key] for key in ("component_type", "version", "component_version", "label", "config")}
        return factory.StructuredMessage.__name__, factory.ContentModel.__name__, factory.format_string, own

    assert made(ours) == made(theirs)


def test_a_configuration_dumped_there_loads_here() -> None:
    dumped = theirs.StructuredMessageFactory(input_model=Content, format_string="{a}").dump_component()

    factory = ours.StructuredMessageFactory.load_component(dumped.model_dump())

    assert isinstance(factory, ours.StructuredMessageFactory)
    assert (
        factory.StructuredMessage(content=factory.ContentModel(a=5), source="b", format_string="{a}").to_text() == "5"
    )
