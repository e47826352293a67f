"""What an answer of the Responses API says, read back from its bytes."""

import json

import pytest
from engines import ask, scripted
from responses_wire import FUNCTION, asking

from fakellm import Reply, ToolCall, faults
from fakellm._dialects.responses.hear import hear
from fakellm._dialects.table import DIALECTS
from fakellm._wire.voice import Heard

CUSTOM = {"type": "custom", "name": "sql"}
USAGE = {
    "input_tokens": 3,
    "input_tokens_details": {"cached_tokens": 1},
    "output_tokens": 4,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 7,
}
IN_CHAT = {
    "prompt_tokens": 3,
    "prompt_tokens_details": {"cached_tokens": 1},
    "completion_tokens": 4,
    "completion_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 7,
}


def response(*output, **members):
    return json.dumps({"object": "response", "output": output, **members}).encode()


def stream(*events):
    return "".join(f"event: {event.get('type')}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


def message(*parts):
    return {"type": "message", "role": "assistant", "content": list(parts)}


@pytest.mark.parametrize(
    ("body", "heard"),
    [
        (response(), Heard()),
        (response(message({"type": "output_text", "text": "Hi"}), usage=USAGE), Heard("Hi", usage=IN_CHAT)),
        (response(message({"type": "refusal", "refusal": "No."})), Heard(refusal="No.")),
        (
            response(
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}, {"text": "b"}]},
                {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"},
                {"type": "custom_tool_call", "name": "sql", "input": "select 1", "call_id": "c"},
            ),
            Heard(tool_calls=[("f", "{}"), ("sql", "select 1")], reasoning="a\n\nb"),
        ),
        (
            response({"type": "reasoning", "content": [{"type": "reasoning_text", "text": "a"}], "summary": []}),
            Heard(reasoning="a"),
        ),
        (
            response(
                {"type": "web_search_call", "action": {"query": "x"}},
                {"type": "mcp_call", "name": "t", "arguments": '{"a":1}'},
                {"type": "file_search_call", "queries": ["x"]},
                {"type": "code_interpreter_call", "code": "1"},
                {"type": "image_generation_call", "result": "x"},
                {"type": "mcp_list_tools", "tools": []},
            ),
            Heard(
                hosted=[
                    ("web_search", '{"query": "x"}'),
                    ("t", '{"a":1}'),
                    ("file_search", '["x"]'),
                    ("code_interpreter", "1"),
                    ("image_generation", ""),
                ]
            ),
        ),
        (response(status="queued"), Heard("(queued)")),
        (response(status="in_progress", output=[]), Heard("(in_progress)")),
        (response(status="cancelled"), Heard("(cancelled)")),
        (response(message({"type": "output_text", "text": "Hi"}), status="cancelled"), Heard("Hi")),
        (b'{"id":"resp_1","object":"response","deleted":true}', Heard("deleted resp_1")),
        (
            json.dumps(
                {
                    "object": "response.compaction",
                    "output": [
                        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
                        {"type": "compaction", "encrypted_content": "x"},
                    ],
                    "usage": USAGE,
                }
            ).encode(),
            Heard("compacted to 2 items", usage=IN_CHAT),
        ),
        (response(status="failed", error={"code": "server_error", "message": "broke"}), Heard(error="broke")),
        (b'{"error":{"message":"Rate limit reached"}}', Heard(error="Rate limit reached")),
        (b'{"object":"response","output":null,"usage":1,"error":2}', Heard()),
        (
            stream(
                {"type": "response.output_item.added", "output_index": 0, "item": message()},
                {"type": "response.output_text.delta", "output_index": 0, "delta": "ignored"},
                {"type": "response.completed", "response": json.loads(response(message({"text": "Hi"}), usage=USAGE))},
            ),
            Heard("Hi", usage=IN_CHAT),
        ),
        (
            stream(
                {"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning"}},
                {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "H"},
                {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "m"},
                {"type": "response.output_item.added", "output_index": 1, "item": message()},
                {"type": "response.output_text.delta", "output_index": 1, "delta": "On"},
                {"type": "response.output_text.delta", "output_index": 1, "delta": "ce"},
                {
                    "type": "response.output_item.added",
                    "output_index": 2,
                    "item": {"type": "function_call", "name": "f", "arguments": ""},
                },
                {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '{"a'},
                {"type": "response.output_text.delta", "output_index": 9, "delta": "nowhere"},
            ),
            Heard("Once", [("f", '{"a')], reasoning="Hm"),
        ),
        (
            stream(
                {"type": "response.output_item.added", "output_index": 0, "item": message()},
                {"type": "response.refusal.delta", "output_index": 0, "delta": "No"},
            ),
            Heard(refusal="No"),
        ),
        (
            stream(
                {"type": "response.created", "response": {}},
                {"type": "error", "error": {"message": "broke"}, "sequence_number": 1},
            ),
            Heard(error="broke"),
        ),
        (stream({"type": "error", "message": "flat"}), Heard(error="flat")),
        (stream({"error": {"message": "bare"}}), Heard(error="bare")),
        (
            stream({"type": "response.failed", "response": {"error": {"message": "broke"}}}),
            Heard(error="broke"),
        ),
        (b'data: {"type": "response.created"}\n\ndata: [DONE]\n\n', Heard()),
    ],
)
def test_answer_is_read_back(body, heard):
    assert hear(body) == heard


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"data":[]}', b"data: [DONE]\n\n", b"\xff\xfe", b"[" * 9999]
)
def test_what_is_no_answer_is_not_heard(body):
    assert hear(body) is None


REPLIES = [
    "Hi",
    Reply("Hi", reasoning="One two"),
    Reply(refusal="No."),
    Reply("One", tool_calls=[ToolCall("f", {"a": 1}), ToolCall("sql", "select 1")]),
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("reply", REPLIES)
def test_what_is_said_is_heard(reply, stream):
    fields = {"tools": [FUNCTION, CUSTOM], "reasoning": {"summary": "auto"}, "stream": stream}
    heard = hear(ask(scripted(reply), asking(**fields)).body)

    said = Reply(reply) if isinstance(reply, str) else reply
    assert (heard.text, heard.reasoning, heard.refusal) == (said.text or "", said.reasoning or "", said.refusal or "")
    assert [name for name, _ in heard.tool_calls] == [call.name for call in said.tool_calls]
    assert heard.usage["total_tokens"] == heard.usage["prompt_tokens"] + heard.usage["completion_tokens"]


def test_cut_stream_is_heard_to_where_it_was_cut():
    body = ask(scripted(Reply("one two three", fault=faults.drop(after=3))), asking(stream=True)).body

    assert hear(body) == Heard("one two")


@pytest.mark.parametrize(
    ("body", "has_ended"),
    [
        (ask(scripted("a"), asking(stream=True)).body, True),
        (ask(scripted(Reply("a", finish_reason="length")), asking(stream=True)).body, True),
        (ask(scripted("a"), asking(stream=True)).body + b"data: [DONE]\n\n", True),
        (ask(scripted("a"), asking(stream=True)).body.replace(b"\n", b"\r\n"), True),
        (ask(scripted("a"), asking(stream=True)).body[:-2], True),
        (b'event: response.created\ndata: {"type":"response.completed"}\n\n', False),
        (b"data: [DONE]\n\n", False),
    ],
)
def test_stream_has_ended_with_its_last_event(body, has_ended):
    marks = DIALECTS.voice(asking()).marks

    assert marks.has_ended(body) is has_ended
    assert not marks.has_ended(marks.without_end(body))
