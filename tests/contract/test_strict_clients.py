"""Real clients keep the rules of the real API: what they send is taken, and what is rejected reaches them."""

from __future__ import annotations

import asyncio
import importlib.util

import pytest
from pydantic import BaseModel

openai = pytest.importorskip("openai")

from fakellm import FakeLLM  # noqa: E402

MESSAGES = [{"role": "user", "content": "What is the weather in Paris?"}]
needs_autogen = pytest.mark.skipif(importlib.util.find_spec("autogen_ext") is None, reason="AutoGen is not installed")


class Weather(BaseModel):
    """The weather of a city."""

    city: str
    degrees: int | None
    days: list[str]


@pytest.fixture
def client():
    with openai.OpenAI(api_key="sk-test") as client:
        yield client


@pytest.fixture
def llm():
    with FakeLLM() as llm:
        yield llm


@pytest.fixture
def strict_llm():
    """A fake for what is meant to be rejected."""
    with FakeLLM(models=["gpt-4o"], allow_rejected=True) as llm:
        yield llm


def test_strict_schemas_of_the_sdk_are_taken(client, llm):
    llm.reply('{"city": "Paris", "degrees": 18, "days": []}')

    completion = client.beta.chat.completions.parse(
        model="gpt-4o",
        messages=MESSAGES,
        response_format=Weather,
        tools=[openai.pydantic_function_tool(Weather)],
        tool_choice="auto",
        parallel_tool_calls=False,
    )

    assert completion.choices[0].message.parsed == Weather(city="Paris", degrees=18, days=[])


def test_rejected_request_is_the_exception_of_its_status(client, strict_llm):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES, tool_choice="auto")

    assert (caught.value.param, caught.value.code, caught.value.type) == ("tool_choice", None, "invalid_request_error")
    assert "'tool_choice' is only allowed when 'tools' are specified." in str(caught.value)


def test_model_that_does_not_exist_is_not_found(client, strict_llm):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-4p", messages=MESSAGES)

    assert caught.value.code == "model_not_found"


def test_missing_key_is_an_authentication_error(client, strict_llm):
    with pytest.raises(openai.AuthenticationError, match="You didn't provide an API key"):
        client.chat.completions.create(
            model="gpt-4o", messages=MESSAGES, extra_headers={"Authorization": openai.Omit()}
        )


@needs_autogen
def test_what_autogens_client_sends_is_taken(llm):
    from autogen_core import FunctionCall, Image
    from autogen_core.models import (
        AssistantMessage,
        FunctionExecutionResult,
        FunctionExecutionResultMessage,
        SystemMessage,
        UserMessage,
    )
    from autogen_core.tools import FunctionTool
    from autogen_ext.models.openai import OpenAIChatCompletionClient
    from PIL.Image import new

    def get_weather(city: str, days: int) -> str:
        """Current weather in a city."""
        return "18"

    llm.reply("18 degrees", '{"city": "Paris", "degrees": 18, "days": []}')
    calls = [FunctionCall(id="c1", name="get_weather", arguments="{}")]
    result = FunctionExecutionResult(call_id="c1", name="get_weather", content="18", is_error=False)
    messages = [
        SystemMessage(content="Be short."),
        UserMessage(content=["What is this?", Image(new("RGB", (1, 1)))], source="user"),
        AssistantMessage(content=calls, source="weather_agent", thought=None),
        FunctionExecutionResultMessage(content=[result]),
        AssistantMessage(content="done", source="weather_agent"),
        UserMessage(content="And now?", source="planner"),
    ]
    tools = [FunctionTool(get_weather, description="", strict=strict) for strict in (True, False)]

    async def ask():
        client = OpenAIChatCompletionClient(model="gpt-4o-2024-08-06", api_key="sk-test")
        first = await client.create(messages, tools=tools, tool_choice="auto", extra_create_args={"temperature": 0.5})
        second = await client.create(messages, json_output=Weather)
        await client.close()
        return first.content, second.content

    assert asyncio.run(ask())[0] == "18 degrees"


@needs_autogen
def test_nulls_of_autogens_configuration_count_as_absent(llm):
    from autogen_core.models import UserMessage
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    llm.reply("Rain.")
    nulls = dict.fromkeys(("temperature", "max_tokens", "stop", "seed", "user", "response_format"))

    async def ask():
        client = OpenAIChatCompletionClient(model="gpt-4o-2024-08-06", api_key="sk-test", **nulls)
        result = await client.create([UserMessage(content="hi", source="user")])
        await client.close()
        return result.content

    assert asyncio.run(ask()) == "Rain."
    assert llm.calls[0].request.body.get("temperature", "absent") in (None, "absent")
