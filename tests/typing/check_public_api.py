"""What type checkers see of the public interface; checked by mypy and pyright, never run."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import assert_type

import fakellm
from fakellm import Call, Cassette, ErrorReply, FakeLLM, Journal, Reply, Rule, ToolCall, faults, use_cassette
from fakellm.models import CreateResult, UserMessage


def scripting(llm: FakeLLM) -> None:
    assert_type(llm.reply("Hello!"), Rule)
    assert_type(llm.when(user="hi", model="gpt-4*").reply("a", Reply("b"), ToolCall("f", {"x": 1}), times=None), Rule)
    llm.when(user=re.compile("h.")).reply([ToolCall("f", {}), ToolCall("g", "{broken")])
    llm.when(tool_result=lambda text: len(text) > 3).reply(ErrorReply.rate_limited(retry_after=2))
    llm.reply(lambda request: f"you asked {request.last_user}")
    llm.reply("half", fault=faults.drop(after=2))


def looking(llm: FakeLLM) -> None:
    assert_type(llm.calls, Journal)
    assert_type(llm.calls[0], Call)
    assert_type(llm.calls[1:], Journal)
    assert_type(llm.calls[0].last_user, str | None)
    assert_type(llm.transcript(), str)


def contexts() -> None:
    with FakeLLM(seed=1) as llm:
        assert_type(llm, FakeLLM)
    with FakeLLM().virtual_time() as clock:
        assert_type(clock.elapsed, float)
        assert_type(clock.sleeps, list[float])
    with use_cassette("session.yaml", match=["path", "body"]) as cassette:
        assert_type(cassette, Cassette)


async def asking(client: fakellm.OpenAIChatCompletionClient) -> None:
    messages = [UserMessage(content="hi", source="user")]
    assert_type(await client.create(messages), CreateResult)
    stream = client.create_stream(messages)
    assert_type(stream, AsyncGenerator[str | CreateResult, None])
