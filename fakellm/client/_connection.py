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
    """What a session is made of.

    headers: sent with every request. token: gives a bearer token, asked before every attempt. http_client: an
    AsyncClient of httpx or httpx2, or None for one of our own. max_retries: attempts after the first. query:
    added to every URL. clock: waits between attempts, None for real time.

    Raises:
        UsageError: a header whose value cannot be sent.
    """

    headers: Headers
    token: TokenProvider | None = None
    http_client: Any = None
    max_retries: int = DEFAULT_RETRIES
    query: Mapping[str, Any] | None = None
    clock: Clock | None = None

    def __post_init__(self) -> None:
        check_headers(self.headers)


def check_headers(headers: Mapping[str, str]) -> None:
    """Check that values can be sent; what h11 and httpx would say of such a value shows it.

    Raises:
        UsageError: one cannot.
    """
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise UsageError(
                f"the header {name!r} holds a line break or another character that cannot be sent; "
                "look at the end of the key, or of the line in the .env file that it comes from"
            )
