"""The configuration of a client as data: what ``dump_component`` writes and ``load_component`` reads.

Field names and types are AutoGen's, and the parameters of the API that it leaves out; None means not given.
"""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import SecretStr

from fakellm._secret_names import is_secret_name
from fakellm.models import ComponentModel, ModelInfo
from fakellm.models._lazy import LazyModel

__all__ = [
    "AzureOpenAIClientConfigurationConfigModel",
    "BaseOpenAIClientConfigurationConfigModel",
    "CreateArgumentsConfigModel",
    "OpenAIClientConfigurationConfigModel",
]


class CreateArgumentsConfigModel(LazyModel):
    """Parameters of the API for every request."""

    audio: dict[str, Any] | None = None
    extra_body: dict[str, Any] | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, int] | None = None
    logprobs: bool | None = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    metadata: dict[str, str] | None = None
    modalities: list[str] | None = None
    n: int | None = None
    parallel_tool_calls: bool | None = None
    prediction: dict[str, Any] | None = None
    presence_penalty: float | None = None
    prompt_cache_key: str | None = None
    reasoning_effort: str | None = None
    response_format: dict[str, Any] | None = None
    safety_identifier: str | None = None
    seed: int | None = None
    service_tier: str | None = None
    stop: str | list[str] | None = None
    store: bool | None = None
    stream_options: dict[str, bool] | None = None
    temperature: float | None = None
    tool_choice: str | dict[str, Any] | None = None
    top_logprobs: int | None = None
    top_p: float | None = None
    user: str | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    web_search_options: dict[str, Any] | None = None


class BaseOpenAIClientConfigurationConfigModel(CreateArgumentsConfigModel):
    """Arguments of both clients. Values that look like credentials are held as secrets."""

    model: str
    api_key: SecretStr | None = None
    timeout: float | None = None
    max_retries: int | None = None
    model_capabilities: dict[str, bool] | None = None
    model_info: ModelInfo | None = None
    add_name_prefixes: bool | None = None
    include_name_in_message: bool | None = None
    default_headers: dict[str, str | SecretStr] | None = None
    default_query: dict[str, str] | None = None
    organization: str | None = None
    project: str | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the configuration of a client with these arguments; those that are no data are left out."""
        config = cls(**settings)
        for name, value in (config.default_headers or {}).items():
            if isinstance(value, str) and is_secret_name(name):
                assert config.default_headers is not None
                config.default_headers[name] = SecretStr(value)
        return config

    def settings(self) -> dict[str, Any]:
        """Return the arguments that make a client of this configuration."""
        found: dict[str, Any] = _revealed(self.model_dump(exclude_none=True))
        return found


class OpenAIClientConfigurationConfigModel(BaseOpenAIClientConfigurationConfigModel):
    """Arguments of OpenAIChatCompletionClient."""

    base_url: str | None = None


class AzureOpenAIClientConfigurationConfigModel(BaseOpenAIClientConfigurationConfigModel):
    """Arguments of AzureOpenAIChatCompletionClient."""

    azure_endpoint: str
    azure_deployment: str | None = None
    api_version: str
    azure_ad_token: SecretStr | None = None
    azure_ad_token_provider: ComponentModel | None = None


def _revealed(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {name: _revealed(inner) for name, inner in value.items()}
    return value
