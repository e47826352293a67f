"""AutoGen's agents on our client: they hand over AutoGen's objects and check answers by AutoGen's classes."""

from __future__ import annotations

import asyncio

import pytest

from fakellm import FakeLLM, ToolCall
from fakellm import models as ours

theirs = pytest.importorskip("autogen_core.models")
agents = pytest.importorskip("autogen_agentchat.agents")
autogen_core = pytest.importorskip("autogen_core")

CALL = autogen_core.FunctionCall(id="call_1", name="get_weather", arguments='{"city":"Paris"}')
RESULT = theirs.FunctionExecutionResult(content="18", name="get_weather", call_id="call_1", is_error=False)
TALK = [
    theirs.SystemMessage(content="Be brief."),
    theirs.UserMessage(content="Weather?", source="user"),
    theirs.AssistantMessage(content=[CALL], thought="Look it up.", source="a"),
    theirs.FunctionExecutionResultMessage(content=[RESULT]),
    theirs.AssistantMessage(content="18.", source="a"),
    theirs.UserMessage(content="And in Rome?", source="user"),
]
OUR_TALK = [
    ours.SystemMessage(content="Be brief."),
    ours.UserMessage(content="Weather?", source="user"),
    ours.AssistantMessage(
        content=[ours.FunctionCall(id="call_1", name="get_weather", arguments='{"city":"Paris"}')],
        thought="Look it up.",
        source="a",
    ),
    ours.FunctionExecutionResultMessage(
        content=[ours.FunctionExecutionResult(content="18", name="get_weather", call_id="call_1", is_error=False)]
    ),
    ours.AssistantMessage(content="18.", source="a"),
    ours.UserMessage(content="And in Rome?", source="user"),
]


def get_weather(city: str) -> str:
    """Current weather in a city."""
    return "18 degrees"


def create(messages, *replies):
    """Return (result, wire messages) of one question."""
    llm = FakeLLM()
    llm.reply(*replies)
    result = asyncio.run(llm.client().create(messages, tools=[{"name": "get_weather"}]))
    return result, llm.calls[0].messages


def test_their_messages_are_sent_like_ours():
    assert create(TALK, "20.")[1] == create(OUR_TALK, "20.")[1]


def test_their_messages_get_their_result():
    result, _ = create(TALK, "20.")

    assert type(result) is theirs.CreateResult
    assert type(result.usage) is theirs.RequestUsage
    assert result.content == "20."


def test_their_messages_get_their_calls():
    result, _ = create(TALK, ToolCall("get_weather", {"city": "Rome"}, id="call_2"))

    assert result.content == [autogen_core.FunctionCall(id="call_2", name="get_weather", arguments='{"city":"Rome"}')]
    assert result.finish_reason == "function_calls"


def test_our_messages_get_our_result():
    result, _ = create(OUR_TALK, "20.")

    assert type(result) is ours.CreateResult


def test_their_messages_get_their_result_at_the_end_of_a_stream():
    async def run():
        llm = FakeLLM()
        llm.reply("Rain in Rome")
        return [piece async for piece in llm.client().create_stream(TALK)]

    *pieces, result = asyncio.run(run())

    assert pieces == ["Rain", " in", " Rome"]
    assert type(result) is theirs.CreateResult


def test_stream_of_their_messages_that_is_left_is_closed():
    llm = FakeLLM()
    llm.reply("Rain in Rome")

    async def run():
        stream = llm.client().create_stream(TALK)
        await anext(stream)
        await stream.aclose()

    asyncio.run(run())

    assert llm.calls[0].cancelled


def test_their_images_are_sent():
    pil = pytest.importorskip("PIL.Image")
    image = autogen_core.Image(pil.new("RGB", (2, 2), "red"))

    _, wire = create([theirs.UserMessage(content=["What is it?", image], source="user")], "Red.")

    assert wire[0]["content"] == [{"type": "text", "text": "What is it?"}, image.to_openai_format()]


def test_their_messages_count_like_ours():
    client = FakeLLM().client()

    assert client.count_tokens(TALK) == client.count_tokens(OUR_TALK)
    assert client.remaining_tokens(TALK) == client.remaining_tokens(OUR_TALK)


@pytest.mark.parametrize("stream", [False, True])
def test_assistant_agent_runs_on_our_client(stream):
    llm = FakeLLM()
    llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    llm.when(tool_result="18").reply("It is 18 degrees in Paris.")
    agent = agents.AssistantAgent(
        "weather", llm.client(), tools=[get_weather], reflect_on_tool_use=True, model_client_stream=stream
    )

    result = asyncio.run(agent.run(task="What is the weather in Paris?"))

    assert result.messages[-1].content == "It is 18 degrees in Paris."
