"""Mirascope asks Responses, and chat completions where the name of the model says so."""

from __future__ import annotations

CODE = """
import pytest
from fakellm import ErrorReply, ToolCall
from mirascope import llm
from pydantic import BaseModel

ENDPOINTS = {"openai/gpt-4o-mini": "responses", "openai/gpt-5": "responses", "openai/gpt-4o-mini:completions": "chat"}

class City(BaseModel):
    name: str

@llm.tool
def get_weather(city: str) -> str:
    "Current weather in a city."
    return "18 degrees"

@pytest.fixture(params=ENDPOINTS)
def model(request):
    return request.param

def asker(model, **options):
    @llm.call(model, **options)
    def ask(question: str):
        return question

    return ask

def test_tool_loop(fake_llm, model):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")

    response = asker(model, tools=[get_weather])("What is the weather in Paris?")
    while response.tool_calls:
        response = response.resume(response.execute_tools())

    assert response.text() == "18 degrees in Paris."
    assert [call.endpoint for call in fake_llm.calls] == [ENDPOINTS[model]] * 2

def test_stream(fake_llm, model):
    fake_llm.reply("Hey you there")

    pieces = list(asker(model).stream("hi").text_stream(sep=""))

    assert [piece for piece in pieces if piece] == ["Hey", " you", " there"]

def test_object(fake_llm, model):
    fake_llm.reply(City(name="Paris"))

    assert asker(model, format=City)("Which city?").parse() == City(name="Paris")

def test_error_that_is_retried(fake_llm, model):
    fake_llm.reply(ErrorReply.rate_limited(), "Hello!")

    assert asker(model)("hi").text() == "Hello!"

def test_error(fake_llm, model):
    fake_llm.reply(ErrorReply(400, message="No."))

    with pytest.raises(llm.BadRequestError, match="No."):
        asker(model)("hi")
"""


def test_mirascope(run_tests):
    run_tests("mirascope", CODE, passed=15)
