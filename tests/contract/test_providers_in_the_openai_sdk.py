"""Answers, errors and headers of every provider, as the official OpenAI SDK takes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

openai = pytest.importorskip("openai")

from fakellm import ErrorReply, FakeLLM, Reply, faults  # noqa: E402

MESSAGES = [{"role": "user", "content": "hi"}]
IS_3 = int(openai.__version__.partition(".")[0]) >= 3
BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "deepseek": "https://api.deepseek.com",
    "groq": "https://api.groq.com/openai/v1",
    "siliconflow": "https://api.siliconflow.cn/v1",
    "plain": "http://localhost:8000/v1",
}


def client_of(provider):
    if provider == "azure":
        return openai.AzureOpenAI(
            api_key="k", azure_endpoint="https://mine.openai.azure.com", api_version="2024-10-21", max_retries=2
        )
    return openai.OpenAI(api_key="sk-test", base_url=BASE_URLS[provider])


@pytest.fixture(params=[*BASE_URLS, "azure"])
def provider(request):
    return request.param


@pytest.fixture
def client(provider):
    with client_of(provider) as client:
        yield client


def test_answer_of_every_provider(client):
    with FakeLLM() as llm:
        llm.reply("Hello!")

        completion = client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert completion.choices[0].message.content == "Hello!"
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (8, 2)
    assert completion.choices[0].finish_reason == "stop"


def test_stream_of_every_provider(client):
    with FakeLLM() as llm:
        llm.reply(Reply("Hello!", reasoning="Hm."))

        chunks = list(
            client.chat.completions.create(
                model="gpt-4o", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
            )
        )

    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == "Hello!"
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]
    assert [chunk.usage for chunk in chunks if chunk.usage][-1].prompt_tokens == 8


def test_reasoning_is_read_where_the_provider_puts_it(client, provider):
    with FakeLLM() as llm:
        llm.reply(Reply("4", reasoning="Two and two."))

        message = client.chat.completions.create(model="gpt-4o", messages=MESSAGES).choices[0].message

    hidden = provider in ("openai", "azure")
    said = getattr(message, "reasoning", None) or getattr(message, "reasoning_content", None)
    assert said == (None if hidden else "Two and two.")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ErrorReply(400), "BadRequestError"),
        (ErrorReply.invalid_api_key(), "AuthenticationError"),
        (ErrorReply(403), "PermissionDeniedError"),
        (ErrorReply.model_not_found(), "NotFoundError"),
        (ErrorReply(422), "UnprocessableEntityError"),
    ],
)
def test_error_of_every_provider(client, error, expected):
    with FakeLLM() as llm:
        llm.reply(error)

        with pytest.raises(getattr(openai, expected)) as caught:
            client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert caught.value.status_code == error.status
    assert caught.value.request_id.startswith("req_")


def test_error_in_a_stream_of_every_provider(client, provider):
    if provider == "siliconflow":
        pytest.skip("its error has no member that the SDK looks for")
    fault = faults.error_event(after=2, error=ErrorReply(500, message="No more."))

    with FakeLLM() as llm, pytest.raises(openai.APIError) as caught:
        llm.reply(Reply("Hello!", fault=fault))
        for _ in client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
            pass

    assert "No more." in str(caught.value)


def test_filter_of_azure_is_read():
    with FakeLLM() as llm, client_of("azure") as client:
        llm.reply(ErrorReply.content_filter())

        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert caught.value.code == "content_filter"
    assert caught.value.body["innererror"]["content_filter_result"]["violence"]["filtered"] is True


def test_headers_are_read():
    with FakeLLM(headers="full") as llm, client_of("openai") as client:
        llm.reply("Hello!")

        response = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES)

    assert response.headers["x-ratelimit-limit-requests"] == "10000"


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"retry_after": 20}, (20, 20)),
        ({"retry_after": 1.5}, (1.5, 1.5)),
        ({"retry_after": "30"}, (30, 30)),
        ({"retry_after": 20, "retry_after_ms": 2500}, (2.5, 2.5)),
        ({"retry_after_ms": 2500}, (2.5, 2.5)),
        ({"headers": {"retry-after-ms": "700"}}, (0.7, 0.7)),
    ],
)
def test_time_to_wait_is_honoured(fields, seconds):
    with FakeLLM() as llm, client_of("openai") as client, llm.virtual_time() as clock:
        llm.reply(ErrorReply(503, **fields), "Hello!")

        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    least, most = seconds
    assert least <= clock.elapsed <= most + 0.01


def test_moment_to_try_again_is_honoured():
    with FakeLLM() as llm, client_of("openai") as client, llm.virtual_time() as clock:
        llm.reply(ErrorReply(503, retry_after=datetime.now(UTC) + timedelta(seconds=40)), "Hello!")

        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert 38 <= clock.elapsed <= 41


@pytest.mark.skipif(not IS_3, reason="SDKs before 3 take the time for unreasonable and wait their own")
def test_more_than_two_minutes_are_not_waited_for():
    with FakeLLM() as llm, client_of("openai") as client, pytest.raises(openai.RateLimitError):
        llm.reply(ErrorReply.rate_limited(retry_after=121))
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert len(llm.calls) == 1
