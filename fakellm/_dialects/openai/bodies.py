"""Whether the body of a request is as it must be: on the hosts of OpenAI and Azure, and on any other."""

from __future__ import annotations

from collections.abc import Callable

from fakellm._dialects.openai.dialect import check_model
from fakellm._dialects.openai.misfits import explain_body
from fakellm._dialects.shapes import Members
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import Rejected
from fakellm._wire.provider import Json, Provider

__all__ = ["check_body"]


def check_body(
    body: Json,
    model: str,
    strictness: Strictness,
    provider: Provider,
    *,
    documented: Callable[[], Members],
    portable: Members,
) -> None:
    """Raise Rejected for a body that is not as it must be, or that asks a model that does not exist.

    documented: its shape where the API is OpenAI's. portable: elsewhere, and where nothing but the form counts.
    """
    shape = documented() if strictness.strict and provider.rules else portable
    if error := explain_body(shape, body):
        raise Rejected(error)
    if strictness.strict:
        check_model(model, strictness, provider)
