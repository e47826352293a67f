"""An error is retried at once where time is real; on virtual time the client's own back-off is seen."""

from __future__ import annotations

import asyncio
import time
from threading import Thread

import httpx
import pytest
from cassette_text import cassette, chat_exchange

from fakellm import ErrorReply, FakeLLM, OpenAIChatCompletionClient, Reply, explore, faults, use_cassette
from fakellm.models import UserMessage

CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
HURRIED = [ErrorReply(500), ErrorReply.rate_limited(), ErrorReply(408), Reply("a", fault=faults.html_page(503))]


def waits(response):
    return {name: value for name, value in response.headers.items() if name.startswith("retry-after")}


@pytest.mark.parametrize("reply", HURRIED)
def test_retry_is_asked_for_at_once_where_time_is_real(way, reply):
    with FakeLLM() as llm:
        llm.reply(reply)

        assert waits(way.post(CHAT, QUESTION)) == {"retry-after-ms": "1"}


@pytest.mark.parametrize("reply", HURRIED)
def test_nothing_is_said_of_a_retry_on_virtual_time(way, reply):
    with FakeLLM() as llm, llm.virtual_time():
        llm.reply(reply)

        assert waits(way.post(CHAT, QUESTION)) == {}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ErrorReply(503, retry_after=7), {"retry-after": "7"}),
        (ErrorReply(503, retry_after_ms=1), {"retry-after-ms": "1"}),
        (ErrorReply(503, headers={"retry-after-ms": "20"}), {"retry-after-ms": "20"}),
        (ErrorReply(503, headers={"x-should-retry": "true"}), {}),
        (ErrorReply(400), {}),
    ],
)
@pytest.mark.parametrize("is_virtual", [False, True])
def test_scripted_wait_is_sent_on_any_time(way, error, expected, is_virtual):
    llm = FakeLLM()
    llm.reply(error)

    with llm:
        if is_virtual:
            with llm.virtual_time():
                response = way.post(CHAT, QUESTION)
        else:
            response = way.post(CHAT, QUESTION)

    assert waits(response) == expected


def test_it_is_the_thread_of_the_client_whose_time_counts():
    got = []

    def ask():
        got.append(waits(httpx.post(CHAT, json=QUESTION, headers={"authorization": "Bearer sk-fakellm"})))

    with FakeLLM() as llm:
        llm.reply(ErrorReply(500), times=2)
        with llm.virtual_time():
            inside = Thread(target=ask)
            inside.start()
            inside.join()
        ask()

    assert got == [{}, {"retry-after-ms": "1"}]


@pytest.mark.parametrize(("is_virtual", "expected"), [(False, {"retry-after-ms": "1"}), (True, {})])
def test_error_injected_into_a_recording_does_the_same(tmp_path, way, is_virtual, expected):
    path = tmp_path / "session.yaml"
    path.write_text(cassette(chat_exchange("hi", "hello")))

    with use_cassette(path) as recorded:
        recorded.inject(ErrorReply(500), into=1)
        if is_virtual:
            with FakeLLM().virtual_time():
                response = way.post(CHAT, QUESTION)
        else:
            response = way.post(CHAT, QUESTION)
        way.post(CHAT, QUESTION)

    assert waits(response) == expected


async def ask_with_our_client():
    async with OpenAIChatCompletionClient(model="gpt-4o", api_key="sk-fakellm") as client:
        return (await client.create([UserMessage(content="hi", source="user")])).content


def test_back_off_of_a_client_is_seen_on_virtual_time():
    with FakeLLM() as llm, llm.virtual_time() as clock:
        llm.reply(ErrorReply(500), ErrorReply(500), "Hello!")

        assert asyncio.run(ask_with_our_client()) == "Hello!"

    first, second = clock.sleeps
    assert 0.3 <= first <= 0.5
    assert 0.7 <= second <= 1


def test_explore_lets_a_client_back_off_as_it_does():
    llm = FakeLLM()
    llm.reply("Hello!")
    elapsed = []

    async def body():
        began = time.monotonic()
        await ask_with_our_client()
        elapsed.append(time.monotonic() - began)

    explore(body, llm=llm, faults=[ErrorReply(500)], framings=[])

    assert [seconds >= 0.3 for seconds in elapsed] == [False, True]
