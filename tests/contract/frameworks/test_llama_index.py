"""llama-index asks chat completions, Responses by a class of its own, and embeddings."""

from __future__ import annotations

CODE = """
import asyncio

import openai
import pytest
from fakellm import ErrorReply, ToolCall
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI, OpenAIResponses
from pydantic import BaseModel

ENDPOINTS = {OpenAI: "chat", OpenAIResponses: "responses"}

class City(BaseModel):
    "A city."
    name: str

def get_weather(city: str) -> str:
    "Current weather in a city."
    return "18 degrees"

@pytest.fixture(params=ENDPOINTS)
def model(request):
    return request.param(model="gpt-4o-mini")

def test_tool_loop(fake_llm, model):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")
    agent = FunctionAgent(tools=[get_weather], llm=model)

    async def ask():
        return str(await agent.run("What is the weather in Paris?"))

    assert asyncio.run(ask()) == "18 degrees in Paris."
    assert [call.endpoint for call in fake_llm.calls] == [ENDPOINTS[type(model)]] * 2

def test_stream(fake_llm, model):
    fake_llm.reply("Hey you there")

    pieces = list(model.stream_chat([ChatMessage("hi")]))

    assert [piece.delta for piece in pieces if piece.delta] == ["Hey", " you", " there"]
    assert pieces[-1].message.content == "Hey you there"

def test_object(fake_llm, model):
    fake_llm.reply(City(name="Paris"))

    assert model.as_structured_llm(City).complete("Which city?").raw == City(name="Paris")

def test_error_that_is_retried(fake_llm, model):
    fake_llm.reply(ErrorReply.rate_limited(), "Hello!")

    assert model.complete("hi").text == "Hello!"

def test_error(fake_llm, model):
    fake_llm.reply(ErrorReply(400, message="No."))

    with pytest.raises(openai.BadRequestError, match="No."):
        model.complete("hi")

def test_answer_is_made_of_the_text_that_is_found(fake_llm, model):
    fake_llm.when(user="Paris weather: rain.").reply("Rain.")
    texts = [Document(text="Rome has seven hills."), Document(text="Paris weather: rain.")]

    index = VectorStoreIndex.from_documents(texts, embed_model=OpenAIEmbedding())
    engine = index.as_query_engine(llm=model, similarity_top_k=1)

    assert str(engine.query("What is the weather in Paris?")) == "Rain."
    assert [call.endpoint for call in fake_llm.calls] == ["embeddings", "embeddings", ENDPOINTS[type(model)]]
"""


def test_llama_index(run_tests):
    run_tests("llama-index-llms-openai", CODE, passed=12)
