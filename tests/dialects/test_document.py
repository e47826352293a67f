"""OpenAI's document is compiled into shapes that take what it allows, and patches are laid over it."""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from packed_document import places_of

from fakellm._cassette.file import read_cassette
from fakellm._dialects.chat_checks.patches import AZURE
from fakellm._dialects.openai import document
from fakellm._dialects.openai.document import PATCHES, Compiler, body_of
from fakellm._dialects.openai.misfits import sentence
from fakellm._dialects.shapes import ANY, Misfit

OPERATIONS = sorted(name for name in document._packed() if " " in name)

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
FILTER = {"type": "eq", "key": "year", "value": 2026}
TOOLS = [
    {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True},
    {"type": "file_search", "vector_store_ids": ["v"], "filters": {"type": "and", "filters": [FILTER]}},
    {"type": "web_search", "user_location": {"type": "approximate", "city": "Paris"}},
    {"type": "custom", "name": "g", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
]
ITEMS = [
    {"role": "user", "content": "hi"},
    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "now"}]},
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "x"}]},
    CALL,
    {"type": "function_call_output", "call_id": "c1", "output": "18"},
    {"type": "item_reference", "id": "msg_1"},
]
VALID = {
    "POST /chat/completions": {"model": "m", "messages": [{"role": "user", "content": "hi"}], "metadata": {"a": "b"}},
    "POST /completions": {"model": "m", "prompt": [[1, 2], [3]], "logit_bias": {"1": 2}, "stream": True},
    "POST /embeddings": {"model": "m", "input": ["a", "b"], "encoding_format": "base64", "dimensions": 8},
    "POST /moderations": {"input": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "u"}}]},
    "POST /responses": {
        "model": "m",
        "input": ITEMS,
        "tools": TOOLS,
        "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        "text": {"format": {"type": "json_schema", "name": "A", "schema": {"type": "object"}, "strict": True}},
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "max_output_tokens": 16,
        "conversation": {"id": "conv_1"},
        "service_tier": "flex",
    },
}  # fmt: skip
JUNK = (None, True, 0, -1, 1.5, "", "x", "message", "text", [], ["x"], [1], [[1]], {}, {"type": "x"}, {"id": "x"})


def misfit(operation, body, patches={}):  # noqa: B006  # never changed
    return body_of(operation, patches).misfit(body)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_has_a_shape(operation):
    assert misfit(operation, []).kind == "type"


@pytest.mark.parametrize("operation", VALID)
def test_body_that_the_document_allows_fits(operation):
    assert misfit(operation, VALID[operation]) is None


@pytest.mark.parametrize(
    ("operation", "body", "words"),
    [
        ("POST /embeddings", {"input": "a"}, "Missing required parameter: 'model'."),
        ("POST /embeddings", {"model": "m", "input": [[1], ["a"]]},
         "Invalid type for 'input[1][0]': expected an integer, but got a string instead."),
        ("POST /embeddings", {"model": "m", "input": "a", "size": 1}, "Unknown parameter: 'size'."),
        ("POST /responses", {"input": [{"type": "function_call", "call_id": "c1"}]},
         "Missing required parameter: 'input[0].name'."),
        ("POST /responses", {"input": [{"type": "reasoning", "id": "rs_1", "summary": [{"type": "text"}]}]},
         "Invalid value: 'text'. Supported values are: 'summary_text'."),
        ("POST /responses", {"input": [{"role": "user"}]}, "Missing required parameter: 'input[0].content'."),
        ("POST /responses", {"max_output_tokens": 10}, "Invalid 'max_output_tokens': integer below minimum value. "
         "Expected a value >= 16, but got 10 instead."),
        ("POST /responses", {"input": 7},
         "Invalid type for 'input': expected one of a string or array of objects, but got an integer instead."),
        ("POST /responses/input_tokens", {"tools": [{"type": "function", "function": {"name": "f"}}]},
         "Missing required parameter: 'tools[0].name'."),
        ("POST /conversations/{conversation_id}/items", {}, "Missing required parameter: 'items'."),
        ("POST /chat/completions/{completion_id}", {"metadata": {"a": "x" * 513}},
         "Invalid 'metadata.a': string too long. Expected a string with maximum length 512, but got a string with "
         "length 513 instead."),
    ],
)  # fmt: skip
def test_body_that_it_does_not_allow_is_told_in_openais_words(operation, body, words):
    assert sentence(misfit(operation, body)).message == words


def test_filter_holds_filters_to_any_depth():
    def search(filters):
        tool = {"type": "file_search", "vector_store_ids": [], "filters": filters}
        return misfit("POST /responses", {"tools": [tool]})

    def nested(innermost, depth):
        return {"type": "or", "filters": [FILTER, nested(innermost, depth - 1)]} if depth else innermost

    assert search(nested(FILTER, 20)) is None
    found = search(nested({"type": "eq", "key": 7, "value": 1}, 3))
    assert (found.kind, found.path) == ("type", ("tools", 0, "filters", *("filters", 1) * 3, "key"))


@pytest.mark.parametrize("patches", [PATCHES, AZURE], ids=["shared", "chat"])
def test_no_patch_lies_where_there_is_nothing(patches):
    operations = OPERATIONS if patches is PATCHES else ["POST /chat/completions"]

    assert set(patches) <= places_of({**PATCHES, **patches}, *operations)


def test_patch_is_laid_over_the_document():
    patches = {"CreateEmbeddingRequest.dimensions": {"maximum": 9}, "CreateEmbeddingRequest.input[]": {"minLength": 1}}
    body = {"model": "m", "input": ["a"], "dimensions": 9}

    assert misfit("POST /embeddings", body, patches) is None
    assert misfit("POST /embeddings", {**body, "dimensions": 0}, patches).kind == "range"
    assert misfit("POST /embeddings", {**body, "dimensions": 10}, patches).kind == "range"
    assert misfit("POST /embeddings", {**body, "input": [""]}, patches).kind == "short"


def test_patch_adds_members_and_keeps_those_of_the_document():
    shape = body_of("POST /embeddings", {"CreateEmbeddingRequest": {"properties": {"extra": {}}}})

    assert shape.members["extra"] is ANY
    assert shape.members["user"] is not ANY


def test_patch_lies_over_a_schema_where_it_is_referred_to():
    shape = body_of("POST /responses", {"CreateResponse.model": {"maxLength": 2}})

    assert shape.misfit({"model": "abc"}).kind == "long"
    assert shape.misfit({"model": 7}).kind == "type"


def test_patch_may_be_a_rule():
    patches = {"InputItem": {"rule": lambda item: Misfit("missing", ("x",)) if item.get("id") == "no" else None}}

    assert misfit("POST /responses", {"input": [{"type": "item_reference", "id": "yes"}]}, patches) is None
    found = misfit("POST /responses", {"input": [{"type": "item_reference", "id": "no"}]}, patches)
    assert found == Misfit("missing", ("input", 0, "x"))


def recorded(folder):
    """Yield (operation, request) of what api.openai.com took."""
    for file in folder:
        for interaction in read_cassette(file):
            request, operation = interaction.request, f"POST {interaction.request.path.removeprefix('/v1')}"
            if request.host == "api.openai.com" and interaction.response.status == 200 and operation in OPERATIONS:
                yield operation, json.loads(request.body)


def test_what_openai_took_fits(real_cassettes):
    found = [(operation, misfit(operation, body)) for operation, body in recorded(real_cassettes)]

    assert [wrong for wrong in found if wrong[1]] == []
    assert len(found) > 30
    assert len({operation for operation, _ in found}) > 3


@cache
def oracle(operation):
    jsonschema = pytest.importorskip("jsonschema")
    if not (path := os.environ.get("FAKELLM_OPENAPI")):
        pytest.skip("FAKELLM_OPENAPI names no OpenAPI document")
    whole = json.loads(Path(path).read_text())
    content = whole["paths"][operation.removeprefix("POST ")]["post"]["requestBody"]["content"]
    schema = {**as_the_shapes_have_it(content["application/json"]["schema"]), "components": {"schemas": {}}}
    for name, part in whole["components"]["schemas"].items():
        schema["components"]["schemas"][name] = as_the_shapes_have_it(part)
    return jsonschema.Draft202012Validator(schema)


def as_the_shapes_have_it(schema):
    """Say in 2020-12 what 3.0 left behind; where several alternatives of ``oneOf`` fit, that is no mistake."""
    if isinstance(schema, list):
        return [as_the_shapes_have_it(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: as_the_shapes_have_it(part) for name, part in schema.items() if name != "nullable"}
    if "oneOf" in schema:
        schema["anyOf"] = schema.pop("oneOf")
    if "$recursiveRef" in schema:
        return {"$ref": "#/components/schemas/CompoundFilter"}
    if isinstance(schema.get("required"), list):
        schema["required"] = [name for name in schema["required"] if name not in MAY_BE_NULL]
    return schema


# Of a function tool, of a completion: they must be there, but may be null, which counts as absent.
MAY_BE_NULL = ("strict", "parameters", "prompt")
MAPS = ("metadata", "logit_bias")


def without_nulls(value):
    """Drop members that are null, but not those of maps."""
    if isinstance(value, dict):
        return {n: part if n in MAPS else without_nulls(part) for n, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


def places(value, path=()):
    """Yield the path to everything within a value."""
    for name, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, name)
        yield from places(item, (*path, name))


def changed(body, chance):
    """Return a body with one place in it dropped or replaced."""
    body = copy.deepcopy(body)
    *way, last = chance.choice([*places(body)])
    holder = body
    for name in way:
        holder = holder[name]
    if chance.random() < 0.2:
        del holder[last]
    else:
        holder[last] = copy.deepcopy(chance.choice(JUNK))
    return body


@pytest.mark.parametrize("operation", VALID)
def test_shapes_say_what_the_document_says(operation):
    validator, shape, chance = oracle(operation), Compiler({}).named(operation), random.Random(1)
    bodies = [VALID[operation], *(changed(VALID[operation], chance) for _ in range(400))]

    answers = [(shape.misfit(body) is None, validator.is_valid(without_nulls(body)), body) for body in bodies]

    assert [body for ours, theirs, body in answers if ours != theirs] == []
    assert 0.05 < sum(ours for ours, _, _ in answers) / len(answers) < 0.95


def test_document_is_read_when_a_strict_request_comes_and_once():
    code = (
        "from fakellm import FakeLLM; from fakellm._dialects.openai.document import _packed\n"
        "from fakellm._dialects.chat_checks.patches import openai_body; print(_packed.cache_info().misses)\n"
        "openai_body(); openai_body(); print(_packed.cache_info().misses, openai_body.cache_info().misses)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "0\n1 1\n"
