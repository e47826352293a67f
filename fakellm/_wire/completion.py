"""What a model answered, as numbers and names that every dialect can render.

The script fills these in; a dialect turns them into its own JSON and stream objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Choice", "Completion", "WireToolCall"]


@dataclass(frozen=True, slots=True)
class WireToolCall:
    """One call of a function. pieces: its arguments text, cut as a stream sends it."""

    id: str
    name: str
    pieces: tuple[str, ...]

    @property
    def arguments(self) -> str:
        """The arguments text, whole; valid JSON unless the test scripted otherwise."""
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Choice:
    """One alternative. pieces: its text, cut as a stream sends it; None where there is no text."""

    index: int
    finish_reason: str
    pieces: tuple[str, ...] | None
    tool_calls: tuple[WireToolCall, ...] = ()

    @property
    def text(self) -> str | None:
        """The text, whole."""
        return None if self.pieces is None else "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer. created: Unix time in seconds. usage: wire name -> count or nested mapping."""

    id: str
    request_id: str
    created: int
    model: str
    system_fingerprint: str
    choices: tuple[Choice, ...]
    usage: Mapping[str, object]

    @property
    def token_count(self) -> int:
        """How many tokens it took, as its usage says; 0 where the test put something else there."""
        count = self.usage.get("completion_tokens")
        return count if isinstance(count, int) else 0
