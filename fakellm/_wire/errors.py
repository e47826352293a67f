"""The error object of the OpenAI API, and the responses that carry it.

Source: ``ErrorResponse`` of the OpenAPI document; all four members are always there, param and code may
be null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic_core import to_json

from fakellm._wire.events import Data, Head, WireEvent

__all__ = ["DO_NOT_RETRY", "ErrorBody", "Rejected", "ScriptedError", "encodable", "error_object", "render_error"]

DO_NOT_RETRY = (("x-should-retry", "false"),)
"""Header with which the OpenAI SDKs surface an error at once, whatever its status."""


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The members of ``error``. type: None for providers that send none."""

    message: str
    type: str | None = "invalid_request_error"
    param: str | None = None
    code: str | None = None


class ScriptedError(Protocol):
    """A scripted error; None in each field that the test leaves to the API."""

    @property
    def name(self) -> str:
        """The form in which the test named it, such as ``model_not_found``; empty where it gave a status."""
        ...

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def message(self) -> str | None:
        """The text."""
        ...

    @property
    def code(self) -> str | None:
        """The code of OpenAI's APIs, which names the kind of error for all of them."""
        ...

    @property
    def type(self) -> str | None:
        """The type of OpenAI's APIs."""
        ...

    @property
    def param(self) -> str | None:
        """The parameter that is wrong."""
        ...


class Rejected(Exception):  # noqa: N818  # an answer, handled in the engine
    """The real API would answer this request with an error; internal, never reaches users."""

    def __init__(self, error: ErrorBody, *, status: int = 400) -> None:
        super().__init__(error.message)
        self.error = error
        self.status = status


def render_error(
    status: int,
    error: ErrorBody,
    *,
    request_id: str,
    headers: tuple[tuple[str, str], ...] = (),
    envelope: Callable[[ErrorBody, int], Mapping[str, Any]] | None = None,
    request_id_header: str = "x-request-id",
) -> Iterator[WireEvent]:
    """Yield the response that carries an error: its head, then the JSON body.

    headers: laid over the usual ones; names in lower case. envelope: makes the JSON object of the error and its
    status; None makes OpenAI's.
    """
    body = to_json(envelope(error, status) if envelope else error_object(error), indent=2)
    usual = {"content-type": "application/json", "content-length": str(len(body)), request_id_header: request_id}
    yield Head(status, tuple({**usual, **dict(headers)}.items()))
    yield Data(body)


def error_object(error: ErrorBody) -> dict[str, dict[str, str | None]]:
    """Return the JSON object that carries an error, as a body or as an event of a stream."""
    message = encodable(error.message)
    return {"error": {"message": message, "type": error.type, "param": error.param, "code": error.code}}


def encodable(text: str) -> str:
    """Return a text with what UTF-8 has no bytes for (lone surrogates) written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()
