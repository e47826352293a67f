"""What is wrong with a recording that replays well: secrets in it, and its age."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date
from email.utils import parsedate_to_datetime

from fakellm._cassette.interaction import Interaction
from fakellm._cassette.redact import Redactor

__all__ = ["recorded_on", "secrets_in"]

_CREDENTIALS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "api-key",
        "x-api-key",
        "x-goog-api-key",
        "ocp-apim-subscription-key",
        "cookie",
        "set-cookie",
    }
)
# A token rather than what stands in for one: DUMMY, **REDACTED**, Bearer sk-fakellm.
_TOKEN = re.compile(r"(?=[^\s;]*\d)(?=[^\s;]*[A-Za-z])[^\s;]{16,}")


def secrets_in(interaction: Interaction, redactor: Redactor) -> Iterator[str]:
    """Yield the places of an interaction that hold what looks like a secret."""
    request, response = interaction.request, interaction.response
    for side, headers in (("request", request.headers.items()), ("response", response.headers)):
        for name, value in headers:
            if name in _CREDENTIALS and _TOKEN.search(value) and "REDACTED" not in value:
                yield f"{side} header {name}"
    if redactor.url(request.url) != request.url:
        yield "URL"
    if redactor.body(request.body) != request.body:
        yield "request body"
    if redactor.body(response.body) != response.body:
        yield "response body"


def recorded_on(interaction: Interaction) -> date | None:
    """Return the day of a recording, by its trace or the server's date; None where neither tells."""
    try:
        if interaction.trace.recorded:
            return date.fromisoformat(interaction.trace.recorded[:10])
        sent = next((value for name, value in interaction.response.headers if name == "date"), "")
        return parsedate_to_datetime(sent).astimezone(UTC).date() if sent else None
    except ValueError:
        return None
