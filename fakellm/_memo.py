"""Results that are kept by the text they belong to, within bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["Memo"]

_Text = TypeVar("_Text", str, bytes)
_Result = TypeVar("_Result")

# What an entry takes beside its text, in characters: the objects of key and result, the slot of the dict.
_PER_ENTRY = 150


class Memo(dict[_Text, _Result]):
    """A dict that computes what it lacks, and forgets all of it when it grows beyond limit characters.

    Threads may share it: at worst, two compute the same result.
    """

    __slots__ = ("_compute", "_limit", "_taken")
    _compute: Callable[[_Text], _Result]

    def __init__(self, compute: Callable[[_Text], _Result], *, limit: int) -> None:
        super().__init__()
        self._compute = compute
        self._limit = limit
        self._taken = 0

    def __missing__(self, text: _Text) -> _Result:
        result = self._compute(text)
        size = len(text) + _PER_ENTRY
        if size > self._limit:
            return result
        if self._taken + size > self._limit:
            self.clear()
            self._taken = 0
        self._taken += size
        self[text] = result
        return result
