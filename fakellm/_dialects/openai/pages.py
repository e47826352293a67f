"""Pages of the lists of OpenAI's APIs: which part of a list a query asks for.

Source: the API reference of OpenAI (2026-11), where all lists of stored things are cut alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from fakellm._dialects.openai import rejections
from fakellm._dialects.openai.misfits import sentence
from fakellm._dialects.shapes import Choice, Number
from fakellm._wire.errors import Rejected
from fakellm._wire.events import WireRequest, split_url
from fakellm._wire.provider import Json

__all__ = ["page", "page_of", "query_of"]

_USUAL_LIMIT = 20
_LIMIT = Number("integer", 1, 100)
_ORDER = Choice(("asc", "desc"))


def query_of(wire: WireRequest) -> dict[str, str]:
    """Return what stands behind the path of a URL."""
    return dict(parse_qsl(split_url(wire.url).query, keep_blank_values=True))


def page_of(query: Mapping[str, str], *, order: str) -> Json:
    """Return which page a query asks for. order: the usual one.

    Raises:
        Rejected: the order is neither ``asc`` nor ``desc``, the limit is no number or out of bounds.
    """
    asked = query.get("order")
    if asked is not None and (misfit := _ORDER.misfit(asked)):
        raise Rejected(sentence(misfit.below("order")))
    return {"after": query.get("after"), "order": asked or order, "limit": _limit(query.get("limit"))}


def _limit(given: str | None) -> int:
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
