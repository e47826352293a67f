"""What the official OpenAI SDK, 1.x and 3.x, makes of every kind of reply and of the parameters of a request."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

openai = pytest.importorskip("openai")

from pydantic import BaseModel, ValidationError  # noqa: E402

from fakellm import ContradictionError, ErrorReply, FakeLLM, Reply, ToolCall  # noqa: E402
from fakellm._dialects.chat.dialect import CHAT  # noqa: E402
from fakellm._dialects.providers import PROVIDERS  # noqa: E402
from fakellm._wire.voice import Speaker  # noqa: E402

MESSAGES = [{"role": "user", "content": "Describe Paris as JSON."}]
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("get_weather", "search")
]


class City(BaseModel):
    name: str
    river: str


PARIS = City(name="Paris", river="Seine")


@pytest.fixture
def client():
    with openai.OpenAI(api_key="sk-test") as client:
        yield client


@pytest.fixture
def llm(client):
    with FakeLLM() as llm:
        yield llm


def create(client, **fields):
    return client.chat.completions.create(model="gpt-4o", messages=MESSAGES, **fields)


def parse(client, **fields):
    completions = getattr(client.chat.completions, "parse", None) or client.beta.chat.completions.parse
    return completions(model="gpt-4o", messages=MESSAGES, **fields)


def helper(client, **fields):
    """The SDK's own accumulator of streams."""
    stream = getattr(client.chat.completions, "stream", None) or client.beta.chat.completions.stream
    return stream(model="gpt-4o", messages=MESSAGES, **fields)


def test_object_is_parsed(client, llm):
    llm.reply(PARIS)

    assert parse(client, response_format=City).choices[0].message.parsed == PARIS


def test_object_is_parsed_from_a_stream(client, llm):
    llm.reply(PARIS)

    with helper(client, response_format=City) as stream:
        completion = stream.get_final_completion()

    assert completion.choices[0].message.parsed == PARIS


def test_object_is_parsed_from_a_tool_call(client, llm):
    llm.reply(PARIS)
    tool = openai.pydantic_function_tool(City)
    forced = {"type": "function", "function": {"name": "City"}}

    message = parse(client, tools=[tool], tool_choice=forced).choices[0].message

    assert message.tool_calls[0].function.parsed_arguments == PARIS


def test_refusal_leaves_nothing_parsed(client, llm):
    llm.reply(refusal="I cannot help with that.")

    message = parse(client, response_format=City).choices[0].message

    assert (message.parsed, message.content, message.refusal) == (None, None, "I cannot help with that.")


def test_refusal_is_streamed(client, llm):
    llm.reply(refusal="I cannot help with that.")

    with helper(client, response_format=City) as stream:
        refusals = [event.delta for event in stream if event.type == "refusal.delta"]
        message = stream.get_final_completion().choices[0].message

    assert "".join(refusals) == message.refusal == "I cannot help with that."


def test_object_that_is_cut_raises(client, llm):
    llm.reply(PARIS)

    with pytest.raises(openai.LengthFinishReasonError) as caught:
        parse(client, response_format=City, max_completion_tokens=4)

    assert caught.value.completion.choices[0].message.content == '{"name":"Paris'
    assert caught.value.completion.usage.completion_tokens == 4


def test_object_that_is_filtered_raises(client, llm):
    llm.reply(finish_reason="content_filter")

    with pytest.raises(openai.ContentFilterFinishReasonError):
        parse(client, response_format=City)


def test_object_of_another_shape_raises(client, llm):
    llm.reply('{"town": "Paris"}')

    with pytest.raises(ValidationError):
        parse(client, response_format=City)


def test_object_that_does_not_fit_is_told(client):
    llm = FakeLLM()
    llm.reply(Reply(parsed={"town": "Paris"}))

    with llm.intercept(), pytest.raises(openai.BadRequestError, match="does not fit the strict schema") as caught:
        parse(client, response_format=City)

    assert caught.value.code == "fakellm_unmatched"
    with pytest.raises(ContradictionError):
        llm.check()


def test_alternatives_reach_the_client(client, llm):
    llm.reply(Reply(choices=["heads", "tails"]))

    assert [choice.message.content for choice in create(client, n=2).choices] == ["heads", "tails"]


def test_streamed_alternatives_are_accumulated(client, llm):
    llm.reply(Reply(choices=["heads", "tails"]))

    with helper(client, n=2) as stream:
        choices = stream.get_final_completion().choices

    assert [choice.message.content for choice in choices] == ["heads", "tails"]


def test_logprobs_reach_the_client(client, llm):
    llm.reply("Hello!")

    [hello, mark] = create(client, logprobs=True, top_logprobs=3).choices[0].logprobs.content

    assert (hello.token, mark.token, bytes(mark.bytes)) == ("Hello", "!", b"!")
    assert sum(math.exp(other.logprob) for other in hello.top_logprobs) <= 1


def test_streamed_logprobs_are_accumulated(client, llm):
    llm.reply("Hello!")

    with helper(client, logprobs=True) as stream:
        found = stream.get_final_completion().choices[0].logprobs.content

    assert [entry.token for entry in found] == ["Hello", "!"]


def test_parallel_calls_are_accumulated(client, llm):
    llm.reply(Reply("Let me see.", tool_calls=[ToolCall("get_weather", {"city": "Paris"}), ToolCall("search", {})]))

    with helper(client, tools=TOOLS) as stream:
        message = stream.get_final_completion().choices[0].message

    assert message.content == "Let me see."
    assert [(call.function.name, call.function.arguments) for call in message.tool_calls] == [
        ("get_weather", '{"city":"Paris"}'),
        ("search", "{}"),
    ]


def test_older_function_call_reaches_the_client(client, llm):
    llm.reply(ToolCall("f", {"a": 1}), times=2)
    functions = [{"name": "f", "parameters": {"type": "object", "properties": {}}}]

    choice = create(client, functions=functions).choices[0]
    deltas = [chunk.choices[0].delta.function_call for chunk in create(client, functions=functions, stream=True)]

    assert (choice.message.function_call.name, choice.finish_reason) == ("f", "function_call")
    assert "".join(delta.arguments or "" for delta in deltas if delta) == '{"a":1}'


def test_custom_tool_call_reaches_the_client(client, llm):
    llm.reply(ToolCall("shell", "ls -l"))

    [call] = create(client, tools=[{"type": "custom", "custom": {"name": "shell"}}]).choices[0].message.tool_calls

    assert call.model_dump()["custom"] == {"name": "shell", "input": "ls -l"}


def test_annotations_reach_the_client(client, llm):
    citation = {"url": "https://example.com", "title": "Example", "start_index": 0, "end_index": 3}
    llm.reply("See.", extra={"annotations": [{"type": "url_citation", "url_citation": citation}]})

    message = create(client).choices[0].message

    assert message.model_dump()["annotations"][0]["url_citation"] == citation


def test_answer_names_the_dated_model(client, llm):
    llm.reply("hi")

    assert create(client).model == "gpt-4o-2024-08-06"
    assert llm.calls[0].model == "gpt-4o"


def test_reasoning_is_hidden_by_openai_and_shown_elsewhere(client, llm):
    llm.reply(Reply("4", reasoning="Two and two."), times=3)
    elsewhere = openai.OpenAI(api_key="sk-test", base_url="https://api.deepseek.com")

    hidden = create(client)
    shown = create(elsewhere)
    streamed = [chunk.choices[0].delta for chunk in create(elsewhere, stream=True)]

    assert "reasoning_content" not in hidden.choices[0].message.model_dump()
    assert hidden.usage.completion_tokens_details.reasoning_tokens == 4
    assert shown.choices[0].message.reasoning_content == "Two and two."
    thoughts = [getattr(delta, "reasoning_content", None) or "" for delta in streamed]
    assert "".join(thoughts) == "Two and two."


ERRORS = {
    "bad request": (ErrorReply(400), "BadRequestError"),
    "key": (ErrorReply.invalid_api_key(), "AuthenticationError"),
    "forbidden": (ErrorReply(403), "PermissionDeniedError"),
    "model": (ErrorReply.model_not_found("gpt-9"), "NotFoundError"),
    "conflict": (ErrorReply(409), "ConflictError"),
    "unprocessable": (ErrorReply(422), "UnprocessableEntityError"),
    "rate limit": (ErrorReply.rate_limited(), "RateLimitError"),
    "quota": (ErrorReply.insufficient_quota(), "RateLimitError"),
    "server": (ErrorReply.server_error(), "InternalServerError"),
    "overloaded": (ErrorReply.overloaded(), "InternalServerError"),
    "teapot": (ErrorReply(418), "APIStatusError"),
}


@pytest.mark.parametrize(("reply", "name"), ERRORS.values(), ids=ERRORS)
def test_every_error_class_is_raised(client, llm, reply, name):
    llm.reply(reply, times=None)

    with pytest.raises(openai.APIStatusError) as caught:
        create(client)

    assert type(caught.value).__name__ == name
    said = Speaker(CHAT, PROVIDERS["openai"], "gpt-4o").words(reply, **reply.facts)
    assert (caught.value.code, caught.value.type) == (said.code, said.type)
    assert caught.value.request_id.startswith("req_")


@pytest.mark.parametrize(
    ("status", "calls"), [(408, 3), (409, 3), (429, 3), (500, 3), (503, 3), (529, 3), (400, 1), (402, 1)]
)
def test_retries_use_up_replies(client, llm, status, calls):
    llm.reply(ErrorReply(status), times=None)

    with pytest.raises(openai.APIStatusError):
        create(client)

    assert [call.attempt for call in llm.calls] == list(range(calls))


DOCUMENT = os.environ.get("FAKELLM_OPENAPI")


@pytest.mark.skipif(not DOCUMENT, reason="FAKELLM_OPENAPI names no OpenAPI document")
def test_error_body_holds_to_the_document(client, llm):
    jsonschema = pytest.importorskip("jsonschema")
    components = json.loads(Path(DOCUMENT).read_text())["components"]
    schema = {"$ref": "#/components/schemas/Error", "components": components}
    llm.reply(ErrorReply.model_not_found("gpt-9"))

    with pytest.raises(openai.NotFoundError) as caught:
        create(client)

    jsonschema.validate(caught.value.body, schema)
