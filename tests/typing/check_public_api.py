"""What type checkers see of the public interface; checked by mypy and pyright, never run."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator
from typing import Any, assert_type

import fakellm
from fakellm import (
    Call,
    Cassette,
    ErrorReply,
    FakeLLM,
    Journal,
    Pace,
    Reply,
    Rule,
    ToolCall,
    Trial,
    Trials,
    explore,
    faults,
    framings,
    scenarios,
    use_cassette,
)
from fakellm._wire.events import WireEvent
from fakellm.models import CreateResult, UserMessage
from fakellm.scenarios import Expected, Scenario


def scripting(llm: FakeLLM) -> None:
    assert_type(llm.reply("Hello!"), Rule)
    assert_type(llm.when(user="hi", model="gpt-4*").reply("a", Reply("b"), ToolCall("f", {"x": 1}), times=None), Rule)
    llm.when(user=re.compile("h.")).reply([ToolCall("f", {}), ToolCall("g", "{broken")])
    llm.when(tool_result=lambda text: len(text) > 3).reply(ErrorReply.rate_limited(retry_after=2))
    llm.reply(lambda request: f"you asked {request.last_user}")
    llm.reply("half", fault=faults.drop(after=2))
    llm.when(lambda request: request.turn > 2, system="planner", tool="search", turn=1, stream=True).reply("a")
    llm.when(turn=lambda turn: turn > 1, endpoint="chat", header={"x-team": re.compile("^a$")}).reply("a")
    assert_type(llm.otherwise("a", "b"), Rule)
    assert_type(llm.load("script.yaml"), list[Rule])
    llm.reply("slow", pace=Pace(ttft=0.2, tokens_per_second=50), framing=framings.crlf())


def breaking(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
    assert_type(faults.stall(2.5, after=1), faults.Fault)
    assert_type(framings.recorded([66, 14]), framings.Framing)
    framings.recorded([(0.2, 66), (0.1, 14)])
    Reply("a", fault=faults.error_event(error=ErrorReply.server_error()), framing=framings.bom(), pace=Pace())
    Reply("b", fault=breaking, framing=breaking)
    return faults.no_done()(events)


def looking(llm: FakeLLM) -> None:
    assert_type(llm.calls, Journal)
    assert_type(llm.calls[0], Call)
    assert_type(llm.calls[1:], Journal)
    assert_type(llm.calls[0].last_user, str | None)
    assert_type(llm.calls[0].duration, float | None)
    assert_type(llm.calls[0].cancelled, bool)
    assert_type(llm.transcript(), str)
    assert_type(llm.calls.to("chat").with_tool("search"), Journal)
    assert_type(llm.calls.tool_calls, list[ToolCall])
    assert_type(llm.calls.usage, dict[str, Any])
    llm.calls.assert_tool_called("search", q="x")
    llm.calls.assert_order("search", "book")


def contexts() -> None:
    with FakeLLM(seed=1) as llm:
        assert_type(llm, FakeLLM)
    with FakeLLM().virtual_time() as clock:
        assert_type(clock.elapsed, float)
        assert_type(clock.sleeps, list[float])
    with use_cassette("session.yaml", match=["path", "body"]) as cassette:
        assert_type(cassette, Cassette)
    with use_cassette("session.yaml", mode="once", redact=["Ada Lovelace", re.compile("cust-.*")]) as cassette:
        assert_type(cassette.is_recording, bool)
        assert_type(cassette.counts.recorded, int)
        assert_type(cassette.save(), bool)


async def asking(client: fakellm.OpenAIChatCompletionClient) -> None:
    messages = [UserMessage(content="hi", source="user")]
    assert_type(await client.create(messages), CreateResult)
    stream = client.create_stream(messages)
    assert_type(stream, AsyncGenerator[str | CreateResult, None])


def situations() -> None:
    scenario = scenarios.register(Scenario("own", "Hello!", expected=Expected(content="Hello!"), families="create"))
    with scenario.play() as played:
        assert_type(played.llm, FakeLLM)
        assert_type(played.request, dict[str, Any])
        assert_type(played.request_for("responses"), dict[str, Any])
        assert_type(played.expected.create_result, CreateResult | None)
    assert_type(scenarios.family("usage"), list[Scenario])
    assert_type(Reply(chunks=["Hel", "lo"]).pace, Pace | None)


async def exploring(llm: FakeLLM) -> None:
    async def body() -> str:
        return "done"

    assert_type(explore(lambda: None, llm=llm, faults=[faults.drop(after=1), ErrorReply(500)]), Trials)
    trials = await explore(body, llm=llm, framings=[framings.crlf()])
    assert_type(trials[0], Trial)
    assert_type(trials[0].error, BaseException | None)
