"""langchain asks chat completions, Responses where it is told to, and embeddings; langgraph stands on it."""

from __future__ import annotations

CODE = """
import asyncio

import openai
import pytest
from fakellm import ErrorReply, ToolCall
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langgraph.prebuilt import create_react_agent
from pydantic import BaseModel

ENDPOINTS = {False: "chat", True: "responses"}

class City(BaseModel):
    name: str

@tool
def get_weather(city: str) -> str:
    "Current weather in a city."
    return "18 degrees"

@pytest.fixture(params=ENDPOINTS)
def model(request):
    return ChatOpenAI(model="gpt-4o", use_responses_api=request.param)

def test_tool_loop(fake_llm, model):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")
    asked = model.bind_tools([get_weather])
    question = HumanMessage("What is the weather in Paris?")

    called = asked.invoke([question])
    result = ToolMessage(get_weather.invoke(called.tool_calls[0]["args"]), tool_call_id=called.tool_calls[0]["id"])

    assert asked.invoke([question, called, result]).text == "18 degrees in Paris."
    assert [call.endpoint for call in fake_llm.calls] == [ENDPOINTS[model.use_responses_api]] * 2

def test_tool_loop_of_langgraph(fake_llm, model):
    fake_llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))
    fake_llm.when(tool_result="18").reply("18 degrees in Paris.")

    result = create_react_agent(model, [get_weather]).invoke({"messages": [("user", "weather?")]})

    assert result["messages"][-1].text == "18 degrees in Paris."

def test_model_that_is_on_responses_alone(fake_llm):
    fake_llm.reply("Hello!")

    assert ChatOpenAI(model="gpt-5.2-pro").invoke("hi").text == "Hello!"
    assert fake_llm.calls[0].endpoint == "responses"

def test_stream(fake_llm, model):
    fake_llm.reply("Hey you there")

    assert [chunk.text for chunk in model.stream("hi") if chunk.text] == ["Hey", " you", " there"]

def test_async_answer(fake_llm, model):
    fake_llm.reply("Hello!")

    assert asyncio.run(model.ainvoke("hi")).text == "Hello!"

def test_object(fake_llm, model):
    fake_llm.reply(City(name="Paris"))

    assert model.with_structured_output(City).invoke("Which city?") == City(name="Paris")

def test_error_that_is_retried(fake_llm, model):
    fake_llm.reply(ErrorReply.rate_limited(), "Hello!")

    assert model.invoke("hi").text == "Hello!"

def test_error(fake_llm, model):
    fake_llm.reply(ErrorReply(400, message="No."))

    with pytest.raises(openai.BadRequestError, match="No."):
        model.invoke("hi")

def test_search_finds_the_text_with_the_words_of_the_question(fake_llm):
    embeddings = OpenAIEmbeddings(model="text-embedding-3-small", check_embedding_ctx_length=False)
    paris, rome = embeddings.embed_documents(["Paris weather: rain.", "Rome has seven hills."])
    question = embeddings.embed_query("What is the weather in Paris?")

    near, far = (sum(a * b for a, b in zip(question, text)) for text in (paris, rome))

    assert near > 0.6 > 0.2 > far
    assert [call.endpoint for call in fake_llm.calls] == ["embeddings", "embeddings"]
"""


def test_langchain(run_tests):
    run_tests("langchain-openai", CODE, passed=16)
