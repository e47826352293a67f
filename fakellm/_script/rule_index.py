"""Rules put where a request finds them: by an exact value, or by a text that the request has to contain.

An index narrows the rules down to those that may answer, and never leaves one out; whether one does answer, its
matcher says. The buckets of a index are lists of rules in the order of registration.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Collection, Hashable, Iterable
from typing import Any, Protocol

from fakellm._script.rule import Rule

__all__ = ["ExactIndex", "RuleIndex", "TextIndex"]


class RuleIndex(Protocol):
    """Rules by what one of their conditions looks for."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no rule in it."""
        ...

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

    @property
    def is_empty(self) -> bool:
        """Whether there is no rule in it."""
        return not self._buckets

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
_ENDS_WEIGHED = 64  # characters at the beginning of a long needle, and at its end, among which to find a rare gram

Gram = tuple[str, str, str]
"""Three characters that follow one another; a tuple, since ``zip`` makes one in a third of the time of a str."""


class TextIndex:
    """Rules that want a text to contain theirs, the needle.

    Needles are looked for one by one while there are few; many, by their rarest gram. One regular expression of all of
    them is slower, and finds the leftmost, not the first.
    """

    def __init__(self) -> None:
        self._buckets: dict[str, list[Rule]] = {}
        self._by_gram: _ByGram | None = None  # once there were many
        self._shortest = math.inf  # no needle has fewer characters

    @property
    def is_empty(self) -> bool:
        """Whether there is no rule in it."""
        return not self._buckets

    def add(self, wanted: str, rule: Rule) -> None:
        """Put a rule behind those that look for the same."""
        if (bucket := self._buckets.get(wanted)) is not None:
            bucket.append(rule)
            return
        self._buckets[wanted] = [rule]
        self._shortest = min(self._shortest, len(wanted))
        if self._by_gram is not None:
            self._by_gram.add([wanted])
        elif len(self._buckets) > _MANY:
            self._by_gram = _ByGram()
            self._by_gram.add(self._buckets)

    def remove(self, wanted: str, rule: Rule) -> None:
        """Take a rule away."""
        _take_away(self._buckets, wanted, rule)
        if self._by_gram is not None and wanted not in self._buckets:
            self._by_gram.remove(wanted)

    def find(self, values: Iterable[str]) -> list[list[Rule]]:
        """Return the buckets of the needles that one of the texts contains."""
        found = [needle for text in values for needle in self._candidates(text) if needle in text]
        return [self._buckets[needle] for needle in dict.fromkeys(found)]

    def _candidates(self, text: str) -> Iterable[str]:
        if len(text) <= self._shortest:  # it contains itself alone
            return self._buckets.keys() & {text}
        if self._by_gram is None or len(self._buckets) <= _MANY:
            return self._buckets
        return self._by_gram.candidates(text)


class _ByGram:
    """Needles by one of their grams, the one that fewest of them have, since a text has few grams that are rare."""

    def __init__(self) -> None:
        self._needles: dict[Gram | None, list[str]] = {}  # None: of those that are too short to have a gram
        self._grams: dict[str, Gram | None] = {}
        self._counts: Counter[Gram] = Counter()  # never lowered, since they do no more than choose

    def add(self, needles: Collection[str]) -> None:
        """Take in new needles."""
        for needle in needles:
            self._counts.update(set(_weighed(needle)))
        for needle in needles:
            gram = min(_weighed(needle), key=self._counts.__getitem__, default=None)
            self._grams[needle] = gram
            self._needles.setdefault(gram, []).append(needle)

    def remove(self, needle: str) -> None:
        """Take a needle away."""
        _take_away(self._needles, self._grams.pop(needle), needle)

    def candidates(self, text: str) -> Iterable[str]:
        """Return the needles that a text may contain."""
        grams = self._needles.keys() & _grams(text)
        return itertools.chain(self._needles.get(None, ()), *(self._needles[gram] for gram in grams))


def _weighed(needle: str) -> Iterable[Gram]:
    if len(needle) <= 2 * _ENDS_WEIGHED:
        return _grams(needle)
    return itertools.chain(_grams(needle[:_ENDS_WEIGHED]), _grams(needle[-_ENDS_WEIGHED:]))


def _grams(text: str) -> Iterable[Gram]:
    return zip(text, text[1:], text[2:], strict=False)


def _take_away(buckets: dict[Any, list[Any]], key: Any, item: object) -> None:
    """Remove an item from its bucket, and the bucket when it is empty."""
    buckets[key].remove(item)
    if not buckets[key]:
        del buckets[key]
