"""Usage of a chat completion, as api.openai.com bills it.

Found by recomputing recorded calls; ``docs/usage.md`` says how far it is exact. Two families of models are billed
by different rules: reasoning models, and all others. The rules for models with the vocabulary cl100k_base
(gpt-4, gpt-3.5) are those of gpt-4o, which no recorded call confirms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from fakellm._anyjson import object_of, objects_of, text_of
from fakellm.tokens._billed_messages import WRAPPER, Billed, MessageBill, wrap_calls
from fakellm.tokens._billed_tools import count_format, count_tools
from fakellm.tokens._encodings import encoding_for_model
from fakellm.tokens._model_table import Frames, ModelFacts
from fakellm.tokens._models import facts_of
from fakellm.tokens._rates import CHAT_RATES, Rates

__all__ = ["Bill", "completion_usage", "count_prompt", "usage_of"]

# Fine-tuned models, and models behind a router, carry a prefix: ``ft:gpt-4o-mini-…``, ``openai/o3``.
_PREFIX = re.compile(r"ft:|openai/")
_SYSTEM_ROLES = frozenset({"system", "developer"})


def completion_usage(
    body: Mapping[str, Any],
    *,
    text: str | None,
    tool_calls: Sequence[tuple[str, str]] = (),
    reasoning_tokens: int = 0,
    prompt_tokens: int | None = None,
    rates: Rates = CHAT_RATES,
) -> dict[str, Any]:
    """Return the ``usage`` object of a completion.

    body: the request, whatever JSON it holds; what it should not hold counts nothing. text: the answer's
    text. tool_calls: (name, arguments text) of its calls. reasoning_tokens: what the model thought. prompt_tokens:
    what ``count_prompt`` says of the body, where that is known already. rates: of the API that is asked, chat unless
    said otherwise; the body is in chat's form whichever it is.

    >>> body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is the capital of Mexico?"}]}
    >>> completion_usage(body, text="The capital of Mexico is Mexico City.")["total_tokens"]
    22
    """
    bill = Bill(body, rates)
    prompt = bill.count_prompt(_billed_messages(body)) if prompt_tokens is None else prompt_tokens
    completion = bill.count_completion(text or "", tool_calls, reasoning_tokens=reasoning_tokens)
    return usage_of(prompt, completion, reasoning_tokens)


def usage_of(prompt: int, completion: int, reasoning: int) -> dict[str, Any]:
    """Return the ``usage`` object of so many tokens. completion: those of the reasoning included."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def count_prompt(body: Mapping[str, Any], rates: Rates = CHAT_RATES) -> int:
    """Return the tokens of a request, whatever JSON it holds."""
    return Bill(body, rates).count_prompt(_billed_messages(body))


def _billed_messages(body: Mapping[str, Any]) -> list[Billed]:
    return list(map(Billed, objects_of(body.get("messages"))))


@lru_cache(maxsize=256)
def _billed_as(model: str, rates: Rates) -> tuple[MessageBill, ModelFacts]:
    """Return how the messages of a model are billed, and what is known of it."""
    model = _PREFIX.sub("", model, count=1)
    facts = facts_of(model)
    return MessageBill(encoding_for_model(model), facts.image, rates, is_reasoning=facts.reasons), facts


class Bill:
    """Counts requests that differ in their messages alone, and answers to them.

    terms: what they say beside their messages. rates: of the API that is asked.
    """

    def __init__(self, terms: Mapping[str, Any], rates: Rates) -> None:
        self._rates = rates
        self._of_messages, self._facts = _billed_as(text_of(terms.get("model")), rates)
        self._encoding, self._is_reasoning = self._of_messages.encoding, self._of_messages.is_reasoning
        # A hosted tool is described nowhere; what it costs, no recorded call tells.
        offered = [tool for tool in objects_of(terms.get("tools")) if "function" in tool or "custom" in tool]
        self._tools = offered or objects_of(terms.get("functions"))
        self._format = object_of(terms.get("response_format"))
        self._known_preamble: int | None = None

    def count_prompt(self, messages: Sequence[Billed]) -> int:
        """Count a request."""
        tokens = self.preamble
        if tokens and not self._is_reasoning and not any(one.role in _SYSTEM_ROLES for one in messages):
            # It stands in the system message, which is made where there is none; reasoning models have one always.
            tokens += self._rates.system
        return (2 if self._is_reasoning else 3) + self._of_messages.count(messages) + tokens

    @property
    def preamble(self) -> int:
        """The tokens of tools and format."""
        if self._known_preamble is None:
            tokens = count_format(self._format, self._encoding.name)
            if tools := self._tools:
                # Recorded with a described first tool: gpt-5.4-mini and, in Responses, gpt-5 apart; gpt-4o,
                # gpt-4o-mini and gpt-4.1 together.
                tokens += count_tools(tools, self._encoding.name, header_apart=self._is_reasoning)
                tokens += self._rates.reasoning_tools if self._is_reasoning else self._rates.tools
            self._known_preamble = tokens
        return self._known_preamble

    def count_completion(self, text: str, calls: Sequence[tuple[str, str]], *, reasoning_tokens: int) -> int:
        """Count an answer. calls: (name, arguments text) each. reasoning_tokens: what the model thought."""
        tokens = self._encoding.count(text) + self._rates.answer + reasoning_tokens
        if frames := self._facts.frames:
            return tokens + self._count_framed(frames, calls, reasoned=reasoning_tokens > 0)
        return tokens + (self._count_calls(calls) if calls else self._count_text_frame())

    def _count_text_frame(self) -> int:
        # One beside tools; four in the format of a schema, as two recorded calls show.
        return (1 if self._tools else 0) + (4 if self._format.get("type") == "json_schema" else 0)

    def _count_calls(self, calls: Sequence[tuple[str, str]]) -> int:
        if len(calls) == 1:
            return 4 + self._count_call(*calls[0])
        return 4 + self._encoding.count(f" to={WRAPPER}") + self._encoding.count(wrap_calls(tuple(calls)))

    def _count_call(self, name: str, arguments: str) -> int:
        return self._encoding.count(f" to=functions.{name}") + self._encoding.count(arguments)

    def _count_framed(self, frames: Frames, calls: Sequence[tuple[str, str]], *, reasoned: bool) -> int:
        if calls:
            return sum(frames.call + self._count_call(*call) for call in calls)
        return frames.reasoned if reasoned else frames.text
