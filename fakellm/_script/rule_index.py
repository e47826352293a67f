"""Rules put where a request finds them: by an exact value, or by a text that the request has to contain.

An index narrows the rules down to those that may answer, and never leaves one out; whether one does answer, its
matcher says. The buckets of a index are lists of rules in the order of registration.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable
from typing import Any, Protocol

from fakellm._script.rule import Rule

__all__ = ["ExactIndex", "RuleIndex", "TextIndex"]


class RuleIndex(Protocol):
    """Rules by what one of their conditions looks for."""

    def add(self, wanted: Any, rule: Rule) -> None:
        """Put a rule behind those that look for the same."""
        ...

    def remove(self, wanted: Any, rule: Rule) -> None:
        """Take a rule away."""
        ...

    def find(self, values: Iterable[Any]) -> list[list[Rule]]:
        """Return the buckets of the rules that may answer where the request has these values."""
        ...


class ExactIndex:
    """Rules that want a value to be equal."""

    def __init__(self) -> None:
        self._buckets: dict[Hashable, list[Rule]] = {}

    def add(self, wanted: Hashable, rule: Rule) -> None:
        """Put a rule behind those that look for the same."""
        self._buckets.setdefault(wanted, []).append(rule)

    def remove(self, wanted: Hashable, rule: Rule) -> None:
        """Take a rule away."""
        _take_away(self._buckets, wanted, rule)

    def find(self, values: Iterable[Hashable]) -> list[list[Rule]]:
        """Return the bucket of each value."""
        return [self._buckets[value] for value in dict.fromkeys(values) if value in self._buckets]


# Above, looking up the grams of a text is quicker than looking for each needle, at 100 bytes as at 2,000: both take
# longer with the text.
_MANY = 128
_GRAM = 3
_ENDS_WEIGHED = 64  # characters at the beginning of a long needle, and at its end, among which to find a rare gram


class TextIndex:
    """Rules that want a text to contain theirs, the needle.

    Needles are looked for one by one while there are few; many, by their rarest run of three characters, of
    which a text has few. One regular expression of all of them is slower, and finds the leftmost, not the first.
    """

    def __init__(self) -> None:
        self._buckets: dict[str, list[Rule]] = {}
        self._by_gram: dict[str, list[str]] = {}
        self._short: list[str] = []  # without a gram

    def add(self, wanted: str, rule: Rule) -> None:
        """Put a rule behind those that look for the same."""
        if wanted not in self._buckets:
            self._index(wanted)
        self._buckets.setdefault(wanted, []).append(rule)

    def remove(self, wanted: str, rule: Rule) -> None:
        """Take a rule away."""
        _take_away(self._buckets, wanted, rule)
        if wanted not in self._buckets:
            self._forget(wanted)

    def find(self, values: Iterable[str]) -> list[list[Rule]]:
        """Return the buckets of the needles that one of the texts contains."""
        found = [needle for text in values for needle in self._candidates(text) if needle in text]
        return [self._buckets[needle] for needle in dict.fromkeys(found)]

    def _candidates(self, text: str) -> Iterable[str]:
        if len(self._buckets) <= _MANY:
            return self._buckets
        grams = self._by_gram.keys() & set(_grams(text))
        return itertools.chain(self._short, *(self._by_gram[gram] for gram in grams))

    def _index(self, needle: str) -> None:
        grams = _weighed(needle)
        if not grams:
            self._short.append(needle)
            return
        rarest = min(grams, key=lambda gram: len(self._by_gram.get(gram, ())))
        self._by_gram.setdefault(rarest, []).append(needle)

    def _forget(self, needle: str) -> None:
        if len(needle) < _GRAM:
            self._short.remove(needle)
            return
        gram = next(gram for gram in _weighed(needle) if needle in self._by_gram.get(gram, ()))
        _take_away(self._by_gram, gram, needle)


def _weighed(needle: str) -> list[str]:
    if len(needle) <= 2 * _ENDS_WEIGHED:
        return _grams(needle)
    return _grams(needle[:_ENDS_WEIGHED]) + _grams(needle[-_ENDS_WEIGHED:])


def _grams(text: str) -> list[str]:
    return [text[n : n + _GRAM] for n in range(len(text) - _GRAM + 1)]


def _take_away(buckets: dict[Any, list[Any]], key: Any, item: object) -> None:
    """Remove an item from its bucket, and the bucket when it is empty."""
    buckets[key].remove(item)
    if not buckets[key]:
        del buckets[key]
