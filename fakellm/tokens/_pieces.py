"""How an encoding cuts a text into pieces, none of which a token crosses.

tiktoken's patterns know characters by their Unicode category, as listed in tiktoken's own edition of Unicode.
``re`` knows no categories, and those of the package ``regex`` are of another edition: in 2026 they differed in
17,000 characters. So a text is cut by its *shadow*: each character that is not ASCII is replaced by a stand-in
for all characters of its kind, and the patterns speak of stand-ins. ASCII text is its own shadow.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate, pairwise
from types import MappingProxyType

from fakellm.tokens._vocabulary import read_shipped

__all__ = ["PATTERNS", "cutter"]

# Source: tiktoken 0.14, ``tiktoken_ext.openai_public`` (the patterns are those of the models' makers).
_CL100K_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|"
    r"\s*[\r\n]|\s+(?!\S)|\s"
)
_O200K_PATTERN = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
PATTERNS = MappingProxyType({"cl100k_base": _CL100K_PATTERN, "o200k_base": _O200K_PATTERN})

# Most pieces are a blank and small letters, or a comma or full stop behind them. Where nothing follows that belongs to
# them (another letter, a mark, perhaps what is cut off: 's), the pattern cuts them as this does, which takes two thirds
# of the time.
_NEARLY_ALWAYS = MappingProxyType({_O200K_PATTERN: r" [a-z]++(?![A-Zª¨'])|[,.](?![^ ])|"})

# Kinds as in vocabularies/characters.txt: their stand-ins. What a pattern names must not stand for others: hence
# no space, line end, slash, apostrophe, or letter of 's, 't, 're, 've, 'm, 'll and 'd. Letters that are neither
# upper nor lower case, and marks, have nothing in ASCII to stand for them.
_STAND_INS = {"U": "A", "l": "a", "o": "ª", "m": "¨", "n": "0", "s": "\t", "-": "!"}
# The one character beyond ASCII that is a letter of ASCII when case is ignored.
_LONG_S = {ord("ſ"): "s"}

# What the classes of tiktoken's patterns hold of ASCII and of the stand-ins.
_CLASSES = {
    r"\p{L}": "A-Za-zª",
    r"\p{Lu}": "A-Z",
    r"\p{Ll}": "a-z",
    r"\p{Lt}": "",  # stands with \p{Lu} wherever it stands
    r"\p{Lm}": "",  # the same with \p{Lo}
    r"\p{Lo}": "ª",
    r"\p{M}": "¨",
    r"\p{N}": "0-9",
}

_MOST_STAND_INS = 10_000


class _StandIns(dict[int, str]):
    """The stand-in of each character, by its code point, as ``str.translate`` asks for it."""

    __slots__ = ("_kinds", "_starts")

    def __init__(self) -> None:
        super().__init__(_LONG_S)
        lines = bytes(read_shipped("characters.txt")).decode("ascii").splitlines()
        self._starts = [int(line[:-2], 16) for line in lines]
        self._kinds = [line[-1] for line in lines]

    def __missing__(self, code: int) -> str:
        if len(self) > _MOST_STAND_INS:
            self.clear()
            self.update(_LONG_S)
        kind = self._kinds[bisect_right(self._starts, code) - 1]
        self[code] = stand_in = chr(code) if code < 128 else _STAND_INS[kind]
        return stand_in


@cache
def _stand_ins() -> _StandIns:
    return _StandIns()


def cutter(pattern: str) -> Callable[[str], Sequence[str]]:
    """Return the function that cuts a text into pieces by one of tiktoken's patterns."""
    find_pieces = re.compile(_NEARLY_ALWAYS.get(pattern, "") + _shadow_pattern(pattern), re.ASCII).findall

    def cut(text: str) -> Sequence[str]:
        if text.isascii():
            return find_pieces(text)
        ends = accumulate(map(len, find_pieces(text.translate(_stand_ins()))), initial=0)
        return [text[start:end] for start, end in pairwise(ends)]

    return cut


def _shadow_pattern(pattern: str) -> str:
    """Return a pattern of tiktoken in terms of ``re``, for ASCII and stand-ins."""
    return re.sub(r"\[.*?\]|\\p\{\w+\}", _shadow_class, pattern)


def _shadow_class(found: re.Match[str]) -> str:
    """Return what a class in brackets, or a property on its own, holds of ASCII and stand-ins."""
    members = re.sub(r"\\p\{\w+\}", lambda named: _CLASSES[named[0]], found[0])
    return members if found[0].startswith("[") else f"[{members}]"
