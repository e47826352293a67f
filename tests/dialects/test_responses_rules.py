"""Which requests to Responses are rejected for what they hold, with the sentences of the real API."""

import os
from pathlib import Path

import pytest
import yaml
from chat_wire import wire
from engines import ask, scripted
from packed_document import places_of
from responses_wire import AZURE, FUNCTION, URL, asking

from fakellm import ErrorReply, Reply
from fakellm._dialects.openai.document import PATCHES as SHARED
from fakellm._dialects.responses_checks.patches import PATCHES, openai_body
from fakellm._wire.dialect import LENIENT

RECORDINGS = os.environ.get("FAKELLM_REAL_CASSETTES")
ELSEWHERE = "http://localhost:8000/v1/responses"
STRICT_FORMAT = {"type": "json_schema", "name": "city", "strict": True, "schema": {"type": "object"}}
MOVED = (
    "Unsupported parameter: '{}'. In the Responses API, this parameter has moved to '{}'. Try again with the new "
    "parameter. See the API documentation for more information: "
    "https://platform.openai.com/docs/api-reference/responses/create."
)
TOO_LONG = "Your input exceeds the context window of this model. Please adjust your input and try again."
NOTHING = "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided."
REJECTED = {
    "unknown": ({"foo": 1}, "Unknown parameter: 'foo'.", "foo", "unknown_parameter"),
    **{
        name: ({name: value}, MOVED.format(name, moved), None, "unsupported_parameter")
        for name, value, moved in [
            ("messages", [{"role": "user", "content": "hi"}], "input"),
            ("max_tokens", 20, "max_output_tokens"),
            ("max_completion_tokens", 20, "max_output_tokens"),
            ("response_format", {"type": "json_object"}, "text.format"),
            ("reasoning_effort", "low", "reasoning.effort"),
        ]
    },
    "no input": ({"input": None}, "Missing required parameter: 'input'.", "input", "missing_required_parameter"),
    "empty input": ({"input": []}, NOTHING, None, "missing_required_parameter"),
    "empty text": ({"input": ""}, NOTHING, None, "missing_required_parameter"),
    "temperature": (
        {"temperature": -1},
        "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -1 instead.",
        "temperature",
        "decimal_below_min_value",
    ),
    "limit": (
        {"max_output_tokens": 10},
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 10 instead.",
        "max_output_tokens",
        "integer_below_min_value",
    ),
    "chat's tool": (
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        "Missing required parameter: 'tools[0].name'.",
        "tools[0].name",
        "missing_required_parameter",
    ),
    "strict tool": (
        {"tools": [FUNCTION, {**FUNCTION, "strict": True}]},
        "Invalid schema for function 'f': In context=(), 'additionalProperties' is required to be supplied and to be "
        "false.",
        "tools[1].parameters",
        "invalid_function_parameters",
    ),
    "strict format": (
        {"text": {"format": STRICT_FORMAT}},
        "Invalid schema for response_format 'city': In context=(), 'additionalProperties' is required to be supplied "
        "and to be false.",
        "text.format.schema",
        "invalid_json_schema",
    ),
    "user's output": (
        {"input": [{"role": "user", "content": [{"type": "output_text", "text": "a"}]}]},
        "Invalid value: 'output_text'. Supported values are: 'input_text', 'input_image', and 'input_file'.",
        "input[0].content[0].type",
        "invalid_value",
    ),
    "assistant's input": (
        {"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "a"}]}]},
        "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
        "input[0].content[0].type",
        "invalid_value",
    ),
    "no json": (
        {"text": {"format": {"type": "json_object"}}, "instructions": "as JSON"},
        "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
        "input",
        None,
    ),
    "both": (
        {"previous_response_id": "resp_1", "conversation": "conv_1"},
        "Mutually exclusive parameters. Ensure you are only providing one of: 'previous_response_id' or "
        "'conversation'.",
        None,
        "mutually_exclusive_parameters",
    ),
    "required": (
        {"tool_choice": "required"},
        "Tool choice 'required' must be specified with 'tools' parameter.",
        "tool_choice",
        None,
    ),
    **{
        kind: (
            {"tool_choice": {"type": kind, **named}, "tools": [FUNCTION]},
            f"Tool choice '{kind}' not found in 'tools' parameter.",
            "tool_choice",
            None,
        )
        for kind, named in [
            ("function", {"name": "g"}),
            ("custom", {"name": "f"}),
            ("mcp", {"server_label": "s"}),
        ]
    },
    **{
        f"{name} of a reasoning model": (
            {"model": "gpt-5", name: 0.5},
            f"Unsupported parameter: '{name}' is not supported with this model.",
            name,
            None,
        )
        for name in ("temperature", "top_p")
    },
    "temperature while it reasons": (
        {"model": "gpt-5.2", "temperature": 0.5, "reasoning": {"effort": "low"}},
        "Unsupported parameter: 'temperature' is not supported with this model.",
        "temperature",
        None,
    ),
    "effort of a plain model": (
        {"reasoning": {"effort": "low"}},
        "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
        "reasoning.effort",
        "unsupported_parameter",
    ),
    "length": (
        {"model": "gpt-4", "input": "word " * 9_000},
        TOO_LONG,
        "input",
        "context_length_exceeded",
    ),
}
TAKEN = {
    "json": {"text": {"format": {"type": "json_object"}}, "input": [{"role": "developer", "content": "As JSON."}]},
    "prompt": {"input": None, "prompt": {"id": "pmpt_1"}},
    "required": {"tool_choice": "required", "tools": [FUNCTION]},
    "function": {"tool_choice": {"type": "function", "name": "f"}, "tools": [FUNCTION]},
    "mcp": {
        "tool_choice": {"type": "mcp", "server_label": "s"},
        "tools": [{"type": "mcp", "server_label": "s", "server_url": "https://a.test"}],
    },
    "hosted": {"tool_choice": {"type": "web_search"}, "tools": [{"type": "web_search"}]},
    "usual temperature": {"model": "gpt-5", "temperature": 1, "top_p": None},
    "no effort": {"model": "gpt-5.2", "temperature": 0.5, "reasoning": {"effort": "none"}},
    "unknown model": {"model": "mine", "temperature": 0.5, "reasoning": {"effort": "low"}},
    "cut": {"model": "gpt-4", "input": "word " * 9_000, "truncation": "auto"},
    "younger parameters": {"background_options": {"completion_window": "2h"}, "access_programs": ["a"]},
    "assistant": {"input": [{"role": "assistant", "content": [{"type": "output_text", "text": "a"}]}]},
    "image": {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:x"}]}]},
}
IN_FORM = {"foo": 1, "max_output_tokens": 10, "temperature": -1, "reasoning_effort": "low", "tool_choice": "required"}
WRONG_TYPES = [("input", 1), ("stream", "yes"), ("tools", {}), ("text", "json")]


@pytest.mark.parametrize("url", [URL, AZURE])
@pytest.mark.parametrize(("fields", "message", "param", "code"), REJECTED.values(), ids=REJECTED)
def test_request_is_rejected(fields, message, param, code, url):
    answer = ask(scripted("never"), asking(**fields, url=url))

    assert answer.status == 400
    assert answer.error == {"message": message, "type": "invalid_request_error", "param": param, "code": code}


@pytest.mark.parametrize("fields", TAKEN.values(), ids=TAKEN)
def test_request_is_taken(fields):
    assert ask(scripted(Reply("a", deliberate=True)), asking(**fields)).status == 200


def test_others_reject_no_more_than_wrong_types():
    assert ask(scripted(Reply("a", deliberate=True)), asking(url=ELSEWHERE, **IN_FORM)).status == 200


@pytest.mark.parametrize("options", [{}, {"strictness": LENIENT}])
@pytest.mark.parametrize(("name", "value"), WRONG_TYPES)
@pytest.mark.parametrize("url", [URL, ELSEWHERE])
def test_wrong_types_are_rejected_everywhere(name, value, url, options):
    answer = ask(scripted("never", **options), asking(url=url, **{name: value}))

    assert (answer.status, answer.error["param"], answer.error["code"]) == (400, name, "invalid_type")


def test_nothing_but_the_form_counts_where_it_is_not_strict():
    assert ask(scripted(Reply("a", deliberate=True), strictness=LENIENT), asking(**IN_FORM, input=[])).status == 200


def test_patches_have_their_place():
    assert PATCHES.keys() <= places_of({**SHARED, **PATCHES}, "POST /responses")


@pytest.mark.skipif(not RECORDINGS, reason="FAKELLM_REAL_CASSETTES names no folder of recorded sessions")
def test_recorded_requests_have_the_shape():
    bodies = []
    for path in sorted(Path(RECORDINGS).glob("*.yaml")):
        text = path.read_text()
        for interaction in yaml.safe_load(text)["interactions"] if "/responses\n" in text else ():
            request = interaction["request"]
            if request["uri"].startswith("https://api.openai.com/") and request["uri"].endswith("/responses"):
                bodies.append(request["parsed_body"])

    assert len(bodies) > 10
    assert [misfit for body in bodies if (misfit := openai_body().misfit(body))] == []


@pytest.mark.parametrize("body", [{"items": [{"role": "user"}]}, {"metadata": {"a": 1}}, {"items": [{"type": "?"}]}])
def test_conversation_is_rejected(body):
    answer = ask(scripted("never"), wire(body, url=URL.replace("responses", "conversations")))

    assert answer.status == 400


@pytest.mark.parametrize("fields", [{"model": None}, {"input": [{"role": "?", "content": "a"}]}])
def test_compaction_is_rejected(fields):
    answer = ask(scripted("never"), asking(url=f"{URL}/compact", **fields))

    assert answer.status == 400


@pytest.mark.parametrize(
    ("error", "status", "message", "param"),
    [
        (ErrorReply.model_not_found(), 400, "The requested model 'gpt-4o' does not exist.", "model"),
        (ErrorReply.model_not_found("gpt-6o"), 400, "The requested model 'gpt-6o' does not exist.", "model"),
        (ErrorReply(404), 404, "The model `gpt-4o` does not exist or you do not have access to it.", None),
        (ErrorReply.context_length_exceeded(), 400, TOO_LONG, "input"),
    ],
)
def test_errors_that_a_test_names_are_those_of_responses(error, status, message, param):
    engine = scripted(error)
    answer = ask(engine, asking())

    assert (answer.status, answer.error["message"], answer.error["param"]) == (status, message, param)
    assert [call.status for call in engine.journal] == [status]


@pytest.mark.parametrize("url", [ELSEWHERE, AZURE, URL.replace("responses", "chat/completions")])
def test_model_that_is_not_found_is_404_elsewhere(url):
    body = {"model": "gpt-4o", "input": "hi", "messages": [{"role": "user", "content": "hi"}]}
    del body["input" if "chat" in url else "messages"]

    assert ask(scripted(ErrorReply.model_not_found()), wire(body, url=url)).status == 404
