"""The summary at the end of a session: figures of all tests, from all workers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Summary"]

_FIGURES = ("calls", "prompt_tokens", "completion_tokens", "missed")


class Summary:
    """Adds up what the tests report. In this order or another, in one process or several, it is the same."""

    def __init__(self) -> None:
        self.orphans: set[str] = set()
        self.refused: list[str] = []
        self._figures = dict.fromkeys(_FIGURES, 0)
        self._played: dict[str, set[int]] = defaultdict(set)
        self._counts: dict[str, int] = {}
        self._recorded: dict[str, int] = defaultdict(int)
        self._left_out: dict[tuple[str, str, str], int] = defaultdict(int)
        self._listed: set[str] = set()
        self._old: dict[str, str] = {}

    def add(self, tally: Mapping[str, Any]) -> None:
        """Add the figures of one test."""
        for name in _FIGURES:
            self._figures[name] += tally[name]
        self.refused += tally["refused"]
        for cassette in tally["cassettes"]:
            self._add_cassette(cassette)

    def _add_cassette(self, cassette: Mapping[str, Any]) -> None:
        path = cassette["path"]
        self._played[path].update(cassette["played"])
        self._counts[path] = cassette["count"]
        if cassette["recorded"]:
            self._recorded[path] += cassette["recorded"]
        for place, host, count in cassette["left_out"]:
            self._left_out[path, place, host] += count
        if cassette["is_listed"]:
            self._listed.add(path)
        if cassette["old"]:
            self._old[path] = cassette["old"]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self._figures["calls"] or self._counts or self.refused or self.orphans)

    @property
    def cassettes(self) -> list[str]:
        """The paths of those that tests used."""
        return list(self._counts)

    def lines(self, *, is_partial: bool) -> Iterator[str]:
        """Yield the lines. is_partial: tests were left out, so that nobody knows what nobody uses."""
        unused = {} if is_partial else self.unused
        orphans = [] if is_partial else sorted(self.orphans)
        figures = self._figures
        yield (
            f"{_count(figures['calls'], 'call')}, {figures['prompt_tokens']} prompt and "
            f"{figures['completion_tokens']} completion tokens"
        )
        played = sum(bool(numbers) for numbers in self._played.values())
        yield (
            f"cassettes: {played} played, {len(self._recorded)} recorded, {figures['missed']} missed, "
            f"{len(unused)} unused, {len(orphans)} orphaned; connections: {len(self.refused)} refused"
        )
        for path, numbers in sorted(self._recorded.items()):
            yield f"recorded: {path} ({_count(numbers, 'interaction')})"
        for (path, place, host), count in sorted(self._left_out.items()):
            asked = f"{_count(count, 'request')} to {place}, where no model was asked"
            yield f"not recorded: {path}: {asked}; if that is meant: llm_allowed_hosts = {host}"
        for path, left in sorted(unused.items()):
            yield f"unused: {path}: interaction {', '.join(map(str, left))} of {self._counts[path]}"
        for path in orphans:
            yield f"orphaned: {path}: no test has this name; delete it, or rename it after its test"
        for path, day in sorted(self._old.items()):
            yield f"old: {path}: recorded {day}; record again with --llm-record=rewrite"
        for refusal in sorted(self.refused):
            yield f"refused: {refusal}"

    @property
    def unused(self) -> dict[str, list[int]]:
        """The interactions that no test played, of cassettes whose tests need not play all: path -> numbers."""
        left = {path: sorted({*range(1, self._counts[path] + 1)} - self._played[path]) for path in self._listed}
        return {path: numbers for path, numbers in left.items() if numbers}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
