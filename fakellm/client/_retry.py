"""When a failed request is sent again, and after how long.

Source: openai-python 3.51, ``_base_client.py`` and ``_constants.py``.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

from fakellm._errors import APIConnectionError, APIError, APIStatusError

__all__ = ["retry_delay"]

_FIRST_DELAY = 0.5  # s
_LONGEST_DELAY = 8.0  # s
_LONGEST_ASKED = 120.0  # s; a server that asks for more is not asked again
_RETRIED = frozenset({408, 409, 429})


def retry_delay(error: APIError, attempt: int) -> float | None:
    """Return the seconds to wait before the request is sent again; None where it is not. attempt: from 0."""
    if isinstance(error, APIConnectionError):
        return _backoff(attempt)
    if not isinstance(error, APIStatusError):
        return None
    headers = error.response.headers
    asked = _asked_delay(headers)
    if asked is not None and asked > _LONGEST_ASKED:
        return None
    if not _is_retried(error.status_code, headers.get("x-should-retry")):
        return None
    return asked if asked is not None and asked > 0 else _backoff(attempt)


def _is_retried(status: int, decision: str | None) -> bool:
    if decision in ("true", "false"):
        return decision == "true"
    return status in _RETRIED or status >= 500


def _backoff(attempt: int) -> float:
    # The jitter keeps clients that failed together from coming back together.
    return min(_FIRST_DELAY * 2.0 ** min(attempt, 10), _LONGEST_DELAY) * random.uniform(0.75, 1)


def _asked_delay(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the server asks for: in ms, in s, or as the difference to a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
    return _until(headers.get("retry-after", ""), headers.get("date", ""))


def _until(moment: str, now: str) -> float | None:
    """Return the seconds up to an HTTP date, by the server's own clock where it says its time."""
    from email.utils import mktime_tz, parsedate_tz

    if (parsed := parsedate_tz(moment)) is None:
        return None
    sent = parsedate_tz(now)
    return float(mktime_tz(parsed) - (time.time() if sent is None else mktime_tz(sent)))
