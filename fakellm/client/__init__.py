"""A client for OpenAI-compatible APIs, with the interface of AutoGen's, straight on httpx and pydantic."""

from fakellm.client._azure import AzureOpenAIChatCompletionClient
from fakellm.client._base import BaseOpenAIChatCompletionClient
from fakellm.client._config import (
    AzureOpenAIClientConfigurationConfigModel,
    BaseOpenAIClientConfigurationConfigModel,
    CreateArgumentsConfigModel,
    OpenAIClientConfigurationConfigModel,
)
from fakellm.client._events import LLMCallEvent, LLMStreamEndEvent, LLMStreamStartEvent
from fakellm.client._openai import OpenAIChatCompletionClient
from fakellm.models import ChatCompletionClient

__all__ = [
    "AzureOpenAIChatCompletionClient",
    "AzureOpenAIClientConfigurationConfigModel",
    "BaseOpenAIChatCompletionClient",
    "BaseOpenAIClientConfigurationConfigModel",
    "ChatCompletionClient",
    "CreateArgumentsConfigModel",
    "LLMCallEvent",
    "LLMStreamEndEvent",
    "LLMStreamStartEvent",
    "OpenAIChatCompletionClient",
    "OpenAIClientConfigurationConfigModel",
]
