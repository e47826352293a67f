"""Agents on frameworks that bring clients of their own are answered like any other."""

from __future__ import annotations

import pytest

LANGCHAIN = """
from langchain_openai import ChatOpenAI

def test_answer_and_stream(fake_llm):
    fake_llm.reply("Hello!", "Hey you there")
    llm = ChatOpenAI(model="gpt-4o")

    assert llm.invoke("hi").content == "Hello!"
    assert "".join(chunk.content for chunk in llm.stream("hi")) == "Hey you there"
"""

LANGGRAPH = """
from fakellm import ToolCall
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent

def get_weather(city: str) -> str:
    "Current weather in a city."
    return "18 degrees"

def test_tool_loop(fake_llm):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")
    agent = create_react_agent(ChatOpenAI(model="gpt-4o"), [get_weather])

    result = agent.invoke({"messages": [("user", "What is the weather in Paris?")]})

    assert result["messages"][-1].content == "18 degrees in Paris."
"""

PYDANTIC_AI = """
from fakellm import ToolCall
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel

def test_tool_loop(fake_llm):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")
    agent = Agent(OpenAIChatModel("gpt-4o"))

    @agent.tool_plain
    def get_weather(city: str) -> str:
        return "18 degrees"

    assert agent.run_sync("What is the weather in Paris?").output == "18 degrees in Paris."
"""

LANGCHAIN_RESPONSES = """
from fakellm import ToolCall
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI

def test_tool_loop_and_stream(fake_llm):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")
    fake_llm.when(user="Go on").reply("Hey you there")
    llm = ChatOpenAI(model="gpt-4o", use_responses_api=True)
    function = {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}
    tools = llm.bind_tools([{"type": "function", "function": function}])

    question = HumanMessage("What is the weather in Paris?")
    called = tools.invoke([question])
    result = ToolMessage("18 degrees", tool_call_id=called.tool_calls[0]["id"])

    assert tools.invoke([question, called, result]).text == "18 degrees in Paris."
    assert "".join(chunk.text for chunk in llm.stream("Go on")) == "Hey you there"
    assert {call.endpoint for call in fake_llm.calls} == {"responses"}
"""

PYDANTIC_AI_RESPONSES = """
import asyncio
from fakellm import Reply, ToolCall
from pydantic import BaseModel
from pydantic_ai import Agent

class City(BaseModel):
    name: str

def test_tool_loop(fake_llm):
    thinks = Reply(tool_calls=ToolCall("get_weather", {"city": "Paris"}), reasoning="Look it up.")
    fake_llm.when(user="weather").reply(thinks)
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")
    agent = Agent("openai:gpt-5")

    @agent.tool_plain
    def get_weather(city: str) -> str:
        return "18 degrees"

    assert agent.run_sync("What is the weather in Paris?").output == "18 degrees in Paris."
    assert {call.endpoint for call in fake_llm.calls} == {"responses"}

def test_object_and_stream(fake_llm):
    fake_llm.reply(City(name="Paris"), "Hey you there")

    async def stream():
        async with Agent("openai:gpt-4o").run_stream("hi") as result:
            return [text async for text in result.stream_text(delta=True, debounce_by=None)]

    assert Agent("openai:gpt-4o", output_type=City).run_sync("Which city?").output == City(name="Paris")
    assert asyncio.run(stream()) == ["Hey", " you", " there"]
"""

OPENAI_AGENTS = """
from fakellm import ToolCall
from agents import Agent, Runner, function_tool, set_tracing_disabled

set_tracing_disabled(True)

@function_tool
def get_weather(city: str) -> str:
    "Current weather in a city."
    return "18 degrees"

def test_tool_loop(fake_llm):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")
    agent = Agent(name="weather", model="gpt-5", tools=[get_weather])

    assert Runner.run_sync(agent, "What is the weather in Paris?").final_output == "18 degrees in Paris."
"""


RETRIEVAL = """
from langchain_openai import OpenAIEmbeddings

def test_search_finds_the_text_with_the_words_of_the_question(fake_llm):
    embeddings = OpenAIEmbeddings(model="text-embedding-3-small", check_embedding_ctx_length=False)
    paris, rome = embeddings.embed_documents(["Paris weather: rain.", "Rome has seven hills."])
    question = embeddings.embed_query("What is the weather in Paris?")

    near, far = (sum(a * b for a, b in zip(question, text)) for text in (paris, rome))

    assert near > 0.6 > 0.2 > far
    assert [call.endpoint for call in fake_llm.calls] == ["embeddings", "embeddings"]
"""


@pytest.mark.parametrize(
    ("framework", "code", "passed"),
    [
        ("langchain_openai", LANGCHAIN, 1),
        ("langchain_openai", RETRIEVAL, 1),
        ("langgraph", LANGGRAPH, 1),
        ("pydantic_ai", PYDANTIC_AI, 1),
        ("langchain_openai", LANGCHAIN_RESPONSES, 1),
        ("pydantic_ai", PYDANTIC_AI_RESPONSES, 2),
        ("agents", OPENAI_AGENTS, 1),
    ],
)
def test_agent_on_a_framework(pytester, monkeypatch, framework, code, passed):
    pytest.importorskip(framework)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    pytester.makepyfile(code)

    pytester.runpytest_subprocess().assert_outcomes(passed=passed)
