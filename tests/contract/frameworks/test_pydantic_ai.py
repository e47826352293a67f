"""pydantic-ai asks Responses, and chat completions where the name of the model says so."""

from __future__ import annotations

CODE = """
import asyncio

import pytest
from fakellm import ErrorReply, Reply, ToolCall
from pydantic import BaseModel
from pydantic_ai import Agent, ModelHTTPError

ENDPOINTS = {"openai:gpt-5": "responses", "openai:gpt-4o": "responses", "openai-chat:gpt-4o": "chat"}

class City(BaseModel):
    name: str

@pytest.fixture(params=ENDPOINTS)
def model(request):
    return request.param

def weather_agent(model):
    agent = Agent(model)

    @agent.tool_plain
    def get_weather(city: str) -> str:
        return "18 degrees"

    return agent

def test_tool_loop(fake_llm, model):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")

    assert weather_agent(model).run_sync("What is the weather in Paris?").output == "18 degrees in Paris."
    assert [call.endpoint for call in fake_llm.calls] == [ENDPOINTS[model]] * 2

def test_reasoning_is_sent_back(fake_llm):
    thinks = Reply(tool_calls=ToolCall("get_weather", {"city": "Paris"}), reasoning="Look it up.")
    fake_llm.when(user="weather").reply(thinks)
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")

    assert weather_agent("openai:gpt-5").run_sync("weather?").output == "18 degrees in Paris."
    assert [item["type"] for item in fake_llm.calls[1].request.body["input"] if "type" in item] == [
        "reasoning", "function_call", "function_call_output"
    ]

def test_stream(fake_llm, model):
    fake_llm.reply("Hey you there")

    async def stream():
        async with Agent(model).run_stream("hi") as result:
            return [text async for text in result.stream_text(delta=True, debounce_by=None)]

    assert asyncio.run(stream()) == ["Hey", " you", " there"]

def test_object(fake_llm, model):
    fake_llm.reply(City(name="Paris"))

    assert Agent(model, output_type=City).run_sync("Which city?").output == City(name="Paris")

def test_error_that_is_retried(fake_llm, model):
    fake_llm.reply(ErrorReply.rate_limited(), "Hello!")

    assert Agent(model).run_sync("hi").output == "Hello!"

def test_error(fake_llm, model):
    fake_llm.reply(ErrorReply(400, message="No."))

    with pytest.raises(ModelHTTPError, match="No."):
        Agent(model).run_sync("hi")
"""


def test_pydantic_ai(run_tests):
    run_tests("pydantic-ai-slim", CODE, passed=16)
