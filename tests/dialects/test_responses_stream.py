"""Streamed responses: the grammar of their events, their numbers, what pads them, how chunks are counted."""

import json
from itertools import groupby

import httpx
import pytest
from asking import KEY
from engines import ask, scripted
from responses_wire import DEEPSEEK, FUNCTION, OPENROUTER, URL, answered, asking, events_of, names, streamed

from fakellm import ErrorReply, FakeLLM, Pace, Reply, ToolCall, explore, faults, framings

CUSTOM = {"type": "custom", "name": "sql"}
BEGINNING, END = ["created", "in_progress"], ["completed"]
TEXT = [
    *("output_item.added", "content_part.added", "output_text.delta", "output_text.done", "content_part.done"),
    "output_item.done",
]
CALL = ["output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done"]


def around(*steps):
    return ["output_item.added", *steps, "output_item.done"]


def item(kind, **members):
    return Reply(parts=[{"type": kind, **members}])


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        ("Hi there", TEXT),
        ("", [name for name in TEXT if name != "output_text.delta"]),
        (Reply(parts=[]), []),
        (Reply("One moment", tool_calls=ToolCall("f")), [*TEXT, *CALL]),
        ([ToolCall("f"), ToolCall("f")], [*CALL, *CALL]),
        (
            ToolCall("sql", "select 1"),
            around("custom_tool_call_input.delta", "custom_tool_call_input.done"),
        ),
        (
            Reply(refusal="No."),
            around("content_part.added", "refusal.delta", "refusal.done", "content_part.done"),
        ),
        (Reply("a", reasoning="Hm."), [*around(), *TEXT]),
        (
            item("web_search_call", action={}),
            around("web_search_call.in_progress", "web_search_call.searching", "web_search_call.completed"),
        ),
        (
            item("file_search_call"),
            around("file_search_call.in_progress", "file_search_call.searching", "file_search_call.completed"),
        ),
        (
            item("code_interpreter_call", code="print(1)"),
            around(
                *("code_interpreter_call.in_progress", "code_interpreter_call_code.delta"),
                *("code_interpreter_call_code.done", "code_interpreter_call.interpreting"),
                "code_interpreter_call.completed",
            ),
        ),
        (
            item("mcp_call", name="t"),
            around(
                *("mcp_call.in_progress", "mcp_call_arguments.delta", "mcp_call_arguments.done"), "mcp_call.completed"
            ),
        ),
        (
            item("mcp_call", name="t", error={"type": "x"}),
            around(*("mcp_call.in_progress", "mcp_call_arguments.delta", "mcp_call_arguments.done"), "mcp_call.failed"),
        ),
        (item("mcp_list_tools"), around("mcp_list_tools.in_progress", "mcp_list_tools.completed")),
        (item("mcp_list_tools", error="no"), around("mcp_list_tools.in_progress", "mcp_list_tools.failed")),
        (
            item("image_generation_call", result="x"),
            around(*(f"image_generation_call.{step}" for step in ("in_progress", "generating", "completed"))),
        ),
        (
            item("shell_call", action={"commands": ["ls -l", "pwd"]}),
            around(*(f"shell_call_command.{step}" for step in ("added", "delta", "done") * 2)),
        ),
        (
            item("shell_call_output", output=[{"stdout": "a", "stderr": ""}, {"stdout": ""}]),
            around(*(f"shell_call_output_content.{step}" for step in ("delta", "done", "done"))),
        ),
        (item("compaction"), around("compaction.compacting")),
        (item("tool_search_call"), around()),
        (item("computer_call"), around()),
        (item("unknown_call"), around()),
    ],
)
def test_events_follow_the_grammar(reply, body):
    assert names(streamed(reply, tools=[FUNCTION, CUSTOM])) == [*BEGINNING, *body, *END]


@pytest.mark.parametrize(
    ("finish_reason", "end"), [("length", "incomplete"), ("content_filter", "incomplete"), ("failed", "failed")]
)
def test_last_event_is_named_after_the_status(finish_reason, end):
    events = streamed(Reply("a", finish_reason=finish_reason))

    assert (names(events)[-1], events[-1]["response"]["status"]) == (end, end)


def test_summary_is_streamed_in_parts():
    events = streamed(Reply("a", reasoning="One two"), model="gpt-5", reasoning={"summary": "auto"})

    assert names(events)[2:8] == around(
        *("reasoning_summary_part.added", "reasoning_summary_text.delta"),
        *("reasoning_summary_text.done", "reasoning_summary_part.done"),
    )
    assert [event["delta"] for event in events if event["type"].endswith("summary_text.delta")] == ["One", " two"]
    assert all(event["summary_index"] == 0 for event in events[3:7])


def test_thoughts_are_streamed_where_they_are_shown():
    events = streamed(Reply("a", reasoning="One two"), url=DEEPSEEK)

    assert names(events)[2:8] == around(
        "content_part.added", "reasoning_text.delta", "reasoning_text.done", "content_part.done"
    )


def test_seal_is_another_in_each_event():
    fields = {"model": "gpt-5", "include": ["reasoning.encrypted_content"]}
    events = streamed(Reply("a", reasoning="Hm."), **fields)

    seals = [events[2]["item"], events[3]["item"], events[-1]["response"]["output"][0]]
    assert len({one["encrypted_content"] for one in seals}) == 3


def test_events_are_numbered_and_items_counted():
    events = streamed(Reply("One moment", tool_calls=[ToolCall("f"), ToolCall("f")]), tools=[FUNCTION])

    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [place for place, _ in groupby(event.get("output_index") for event in events)] == [None, 0, 1, 2, None]


def test_item_begins_empty_and_ends_as_it_is_in_the_response():
    events = streamed(ToolCall("f", {"a": 1}), tools=[FUNCTION])

    [added], [done] = ([e["item"] for e in events if e["type"].endswith(f"item.{end}")] for end in ("added", "done"))
    assert added == {**done, "status": "in_progress", "arguments": ""}
    assert done == events[-1]["response"]["output"][0]
    assert done["arguments"] == '{"a":1}'


def test_search_has_no_action_before_it_is_done():
    events = streamed(item("web_search_call", action={"type": "search", "query": "x"}))

    assert "action" not in events[2]["item"]
    assert events[-2]["item"]["action"] == {"type": "search", "query": "x"}


def test_shell_begins_without_commands():
    events = streamed(item("shell_call", action={"commands": ["ls"], "timeout_ms": None}))

    assert events[2]["item"]["action"] == {"commands": [], "timeout_ms": None}


def test_response_is_empty_before_it_has_ended():
    created, in_progress, *_, completed = (event.get("response") for event in streamed("Hi"))

    assert created == in_progress
    assert {name: created[name] for name in ("status", "output", "usage", "service_tier", "completed_at")} == {
        "status": "in_progress",
        "output": [],
        "usage": None,
        "service_tier": "auto",
        "completed_at": None,
    }
    assert completed["output"][0]["content"][0]["text"] == "Hi"


def test_stream_ends_in_the_response_that_is_sent_whole():
    reply = Reply("Hi", reasoning="Hm.", tool_calls=ToolCall("f"))
    whole = answered(reply, tools=[FUNCTION], model="gpt-5")
    last = streamed(reply, tools=[FUNCTION], model="gpt-5")[-1]["response"]

    del whole["billing"]
    assert without_ids(last) == without_ids(whole)


def without_ids(value):
    if isinstance(value, list):
        return [without_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: without_ids(member) for name, member in value.items() if name not in ("id", "call_id")}


def test_pieces_are_tokens_and_padded_to_a_multiple_of_sixteen_letters():
    events = [event for event in streamed("The word unbelievable字é😀") if "delta" in event]

    assert "".join(event["delta"] for event in events) == "The word unbelievable字é😀"
    assert [event["delta"] for event in events][:2] == ["The", " word"]
    assert {(len(event["delta"]) + len(event["obfuscation"])) % 16 for event in events} == {0}


def test_event_of_a_piece_is_as_recorded():
    event = next(event for event in streamed("1") if "delta" in event)

    assert list(event) == [
        *("type", "content_index", "delta", "item_id", "logprobs", "obfuscation", "output_index", "sequence_number"),
    ]
    assert {**event, "item_id": "", "obfuscation": len(event["obfuscation"])} == {
        "type": "response.output_text.delta",
        "content_index": 0,
        "delta": "1",
        "item_id": "",
        "logprobs": [],
        "obfuscation": 15,
        "output_index": 0,
        "sequence_number": 4,
    }


@pytest.mark.parametrize("fields", [{"stream_options": {"include_obfuscation": False}}, {"background": True}])
def test_padding_is_left_out(fields):
    assert not any("obfuscation" in event for event in streamed("a b", **fields))


def test_text_that_looks_like_a_placeholder_is_sent_as_it_is():
    text = '\0the piece\0 "sequence_number":1 \0the number\0 \\ \u2028'

    events = streamed(text)

    assert "".join(event["delta"] for event in events if "delta" in event) == text
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


def test_own_pieces_of_the_test_are_kept():
    events = streamed(Reply(chunks=["He", "", "llo"]))

    assert [event["delta"] for event in events if "delta" in event] == ["He", "", "llo"]


def test_logprobs_go_with_their_pieces():
    fields = {"include": ["message.output_text.logprobs"], "top_logprobs": 1}
    events = streamed("Hi there", **fields)

    deltas = [event for event in events if "delta" in event]
    assert [[entry["token"] for entry in event["logprobs"]] for event in deltas] == [["Hi"], [" there"]]
    [done] = [event for event in events if event["type"] == "response.output_text.done"]
    assert [entry["token"] for entry in done["logprobs"]] == ["Hi", " there"]
    assert {(len(event["delta"]) + len(event["obfuscation"])) % 16 for event in deltas} == {0}


@pytest.mark.parametrize(
    ("annotation", "before"),
    [
        # Recorded: a file before the full stop, a page behind its address, a file of a container behind its bracket.
        ({"type": "file_citation", "index": 3}, ["One"]),
        ({"type": "url_citation", "start_index": 0, "end_index": 7}, ["One", " two"]),
        ({"type": "container_file_citation", "start_index": 0, "end_index": 7}, ["One", " two", " three"]),
        ({"type": "url_citation", "start_index": 0, "end_index": 5}, ["One", " two"]),
        ({"type": "url_citation", "end_index": 99}, ["One", " two", " three"]),
        ({"type": "file_path", "file_id": "f"}, ["One", " two", " three"]),
    ],
)
def test_annotation_stands_where_it_belongs(annotation, before):
    part = {"text": "One two three", "annotations": [annotation]}
    events = streamed(Reply(parts=[{"type": "message", "content": [part]}]))

    place = names(events).index("output_text.annotation.added")
    sent = events[: next(n for n, event in enumerate(events) if "annotation" in event)]
    assert place
    assert [event["delta"] for event in sent if "delta" in event] == before
    [added] = [event for event in events if "annotation" in event]
    assert (added["annotation"], added["annotation_index"]) == (annotation, 0)


def test_background_is_queued_first():
    events = streamed("a", background=True)

    assert names(events)[:3] == ["created", "queued", "in_progress"]
    assert [event["response"]["status"] for event in events[:3]] == ["queued", "queued", "in_progress"]


def test_openrouter_names_no_events_and_has_a_comment_and_an_end_mark():
    body = ask(scripted("Hi"), asking(stream=True, url=OPENROUTER)).body

    assert body.startswith(b': OPENROUTER PROCESSING\n\ndata: {"type":"response.created"')
    assert body.endswith(b"\n\ndata: [DONE]\n\n")
    assert b"event:" not in body
    assert "usage" not in events_of(body)[0]["response"]


def chunks_of(reply, **fields):
    """The number of chunks that end with each event, by name."""
    whole = scripted(reply).handle(asking(stream=True, **fields)).whole
    kinds = [json.loads(part.split(b"data: ")[1])["type"].removeprefix("response.") for part in whole.parts]
    return [kind for kind, count in zip(kinds, whole.chunks, strict=True) if count], sum(whole.chunks)


def test_chunks_are_what_comes_first_each_piece_and_the_end():
    assert chunks_of("one two") == (["content_part.added", *["output_text.delta"] * 2, "completed"], 4)
    assert chunks_of("") == (["output_item.done", "completed"], 2)
    assert chunks_of(Reply(parts=[])) == (["in_progress", "completed"], 2)
    assert chunks_of(ToolCall("f"), tools=[FUNCTION]) == (
        ["output_item.added", "function_call_arguments.delta", "completed"],
        3,
    )
    assert chunks_of(Reply("a", tool_calls=ToolCall("f")), tools=[FUNCTION])[1] == 4
    assert chunks_of(Reply("one two"), include=["message.output_text.logprobs"])[1] == 4


def post(llm, **fields):
    with llm:
        return httpx.post(URL, headers=KEY, json={"model": "gpt-4o", "input": "hi", "stream": True, **fields})


def test_fault_loses_a_stream_after_two_words():
    llm = FakeLLM()
    llm.reply("one two three", fault=faults.drop(after=3))

    with pytest.raises(httpx.RemoteProtocolError):
        post(llm)

    assert "=> one two\n" in llm.transcript()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (faults.malformed_json(after=1), b'event: response.output_text.delta\ndata: {"type": "response.output_text'),
        (faults.bad_chunk(after=1), b'event: response.output_text.delta\ndata: {"unexpected": true}\n\n'),
        (faults.error_event(after=1, error=ErrorReply(500, message="broke")), b'data: {"type":"error","error":{"mess'),
    ],
)
def test_fault_speaks_as_the_api(fault, told):
    llm = FakeLLM()
    llm.reply("one two", fault=fault)

    assert told in post(llm).content


def test_stream_without_its_end_mark_ends_before_it():
    llm = FakeLLM()
    llm.reply("one two", fault=faults.no_done())

    assert names(events_of(post(llm).content)) == [*BEGINNING, *TEXT]


@pytest.mark.parametrize("framing", [framings.crlf(), framings.split_utf8(), framings.one_block(), framings.bytewise()])
def test_framing_keeps_the_bytes(framing):
    plain, framed = FakeLLM(), FakeLLM()
    plain.reply("one 字")
    framed.reply("one 字", framing=framing)

    assert post(framed).text.replace("\r\n", "\n") == post(plain).text


def test_pace_is_by_pieces():
    llm = FakeLLM()
    llm.reply("one two three", pace=Pace(ttft=1, tokens_per_second=1))

    with llm.virtual_time() as clock:
        post(llm)

    assert clock.elapsed == 5  # the beginning, three pieces, the end


def test_explore_lays_every_trouble_over_it():
    llm = FakeLLM()
    llm.reply("one two 字")

    def agent():
        for _ in range(2):
            response = httpx.post(URL, headers=KEY, json={"model": "gpt-4o", "input": "hi", "stream": True})
            if response.status_code == 200 and names(events_of(response.content))[-1] == "completed":
                return
        raise RuntimeError("gave up")

    trials = explore(agent, llm=llm, faults=[ErrorReply(500), faults.no_done()], framings=[framings.split_utf8()])

    assert [(trial.name, trial.survived) for trial in trials] == [
        ("1:500", True),
        ("1:no_done()", True),
        ("1:split_utf8()", True),
    ]


def test_same_script_gives_the_same_bytes():
    asked = asking(stream=True, tools=[FUNCTION])
    first, again = (ask(scripted(Reply("a", tool_calls=ToolCall("f"))), asked) for _ in range(2))

    assert first.body == again.body
