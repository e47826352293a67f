"""OpenAI itself: what every other provider differs from."""

from __future__ import annotations

from collections.abc import Iterator

from fakellm._dialects.chat.quirks import ChatQuirks
from fakellm._dialects.responses.quirks import AS_OPENAI
from fakellm._wire.answer import Completion
from fakellm._wire.provider import LIMITS, Json, Provider
from fakellm.tokens._model_table import ModelFacts
from fakellm.tokens._models import facts_of

__all__ = ["OPENAI"]


class _OpenAIChat(ChatQuirks):
    __slots__ = ()

    def completion(self, body: Json, completion: Completion) -> Json:
        facts = facts_of(completion.model)
        return body if facts.effort is None else _from_reasoning_model(body, facts)

    def chunks(self, chunks: Iterator[Json], completion: Completion, *, include_usage: bool) -> Iterator[Json]:
        facts = facts_of(completion.model)
        return chunks if facts.effort is None else (_from_reasoning_model(chunk, facts) for chunk in chunks)


def _from_reasoning_model(answer: Json, facts: ModelFacts) -> Json:
    """Return a completion or a chunk as a reasoning model's: log probabilities have no member unless asked for.

    Source: answers of o4-mini, gpt-5, gpt-5-mini and gpt-5.4-mini, recorded from 2025 to 2026, and a stream of
    o3-mini (February 2025).
    """
    choices = [_without_null_logprobs(choice) for choice in answer["choices"]]
    if facts.fingerprint:
        return {**answer, "choices": choices}
    return {**answer, "choices": choices, "system_fingerprint": None}


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
        "responses": AS_OPENAI,
    },
)
