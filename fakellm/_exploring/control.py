"""What ``explore`` does to an engine: take replies back, rewind to a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from fakellm._script.engine import Engine
from fakellm._script.journal import Call, Journal, Outcome
from fakellm._script.recordings import Hooks, Source
from fakellm._script.rule import Fallback, Rule, RuleState
from fakellm._wire.asked import ChatRequest
from fakellm._wire.events import WireRequest
from fakellm._wire.table import Table

__all__ = ["Control", "Snapshot"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rules, fallback, journal, other traffic, sources, dialects and prompts as they were at one moment."""

    rules: tuple[tuple[Rule, RuleState], ...]
    fallback: tuple[Fallback, RuleState] | None
    calls: tuple[Call, ...]
    other_traffic: tuple[Call, ...]
    seen: Mapping[bytes, int]
    sources: tuple[tuple[Source, Any], ...]
    dialects: Table
    prompts: frozenset[bytes] | None


class Control:
    """Turns one engine back: gives replies back, restores snapshots."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def hooked(self, hooks: Hooks) -> Iterator[None]:
        """Have hooks called around each model call while the block runs."""
        before, self._engine.hooks = self._engine.hooks, hooks
        try:
            yield
        finally:
            self._engine.hooks = before

    def read(self, wire: WireRequest) -> ChatRequest | None:
        """Return a request as the engine reads it; None for what is no model call, or one that the API rejects."""
        return self._engine.read(wire)

    def calls_from(self, number: int) -> Journal:
        """Return the calls behind the first so many."""
        return self._engine.journal[number:]

    def snapshot(self) -> Snapshot:
        """Return what ``restore`` brings back."""
        engine = self._engine
        with engine.lock:
            return Snapshot(
                rules=tuple((rule, rule.state) for rule in engine.rules),
                fallback=(engine.fallback, engine.fallback.state) if engine.fallback else None,
                calls=tuple(engine.journal),
                other_traffic=tuple(engine.other_traffic),
                seen=dict(engine.seen),
                sources=tuple((source, source.state) for source in engine.sources),
                dialects=engine.dialects.copied(),
                prompts=None if engine.renderer.prompts is None else engine.renderer.prompts.state,
            )

    def restore(self, snapshot: Snapshot) -> None:
        """Restore a snapshot. Calls in progress are not interrupted."""
        engine = self._engine
        with engine.lock:
            rules = [*snapshot.rules, *([snapshot.fallback] if snapshot.fallback else [])]
            for rule, given in rules:
                rule.restore(given)
            for source, taken in snapshot.sources:
                source.restore(taken)
            engine.script.hold([rule for rule, _ in snapshot.rules])
            engine.fallback = snapshot.fallback[0] if snapshot.fallback else None
            engine.sources[:] = [source for source, _ in snapshot.sources]
            engine.dialects = snapshot.dialects.copied()
            if engine.renderer.prompts is not None:
                engine.renderer.prompts.restore(snapshot.prompts or frozenset())
            engine.seen = dict(snapshot.seen)
            engine.journal.hold(snapshot.calls)
            engine.other_traffic.hold(snapshot.other_traffic)

    def give_back(self, call: Call) -> None:
        """Take back the reply or recorded answer that a call has used up: the next request gets it."""
        engine = self._engine
        with engine.lock:
            if call.rule is not None:
                call.rule.give_back()
                engine.script.hold(list(engine.rules))
            elif call.outcome is Outcome.REPLAYED:
                call.source.give_back(call.wire)

    def use_up(self, call: Call) -> None:
        """Use up once more what ``give_back`` took back, unless another request has done so."""
        engine = self._engine
        with engine.lock:
            if call.rule is not None:
                if call.rule.is_live:
                    engine.use_up(call.rule)
            elif call.outcome is Outcome.REPLAYED:
                sources = engine.sources if call.source is None else [call.source]  # a child tells of no source
                speaker = partial(engine.dialects.speaker, call.wire, engine.provider)
                next((found for source in sources if (found := source.take(call.wire, speaker))), None)
