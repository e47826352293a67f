"""What OpenAI asks of the schemas in a request."""

from __future__ import annotations

import pytest
from asking import ELSEWHERE, body, rejection, tool

REQUIRED = "'required' is required to be supplied and to be an array including every key in properties."
TOP = "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level."


def strict(properties, **more):
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }


def nested(levels):
    schema = strict({"x": {"type": "string"}})
    for _ in range(levels - 1):
        schema = strict({"x": schema})
    return schema


STRING = {"type": "string"}
UNCLOSED = {"type": "object", "properties": {"a": STRING}, "required": ["a"]}

# (schema, what api.openai.com says of it)
STRICT = [
    ({"type": "array", "items": STRING}, "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'."),
    ({}, "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."),
    (UNCLOSED, "In context=(), 'additionalProperties' is required to be supplied and to be false."),
    (strict({"a": STRING}, additionalProperties=True),
     "In context=(), 'additionalProperties' is required to be supplied and to be false."),
    (strict({"a": UNCLOSED}),
     "In context=('properties', 'a'), 'additionalProperties' is required to be supplied and to be false."),
    (strict({"a": STRING, "b": STRING}, required=["a"]), f"In context=(), {REQUIRED} Missing 'b'."),
    ({"type": "object", "properties": {"a": STRING}, "additionalProperties": False},
     f"In context=(), {REQUIRED} Missing 'a'."),
    (strict({"a": STRING}, required=["a", "b"]), f"In context=(), {REQUIRED} Extra required key 'b' supplied."),
    (strict({"a": {"type": "array", "items": STRING, "uniqueItems": True}}),
     "In context=('properties', 'a'), 'uniqueItems' is not permitted."),
    (strict({"a": {"oneOf": [STRING]}}), "In context=('properties', 'a'), 'oneOf' is not permitted."),
    (strict({"a": {"anyOf": [STRING, {"type": "array", "items": {"allOf": []}}]}}),
     "In context=('properties', 'a', 'anyOf', '1', 'items'), 'allOf' is not permitted."),
    (strict({"a": {}}), "In context=('properties', 'a'), schema must have a 'type' key."),
    (strict({"a": {"type": "array"}}), "In context=('properties', 'a'), array schema missing items."),
    (strict({"a": {"type": "string", "format": "uri"}}),
     "In context=('properties', 'a'), 'uri' is not a valid format."),
    (strict({"a": {"$ref": "#/$defs/B", "description": "b"}}, **{"$defs": {"B": STRING}}),
     "In context=('properties', 'a'), $ref cannot have keywords {'description'}."),
    (strict({"a": {"$ref": "#/$defs/B"}}, **{"$defs": {"B": UNCLOSED}}),
     "In context=('$defs', 'B'), 'additionalProperties' is required to be supplied and to be false."),
    (strict({"a": "string"}), "'string' is not of type 'object', 'boolean'."),
    (nested(11), "11 levels of nesting exceeds limit of 10."),
    (strict({f"p{n}": STRING for n in range(5001)}), "5001 object properties exceeds limit of 5000."),
    (strict({"a": {"type": "integer", "enum": list(range(1001))}}), "1001 enum values exceeds limit of 1000."),
    (strict({"a": {"type": "string", "const": "x" * 120_000}}),
     "120001 characters of names and values exceeds limit of 120000."),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "words"), STRICT, ids=lambda value: str(value)[:60])
def test_response_format_that_strictness_does_not_allow_is_rejected(schema, words):
    wanted = body(
        response_format={"type": "json_schema", "json_schema": {"name": "A", "schema": schema, "strict": True}}
    )
    message = f"Invalid schema for response_format 'A': {words}"

    assert rejection(wanted) == (400, "invalid_request_error", None, "response_format", message)
    assert rejection(wanted, url=ELSEWHERE) is None


@pytest.mark.parametrize(("schema", "words"), STRICT[2:], ids=lambda value: str(value)[:60])
def test_strict_tool_that_strictness_does_not_allow_is_rejected(schema, words):
    offered = body(tools=[tool("g"), tool("f", parameters=schema, strict=True)])
    message = f"Invalid schema for function 'f': {words}"
    param = "tools[1].function.parameters"

    assert rejection(offered) == (400, "invalid_request_error", "invalid_function_parameters", param, message)
    assert rejection(offered, url=ELSEWHERE) is None


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array"}, "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'."),
        ({"properties": {}}, "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."),
        ({"type": "object"}, "In context=(), object schema missing properties."),
        ({"type": "object", "properties": {"a": {"type": "array"}}},
         "In context=('properties', 'a'), array schema missing items."),
        ({"anyOf": [{"type": "object"}]}, TOP),
    ],
)  # fmt: skip
def test_tool_whose_parameters_are_no_object_is_rejected(schema, words):
    message = f"Invalid schema for function 'f': {words}"
    param = "tools[0].function.parameters"
    error = (400, "invalid_request_error", "invalid_function_parameters", param, message)

    assert rejection(body(tools=[tool(parameters=schema)])) == error


@pytest.mark.parametrize(
    "schema",
    [
        strict({}),
        strict({"a": {"type": ["string", "null"], "description": "optional", "pattern": "x"}}, title="A"),
        strict({"a": {"anyOf": [STRING, {"type": "null"}]}, "b": {"enum": [1, 2]}, "c": {"const": "x"}}),
        strict({"a": {"type": "array", "items": {"$ref": "#/$defs/B"}, "minItems": 1}},
               **{"$defs": {"B": strict({"b": {"$ref": "#"}})}}),
        strict({"a": {"type": "string", "default": "x", "minLength": 1, "maxLength": 5}}),
        strict({"a": {"type": "number", "minimum": 0, "multipleOf": 0.5}, "b": {"type": "string", "format": "date"}}),
        nested(10),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_strict_schema_is_accepted(schema):
    wanted = {"type": "json_schema", "json_schema": {"name": "A", "schema": schema, "strict": True}}

    assert rejection(body(tools=[tool(parameters=schema, strict=True)], response_format=wanted)) is None


@pytest.mark.parametrize(
    "function",
    [
        {},
        {"parameters": {}},
        {"parameters": {"type": "object", "properties": {}}},
        {"parameters": {"type": "object", "properties": {"a": {"default": 1}}}, "strict": False},
        {"parameters": {"type": "object", "properties": {"a": {"type": "object"}, "b": True}}},
    ],
)
def test_tool_that_is_not_strict_may_say_less(function):
    assert rejection(body(tools=[tool(**function)])) is None


def test_format_that_is_not_strict_may_be_any_schema():
    wanted = {"type": "json_schema", "json_schema": {"name": "A", "schema": {"type": "array"}}}

    assert rejection(body(response_format=wanted)) is None


def test_required_name_that_is_no_string_is_told():
    schema = {**strict({"a": STRING}), "required": ["a", {"b": 1}]}

    _, _, _, _, message = rejection(body(tools=[tool(parameters=schema, strict=True)]))

    extra = "Extra required key '{'b': 1}' supplied."
    assert message == f"Invalid schema for function 'f': In context=(), {REQUIRED} {extra}"
