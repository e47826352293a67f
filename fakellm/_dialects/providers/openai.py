"""OpenAI itself: what every other provider differs from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fakellm._dialects.chat.quirks import ChatQuirks
from fakellm._dialects.openai.model_facts import facts_of
from fakellm._wire.answer import Completion
from fakellm._wire.provider import LIMITS, Json, Provider

__all__ = ["OPENAI"]


# Recorded: null for o4-mini, gpt-5, gpt-5-mini and gpt-5.4-mini, a fingerprint for o3-mini.
_WITHOUT_FINGERPRINT = re.compile(r"o4-mini|gpt-5")


class _OpenAIChat(ChatQuirks):
    __slots__ = ()

    def completion(self, body: Json, completion: Completion) -> Json:
        return body if facts_of(completion.model).effort is None else _from_reasoning_model(body)

    def chunks(self, chunks: Iterator[Json], completion: Completion, *, include_usage: bool) -> Iterator[Json]:
        return chunks if facts_of(completion.model).effort is None else map(_from_reasoning_model, chunks)


def _from_reasoning_model(answer: Json) -> Json:
    """Return a completion or a chunk as a reasoning model's: log probabilities have no member unless asked for.

    Source: answers of the models above, recorded from 2025 to 2026, and a stream of o3-mini (February 2025).
    """
    choices = [_without_null_logprobs(choice) for choice in answer["choices"]]
    if _WITHOUT_FINGERPRINT.match(answer["model"]):
        return {**answer, "choices": choices, "system_fingerprint": None}
    return {**answer, "choices": choices}


def _without_null_logprobs(choice: Json) -> Json:
    return {name: member for name, member in choice.items() if name != "logprobs" or member is not None}


OPENAI = Provider(
    name="openai",
    rules="openai",
    dated_models=True,
    forced_calls_stop=True,
    headers=(
        ("openai-organization", "org-fakellm"),
        ("openai-processing-ms", "320"),
        ("openai-version", "2020-10-01"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ),
    limits=LIMITS,
    quirks={
        "chat": _OpenAIChat(obfuscates=True, reasoning_field=None),
    },
)
