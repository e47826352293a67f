"""AzureOpenAIChatCompletionClient: where it asks, and what lets it in."""

from __future__ import annotations

import json

import httpx
import pytest
import respx
from provider_bytes import HI, completion, pieces_of, stream, text_chunks
from pydantic import BaseModel

from fakellm import AzureOpenAIChatCompletionClient, MockClock, UsageError
from fakellm.models import ChatCompletionClient, Component, ComponentBase

pytestmark = pytest.mark.asyncio

ENDPOINT = "https://me.openai.azure.com"
SETTINGS = {"model": "gpt-4o", "azure_endpoint": ENDPOINT + "/", "api_version": "2024-06-01", "clock": MockClock()}


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch):
    for name in ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"):
        monkeypatch.delenv(name, raising=False)


def client(**settings):
    return AzureOpenAIChatCompletionClient(**{**SETTINGS, "azure_deployment": "chat", **settings})


@pytest.fixture
def api():
    with respx.mock(assert_all_called=False) as router:
        route = router.post(url__startswith=ENDPOINT)
        yield route.mock(return_value=completion())


async def test_asks_the_deployment(api):
    result = await client(api_key="k-123456789").create(HI)

    request = api.calls.last.request
    assert str(request.url) == f"{ENDPOINT}/openai/deployments/chat/chat/completions?api-version=2024-06-01"
    assert json.loads(request.content)["model"] == "gpt-4o"
    assert result.content == "Hello!"


async def test_streams(api):
    api.mock(return_value=stream(text_chunks("a", "b")))

    pieces, _ = await pieces_of(client(api_key="k-123456789").create_stream(HI))

    assert pieces == ["a", "b"]


async def test_without_a_deployment_the_model_is_its_name(api):
    await client(azure_deployment=None, api_key="k-123456789").create(HI, extra_create_args={"model": "gpt-4"})

    assert api.calls.last.request.url.path == "/openai/deployments/gpt-4/chat/completions"


async def test_a_key_goes_alone(api):
    await client(api_key="k-123456789").create(HI)

    headers = api.calls.last.request.headers
    assert headers["api-key"] == "k-123456789"
    assert "authorization" not in headers


@pytest.mark.parametrize("variable", ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"])
async def test_the_environment_gives_credentials(api, monkeypatch, variable):
    monkeypatch.setenv(variable, "from-env")

    await client().create(HI)

    headers = api.calls.last.request.headers
    assert (headers.get("api-key") or headers["authorization"]).endswith("from-env")


async def test_a_token_goes_before_a_key(api):
    await client(azure_ad_token="t1", api_key="k-123456789").create(HI)

    headers = api.calls.last.request.headers
    assert headers["authorization"] == "Bearer t1"
    assert "api-key" not in headers


async def test_a_provider_is_asked_before_every_attempt(api):
    tokens = iter(["t1", "t2"])

    async def provide():
        return next(tokens)

    api.mock(side_effect=[httpx.Response(503), completion()])

    await client(azure_ad_token_provider=provide).create(HI)

    assert [call.request.headers["authorization"] for call in api.calls] == ["Bearer t1", "Bearer t2"]


async def test_a_plain_function_provides_as_well(api):
    await client(azure_ad_token_provider=lambda: "t1").create(HI)

    assert api.calls.last.request.headers["authorization"] == "Bearer t1"


async def test_a_provider_that_gives_nothing_is_named(api):
    with pytest.raises(ValueError, match="the token provider must return a non-empty str, it returned a NoneType"):
        await client(azure_ad_token_provider=lambda: None).create(HI)


async def test_own_user_agent_follows_ours_and_the_dict_stays(api):
    headers = {"User-Agent": "mine/1"}

    await client(api_key="k-123456789", default_headers=headers).create(HI)

    assert api.calls.last.request.headers["user-agent"] == "fakellm mine/1"
    assert headers == {"User-Agent": "mine/1"}


async def test_missing_credentials_fail_at_construction():
    with pytest.raises(UsageError, match="no credentials: pass api_key"):
        client()


async def test_credentials_from_variables_that_are_not_set_are_told_as_that():
    with pytest.raises(UsageError) as caught:
        client(api_key=None, azure_ad_token=None)

    assert str(caught.value) == (
        "no credentials: api_key=None and azure_ad_token=None was given (is the variable set that it is read from?), "
        "and AZURE_OPENAI_API_KEY is not set either; pass api_key=..., azure_ad_token=... or "
        "azure_ad_token_provider=..., or set the environment variable AZURE_OPENAI_API_KEY"
    )


@pytest.mark.parametrize("key", ["你的API密钥", "密"])
async def test_a_key_that_is_still_the_placeholder_fails_when_asked(key):
    model_client = client(api_key=key)

    with pytest.raises(UsageError, match=rf"^the key holds '{key[0]}', which no HTTP header can carry; is it still"):
        await model_client.create(HI)


@pytest.mark.parametrize("argument", ["azure_endpoint", "api_version"])
async def test_endpoint_and_version_are_required(argument):
    with pytest.raises(ValueError, match=f"{argument} is required for Azure"):
        client(**{argument: None, "api_key": "k"})


async def test_the_environment_gives_endpoint_and_version(api, monkeypatch):
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", ENDPOINT)
    monkeypatch.setenv("OPENAI_API_VERSION", "v9")

    await AzureOpenAIChatCompletionClient(model="gpt-4o", api_key="k-123456789").create(HI)

    assert str(api.calls.last.request.url).endswith("api-version=v9")


async def test_a_dump_keeps_model_info_and_loads_again():
    info = {"vision": False, "function_calling": True, "json_output": True, "family": "own", "structured_output": True}
    dumped = client(model="own", model_info=info, azure_ad_token="t1").dump_component()

    loaded = ChatCompletionClient.load_component(dumped)

    assert dumped.provider == "fakellm.client.AzureOpenAIChatCompletionClient"
    assert isinstance(loaded, AzureOpenAIChatCompletionClient)
    assert loaded.model_info == info
    assert "t1" not in dumped.model_dump_json()


async def test_a_provider_that_is_no_component_cannot_be_dumped():
    with pytest.raises(ValueError, match="is no component, so it cannot be written down"):
        client(azure_ad_token_provider=lambda: "t").dump_component()


class TokenConfig(BaseModel):
    token: str


class Provider(ComponentBase[TokenConfig], Component[TokenConfig]):
    """Gives a token."""

    component_type = "token_provider"
    component_config_schema = TokenConfig
    component_provider_override = f"{__name__}.Provider"

    def __init__(self, token):
        self.token = token

    def __call__(self):
        return self.token

    def _to_config(self):
        return TokenConfig(token=self.token)

    @classmethod
    def _from_config(cls, config):
        return cls(config.token)


async def test_a_provider_that_is_a_component_is_written_down_and_loaded(api):
    dumped = client(azure_ad_token_provider=Provider("t9")).dump_component()

    loaded = ChatCompletionClient.load_component(dumped)
    await loaded.create(HI)

    assert api.calls.last.request.headers["authorization"] == "Bearer t9"
