"""The OpenAPI document of the OpenAI API, as an oracle for what the fake sends."""

import json
import os
from functools import cache
from pathlib import Path

import pytest

DOCUMENT = os.environ.get("FAKELLM_OPENAPI")

needs_document = pytest.mark.skipif(not DOCUMENT, reason="FAKELLM_OPENAPI names no OpenAPI document")


def validate(value, schema):
    """Raise for a value that is not as a schema of the document, by name, says."""
    _validator(schema).validate(value)


@cache
def _validator(schema):
    import jsonschema

    reference = {"$ref": f"#/components/schemas/{schema}", "components": _components()}
    return jsonschema.Draft202012Validator(reference)


@cache
def _components():
    components = _with_nulls(json.loads(Path(DOCUMENT).read_text())["components"])
    _mend_responses(components["schemas"])
    return components


def _mend_responses(schemas):
    """Make Responses as they are on the wire, as judged on recorded bodies, 2025 and 2026."""
    # ``user`` is always null, ``usage`` until the last event.
    for properties, name in [
        (schemas["ModelResponseProperties"]["properties"], "user"),
        (schemas["Response"]["allOf"][-1]["properties"], "usage"),
        (schemas["TextResponseFormatJsonSchema"]["properties"], "description"),
    ]:
        properties[name] = {"anyOf": [properties[name], {"type": "null"}]}
    # A call of a function never says its name when it is done, a search what it looks for when it begins.
    schemas["ResponseFunctionCallArgumentsDoneEvent"]["required"].remove("name")
    schemas["WebSearchToolCall"]["required"].remove("action")
    # Of the SDK, younger than the document.
    kind = {"const": "response.compaction.compacting"}
    event = {"type": "object", "properties": {"type": kind}, "required": ["type"]}
    schemas["ResponseStreamEvent"]["anyOf"].append(event)


def _with_nulls(schema):
    """Turn ``nullable``, which the document still uses and JSON Schema 2020-12 does not know, into a type."""
    if isinstance(schema, list):
        return [_with_nulls(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    members = {name: _with_nulls(member) for name, member in schema.items()}
    return {"anyOf": [members, {"type": "null"}]} if members.pop("nullable", None) is True else members
