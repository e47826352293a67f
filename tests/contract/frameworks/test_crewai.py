"""CrewAI asks chat completions, Responses where its model says so, and counts tokens before each call."""

from __future__ import annotations

CODE = """
import openai
import pytest
from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool
from fakellm import ErrorReply, ToolCall
from pydantic import BaseModel

class City(BaseModel):
    name: str

@tool("get_weather")
def get_weather(city: str) -> str:
    "Current weather in a city."
    return "18 degrees"

@pytest.fixture(params=["chat", "responses"])
def model(request):
    return "gpt-4o-mini" if request.param == "chat" else LLM("gpt-4o-mini", api="responses")

def make_crew(question, model, *, tools=(), stream=False, **output):
    agent = Agent(role="Guide", goal="Answer.", backstory="You know cities.", tools=list(tools), llm=model)
    task = Task(description=question, expected_output="A sentence.", agent=agent, **output)
    return Crew(agents=[agent], tasks=[task], stream=stream)

def test_tool_loop(fake_llm, model):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")

    crew = make_crew("What is the weather in Paris?", model, tools=[get_weather])

    assert crew.kickoff().raw == "18 degrees in Paris."
    assert [call.endpoint for call in fake_llm.calls] == ["chat" if model == "gpt-4o-mini" else "responses"] * 2

def test_stream(fake_llm, model):
    fake_llm.reply("Hey you there")

    output = make_crew("hi", model, stream=True).kickoff()

    assert [chunk.content for chunk in output] == ["Hey", " you", " there"]
    assert output.result.raw == "Hey you there"

def test_object(fake_llm, model):
    fake_llm.reply(City(name="Paris"))

    assert make_crew("Which city?", model, output_pydantic=City).kickoff().pydantic == City(name="Paris")

def test_error_that_is_retried(fake_llm, model):
    fake_llm.reply(ErrorReply.rate_limited(), "Hello!")

    assert make_crew("hi", model).kickoff().raw == "Hello!"

def test_error(fake_llm):
    fake_llm.reply(ErrorReply(400, message="No."))

    with pytest.raises(openai.BadRequestError, match="No."):
        LLM("gpt-4o-mini").call("hi")
"""


def test_crewai(run_tests):
    run_tests("crewai", CODE, passed=9)
