"""A scripted error as it is played."""

from __future__ import annotations

from collections.abc import Iterator

from fakellm._script.reply import ErrorReply
from fakellm._wire.chat import ChatRequest
from fakellm._wire.events import WireEvent
from fakellm._wire.provider_answers import render_error_from

__all__ = ["error_events"]


def error_events(error: ErrorReply, request: ChatRequest, request_id: str) -> Iterator[WireEvent]:
    """Yield an error as the provider of the request sends it."""
    body = error.body_from(request.provider, model=request.model)
    return render_error_from(request.provider, error.status, body, request_id, error.wire_headers, wait=error.wait)
