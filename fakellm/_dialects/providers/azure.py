"""Azure OpenAI: deployments in the path, and a content filter that reports on every prompt and answer.

Source: recorded from openai.azure.com, 2025; the first chunk of a stream, the errors and the headers x-ms-… as users
report them, 2024 to 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fakellm._dialects.chat.quirks import ChatQuirks
from fakellm._dialects.openai.errors import ErrorQuirks
from fakellm._dialects.responses.quirks import ResponsesQuirks
from fakellm._wire.answer import Completion
from fakellm._wire.errors import ErrorBody, encodable
from fakellm._wire.provider import LIMITS, Json, Provider

__all__ = ["AZURE", "AZURE_ELSEWHERE"]

_CATEGORIES = ("hate", "self_harm", "sexual", "violence")


class _AzureChat(ChatQuirks):
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


class _AzureResponses(ResponsesQuirks):
    __slots__ = ()

    def response(self, body: Json, *, is_final: bool) -> Json:
        body = super().response(body, is_final=is_final)
        return {**body, "content_filters": [_filtered("prompt"), _filtered("completion")]} if is_final else body


class _AzureErrors(ErrorQuirks):
    __slots__ = ()

    def envelope(self, error: ErrorBody, status: int) -> Json:
        message = encodable(error.message)
        if error.code == "content_filter":
            inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": _stopped()}
            shown = {"message": message, "type": None, "param": error.param, "code": error.code, "status": status}
            return {"error": {**shown, "innererror": inner}}
        if error.type is None:  # from the gateway, not from the model behind it
            return {"error": {"code": error.code, "message": message}}
        return super().envelope(error, status)


def _safe() -> dict[str, Any]:
    return {category: {"filtered": False, "severity": "safe"} for category in _CATEGORIES}


def _not_detected() -> dict[str, bool]:
    return {"detected": False, "filtered": False}


def _stopped() -> Json:
    """What the filter found in a prompt that it stopped."""
    violence = {"filtered": True, "severity": "medium"}
    return {**_safe(), "jailbreak": _not_detected(), "violence": violence}


def _prompt_results() -> Json:
    return {"prompt_index": 0, "content_filter_results": {**_safe(), "jailbreak": _not_detected()}}


def _answer_results() -> Json:
    return {
        **_safe(),
        "protected_material_code": _not_detected(),
        "protected_material_text": _not_detected(),
    }


def _filtered(source: str) -> Json:
    """What the filter found in the prompt or in the answer of a response."""
    found = _answer_results() if source == "completion" else {**_safe(), "jailbreak": _not_detected()}
    offsets = {"check_offset": 0, "end_offset": 0, "start_offset": 0}
    return {
        "blocked": False,
        "content_filter_offsets": offsets,
        "content_filter_raw": [],
        "content_filter_results": found,
        "source_type": source,
    }


_NO_KEY = ErrorBody(
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for "
    "an active subscription and use a correct regional API endpoint for your resource.",
    type=None,
    code="401",
)
_NO_DEPLOYMENT = ErrorBody(
    "The API deployment for this resource does not exist. If you created the deployment within the last "
    "5 minutes, please wait a moment and try again.",
    type=None,
    code="DeploymentNotFound",
)

AZURE = Provider(
    name="azure",
    rules="azure",
    dated_models=True,
    forced_calls_stop=True,
    headers=(
        ("apim-request-id", "{id}"),
        ("azureml-model-session", "v20250225-1-161802030"),
        ("cmp-upstream-response-duration", "235"),
        ("ms-azureml-model-time", "315"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
        ("x-ms-client-request-id", "{id}"),
        ("x-ms-region", "East US"),
    ),
    limits=LIMITS[:4],
    quirks={
        "chat": _AzureChat(reasoning_field=None),
        "responses": _AzureResponses(
            obfuscates=True,
            seals=True,
            shows_thoughts=False,
            stores=True,
            has_model_as_asked=True,
            members={"content_filters": None},
            omits=frozenset({"billing", "tool_usage"}),
        ),
        "openai": _AzureErrors(
            errors={
                "invalid_api_key": _NO_KEY,
                "model_not_found": _NO_DEPLOYMENT,
                "rate_limit_exceeded": ErrorBody(
                    "Your requests to {model} for {model} in East US have exceeded the token rate limit for your "
                    "current AIServices S0 pricing tier. Please retry after {wait}. To increase your default rate "
                    "limit, visit: https://aka.ms/oai/quotaincrease.",
                    type=None,
                    code="429",
                ),
            }
        ),
    },
)
AZURE_ELSEWHERE = replace(AZURE, rules=None)
"""A path of Azure's on another host: a gateway or a proxy, whose rules nobody knows."""
