"""What each parameter may hold: a row for each rejection of api.openai.com, with its words."""

from __future__ import annotations

import pytest
from asking import ELSEWHERE, USER, body, call, rejection, tool

from fakellm._wire.dialect import Strictness


def message(**members):
    return body(messages=[USER, {"role": "user", **members}])


def content(*parts, role="user"):
    return body(messages=[{"role": role, "content": list(parts)}])


def answered(*calls):
    return body(messages=[USER, {"role": "assistant", "tool_calls": list(calls)}])


ROLES = "'system', 'assistant', 'user', 'function', 'tool', and 'developer'"
PARTS = "'text', 'image_url', 'input_audio', 'refusal', 'audio', and 'file'"
NAME = "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."

# (request, code, param, message)
REJECTED = [
    (
        {"model": "gpt-4o"},
        "missing_required_parameter",
        "messages",
        "Missing required parameter: 'messages'.",
    ),
    (
        body(messages="ping"),
        "invalid_type",
        "messages",
        "Invalid type for 'messages': expected an array of objects, but got a string instead.",
    ),
    (
        body(messages=[]),
        "empty_array",
        "messages",
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ),
    (
        body(messages=["ping"]),
        "invalid_type",
        "messages[0]",
        "Invalid type for 'messages[0]': expected an object, but got a string instead.",
    ),
    (
        body(messages=[{"content": "ping"}]),
        "missing_required_parameter",
        "messages[0].role",
        "Missing required parameter: 'messages[0].role'.",
    ),
    (
        body(messages=[{"role": "bot", "content": "ping"}]),
        "invalid_value",
        "messages[0].role",
        f"Invalid value: 'bot'. Supported values are: {ROLES}.",
    ),
    (
        message(content=7),
        "invalid_type",
        "messages[1].content",
        "Invalid type for 'messages[1].content': expected one of a string or array of objects, "
        "but got an integer instead.",
    ),
    (
        message(content=[]),
        "empty_array",
        "messages[1].content",
        "Invalid 'messages[1].content': empty array. Expected an array with minimum length 1, "
        "but got an empty array instead.",
    ),
    (
        message(content="hi", name="Ada Lovelace"),
        "invalid_value",
        "messages[1].name",
        "Invalid 'messages[1].name': string does not match pattern. Expected a string that matches the pattern "
        r"'^[^\s<|\\/>]+$'.",
    ),
    (
        content({"text": "hi"}),
        "missing_required_parameter",
        "messages[0].content[0].type",
        "Missing required parameter: 'messages[0].content[0].type'.",
    ),
    (
        content({"type": "text", "text": "hi"}, {"type": "image", "url": "x"}),
        "invalid_value",
        "messages[0].content[1].type",
        f"Invalid value: 'image'. Supported values are: {PARTS}.",
    ),
    (
        content({"type": "text"}),
        "missing_required_parameter",
        "messages[0].content[0].text",
        "Missing required parameter: 'messages[0].content[0].text'.",
    ),
    (
        content({"type": "image_url", "image_url": "https://example.com/a.png"}),
        "invalid_type",
        "messages[0].content[0].image_url",
        "Invalid type for 'messages[0].content[0].image_url': expected an object, but got a string instead.",
    ),
    (
        content({"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "full"}}),
        "invalid_value",
        "messages[0].content[0].image_url.detail",
        "Invalid value: 'full'. Supported values are: 'auto', 'low', and 'high'.",
    ),
    (
        content({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}, role="system"),
        "invalid_value",
        "messages[0]",
        "Invalid 'messages[0]'. Image URLs are only allowed for messages with role 'user', but this message with "
        "role 'system' contains an image URL.",
    ),
    (
        content({"type": "file", "file": {}}, role="system"),
        "invalid_value",
        "messages[0].content[0].type",
        "Invalid value: 'file'. Supported values are: 'text'.",
    ),
    (
        answered(),
        "empty_array",
        "messages[1].tool_calls",
        "Invalid 'messages[1].tool_calls': empty array. Expected an array with minimum length 1, "
        "but got an empty array instead.",
    ),
    (
        answered({**call(), "id": "c" * 41}),
        "string_above_max_length",
        "messages[1].tool_calls[0].id",
        "Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum length 40, "
        "but got a string with length 41 instead.",
    ),
    (
        answered({"id": "c1", "function": {"name": "f", "arguments": "{}"}}),
        "missing_required_parameter",
        "messages[1].tool_calls[0].type",
        "Missing required parameter: 'messages[1].tool_calls[0].type'.",
    ),
    (
        answered(call(name="get weather")),
        "invalid_value",
        "messages[1].tool_calls[0].function.name",
        f"Invalid 'messages[1].tool_calls[0].function.name': {NAME}",
    ),
    (
        answered({**call(), "function": {"name": "f", "arguments": {}}}),
        "invalid_type",
        "messages[1].tool_calls[0].function.arguments",
        "Invalid type for 'messages[1].tool_calls[0].function.arguments': expected a string, "
        "but got an object instead.",
    ),
    (
        body(tools="none"),
        "invalid_type",
        "tools",
        "Invalid type for 'tools': expected an array of objects, but got a string instead.",
    ),
    (
        body(tools=[]),
        "empty_array",
        "tools",
        "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ),
    (
        body(tools=[tool(f"f{n}") for n in range(129)]),
        "array_above_max_length",
        "tools",
        "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length "
        "129 instead.",
    ),
    (
        body(tools=[{"function": {"name": "f"}}]),
        "missing_required_parameter",
        "tools[0].type",
        "Missing required parameter: 'tools[0].type'.",
    ),
    (
        body(tools=[{"type": "web_search"}]),
        "invalid_value",
        "tools[0].type",
        "Invalid value: 'web_search'. Supported values are: 'function' and 'custom'.",
    ),
    (
        body(tools=[{"type": "function", "name": "f"}]),
        "missing_required_parameter",
        "tools[0].function",
        "Missing required parameter: 'tools[0].function'.",
    ),
    (
        body(tools=[{"type": "function", "function": {}}]),
        "missing_required_parameter",
        "tools[0].function.name",
        "Missing required parameter: 'tools[0].function.name'.",
    ),
    (
        body(tools=[tool(""), tool("g")]),
        "empty_string",
        "tools[0].function.name",
        "Invalid 'tools[0].function.name': empty string. Expected a string with minimum length 1, but got an empty "
        "string instead.",
    ),
    (
        body(tools=[tool("get weather")]),
        "invalid_value",
        "tools[0].function.name",
        f"Invalid 'tools[0].function.name': {NAME}",
    ),
    (
        body(tools=[tool("f\n")]),
        "invalid_value",
        "tools[0].function.name",
        f"Invalid 'tools[0].function.name': {NAME}",
    ),
    (
        body(tools=[tool("f" * 65)]),
        "string_above_max_length",
        "tools[0].function.name",
        "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a "
        "string with length 65 instead.",
    ),
    (
        body(tools=[tool(), {"type": "custom", "custom": {"name": "g", "format": {"type": "xml"}}}]),
        "invalid_value",
        "tools[1].custom.format.type",
        "Invalid value: 'xml'. Supported values are: 'text' and 'grammar'.",
    ),
    (
        body(tools=[tool()], tool_choice=7),
        "invalid_type",
        "tool_choice",
        "Invalid type for 'tool_choice': expected one of one of 'none', 'auto', or 'required' or object, but got an "
        "integer instead.",
    ),
    (
        body(tools=[tool()], tool_choice="f"),
        "invalid_value",
        "tool_choice",
        "Invalid value: 'f'. Supported values are: 'none', 'auto', and 'required'.",
    ),
    (
        body(tools=[tool()], tool_choice={"type": "function", "name": "f"}),
        "missing_required_parameter",
        "tool_choice.function",
        "Missing required parameter: 'tool_choice.function'.",
    ),
    (
        body(functions=[{"parameters": {}}]),
        "missing_required_parameter",
        "functions[0].name",
        "Missing required parameter: 'functions[0].name'.",
    ),
    (
        body(temperature="hot"),
        "invalid_type",
        "temperature",
        "Invalid type for 'temperature': expected a decimal, but got a string instead.",
    ),
    (
        body(temperature=True),
        "invalid_type",
        "temperature",
        "Invalid type for 'temperature': expected a decimal, but got a boolean instead.",
    ),
    (
        body(temperature=2.5),
        "decimal_above_max_value",
        "temperature",
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
    ),
    (
        body(top_p=-1),
        "decimal_below_min_value",
        "top_p",
        "Invalid 'top_p': decimal below minimum value. Expected a value >= 0, but got -1 instead.",
    ),
    (
        body(frequency_penalty=3),
        "decimal_above_max_value",
        "frequency_penalty",
        "Invalid 'frequency_penalty': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
    ),
    (
        body(presence_penalty=-3),
        "decimal_below_min_value",
        "presence_penalty",
        "Invalid 'presence_penalty': decimal below minimum value. Expected a value >= -2, but got -3 instead.",
    ),
    (
        body(n="2"),
        "invalid_type",
        "n",
        "Invalid type for 'n': expected an integer, but got a string instead.",
    ),
    (
        body(n=0),
        "integer_below_min_value",
        "n",
        "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ),
    (
        body(n=129),
        "integer_above_max_value",
        "n",
        "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.",
    ),
    (
        body(max_tokens=0),
        "integer_below_min_value",
        "max_tokens",
        "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ),
    (
        body(max_completion_tokens=0),
        "integer_below_min_value",
        "max_completion_tokens",
        "Invalid 'max_completion_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ),
    (
        body(seed=1.5),
        "invalid_type",
        "seed",
        "Invalid type for 'seed': expected an integer, but got a decimal number instead.",
    ),
    (
        body(logprobs=True, top_logprobs=21),
        "integer_above_max_value",
        "top_logprobs",
        "Invalid 'top_logprobs': integer above maximum value. Expected a value <= 20, but got 21 instead.",
    ),
    (
        body(logit_bias={"50256": 101}),
        "integer_above_max_value",
        "logit_bias.50256",
        "Invalid 'logit_bias.50256': integer above maximum value. Expected a value <= 100, but got 101 instead.",
    ),
    (
        body(stop=["a", "b", "c", "d", "e"]),
        "array_above_max_length",
        "stop",
        "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 "
        "instead.",
    ),
    (
        body(stop=5),
        "invalid_type",
        "stop",
        "Invalid type for 'stop': expected one of a string or array of strings, but got an integer instead.",
    ),
    (
        body(stream="yes"),
        "invalid_type",
        "stream",
        "Invalid type for 'stream': expected a boolean, but got a string instead.",
    ),
    (
        body(stream=True, stream_options={"usage": True}),
        "unknown_parameter",
        "stream_options.usage",
        "Unknown parameter: 'stream_options.usage'.",
    ),
    (
        body(response_format="json"),
        "invalid_type",
        "response_format",
        "Invalid type for 'response_format': expected an object, but got a string instead.",
    ),
    (
        body(response_format={}),
        "missing_required_parameter",
        "response_format.type",
        "Missing required parameter: 'response_format.type'.",
    ),
    (
        body(response_format={"type": "json"}),
        "invalid_value",
        "response_format.type",
        "Invalid value: 'json'. Supported values are: 'json_object', 'json_schema', and 'text'.",
    ),
    (
        body(response_format={"type": "json_schema"}),
        "missing_required_parameter",
        "response_format.json_schema",
        "Missing required parameter: 'response_format.json_schema'.",
    ),
    (
        body(response_format={"type": "json_schema", "json_schema": {"schema": {}}}),
        "missing_required_parameter",
        "response_format.json_schema.name",
        "Missing required parameter: 'response_format.json_schema.name'.",
    ),
    (
        body(response_format={"type": "json_schema", "json_schema": {"name": "List[Answer]", "schema": {}}}),
        "invalid_value",
        "response_format.json_schema.name",
        f"Invalid 'response_format.json_schema.name': {NAME}",
    ),
    (
        body(reasoning_effort="maximal"),
        "invalid_value",
        "reasoning_effort",
        "Invalid value: 'maximal'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and "
        "'max'.",
    ),
    (
        body(service_tier="bogus"),
        "invalid_value",
        "service_tier",
        "Invalid value: 'bogus'. Supported values are: 'auto', 'default', 'fast', 'flex', and 'priority'.",
    ),
    (
        body(service_tier={}),
        "invalid_type",
        "service_tier",
        "Invalid type for 'service_tier': expected one of 'auto', 'default', 'fast', 'flex', or 'priority', but got "
        "an object instead.",
    ),
    (
        body(modalities=["video"]),
        "invalid_value",
        "modalities[0]",
        "Invalid value: 'video'. Supported values are: 'text' and 'audio'.",
    ),
    (
        body(audio={"voice": "alloy"}),
        "missing_required_parameter",
        "audio.format",
        "Missing required parameter: 'audio.format'.",
    ),
    (
        body(prediction={"type": "content"}),
        "missing_required_parameter",
        "prediction.content",
        "Missing required parameter: 'prediction.content'.",
    ),
    (
        body(store=True, metadata={"k": 7}),
        "invalid_type",
        "metadata.k",
        "Invalid type for 'metadata.k': expected a string, but got an integer instead.",
    ),
    (
        body(store=True, metadata={"k": "x" * 513}),
        "string_above_max_length",
        "metadata.k",
        "Invalid 'metadata.k': string too long. Expected a string with maximum length 512, but got a string with "
        "length 513 instead.",
    ),
    (
        body(store=True, metadata={f"k{n}": "v" for n in range(17)}),
        "object_above_max_properties",
        "metadata",
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object "
        "with 17 properties instead.",
    ),
    (
        body(store=True, metadata={"k" * 65: "v"}),
        "property_name_above_max_length",
        "metadata." + "k" * 65,
        "Invalid property name in 'metadata': 'kkk...kkk' is too long. Expected a string with maximum length 64, but "
        "got a string with length 65 instead.",
    ),
    (
        body(safety_identifier="x" * 65),
        "string_above_max_length",
        "safety_identifier",
        "Invalid 'safety_identifier': string too long. Expected a string with maximum length 64, but got a string "
        "with length 65 instead.",
    ),
    (
        body(user={"name": "Ada"}),
        "invalid_type",
        "user",
        "Invalid type for 'user': expected a string, but got an object instead.",
    ),
    (
        body(web_search_options={"search_context_size": "huge"}),
        "invalid_value",
        "web_search_options.search_context_size",
        "Invalid value: 'huge'. Supported values are: 'low', 'medium', and 'high'.",
    ),
    (
        body(moderation={}),
        "missing_required_parameter",
        "moderation.model",
        "Missing required parameter: 'moderation.model'.",
    ),
    (
        body(model=4),
        "invalid_type",
        "model",
        "Invalid type for 'model': expected a string, but got an integer instead.",
    ),
]


@pytest.mark.parametrize(("request_body", "code", "param", "words"), REJECTED, ids=lambda value: str(value)[:60])
def test_wrong_parameter_is_rejected(request_body, code, param, words):
    assert rejection(request_body) == (400, "invalid_request_error", code, param, words)


ACCEPTED = [
    body(),
    body(messages=[{**USER, "name": "weather_agent.1"}]),
    content({"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}),
    content({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}),
    content({"type": "file", "file": {"file_id": "file-1"}}),
    content({"type": "refusal", "refusal": "no"}, role="assistant"),
    body(tools=[tool("f" * 64), tool("get-weather_2"), {"type": "custom", "custom": {"name": "g"}}]),
    body(tools=[tool()], tool_choice="none", parallel_tool_calls=False),
    body(temperature=0, top_p=1, frequency_penalty=-2, presence_penalty=2.0, n=128, seed=-1, max_tokens=1),
    body(stop=["a", "b", "c", "d"]),
    body(stop="a"),
    body(logprobs=True, top_logprobs=0),
    body(logit_bias={"50256": -100}),
    body(store=True, metadata={"k": "v"}),
    body(response_format={"type": "text"}),
    body(response_format={"type": "json_schema", "json_schema": {"name": "Answer", "schema": {}}}),
    body(stream=True, stream_options={"include_usage": True, "include_obfuscation": False}),
    body(functions=[{"name": "f"}], function_call={"name": "f"}),
    body(user="ada", safety_identifier="x", prompt_cache_key="k", service_tier="flex", verbosity="low"),
]


@pytest.mark.parametrize("request_body", ACCEPTED, ids=lambda value: str(value)[:80])
def test_right_parameters_are_accepted(request_body):
    assert rejection(request_body) is None


def test_null_for_an_optional_parameter_counts_as_absent():
    from fakellm._dialects.chat_checks.patches import openai_body

    nulls = dict.fromkeys(name for name in openai_body().members if name not in ("model", "messages"))
    messages = [{**USER, "name": None}, {"role": "assistant", "content": "hi", "tool_calls": None, "audio": None}]

    assert rejection(body(messages=messages, **{**nulls, "tools": [tool(parameters=None, strict=None)]})) is None


@pytest.mark.parametrize(
    ("request_body", "param", "words"),
    [
        (body(temperature="hot"), "temperature", "expected a decimal, but got a string instead."),
        (body(stream=1), "stream", "expected a boolean, but got an integer instead."),
        (body(tools={}), "tools", "expected an array of objects, but got an object instead."),
        (body(stop=1), "stop", "expected one of a string or array of strings, but got an integer instead."),
        (message(content=7), "messages[1].content",
         "expected one of a string or array of objects, but got an integer instead."),
    ],
)  # fmt: skip
def test_wrong_types_are_rejected_on_every_host(request_body, param, words):
    error = (400, "invalid_request_error", "invalid_type", param, f"Invalid type for '{param}': {words}")

    assert rejection(request_body, url=ELSEWHERE) == error


@pytest.mark.parametrize(
    ("request_body", "param", "words"),
    [
        (body(n=10_000_000), "n", "Expected a value <= 1024, but got 10000000 instead."),
        (body(top_logprobs=50_000), "top_logprobs", "Expected a value <= 128, but got 50000 instead."),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_numbers_that_nothing_could_answer_are_rejected_on_every_host(request_body, param, words, strict):
    message = f"Invalid '{param}': integer above maximum value. {words}"
    error = (400, "invalid_request_error", "integer_above_max_value", param, message)

    assert rejection(request_body, url=ELSEWHERE, strictness=Strictness(strict=strict)) == error


@pytest.mark.parametrize("strict", [True, False])
def test_stops_without_number_are_rejected_on_every_host(strict):
    message = (
        "Invalid 'stop': array too long. Expected an array with maximum length 1024, but got an array with length 5000 "
        "instead."
    )
    error = (400, "invalid_request_error", "array_above_max_length", "stop", message)

    assert rejection(body(stop=["x"] * 5000), url=ELSEWHERE, strictness=Strictness(strict=strict)) == error


@pytest.mark.parametrize("request_body", [body(n="many"), body(stop=7), body(top_logprobs=None), body(n=1.5)])
def test_numbers_of_any_type_are_taken_where_the_fake_is_not_strict(request_body):
    assert rejection(request_body, strictness=Strictness(strict=False)) is None


@pytest.mark.parametrize(
    "request_body",
    [
        body(temperature=5),
        body(max_tokens=10.0),
        body(n=500),
        body(stop=list("abcdef")),
        body(tools=[{"type": "web_search"}]),
        body(tools=[]),
        body(messages=[{"role": "bot", "content": [{"type": "thinking", "thinking": []}]}]),
        body(top_k=5, thinking={"type": "enabled"}),
    ],
)
def test_bounds_and_names_of_openai_are_its_own(request_body):
    assert rejection(request_body, url=ELSEWHERE) is None
    assert rejection(request_body) is not None
