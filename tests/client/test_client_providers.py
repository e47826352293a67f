"""Our client takes the answers of every provider, as scripted."""

import pytest

from fakellm import FakeLLM, Reply, ToolCall
from fakellm._dialects.providers import PROVIDERS
from fakellm.models import CreateResult, FunctionCall, UserMessage

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.filterwarnings("ignore:asked for .* answered by"),
]

HI = [UserMessage(content="hi", source="user")]
INFO = {"vision": True, "function_calling": True, "json_output": True, "family": "unknown", "structured_output": True}


async def whole(client):
    return await client.create(HI)


async def streamed(client):
    *_, last = [piece async for piece in client.create_stream(HI, include_usage=True)]
    assert isinstance(last, CreateResult)
    return last


@pytest.mark.parametrize("ask", [whole, streamed])
@pytest.mark.parametrize("name", PROVIDERS)
async def test_text_thought_and_usage_arrive(name, ask):
    llm = FakeLLM(provider=name)
    llm.reply(Reply("Hello!", reasoning="Hm."))
    client = llm.client(model="some/model", model_info=INFO)

    result = await ask(client)
    await client.close()

    hidden = name in ("openai", "azure")
    assert (result.content, result.thought) == ("Hello!", None if hidden else "Hm.")
    assert (result.finish_reason, result.usage.prompt_tokens) == ("stop", 10)
    assert result.usage.completion_tokens >= 2


@pytest.mark.parametrize("ask", [whole, streamed])
@pytest.mark.parametrize("name", PROVIDERS)
async def test_tool_calls_arrive(name, ask):
    llm = FakeLLM(provider=name, strict=False)
    calls = (ToolCall("f", {"a": 1}, id="c1"), ToolCall("g", {}, id="c2"))
    llm.reply(Reply(tool_calls=calls, deliberate=True))
    client = llm.client(model="gpt-4o")

    result = await ask(client)
    await client.close()

    assert result.content == [FunctionCall("c1", '{"a":1}', "f"), FunctionCall("c2", "{}", "g")]
    assert result.finish_reason == "function_calls"
