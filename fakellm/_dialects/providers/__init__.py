"""The providers that are known, and which of them a URL belongs to.

A new provider is a file beside this one and a line in each table. Each is imported when a request goes there or a test
names it: most tests ask one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from fakellm._dialects.providers.hosts import is_provider_host
from fakellm._real_files import late
from fakellm._wire.provider import Provider

__all__ = ["PROVIDERS", "is_provider_host", "provider_of"]

_NAMES = ("azure", "deepseek", "groq", "openai", "openrouter", "plain", "siliconflow")

# What the host and the path of a URL match, one behind the other; the first line that does decides.
_AT = (
    (r"^([\w-]+\.)?api\.openai\.com/", "openai", "OPENAI"),  # a region may stand before the name
    (r"^[^/]+\.openai\.azure\.com/", "azure", "AZURE"),
    (r"^api\.deepseek\.com/", "deepseek", "DEEPSEEK"),
    (r"^api\.groq\.com/", "groq", "GROQ"),
    (r"^openrouter\.ai/", "openrouter", "OPENROUTER"),
    (r"^api\.siliconflow\.(cn|com)/", "siliconflow", "SILICONFLOW"),
    (r"^[^/]*/(.*/)?openai/deployments/[^/]+/", "azure", "AZURE_ELSEWHERE"),
    (r"", "plain", "PLAIN"),
)


class _Providers(Mapping[str, Provider]):
    def __getitem__(self, name: str) -> Provider:
        if name not in _NAMES:
            raise KeyError(name)
        return _imported(name, name.upper())

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


PROVIDERS: Mapping[str, Provider] = _Providers()
"""The providers by name, in order of the alphabet."""


@lru_cache(maxsize=256)
def provider_of(host: str, path: str) -> Provider:
    """Return the provider at a URL. host: lower case, without port."""
    place = host + path
    return next(_imported(module, name) for pattern, module, name in _AT if re.search(pattern, place))


def _imported(module: str, name: str) -> Provider:
    provider: Provider = late(f"{__name__}.{module}", name)
    return provider
