"""The 404 of each API: its envelope, told by the address that was asked (``claims``)."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["not_found"]

_Envelope = Callable[[str], dict[str, object]]


def _openai(message: str) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


def _anthropic(message: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": "not_found_error", "message": message}}


def _google(message: str) -> dict[str, object]:
    return {"error": {"code": 404, "message": message, "status": "NOT_FOUND"}}


def _mistral(message: str) -> dict[str, object]:
    return {"object": "error", "message": message, "type": "invalid_request_error", "param": None, "code": None}


def _dashscope(message: str) -> dict[str, object]:
    return {"code": "NotFound", "message": message}


def _watsonx(message: str) -> dict[str, object]:
    return {"errors": [{"code": "not_found", "message": message}], "status_code": 404}


def _replicate(message: str) -> dict[str, object]:
    return {"title": "Not found", "detail": message, "status": 404}


def _stability(message: str) -> dict[str, object]:
    return {"name": "not_found", "errors": [message]}


def _with_message(message: str) -> dict[str, object]:
    return {"message": message}


def _with_error(message: str) -> dict[str, object]:
    return {"error": message}


def _with_detail(message: str) -> dict[str, object]:
    return {"detail": message}


# The first that fits; OpenAI's where none does, as most APIs copy it.
_ENVELOPES: tuple[tuple[re.Pattern[str], _Envelope], ...] = (
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


def not_found(address: str, message: str) -> dict[str, object]:
    """Return the body of a 404 as the API at an address writes it."""
    envelope = next((envelope for pattern, envelope in _ENVELOPES if pattern.search(address)), _openai)
    return envelope(message)
