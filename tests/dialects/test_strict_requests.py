"""Requests nobody wrote down: mutated, recorded, and judged by the API's own schema."""

from __future__ import annotations

import copy
import json
import os
from functools import cache
from pathlib import Path

import pytest
from asking import AZURE, ELSEWHERE, KEY, OPENAI, USER, call, decode, read, rejection, tool
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm._cassette.file import read_cassette
from fakellm._dialects.chat.dialect import ChatDialect
from fakellm._dialects.chat_checks.patches import PATCHES, openai_body
from fakellm._dialects.chat_checks.rules import check_request
from fakellm._dialects.openai.document import body_of
from fakellm._dialects.openai.misfits import sentence
from fakellm._dialects.providers import provider_of
from fakellm._wire.dialect import STRICT, Strictness
from fakellm._wire.errors import Rejected
from fakellm._wire.events import WireRequest
from fakellm.tokens._billed_messages import is_plain

CLOSED = {
    "type": "object",
    "properties": {
        "a": {"type": "string", "enum": ["x", "y"]},
        "b": {"anyOf": [{"$ref": "#/$defs/B"}, {"type": "null"}]},
    },
    "required": ["a", "b"],
    "additionalProperties": False,
    "$defs": {"B": {"type": "array", "items": {"type": "number", "minimum": 0}}},
}  # fmt: skip
GRAMMAR = {"definition": "x", "syntax": "lark"}
PARTS = [
    {"type": "text", "text": "json"},
    {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
    {"type": "input_audio", "input_audio": {"data": "", "format": "mp3"}},
    {"type": "file", "file": {"file_id": "file-1"}},
]
VALID = [
    {
        "model": "gpt-4o",
        "messages": [
            {"role": "system", "content": "Answer as JSON.", "name": "boss"},
            {"role": "developer", "content": [{"type": "text", "text": "now"}]},
            {"role": "user", "content": PARTS},
            {"role": "assistant", "content": None, "tool_calls": [call("c1"), call("c2")]},
            {"role": "tool", "tool_call_id": "c2", "content": "18"},
            {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "18"}]},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}], "refusal": None},
            {"role": "function", "name": "f", "content": "x"},
            USER,
        ],
        "tools": [
            tool("f", description="does f", parameters=CLOSED, strict=True),
            tool("g", parameters={"type": "object", "properties": {"x": {"type": "array", "items": {}}}}),
            {"type": "custom", "custom": {"name": "h", "format": {"type": "grammar", "grammar": GRAMMAR}}},
        ],
        "tool_choice": {"type": "function", "function": {"name": "g"}},
        "parallel_tool_calls": False,
        "response_format": {"type": "json_object"},
        "stream": True,
        "stream_options": {"include_usage": True},
    },
    {
        "model": "gpt-4o-audio-preview",
        "messages": [USER],
        "audio": {"voice": "alloy", "format": "wav"},
        "frequency_penalty": 0.5,
        "functions": [{"name": "f", "description": "f", "parameters": {}}],
        "function_call": {"name": "f"},
        "logit_bias": {"50256": -100},
        "logprobs": True,
        "top_logprobs": 5,
        "max_tokens": 100,
        "metadata": {"k": "v"},
        "store": True,
        "modalities": ["text", "audio"],
        "moderation": {"model": "m", "policy": {"input": {"mode": "score"}}},
        "n": 2,
        "prediction": {"type": "content", "content": [{"type": "text", "text": "x"}]},
        "presence_penalty": -0.5,
        "prompt_cache_key": "k",
        "prompt_cache_options": {"ttl": "30m", "mode": "implicit"},
        "prompt_cache_retention": "24h",
        "response_format": {"type": "json_schema", "json_schema": {"name": "A", "schema": CLOSED, "strict": True}},
        "safety_identifier": "s",
        "seed": 1,
        "service_tier": "auto",
        "stop": ["a"],
        "temperature": 0.5,
        "top_p": 1,
        "user": "u",
        "verbosity": "low",
    },
    {
        "model": "gpt-5",
        "messages": [USER],
        "reasoning_effort": "low",
        "max_completion_tokens": 100,
        "temperature": 1,
        "web_search_options": {"user_location": {"type": "approximate", "approximate": {"city": "Paris"}}},
    },
]  # fmt: skip

PARAMETERS = tuple(openai_body().members)
SHORT_CUTS = ("quick", "remembered")
SLOW_PATCHES = {
    place: {keyword: value for keyword, value in patch.items() if keyword not in SHORT_CUTS}
    for place, patch in PATCHES.items()
}
SLOW = body_of("POST /chat/completions", SLOW_PATCHES)
"""The shape of a request without its fast paths."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
WORDS = st.sampled_from(
    ["user", "tool", "assistant", "function", "developer", "text", "object", "array", "c1", "c2", "f", "auto"]
)


def places(value, path=()):
    """Yield the path to everything within a value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from places(item, (*path, name))


@st.composite
def mutated(draw):
    """A valid request with one to three places changed, dropped or doubled."""
    request = copy.deepcopy(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 3))):
        where = draw(st.sampled_from([path for path in places(request) if path] or [()]))
        if not where:
            break
        holder = request
        for name in where[:-1]:
            holder = holder[name]
        match draw(st.sampled_from(["replace", "word", "drop", "double"])):
            case "drop":
                del holder[where[-1]]
            case "double" if isinstance(holder, list):
                holder.insert(where[-1], copy.deepcopy(holder[where[-1]]))
            case "double":
                holder[draw(st.sampled_from([*PARAMETERS, "unknown"]))] = copy.deepcopy(holder[where[-1]])
            case "word":
                holder[where[-1]] = draw(WORDS)
            case _:
                holder[where[-1]] = draw(JSON)
    return request


@pytest.mark.parametrize("request_body", VALID, ids=["tools", "parameters", "reasoning"])
def test_requests_to_mutate_are_valid(request_body):
    assert rejection(request_body) is None


@settings(max_examples=300, deadline=None)
@given(request_body=mutated(), url=st.sampled_from([OPENAI, AZURE, ELSEWHERE]), strict=st.booleans())
def test_nothing_but_rejected_is_ever_raised(request_body, url, strict):
    found = rejection(request_body, url=url, strictness=Strictness(strict=strict))

    assert found is None or found[0] in (400, 401, 403, 404)


@settings(max_examples=300, deadline=None)
@given(request_body=JSON | st.dictionaries(st.sampled_from([*PARAMETERS, "x"]), JSON))
def test_nothing_but_rejected_is_ever_raised_for_any_json(request_body):
    found = rejection(request_body)

    assert found is None or found[0] in (400, 401, 403, 404)


MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "developer"]) | WORDS | JSON},
    optional={"content": st.text(max_size=5) | JSON, "name": st.text(max_size=5) | JSON, "tool_call_id": JSON},
)


def told(misfit):
    return misfit and sentence(misfit)


@settings(max_examples=300, deadline=None)
@given(message=MESSAGES | JSON)
def test_message_that_is_plain_at_a_glance_is_a_message(message):
    message_shape = SLOW.members["messages"].item

    assert not is_plain(message) or message_shape.misfit(message) is None


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant"])
def test_plain_message_is_seen_at_a_glance(role):
    assert is_plain({"role": role, "content": "hi"})


@settings(max_examples=300, deadline=None)
@given(messages=st.lists(MESSAGES, max_size=3))
def test_fast_path_for_messages_agrees_with_the_slow_one(messages):
    fast, slow = (shape.members["messages"] for shape in (openai_body(), SLOW))

    assert told(fast.misfit(messages)) == told(slow.misfit(messages))


@settings(max_examples=300, deadline=None)
@given(request_body=mutated())
def test_fast_path_for_requests_agrees_with_the_slow_one(request_body):
    assert told(openai_body().misfit(request_body)) == told(SLOW.misfit(request_body))


def refusal(request_body, **known):
    """Return the error for a request to OpenAI; None for one that is taken."""
    provider = provider_of("api.openai.com", "/v1/chat/completions")
    try:
        check_request(request_body, request_body["model"], STRICT, provider, size=0, **known)
    except Rejected as rejected:
        return rejected.error
    return None


@settings(max_examples=300, deadline=None)
@given(body=st.sampled_from(VALID), new=st.lists(MESSAGES, max_size=3))
def test_what_was_accepted_before_makes_no_difference(body, new):
    request_body = {**body, "messages": [*body["messages"], *new]}

    assert refusal(request_body, new_messages=new) == refusal(request_body)


def outcome(dialect, request_body, url):
    """Return what a dialect reads in a request, or the error that it finds."""
    try:
        asked = read(WireRequest("POST", url, KEY, json.dumps(request_body).encode()), dialect=dialect)
    except Rejected as rejected:
        return rejected.error
    return asked.body, asked.stream, asked.facts.canonical, asked.facts.prompt_tokens


@settings(max_examples=200, deadline=None)
@given(
    body=st.sampled_from(VALID),
    messages=st.lists(MESSAGES | st.sampled_from([USER, *VALID[0]["messages"]]), max_size=3),
    url=st.sampled_from([OPENAI, AZURE, ELSEWHERE]),
)
def test_what_a_dialect_read_before_makes_no_difference(body, messages, url):
    seasoned, request_body = ChatDialect(), {**body, "messages": messages}
    for before in ([USER], body["messages"]):
        outcome(seasoned, {**body, "messages": before}, url)

    assert outcome(seasoned, request_body, url) == outcome(ChatDialect(), request_body, url)


@pytest.mark.parametrize("request_body", VALID, ids=["tools", "parameters", "reasoning"])
def test_a_request_is_not_changed_by_checking_it(request_body):
    assert decode(request_body).body == json.loads(json.dumps(request_body))


def chat_requests(folder):
    """Yield (file, status, request) of every recorded chat completion."""
    for file in folder:
        for interaction in read_cassette(file):
            if interaction.request.path.endswith("/chat/completions"):
                yield file.name, interaction.response.status, interaction.request


def test_what_providers_took_is_accepted(real_cassettes):
    checked = 0
    for name, status, request in chat_requests(real_cassettes):
        if status == 200:
            error = rejection(request.body, url=request.url, headers={**KEY})
            assert error is None, (name, error)
            checked += 1

    assert checked > 20


def test_what_openai_rejected_is_rejected_in_its_words(real_cassettes):
    found = {}
    for _name, status, request in chat_requests(real_cassettes):
        if status == 400 and request.host == "api.openai.com":
            found[status] = rejection(request.body)

    words = "Web search options not supported with this model."
    assert found == {400: (400, "invalid_request_error", None, "web_search_options", words)}


@cache
def oracle():
    jsonschema = pytest.importorskip("jsonschema")
    if not (path := os.environ.get("FAKELLM_OPENAPI")):
        pytest.skip("FAKELLM_OPENAPI names no OpenAPI document")
    file = Path(path)
    document = json.loads((file / "openapi-subset.json" if file.is_dir() else file).read_text())
    schema = {"$ref": "#/components/schemas/CreateChatCompletionRequest", "components": document["components"]}
    return jsonschema.Draft202012Validator(schema)


def without_nulls(value):
    """Drop members that are null, which count as absent."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def as_the_document_has_it(request_body):
    """Add the content that a function message may lack: the API asks for a name only."""
    found = without_nulls(request_body)
    for message in found["messages"]:
        if message["role"] == "function":
            message.setdefault("content", "")
    return found


@pytest.mark.parametrize("request_body", VALID, ids=["tools", "parameters", "reasoning"])
def test_valid_requests_are_valid_by_the_document(request_body):
    oracle().validate(as_the_document_has_it(request_body))


@settings(max_examples=400, deadline=None)
@given(request_body=mutated())
def test_what_is_accepted_is_valid_by_the_document(request_body):
    validator = oracle()
    try:
        decode(request_body)
    except Rejected:
        return

    validator.validate(as_the_document_has_it(request_body))
