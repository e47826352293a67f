"""When a client may try again, as headers say it: seconds, milliseconds or a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

from fakellm._errors import UsageError
from fakellm._script.pace import is_duration

__all__ = ["RetryAfter", "check_retry_after", "duration_text", "retry_after_text"]

RetryAfter = float | datetime | str
"""Seconds, a moment with its time zone, or the value of the header as it is sent."""


def check_retry_after(retry_after: object, retry_after_ms: object) -> None:
    """Raise UsageError where a value says no time to wait for."""
    if retry_after_ms is not None and not is_duration(retry_after_ms):
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
            if not is_duration(retry_after):
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
