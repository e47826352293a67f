"""Usage as the API sends it."""

from __future__ import annotations

from typing import Any

__all__ = ["usage"]


def usage(
    prompt: int,
    completion: int,
    *,
    cached: int = 0,
    reasoning: int = 0,
    audio: int = 0,
    accepted: int = 0,
    rejected: int = 0,
) -> dict[str, Any]:
    """Return the usage object of api.openai.com, all members of it. The arguments are counts of tokens."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": audio},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": accepted,
            "rejected_prediction_tokens": rejected,
        },
    }
