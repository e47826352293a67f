"""A project of a user's own, with the agents that users have; run by the installed plugin."""

from __future__ import annotations

import pytest

openai = pytest.importorskip("openai")

AGENT = """
import openai

client = openai.OpenAI()
async_client = openai.AsyncOpenAI()

def ask(question):
    answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": question}])
    return answer.choices[0].message.content

async def ask_async(question):
    answer = await async_client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": question}]
    )
    return answer.choices[0].message.content

def ask_and_swallow(question):
    try:
        return ask(question)
    except Exception:
        return "sorry"
"""

AUTOGEN = """
import asyncio
from autogen_agentchat.agents import AssistantAgent
from autogen_ext.models.openai import OpenAIChatCompletionClient
from fakellm import ToolCall

def get_weather(city: str) -> str:
    "Current weather in a city."
    return "18 degrees"

def test_assistant_agent(fake_llm):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("It is 18 degrees in Paris.")

    async def run():
        client = OpenAIChatCompletionClient(model="gpt-4o")
        agent = AssistantAgent("weather", client, tools=[get_weather], reflect_on_tool_use=True)
        return await agent.run(task="What is the weather in Paris?")

    result = asyncio.run(run())

    assert result.messages[-1].content == "It is 18 degrees in Paris."
    assert fake_llm.calls[0].last_user == "What is the weather in Paris?"

def test_assistant_agent_streams(fake_llm):
    fake_llm.reply("Rain in Paris")

    async def run():
        client = OpenAIChatCompletionClient(model="gpt-4o")
        agent = AssistantAgent("weather", client, model_client_stream=True)
        return [event async for event in agent.run_stream(task="What is the weather?")]

    events = asyncio.run(run())

    chunks = [event.content for event in events if type(event).__name__ == "ModelClientStreamingChunkEvent"]
    assert chunks == ["Rain", " in", " Paris"]
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A clean project: no key, no configuration."""
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(agent=AGENT)
    return pytester


def test_agents_that_build_their_clients_at_import(project):
    project.makepyfile("""
        import asyncio
        from agent import ask, ask_async

        def test_sync(fake_llm):
            fake_llm.reply("Hello!")
            assert ask("hi") == "Hello!"

        def test_async(fake_llm):
            fake_llm.reply("Hello!")
            assert asyncio.run(ask_async("hi")) == "Hello!"
    """)

    project.runpytest_subprocess().assert_outcomes(passed=2)


def test_agent_that_swallows_everything_still_fails(project):
    project.makepyfile("""
        from agent import ask_and_swallow

        def test_swallows(fake_llm):
            fake_llm.when(user="bye").reply("Bye!", times=None)
            assert ask_and_swallow("hi") == "sorry"
    """)

    result = project.runpytest_subprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*no rule answers call 1*user='hi'*",
            "*rule 1 when(user='bye') at test_*.py:4",
            "*fake_llm.when(user='hi').reply('...')",
        ]
    )


def test_autogen_agent_with_its_own_client(project):
    pytest.importorskip("autogen_agentchat")
    project.makepyfile(AUTOGEN)

    project.runpytest_subprocess().assert_outcomes(passed=2)
