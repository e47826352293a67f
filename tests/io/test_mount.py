"""FakeLLM.mount: the fake behind a route of respx."""

import asyncio
import sys

import httpx
import pytest
import respx
from asking import KEY

from fakellm import ErrorReply, FakeLLM, Reply, UsageError, faults

CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


def content(response):
    return response.json()["choices"][0]["message"]["content"]


@pytest.fixture
def router():
    with respx.mock(assert_all_called=False) as found:
        yield found


def test_mounted_fake_answers(router):
    llm = FakeLLM()
    llm.reply("Hello!")

    route = llm.mount(router)

    assert content(httpx.post(CHAT, json=QUESTION, headers=KEY)) == "Hello!"
    assert (route.call_count, llm.calls[0].last_user) == (1, "hi")
    llm.check()


def test_mounted_fake_answers_an_async_client(router):
    llm = FakeLLM()
    llm.reply("Hello!")
    llm.mount(router)

    async def ask():
        async with httpx.AsyncClient() as client:
            return await client.post(CHAT, json=QUESTION, headers=KEY)

    assert content(asyncio.run(ask())) == "Hello!"


def test_mounted_fake_streams(router):
    llm = FakeLLM()
    llm.reply("Rain in Paris")
    llm.mount(router)

    with httpx.stream("POST", CHAT, json={**QUESTION, "stream": True}, headers=KEY) as response:
        lines = [line for line in response.iter_lines() if line]

    assert (len(lines), lines[-1]) == (6, "data: [DONE]")


def test_error_and_lost_connection_reach_the_client(router):
    llm = FakeLLM()
    llm.reply(ErrorReply(429), Reply("half", fault=faults.drop(after=0)))
    llm.mount(router)

    assert httpx.post(CHAT, json=QUESTION, headers=KEY).status_code == 429
    with pytest.raises(httpx.RemoteProtocolError, match="Server disconnected without sending a response"):
        httpx.post(CHAT, json=QUESTION, headers=KEY)


def test_request_that_no_rule_answers_fails_the_check(router):
    llm = FakeLLM()
    llm.mount(router)

    assert httpx.post(CHAT, json=QUESTION, headers=KEY).status_code == 400
    with pytest.raises(AssertionError, match="no rule answers call 1"):
        llm.check()


def test_other_requests_stay_with_the_router(router):
    llm = FakeLLM()
    router.get("https://shop.test/prices").respond(json=[1])
    llm.mount(router)

    assert httpx.get("https://shop.test/prices").json() == [1]
    with pytest.raises(AssertionError, match="not mocked"):
        httpx.get("https://shop.test/other")
    assert len(llm.calls) == 0


def test_routes_that_stand_before_are_asked_first(router):
    llm = FakeLLM()
    llm.otherwise("fake")
    router.post(CHAT, headers={"x-team": "a"}).respond(418)
    llm.mount(router)

    assert httpx.post(CHAT, json=QUESTION, headers={**KEY, "x-team": "a"}).status_code == 418
    assert content(httpx.post(CHAT, json=QUESTION, headers=KEY)) == "fake"


@pytest.mark.parametrize("given", [None, respx, object])
def test_what_is_no_router_is_a_usage_error(given):
    with pytest.raises(UsageError) as caught:
        FakeLLM().mount(given)

    assert str(caught.value) == f"mount(...) takes a router of respx, such as the fixture respx_mock; got {given!r}"


def test_missing_respx_is_a_usage_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "respx", None)

    with pytest.raises(UsageError) as caught:
        FakeLLM().mount(None)

    assert str(caught.value) == (
        "mount(...) needs respx, which is not installed\n  type: pip install 'fakellm-toolkit[respx]'"
    )
