"""What one model refuses although the API as a whole takes it: parameters, values, lengths.

Source: answers of api.openai.com as users report them, read in November 2026; the facts of each model are
in the table of ``tokens``.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from fakellm._dialects.openai import rejections
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm.tokens._billing import count_prompt
from fakellm.tokens._model_table import ModelFacts
from fakellm.tokens._models import facts_of

__all__ = ["explain_length", "explain_model", "room_of"]

Body = dict[str, Any]
Rule = Callable[[Body, ModelFacts], Rejected | None]
"""Says why a model does not take a body, from the facts of the model; None where it does."""

# A token stands for one byte at least, and JSON has more bytes than the text in it; what a request costs
# beside its texts is less than this.
_LEAST_OVERHEAD = 256


def explain_model(body: Body, model: str) -> Rejected | None:
    """Return why the model does not take this request; None where it does, or nothing is known of it."""
    facts = facts_of(model)
    if facts.effort and (error := _refuse_role(body["messages"])):
        return error
    refused = facts.refuses
    if refused and not refused.isdisjoint(body) and (error := _refuse_always(body, refused)):
        return error
    if _RULED.isdisjoint(body):
        return None
    errors = (rule(body, facts) for name, rule in _RULES.items() if body.get(name) is not None)
    return next((error for error in errors if error), None)


def room_of(model: str) -> float:
    """Return how many bytes a body may have for its prompt not to be too long, whatever it holds."""
    facts = facts_of(model)
    longest = facts.longest_prompt
    return inf if longest is None or facts.context is None else longest - _LEAST_OVERHEAD


def explain_length(body: Body, model: str) -> Rejected | None:
    """Return the error for a prompt that is too long. To be asked of bodies beyond ``room_of``, since it counts."""
    facts = facts_of(model)
    if facts.context is None:
        return None
    tokens = count_prompt({**body, "model": model})
    if facts.prompt is not None and tokens > facts.prompt:
        return _too_long(
            f"Input tokens exceed the configured limit of {facts.prompt} tokens. Your messages resulted in "
            f"{tokens} tokens. Please reduce the length of the messages."
        )
    if tokens > facts.context:
        return _too_long(
            f"This model's maximum context length is {facts.context} tokens. However, your messages resulted in "
            f"{tokens} tokens. Please reduce the length of the messages."
        )
    asked = body.get("max_completion_tokens") or body.get("max_tokens") or 0
    if tokens + asked > facts.context:
        return _too_long(
            f"This model's maximum context length is {facts.context} tokens. However, you requested "
            f"{tokens + asked} tokens ({tokens} in the messages, {asked} in the completion). Please reduce the "
            "length of the messages or completion."
        )
    return None


def _too_long(message: str) -> Rejected:
    return Rejected(ErrorBody(message, param="messages", code="context_length_exceeded"))


def _refuse_always(body: Body, refused: frozenset[str]) -> Rejected | None:
    name = next((name for name in body if name in refused and body[name] is not None), None)
    if name is None:
        return None
    hint = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
    return Rejected(rejections.unsupported_parameter(name, hint))


def _refuse_role(messages: list[Body]) -> Rejected | None:
    n = next((n for n, message in enumerate(messages) if message["role"] == "function"), None)
    return None if n is None else Rejected(rejections.unsupported_value(f"messages[{n}].role", "'function'"))


def _refuse_temperature(body: Body, facts: ModelFacts) -> Rejected | None:
    if body["temperature"] == 1 or not _reasons(body, facts):
        return None
    hint = " Only the default (1) value is supported."
    return Rejected(rejections.unsupported_value("temperature", body["temperature"], hint))


def _reasons(body: Body, facts: ModelFacts) -> bool:
    effort = body.get("reasoning_effort") or facts.effort
    return facts.effort is not None and not (facts.switchable and effort == "none")


def _refuse_unless(name: str, default: float) -> Rule:
    def rule(body: Body, facts: ModelFacts) -> Rejected | None:
        if body[name] == default or not _reasons(body, facts):
            return None
        return Rejected(rejections.unsupported_parameter(name))

    return rule


def _refuse_logprobs(body: Body, facts: ModelFacts) -> Rejected | None:
    if not body["logprobs"] or not _reasons(body, facts):
        return None
    if facts.forbids_logprobs:
        return Rejected(ErrorBody("You are not allowed to request logprobs from this model"), status=403)
    return Rejected(rejections.unsupported_parameter("logprobs"))


def _refuse_effort(_: Body, facts: ModelFacts) -> Rejected | None:
    return Rejected(rejections.unrecognized(["reasoning_effort"])) if facts.is_plain else None


def _refuse_search(_: Body, facts: ModelFacts) -> Rejected | None:
    if not facts.is_plain or facts.searches:
        return None
    # Recorded from api.openai.com.
    return Rejected(ErrorBody("Web search options not supported with this model.", param="web_search_options"))


def _refuse_beyond_completion(name: str) -> Rule:
    def rule(body: Body, facts: ModelFacts) -> Rejected | None:
        if facts.completion is None or body[name] <= facts.completion:
            return None
        return Rejected(
            ErrorBody(
                f"{name} is too large: {body[name]}. This model supports at most {facts.completion} completion tokens, "
                f"whereas you provided {body[name]}.",
                param=name,
                code="invalid_value",
            )
        )

    return rule


_RULES: dict[str, Rule] = {
    "temperature": _refuse_temperature,
    "top_p": _refuse_unless("top_p", 1),
    "frequency_penalty": _refuse_unless("frequency_penalty", 0),
    "presence_penalty": _refuse_unless("presence_penalty", 0),
    "logprobs": _refuse_logprobs,
    "reasoning_effort": _refuse_effort,
    "web_search_options": _refuse_search,
    "max_tokens": _refuse_beyond_completion("max_tokens"),
    "max_completion_tokens": _refuse_beyond_completion("max_completion_tokens"),
}
"""For each parameter, what a model refuses of it, in the order in which it is said; run where it is given."""
_RULED = frozenset(_RULES)  # asked on every request
