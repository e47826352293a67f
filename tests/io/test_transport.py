"""An engine's answers, played to each kind of client."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module

import httpx
import pytest
from asking import KEY, tools
from ways import Patience

from fakellm import FakeLLM, MockClock, Pace, ToolCall, UsageError, faults, framings
from fakellm._wire.events import Data, Disconnect, Head, Wait

CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is the weather in Paris?"}]}
STREAM = {**QUESTION, "stream": True}


def test_answer_reaches_the_client(way):
    llm = FakeLLM()
    llm.reply("Rain.")

    response = way.post(CHAT, QUESTION, transport=way.transport(llm))

    assert response.status_code == 200
    assert response.json()["choices"][0]["message"]["content"] == "Rain."


def test_tool_call_reaches_the_client(way):
    llm = FakeLLM()
    llm.reply(ToolCall("get_weather", {"city": "Paris"}))

    question = {**QUESTION, "tools": tools("get_weather")}
    choice = way.post(CHAT, question, transport=way.transport(llm)).json()["choices"][0]

    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "get_weather", "arguments": '{"city":"Paris"}'}


def test_response_is_of_the_clients_own_module(httpx_way):
    llm = FakeLLM()
    llm.reply("Rain.")

    response = httpx_way.post(CHAT, QUESTION, transport=httpx_way.transport(llm))

    assert isinstance(response, httpx_way.module.Response)


def test_stream_arrives_chunk_by_chunk(way):
    llm = FakeLLM()
    llm.reply("Rain in Paris")
    parts: list[bytes] = []

    way.stream(CHAT, STREAM, parts.append, transport=way.transport(llm))

    texts = [json.loads(part.removeprefix(b"data: "))["choices"][0]["delta"].get("content") for part in parts[:-1]]
    assert texts == ["", "Rain", " in", " Paris", None]
    assert parts[-1] == b"data: [DONE]\n\n"


def test_answers_are_the_same_bytes_on_every_run(way):
    def run() -> list[bytes]:
        llm = FakeLLM(seed=7, test_id="a")
        llm.reply("Rain.", ToolCall("get_weather", {}), times=2)
        transport = way.transport(llm)
        return [way.post(CHAT, body, transport=transport).content for body in (QUESTION, STREAM, QUESTION, STREAM)]

    first, second = run(), run()

    assert first == second
    assert len(set(first)) == 4


def test_drop_before_the_head_is_a_protocol_error(way):
    llm = FakeLLM()
    llm.reply("Rain.", fault=faults.drop(after=0))

    with pytest.raises(way.errors.dropped, match=r"disconnected|closed connection without"):
        way.post(CHAT, QUESTION, transport=way.transport(llm))


def test_drop_in_a_stream_comes_after_its_chunks(way):
    llm = FakeLLM()
    llm.reply("Rain in Paris", fault=faults.drop(after=2))
    parts: list[bytes] = []

    with pytest.raises(way.errors.cut):
        way.stream(CHAT, STREAM, parts.append, transport=way.transport(llm))

    assert len(parts) == 2
    assert b'"content":"Rain"' in parts[1]


def test_drop_of_an_answer_that_is_no_stream_comes_after_half_the_body(way):
    llm = FakeLLM()
    llm.reply("Rain in Paris", fault=faults.drop(after=1))
    parts: list[bytes] = []

    with pytest.raises(way.errors.cut):
        way.stream(CHAT, QUESTION, parts.append, transport=way.transport(llm))

    assert b"".join(parts).startswith(b'{"id":"chatcmpl-')


def test_error_of_a_lost_connection_knows_its_request(httpx_way):
    llm = FakeLLM()
    llm.reply("Rain.", fault=faults.drop(after=0))

    with pytest.raises(httpx_way.errors.dropped) as caught:
        httpx_way.post(CHAT, QUESTION, transport=httpx_way.transport(llm))

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

    way.post(CHAT, QUESTION, transport=way.transport(llm))

    assert clock.sleeps == [1.5, 2.5]


@pytest.mark.parametrize(("pause", "error"), [({"before_head": 30}, "silent"), ({"in_body": 30}, "silent_in_body")])
def test_pause_longer_than_the_clients_timeout_is_a_read_timeout_after_just_that_long(way, pause, error):
    clock = MockClock()
    llm = FakeLLM(clock=clock)
    llm.reply("Rain.", fault=waiting(**pause))

    with pytest.raises(getattr(way.errors, error), match=r"timed out|Timeout on reading"):
        way.request("POST", CHAT, json=QUESTION, timeout=10, transport=way.transport(llm))

    assert clock.elapsed == 10


def test_client_without_a_timeout_waits_to_the_end(way):
    clock = MockClock()
    llm = FakeLLM(clock=clock)
    llm.reply("Rain.", fault=waiting(before_head=3600))

    response = way.request("POST", CHAT, json=QUESTION, timeout=None, transport=way.transport(llm))

    assert response.status_code == 200
    assert clock.elapsed == 3600


@pytest.mark.parametrize(
    ("fault", "error", "elapsed"),
    [
        (faults.connect_error(), "refused", 0),
        (faults.connect_timeout(), "never_taken", 3),
        (faults.read_timeout(), "silent", 10),
        (faults.stall(30), "silent", 10),
        (faults.stall(30, after=1), "silent_in_body", 10),
    ],
    ids=repr,
)
def test_lost_connection_is_the_clients_own_exception_after_its_own_patience(way, fault, error, elapsed):
    clock = MockClock()
    llm = FakeLLM(clock=clock)
    llm.reply("Rain.", fault=fault)
    expected = getattr(way.errors, error)

    with pytest.raises(expected) as caught:
        way.request("POST", CHAT, json=STREAM, timeout=Patience(10, connect=3), transport=way.transport(llm))

    assert type(caught.value) is expected
    assert clock.elapsed == llm.calls[0].duration == elapsed


@pytest.mark.parametrize(
    ("fault", "error"), [(faults.connect_timeout(), "never_taken"), (faults.read_timeout(), "silent")], ids=repr
)
def test_client_without_patience_times_out_at_once(way, fault, error):
    clock = MockClock()
    llm = FakeLLM(clock=clock)
    llm.reply("Rain.", fault=fault)

    with pytest.raises(getattr(way.errors, error)):
        way.request("POST", CHAT, json=STREAM, timeout=None, transport=way.transport(llm))

    assert clock.elapsed == 0


def test_pauses_without_bytes_between_them_add_up_to_a_timeout(way):
    clock = MockClock()
    llm = FakeLLM(clock=clock)
    llm.reply("Rain.", pace=Pace(ttft=6), fault=faults.stall(6))  # 6 s to the head, 6 s to the first chunk
    llm.reply("Rain.", pace=Pace(ttft=6, tokens_per_second=1 / 6), fault=faults.stall(6, after=1))
    transport = way.transport(llm)

    assert way.request("POST", CHAT, json=STREAM, timeout=10, transport=transport).status_code == 200
    with pytest.raises(way.errors.silent_in_body):
        way.request("POST", CHAT, json=STREAM, timeout=10, transport=transport)

    assert clock.sleeps == [6, 6, 6, 6, 4]


def test_pace_of_a_stream_goes_through_the_clock(way):
    clock = MockClock()
    llm = FakeLLM(clock=clock)
    llm.reply("Rain in Paris", pace=Pace(ttft=0.5, tokens_per_second=4))

    way.post(CHAT, STREAM, transport=way.transport(llm))

    assert clock.sleeps == [0.5, 0.25, 0.25, 0.25, 0.25]
    assert llm.calls[0].duration == 1.5


def test_framing_reaches_the_client(way):
    llm = FakeLLM()
    llm.reply("Rain in Paris", framing=framings.one_block())
    parts: list[bytes] = []

    way.stream(CHAT, STREAM, parts.append, transport=way.transport(llm))

    assert len(parts) == 1


def test_page_of_a_gateway_reaches_the_client_and_the_journal(way):
    llm = FakeLLM()
    llm.reply("Rain.", fault=faults.html_page(503))

    response = way.post(CHAT, STREAM, transport=way.transport(llm))

    assert (response.status_code, response.headers["content-type"]) == (503, "text/html")
    assert response.text.startswith("<html>")
    assert llm.calls[0].status == 503


def answering(*events):
    """A fault that gives these events instead, whatever was answered."""
    return lambda _: iter(events)


def test_body_longer_than_its_content_length_is_cut(way):
    llm = FakeLLM()
    head = Head(200, (("content-length", "5"),))
    llm.reply("a", fault=answering(head, Data(b"123"), Data(b"4567"), Wait(9), Data(b"89")))

    response = way.post(CHAT, QUESTION, transport=way.transport(llm))

    assert response.content == b"12345"
    assert llm.calls[0].duration == 0


def test_body_shorter_than_its_content_length_is_a_lost_connection(httpx_way):
    llm = FakeLLM()
    llm.reply("a", fault=answering(Head(200, (("content-length", "5"),)), Data(b"123")))

    with pytest.raises(httpx_way.errors.cut) as caught:
        httpx_way.post(CHAT, QUESTION, transport=httpx_way.transport(llm))

    assert str(caught.value) == (
        "peer closed connection without sending complete message body (received 3 bytes, expected 5)"
    )


def test_body_that_says_that_it_comes_in_chunks_is_read(way):
    llm = FakeLLM()
    llm.reply("a", fault=answering(Head(200, (("transfer-encoding", "chunked"),)), Data(b"123"), Data(b"45")))

    response = way.post(CHAT, QUESTION, transport=way.transport(llm))

    assert (response.content, response.headers["transfer-encoding"]) == (b"12345", "chunked")


def test_answer_without_a_body_is_read(way):
    llm = FakeLLM()
    llm.reply("a", fault=answering(Head(204, ())))

    response = way.post(CHAT, QUESTION, transport=way.transport(llm))

    assert (response.status_code, response.content) == (204, b"")
    assert "transfer-encoding" not in response.headers


def test_part_without_bytes_is_not_the_end_of_a_body(way):
    llm = FakeLLM()
    llm.reply("a", fault=answering(Head(200, ()), Data(b"123"), Data(b""), Data(b"45")))

    assert way.post(CHAT, QUESTION, transport=way.transport(llm)).content == b"12345"


@pytest.mark.parametrize("body", [[], [Wait(9)], [Disconnect()]])
def test_empty_body_that_says_so_is_whole(way, body):
    llm = FakeLLM()
    llm.reply("a", fault=answering(Head(200, (("content-length", "0"),)), *body))

    assert way.post(CHAT, QUESTION, transport=way.transport(llm)).content == b""


def test_body_without_a_head_is_a_lost_connection(way):
    llm = FakeLLM()
    llm.reply("a", fault=answering(Data(b"123")))

    with pytest.raises(way.errors.dropped):
        way.post(CHAT, QUESTION, transport=way.transport(llm))


def test_second_head_is_a_lost_connection(way):
    head = Head(200, ())
    llm = FakeLLM()
    llm.reply("a", fault=answering(head, head))

    with pytest.raises(way.errors.cut):
        way.post(CHAT, QUESTION, transport=way.transport(llm))


def ending(llm):
    call = llm.calls[-1]
    return call.status, call.chunks, call.cancelled


def test_stream_that_is_read_to_its_end_was_not_cancelled(way):
    llm = FakeLLM()
    llm.reply("Rain in Paris")

    way.post(CHAT, STREAM, transport=way.transport(llm))

    assert ending(llm) == (200, 5, False)


def test_stream_that_broke_off_was_not_cancelled(way):
    llm = FakeLLM()
    llm.reply("Rain in Paris", fault=faults.drop(after=2))

    with pytest.raises(way.errors.cut):
        way.post(CHAT, STREAM, transport=way.transport(llm))

    assert ending(llm) == (200, 2, False)


def read_parts(way, llm, count, body=STREAM):
    """Read so many parts of an answer, then close it."""

    class EnoughError(Exception):
        pass

    parts: list[bytes] = []

    def take(part):
        parts.append(part)
        if len(parts) == count:
            raise EnoughError

    with pytest.raises(EnoughError):
        way.stream(CHAT, body, take, transport=way.transport(llm))


@pytest.mark.parametrize(("read", "cancelled"), [(1, True), (3, True), (4, True), (5, False), (6, False)])
def test_stream_closed_before_its_last_chunk_was_cancelled(way, read, cancelled):
    llm = FakeLLM()
    llm.reply("Rain in Paris")

    read_parts(way, llm, read)

    assert ending(llm) == (200, min(read, 5), cancelled)


def test_duration_of_a_cancelled_stream_ends_when_it_was_closed(way):
    llm = FakeLLM()
    llm.reply("Rain in Paris", pace=Pace(ttft=1, tokens_per_second=2))

    read_parts(way, llm, 3)

    assert llm.calls[0].duration == 2
    assert llm.transcript().endswith("=> cancelled after 3 chunks")


def test_stream_closed_unread_was_cancelled():
    llm = FakeLLM()
    llm.reply("Rain in Paris")

    with httpx.Client(transport=llm.transport(httpx), headers=KEY) as client, client.stream("POST", CHAT, json=STREAM):
        pass

    assert ending(llm) == (200, 0, True)


def test_answer_that_is_no_stream_is_not_cancelled_by_closing_it_unread():
    llm = FakeLLM()
    llm.reply("Rain in Paris")

    with (
        httpx.Client(transport=llm.transport(httpx), headers=KEY) as client,
        client.stream("POST", CHAT, json=QUESTION),
    ):
        pass

    assert ending(llm) == (200, 0, False)


def test_call_is_open_until_its_answer_ends():
    llm = FakeLLM()
    llm.reply("Rain in Paris")

    with httpx.Client(transport=llm.transport(httpx), headers=KEY) as client, client.stream("POST", CHAT, json=STREAM):
        assert (llm.calls[0].duration, llm.calls[0].cancelled) == (None, False)


class NeverClock(MockClock):
    """A clock whose pauses never end."""

    def __init__(self):
        super().__init__()
        self.is_waiting = asyncio.Event()

    async def sleep_async(self, seconds):
        await super().sleep_async(seconds)
        self.is_waiting.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("fault", "expected"), [(faults.stall(30), (200, 0, True)), (faults.stall(30, after=2), (200, 2, True))], ids=repr
)
def test_task_that_is_cancelled_while_it_waits_cancels_the_call(fault, expected):
    llm = FakeLLM(clock=NeverClock())
    llm.reply("Rain in Paris", fault=fault)

    async def run():
        async with httpx.AsyncClient(transport=llm.transport(httpx), headers=KEY, timeout=None) as client:
            task = asyncio.create_task(client.post(CHAT, json=STREAM))
            await llm.clock.is_waiting.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())

    assert ending(llm) == expected
    assert llm.calls[0].duration == 30


def test_every_chunk_is_counted_in_a_stream_of_single_bytes(way):
    llm = FakeLLM()
    llm.reply("Rain in Paris", framing=framings.bytewise())

    way.post(CHAT, STREAM, transport=way.transport(llm))

    assert ending(llm) == (200, 5, False)


def test_events_that_never_start_are_a_lost_connection(way):
    llm = FakeLLM()
    llm.reply("Rain.", fault=lambda events: iter(()))

    with pytest.raises(way.errors.dropped):
        way.post(CHAT, QUESTION, transport=way.transport(llm))


def test_nothing_follows_a_disconnect(way):
    def drop_and_go_on(events):
        head, *body = events
        yield head
        yield Disconnect()
        yield from body

    llm = FakeLLM()
    llm.reply("Rain.", fault=drop_and_go_on)
    parts: list[bytes] = []

    with pytest.raises(way.errors.cut):
        way.stream(CHAT, QUESTION, parts.append, transport=way.transport(llm))

    assert parts == []


def test_every_request_of_a_client_on_the_transport_is_answered_here(httpx_way):
    llm = FakeLLM(allow_unmatched=True)

    response = httpx_way.request("GET", "https://example.org/anything", transport=httpx_way.transport(llm))

    assert response.status_code == 404
    assert "no model call" in response.json()["error"]["message"]


def test_transport_for_another_module_is_a_usage_error():
    with pytest.raises(
        UsageError, match="takes the module of the client it is for, httpx or httpx2; got <module 'json'"
    ):
        FakeLLM().transport(json)


@pytest.mark.parametrize("name", ["requests", "aiohttp"])
def test_library_whose_clients_take_no_transport_is_told_what_answers_them(name):
    with pytest.raises(UsageError) as caught:
        FakeLLM().transport(import_module(name))

    assert str(caught.value).splitlines()[1:] == [
        "  its clients take no transport; they are answered while a block runs",
        "  type: with llm: …",
    ]
