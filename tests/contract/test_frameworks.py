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
    ("framework", "code"),
    [
        ("langchain_openai", LANGCHAIN),
        ("langchain_openai", RETRIEVAL),
        ("langgraph", LANGGRAPH),
        ("pydantic_ai", PYDANTIC_AI),
    ],
)
def test_agent_on_a_framework(pytester, monkeypatch, framework, code):
    pytest.importorskip(framework)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    pytester.makepyfile(code)

    pytester.runpytest_subprocess().assert_outcomes(passed=1)
