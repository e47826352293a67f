"""A client for OpenAI-compatible APIs, with AutoGen's interface, straight on httpx and pydantic."""

from fakellm.client._openai import OpenAIChatCompletionClient
from fakellm.models import ChatCompletionClient

__all__ = ["ChatCompletionClient", "OpenAIChatCompletionClient"]
