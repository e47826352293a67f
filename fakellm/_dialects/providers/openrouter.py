"""OpenRouter: comments while it looks for a provider, whose name and finish reason it passes on.

Source: recorded from openrouter.ai, 2025; the errors as users report them.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from fakellm._dialects.chat.quirks import ChatQuirks
from fakellm._dialects.openai.errors import ErrorQuirks
from fakellm._dialects.responses.quirks import ResponsesQuirks
from fakellm._wire.answer import Completion
from fakellm._wire.errors import ErrorBody, encodable
from fakellm._wire.provider import Json, Provider

__all__ = ["OPENROUTER"]

# Makers whose name is not that of their models, capitalized.
_MAKERS = MappingProxyType({"deepseek": "DeepSeek", "openai": "OpenAI", "x-ai": "xAI"})

_RESPONSES_COST = MappingProxyType(
    {"upstream_inference_cost": None, "upstream_inference_input_cost": 0, "upstream_inference_output_cost": 0}
)
_COST = MappingProxyType(
    {
        "upstream_inference_cost": None,
        "upstream_inference_prompt_cost": 0,
        "upstream_inference_completions_cost": 0,
    }
)


class _OpenRouterChat(ChatQuirks):
    __slots__ = ()

    def completion(self, body: Json, completion: Completion) -> Json:
        body = super().completion(body, completion)
        for choice in body["choices"]:
            choice["native_finish_reason"] = choice["finish_reason"]
            choice["message"] = {"reasoning": None, **_with_details(choice["message"])}
        return {**body, "provider": _maker(completion.model)}

    def chunks(self, chunks: Iterator[Json], completion: Completion, *, include_usage: bool) -> Iterator[Json]:
        for chunk in super().chunks(chunks, completion, include_usage=include_usage):
            # The chunk with the usage has a choice like all others, which says nothing.
            choices = chunk["choices"] or [{"index": 0, "delta": {}, "finish_reason": None, "logprobs": None}]
            for choice in choices:
                choice["native_finish_reason"] = choice["finish_reason"]
                choice["delta"] = {"role": "assistant", "content": "", **_with_details(choice["delta"])}
            if chunk.get("usage", ...) is None:
                del chunk["usage"]
            yield {**chunk, "provider": _maker(completion.model), "choices": choices}

    def usage(self, completion: Completion) -> Json:
        return {"cost": 0, "is_byok": False, "cost_details": dict(_COST), **super().usage(completion)}


class _OpenRouterResponses(ResponsesQuirks):
    __slots__ = ()

    def response(self, body: Json, *, is_final: bool) -> Json:
        body = {**super().response(body, is_final=is_final), "output_text": "", "service_tier": "auto"}
        if not is_final:
            del body["usage"]
        elif isinstance(usage := body.get("usage"), dict):
            body["usage"] = {**usage, "cost": 0, "is_byok": False, "cost_details": dict(_RESPONSES_COST)}
        return body


class _OpenRouterErrors(ErrorQuirks):
    __slots__ = ()

    def envelope(self, error: ErrorBody, status: int) -> Json:
        return {"error": {"message": encodable(error.message), "code": status}}


def _with_details(message: Json) -> Json:
    """Return a message or a delta with its reasoning once more, in parts."""
    if not (reasoning := message.get("reasoning")):
        return message
    details: dict[str, Any] = {"type": "reasoning.text", "text": reasoning, "index": 0, "format": None}
    return {**message, "reasoning_details": [details]}


def _maker(model: str) -> str:
    name, slash, _ = model.partition("/")
    return _MAKERS.get(name, name.capitalize()) if slash else "OpenAI"


OPENROUTER = Provider(
    name="openrouter",
    headers=(
        ("access-control-allow-origin", "*"),
        ("referrer-policy", "no-referrer, strict-origin-when-cross-origin"),
        ("vary", "Accept-Encoding"),
    ),
    quirks={
        "chat": _OpenRouterChat(
            id_form="gen-{created}-{letters}",
            reasoning_field="reasoning",
            comments=b": OPENROUTER PROCESSING\n\n",
            omits=frozenset({"service_tier", "system_fingerprint"}),
            delta_omits=frozenset({"refusal"}),
            usage_details=frozenset(
                {
                    "prompt_tokens_details.audio_tokens",
                    "prompt_tokens_details.cached_tokens",
                    "completion_tokens_details.reasoning_tokens",
                }
            ),
        ),
        "responses": _OpenRouterResponses(
            id_form="gen-{created}-{letters}",
            item_id_form="{prefix}_tmp_{letters}",
            names_events=False,
            before=b": OPENROUTER PROCESSING\n\n",
            after=b"data: [DONE]\n\n",
            members={"reasoning": None, "temperature": None, "top_p": None, "truncation": None},
            omits=frozenset(
                {
                    "billing",
                    "completed_at",
                    "frequency_penalty",
                    "moderation",
                    "presence_penalty",
                    "prompt_cache_retention",
                    "text",
                    "tool_usage",
                    "top_logprobs",
                }
            ),
            part_omits=frozenset({"logprobs"}),
        ),
        "openai": _OpenRouterErrors(
            errors={
                "invalid_api_key": ErrorBody("No auth credentials found"),
                "model_not_found": ErrorBody("No endpoints found for {model}."),
                "rate_limit_exceeded": ErrorBody("Rate limit exceeded"),
                402: ErrorBody("Insufficient credits. Add more using https://openrouter.ai/settings/credits"),
            }
        ),
    },
)
