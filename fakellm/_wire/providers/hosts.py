"""Hosts that are known to belong to providers of language models.

Only for traffic that is no model call: model endpoints are claimed by their path, on any host.
"""

from __future__ import annotations

import re

__all__ = ["is_loopback", "is_provider_host"]

_PROVIDER_HOSTS = frozenset(
    {
        "aiplatform.googleapis.com",
        "api.anthropic.com",
        "api.cerebras.ai",
        "api.cohere.com",
        "api.deepinfra.com",
        "api.deepseek.com",
        "api.fireworks.ai",
        "api.groq.com",
        "api.inference.crusoecloud.com",
        "api.llama.com",
        "api.mistral.ai",
        "api.moonshot.ai",
        "api.moonshot.cn",
        "api.openai.com",
        "api.perplexity.ai",
        "api.siliconflow.cn",
        "api.siliconflow.com",
        "api.together.xyz",
        "api.x.ai",
        "api.z.ai",
        "dashscope-intl.aliyuncs.com",
        "dashscope.aliyuncs.com",
        "generativelanguage.googleapis.com",
        "openrouter.ai",
        "router.huggingface.co",
    }
)

# Hosts that carry a customer's or a region's name.
_PROVIDER_PATTERN = re.compile(
    r"\.openai\.azure\.com$|\.services\.ai\.azure\.com$|\.cognitiveservices\.azure\.com$"
    r"|-aiplatform\.googleapis\.com$|^bedrock-runtime\.[\w-]+\.amazonaws\.com$|\.api\.openai\.com$"
)

_LOOPBACK = re.compile(r"^(localhost|127(\.\d+){3}|::1)$|\.localhost$")


def is_provider_host(host: str) -> bool:
    """Whether a host (lower case, without port) belongs to a known provider."""
    return host in _PROVIDER_HOSTS or _PROVIDER_PATTERN.search(host) is not None


def is_loopback(host: str) -> bool:
    """Whether a host (lower case, without port) is this machine."""
    return _LOOPBACK.search(host) is not None
