"""What the parameters of a request do to a scripted answer."""

import json

import pytest
from asking import tools
from chat_wire import accumulated, asking
from engines import ask, scripted
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm import Reply, ToolCall, faults
from fakellm._wire.events import Data
from fakellm.tokens import encoding_for_model

PARIS = "The capital of France is Paris."  # seven tokens


def choices(reply, **fields):
    return ask(scripted(reply), asking(**fields)).json["choices"]


def choice(reply, **fields):
    [only] = choices(reply, **fields)
    return only


def usage(reply, **fields):
    return ask(scripted(reply), asking(**fields)).json["usage"]


def streamed(reply, **fields):
    return ask(scripted(reply), asking(stream=True, **fields)).chunks


def test_n_asks_for_so_many_alternatives():
    found = choices(PARIS, n=3)

    assert [(one["index"], one["message"]["content"]) for one in found] == [(0, PARIS), (1, PARIS), (2, PARIS)]


def test_alternatives_may_differ():
    found = choices(Reply(choices=["a", Reply("b", finish_reason="length")]), n=2)

    assert [(one["message"]["content"], one["finish_reason"]) for one in found] == [("a", "stop"), ("b", "length")]


def test_every_alternative_has_calls_of_its_own():
    found = choices(ToolCall("f", {}), n=2, tools=tools("f"))

    ids = {one["message"]["tool_calls"][0]["id"] for one in found}
    assert len(ids) == 2


def test_every_alternative_is_billed():
    assert usage(PARIS, n=3) == {
        **usage(PARIS),
        "completion_tokens": 21,
        "total_tokens": 29,
    }


def test_streamed_alternatives_carry_their_index():
    texts = {0: "", 1: ""}
    for chunk in streamed(Reply(choices=["one", "two"]), n=2):
        for one in chunk["choices"]:
            texts[one["index"]] += one["delta"].get("content", "")

    assert texts == {0: "one", 1: "two"}


def told(chunk):
    """A chunk in short: the index of its choice, and what it says."""
    [choice] = chunk["choices"]
    return choice["index"], choice["delta"].get("content", choice["finish_reason"])


def test_streamed_alternatives_come_by_turns():
    chunks = streamed(Reply(choices=["one two three", "four"]), n=2, stream_options={"include_usage": True})

    assert [told(chunk) for chunk in chunks[:-1]] == [
        (0, ""), (1, ""),
        (0, "one"), (1, "four"),
        (0, " two"), (1, "stop"),
        (0, " three"),
        (0, "stop"),
    ]  # fmt: skip
    assert (chunks[-1]["choices"], chunks[-1]["usage"]["completion_tokens"]) == ([], 4)


def test_stream_lost_after_chunks_has_lost_some_of_every_alternative():
    reply = Reply(choices=["one two three", "four five six"], fault=faults.drop(after=5))

    sent = b"".join(event.data for event in scripted(reply).handle(asking(stream=True, n=2)) if isinstance(event, Data))

    chunks = [json.loads(line[6:]) for line in sent.decode().split("\n\n") if line]
    assert [told(chunk) for chunk in chunks] == [(0, ""), (1, ""), (0, "one"), (1, "four"), (0, " two")]


@pytest.mark.parametrize(
    ("stop", "text"),
    [
        (" France", "The capital of"),
        ([" is", " France"], "The capital of"),
        (["Rome", "ari"], "The capital of France is P"),
        ("Rome", PARIS),
        (["The"], ""),
        ([""], PARIS),
        (None, PARIS),
    ],
)
def test_stop_cuts_before_the_first_of_its_texts(stop, text):
    found = choice(PARIS, stop=stop)

    assert (found["message"]["content"], found["finish_reason"]) == (text, "stop")


def test_what_stop_cuts_off_is_not_billed():
    assert usage(PARIS, stop=" France")["completion_tokens"] == 3


def test_stop_leaves_tool_calls_alone():
    found = choice(ToolCall("f", '{"a": "stop"}'), stop="stop", tools=tools("f"))

    assert found["message"]["tool_calls"][0]["function"]["arguments"] == '{"a": "stop"}'


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize(
    ("limit", "text", "finish_reason"),
    [
        (1, "The", "length"),
        (3, "The capital of", "length"),
        (6, "The capital of France is Paris", "length"),
        (7, PARIS, "stop"),
        (8, PARIS, "stop"),
    ],
)
def test_limit_cuts_at_a_token(name, limit, text, finish_reason):
    found = choice(PARIS, **{name: limit})

    assert (found["message"]["content"], found["finish_reason"]) == (text, finish_reason)


def test_answer_that_is_cut_is_billed_for_its_limit():
    assert usage(PARIS, max_tokens=3)["completion_tokens"] == 3


def test_scripted_finish_reason_stands_though_the_answer_is_cut():
    assert choice(Reply(PARIS, finish_reason="stop"), max_tokens=3)["finish_reason"] == "stop"


def test_limit_cuts_the_arguments_of_a_call():
    found = choice(ToolCall("f", {"city": "Paris", "days": 3}), max_tokens=3, tools=tools("f"))

    assert found["message"]["tool_calls"][0]["function"]["arguments"] == '{"city":"'
    assert found["finish_reason"] == "length"


def test_calls_behind_the_limit_are_not_made():
    found = choice([ToolCall("f", {"a": 1}), ToolCall("g", {"a": 1})], max_tokens=5, tools=tools("f", "g"))

    assert [call["function"]["name"] for call in found["message"]["tool_calls"]] == ["f"]
    assert found["finish_reason"] == "length"


def test_limit_counts_the_reasoning_first():
    found = ask(
        scripted(Reply(PARIS, reasoning="one two three four")),
        asking(model="o3", max_completion_tokens=4),
    ).json

    assert found["choices"][0]["message"]["content"] == ""
    assert found["choices"][0]["finish_reason"] == "length"
    assert found["usage"]["completion_tokens"] == 4
    assert found["usage"]["completion_tokens_details"]["reasoning_tokens"] == 4


def test_reasoning_of_every_alternative_is_billed():
    found = usage(Reply("a", reasoning="one two"), n=3)["completion_tokens_details"]

    assert found["reasoning_tokens"] == 6


def test_own_chunks_behind_the_limit_are_not_sent():
    deltas = [chunk["choices"][0]["delta"] for chunk in streamed(Reply(chunks=["one", " two", " three"]), max_tokens=1)]

    assert [delta["content"] for delta in deltas if "content" in delta] == ["", "one"]


def test_limit_cuts_own_deltas():
    reply = Reply(chunks=[{"role": "assistant"}, {"content": "one two"}, {"content": " three"}])

    assert accumulated(streamed(reply, max_tokens=1)) == ("one", [], "length")


@given(text=st.text(st.characters(codec="utf-8"), max_size=20), limit=st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_text_that_is_cut_is_the_start_of_the_whole_one(text, limit):
    found = choice(text, max_tokens=limit)

    content = found["message"]["content"]
    tokens = encoding_for_model("gpt-4o").encode(text)
    assert text.startswith(content)
    assert (found["finish_reason"] == "length") == (len(tokens) > limit)


@given(
    text=st.text(st.sampled_from("ab 字é👩\n"), max_size=12),
    chunks=st.lists(st.text(st.sampled_from("ab 字"), max_size=3), max_size=5),
    fields=st.fixed_dictionaries(
        {},
        optional={
            "n": st.integers(1, 3),
            "stop": st.sampled_from(["a", " ", "字"]),
            "max_tokens": st.integers(1, 6),
            "logprobs": st.just(True),
        },
    ),
)
@settings(max_examples=80, deadline=None)
def test_stream_and_whole_answer_say_the_same(text, chunks, fields):
    reply = Reply(chunks=chunks) if chunks else Reply(text)

    whole = choices(reply, **fields)
    parts = streamed(reply, **fields)

    for one in whole:
        own = [
            {**chunk, "choices": [part for part in chunk["choices"] if part["index"] == one["index"]]}
            for chunk in parts
        ]
        assert accumulated(own) == (one["message"]["content"], [], one["finish_reason"])
        tokens = [
            entry["token"]
            for chunk in own
            for part in chunk["choices"]
            for entry in (part["logprobs"] or {}).get("content", [])
        ]
        assert tokens == [entry["token"] for entry in (one["logprobs"] or {}).get("content") or []]


def test_text_is_streamed_in_its_own_chunks():
    deltas = [chunk["choices"][0]["delta"] for chunk in streamed(Reply("Hello!", chunks=["Hel", "", "lo!"]))]

    assert [delta["content"] for delta in deltas[:-1]] == ["", "Hel", "", "lo!"]


def test_own_chunks_are_cut_as_the_text_is():
    deltas = [chunk["choices"][0]["delta"] for chunk in streamed(Reply(chunks=["The cap", "ital of"]), max_tokens=2)]

    assert [delta["content"] for delta in deltas[:-1]] == ["", "The cap", "ital"]


def test_own_deltas_add_up_to_the_whole_answer():
    first = {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a"'}}]}
    second = {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}

    found = choice(Reply(chunks=["Let me see. ", first, second]), tools=tools("f"))

    assert found["message"]["content"] == "Let me see. "
    assert found["message"]["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    ]
    assert found["finish_reason"] == "tool_calls"


def test_refusal_is_billed_and_finishes():
    answer = ask(scripted(Reply(refusal="I cannot help with that."))).json

    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["choices"][0]["message"]["content"] is None
    assert answer["usage"]["completion_tokens"] == 6


def test_reasoning_is_billed_with_the_answer():
    details = usage(Reply("4", reasoning="one two three four"), model="o3")["completion_tokens_details"]

    assert details["reasoning_tokens"] == 4


@pytest.mark.parametrize("reason", ["length", "content_filter", "insufficient_system_resource", "error"])
def test_any_finish_reason_is_sent(reason):
    assert choice(Reply("a", finish_reason=reason))["finish_reason"] == reason
    assert streamed(Reply("a", finish_reason=reason))[-1]["choices"][0]["finish_reason"] == reason


def test_null_is_a_finish_reason():
    assert choice(Reply("a", finish_reason="null"))["finish_reason"] is None
    assert streamed(Reply("a", finish_reason="null"))[-1]["choices"][0]["finish_reason"] is None


@pytest.mark.parametrize(("asked", "served"), [(None, "default"), ("auto", "default"), ("flex", "flex")])
def test_tier_is_the_one_asked_for(asked, served):
    assert ask(scripted("a"), asking(service_tier=asked)).json["service_tier"] == served
    assert streamed("a", service_tier=asked)[0]["service_tier"] == served


def test_seed_of_the_request_changes_ids_and_not_the_fingerprint():
    one, other = (ask(scripted("a"), asking(seed=seed)).json for seed in (1, 2))

    assert one["id"] != other["id"]
    assert one["system_fingerprint"] == other["system_fingerprint"]


def test_older_functions_are_called_in_their_own_way():
    found = choice(ToolCall("f", {"a": 1}), functions=[{"name": "f"}])

    assert found["message"]["function_call"] == {"name": "f", "arguments": '{"a":1}'}
    assert found["finish_reason"] == "function_call"


def test_custom_tool_gets_its_input():
    found = choice(ToolCall("shell", "ls -l"), tools=[{"type": "custom", "custom": {"name": "shell"}}])

    [call] = found["message"]["tool_calls"]
    assert (call["type"], call["custom"]) == ("custom", {"name": "shell", "input": "ls -l"})


def test_usage_may_be_kept_back():
    engine = scripted(Reply("Hello!", usage=False))

    answer = ask(engine).json

    assert "usage" not in answer
    assert engine.journal[0].usage["completion_tokens"] == 2


def test_usage_that_is_kept_back_has_no_chunk():
    chunks = streamed(Reply("a", usage=False), stream_options={"include_usage": True})

    assert all("usage" not in chunk for chunk in chunks)


def test_raw_body_is_sent_as_it_is():
    engine = scripted(Reply(raw=b"<html>", headers={"Content-Type": "text/html"}))

    answer = ask(engine)

    assert (answer.status, answer.body) == (200, b"<html>")
    assert dict(answer.headers)["content-type"] == "text/html"
    assert engine.journal[0].usage is None


def test_raw_stream_is_an_event_stream():
    answer = ask(scripted(b"data: {}\n\ndata: [DONE]\n\n"), asking(stream=True))

    assert answer.body == b"data: {}\n\ndata: [DONE]\n\n"
    assert dict(answer.headers)["content-type"] == "text/event-stream; charset=utf-8"


def test_events_of_a_raw_stream_count_as_chunks():
    answer = ask(scripted(Reply(raw=b"data: 1\n\ndata: 2\n\n", fault=faults.drop(after=1))), asking(stream=True))

    assert (answer.body, answer.is_cut) == (b"data: 1\n\n", True)


@pytest.mark.parametrize("stream", [False, True])
def test_headers_are_added(stream):
    answer = ask(scripted(Reply("a", headers={"X-Mine": "1"})), asking(stream=stream))

    assert dict(answer.headers)["x-mine"] == "1"
    assert "x-request-id" in dict(answer.headers)
