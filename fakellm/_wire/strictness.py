"""How strict a dialect is about requests, and towards whom."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LENIENT", "STRICT", "Strictness"]


@dataclass(frozen=True, slots=True)
class Strictness:
    """Whether what the real API rejects is rejected.

    strict: False accepts whatever is well-formed. models: the names that exist; None for any name.
    """

    strict: bool = True
    models: frozenset[str] | None = None


STRICT = Strictness()
"""The default: rejected as by the real API, with any model."""

LENIENT = Strictness(strict=False)
"""Whatever is well-formed is taken."""
