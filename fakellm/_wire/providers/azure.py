"""Azure OpenAI: deployments in the path, and a content filter that reports on every prompt and answer.

Source: recorded from openai.azure.com, 2025; the stream's first chunk and the error of the filter as users report
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakellm._wire.completion import Completion
from fakellm._wire.providers.provider import Json, Provider

__all__ = ["AZURE", "AZURE_ELSEWHERE"]

_CATEGORIES = ("hate", "self_harm", "sexual", "violence")


class _Azure(Provider):
    __slots__ = ()

    def completion(self, body: Json, completion: Completion) -> Json:
        body = super().completion(body, completion)
        body["prompt_filter_results"] = [_prompt_results()]
        for choice in body["choices"]:
            choice["content_filter_results"] = _answer_results()
        return body

    def chunks(self, chunks: Iterator[Json], completion: Completion, *, include_usage: bool) -> Iterator[Json]:
        first = True
        for chunk in super().chunks(chunks, completion, include_usage=include_usage):
            if first:
                yield {**chunk, "choices": [], "prompt_filter_results": [_prompt_results()]}
                first = False
            for choice in chunk["choices"]:
                choice["content_filter_results"] = _safe() if choice["delta"].get("content") else {}
            yield chunk


def _safe() -> dict[str, Any]:
    return {category: {"filtered": False, "severity": "safe"} for category in _CATEGORIES}


def _not_detected() -> dict[str, bool]:
    return {"detected": False, "filtered": False}


def _prompt_results() -> Json:
    return {"prompt_index": 0, "content_filter_results": {**_safe(), "jailbreak": _not_detected()}}


def _answer_results() -> Json:
    return {
        **_safe(),
        "protected_material_code": _not_detected(),
        "protected_material_text": _not_detected(),
    }


AZURE = _Azure(name="azure", rules="azure", dated_models=True, reasoning_field=None)
AZURE_ELSEWHERE = _Azure(name="azure", dated_models=True, reasoning_field=None)
"""A path of Azure's on another host: a gateway or a proxy, whose rules nobody knows."""
