"""Which requests of the Responses API the real one rejects, and in what order it says so.

Source: answers of api.openai.com as recorded, 2025 and 2026, and as users report them.
"""

from __future__ import annotations

from fakellm._dialects.openai import words
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.events import WireRequest
from fakellm._wire.provider import Json, Provider

__all__ = ["check_request", "model_of"]


def model_of(body: Json, _: WireRequest) -> str:
    """Return the model that a body names.

    Raises:
        Rejected: it names none.
    """
    model = body.get("model")
    if model is None or model == "":
        raise Rejected(words.missing("model"))
    if not isinstance(model, str):
        raise Rejected(words.wrong_type("model", "a string", model))
    return model


def check_request(
    body: Json, model: str, strictness: Strictness, provider: Provider, *, size: int, are_terms_known: bool = False
) -> None:
    """Raise Rejected for a body that the API of this provider does not take."""
    given = body.get("input")
    if not isinstance(given, str | list):
        raise Rejected(words.missing("input") if given is None else words.wrong_type("input", _INPUT, given))
    if strictness.strict and body.get("previous_response_id") and body.get("conversation"):
        raise Rejected(_EXCLUSIVE)
    if strictness.strict and strictness.models is not None and model not in strictness.models:
        raise Rejected(_unknown_model(model))


_EXCLUSIVE = ErrorBody(
    "Mutually exclusive parameters. Ensure you are only providing one of: 'previous_response_id' or 'conversation'.",
    code="mutually_exclusive_parameters",
)
_INPUT = "a string or an array of input items"


def _unknown_model(model: str) -> ErrorBody:
    return ErrorBody(f"The requested model '{model}' does not exist.", param="model", code="model_not_found")
