"""SiliconFlow: the usage so far on every chunk, asked for or not.

Source: users' reports, 2025 and 2026; nothing recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from fakellm._dialects.chat.quirks import ChatQuirks, ends
from fakellm._dialects.openai.errors import ErrorQuirks
from fakellm._wire.answer import Completion
from fakellm._wire.errors import ErrorBody, encodable
from fakellm._wire.provider import Json, Provider

__all__ = ["SILICONFLOW"]

# What it numbers errors with; others are given their status.
_CODES = MappingProxyType({400: 20015, 404: 20012, 503: 50603})


class _SiliconFlowChat(ChatQuirks):
    __slots__ = ()

    def chunks(self, chunks: Iterator[Json], completion: Completion, *, include_usage: bool) -> Iterator[Json]:
        written = 0
        whole = self.usage(completion)
        for chunk in super().chunks(chunks, completion, include_usage=include_usage):
            if not chunk["choices"]:
                continue
            if completion.sends_usage:
                chunk["usage"] = whole if ends(chunk) else _so_far(whole, min(written, completion.token_count))
            written += 1
            yield chunk


class _SiliconFlowErrors(ErrorQuirks):
    __slots__ = ()

    def envelope(self, error: ErrorBody, status: int) -> Json:
        return {"code": _CODES.get(status, status), "message": encodable(error.message), "data": None}


def _so_far(usage: Mapping[str, Any], written: int) -> Json:
    """Return the counts while so many tokens of the answer are written."""
    prompt = usage.get("prompt_tokens")
    total = prompt + written if isinstance(prompt, int) else usage.get("total_tokens")
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": total}


SILICONFLOW = Provider(
    name="siliconflow",
    quirks={
        "chat": _SiliconFlowChat(
            id_form="{hex}",
            has_null_texts=True,
            is_uniform=False,
            message_omits=frozenset({"annotations", "refusal"}),
            usage_details=frozenset(),
        ),
        "openai": _SiliconFlowErrors(
            errors={
                "invalid_api_key": ErrorBody("Api key is invalid"),
                "model_not_found": ErrorBody("Model does not exist. Please check it carefully."),
                "rate_limit_exceeded": ErrorBody(
                    "Request was rejected due to rate limiting. Details: TPM limit reached."
                ),
                503: ErrorBody("System is too busy now. Please try again later."),
            }
        ),
    },
)
