"""From a whole answer to CreateResult."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from fakellm._errors import ContentFilterFinishReasonError, LengthFinishReasonError
from fakellm.client._answer import Answer, Choice, Message, finish_reason, request_usage, usage_of
from fakellm.client._names import normalized_name
from fakellm.client._reasoning import reasoning_of, split_tagged, text_of
from fakellm.client._warn import warn
from fakellm.models import CreateResult, FunctionCall, ModelFamily

__all__ = ["arguments_text", "check_structured", "first_choice", "to_result", "together"]


def to_result(answer: Answer, *, family: str) -> CreateResult:
    """Return what the first choice says.

    Raises:
        ValueError: it calls a function in the way that the API gave up.
    """
    choice = first_choice(answer)
    message = choice.message or Message()
    if message.function_call is not None:
        raise ValueError("the answer holds a function_call, which is deprecated and not supported; offer tools instead")
    if message.tool_calls:
        return _calls_result(answer, choice, message)
    text, thought = text_of(message), reasoning_of(message)
    if family == ModelFamily.R1 and thought is None:
        thought, text = split_tagged(text)
    return _result(answer, choice, content=text, thought=thought, reason=choice.finish_reason)


def _calls_result(answer: Answer, choice: Choice, message: Message) -> CreateResult:
    if choice.finish_reason != "tool_calls":
        warn(f"the answer holds tool calls, but its finish reason is {choice.finish_reason!r}, not 'tool_calls'")
    calls = [
        FunctionCall(
            id=call.id or "",
            arguments=arguments_text(call.function.arguments if call.function else None),
            name=normalized_name((call.function.name if call.function else None) or ""),
        )
        for call in message.tool_calls or ()
    ]
    thought = together(reasoning_of(message), text_of(message))
    return _result(answer, choice, content=calls, thought=thought, reason="tool_calls")


def _result(
    answer: Answer, choice: Choice, *, content: str | list[FunctionCall], thought: str | None, reason: str | None
) -> CreateResult:
    return CreateResult(
        finish_reason=finish_reason(reason),
        content=content,
        usage=request_usage(usage_of(answer)),
        cached=False,
        logprobs=(choice.logprobs.content or None) if choice.logprobs else None,
        thought=thought,
    )


def first_choice(answer: Answer) -> Choice:
    """Return the choice that is read; others are ignored, as AutoGen does."""
    assert answer.choices, "parse_completion lets nothing else through"
    return answer.choices[0]


def arguments_text(arguments: Any) -> str:
    """Return the arguments of a call as JSON text; some providers send the object itself."""
    if isinstance(arguments, str):
        return arguments
    if arguments is None:
        return ""
    warn(f"the arguments of a tool call are no text but {arguments!r}; they are written as JSON")
    return json.dumps(arguments)


def together(reasoning: str | None, text: str) -> str | None:
    """Return the thought that goes with calls: what was thought, then what was said on the way."""
    return "\n".join(part for part in (reasoning, text) if part) or None


def check_structured(model: type[BaseModel], reason: str | None, text: str) -> None:
    """Check that a structured answer is complete and fits its class; an empty one is a refusal or calls.

    Raises:
        LengthFinishReasonError: it was cut by the token limit.
        ContentFilterFinishReasonError: it was withheld.
        ValidationError: it does not fit.
    """
    if reason == "length":
        raise LengthFinishReasonError(
            f"the object for {model.__name__} is cut: the reply reached its token limit; raise max_tokens", body=text
        )
    if reason == "content_filter":
        raise ContentFilterFinishReasonError(
            f"there is no object for {model.__name__}: the provider's content filter withheld it", body=text
        )
    if text:
        model.model_validate_json(text)
