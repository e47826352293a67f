"""What a model answered, as numbers and names that every dialect can render.

The script fills these in; a dialect turns them into its own JSON and stream objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["CallKind", "Choice", "Completion", "WireToolCall"]

CallKind = Literal["function", "custom", "function_call"]
"""How a call stands on the wire: a function tool's, a custom tool's, or that of the older ``functions``."""


@dataclass(frozen=True, slots=True)
class WireToolCall:
    """One call of a tool. pieces: its arguments text, or a custom tool's input, cut as a stream sends it."""

    id: str
    name: str
    pieces: tuple[str, ...]
    kind: CallKind = "function"

    @property
    def arguments(self) -> str:
        """The arguments text, whole; valid JSON unless the test scripted otherwise."""
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Choice:
    """One alternative.

    finish_reason: None for JSON null. pieces, refusal, reasoning: text cut as a stream sends it; None where there
    is none. logprobs: for each piece of the text, or of the refusal, the entries of its tokens; None where the
    request did not ask. deltas: sent in place of all these in a stream, as they are. extra: further members of
    the message.
    """

    index: int
    finish_reason: str | None
    pieces: tuple[str, ...] | None
    tool_calls: tuple[WireToolCall, ...] = ()
    refusal: tuple[str, ...] | None = None
    reasoning: tuple[str, ...] | None = None
    logprobs: tuple[tuple[Mapping[str, Any], ...], ...] | None = None
    deltas: tuple[Mapping[str, Any], ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str | None:
        """The text, whole."""
        return None if self.pieces is None else "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer.

    created: Unix time in seconds. usage: wire name -> count or nested mapping. sends_usage: False keeps it from the
    client. headers: response headers beside the usual ones, names in lower case.
    """

    id: str
    request_id: str
    created: int
    model: str
    system_fingerprint: str
    choices: tuple[Choice, ...]
    usage: Mapping[str, object]
    sends_usage: bool = True
    service_tier: str = "default"
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def token_count(self) -> int:
        """How many tokens it took, as its usage says; 0 where the test put something else there."""
        count = self.usage.get("completion_tokens")
        return count if isinstance(count, int) else 0
