"""OpenAI-compatible servers of which no more is known: vLLM, llama.cpp, LiteLLM, gateways, proxies."""

from __future__ import annotations

from fakellm._dialects.chat.quirks import ChatQuirks
from fakellm._wire.provider import Provider

__all__ = ["PLAIN"]

PLAIN = Provider(name="plain", quirks={"chat": ChatQuirks()})
