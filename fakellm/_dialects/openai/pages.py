"""Pages of the lists of OpenAI's APIs: which part of a list a query asks for.

Source: the API reference of OpenAI (2026-11), where all lists of stored things are cut alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fakellm._dialects.openai import rejections
from fakellm._dialects.openai.misfits import sentence
from fakellm._dialects.shapes import Number
from fakellm._wire.errors import Rejected
from fakellm._wire.provider import Json

__all__ = ["limit_of", "page"]

_USUAL_LIMIT = 20
_LIMIT = Number("integer", 1, 100)


def limit_of(given: str | None) -> int:
    """Return how many items a page may have. given: as the query says it, None where it does not.

    Raises:
        Rejected: it is no number, or out of bounds.
    """
    if given is None:
        return _USUAL_LIMIT
    if not given.isascii() or not given.isdigit():
        raise Rejected(rejections.wrong_type("limit", "an integer", given))
    limit = int(given[:9])
    if misfit := _LIMIT.misfit(limit):
        raise Rejected(sentence(misfit.below("limit")))
    return limit


def page(items: Sequence[Json], query: Mapping[str, Any]) -> Json:
    """Return a page of a list. items: the oldest first. query: with ``after``, ``limit`` and ``order``."""
    ordered = list(reversed(items)) if query["order"] == "desc" else list(items)
    start = next((n for n, item in enumerate(ordered, 1) if item["id"] == query["after"]), 0)
    shown = ordered[start : start + query["limit"]]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": start + len(shown) < len(ordered),
    }
