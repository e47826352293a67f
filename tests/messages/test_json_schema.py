from enum import Enum
from typing import Any, Literal, Optional

import pytest
from pydantic import BaseModel, ValidationError
from pydantic import Field as PydanticField

from fakellm._errors import FakeLLMError
from fakellm.messages import (
    FormatNotSupportedError,
    ReferenceNotFoundError,
    SchemaConversionError,
    StructuredMessageFactory,
    UnsupportedKeywordError,
)

POINT: dict[str, Any] = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "integer", "default": 0}},
    "required": ["x"],
}


def content_model(json_schema: dict[str, Any]) -> type[BaseModel]:
    return StructuredMessageFactory(json_schema=json_schema, content_model_name="Content").ContentModel


def field(json_schema: dict[str, Any], **others: Any) -> type[BaseModel]:
    """Make a model whose one field, required, has the given schema."""
    return content_model({"type": "object", "properties": {"f": json_schema}, "required": ["f"], **others})


@pytest.mark.parametrize(
    ("json_schema", "accepted", "rejected"),
    [
        ({"type": "string"}, ["", "a"], [1, None]),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ["ab", "abc"], ["a", "abcd"]),
        ({"type": "string", "pattern": "^a+$"}, ["aa"], ["b"]),
        ({"type": "integer", "minimum": 1, "maximum": 3}, [1, 3], [0, 4]),
        ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 3}, [2], [1, 3]),
        ({"type": "number", "minimum": 0.5, "maximum": 1.5}, [0.5, 1], [0.4, 1.6]),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, [0.5], [0, 1]),
        ({"type": "boolean"}, [True, False], ["maybe"]),
        ({"type": "null"}, [None], [0, ""]),
        ({"type": "object"}, [{}, {"a": 1}], [[], "a"]),
        ({"type": "array"}, [[], ["a"]], [[1], "a"]),
        ({"type": "array", "minItems": 1, "maxItems": 2}, [["a"], ["a", "b"]], [[], ["a", "b", "c"]]),
        ({"type": "array", "items": {}}, [["a"]], [[1]]),
        ({"type": "array", "items": POINT}, [[{"x": 1}]], [[{}], [1]]),
        ({"type": "array", "items": {"type": "object"}}, [[{"a": 1}]], [[1]]),
        ({"enum": ["a", 1, None]}, ["a", 1, None], ["b", 2]),
        ({"const": "a"}, ["a"], ["b", None]),
        ({"type": "string", "const": "a"}, ["a"], ["b"]),
        ({"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}, [[], ["a", "b"]], [["c"], "a"]),
        ({"type": "array", "items": {"const": 1}}, [[1]], [[2]]),
        ({"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}, [[1, None]], [["a"]]),
        ({"anyOf": [{"const": "a"}, {"type": "null"}]}, ["a", None], ["b"]),
        ({"anyOf": [{"type": "array", "items": {"enum": ["a"]}}, {"type": "null"}]}, [["a"], None], [["b"]]),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, [1, None], ["a"]),
        ({"anyOf": [{"enum": ["a"]}, {"type": "integer"}]}, ["a", 1], ["b"]),
        ({"anyOf": [{"enum": []}, {"type": "integer"}]}, ["anything", 1, None], []),
        ({"anyOf": [{"type": "string", "minLength": 5}]}, ["a"], [1]),
        ({"anyOf": [{"type": "array", "items": {"type": "integer"}, "maxItems": 1}]}, [[1]], [[1, 2], ["a"]]),
        ({"anyOf": [{"type": "array", "items": {}}]}, [["a"]], [[1]]),
        ({"anyOf": [{"type": "array"}]}, [["a", 1]], ["a"]),
        ({"oneOf": [{"type": "integer"}, {"type": "boolean"}]}, [1, True], ["a"]),
        (POINT, [{"x": 1}, {"x": 1, "y": 2}], [{}, 1]),
        ({"allOf": [POINT, {"properties": {"z": {"type": "null"}}, "required": ["z"]}]},
         [{"x": 1, "z": None}], [{"x": 1}]),
        ({"type": "string", "format": "date"}, ["2024-05-06"], ["06.05.2024"]),
        ({"type": "string", "format": "uuid"}, ["6f9619ff-8b86-4011-b42d-00c04fc964ff"], ["6f9619ff"]),
        ({"type": "string", "format": "ipv4"}, ["127.0.0.1"], ["::1"]),
        ({"type": "string", "format": "json"}, ["{}"], ["{"]),
        ({"type": "integer", "format": "int32"}, [2**31 - 1], [2**31, "1"]),
        ({"type": "number", "format": "float"}, [1.5], ["1.5"]),
        ({"type": "string", "format": "password"}, ["secret"], [1]),
    ],
    ids=str,
)  # fmt: skip
def test_schema_accepts_and_rejects(json_schema: dict[str, Any], accepted: list[Any], rejected: list[Any]) -> None:
    model = field(json_schema)

    for value in accepted:
        model.model_validate({"f": value})
    for value in rejected:
        with pytest.raises(ValidationError):
            model.model_validate({"f": value})


def test_optional_field_without_default_is_none() -> None:
    model = content_model({"type": "object", "properties": {"a": {"type": "string"}}})

    assert model().model_dump() == {"a": None}


def test_optional_field_with_default_is_not_nullable() -> None:
    model = content_model({"type": "object", "properties": {"a": {"type": "string", "default": "x"}}})

    assert model().model_dump() == {"a": "x"}
    with pytest.raises(ValidationError):
        model(a=None)


def test_titles_and_descriptions_are_kept() -> None:
    model = field({"type": "string", "title": "The F", "description": "what f is"})

    assert model.model_json_schema()["properties"]["f"] == {
        "title": "The F",
        "description": "what f is",
        "type": "string",
    }


def test_reference_is_a_model_of_its_own() -> None:
    model = field({"$ref": "#/$defs/Point"}, **{"$defs": {"Point": POINT}})

    assert model.model_json_schema()["properties"]["f"] == {"$ref": "#/$defs/Point"}
    assert model.model_validate({"f": {"x": 1}}).model_dump() == {"f": {"x": 1, "y": 0}}


def test_definition_may_refer_to_itself() -> None:
    tree = {
        "type": "object",
        "properties": {
            "value": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
        },
        "required": ["value"],
    }
    model = content_model({"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}})

    grown = model.model_validate({"value": "a", "children": [{"value": "b"}]})

    assert grown.model_dump() == {"value": "a", "children": [{"value": "b", "children": None}]}


def test_definition_may_refer_to_a_later_one() -> None:
    earlier = {"type": "object", "properties": {"b": {"$ref": "#/$defs/Later"}}, "required": ["b"]}
    model = field({"$ref": "#/$defs/Earlier"}, **{"$defs": {"Earlier": earlier, "Later": POINT}})

    assert model.model_validate({"f": {"b": {"x": 1}}}).model_dump() == {"f": {"b": {"x": 1, "y": 0}}}
    with pytest.raises(ValidationError):
        model.model_validate({"f": {"b": {}}})


def test_definitions_may_refer_to_each_other() -> None:
    def one(other: str) -> dict[str, Any]:
        return {"type": "object", "properties": {"next": {"$ref": f"#/$defs/{other}"}, "n": {"type": "integer"}}}

    model = field({"$ref": "#/$defs/A"}, **{"$defs": {"A": one("B"), "B": one("A")}})

    grown = model.model_validate({"f": {"next": {"next": {"n": 1}}}})
    assert grown.model_dump(exclude_none=True) == {"f": {"next": {"next": {"n": 1}}}}
    with pytest.raises(ValidationError):
        model.model_validate({"f": {"next": {"next": {"n": "x"}}}})


DEFINED: dict[str, tuple[dict[str, Any], list[Any], list[Any]]] = {
    "enumeration": ({"type": "string", "enum": ["red", "blue"]}, ["red", "blue"], ["green", "", {}, None]),
    "enumeration of numbers": ({"type": "integer", "enum": [1, 2]}, [1, 2], [3, "one"]),
    "enumeration without a type": ({"enum": ["a", None]}, ["a", None], ["b"]),
    "enumeration of one": ({"type": "string", "const": "red"}, ["red"], ["blue"]),
    "text": ({"type": "string", "minLength": 2}, ["ab"], ["a", {}]),
    "number": ({"type": "integer", "minimum": 1}, [1], [0, {}]),
    "date": ({"type": "string", "format": "date"}, ["2024-05-06"], ["soon"]),
    "list": ({"type": "array", "items": {"type": "integer"}}, [[1]], [["a"], {}]),
    "union": ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, [1, None], ["a", {}]),
    "union of unions": (
        {"anyOf": [{"anyOf": [{"type": "integer"}, {"enum": ["a"]}]}, {"type": "null"}]},
        [1, "a", None],
        ["b"],
    ),
    "reference": ({"$ref": "#/$defs/Other"}, ["x"], ["y"]),
    "object": ({"type": "object"}, [{}], ["a", 1]),
}


@pytest.mark.parametrize("name", DEFINED)
@pytest.mark.parametrize("where", ["property", "items", "member", "nested"])
def test_definition_that_is_no_object_is_its_type(name: str, where: str) -> None:
    definition, accepted, rejected = DEFINED[name]
    reference = {"$ref": "#/$defs/Defined"}
    wrapped, wrap = {
        "property": (reference, lambda value: value),
        "items": ({"type": "array", "items": reference}, lambda value: [value]),
        "member": ({"anyOf": [reference, {"type": "array", "items": {"type": "object"}}]}, lambda value: value),
        "nested": ({"$ref": "#/$defs/Before"}, lambda value: {"inner": value}),
    }[where]
    before = {"type": "object", "properties": {"inner": reference}, "required": ["inner"]}

    model = field(wrapped, **{"$defs": {"Before": before, "Defined": definition, "Other": {"enum": ["x"]}}})

    for value in accepted:
        model.model_validate({"f": wrap(value)})
    for value in rejected:
        with pytest.raises(ValidationError):
            model.model_validate({"f": wrap(value)})


@pytest.mark.parametrize(
    "json_schema",
    [
        {"$ref": "#/properties/f/$defs/Color", "$defs": {"Color": {"enum": ["red"]}}},
        {"$ref": "#/$defs/Color", "$defs": {"Color": {"enum": ["red"]}}},
        {"$ref": "#/definitions/Color", "definitions": {"Color": {"enum": ["red"]}}},
        {"anyOf": [{"$ref": "#/$defs/Color"}], "$defs": {"Color": {"enum": ["red"]}}},
    ],
)
def test_definitions_may_stand_inside_a_property(json_schema: dict[str, Any]) -> None:
    model = field(json_schema)

    model.model_validate({"f": "red"})
    with pytest.raises(ValidationError):
        model.model_validate({"f": "green"})


def test_definition_at_the_root_goes_before_one_inside() -> None:
    model = field({"$ref": "#/$defs/C", "$defs": {"C": {"enum": ["in"]}}}, **{"$defs": {"C": {"enum": ["out"]}}})

    model.model_validate({"f": "out"})


def test_property_may_be_called_definitions() -> None:
    model = content_model({"type": "object", "properties": {"definitions": {"type": "string", "default": "x"}}})

    assert model().model_dump() == {"definitions": "x"}


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    fur: list[Color] = []


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    owner: Optional["Person"] = None


class Person(BaseModel):
    name: str
    color: Color | None = None
    sizes: dict[str, int] = {}
    pets: list[Cat | Dog] = []
    first: Cat | Dog = PydanticField(default=Cat(), discriminator="kind")


def test_schema_of_a_class_accepts_and_rejects_as_the_class_does() -> None:
    model = content_model(Person.model_json_schema())
    good = {"name": "a", "color": "red", "pets": [{"kind": "dog", "owner": {"name": "b"}}], "first": {"kind": "dog"}}

    model.model_validate(good)
    for bad in ({"color": "green"}, {"pets": [{"kind": "cow"}]}, {"pets": [{"kind": "cat", "fur": ["green"]}]},
                {"first": {"kind": "cow"}}, {"first": {"kind": "dog", "owner": {}}}):  # fmt: skip
        with pytest.raises(ValidationError):
            Person.model_validate(good | bad)
        with pytest.raises(ValidationError):
            model.model_validate(good | bad)


@pytest.mark.parametrize(
    "definitions",
    [
        {"A": {"$ref": "#/$defs/A"}},
        {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}},
        {"A": {"anyOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#/$defs/A"}}]}},
    ],
)
def test_definition_that_is_made_of_itself_says_so(definitions: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedKeywordError, match=r"'#/\$defs/[AB]' refers to itself, which only objects can"):
        field({"$ref": "#/$defs/A"}, **{"$defs": definitions})


def test_union_is_told_apart_by_its_discriminator() -> None:
    model = field(
        {
            "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
            "discriminator": {"propertyName": "kind"},
        },
        **{
            "$defs": {
                name: {
                    "type": "object",
                    "properties": {"kind": {"enum": [name.lower()]}},
                    "required": ["kind"],
                }
                for name in ("Cat", "Dog")
            }
        },
    )

    assert type(model.model_validate({"f": {"kind": "dog"}}).f).__name__ == "Dog"  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="does not match any of the expected tags"):
        model.model_validate({"f": {"kind": "cow"}})


def test_models_inside_are_named_after_their_place() -> None:
    model = field({"type": "object", "properties": {"places": {"type": "array", "items": POINT}}})

    # places_ and the first six digits of the md5 of Content_f_places
    assert sorted(model.model_json_schema()["$defs"]) == ["Content_f", "places_a9baf0"]


def test_properties_beside_an_all_of_are_dropped() -> None:
    model = content_model({"allOf": [POINT], "properties": {"z": {"type": "integer"}}})

    assert list(model.model_fields) == ["x", "y"]


def test_all_of_takes_references() -> None:
    model = content_model({"allOf": [{"$ref": "#/$defs/Point"}], "$defs": {"Point": POINT}})

    assert list(model.model_fields) == ["x", "y"]


@pytest.mark.parametrize(
    ("json_schema", "error", "message"),
    [
        (
            {"$ref": "#/$defs/Nowhere"},
            ReferenceNotFoundError,
            "'#/$defs/Nowhere' is not among the definitions []",
        ),
        ({"allOf": [{"$ref": "#/$defs/Nowhere"}]}, ReferenceNotFoundError, "is not among the definitions"),
        (
            {"type": "array", "items": {"$ref": "x"}},
            ReferenceNotFoundError,
            "'x' is not among the definitions",
        ),
        ({"anyOf": [{"$ref": "x"}]}, ReferenceNotFoundError, "'x' is not among the definitions"),
        (
            {"type": "string", "format": "phone"},
            FormatNotSupportedError,
            "Content.f has the format 'phone'; known are ['uuid', ",
        ),
        (
            {"type": "tuple"},
            UnsupportedKeywordError,
            "Content.f has the type 'tuple'; known are ['string', 'integer', 'number', 'boolean', 'null', "
            "'array', 'object'], and anyOf where several are allowed",
        ),
        ({}, UnsupportedKeywordError, "Content.f has the type None"),
        ({"type": ["string", "null"]}, UnsupportedKeywordError, "Content.f has the type ['string', 'null']"),
        ({"enum": []}, UnsupportedKeywordError, "Content.f has an empty enum"),
        (
            {"type": "array", "items": {"type": "x"}},
            UnsupportedKeywordError,
            "the items of Content.f has the type 'x'",
        ),
        ({"anyOf": [{}]}, UnsupportedKeywordError, "a member of Content.f has the type None"),
        (
            {"anyOf": [{"type": "array", "items": {"type": "x"}}]},
            UnsupportedKeywordError,
            "the items of a member of Content.f has the type 'x'",
        ),
    ],
    ids=str,
)
def test_schema_that_cannot_be_expressed_says_where(
    json_schema: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        field(json_schema)

    assert message in str(caught.value)
    assert isinstance(caught.value, SchemaConversionError)


def test_errors_are_ours_and_no_value_errors() -> None:
    assert issubclass(SchemaConversionError, FakeLLMError)
    assert not issubclass(SchemaConversionError, ValueError)
