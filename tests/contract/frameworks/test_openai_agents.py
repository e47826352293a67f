"""openai-agents asks Responses, and sends its traces beside."""

from __future__ import annotations

CODE = """
import asyncio

import openai
import pytest
from agents import Agent, OpenAIConversationsSession, Runner, SQLiteSession, flush_traces, function_tool
from fakellm import ErrorReply, ToolCall
from pydantic import BaseModel

class City(BaseModel):
    name: str

@function_tool
def get_weather(city: str) -> str:
    "Current weather in a city."
    return "18 degrees"

@pytest.fixture(autouse=True)
def traces_are_sent(fake_llm):
    yield
    flush_traces()  # or a thread sends them when it likes, between two tests or at exit

@pytest.fixture(params=["gpt-5", "gpt-4o", None])
def model(request):
    return request.param

def test_tool_loop(fake_llm, model):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")
    agent = Agent(name="weather", model=model, tools=[get_weather])

    assert Runner.run_sync(agent, "What is the weather in Paris?").final_output == "18 degrees in Paris."
    assert [call.endpoint for call in fake_llm.calls] == ["responses", "responses"]

def test_handoff(fake_llm, model):
    fake_llm.when(system="You sort.").reply(ToolCall("transfer_to_weather"))
    fake_llm.when(system="You know the weather.").reply("Rain.")
    weather = Agent(name="weather", instructions="You know the weather.", model=model)
    sorter = Agent(name="sorter", instructions="You sort.", handoffs=[weather], model=model)

    assert Runner.run_sync(sorter, "What is the weather in Paris?").final_output == "Rain."

def test_stream(fake_llm, model):
    fake_llm.reply("Hey you there")

    async def ask():
        run = Runner.run_streamed(Agent(name="guide", model=model), "hi")
        events = [event.data async for event in run.stream_events() if event.type == "raw_response_event"]
        return [event.delta for event in events if event.type == "response.output_text.delta"], run.final_output

    assert asyncio.run(ask()) == (["Hey", " you", " there"], "Hey you there")

def test_object(fake_llm, model):
    fake_llm.reply(City(name="Paris"))

    agent = Agent(name="guide", model=model, output_type=City)

    assert Runner.run_sync(agent, "Which city?").final_output == City(name="Paris")

def test_session(fake_llm, model):
    fake_llm.when(user="name").reply("Ann.")
    fake_llm.when(user="I am").reply("Hello!")
    agent, session = Agent(name="guide", model=model), SQLiteSession("1")

    async def ask():
        await Runner.run(agent, "I am Ann.", session=session)
        return await Runner.run(agent, "What is my name?", session=session)

    assert asyncio.run(ask()).final_output == "Ann."
    assert [message["content"] for message in fake_llm.calls[1].messages] == ["I am Ann.", "Hello!", "What is my name?"]

def test_chain(fake_llm, model):
    fake_llm.when(user="name").reply("Ann.")
    fake_llm.when(user="I am").reply("Hello!")
    agent = Agent(name="guide", model=model)

    first = Runner.run_sync(agent, "I am Ann.")
    second = Runner.run_sync(agent, "What is my name?", previous_response_id=first.last_response_id)

    assert second.final_output == "Ann."
    assert len(fake_llm.calls[1].messages) == 3

def script_of_two_turns(llm):
    llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}), reasoning="Look it up.")
    llm.when(tool_result="18").reply("18 degrees in Paris.")
    llm.when(user="Thanks").reply("You are welcome.")

def test_conversation(fake_llm, model):
    script_of_two_turns(fake_llm)
    agent = Agent(name="weather", model=model, tools=[get_weather])

    async def ask():
        name = (await openai.AsyncOpenAI().conversations.create()).id
        await Runner.run(agent, "What is the weather in Paris?", conversation_id=name)
        return await Runner.run(agent, "Thanks", conversation_id=name)

    assert asyncio.run(ask()).final_output == "You are welcome."

def test_session_in_a_conversation(fake_llm, model):
    script_of_two_turns(fake_llm)
    agent, session = Agent(name="weather", model=model, tools=[get_weather]), OpenAIConversationsSession()

    async def ask():
        await Runner.run(agent, "What is the weather in Paris?", session=session)
        return await Runner.run(agent, "Thanks", session=session)

    assert asyncio.run(ask()).final_output == "You are welcome."

def test_error_that_is_retried(fake_llm, model):
    fake_llm.reply(ErrorReply.rate_limited(), "Hello!")

    assert Runner.run_sync(Agent(name="guide", model=model), "hi").final_output == "Hello!"

def test_error(fake_llm, model):
    fake_llm.reply(ErrorReply(400, message="No."))

    with pytest.raises(openai.BadRequestError, match="No."):
        Runner.run_sync(Agent(name="guide", model=model), "hi")

def test_traces_are_other_traffic(fake_llm):
    fake_llm.reply("Hello!")

    Runner.run_sync(Agent(name="guide"), "hi")
    flush_traces()

    assert len(fake_llm.calls) == 1
    assert {request.wire.path for request in fake_llm.other_traffic} == {"/v1/traces/ingest"}
"""


def test_openai_agents(run_tests):
    run_tests("openai-agents", CODE, passed=31)
