"""Which requests of the Responses API the real one rejects, and in what order it says so.

What has moved since chat comes first, then what the body is made of (OpenAI's document, ``patches``), what parameters
ask of each other, what the model refuses. How items follow each other (``history``) and their length is asked once it
is known what the request builds on. Providers other than OpenAI and Azure reject no more than wrong types.

Source: answers of api.openai.com as recorded, 2025 and 2026, and as users report them, read in November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from fakellm._anyjson import compact, object_of, text_of
from fakellm._dialects.openai import rejections
from fakellm._dialects.openai.dialect import check_model as check_deployment
from fakellm._dialects.openai.misfits import sentence
from fakellm._dialects.responses.read import items_of, messages_of
from fakellm._dialects.responses_checks.patches import PORTABLE, WELL_FORMED, openai_body
from fakellm._dialects.shapes import Members
from fakellm._wire.asked import ChatRequest
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.events import WireRequest
from fakellm._wire.provider import Json, Provider
from fakellm.tokens._models import facts_of

__all__ = ["TOO_LONG", "check_model", "check_request", "explain_length", "explain_shape", "model_of", "unknown_model"]


def model_of(body: Json, _: WireRequest) -> str:
    """Return the model that a body names.

    Raises:
        Rejected: it names none.
    """
    model = body.get("model")
    if model is None or model == "":
        raise Rejected(rejections.missing("model"))
    if not isinstance(model, str):
        raise Rejected(rejections.wrong_type("model", "a string", model))
    return model


def check_request(
    body: Json, model: str, strictness: Strictness, provider: Provider, *, size: int, **known: object
) -> None:
    """Raise Rejected for a body that the API of this provider does not take."""
    has_rules = strictness.strict and provider.rules is not None
    if has_rules and (error := _explain_moved(body)):
        raise Rejected(error)
    if error := explain_shape(body, strictness, provider, documented=openai_body):
        raise Rejected(error)
    if error := _explain_input(body, is_strict=strictness.strict):
        raise Rejected(error)
    check_model(model, strictness, provider)
    if has_rules and (error := _explain_rules(body, model)):
        raise Rejected(error)


def check_model(model: str, strictness: Strictness, provider: Provider) -> None:
    """Raise Rejected for a model that does not exist, which on Azure is a deployment."""
    if not strictness.strict:
        return
    if provider.rules == "azure":
        check_deployment(model, strictness, provider)
    elif strictness.models is not None and model not in strictness.models:
        raise Rejected(unknown_model(model))


_MOVED = MappingProxyType(
    {
        "messages": "input",
        "max_tokens": "max_output_tokens",
        "max_completion_tokens": "max_output_tokens",
        "response_format": "text.format",
        "reasoning_effort": "reasoning.effort",
        "verbosity": "text.verbosity",
    }
)


def _explain_moved(body: Json) -> ErrorBody | None:
    name = next((name for name in body if name in _MOVED), None)
    if name is None:
        return None
    return ErrorBody(
        f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{_MOVED[name]}'. Try "
        "again with the new parameter. See the API documentation for more information: "
        "https://platform.openai.com/docs/api-reference/responses/create.",
        code="unsupported_parameter",
    )


def explain_shape(
    body: Json, strictness: Strictness, provider: Provider, *, documented: Callable[[], Members]
) -> ErrorBody | None:
    """Return the error for a body of another shape. documented: what it is by OpenAI's document."""
    shape = WELL_FORMED if not strictness.strict else PORTABLE if provider.rules is None else documented()
    if (misfit := shape.misfit(body)) is None:
        return None
    if misfit.kind != "format_schema":
        return sentence(misfit)
    message = "Invalid schema for response_format '{name}': {error}".format(**misfit.facts)
    return ErrorBody(message, param="text.format.schema", code="invalid_json_schema")


_IN_PLACE_OF_INPUT = ("previous_response_id", "prompt", "conversation")


def _explain_input(body: Json, *, is_strict: bool) -> ErrorBody | None:
    given = body.get("input")
    if given or any(body.get(name) for name in _IN_PLACE_OF_INPUT):
        return None
    if given is None:
        return rejections.missing("input")
    if not is_strict:
        return None
    return ErrorBody(
        "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided.",
        code="missing_required_parameter",
    )


def unknown_model(model: str) -> ErrorBody:
    """A model that does not exist."""
    return ErrorBody(f"The requested model '{model}' does not exist.", param="model", code="model_not_found")


def _explain_rules(body: Json, model: str) -> ErrorBody | None:
    errors = (rule(body, model) for name, rule in _RULES.items() if body.get(name) is not None)
    return next((error for error in errors if error), None)


def _conversation(body: Json, _: str) -> ErrorBody | None:
    if body.get("previous_response_id") is None:
        return None
    return ErrorBody(
        "Mutually exclusive parameters. Ensure you are only providing one of: 'previous_response_id' or "
        "'conversation'.",
        code="mutually_exclusive_parameters",
    )


def _text(body: Json, _: str) -> ErrorBody | None:
    if object_of(body["text"].get("format")).get("type") != "json_object":
        return None
    # What the instructions say does not count; what the request builds on is not known here.
    said = compact([message.get("content") for message in messages_of(items_of(body))])
    if "json" in said.lower() or any(body.get(name) for name in _IN_PLACE_OF_INPUT):
        return None
    return ErrorBody(
        "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
        param="input",
    )


def _tool_choice(body: Json, _: str) -> ErrorBody | None:
    choice, tools = body["tool_choice"], body.get("tools") or []
    if choice == "required" and not tools:
        return ErrorBody("Tool choice 'required' must be specified with 'tools' parameter.", param="tool_choice")
    named = object_of(choice)
    kind = text_of(named.get("type"))
    if kind not in ("function", "custom", "mcp"):
        return None
    names = [tool.get("server_label" if kind == "mcp" else "name") for tool in tools if tool["type"] == kind]
    if named.get("server_label" if kind == "mcp" else "name") in names:
        return None
    return ErrorBody(f"Tool choice '{kind}' not found in 'tools' parameter.", param="tool_choice")


def _sampling(name: str) -> Callable[[Json, str], ErrorBody | None]:
    """Return the rule for what a model takes no more than 1 of while it reasons."""

    def rule(body: Json, model: str) -> ErrorBody | None:
        facts = facts_of(model)
        effort = object_of(body.get("reasoning")).get("effort") or facts.effort
        if facts.effort is None or (facts.switchable and effort == "none") or body[name] == 1:
            return None
        return ErrorBody(f"Unsupported parameter: '{name}' is not supported with this model.", param=name)

    return rule


def _reasoning(body: Json, model: str) -> ErrorBody | None:
    if not facts_of(model).is_plain or body["reasoning"].get("effort") is None:
        return None
    return rejections.unsupported_parameter("reasoning.effort")


_RULES: Mapping[str, Callable[[Json, str], ErrorBody | None]] = MappingProxyType(
    {
        "conversation": _conversation,
        "text": _text,
        "tool_choice": _tool_choice,
        "temperature": _sampling("temperature"),
        "top_p": _sampling("top_p"),
        "reasoning": _reasoning,
    }
)
"""For each parameter, what it asks of the others and of the model; run where it is given."""


TOO_LONG = ErrorBody(
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    param="input",
    code="context_length_exceeded",
)


def explain_length(asked: ChatRequest) -> ErrorBody | None:
    """Return the error for an input that is longer than the context of the model."""
    longest = facts_of(asked.model).longest_prompt
    if longest is None or asked.facts.prompt_tokens <= longest or asked.body.get("truncation") == "auto":
        return None
    return TOO_LONG
