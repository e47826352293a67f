"""DeepSeek: the reasoning beside the text, what its cache held, the usage with the finish reason.

Source: recorded from api.deepseek.com, 2025 and 2026; the errors as users report them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fakellm._dialects.chat.quirks import ChatQuirks, ends
from fakellm._dialects.openai.errors import ErrorQuirks
from fakellm._dialects.responses.quirks import ResponsesQuirks
from fakellm._wire.answer import Completion
from fakellm._wire.errors import ErrorBody
from fakellm._wire.provider import Json, Provider

__all__ = ["DEEPSEEK"]


class _DeepSeekChat(ChatQuirks):
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

    def usage(self, completion: Completion) -> Mapping[str, Any]:
        usage = super().usage(completion)
        details = usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        prompt = usage.get("prompt_tokens")
        if isinstance(cached, int) and isinstance(prompt, int):
            usage = {"prompt_cache_hit_tokens": cached, "prompt_cache_miss_tokens": prompt - cached, **usage}
        return usage


DEEPSEEK = Provider(
    name="deepseek",
    headers=(
        ("access-control-allow-credentials", "true"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
        ("vary", "origin, access-control-request-method, access-control-request-headers"),
        ("x-ds-trace-id", "{id}"),
    ),
    quirks={
        "chat": _DeepSeekChat(
            id_form="{uuid}",
            has_null_texts=True,
            message_omits=frozenset({"annotations", "refusal"}),
            usage_details=frozenset({"prompt_tokens_details.cached_tokens"}),
        ),
        "responses": ResponsesQuirks(
            id_form="{uuid}",
            item_id_form="{uuid}",
            asks_adjacent_outputs=True,
            has_reasoning_status=True,
            members={"content_filters": None, "service_tier": "default"},
            omits=frozenset({"billing", "tool_usage"}),
            tool_omits=frozenset({"output_schema"}),
            usual_verbosity=None,
        ),
        "openai": ErrorQuirks(
            errors={
                "invalid_api_key": ErrorBody(
                    "Authentication Fails, Your api key: ****ellm is invalid",
                    type="authentication_error",
                    code="invalid_request_error",
                ),
                "model_not_found": ErrorBody("Model Not Exist", code="invalid_request_error"),
                402: ErrorBody("Insufficient Balance", type="unknown_error", code="invalid_request_error"),
            }
        ),
    },
)
