import pytest
from autogen_agentchat.messages import HandoffMessage
from autogen_ext.models.openai import OpenAIChatCompletionClient
from travel_team import build_clerk, build_storyteller, build_team, confirm, plan, tell

import fakellm
from fakellm import ErrorReply, ToolCall


@pytest.fixture(params=["autogen", "fakellm"])
async def model_client(request):
    """AutoGen's own client, and the one of fakellm with the same interface."""
    make = {"autogen": OpenAIChatCompletionClient, "fakellm": fakellm.OpenAIChatCompletionClient}[request.param]
    client = make(model="gpt-4o")
    yield client
    await client.close()


async def test_clerk_looks_up_the_flight(fake_llm, model_client):
    fake_llm.when(user="Oslo").reply(ToolCall("find_flight", {"city": "Oslo"}))
    fake_llm.when(tool_result="SK 801").reply("SK 801 leaves at 7:40.")

    result = await build_clerk(model_client).run(task="I want to go to Oslo.")

    assert result.messages[-1].content == "SK 801 leaves at 7:40."
    assert [type(message).__name__ for message in result.messages] == [
        "TextMessage",
        "ToolCallRequestEvent",
        "ToolCallExecutionEvent",
        "TextMessage",
    ]
    assert result.messages[1].models_usage.completion_tokens == fake_llm.calls[0].usage["completion_tokens"]


async def test_storyteller_streams(fake_llm, model_client):
    fake_llm.reply("Oslo lies by a fjord.", chunks=["Oslo lies ", "by a fjord."])

    assert [piece async for piece in tell(build_storyteller(model_client), "Tell me about Oslo.")] == [
        "Oslo lies ",
        "by a fjord.",
    ]


async def test_team_asks_the_traveller_and_goes_on(fake_llm, model_client):
    fake_llm.when(system="finder").reply(ToolCall("find_flight", {"city": "Oslo"}))
    fake_llm.when(system="booker", turn=0).reply(ToolCall("transfer_to_traveller", {}))
    fake_llm.when(system="finder", turn=1).reply("The flight still has seats.")
    fake_llm.when(system="booker", turn=1).reply("Booked. TERMINATE")
    team = build_team(model_client)

    asked = await plan(team, "I want to go to Oslo.")
    done = await confirm(team, "yes, please")

    assert isinstance(asked.messages[-1], HandoffMessage)
    assert asked.messages[-1].target == "traveller"
    assert done.messages[-1].content == "Booked. TERMINATE"
    fake_llm.calls.assert_order("find_flight", "transfer_to_traveller")


async def test_clerk_recovers_from_a_rate_limit(fake_llm, llm_clock, model_client):
    fake_llm.reply(ErrorReply.rate_limited(retry_after=30), ToolCall("find_flight", {"city": "Lima"}))
    fake_llm.when(tool_result="LA 2706").reply("LA 2706 leaves at 23:55.")

    result = await build_clerk(model_client).run(task="I want to go to Lima.")

    assert result.messages[-1].content == "LA 2706 leaves at 23:55."
    assert llm_clock.elapsed == 30


async def test_rate_limit_that_stays_stops_the_team(fake_llm, model_client):
    fake_llm.reply(ErrorReply.rate_limited(), times=None)

    with pytest.raises(RuntimeError, match="RateLimitError"):
        await plan(build_team(model_client), "I want to go to Oslo.")


@pytest.mark.llm_cassette("cassettes/session.yaml")  # recorded with AutoGen's client, played to both
async def test_recorded_session(gateway, model_client):
    clerk, team = build_clerk(model_client), build_team(model_client)

    result = await clerk.run(task="When is the flight to Lima?")
    asked = await plan(team, "Book me to Oslo.")
    done = await confirm(team, "yes, please")

    assert result.messages[-1].content == "LA 2706 leaves at 23:55."
    assert isinstance(asked.messages[-1], HandoffMessage)
    assert done.messages[-1].content == "Booked. TERMINATE"
    assert len([piece async for piece in tell(build_storyteller(model_client), "Tell me about Oslo.")]) > 1
