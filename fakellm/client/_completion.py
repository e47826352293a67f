"""From a whole answer to CreateResult."""

from __future__ import annotations

from pydantic import BaseModel

from fakellm._errors import ContentFilterFinishReasonError, LengthFinishReasonError
from fakellm.client._assembly import Assembly
from fakellm.client._warn import warn
from fakellm.models import CreateResult, FinishReasons

__all__ = ["check_structured", "to_result"]


def to_result(answer: Assembly, *, family: str) -> CreateResult:
    """Return a whole answer as CreateResult.

    Raises:
        ValueError: it calls a function in the way that the API gave up.
    """
    reason = answer.finish_reason
    if not answer.calls:
        if answer.has_function_call:
            raise ValueError(
                "the answer holds a function_call, which is deprecated and not supported; offer tools instead"
            )
        return answer.result(family, reason=reason)
    if reason != "function_calls":
        warn(f"the answer holds tool calls, but its finish reason is {answer.reason!r}, not 'tool_calls'")
    return answer.result(family, reason="function_calls")


def check_structured(model: type[BaseModel], reason: FinishReasons, text: str) -> None:
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
