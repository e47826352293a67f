"""DeepSeek. Source: recorded from api.deepseek.com, 2025 and 2026."""

from __future__ import annotations

from collections.abc import Iterator

from fakellm._wire.completion import Completion
from fakellm._wire.providers.provider import Json, Provider, ends

__all__ = ["DEEPSEEK"]


class _DeepSeek(Provider):
    __slots__ = ()

    def completion(self, body: Json, completion: Completion) -> Json:
        body = super().completion(body, completion)
        for choice in body["choices"]:
            for index, call in enumerate(choice["message"].get("tool_calls") or ()):
                call["index"] = index
        return body

    def chunks(self, chunks: Iterator[Json], completion: Completion, *, include_usage: bool) -> Iterator[Json]:
        # The usage comes with the finish reason, not in a chunk of its own.
        for chunk in super().chunks(chunks, completion, include_usage=include_usage):
            if include_usage and ends(chunk):
                chunk["usage"] = self.usage(completion)
            if chunk["choices"]:
                yield chunk

    def usage(self, completion: Completion) -> Json:
        usage = super().usage(completion)
        details = usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        prompt = usage.get("prompt_tokens")
        if isinstance(cached, int) and isinstance(prompt, int):
            usage = {"prompt_cache_hit_tokens": cached, "prompt_cache_miss_tokens": prompt - cached, **usage}
        return usage


DEEPSEEK = _DeepSeek(
    name="deepseek",
    has_null_texts=True,
    message_omits=frozenset({"annotations", "refusal"}),
    usage_details=frozenset({"prompt_tokens_details.cached_tokens"}),
)
