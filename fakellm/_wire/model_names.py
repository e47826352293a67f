"""Which dated model an alias means.

Source: the table of autogen-ext 0.7.5 (2025), as facts; for later models, the names in the OpenAPI document and
recorded answers of api.openai.com. Names match exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["answering_model", "resolve_model"]

_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "claude-3-5-haiku": "claude-3-5-haiku-20241022",
        "claude-3-5-sonnet": "claude-3-5-sonnet-20241022",
        "claude-3-7-sonnet": "claude-3-7-sonnet-20250219",
        "claude-3-haiku": "claude-3-haiku-20240307",
        "claude-3-opus": "claude-3-opus-20240229",
        "claude-3-sonnet": "claude-3-sonnet-20240229",
        "claude-4-opus": "claude-opus-4-20250514",
        "claude-4-sonnet": "claude-sonnet-4-20250514",
        "gpt-3.5-turbo": "gpt-3.5-turbo-0125",
        "gpt-3.5-turbo-16k": "gpt-3.5-turbo-16k-0613",
        "gpt-4": "gpt-4-0613",
        "gpt-4-32k": "gpt-4-32k-0613",
        "gpt-4-turbo": "gpt-4-turbo-2024-04-09",
        "gpt-4-turbo-preview": "gpt-4-0125-preview",
        "gpt-4.1": "gpt-4.1-2025-04-14",
        "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
        "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
        "gpt-4.5-preview": "gpt-4.5-preview-2025-02-27",
        "gpt-4o": "gpt-4o-2024-08-06",
        "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
        "gpt-5": "gpt-5-2025-08-07",
        "gpt-5-mini": "gpt-5-mini-2025-08-07",
        "gpt-5-nano": "gpt-5-nano-2025-08-07",
        "llama-3.3-70b": "Llama-3.3-70B-Instruct",
        "llama-3.3-8b": "Llama-3.3-8B-Instruct",
        "llama-4-maverick": "Llama-4-Maverick-17B-128E-Instruct-FP8",
        "llama-4-scout": "Llama-4-Scout-17B-16E-Instruct-FP8",
        "o1": "o1-2024-12-17",
        "o1-mini": "o1-mini-2024-09-12",
        "o1-preview": "o1-preview-2024-09-12",
        "o3": "o3-2025-04-16",
        "o3-mini": "o3-mini-2025-01-31",
        "o4-mini": "o4-mini-2025-04-16",
    }
)

# Models that AutoGen's table does not have; its client takes their names as they are.
_LATER: Mapping[str, str] = MappingProxyType(
    {
        "gpt-4o-audio-preview": "gpt-4o-audio-preview-2024-12-17",
        "gpt-4o-mini-audio-preview": "gpt-4o-mini-audio-preview-2024-12-17",
        "gpt-4o-mini-search-preview": "gpt-4o-mini-search-preview-2025-03-11",
        "gpt-4o-search-preview": "gpt-4o-search-preview-2025-03-11",
        "gpt-5-pro": "gpt-5-pro-2025-10-06",
        "gpt-5.1": "gpt-5.1-2025-11-13",
        "gpt-5.2": "gpt-5.2-2025-12-11",
        "gpt-5.2-pro": "gpt-5.2-pro-2025-12-11",
        "gpt-5.4-mini": "gpt-5.4-mini-2026-03-17",
        "gpt-5.4-nano": "gpt-5.4-nano-2026-03-17",
        "gpt-5.5": "gpt-5.5-2026-04-23",
        "gpt-5.5-pro": "gpt-5.5-pro-2026-04-23",
        "o1-pro": "o1-pro-2025-03-19",
        "o3-pro": "o3-pro-2025-06-10",
    }
)


def resolve_model(model: str) -> str:
    """Return the dated name that an alias means to AutoGen's client; any other name as it is."""
    return _ALIASES.get(model, model)


def answering_model(model: str) -> str:
    """Return the dated name with which OpenAI answers a request for an alias; any other name as it is."""
    return _LATER.get(model) or resolve_model(model)
