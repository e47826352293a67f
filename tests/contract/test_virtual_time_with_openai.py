"""The official OpenAI SDK backs off in virtual time, sync and async."""

from __future__ import annotations

import asyncio
from time import perf_counter

import pytest

openai = pytest.importorskip("openai")

from fakellm import ErrorReply, FakeLLM  # noqa: E402

MESSAGES = [{"role": "user", "content": "hi"}]


def ask_sync(**options):
    with openai.OpenAI(api_key="sk-test", **options) as client:
        return client.chat.completions.create(model="gpt-4o", messages=MESSAGES).choices[0].message.content


def ask_async(**options):
    async def ask():
        async with openai.AsyncOpenAI(api_key="sk-test", **options) as client:
            answer = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
            return answer.choices[0].message.content

    return asyncio.run(ask())


@pytest.mark.parametrize("ask", [ask_sync, ask_async])
def test_ten_minutes_of_retries_take_no_time(ask):
    began = perf_counter()

    with FakeLLM() as llm, llm.virtual_time() as clock:
        llm.reply(ErrorReply.rate_limited(retry_after=60), times=10)
        llm.reply("at last")
        assert ask(max_retries=10) == "at last"

    assert clock.sleeps == [60] * 10
    assert perf_counter() - began < 30


@pytest.mark.parametrize("ask", [ask_sync, ask_async])
def test_back_off_of_the_sdks_own_is_waited_for(ask):
    with FakeLLM() as llm, llm.virtual_time() as clock:
        llm.reply(ErrorReply(500, headers={"x-should-retry": "true", "retry-after-ms": "0"}), times=3)
        llm.reply("at last")
        assert ask(max_retries=3) == "at last"

    assert [round(seconds / most, 1) for seconds, most in zip(clock.sleeps, (0.5, 1, 2), strict=True)] == pytest.approx(
        [0.9, 0.9, 0.9], abs=0.2
    )
