"""What is a provider's own about any answer of any dialect: its errors and its response headers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fakellm._wire.errors import ErrorBody, render_error
from fakellm._wire.events import Head, WireEvent
from fakellm._wire.provider import Headers, Provider

__all__ = ["add_headers", "render_error_from"]


def render_error_from(
    provider: Provider, status: int, error: ErrorBody, request_id: str, headers: Headers, *, wait: str = "1ms"
) -> Iterator[WireEvent]:
    """Yield an error in a provider's envelope, with all headers that it sends.

    headers: laid over those. wait: how long a client should, where a limit is reached.
    """
    usual = provider.headers_for(status, request_id, wait=wait)
    return render_error(status, error, request_id=request_id, headers=usual + headers, envelope=provider.error)


def add_headers(events: Iterator[WireEvent], headers: Headers) -> Iterator[WireEvent]:
    """Yield an answer with these headers as well; one that is there already stays as it is."""
    for event in events:
        if not isinstance(event, Head):
            yield event
            continue
        there = {name for name, _ in event.headers}
        yield replace(event, headers=event.headers + tuple(header for header in headers if header[0] not in there))
