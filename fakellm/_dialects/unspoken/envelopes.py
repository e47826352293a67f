"""The error of each API: its envelope, told by the address that was asked (``paths``)."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

from fakellm._wire.errors import ErrorBody, encodable, error_object
from fakellm._wire.provider import Json

__all__ = ["envelope_at", "openai_envelope"]

Envelope = Callable[[ErrorBody, int], Json]
"""Makes the JSON object of an error and its status."""


def openai_envelope(error: ErrorBody, status: int) -> Json:
    """Return that of OpenAI, which most APIs copy."""
    return error_object(error)


def _anthropic(error: ErrorBody, status: int) -> Json:
    kind = _KINDS.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": encodable(error.message)}}


def _google(error: ErrorBody, status: int) -> Json:
    kind = _STATUSES.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")
    return {"error": {"code": status, "message": encodable(error.message), "status": kind}}


def _mistral(error: ErrorBody, status: int) -> Json:
    return {"object": "error", **error_object(error)["error"]}


def _dashscope(error: ErrorBody, status: int) -> Json:
    return {"code": _phrase(status, ""), "message": encodable(error.message)}


def _watsonx(error: ErrorBody, status: int) -> Json:
    code = _phrase(status, "_").lower()
    return {"errors": [{"code": code, "message": encodable(error.message)}], "status_code": status}


def _replicate(error: ErrorBody, status: int) -> Json:
    return {"title": _phrase(status, " ").capitalize(), "detail": encodable(error.message), "status": status}


def _stability(error: ErrorBody, status: int) -> Json:
    return {"name": _phrase(status, "_").lower(), "errors": [encodable(error.message)]}


def _with_message(error: ErrorBody, status: int) -> Json:
    return {"message": encodable(error.message)}


def _with_error(error: ErrorBody, status: int) -> Json:
    return {"error": encodable(error.message)}


def _with_detail(error: ErrorBody, status: int) -> Json:
    return {"detail": encodable(error.message)}


def _phrase(status: int, between: str) -> str:
    """Return the phrase of an HTTP status, such as "Not Found", with its words joined otherwise."""
    return between.join(_PHRASES.get(status, "Error").split())


_PHRASES = {status.value: status.phrase for status in HTTPStatus}

# Source: the pages on errors of Anthropic and Google (2026-11).
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_STATUSES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

# The first that fits; OpenAI's where none does, as most APIs copy it.
_ENVELOPES: tuple[tuple[re.Pattern[str], Envelope], ...] = (
    (re.compile(r"^api\.anthropic\.com(/|$)|/v1/(messages|complete)(/|$)|/publishers/anthropic/"), _anthropic),
    (re.compile(r"^[^/]*googleapis\.com/(?!.*/openai/)|/[^/]*:[a-z]+$|/interactions$"), _google),
    (
        re.compile(
            r"\.amazonaws\.com(/|$)|/model(/[^/]+){1,3}/[a-z-]+$|/invocations[a-z-]*$|^api\.cohere\.(ai|com)(/|$)"
        ),
        _with_message,
    ),
    (re.compile(r"/v[12]/(chat|embed|generate|classify|summarize)$"), _with_message),
    (re.compile(r"^api\.mistral\.ai(/|$)|/ocr$"), _mistral),
    (re.compile(r"^dashscope[a-z-]*\.aliyuncs\.com/(?!compatible-mode/)|/services/[^/]+/[^/]+/[^/]+$"), _dashscope),
    (re.compile(r"\.ml\.cloud\.ibm\.com(/|$)|/ml/v1/"), _watsonx),
    (re.compile(r"^api\.replicate\.com(/|$)|/predictions$"), _replicate),
    (re.compile(r"^api\.stability\.ai(/|$)"), _stability),
    (re.compile(r"^(queue\.)?fal\.run(/|$)|^api\.(elevenlabs\.io|jina\.ai|voyageai\.com)(/|$)"), _with_detail),
    (
        re.compile(r"/api/[a-z]+$|/generate(_stream)?$|\.huggingface\.(co|cloud)(/|$)|^api\.assemblyai\.com(/|$)"),
        _with_error,
    ),
)


def envelope_at(address: str) -> Envelope:
    """Return what makes the JSON object of an error as the API at an address writes it."""
    return next((envelope for pattern, envelope in _ENVELOPES if pattern.search(address)), openai_envelope)
