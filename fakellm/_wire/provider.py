"""The company behind a base URL: what of its answers is its own, whichever API it speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fakellm._wire.events import Head, WireEvent
from fakellm.tokens._models import answering_model

__all__ = ["LIMITS", "Headers", "Json", "Provider", "add_headers"]

Json = dict[str, Any]
"""A JSON object of an answer."""

Headers = tuple[tuple[str, str], ...]
"""Response headers, names in lower case."""

LIMITS: Headers = (
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "2000000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "1999000"),
    ("x-ratelimit-reset-requests", "6ms"),
    ("x-ratelimit-reset-tokens", "30ms"),
)
"""Limits of rate as OpenAI tells them, the same for every answer: one request of 1,000 tokens was counted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Provider:
    """One company, or one kind of server; a value in a file of its own."""

    name: str
    rules: str | None = None
    """Whose rules about requests hold; None for no more than JSON types."""
    dated_models: bool = False
    """Whether an alias is answered with the dated name."""
    forced_calls_stop: bool = False
    """Whether a call of the one tool that the request names ends with ``stop``."""
    headers: Headers = ()
    """Response headers beside content type and length and the request's id, which ``{id}`` stands for."""
    limits: Headers = ()
    """The headers that tell the limits of rate."""
    quirks: Mapping[str, Any] = field(default_factory=dict)
    """How it differs, by what it speaks: a dialect's endpoint, or a family of dialects; each defines the type.
    What has no entry is answered as the API itself does."""

    def is_known_at(self, endpoint: str, family: str) -> bool:
        """Whether it is known to speak an API, or one of its family; what it says there is left alone where not."""
        return endpoint in self.quirks or family in self.quirks

    def model_name(self, model: str) -> str:
        """Return the name with which a model answers. model: as it was asked for."""
        return answering_model(model) if self.dated_models else model

    def headers_for(self, status: int, request_id: str, *, wait: str = "1ms") -> Headers:
        """Return the headers that the real API sends beside content type and length and the request's id.

        wait: how long a client should, where a limit is reached.
        """
        headers = tuple((name, value.replace("{id}", request_id)) for name, value in self.headers)
        if status == 429:
            reached = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": wait}
            return headers + tuple((name, reached.get(name, value)) for name, value in self.limits)
        return headers if status >= 400 else headers + self.limits

    def __repr__(self) -> str:
        return f"<Provider {self.name}>"


def add_headers(events: Iterator[WireEvent], headers: Headers) -> Iterator[WireEvent]:
    """Yield an answer with these headers as well; one that is there already stays as it is."""
    for event in events:
        if not isinstance(event, Head):
            yield event
            continue
        there = {name for name, _ in event.headers}
        yield replace(event, headers=event.headers + tuple(header for header in headers if header[0] not in there))
