"""List the kinds of all characters as tiktoken's patterns see them: `python tools/list_characters.py`.

Asks the installed tiktoken, whose tables of Unicode differ from those of Python and of the package `regex`.
Run by hand when tiktoken changes its tables.
"""

from __future__ import annotations

import itertools
import sys

import tiktoken
from pack_vocabularies import VOCABULARIES

CLASSES = {"U": r"[\p{Lu}\p{Lt}]", "l": r"\p{Ll}", "o": r"[\p{Lm}\p{Lo}]", "m": r"\p{M}", "n": r"\p{N}", "s": r"\s"}
OTHER = "-"


def members(pattern: str, text: str) -> str:
    """Return the characters of a text that a pattern of tiktoken matches."""
    every_byte = {bytes([value]): value for value in range(256)}
    encoding = tiktoken.Encoding("bytes", pat_str=pattern, mergeable_ranks=every_byte, special_tokens={})
    return encoding.decode(encoding.encode_ordinary(text))


def list_characters() -> str:
    """Return a line for each run of characters of one kind: the first code point, hexadecimal, and the kind."""
    text = "".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    kinds = {character: kind for kind, pattern in CLASSES.items() for character in members(pattern, text)}
    runs = itertools.groupby(range(sys.maxunicode + 1), lambda code: kinds.get(chr(code), OTHER))
    return "".join(f"{next(codes):x} {kind}\n" for kind, codes in runs)


if __name__ == "__main__":
    target = VOCABULARIES / "characters.txt"
    target.write_text(list_characters(), encoding="ascii", newline="\n")
    print(f"{target.name}: {target.stat().st_size:,} bytes")
