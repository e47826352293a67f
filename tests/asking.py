"""Chat completions requests as tests send them, and what the API says to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.table import DIALECTS
from fakellm._wire.asked import ChatRequest
from fakellm._wire.dialect import STRICT, Dialect, Strictness
from fakellm._wire.errors import Rejected
from fakellm._wire.events import WireRequest
from fakellm._wire.provider import Provider

KEY = {"authorization": "Bearer sk-fakellm"}
"""What api.openai.com asks of every request."""

OPENAI = "https://api.openai.com/v1/chat/completions"
AZURE = "https://mine.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
ELSEWHERE = "http://localhost:8080/v1/chat/completions"

USER = {"role": "user", "content": "hi"}


def body(**parameters: Any) -> dict[str, Any]:
    """Return a request with these parameters beside the two that must be there."""
    return {"model": "gpt-4o", "messages": [USER], **parameters}


def tool(name: str = "f", **function: Any) -> dict[str, Any]:
    """Return a function tool."""
    return {"type": "function", "function": {"name": name, **function}}


def tools(*names: str) -> list[dict[str, Any]]:
    """Return function tools of these names."""
    return [tool(name) for name in names]


def call(call_id: str = "c1", name: str = "f") -> dict[str, Any]:
    """Return a call of a function, as an assistant message holds it."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}


def read(
    wire: WireRequest, strictness: Strictness = STRICT, provider: Provider | None = None, dialect: Dialect = CHAT
) -> ChatRequest:
    """Read a request of chat; provider: who is asked, None for the one at its URL."""
    claim = dialect.claims(wire)
    assert claim is not None
    return dialect.read(wire, claim, strictness, provider or DIALECTS.provider(wire))


def decode(
    request: object, *, url: str = OPENAI, headers: Mapping[str, str] = KEY, strictness: Strictness = STRICT
) -> ChatRequest:
    """Decode a request; a body that is not bytes is sent as JSON."""
    data = request if isinstance(request, bytes) else json.dumps(request).encode()
    return read(WireRequest("POST", url, headers, data), strictness)


def rejection(request: object, **kwargs: Any) -> tuple[int, str, str | None, str | None, str] | None:
    """Return (status, type, code, param, message) of the error for a request; None for one that is taken."""
    try:
        decode(request, **kwargs)
    except Rejected as rejected:
        error = rejected.error
        return rejected.status, error.type, error.code, error.param, error.message
    return None
