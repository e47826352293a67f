"""An engine's answers, played to each kind of client."""

from __future__ import annotations

import json

import pytest

from fakellm import FakeLLM, MockClock, ToolCall, UsageError, faults
from fakellm._wire.events import Disconnect, Wait

CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is the weather in Paris?"}]}
STREAM = {**QUESTION, "stream": True}


def test_answer_reaches_the_client(way):
    llm = FakeLLM()
    llm.reply("Rain.")

    response = way.post(CHAT, QUESTION, transport=llm.transport(way.module))

    assert response.status_code == 200
    assert response.json()["choices"][0]["message"]["content"] == "Rain."


def test_tool_call_reaches_the_client(way):
    llm = FakeLLM()
    llm.reply(ToolCall("get_weather", {"city": "Paris"}))

    choice = way.post(CHAT, QUESTION, transport=llm.transport(way.module)).json()["choices"][0]

    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "get_weather", "arguments": '{"city":"Paris"}'}


def test_response_is_of_the_clients_own_module(way):
    llm = FakeLLM()
    llm.reply("Rain.")

    response = way.post(CHAT, QUESTION, transport=llm.transport(way.module))

    assert isinstance(response, way.module.Response)


def test_stream_arrives_chunk_by_chunk(way):
    llm = FakeLLM()
    llm.reply("Rain in Paris")
    parts: list[bytes] = []

    way.stream(CHAT, STREAM, parts.append, transport=llm.transport(way.module))

    texts = [json.loads(part.removeprefix(b"data: "))["choices"][0]["delta"].get("content") for part in parts[:-1]]
    assert texts == ["", "Rain", " in", " Paris", None]
    assert parts[-1] == b"data: [DONE]\n\n"


def test_answers_are_the_same_bytes_on_every_run(way):
    def run() -> list[bytes]:
        llm = FakeLLM(seed=7, test_id="a")
        llm.reply("Rain.", ToolCall("get_weather", {}), times=2)
        transport = llm.transport(way.module)
        return [way.post(CHAT, body, transport=transport).content for body in (QUESTION, STREAM, QUESTION, STREAM)]

    first, second = run(), run()

    assert first == second
    assert len(set(first)) == 4


def test_drop_before_the_head_is_a_protocol_error(way):
    llm = FakeLLM()
    llm.reply("Rain.", fault=faults.drop(after=0))

    with pytest.raises(way.module.RemoteProtocolError, match="disconnected without sending a response"):
        way.post(CHAT, QUESTION, transport=llm.transport(way.module))


def test_drop_in_a_stream_comes_after_its_chunks(way):
    llm = FakeLLM()
    llm.reply("Rain in Paris", fault=faults.drop(after=2))
    parts: list[bytes] = []

    with pytest.raises(way.module.RemoteProtocolError, match="peer closed connection"):
        way.stream(CHAT, STREAM, parts.append, transport=llm.transport(way.module))

    assert len(parts) == 2
    assert b'"content":"Rain"' in parts[1]


def test_drop_of_an_answer_that_is_no_stream_comes_after_half_the_body(way):
    llm = FakeLLM()
    llm.reply("Rain in Paris", fault=faults.drop(after=1))
    parts: list[bytes] = []

    with pytest.raises(way.module.RemoteProtocolError, match="peer closed connection"):
        way.stream(CHAT, QUESTION, parts.append, transport=llm.transport(way.module))

    assert b"".join(parts).startswith(b'{"id":"chatcmpl-')


def test_error_of_a_lost_connection_knows_its_request(way):
    llm = FakeLLM()
    llm.reply("Rain.", fault=faults.drop(after=0))

    with pytest.raises(way.module.RemoteProtocolError) as caught:
        way.post(CHAT, QUESTION, transport=llm.transport(way.module))

    assert str(caught.value.request.url) == CHAT


def waiting(*, before_head: float = 0, in_body: float = 0):
    """A fault that pauses, in seconds, before the head or before the body."""

    def wait(events):
        head, *body = events
        yield Wait(before_head)
        yield head
        yield Wait(in_body)
        yield from body

    return wait


def test_pauses_go_through_the_clock(way):
    clock = MockClock()
    llm = FakeLLM(clock=clock)
    llm.reply("Rain.", fault=waiting(before_head=1.5, in_body=2.5))

    way.post(CHAT, QUESTION, transport=llm.transport(way.module))

    assert clock.sleeps == [1.5, 2.5]


@pytest.mark.parametrize("pause", [{"before_head": 30}, {"in_body": 30}])
def test_pause_longer_than_the_clients_timeout_is_a_read_timeout_after_just_that_long(way, pause):
    clock = MockClock()
    llm = FakeLLM(clock=clock)
    llm.reply("Rain.", fault=waiting(**pause))

    with pytest.raises(way.module.ReadTimeout, match="timed out"):
        way.request("POST", CHAT, json=QUESTION, timeout=10, transport=llm.transport(way.module))

    assert clock.elapsed == 10


def test_client_without_a_timeout_waits_to_the_end(way):
    clock = MockClock()
    llm = FakeLLM(clock=clock)
    llm.reply("Rain.", fault=waiting(before_head=3600))

    response = way.request("POST", CHAT, json=QUESTION, timeout=None, transport=llm.transport(way.module))

    assert response.status_code == 200
    assert clock.elapsed == 3600


def test_events_that_never_start_are_a_lost_connection(way):
    llm = FakeLLM()
    llm.reply("Rain.", fault=lambda events: iter(()))

    with pytest.raises(way.module.RemoteProtocolError, match="without sending a response"):
        way.post(CHAT, QUESTION, transport=llm.transport(way.module))


def test_nothing_follows_a_disconnect(way):
    def drop_and_go_on(events):
        head, *body = events
        yield head
        yield Disconnect()
        yield from body

    llm = FakeLLM()
    llm.reply("Rain.", fault=drop_and_go_on)
    parts: list[bytes] = []

    with pytest.raises(way.module.RemoteProtocolError):
        way.stream(CHAT, QUESTION, parts.append, transport=llm.transport(way.module))

    assert parts == []


def test_every_request_of_a_client_on_the_transport_is_answered_here(way):
    llm = FakeLLM(allow_unmatched=True)

    response = way.request("GET", "https://example.org/anything", transport=llm.transport(way.module))

    assert response.status_code == 404
    assert "no model call" in response.json()["error"]["message"]


def test_transport_for_another_module_is_a_usage_error():
    with pytest.raises(
        UsageError, match="takes the module of the client it is for, httpx or httpx2; got <module 'json'"
    ):
        FakeLLM().transport(json)
