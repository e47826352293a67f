"""The rules of one fake, in order, and a quick way to the one that answers.

The law: the first rule in order of registration that has a reply left and whose conditions all hold answers,
and no condition of a later one is asked before. The index skips rules that cannot match; it never changes which one
wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import merge
from operator import attrgetter
from typing import Any

from fakellm._script.fields import FIELDS, Headers
from fakellm._script.match import Matcher
from fakellm._script.rule import Rule
from fakellm._script.rule_index import ExactIndex, RuleIndex, TextIndex
from fakellm._wire.asked import ChatRequest

__all__ = ["Script"]

# The conditions that rules are found by, those first that tell rules apart best.
_SHELVES: dict[str, type[ExactIndex] | type[TextIndex]] = {
    "tool_result": TextIndex,
    "user": TextIndex,
    "any_user": TextIndex,
    "tool": ExactIndex,
    "turn": ExactIndex,
    "model": ExactIndex,
    "system": TextIndex,
}
_number = attrgetter("number")


class Script:
    """Rules in order of registration; the engine holds its lock around every call."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._indexes: dict[str, RuleIndex] = {}
        self._rest: list[Rule] = []

    def add(self, rule: Rule) -> None:
        """Put a rule behind those that are there, and number it so."""
        rule.number = len(self.rules) + 1
        self.rules.append(rule)
        if (place := _place(rule.matcher)) is None:
            self._rest.append(rule)
        else:
            field, wanted = place
            self._indexes.setdefault(field, _SHELVES[field]()).add(wanted, rule)

    def find(self, request: ChatRequest, headers: Headers) -> Rule | None:
        """Return the rule that answers, or None."""
        # A copy: a predicate may script more rules, or ask the model itself, while they are gone through.
        for rule in self._in_order(request, headers) if self._indexes else tuple(self._rest):
            if rule.is_live and rule.is_for(request) and rule.matcher.accepts(request, headers):
                return rule
        return None

    def retire(self, rule: Rule) -> None:
        """Pass over a rule that is used up, so that it costs later requests nothing."""
        if (place := _place(rule.matcher)) is None:
            self._rest.remove(rule)
        else:
            field, wanted = place
            self._indexes[field].remove(wanted, rule)
            if self._indexes[field].is_empty:  # where it lies, requests are read for it
                del self._indexes[field]

    def hold(self, rules: Sequence[Rule]) -> None:
        """Hold these rules alone, in this order; those that are used up are passed over."""
        self.clear()
        for rule in rules:
            self.add(rule)
            if rule.has_replies and not rule.is_live:
                self.retire(rule)

    def clear(self) -> None:
        """Forget all rules."""
        self.rules.clear()
        self._indexes.clear()
        self._rest.clear()

    def _in_order(self, request: ChatRequest, headers: Headers) -> Iterable[Rule]:
        buckets = [self._rest] if self._rest else []
        for field, index in self._indexes.items():
            buckets += index.find(FIELDS[field].values(request, headers))
        copies = list(map(tuple, buckets))
        return copies[0] if len(copies) == 1 else merge(*copies, key=_number)


def _place(matcher: Matcher) -> tuple[str, Any] | None:
    """Return the field and the value by which the rules of a matcher are found, or None."""
    if not matcher.conditions:
        return None
    wanted = {c.field: c.wanted for c in matcher.conditions if _is_indexed(c.field, c.wanted)}
    field = next((field for field in _SHELVES if field in wanted), None)
    return None if field is None else (field, wanted[field])


def _is_indexed(field: str, wanted: object) -> bool:
    if field not in _SHELVES or not FIELDS[field].is_plain(wanted):
        return False
    return field != "model" or not (isinstance(wanted, str) and _GLOB.intersection(wanted))


_GLOB = frozenset("*?[")
