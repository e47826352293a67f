"""create(): what is sent, what comes back, what is counted."""

from __future__ import annotations

import json
import os

import httpx
import pytest
import respx
from provider_bytes import HI, URL, client, completion

from fakellm import OpenAIChatCompletionClient, UsageError
from fakellm.models import (
    AssistantMessage,
    ChatCompletionTokenLogprob,
    CreateResult,
    FunctionCall,
    FunctionTool,
    RequestUsage,
    TopLogprob,
    UserMessage,
)

pytestmark = pytest.mark.asyncio


@pytest.fixture
def api():
    with respx.mock(assert_all_called=False) as router:
        yield router.post(URL).mock(return_value=completion())


def sent(api) -> dict:
    return json.loads(api.calls.last.request.content)


async def test_returns_what_the_model_says(api):
    result = await client().create(HI)

    assert result == CreateResult(finish_reason="stop", content="Hello!", usage=RequestUsage(8, 2), cached=False)


async def test_sends_the_conversation(api):
    await client(temperature=0).create(HI, extra_create_args={"max_tokens": 5})

    assert sent(api) == {
        "messages": [{"role": "user", "name": "user", "content": "hi"}],
        "model": "gpt-4o",
        "temperature": 0,
        "max_tokens": 5,
        "stream": False,
    }


async def test_sends_key_agent_and_attempt(api):
    await client(organization="org", project="proj", default_headers={"X-Own": "1"}).create(HI)

    headers = api.calls.last.request.headers
    assert headers["authorization"] == "Bearer sk-secret-key"
    assert headers["openai-organization"] == "org"
    assert headers["openai-project"] == "proj"
    assert headers["x-own"] == "1"
    assert headers["user-agent"] == "fakellm"
    assert headers["x-stainless-retry-count"] == "0"


async def test_own_user_agent_replaces_ours(api):
    await client(default_headers={"User-Agent": "mine"}).create(HI)

    assert api.calls.last.request.headers["user-agent"] == "mine"


async def test_default_query_goes_into_the_url(respx_mock):
    route = respx_mock.post(URL, params={"v": "2"}).mock(return_value=completion())

    await client(default_query={"v": "2"}).create(HI)

    assert route.called


async def test_environment_gives_key_and_address(respx_mock, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://llm.example/v1/")
    route = respx_mock.post("https://llm.example/v1/chat/completions").mock(return_value=completion())

    await OpenAIChatCompletionClient(model="gpt-4o").create(HI)

    assert route.calls.last.request.headers["authorization"] == "Bearer sk-env"


@pytest.mark.parametrize(
    ("model", "variable", "url"),
    [
        (
            "gemini-1.5-pro",
            "GEMINI_API_KEY",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        ),
        ("claude-3-opus-20240229", "ANTHROPIC_API_KEY", "https://api.anthropic.com/v1/chat/completions"),
        ("Llama-3.3-8B-Instruct", "LLAMA_API_KEY", "https://api.llama.com/compat/v1/chat/completions"),
    ],
)
async def test_the_name_of_a_model_gives_its_provider_away(model, variable, url, respx_mock, monkeypatch):
    monkeypatch.setenv(variable, "sk-theirs")
    answer = {"model": model, "choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}
    route = respx_mock.post(url).mock(return_value=httpx.Response(200, json=answer))

    await OpenAIChatCompletionClient(model=model).create(HI)

    assert route.calls.last.request.headers["authorization"] == "Bearer sk-theirs"


async def test_a_missing_key_fails_at_construction(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    with pytest.raises(
        UsageError, match=r"no API key: pass api_key=\.\.\., or set the environment variable OPENAI_API_KEY"
    ):
        OpenAIChatCompletionClient(model="gpt-4o")


async def test_a_key_from_a_variable_that_is_not_set_is_told_as_that(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    with pytest.raises(UsageError) as caught:
        OpenAIChatCompletionClient(model="gpt-4o", api_key=os.getenv("NO_SUCH_VARIABLE"))

    assert str(caught.value) == (
        "no API key: api_key=None was given (is the variable set that it is read from?), and OPENAI_API_KEY is not set "
        "either; pass api_key=..., or set the environment variable OPENAI_API_KEY"
    )


async def test_a_model_without_a_name_is_built_and_asked_for(api):
    info = {"vision": False, "function_calling": True, "json_output": True, "family": "q", "structured_output": True}

    with pytest.warns(UserWarning, match="asked for ''"):
        await client(model="", model_info=info).create(HI)

    assert sent(api)["model"] == ""  # which some local servers take; others say that it is missing


async def test_tool_calls_and_what_was_thought_on_the_way(api):
    call = {"id": "c1", "type": "function", "function": {"name": "get weather", "arguments": '{"city": "Paris"}'}}
    api.mock(
        return_value=completion(
            "Let me see.", "tool_calls", tool_calls=[call], reasoning_content="It asks for weather."
        )
    )

    result = await client().create(HI)

    assert result.content == [FunctionCall(id="c1", arguments='{"city": "Paris"}', name="get_weather")]
    assert result.thought == "It asks for weather.\nLet me see."
    assert result.finish_reason == "function_calls"


async def test_tools_are_offered(api):
    def weather(city: str) -> str:
        return city

    tool = FunctionTool(weather, description="Weather of a city.")

    await client().create(HI, tools=[tool], tool_choice=tool)

    body = sent(api)
    assert body["tools"][0]["function"]["name"] == "weather"
    assert body["tool_choice"] == {"type": "function", "function": {"name": "weather"}}


async def test_logprobs(api):
    token = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": [{"token": "Hi", "logprob": -0.5}]}
    body = json.loads(completion().content)
    body["choices"][0]["logprobs"] = {"content": [token]}
    api.mock(return_value=httpx.Response(200, json=body))

    result = await client(logprobs=True).create(HI)

    expected = ChatCompletionTokenLogprob(token="Hi", logprob=-0.5, bytes=[72, 105], top_logprobs=[TopLogprob(-0.5)])
    assert result.logprobs == [expected]


async def test_usage_grows_and_old_snapshots_stay(api):
    model_client = client()
    await model_client.create(HI)
    before = model_client.total_usage()

    await model_client.create(HI)

    assert before == RequestUsage(8, 2)
    assert model_client.total_usage() == model_client.actual_usage() == RequestUsage(16, 4)


async def test_a_message_of_the_caller_is_not_changed(api):
    api.mock(
        return_value=httpx.Response(200, json={**json.loads(completion().content), "model": "claude-3-opus-20240229"})
    )
    messages = [*HI, AssistantMessage(content="Once upon  ", source="bot")]
    url = "https://api.openai.com/v1"

    await client(model="claude-3-opus-20240229", base_url=url).create(messages)

    assert sent(api)["messages"][-1]["content"] == "Once upon"
    assert messages[-1].content == "Once upon  "


async def test_headers_of_the_caller_are_not_changed(api):
    headers = {"User-Agent": "mine"}

    await client(default_headers=headers).create(HI)

    assert headers == {"User-Agent": "mine"}


async def test_another_model_than_asked_for_is_warned_about_where_create_is_called(api):
    answer = {**json.loads(completion().content), "model": "gpt-4o-2024-11-20"}
    api.mock(return_value=httpx.Response(200, json=answer))

    with pytest.warns(UserWarning, match="asked for 'gpt-4o-2024-08-06', answered by 'gpt-4o-2024-11-20'") as caught:
        await client().create(HI)

    assert os.path.basename(caught[0].filename) == "test_client_create.py"


@pytest.mark.parametrize(
    ("model", "dated"),
    [
        ("gpt-5.1", "gpt-5.1-2025-11-13"),
        ("gpt-4o-search-preview", "gpt-4o-search-preview-2025-03-11"),
        ("o3-pro", "o3-pro-2025-06-10"),
    ],
)
async def test_dated_name_of_a_model_that_autogen_does_not_have_is_no_other_model(api, model, dated):
    api.mock(return_value=httpx.Response(200, json={**json.loads(completion().content), "model": dated}))

    result = await client(model=model).create(HI)  # a warning would be an error

    assert result.content == "Hello!"


async def test_dated_name_is_warned_about_as_autogen_does_where_model_info_says_what_the_model_is(api):
    answer = {**json.loads(completion().content), "model": "gpt-5.1-2025-11-13"}
    api.mock(return_value=httpx.Response(200, json=answer))
    described = client(model="gpt-5.1", model_info=client().model_info)

    with pytest.warns(UserWarning, match=r"asked for 'gpt-5\.1', answered by 'gpt-5\.1-2025-11-13'"):
        await described.create(HI)


async def test_context_manager_closes(api):
    async with client() as model_client:
        await model_client.create(HI)

    with pytest.raises(Exception, match="Connection error: the client is closed; make a new one"):
        await model_client.create(HI)


async def test_close_may_come_twice_and_before_the_first_request():
    model_client = client()

    await model_client.close()
    await model_client.close()


async def test_a_client_of_httpx2_is_served_as_well():
    httpx2 = pytest.importorskip("httpx2")
    asked = []

    def answer(request):
        asked.append(json.loads(request.content))
        return httpx2.Response(200, json=json.loads(completion().content))

    async with client(http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(answer))) as model_client:
        result = await model_client.create(HI)

    assert result.content == "Hello!"
    assert asked[0]["messages"][0]["content"] == "hi"


async def test_another_http_client_is_refused():
    with pytest.raises(UsageError, match=r"http_client must be an httpx\.AsyncClient or an httpx2\.AsyncClient"):
        await client(http_client=httpx.Client()).create(HI)


async def test_an_empty_key_sends_no_authorization(api):
    await client(api_key="").create(HI)

    assert "authorization" not in api.calls.last.request.headers


@pytest.mark.parametrize(
    ("content", "tokens"), [("你好，AutoGen！", 5), ("hello world", 2), ("", 0), ("<|endoftext|>", 7)]
)
async def test_a_plain_text_is_counted(content, tokens):
    assert client().count_tokens(content) == tokens


@pytest.mark.parametrize(("model", "one", "two"), [("qwen/qwen3-14b:free", 15, 26), ("gpt-4o", 14, 22)])
async def test_messages_are_counted_as_autogen_does(model, one, two, caplog):
    info = {"vision": False, "function_calling": True, "json_output": True, "family": "qwen", "structured_output": True}
    model_client = client(model=model, model_info=info)
    asked = [UserMessage(content="你好", source="user"), UserMessage(content="请介绍一下AutoGen。", source="user")]

    counted = [model_client.count_tokens(m) for m in ([UserMessage(content="你好，AutoGen！", source="user")], asked)]

    assert counted == [one, two]
    warned = ["Model qwen/qwen3-14b:free not found. Using cl100k_base encoding."] * 2 if "qwen" in model else []
    assert [record.getMessage() for record in caplog.records if record.name == "autogen_core.trace"] == warned


async def test_remaining_tokens_follow_context_length():
    info = {"vision": False, "function_calling": True, "json_output": True, "family": "q", "structured_output": True}

    assert client().remaining_tokens(HI) == 127_990
    assert client(model="q", model_info={**info, "context_length": 100}).remaining_tokens(HI) == 90
    with pytest.raises(KeyError, match="no token limit is known for model 'q'; add 'context_length' to its model_info"):
        client(model="q", model_info=info).remaining_tokens(HI)


async def test_capabilities_are_the_deprecated_model_info():
    model_client = client()

    with pytest.warns(DeprecationWarning, match="capabilities is deprecated, use model_info instead"):
        capabilities = model_client.capabilities

    assert capabilities == model_client.model_info
    assert capabilities["family"] == "gpt-4o"
