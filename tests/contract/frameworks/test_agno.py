"""Agno asks Responses, whether a model is named or not."""

from __future__ import annotations

CODE = """
import asyncio

import pytest
from agno.agent import Agent, RunContentEvent
from agno.run import RunStatus
from fakellm import ErrorReply, ToolCall
from pydantic import BaseModel

class City(BaseModel):
    name: str

def get_weather(city: str) -> str:
    "Current weather in a city."
    return "18 degrees"

@pytest.fixture(params=["openai:gpt-4o-mini", "openai:gpt-5", None])
def model(request):
    return request.param

def test_tool_loop(fake_llm, model):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")

    assert Agent(model=model, tools=[get_weather]).run("weather?").content == "18 degrees in Paris."
    assert [call.endpoint for call in fake_llm.calls] == ["responses", "responses"]

def test_async_run(fake_llm, model):
    fake_llm.reply("Hello!")

    assert asyncio.run(Agent(model=model).arun("hi")).content == "Hello!"

def test_stream(fake_llm, model):
    fake_llm.reply("Hey you there")

    events = [event for event in Agent(model=model).run("hi", stream=True) if isinstance(event, RunContentEvent)]

    assert [event.content for event in events if event.content] == ["Hey", " you", " there"]

def test_object(fake_llm, model):
    fake_llm.reply(City(name="Paris"))

    assert Agent(model=model, output_schema=City).run("Which city?").content == City(name="Paris")

def test_error_that_is_retried(fake_llm, model):
    fake_llm.reply(ErrorReply.rate_limited(), "Hello!")

    assert Agent(model=model).run("hi").content == "Hello!"

def test_error(fake_llm, model):
    fake_llm.reply(ErrorReply(400, message="No."))

    output = Agent(model=model).run("hi")

    assert (output.status, output.content) == (RunStatus.error, "No.")
"""


def test_agno(run_tests):
    run_tests("agno", CODE, passed=18)
