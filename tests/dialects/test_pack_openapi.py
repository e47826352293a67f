"""The script that packs OpenAI's API document: what ships is what it makes, and means what the document says."""

from __future__ import annotations

import json
import os
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SHIPPED = ROOT / "fakellm" / "_dialects" / "openai" / "document.jsonl"
A_REF = {"$ref": "#/components/schemas/A"}


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return import_module("pack_openapi")


@pytest.fixture
def packed(tool, monkeypatch):
    """Pack one schema of a document, called S; A and the body of a response are there, too."""
    monkeypatch.setattr(tool, "OPERATIONS", ("POST /s",))
    monkeypatch.setattr(tool, "WITHOUT_DOCUMENT", {"POST /s": {"$ref": "#/components/schemas/S"}})

    def pack(schema, **others):
        schemas = {"S": schema, "A": {"type": "string"}, **others}
        return tool.Packer({"paths": {}, "components": {"schemas": schemas}}).pack()["S"]

    return pack


def test_packing_the_document_writes_what_ships(tool, tmp_path, monkeypatch, capsys):
    if not (document := os.environ.get("FAKELLM_OPENAPI")):
        pytest.skip("FAKELLM_OPENAPI names no OpenAPI document")
    monkeypatch.setattr(tool, "PACKED", tmp_path / "document.jsonl")

    tool.main(document)

    assert (tmp_path / "document.jsonl").read_bytes() == SHIPPED.read_bytes(), (
        "type: python tools/pack_openapi.py DOCUMENT"
    )
    assert capsys.readouterr().out == "document.jsonl: 61,229 bytes\n"


def test_shipped_document_says_where_it_is_from():
    head = json.loads(SHIPPED.read_text().splitlines()[0])

    assert head == {
        "document": "OpenAI API",
        "version": "2.3.0",
        "source": "https://github.com/openai/openai-openapi",
        "tool": "tools/pack_openapi.py",
    }


def test_shipped_document_has_the_operations_and_no_prose(tool):
    lines = dict(line.split("\t") for line in SHIPPED.read_text().splitlines()[1:])

    assert set(tool.OPERATIONS) == {name for name in lines if " " in name}
    assert list(lines) == sorted(lines)
    assert not [name for name, schema in lines.items() if '"description":"' in schema or '"title":"' in schema]


def test_prose_goes_and_bounds_stay(packed):
    text = {"type": "string", "description": "A name.", "title": "Name", "example": "x", "maxLength": 3, "x-oai": 1}

    assert packed(text) == {"type": "string", "maxLength": 3}


def test_bound_of_one_stays(packed):
    number = {"type": "number", "minimum": 1, "maximum": 1}

    assert packed(number) == number


@pytest.mark.parametrize(
    "null",
    [
        {"type": "string", "nullable": True},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"anyOf": [A_REF, {"type": "null"}]},
        {"nullable": True, "oneOf": [{"type": "string"}]},
        {"$ref": "#/components/schemas/Null"},
    ],
)
def test_member_that_may_be_null_need_not_be_there(packed, null):
    schema = {"type": "object", "properties": {"a": null, "b": A_REF}, "required": ["a", "b"]}

    found = packed(schema, Null={"anyOf": [{"type": "string"}, {"type": "null"}]})

    assert found["required"] == ["b"]
    assert found["properties"]["a"] in ({"type": "string"}, {"$ref": "Null"})


def test_parts_of_an_object_are_merged_by_name(packed):
    base = {"type": "object", "properties": {"c": A_REF, "a": {"type": "boolean"}}, "required": ["c"]}
    more = {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"]}

    found = packed({"allOf": [{"$ref": "#/components/schemas/Base"}, more]}, Base={"allOf": [base]})

    assert found == {
        "type": "object",
        "properties": {"a": {"type": "boolean"}, "b": {"type": "integer"}, "c": {"$ref": "A"}},
        "required": ["c", "b"],
    }
    assert list(found["properties"]) == ["a", "b", "c"]


def test_string_beside_some_strings_is_any_string(packed):
    models = {"anyOf": [{"type": "string"}, {"type": "string", "enum": ["a", "b"]}]}

    assert packed(models) == {"type": "string"}


def tagged(value, *, optional=False, tag="type"):
    required = {} if optional else {"required": [tag]}
    return {"type": "object", "properties": {tag: {"type": "string", "enum": [value]}}, **required}


@pytest.mark.parametrize("tag", ["type", "role"])
def test_member_that_tells_objects_apart_is_the_discriminator(packed, tag):
    one, two = tagged("one", tag=tag), tagged("two", tag=tag, optional=True)

    assert packed({"oneOf": [{"type": "string"}, one, two]}) == {
        "oneOf": [{"type": "string"}, one, two],
        "discriminator": tag,
    }


def test_objects_that_nothing_tells_apart_have_no_discriminator(packed):
    named = {"type": "object", "properties": {"type": {"type": "string"}}}

    assert packed({"anyOf": [tagged("one"), named]}) == {"oneOf": [tagged("one"), named]}


def test_union_within_a_union_is_one_union(packed):
    inner = {"type": "object", "oneOf": [tagged("two"), tagged("three")], "discriminator": {"propertyName": "type"}}
    outer = {"oneOf": [tagged("one"), {"type": "object", "title": "I", "$ref": "#/components/schemas/Inner"}]}

    found = packed(outer, Inner=inner)

    assert found == {"oneOf": [tagged("one"), tagged("two"), tagged("three")], "discriminator": "type"}


def test_schema_that_refers_to_itself_does_so_by_name(packed):
    schema = {
        "$recursiveAnchor": True,
        "type": "object",
        "properties": {"parts": {"type": "array", "items": {"$recursiveRef": "#"}}},
    }

    assert packed(schema)["properties"]["parts"] == {"type": "array", "items": {"$ref": "S"}}


@pytest.mark.parametrize("schema", [{"type": "string", "contentEncoding": "base64"}, {**A_REF, "maxLength": 3}])
def test_what_the_packer_does_not_know_ends_it(packed, schema):
    with pytest.raises(SystemExit, match=r"^S: the packer does not know what \['\$?\w+'(, 'maxLength')?\] says here$"):
        packed(schema)


def test_operation_of_the_document_counts_before_the_one_that_the_packer_knows(tool, monkeypatch):
    monkeypatch.setattr(tool, "OPERATIONS", ("POST /conversations/{conversation_id}",))
    body = {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}
    document = {"paths": {"/conversations/{conversation_id}": {"post": body}}, "components": {"schemas": {}}}

    assert tool.Packer(document).pack() == {"POST /conversations/{conversation_id}": {"type": "object"}}
