"""The providers that are known, and which of them a URL belongs to.

A new provider is a file beside this one and a line in each table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from fakellm._dialects.chat.quirks import ChatQuirks
from fakellm._dialects.providers.azure import AZURE, AZURE_ELSEWHERE
from fakellm._dialects.providers.deepseek import DEEPSEEK
from fakellm._dialects.providers.groq import GROQ
from fakellm._dialects.providers.hosts import is_provider_host
from fakellm._dialects.providers.openai import OPENAI
from fakellm._dialects.providers.openrouter import OPENROUTER
from fakellm._dialects.providers.siliconflow import SILICONFLOW
from fakellm._wire.provider import Provider

__all__ = ["OPENAI", "PROVIDERS", "is_provider_host", "provider_of"]

_PLAIN = Provider(name="plain", quirks={"chat": ChatQuirks()})
"""OpenAI-compatible servers of which no more is known: vLLM, llama.cpp, LiteLLM, gateways, proxies."""

PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {provider.name: provider for provider in (AZURE, DEEPSEEK, GROQ, OPENAI, OPENROUTER, _PLAIN, SILICONFLOW)}
)
"""The providers by name, in order of the alphabet."""

# What the host and the path of a URL match, one behind the other; the first line that does decides.
_AT: tuple[tuple[re.Pattern[str], Provider], ...] = (
    (re.compile(r"^([\w-]+\.)?api\.openai\.com/"), OPENAI),  # a region may stand before the name
    (re.compile(r"^[^/]+\.openai\.azure\.com/"), AZURE),
    (re.compile(r"^api\.deepseek\.com/"), DEEPSEEK),
    (re.compile(r"^api\.groq\.com/"), GROQ),
    (re.compile(r"^openrouter\.ai/"), OPENROUTER),
    (re.compile(r"^api\.siliconflow\.(cn|com)/"), SILICONFLOW),
    (re.compile(r"^[^/]*/(.*/)?openai/deployments/[^/]+/"), AZURE_ELSEWHERE),
)


@lru_cache(maxsize=256)
def provider_of(host: str, path: str) -> Provider:
    """Return the provider at a URL. host: lower case, without port."""
    place = host + path
    return next((provider for pattern, provider in _AT if pattern.search(place)), _PLAIN)
