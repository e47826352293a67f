"""Which chat completions requests the real API rejects, and in what order it says so.

The key comes first, then what the body is made of, then what each parameter holds (OpenAI's document,
``patches``), what parameters ask of each other (the table below), what the model refuses (``model_rules``), how
messages follow each other (``history``) and their length. Providers other than OpenAI and Azure reject no more
than wrong types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from types import MappingProxyType
from typing import Any

from fakellm._dialects.chat_checks.history import explain_messages, mentions_json
from fakellm._dialects.chat_checks.model_rules import explain_length, explain_model, room_of
from fakellm._dialects.chat_checks.patches import azure_body, openai_body
from fakellm._dialects.openai import rejections
from fakellm._dialects.openai.dialect import check_model
from fakellm._dialects.shapes import Members
from fakellm._real_files import late
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.provider import Provider

__all__ = ["check_request"]

Body = dict[str, Any]


_portable = partial(late, "fakellm._dialects.chat.portable")

_SHAPES: Mapping[str | None, Callable[[], Members]] = MappingProxyType(
    {None: partial(_portable, "PORTABLE"), "openai": openai_body, "azure": azure_body}
)
"""What a body must be, by the rules of a provider."""


def check_request(
    body: Body,
    model: str,
    strictness: Strictness,
    provider: Provider,
    *,
    size: int,
    new_messages: Sequence[Any] | None = None,
) -> float:
    """Raise Rejected for a body that the API of this provider does not take.

    model: what the body names, or the deployment in the path. ``strict=False`` asks for no more than what the fake
    itself needs. For the rest, and for what is returned, see ``Check``.
    """
    shape = _SHAPES[provider.rules]() if strictness.strict else _portable("WELL_FORMED")
    if not _is_fit(shape, new_messages) and shape.misfit(body) is not None:
        explain_body = late("fakellm._dialects.openai.misfits", "explain_body")
        raise Rejected(explain_body(shape, body))
    if not strictness.strict:
        return inf
    check_model(model, strictness, provider)
    if not provider.rules:
        return inf
    room = room_of(model)
    if rejected := _explain_rules(body, model) or (explain_length(body, model) if size > room else None):
        raise rejected
    return 0 if _asks_for_json(body) else room


def _is_fit(shape: Members, new: Sequence[Any] | None) -> bool:
    """Whether a body has its shape because all but its new messages was accepted before, and these have theirs."""
    return bool(new) and shape.members["messages"].misfit(new) is None


def _explain_rules(body: Body, model: str) -> Rejected | None:
    if not _RULED.isdisjoint(body) and (error := _explain_together(body)):
        return Rejected(error)
    if rejected := explain_model(body, model):
        return rejected
    error = explain_messages(body["messages"])
    return Rejected(error) if error else None


def _explain_together(body: Body) -> ErrorBody | None:
    errors = (rule(body) for name, rule in _RULES.items() if body.get(name) is not None)
    return next((error for error in errors if error), None)


def _beside(other: str, error: ErrorBody) -> Callable[[Body], ErrorBody | None]:
    """Return the rule of a parameter that stands only beside another."""
    return lambda body: None if body.get(other) else error


def _both_limits(body: Body) -> ErrorBody | None:
    if body.get("max_completion_tokens") is None:
        return None
    return ErrorBody(
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        param="max_tokens",
        code="invalid_parameter_combination",
    )


def _tool_choice(body: Body) -> ErrorBody | None:
    if not body.get("tools"):
        return rejections.only_with("tool_choice", "tools")
    choice = body["tool_choice"]
    if isinstance(choice, str) or choice["type"] == "allowed_tools":
        return None
    kind = choice["type"]
    offered = [tool[kind]["name"] for tool in body["tools"] if tool["type"] == kind]
    return None if choice[kind]["name"] in offered else _not_offered(choice[kind]["name"])


def _function_call(body: Body) -> ErrorBody | None:
    if not body.get("functions"):
        return rejections.only_with("function_call", "functions")
    choice = body["function_call"]
    if isinstance(choice, str) or choice["name"] in [function["name"] for function in body["functions"]]:
        return None
    return _not_offered(choice["name"])


def _not_offered(name: str) -> ErrorBody:
    # A tool_choice gets the words of function_call as well (answer of api.openai.com, September 2026).
    return ErrorBody(
        f"Invalid value for 'function_call': no function named '{name}' was specified in the 'functions' parameter.",
        param="function_call",
    )


def _asks_for_json(body: Body) -> bool:
    """Whether an object is asked for, which some message has to mention."""
    return (body.get("response_format") or {}).get("type") == "json_object"


def _response_format(body: Body) -> ErrorBody | None:
    if not _asks_for_json(body) or mentions_json(body["messages"]):
        return None
    return ErrorBody(
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
        param="messages",
    )


_RULES: dict[str, Callable[[Body], ErrorBody | None]] = {
    "stream_options": _beside("stream", rejections.only_when("stream_options", "stream")),
    "top_logprobs": _beside("logprobs", rejections.only_when("top_logprobs", "logprobs")),
    "metadata": _beside("store", rejections.only_when("metadata", "store")),
    "max_tokens": _both_limits,
    "parallel_tool_calls": _beside("tools", rejections.only_with("parallel_tool_calls", "tools")),
    "tool_choice": _tool_choice,
    "function_call": _function_call,
    "response_format": _response_format,
}
"""For each parameter, what it asks of the others; run where it is given."""
_RULED = frozenset(_RULES)  # asked on every request
