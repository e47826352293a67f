"""Responses and their events hold to the OpenAPI document, patched where the wire is known to differ."""

import pytest
from chat_wire import wire
from engines import ask, make_engine, scripted
from openapi_document import needs_document, validate
from responses_wire import AZURE, DEEPSEEK, ENCRYPTED, FUNCTION, URL, answered, asking, streamed

from fakellm import ErrorReply, Reasoning, Reply, ToolCall, faults

pytestmark = needs_document

CALL = ToolCall("f", {"city": "Zürich 😀"})
CITATION = {"type": "url_citation", "url": "https://example.com", "title": "E", "start_index": 0, "end_index": 2}
FILE = {"type": "file_citation", "file_id": "file-1", "filename": "a.txt", "index": 1}
CONTAINER = {
    "type": "container_file_citation",
    "container_id": "cntr_1",
    "file_id": "cfile_1",
    "filename": "a.csv",
    "start_index": 0,
    "end_index": 1,
}
TOOL = {"name": "t", "input_schema": {"type": "object"}, "description": None, "annotations": None}
OUTPUT = {"stdout": "3\n", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}
PATCH = {"type": "create_file", "path": "a.txt", "diff": "+a"}
CLOSED = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
STRICT = {**FUNCTION, "parameters": CLOSED, "strict": True}
HOSTED = {
    "web search": {"type": "web_search_call", "action": {"type": "search", "query": "x", "queries": ["x"]}},
    "page": {"type": "web_search_call", "action": {"type": "open_page", "url": "https://example.com"}},
    "file search": {"type": "file_search_call", "queries": ["x"]},
    "file search with results": {
        "type": "file_search_call",
        "queries": ["x"],
        "results": [{"file_id": "f", "score": 1}],
    },
    "code": {"type": "code_interpreter_call", "code": "print(1)", "container_id": "cntr_1"},
    "code with outputs": {
        "type": "code_interpreter_call",
        "code": "print(1)",
        "container_id": "cntr_1",
        "outputs": [{"type": "logs", "logs": "1"}],
    },
    "mcp": {"type": "mcp_call", "server_label": "s", "name": "t", "arguments": '{"a":1}', "output": "ok"},
    "failed mcp": {
        "type": "mcp_call",
        "server_label": "s",
        "name": "t",
        "status": "failed",
        "error": {"type": "mcp_protocol_error", "code": 1, "message": "no"},
    },
    "mcp tools": {"type": "mcp_list_tools", "server_label": "s", "tools": [TOOL]},
    "no mcp tools": {"type": "mcp_list_tools", "server_label": "s", "error": "no"},
    "approval": {"type": "mcp_approval_request", "server_label": "s", "name": "t", "arguments": "{}"},
    "image": {"type": "image_generation_call", "result": "iVBORw0KGgo="},
    "computer": {"type": "computer_call", "action": {"type": "click", "button": "left", "x": 1, "y": 2}},
    "local shell": {"type": "local_shell_call", "action": {"type": "exec", "command": ["ls"], "env": {}}},
    "shell": {
        "type": "shell_call",
        "action": {"commands": ["ls -l", "pwd"], "timeout_ms": None, "max_output_length": None},
    },
    "shell output": {"type": "shell_call_output", "call_id": "call_1", "output": [OUTPUT]},
    "patch": {"type": "apply_patch_call", "operation": PATCH},
    "tool search": {"type": "tool_search_call", "arguments": {"paths": ["f"]}},
    "tools found": {"type": "tool_search_output", "tools": [STRICT]},
    "compaction": {"type": "compaction", "encrypted_content": "gAAAAA"},
}
REPLIES = {
    "text": "Hello there, world! 字 👩‍🔬",
    "empty": "",
    "no parts": Reply(parts=[]),
    "one call": CALL,
    "calls": [CALL, ToolCall("f", "{broken", id="mine")],
    "text and call": Reply("One moment", tool_calls=CALL),
    "custom call": ToolCall("sql", "select 1"),
    "length": Reply("half an ans", finish_reason="length"),
    "content filter": Reply("half", finish_reason="content_filter"),
    "failed": Reply("half", finish_reason="failed"),
    "refusal": Reply(refusal="I cannot help with that."),
    "reasoning": Reply("4", reasoning="Two and two make four."),
    "sealed": Reply(parts=[Reasoning("Hm.", signature="abc"), Reasoning("", redacted=True), "4"]),
    "object": Reply(parsed={"city": "Paris"}),
    "pieces": Reply(chunks=["He", "", "llo"]),
    "usage": Reply("a", usage={"completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}}),
    "no usage": Reply("a", usage=False),
    "annotations": Reply(
        parts=[{"type": "message", "content": [{"text": "See it.", "annotations": [CITATION, FILE, CONTAINER]}]}]
    ),
    "text and refusal": Reply(
        parts=[{"role": "assistant", "content": [{"text": "a"}, {"type": "refusal", "refusal": "No."}]}]
    ),
    "summaries": Reply(
        parts=[{"type": "reasoning", "summary": [{"type": "summary_text", "text": text} for text in ("a b", "c")]}]
    ),
    **{name: Reply(parts=[item]) for name, item in HOSTED.items()},
}
TOOLS = [FUNCTION, {"type": "custom", "name": "sql"}]
CITY = {"properties": {"city": {"type": "string"}}, "required": ["city"]}
OBJECT = {"type": "object", "additionalProperties": False, **CITY}
SCHEMA = {"type": "json_schema", "name": "city", "schema": OBJECT, "strict": True}
ANSWERS = {
    kind: {"type": f"{kind}_output", "output": output}
    for kind, output in [
        ("function_call", "18"),
        ("custom_tool_call", "18"),
        ("computer_call", {"type": "computer_screenshot"}),
        ("shell_call", []),
    ]
}
ANSWERS["local_shell_call"] = {"type": "local_shell_call_output", "output": "a"}
ANSWERS["apply_patch_call"] = {"type": "apply_patch_call_output", "status": "completed"}
SHELL = {"type": "shell_call", "action": {"commands": ["ls"]}}
PARAMETERS = {
    "plain": {},
    "reasoning": {"model": "gpt-5.5", "reasoning": {"effort": "low", "summary": "auto"}, "include": [ENCRYPTED]},
    "logprobs": {"include": ["message.output_text.logprobs"], "top_logprobs": 2},
    "limit": {"max_output_tokens": 16},
    "unpadded": {"stream_options": {"include_obfuscation": False}},
    "object": {"input": "as json", "text": {"format": {"type": "json_object"}, "verbosity": "low"}},
    "schema": {"text": {"format": SCHEMA}},
    "all": {
        "instructions": "Be brief.",
        "metadata": {"a": "b"},
        "store": False,
        "temperature": 0,
        "service_tier": "flex",
        "truncation": "auto",
        "parallel_tool_calls": True,
        "max_tool_calls": 3,
        "safety_identifier": "me",
        "prompt_cache_key": "k",
        "background": False,
    },
}
ERRORS = {
    "rate_limited": ErrorReply.rate_limited(),
    "model_not_found": ErrorReply.model_not_found(),
    "server_error": ErrorReply.server_error(),
    "full": ErrorReply(400, message="m", code="c", type="t", param="p"),
}
REFUSED = {
    "unmatched": asking(),
    "no JSON": wire(b"?", url=URL),
    "no model": wire({}, url=URL),
    "no input": wire({"model": "gpt-4o"}, url=URL),
}


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS)
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_response_holds_to_the_document(reply, parameters):
    validate(answered(reply, tools=TOOLS, **parameters), "Response")


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS)
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_every_event_holds_to_the_document(reply, parameters):
    for number, event in enumerate(streamed(reply, tools=TOOLS, **parameters)):
        assert event["sequence_number"] == number
        validate(event, "ResponseStreamEvent")
        if "response" in event:
            validate(event["response"], "Response")


def call_id_in(item):
    """Where the output of a call has its id."""
    return "id" if item["type"] == "local_shell_call" else "call_id"


@pytest.mark.parametrize("fields", [{}, {"include": [ENCRYPTED]}, {"store": False}])
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_output_is_taken_back(reply, fields):
    engine = scripted(reply, "Done.")
    asked = {"model": "gpt-5", "tools": TOOLS, **fields}
    output = ask(engine, asking(**asked)).json["output"]
    answers = [
        {**ANSWERS[item["type"]], call_id_in(item): item["call_id"]} for item in output if item["type"] in ANSWERS
    ]
    begun = [{"role": "user", "content": "hi"}]
    begun += [{**SHELL, "call_id": item["call_id"]} for item in output if item["type"] == "shell_call_output"]

    answer = ask(engine, asking([*begun, *output, *answers], **asked))

    assert answer.status == 200, answer.body


def test_events_in_the_background_hold_to_the_document():
    for event in streamed("a", background=True):
        validate(event, "ResponseStreamEvent")


@pytest.mark.parametrize("url", [AZURE, DEEPSEEK, "http://localhost:8000/v1/responses"])
@pytest.mark.parametrize("reply", [REPLIES["reasoning"], REPLIES["one call"], REPLIES["web search"]])
def test_response_of_another_host_holds_to_the_document(reply, url):
    validate(answered(reply, tools=TOOLS, url=url), "Response")
    for event in streamed(reply, tools=TOOLS, url=url):
        validate(event, "ResponseStreamEvent")


@pytest.mark.parametrize("reply", ERRORS.values(), ids=ERRORS)
def test_error_holds_to_the_document(reply):
    validate(ask(scripted(reply), asking()).json, "ErrorResponse")


@pytest.mark.parametrize("request_sent", REFUSED.values(), ids=REFUSED)
def test_refusal_holds_to_the_document(request_sent):
    validate(ask(make_engine(), request_sent).json, "ErrorResponse")


def test_document_would_find_a_mistake():
    jsonschema = pytest.importorskip("jsonschema")
    response = answered("a")
    del response["output"][0]["content"][0]["annotations"]

    with pytest.raises(jsonschema.ValidationError):
        validate(response, "Response")


@pytest.mark.parametrize("after", [0, 3])
def test_error_in_a_stream_is_nested_and_numbered(after):
    events = streamed(Reply("one two three", fault=faults.error_event(after=after)))

    assert events[-1] == {
        "type": "error",
        "error": {
            "message": "The server had an error while processing your request. Sorry about that! You can retry your "
            "request, or contact us through our help center at help.openai.com if the error persists.",
            "type": "server_error",
            "param": None,
            "code": None,
        },
        "sequence_number": len(events) - 1,
    }
