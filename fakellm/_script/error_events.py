"""A scripted error as it is played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fakellm._script.reply import ErrorReply
from fakellm._wire.events import Head, WireEvent
from fakellm._wire.provider import Provider
from fakellm._wire.provider_answers import render_error_from

__all__ = ["error_events"]


def error_events(error: ErrorReply, provider: Provider, request_id: str, *, model: str) -> Iterator[WireEvent]:
    """Yield an error as a provider sends it. model: the one asked for."""
    body = error.body_from(provider, model=model)
    at_once = error.is_retried_at_once
    for event in render_error_from(provider, error.status, body, request_id, error.wire_headers, wait=error.wait):
        yield replace(event, is_retried_at_once=at_once) if isinstance(event, Head) else event
