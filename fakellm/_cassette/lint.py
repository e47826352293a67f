"""What is wrong with a recording that replays well: secrets in it, and its age."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date
from email.utils import parsedate_to_datetime

from fakellm._cassette.interaction import Interaction
from fakellm._cassette.recorded import redacted
from fakellm._cassette.redact import Redactor
from fakellm._cassette.secrets import is_telling_header
from fakellm._secret_names import is_secret_name

__all__ = ["recorded_on", "redacted_places", "secrets_in"]

# A token rather than what stands in for one: DUMMY, **REDACTED**, Bearer sk-fakellm.
_TOKEN = re.compile(r"(?=[^\s;]*\d)(?=[^\s;]*[A-Za-z])[^\s;]{16,}")


def secrets_in(interaction: Interaction, redactor: Redactor) -> Iterator[str]:
    """Yield the places of an interaction that hold what looks like a secret."""
    request, response = interaction.request, interaction.response
    for side, headers in (("request", request.headers.items()), ("response", response.headers)):
        yield from (f"{side} header {name}" for name, value in headers if _is_secret(name, value, redactor))
    yield from redacted_places(interaction, redacted(interaction, redactor))


def redacted_places(interaction: Interaction, clean: Interaction) -> Iterator[str]:
    """Yield the places beside the headers in which an interaction differs from itself, redacted."""
    if clean.request.url != interaction.request.url:
        yield "URL"
    if clean.request.body != interaction.request.body:
        yield "request body"
    if clean.response.body != interaction.response.body:
        yield "response body"


def _is_secret(name: str, value: str, redactor: Redactor) -> bool:
    if is_secret_name(name):
        return bool(_TOKEN.search(value)) and "REDACTED" not in value
    # Whose recording it is, an id of a project say, is no secret.
    return not is_telling_header(name) and redactor.text(value) != value


def recorded_on(interaction: Interaction) -> date | None:
    """Return the day of a recording, by its trace or the server's date; None where neither tells."""
    try:
        if interaction.trace.recorded:
            return date.fromisoformat(interaction.trace.recorded[:10])
        sent = next((value for name, value in interaction.response.headers if name == "date"), "")
        return parsedate_to_datetime(sent).astimezone(UTC).date() if sent else None
    except ValueError:
        return None
