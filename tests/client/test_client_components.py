"""Clients written down, loaded again, pickled."""

from __future__ import annotations

import copy
import json
import pickle

import httpx
import pytest
import respx
from provider_bytes import HI, URL, client, completion

from fakellm import AzureOpenAIChatCompletionClient, OpenAIChatCompletionClient, UsageError
from fakellm.models import ChatCompletionClient, ComponentModel, RequestUsage

INFO = {"vision": False, "function_calling": True, "json_output": True, "family": "q", "structured_output": True}


def test_what_a_dump_holds():
    dumped = client(temperature=0.5, max_completion_tokens=9, nonsense=1, top_p=None).dump_component()

    config = dumped.config
    assert (dumped.provider, dumped.component_type, dumped.version) == (
        "fakellm.client.OpenAIChatCompletionClient", "model", 1,
    )  # fmt: skip
    assert dumped.label == "OpenAIChatCompletionClient"
    assert config.pop("api_key").get_secret_value() == "sk-secret-key"
    assert config == {"model": "gpt-4o", "temperature": 0.5, "max_completion_tokens": 9}


def test_json_of_a_dump_hides_credentials():
    headers = {
        "Authorization": "Basic secret-1",
        "X-Api-Key": "secret-2",
        "X-Goog-Api-Key": "secret-3",
        "X-Trace": "on",
    }

    text = client(default_headers=headers).dump_component().model_dump_json()

    assert "sk-secret-key" not in text
    assert "secret-1" not in text
    assert "secret-2" not in text
    assert "secret-3" not in text
    assert json.loads(text)["config"]["default_headers"]["X-Trace"] == "on"


def test_a_dump_loads_with_its_key_and_headers():
    original = client(
        model="q", model_info=INFO, base_url="https://q.example", default_headers={"Authorization": "Basic x"}
    )

    loaded = ChatCompletionClient.load_component(original.dump_component())

    assert isinstance(loaded, OpenAIChatCompletionClient)
    assert loaded._settings["api_key"] == "sk-secret-key"
    assert loaded._settings["default_headers"] == {"Authorization": "Basic x"}
    assert loaded.model_info == INFO


@pytest.mark.parametrize(
    "provider",
    [
        "OpenAIChatCompletionClient",
        "openai_chat_completion_client",
        "autogen_ext.models.openai.OpenAIChatCompletionClient",
    ],
)
def test_configurations_of_autogen_load(provider):
    written = {"provider": provider, "config": {"model": "gpt-4o", "api_key": "sk-1", "temperature": 0}}

    loaded = ChatCompletionClient.load_component(written)

    assert loaded.model_info["family"] == "gpt-4o"


def test_a_key_from_the_environment_is_not_written_down(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")

    dumped = OpenAIChatCompletionClient(model="gpt-4o").dump_component()

    assert dumped == ComponentModel(
        provider="fakellm.client.OpenAIChatCompletionClient",
        component_type="model",
        version=1,
        component_version=1,
        description="Talks to an OpenAI-compatible chat completions API, with AutoGen's interface.",
        label="OpenAIChatCompletionClient",
        config={"model": "gpt-4o"},
    )


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))], ids=["copy", "pickle"])
@pytest.mark.asyncio
async def test_a_pickled_client_goes_on(again, monkeypatch):
    answer = {**json.loads(completion().content), "model": "gemini-1.5-pro"}
    monkeypatch.setenv("GEMINI_API_KEY", "sk-g")
    url = "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"
    with respx.mock:
        route = respx.post(url).mock(return_value=httpx.Response(200, json=answer))
        original = OpenAIChatCompletionClient(model="gemini-1.5-pro", temperature=0)
        await original.create(HI)

        restored = again(original)
        await restored.create(HI)

    assert route.call_count == 2
    assert restored.total_usage() == RequestUsage(16, 4)
    assert original.total_usage() == RequestUsage(8, 2)


def test_a_client_on_an_http_client_of_its_own_cannot_be_pickled():
    with pytest.raises(UsageError, match="cannot be pickled; leave http_client out"):
        pickle.dumps(client(http_client=httpx.AsyncClient()))


KEY = "sk-secret-key"
AZURE = {"model": "gpt-4o", "azure_endpoint": "https://a.openai.azure.com", "api_version": "2024-06-01"}


def pickled_azure(**settings):
    return pickle.dumps(AzureOpenAIChatCompletionClient(**AZURE, **settings))


@pytest.mark.parametrize(
    ("make", "variable"),
    [
        (lambda: pickle.dumps(client()), "OPENAI_API_KEY"),
        (lambda: pickle.dumps(client(base_url="https://q.example")), "GROQ_API_KEY"),
        (lambda: pickled_azure(api_key=KEY), "AZURE_OPENAI_API_KEY"),
        (lambda: pickled_azure(azure_ad_token=KEY), "AZURE_OPENAI_AD_TOKEN"),
        (lambda: pickle.dumps(client(api_key="", default_headers={"X-Api-Key": KEY})), "Q_API_KEY"),
        (lambda: pickle.dumps(client(api_key="", default_query={"key": KEY})), "Q_KEY"),
    ],
)
def test_a_pickle_holds_no_key_and_gets_it_from_the_variable_that_held_it(make, variable, monkeypatch):
    monkeypatch.setenv(variable, KEY)
    written = make()
    monkeypatch.setenv(variable, "sk-new-key")

    restored = pickle.loads(written)

    assert KEY.encode() not in written
    connection = restored._connection
    assert "sk-new-key" in f"{dict.items(connection.headers)} {connection.query}"


def test_a_key_that_no_variable_held_comes_from_the_usual_one(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    written = pickle.dumps(client())
    monkeypatch.setenv("OPENAI_API_KEY", "sk-new-key")

    restored = pickle.loads(written)

    assert KEY.encode() not in written
    assert restored._connection.headers["authorization"] == "Bearer sk-new-key"


@pytest.mark.parametrize(
    ("make", "variable"),
    [(lambda: pickle.dumps(client()), "OPENAI_API_KEY"), (lambda: pickled_azure(api_key=KEY), "AZURE_OPENAI_API_KEY")],
)
def test_a_pickle_loaded_without_a_key_names_the_variable(make, variable, monkeypatch):
    monkeypatch.delenv(variable, raising=False)
    written = make()

    with pytest.raises(UsageError) as caught:
        pickle.loads(written)

    assert f"environment variable {variable}" in str(caught.value)
    assert str(caught.value).endswith(
        "\n  a pickled client holds no key, it takes it from the environment when it is loaded"
    )


def test_a_pickle_loaded_where_its_variable_is_not_set_names_it(monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    written = pickle.dumps(client())
    monkeypatch.delenv("GROQ_API_KEY")

    with pytest.raises(UsageError) as caught:
        pickle.loads(written)

    assert str(caught.value) == (
        "a pickled client holds no secret: its api_key was the value of GROQ_API_KEY, which is not set here\n"
        "  type: export GROQ_API_KEY=…"
    )


def test_a_client_with_a_secret_that_the_environment_does_not_know_is_not_pickled():
    with pytest.raises(UsageError) as caught:
        pickle.dumps(client(default_headers={"X-Api-Key": "secret-2"}))

    assert str(caught.value) == (
        "a client with the secret default_headers.X-Api-Key cannot be pickled: a pickle holds no secret, and no "
        "variable of the environment holds this one\n  put it into one with a name such as MY_API_KEY before you pickle"
    )


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
def test_a_copy_keeps_its_key(again, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    original = client(default_headers={"X-Api-Key": "secret-2"})

    copied = again(original)

    assert copied is not original
    assert dict(copied._connection.headers) == dict(original._connection.headers)
    assert copied._connection.headers["authorization"] == f"Bearer {KEY}"


def test_a_client_on_an_http_client_of_its_own_cannot_be_copied():
    with pytest.raises(UsageError, match="cannot be copied; leave http_client out"):
        copy.deepcopy(client(http_client=httpx.AsyncClient()))


@pytest.mark.asyncio
async def test_a_clock_may_be_anything_that_waits():
    class Waited:
        def __init__(self):
            self.sleeps = []

        async def sleep_async(self, seconds):
            self.sleeps.append(seconds)

    clock = Waited()
    with respx.mock:
        respx.post(URL).mock(side_effect=[httpx.Response(429, headers={"retry-after": "4"}), completion()])
        await client(clock=clock).create(HI)

    assert clock.sleeps == [4.0]
