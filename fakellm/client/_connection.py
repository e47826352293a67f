"""How requests reach an API: what they carry, through which HTTP client, and how patiently."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fakellm._clock import Clock
from fakellm._errors import UsageError

__all__ = ["DEFAULT_RETRIES", "Connection", "Headers", "TokenProvider", "check_headers"]

TokenProvider = Callable[[], str | Awaitable[str]]

DEFAULT_RETRIES = 2
"""Source: openai-python 3.51, ``_constants.py``."""


class Headers(dict[str, str]):
    """Headers whose values stay out of tracebacks and logs."""

    def __repr__(self) -> str:
        return f"<headers {sorted(self)}>"


@dataclass(frozen=True, slots=True, repr=False)
class Connection:
    """The way to one API, which an HTTPSession takes.

    headers: sent with every request. token: gives a bearer token, asked before every attempt. http_client: an
    AsyncClient of httpx or httpx2, or None for one of our own. max_retries: attempts after the first. query:
    added to every URL. clock: waits between attempts, None for real time.
    """

    headers: Headers
    token: TokenProvider | None = None
    http_client: Any = None
    max_retries: int = DEFAULT_RETRIES
    query: Mapping[str, Any] | None = None
    clock: Clock | None = None


def check_headers(headers: Mapping[str, str]) -> None:
    """Check that values can be sent; what h11 and httpx would say of such a value shows it.

    Raises:
        UsageError: one cannot; shows the first character that cannot, and no more of it.
    """
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            what = "the key" if name in ("authorization", "api-key") else f"the header {name!r}"
            odd = next(letter for letter in value if not (letter.isascii() and letter.isprintable()))
            raise UsageError(f"{what} holds {odd!r}, which no HTTP header can carry; {_likely_cause(odd)}")


def _likely_cause(letter: str) -> str:
    if letter.isprintable():
        return "is it still the placeholder?"
    return "look at its end, or at the line of the .env file that it comes from"
