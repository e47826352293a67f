"""Requests of the Responses API as scripts see them: in chat's form."""

import json

import httpx
import pytest
from asking import KEY
from chat_wire import wire
from engines import ask, scripted
from responses_wire import AZURE, FUNCTION, URL, asking, decoded

from fakellm import FakeLLM, ToolCall
from fakellm._dialects.responses.dialect import RESPONSES
from fakellm._dialects.table import DIALECTS
from fakellm._wire.dialect import LENIENT

QUESTION = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "18"}
CALLED = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": []}


def said(text, **fields):
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}], **fields}


def assistant(content=None, *calls):
    return {"role": "assistant", "content": content, **({"tool_calls": list(calls)} if calls else {})}


def tool(content, call_id="c1"):
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def called(name, arguments, call_id="c1"):
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    "url",
    [URL, AZURE, "https://api.deepseek.com/responses", "http://localhost:1/a/responses/", "https://x/V1//Responses"],
)
def test_path_ends_with_responses(url):
    assert DIALECTS.find(wire(url=url))[0] is RESPONSES


@pytest.mark.parametrize(
    "request_sent", [wire(method="GET", url=URL), wire(url=URL + "/tokens"), wire(url=URL.replace("s", "z"))]
)
def test_other_requests_are_not_claimed(request_sent):
    assert DIALECTS.find(request_sent) is None


@pytest.mark.parametrize(
    ("items", "messages"),
    [
        ("hi", [QUESTION]),
        ([], []),
        ([QUESTION], [QUESTION]),
        ([{"type": "message", **QUESTION}], [QUESTION]),
        ([{"role": "developer", "content": "Be brief."}], [{"role": "developer", "content": "Be brief."}]),
        ([{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}], [QUESTION]),
        (
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "What is it?"},
                        {"type": "input_image", "image_url": "data:x", "detail": "low"},
                        {"type": "input_image", "file_id": "file-1"},
                        {"type": "input_file", "file_id": "file-2"},
                        {"type": "input_audio", "data": "x"},
                    ],
                }
            ],
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is it?"},
                        {"type": "image_url", "image_url": {"url": "data:x", "detail": "low"}},
                        {"type": "image_url", "image_url": {"url": "", "detail": "auto"}},
                        {"type": "file", "file": {"file_id": "file-2"}},
                        {"type": "input_audio", "data": "x"},
                    ],
                }
            ],
        ),
        ([said("Hello")], [assistant("Hello")]),
        ([said("a"), said("b")], [assistant("a"), assistant("b")]),
        ([CALL, RESULT], [assistant(None, CALLED), tool("18")]),
        ([said("One moment"), CALL, RESULT], [assistant("One moment", CALLED), tool("18")]),
        ([CALL, said("One moment")], [assistant("One moment", CALLED)]),
        (
            [CALL, {**CALL, "call_id": "c2"}],
            [assistant(None, CALLED, {**CALLED, "id": "c2"})],
        ),
        ([REASONING, CALL, RESULT, REASONING, said("Done")], [assistant(None, CALLED), tool("18"), assistant("Done")]),
        (
            [{"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "18"}]}],
            [tool("18")],
        ),
        (
            [
                {"type": "custom_tool_call", "call_id": "c1", "name": "sql", "input": "select 1"},
                {"type": "custom_tool_call_output", "call_id": "c1", "output": "1"},
            ],
            [
                assistant(None, {"id": "c1", "type": "custom", "custom": {"name": "sql", "input": "select 1"}}),
                tool("1"),
            ],
        ),
        (
            [
                {"type": "shell_call", "call_id": "c1", "action": {"commands": ["ls"]}},
                {
                    "type": "shell_call_output",
                    "call_id": "c1",
                    "output": [{"stdout": "a\n", "stderr": "b", "outcome": {"type": "exit", "exit_code": 0}}],
                },
            ],
            [assistant(None, called("shell", '{"commands":["ls"]}')), tool("a\nb")],
        ),
        (
            [
                {"type": "computer_call", "call_id": "c1", "actions": [{"type": "wait"}]},
                {
                    "type": "computer_call_output",
                    "call_id": "c1",
                    "output": {"type": "computer_screenshot", "image_url": "data:x"},
                },
            ],
            [
                assistant(None, called("computer", '[{"type":"wait"}]')),
                tool([{"type": "image_url", "image_url": {"url": "data:x", "detail": "auto"}}]),
            ],
        ),
        (
            [{"type": "apply_patch_call", "call_id": "c1", "operation": {"type": "delete_file", "path": "a"}}],
            [assistant(None, called("apply_patch", '{"type":"delete_file","path":"a"}'))],
        ),
        (
            [
                {"type": "web_search_call", "id": "ws_1", "action": {}},
                {"type": "tool_search_call", "call_id": None, "arguments": {}},
                {"type": "compaction", "encrypted_content": "x"},
                {"type": 1},
            ],
            [],
        ),
    ],
)
def test_items_are_messages(items, messages):
    assert decoded(items, strictness=LENIENT).messages == messages


def test_instructions_are_the_first_message():
    request = decoded("hi", instructions="Be brief.")

    assert request.messages == [{"role": "system", "content": "Be brief."}, QUESTION]
    assert request.system_texts == ("Be brief.",)


@pytest.mark.parametrize("instructions", [None, ""])
def test_instructions_that_are_empty_are_no_message(instructions):
    assert decoded("hi", instructions=instructions).messages == [QUESTION]


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({"max_output_tokens": 20}, "limit", 20),
        ({"stream": True}, "stream", True),
        ({"include": ["message.output_text.logprobs"], "top_logprobs": 2}, "top_logprobs", 2),
        ({"include": ["message.output_text.logprobs"]}, "top_logprobs", 0),
        ({"top_logprobs": 2}, "top_logprobs", None),
        ({"parallel_tool_calls": False}, "one_call_at_most", True),
        ({"tools": [FUNCTION, {"type": "custom", "name": "sql"}]}, "tool_names", ("f", "sql")),
        ({"tools": [{"type": "namespace", "name": "n", "tools": [FUNCTION]}]}, "tool_names", ("f",)),
        ({"tools": [{"type": "web_search"}]}, "tool_names", ()),
        ({"tools": [{"type": "web_search"}]}, "tools", [{"type": "web_search"}]),
        ({"tool_choice": {"type": "function", "name": "f"}}, "forced_tool", "f"),
        ({"tool_choice": {"type": "custom", "name": "sql"}}, "forced_tool", "sql"),
        ({"tool_choice": {"type": "mcp", "server_label": "s", "name": "t"}}, "forced_tool", None),
        ({"tool_choice": {"type": "web_search"}}, "must_call", None),
        ({"tool_choice": "required"}, "must_call", "tool_choice 'required'"),
        ({"tool_choice": "none"}, "must_not_call", "tool_choice 'none'"),
        (
            {"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]}},
            "allowed_tools",
            ("f",),
        ),
        ({"text": {"format": {"type": "json_object"}}}, "response_format", {"type": "json_object"}),
        (
            {"text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}}},
            "strict_schema",
            {"type": "object"},
        ),
        (
            {"tools": [{**FUNCTION, "strict": True}]},
            "tools",
            [{"type": "function", "function": {**FUNCTION, "strict": True}}],
        ),
    ],
)
def test_parameters_mean_what_they_mean_in_chat(fields, name, value):
    found = getattr(decoded("hi", strictness=LENIENT, **fields), name)

    if name == "tools" and "function" in value[0]:
        value[0]["function"].pop("type")
    assert found == value


def test_body_is_as_it_was_sent():
    request = decoded("hi", model="gpt-5", reasoning={"effort": "low"}, text={"verbosity": "low"})

    assert request.body == {
        "model": "gpt-5",
        "input": "hi",
        "reasoning": {"effort": "low"},
        "text": {"verbosity": "low"},
    }
    assert (request.as_chat["reasoning_effort"], request.as_chat["verbosity"]) == ("low", "low")
    assert (request.endpoint, request.model) == ("responses", "gpt-5")


def test_custom_tool_is_called_as_one():
    assert decoded("hi", tools=[{"type": "custom", "name": "sql"}]).call_kind("sql") == "custom"


def test_conditions_of_chat_hold():
    llm = FakeLLM()
    llm.when(user="weather", tool="f", system="brief", turn=0, endpoint="responses").reply(ToolCall("f", {"a": 1}))
    llm.when(tool_result="18", turn=1).reply("Mild.")
    first = {"model": "gpt-4o", "input": "weather?", "instructions": "Be brief.", "tools": [FUNCTION]}

    with llm:
        output = httpx.post(URL, headers=KEY, json=first).json()["output"]
        back = [{"role": "user", "content": "weather?"}, *output]
        back.append({"type": "function_call_output", "call_id": output[0]["call_id"], "output": "18"})
        second = httpx.post(URL, headers=KEY, json={**first, "input": back}).json()

    assert second["output"][0]["content"][0]["text"] == "Mild."
    assert llm.calls[1].messages[2]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a":1}'}
    assert llm.transcript().split("\n") == [
        "call 1: POST /v1/responses gpt-4o [200]",
        "  system: Be brief.",
        "  user: weather?",
        '  => calls f({"a":1})',
        "call 2: POST /v1/responses gpt-4o [200]",
        '  assistant calls f({"a":1})',
        "  tool: 18",
        "  => Mild.",
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"?", (None, None)),
        ({"input": "hi"}, ("model", "missing_required_parameter")),
        ({"model": "", "input": "hi"}, ("model", "missing_required_parameter")),
        ({"model": 1, "input": "hi"}, ("model", "invalid_type")),
        ({"model": "gpt-4o"}, ("input", "missing_required_parameter")),
        ({"model": "gpt-4o", "input": 1}, ("input", "invalid_type")),
    ],
)
def test_what_cannot_be_read_is_rejected(body, error):
    answer = ask(scripted("never"), wire(body, url=URL))

    assert answer.status == 400
    assert (answer.error["param"], answer.error["code"]) == error


def test_unknown_model_is_400_and_not_404():
    llm = FakeLLM(models=["gpt-4o"], allow_rejected=True)
    with llm:
        answer = httpx.post(URL, headers=KEY, json={"model": "gpt-6o", "input": "hi"})

    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "message": "The requested model 'gpt-6o' does not exist.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }


@pytest.mark.parametrize("url", [AZURE, f"{AZURE}/input_tokens"])
def test_unknown_model_is_an_unknown_deployment_on_azure(url):
    llm = FakeLLM(models=["gpt-4o"], allow_rejected=True)
    with llm:
        answer = httpx.post(url, headers=KEY, json={"model": "gpt-6o", "input": "hi"})

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "DeploymentNotFound"


def test_one_script_answers_both_apis():
    llm = FakeLLM()
    llm.reply(ToolCall("f", {"a": 1}), "Done.", times=2)
    chat = {"model": "gpt-4o", "messages": [QUESTION], "tools": [{"type": "function", "function": {"name": "f"}}]}

    with llm:
        url = "https://api.openai.com/v1/chat/completions"
        said_in_chat = [httpx.post(url, headers=KEY, json=chat).json()["choices"][0]["message"] for _ in range(2)]
        asked = {"model": "gpt-4o", "input": "hi", "tools": [FUNCTION]}
        responses = [httpx.post(URL, headers=KEY, json=asked).json()["output"][0] for _ in range(2)]

    assert said_in_chat[0]["tool_calls"][0]["function"] == {"name": responses[0]["name"], "arguments": '{"a":1}'}
    assert said_in_chat[1]["content"] == responses[1]["content"][0]["text"] == "Done."
    assert [call.endpoint for call in llm.calls] == ["chat", "chat", "responses", "responses"]
    assert [call.name for call in llm.calls.tool_calls] == ["f", "f"]


def test_ids_derive_from_all_that_is_asked():
    first, again, other = (ask(scripted("a"), asking(**fields)).json for fields in ({}, {}, {"store": False}))

    assert json.dumps(first) == json.dumps(again)
    assert first["id"] != other["id"]
