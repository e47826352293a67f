"""What an experiment needs of the engine: to come between requests and answers, and to begin again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fakellm._script.journal import Call
from fakellm._script.recordings import Source
from fakellm._script.rule import Fallback, Rule, RuleState
from fakellm._wire.events import WireEvent, WireRequest

__all__ = ["Hooks", "Play", "Snapshot"]

Play = Callable[[], Iterable[WireEvent]]
"""What gives the events that answer a call."""


class Hooks(Protocol):
    """What comes between model calls and their answers; asked under the engine's lock."""

    def before(self, request: WireRequest) -> None:
        """Take note of a request that is not answered yet."""
        ...

    def over(self, call: Call, play: Play) -> Play:
        """Return what plays the answer instead."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rules, fallback, journal, other traffic and sources as they were at one moment."""

    rules: tuple[tuple[Rule, RuleState], ...]
    fallback: tuple[Fallback, RuleState] | None
    calls: tuple[Call, ...]
    other_traffic: tuple[Call, ...]
    seen: Mapping[bytes, int]
    sources: tuple[tuple[Source, Any], ...]
