"""The engine of an encoding whose vocabulary ships."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from fakellm.tokens._merging import Merging, TooMuchWorkError
from fakellm.tokens._pieces import PATTERNS, cutter
from fakellm.tokens._tiktoken import build, encoder
from fakellm.tokens._vocabulary import Vocabulary, read_shipped

__all__ = ["ShippedEngine"]


class ShippedEngine:
    """Encodes in Python; from the first text on that takes longer than to build tiktoken's engine, with that one.

    name: of the encoding. effort: how much is done in Python for one text; a unit takes about a microsecond, as does a
    token when tiktoken's engine is built.
    """

    def __init__(self, name: str, *, effort: float | None = None) -> None:
        self._name = name
        self._vocabulary = Vocabulary(read_shipped(f"{name}.vocabulary"), name)
        effort = len(self._vocabulary) if effort is None else effort
        self._cut = cutter(PATTERNS[name])
        merging = Merging(self._vocabulary, self._cut, effort=effort)
        self._encode: Callable[[str], list[int]] = merging.encode
        self.is_promoted = False
        self._lock = Lock()
        self.token = self._vocabulary.token

    def encode(self, text: str) -> list[int]:
        """Return the ranks of the tokens of a text. Raises: UnicodeEncodeError for a lone surrogate."""
        try:
            return self._encode(text)
        except TooMuchWorkError:
            self.promote()
        return self._encode(text)

    def promote(self) -> None:
        """Go over to tiktoken's engine, which is built here unless it was before."""
        with self._lock:
            if not self.is_promoted:
                core = build(self._name, PATTERNS[self._name], self._vocabulary.tokens())
                self._encode, self.is_promoted = encoder(core, self._cut), True
