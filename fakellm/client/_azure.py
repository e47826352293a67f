"""AzureOpenAIChatCompletionClient: OpenAI's models on Azure."""

from __future__ import annotations

from typing import Any, Self

from fakellm._errors import UsageError
from fakellm.client._base import BaseOpenAIChatCompletionClient, connection_of
from fakellm.client._config import AzureOpenAIClientConfigurationConfigModel
from fakellm.client._connection import TokenProvider
from fakellm.client._openai import USER_AGENT, common_headers, given, none_given
from fakellm.models import Component, ComponentBase, is_component_instance

__all__ = ["AzureOpenAIChatCompletionClient"]


class AzureOpenAIChatCompletionClient(
    BaseOpenAIChatCompletionClient, Component[AzureOpenAIClientConfigurationConfigModel]
):
    """Talks to a deployment of Azure OpenAI, with AutoGen's interface.

    azure_endpoint: `https://NAME.openai.azure.com`, else ``AZURE_OPENAI_ENDPOINT``. api_version: else
    ``OPENAI_API_VERSION``. azure_deployment: the name of the deployment; without it, the model's name is taken.
    One of api_key (else ``AZURE_OPENAI_API_KEY``), azure_ad_token (else ``AZURE_OPENAI_AD_TOKEN``) and
    azure_ad_token_provider, a function, plain or async, that is asked for a token before every attempt. A
    ``User-Agent`` of the caller follows the client's own. Everything else as OpenAIChatCompletionClient.

    Raises:
        ValueError: no model, endpoint or version; nothing is known about the model.
        UsageError: there are no credentials.
    """

    component_type = "model"
    component_config_schema = AzureOpenAIClientConfigurationConfigModel
    component_provider_override = "fakellm.client.AzureOpenAIChatCompletionClient"

    def __init__(self, **settings: Any) -> None:
        version = _required(settings, "api_version", "OPENAI_API_VERSION")
        endpoint = _required(settings, "azure_endpoint", "AZURE_OPENAI_ENDPOINT")
        self._deployments = endpoint.rstrip("/") + "/openai/deployments/"
        self._deployment: str | None = settings.get("azure_deployment")
        query = {**(settings.get("default_query") or {}), "api-version": version}
        headers = common_headers(settings)
        own_agent = headers.get("user-agent")
        headers["user-agent"] = USER_AGENT if own_agent is None else f"{USER_AGENT} {own_agent}"
        token = _authorize(headers, settings)
        super().__init__(settings, connection_of(settings, headers, token=token, query=query))

    def _url(self, model: str) -> str:
        return f"{self._deployments}{self._deployment or model}/chat/completions"

    def _to_config(self) -> AzureOpenAIClientConfigurationConfigModel:
        settings = dict(self._settings)
        provider = settings.get("azure_ad_token_provider")
        if provider is not None:
            if not is_component_instance(provider):
                raise ValueError(
                    f"azure_ad_token_provider {provider!r} is no component, so it cannot be written down; "
                    "make its class a Component, or use azure_ad_token"
                )
            settings["azure_ad_token_provider"] = provider.dump_component()
        return AzureOpenAIClientConfigurationConfigModel.of(settings)

    @classmethod
    def _from_config(cls, config: AzureOpenAIClientConfigurationConfigModel) -> Self:
        settings = config.settings()
        if config.azure_ad_token_provider is not None:
            provider = ComponentBase.load_component(config.azure_ad_token_provider, object)
            settings["azure_ad_token_provider"] = provider
        return cls(**settings)


def _authorize(headers: dict[str, str], settings: dict[str, Any]) -> TokenProvider | None:
    """Put the credentials into the headers, or return the provider of tokens; a token goes before a key."""
    token = given(settings, "azure_ad_token", "AZURE_OPENAI_AD_TOKEN")
    key = given(settings, "api_key", "AZURE_OPENAI_API_KEY")
    provider: TokenProvider | None = settings.get("azure_ad_token_provider")
    if token is not None:
        headers.setdefault("authorization", f"Bearer {token}")
    elif provider is not None:
        return provider
    elif key is not None:
        headers.setdefault("api-key", key)
    else:
        found = none_given(settings, "AZURE_OPENAI_API_KEY", "api_key", "azure_ad_token", "azure_ad_token_provider")
        raise UsageError(
            f"no credentials: {found}pass api_key=..., azure_ad_token=... or azure_ad_token_provider=..., or set the "
            "environment variable AZURE_OPENAI_API_KEY"
        )
    return None


def _required(settings: dict[str, Any], argument: str, variable: str) -> str:
    value = given(settings, argument, variable)
    if value is None:
        raise ValueError(f"{argument} is required for Azure; pass {argument}=..., or set {variable}")
    return value
