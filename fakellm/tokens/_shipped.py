"""The engine of an encoding whose vocabulary ships."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from fakellm.tokens._merging import Merging
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
        merging = Merging(self._vocabulary, self._cut, effort=effort, otherwise=self._encode_long)
        self.encode: Callable[[str], list[int]] = merging.encode
        """Returns the ranks of the tokens of a text. Raises: UnicodeEncodeError for a lone surrogate."""
        self.count: Callable[[str], int] = merging.count
        """Returns how many there are. Raises: the same."""
        self.is_promoted = False
        self._lock = Lock()
        self.token = self._vocabulary.token

    def _encode_long(self, text: str) -> list[int]:
        self.promote()
        return self.encode(text)

    def promote(self) -> None:
        """Go over to tiktoken's engine, which is built here unless it was before."""
        with self._lock:
            if not self.is_promoted:
                encode = encoder(build(self._name, PATTERNS[self._name], self._vocabulary.tokens()), self._cut)
                self.encode, self.count, self.is_promoted = encode, lambda text: len(encode(text)), True
