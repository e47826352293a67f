"""When a client may try again, as headers say it: seconds, milliseconds or a moment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from math import ceil

from fakellm._errors import UsageError
from fakellm._numbers import DURATION, Duration

__all__ = [
    "RetryAfter",
    "check_retry_after",
    "duration_text",
    "is_retried",
    "may_make_wait",
    "multiplied_waits",
    "retry_after_text",
]

RetryAfter = Duration | datetime | str
"""Seconds, a moment with its time zone, or the value of the header as it is sent."""


def check_retry_after(retry_after: object, retry_after_ms: object) -> None:
    """Raise UsageError where a value says no time to wait for."""
    if retry_after_ms is not None and retry_after_ms not in DURATION:
        raise UsageError(f"ErrorReply retry_after_ms is a number of milliseconds, 0 or more; got {retry_after_ms!r}")
    match retry_after:
        case None:
            return
        case datetime():
            if retry_after.tzinfo is None:
                raise UsageError(
                    f"ErrorReply retry_after has no time zone: {retry_after!r}\n"
                    "  type: retry_after=datetime.now(UTC) + timedelta(seconds=30)"
                )
        case str():
            if not retry_after.isascii() or not retry_after.isprintable():
                raise UsageError(f"ErrorReply retry_after is no value of a header: {retry_after!r}")
        case _:
            if retry_after not in DURATION:
                raise UsageError(
                    "ErrorReply retry_after is a number of seconds, 0 or more, a datetime, or the header's own text; "
                    f"got {retry_after!r}"
                )


def retry_after_text(retry_after: RetryAfter) -> str:
    """Return the value of the header ``retry-after``."""
    match retry_after:
        case datetime():
            return format_datetime(retry_after.astimezone(UTC), usegmt=True)
        case str():
            return retry_after
        case _:
            return f"{retry_after:.15g}"


def is_retried(status: int) -> bool:
    """Whether the SDKs try again after a status, unless ``x-should-retry`` says otherwise."""
    return status in _RETRIED or status >= 500


# Besides 5xx; the OpenAI SDK's own list (openai 3.52, ``_base_client.py``).
_RETRIED = frozenset({408, 409, 429})

_Headers = tuple[tuple[str, str], ...]


def may_make_wait(status: int, headers: _Headers) -> bool:
    """Whether a client may wait before it goes on, as a header asks it to or by a back-off of its own."""
    return is_retried(status) or any(name in ("retry-after", "retry-after-ms", "x-should-retry") for name, _ in headers)


def multiplied_waits(status: int, headers: _Headers, factor: float) -> _Headers:
    """Return headers that ask a client to wait so many times as long; 0 for not at all.

    ``retry-after`` stays in whole seconds, rounded up, and a date in it as it is. ``retry-after-ms``, which the SDKs
    look at first, says it exactly; 1 is the least that they take. A client is told not to wait where it would back off
    by itself, too.

    >>> multiplied_waits(429, (("retry-after", "4"),), 0)
    (('retry-after', '0'), ('retry-after-ms', '1'))
    >>> multiplied_waits(429, (("retry-after", "5"),), 0.5)
    (('retry-after', '3'), ('retry-after-ms', '2500'))
    """
    if factor == 1:
        return headers
    given = dict(headers)
    shorter = tuple(_multiplied(headers, factor))
    goes_on = is_retried(status) if (told := given.get("x-should-retry")) is None else told == "true"
    if "retry-after-ms" in given or not goes_on:
        return shorter
    seconds = given.get("retry-after", "")
    if factor and not re.fullmatch(_NUMBER, seconds):
        return shorter
    return (*shorter, ("retry-after-ms", _milliseconds(float(seconds) * 1000 * factor) if factor else "1"))


def _multiplied(headers: _Headers, factor: float) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        if name == "retry-after" and re.fullmatch(_NUMBER, value):
            yield name, str(ceil(float(value) * factor))
        elif name == "retry-after-ms" and re.fullmatch(_NUMBER, value):
            yield name, _milliseconds(float(value) * factor)
        else:
            yield name, value


def _milliseconds(value: float) -> str:
    return f"{max(value, 1.0):.15g}"


_NUMBER = r"[0-9]{1,9}(\.[0-9]{1,9})?"


def duration_text(seconds: float) -> str:
    """Return a time as the API writes it: 20ms, 1.5s, 6m0s.

    >>> duration_text(0.02), duration_text(1.5), duration_text(3725)
    ('20ms', '1.5s', '1h2m5s')
    """
    if seconds < 1:
        return f"{seconds * 1000:.6g}ms"
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest:.6g}s"
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}h{minutes}m{rest:.6g}s" if hours else f"{minutes}m{rest:.6g}s"
