"""OpenAIChatCompletionClient: OpenAI and whoever speaks its API."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

from fakellm._errors import UsageError
from fakellm.client._base import BaseOpenAIChatCompletionClient, connection_of
from fakellm.client._config import OpenAIClientConfigurationConfigModel
from fakellm.models import Component

__all__ = ["USER_AGENT", "OpenAIChatCompletionClient", "common_headers", "given", "none_given"]

_BASE_URL = "https://api.openai.com/v1"
USER_AGENT = "fakellm"

# Providers that the name of a model gives away: where they are, and which variable holds the key.
# Source: autogen-ext 0.7.5, and the providers' pages on OpenAI compatibility.
_PROVIDERS = MappingProxyType(
    {
        "gemini-": ("https://generativelanguage.googleapis.com/v1beta/openai/", "GEMINI_API_KEY"),
        "claude-": ("https://api.anthropic.com/v1/", "ANTHROPIC_API_KEY"),
        "Llama-": ("https://api.llama.com/compat/v1/", "LLAMA_API_KEY"),
    }
)


class OpenAIChatCompletionClient(BaseOpenAIChatCompletionClient, Component[OpenAIClientConfigurationConfigModel]):
    """Talks to an OpenAI-compatible chat completions API, with AutoGen's interface.

    All arguments are keywords; those that nobody knows are ignored.

    model: the name that the API knows; required. api_key: else ``OPENAI_API_KEY``, or for models called
    gemini-, claude- or Llama- first ``GEMINI_API_KEY``, ``ANTHROPIC_API_KEY`` or ``LLAMA_API_KEY``. base_url: else
    ``OPENAI_BASE_URL``, the provider that the model's name gives away, or OpenAI. organization, project: else
    ``OPENAI_ORG_ID``, ``OPENAI_PROJECT_ID``.

    model_info: what the model can do, required for names that are not known; its ``context_length`` serves
    ``remaining_tokens``. add_name_prefixes (False): `source said:` before the text of user messages.
    include_name_in_message (True): send the source as ``name``.

    timeout: seconds for each read and write, or a Timeout of the HTTP library; by default 600, 5 to connect.
    max_retries (2). default_headers, default_query: sent with every request. http_client: an
    httpx.AsyncClient or httpx2.AsyncClient, closed by ``close()``. clock: what waits between retries.

    Any parameter of the API, such as ``temperature=0``, goes into every request.

    Raises:
        ValueError: no model; nothing is known about it and no model_info says it; a parameter that cannot be
            a default.
        UsageError: there is no key.
    """

    component_type = "model"
    component_config_schema = OpenAIClientConfigurationConfigModel
    component_provider_override = "fakellm.client.OpenAIChatCompletionClient"

    def __init__(self, **settings: Any) -> None:
        if "model" not in settings:
            raise ValueError("model is required for OpenAIChatCompletionClient; pass model='gpt-4o'")
        complete = _with_provider_defaults(settings)
        key = given(complete, "api_key", "OPENAI_API_KEY")
        if key is None:
            found = none_given(settings, "OPENAI_API_KEY", "api_key")
            raise UsageError(f"no API key: {found}pass api_key=..., or set the environment variable OPENAI_API_KEY")
        headers = {"user-agent": USER_AGENT, **common_headers(complete)}
        if key and "authorization" not in headers:  # local servers take an empty key, headers do not
            headers["authorization"] = f"Bearer {key}"
        base_url = complete.get("base_url")
        if base_url is None:
            base_url = os.environ.get("OPENAI_BASE_URL") or _BASE_URL
        self._endpoint = str(base_url).rstrip("/") + "/chat/completions"
        super().__init__(settings, connection_of(complete, headers, query=complete.get("default_query")))

    def _url(self, model: str) -> str:
        return self._endpoint

    def _to_config(self) -> OpenAIClientConfigurationConfigModel:
        return OpenAIClientConfigurationConfigModel.of(self._settings)

    @classmethod
    def _from_config(cls, config: OpenAIClientConfigurationConfigModel) -> Self:
        return cls(**config.settings())


def _with_provider_defaults(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with base_url and api_key of the model's provider, where they say nothing themselves."""
    defaults: dict[str, Any] = {}
    for prefix, (base_url, variable) in _PROVIDERS.items():
        if settings["model"].startswith(prefix):
            defaults["base_url"] = base_url
            if variable in os.environ:
                defaults["api_key"] = os.environ[variable]
    return {**defaults, **settings}


def common_headers(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of both clients, names in lower case; those of the caller win."""
    headers = {"accept": "application/json", "content-type": "application/json"}
    for name, argument, variable in (
        ("openai-organization", "organization", "OPENAI_ORG_ID"),
        ("openai-project", "project", "OPENAI_PROJECT_ID"),
    ):
        if value := given(settings, argument, variable):
            headers[name] = value
    own = settings.get("default_headers") or {}
    return headers | {name.lower(): value for name, value in own.items()}


def given(settings: Mapping[str, Any], argument: str, variable: str) -> str | None:
    """Return an argument, or else what the environment says."""
    value: str | None = settings.get(argument)
    return os.environ.get(variable) if value is None else value


def none_given(settings: Mapping[str, Any], variable: str, *arguments: str) -> str:
    """Say which arguments are None, where there are any; that is seldom meant."""
    found = " and ".join(f"{name}=None" for name in arguments if settings.get(name, ...) is None)
    if not found:
        return ""
    return f"{found} was given (is the variable set that it is read from?), and {variable} is not set either; "
