"""The official OpenAI SDK, 1.x on httpx and 3.x on httpx2, takes the fake for the real API."""

from __future__ import annotations

import asyncio

import pytest

openai = pytest.importorskip("openai")

from fakellm import ErrorReply, FakeLLM, Reply, ToolCall, UnmatchedRequestError, faults  # noqa: E402

MESSAGES = [{"role": "user", "content": "What is the weather in Paris?"}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}]


@pytest.fixture
def client():
    """A client built before the fake is active, as agents build theirs."""
    with openai.OpenAI(api_key="sk-test") as client:
        yield client


@pytest.fixture
def llm(client):
    with FakeLLM() as llm:
        yield llm


def test_text(client, llm):
    llm.reply("Rain.")

    completion = client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert completion.choices[0].message.content == "Rain."
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.prompt_tokens == 14


def test_tool_calls(client, llm):
    llm.reply([ToolCall("get_weather", {"city": "Paris"}), ToolCall("get_weather", {"city": "Rome"}, id="call_2")])

    message = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, tools=TOOLS).choices[0].message

    assert message.content is None
    assert [call.function.arguments for call in message.tool_calls] == ['{"city":"Paris"}', '{"city":"Rome"}']
    assert message.tool_calls[1].id == "call_2"


def test_stream(client, llm):
    llm.reply("Rain in Paris")

    chunks = list(client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True))

    assert [chunk.choices[0].delta.content for chunk in chunks] == ["", "Rain", " in", " Paris", None]
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in chunks}) == 1


def test_stream_with_usage(client, llm):
    llm.reply(Reply("Rain.", usage={"prompt_tokens": 99}))

    chunks = list(
        client.chat.completions.create(
            model="gpt-4o", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
    )

    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].choices == []
    assert chunks[-1].usage.prompt_tokens == 99


def test_streamed_tool_call(client, llm):
    llm.reply(ToolCall("get_weather", {"city": "Paris"}))

    chunks = list(client.chat.completions.create(model="gpt-4o", messages=MESSAGES, tools=TOOLS, stream=True))

    deltas = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert deltas[0].function.name == "get_weather"
    assert deltas[0].id.startswith("call_")
    assert "".join(delta.function.arguments for delta in deltas) == '{"city":"Paris"}'


@pytest.mark.parametrize(
    ("error", "expected", "code"),
    [
        (ErrorReply.content_filter(), "BadRequestError", "content_filter"),
        (ErrorReply.context_length_exceeded(), "BadRequestError", "context_length_exceeded"),
        (ErrorReply.invalid_api_key(), "AuthenticationError", "invalid_api_key"),
        (ErrorReply(403), "PermissionDeniedError", "unsupported_country_region_territory"),
        (ErrorReply.model_not_found(), "NotFoundError", "model_not_found"),
        (ErrorReply(422), "UnprocessableEntityError", None),
    ],
)
def test_error_that_is_not_retried(client, llm, error, expected, code):
    llm.reply(error)

    with pytest.raises(getattr(openai, expected)) as caught:
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert caught.value.code == code
    assert caught.value.request_id.startswith("req_")
    assert len(llm.calls) == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ErrorReply.rate_limited(), "RateLimitError"),
        (ErrorReply.insufficient_quota(), "RateLimitError"),
        (ErrorReply(409), "ConflictError"),
        (ErrorReply.server_error(), "InternalServerError"),
        (ErrorReply.overloaded(), "InternalServerError"),
    ],
)
def test_error_that_is_retried_until_the_sdk_gives_up(client, llm, error, expected):
    llm.reply(error, times=None)

    with pytest.raises(getattr(openai, expected)):
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert [call.attempt for call in llm.calls] == [0, 1, 2]


def test_retry_recovers(client, llm):
    llm.reply(ErrorReply.rate_limited(), "Rain.")

    completion = client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert completion.choices[0].message.content == "Rain."


def test_retry_that_was_not_scripted_is_explained(client):
    llm = FakeLLM()
    llm.reply(ErrorReply.rate_limited())

    with llm.intercept(), pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    with pytest.raises(UnmatchedRequestError, match="it is the SDK's retry of call 1, which got the scripted 429"):
        llm.check()


def test_unmatched_request_surfaces_at_once_with_our_text(client):
    llm = FakeLLM()

    with (
        llm.intercept(),
        pytest.raises(openai.BadRequestError, match=r"(?s)no rule answers call 1.*to answer it, type"),
    ):
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert len(llm.calls) == 1


def test_dropped_stream(client, llm):
    llm.reply("Rain in Paris", fault=faults.drop(after=2))
    seen = []

    # 1.x lets the error of its HTTP library through, 3.x wraps it.
    with pytest.raises(Exception, match=r"peer closed connection|Connection error") as caught:
        for chunk in client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
            seen.append(chunk.choices[0].delta.content)

    assert seen == ["", "Rain"]
    assert type(caught.value).__name__ in ("RemoteProtocolError", "APIConnectionError")


def test_drop_before_the_head_is_retried(llm):
    llm.reply("lost", fault=faults.drop(after=0))
    llm.reply("Rain.")

    with openai.OpenAI(api_key="sk-test", max_retries=1) as client:
        completion = client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert completion.choices[0].message.content == "Rain."


def test_async_client(llm):
    llm.reply("Rain.", "Rain in Paris")

    async def run():
        async with openai.AsyncOpenAI(api_key="sk-test") as client:
            whole = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
            stream = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
            return whole.choices[0].message.content, [c.choices[0].delta.content async for c in stream]

    assert asyncio.run(run()) == ("Rain.", ["", "Rain", " in", " Paris", None])


def test_stream_helper(client, llm):
    llm.reply(ToolCall("get_weather", {"city": "Paris"}))

    helper = getattr(client.chat.completions, "stream", None) or client.beta.chat.completions.stream
    with helper(model="gpt-4o", messages=MESSAGES, tools=TOOLS) as stream:
        completion = stream.get_final_completion()

    assert completion.choices[0].message.tool_calls[0].function.arguments == '{"city":"Paris"}'


def test_two_runs_give_the_same_bytes(client):
    def run() -> list[bytes]:
        with FakeLLM(seed=3) as llm:
            llm.reply("Rain.", ToolCall("get_weather", {"city": "Paris"}))
            create = client.chat.completions.with_raw_response.create
            whole = create(model="gpt-4o", messages=MESSAGES).content
            streamed = create(model="gpt-4o", messages=MESSAGES, stream=True, tools=TOOLS)
            return [whole, b"".join(streamed.http_response.iter_raw())]

    assert run() == run()


def test_list_of_files_gets_404_and_fails_nothing(client, llm):
    with pytest.raises(openai.NotFoundError):
        client.files.list()
