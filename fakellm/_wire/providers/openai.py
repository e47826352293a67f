"""OpenAI itself: what every other provider differs from."""

from __future__ import annotations

from collections.abc import Iterator

from fakellm._wire.completion import Completion
from fakellm._wire.providers.provider import LIMITS, Json, Provider

__all__ = ["OPENAI"]


class _OpenAI(Provider):
    __slots__ = ()

    def completion(self, body: Json, completion: Completion) -> Json:
        return body

    def chunks(self, chunks: Iterator[Json], completion: Completion, *, include_usage: bool) -> Iterator[Json]:
        return chunks


OPENAI = _OpenAI(
    name="openai",
    rules="openai",
    dated_models=True,
    forced_calls_stop=True,
    obfuscates=True,
    reasoning_field=None,
    headers=(
        ("openai-organization", "org-fakellm"),
        ("openai-processing-ms", "320"),
        ("openai-version", "2020-10-01"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ),
    limits=LIMITS,
)
