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
    return _with_nulls(json.loads(Path(DOCUMENT).read_text())["components"])


def _with_nulls(schema):
    """Turn ``nullable``, which the document still uses and JSON Schema 2020-12 does not know, into a type."""
    if isinstance(schema, list):
        return [_with_nulls(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    members = {name: _with_nulls(member) for name, member in schema.items()}
    return {"anyOf": [members, {"type": "null"}]} if members.pop("nullable", None) is True else members
