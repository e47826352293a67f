"""Providers that are recognised by how their models are called: where they are, and which variable holds the key."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["with_provider_defaults"]

# Source: autogen-ext 0.7.5, and the providers' pages on OpenAI compatibility.
_PROVIDERS = MappingProxyType(
    {
        "gemini-": ("https://generativelanguage.googleapis.com/v1beta/openai/", "GEMINI_API_KEY"),
        "claude-": ("https://api.anthropic.com/v1/", "ANTHROPIC_API_KEY"),
        "Llama-": ("https://api.llama.com/compat/v1/", "LLAMA_API_KEY"),
    }
)


def with_provider_defaults(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with base_url and api_key of the model's provider, where they say nothing themselves."""
    defaults: dict[str, Any] = {}
    for prefix, (base_url, variable) in _PROVIDERS.items():
        if settings["model"].startswith(prefix):
            defaults["base_url"] = base_url
            if variable in os.environ:
                defaults["api_key"] = os.environ[variable]
    return {**defaults, **settings}
