"""The quick look at a text that tells whether there can be a secret in it, which most texts are spared more than.

Each part of the redaction says by itself what must be in a text for it to find anything: stems of names, prefixes of
shapes, signs of what is presented. Nothing is listed here twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fakellm._cassette.given import holds_given
from fakellm._cassette.notations import holds_secret_name
from fakellm._cassette.secrets import PRESENTED_MARKS, holds_secret_parameter, spellings
from fakellm._cassette.shapes import SHORTEST, holds_shape

__all__ = ["Look"]

_ALONE = b" \t\r\n\"'`<>(){}[],;|"
# A letter for all that can be in a shape or in an encoded secret, a blank for what cannot.
_RUNS = bytes(32 if byte in _ALONE or byte > 126 else 97 for byte in range(256))
_RUN = b"a" * SHORTEST

_MARKS = (b"-----begin", b"putty-user", b'"headers"', *(mark.encode() for mark in PRESENTED_MARKS))
"""What PEM, what is presented, and headers for remote tools need, in small letters."""

_HIDDEN = re.compile(rb"\\u00[2-7]|\\/|\\u[0-9a-fA-F]{4}[A-Za-z]")
"""Letters, digits and slashes that JSON need not escape: a name or a shape may be spelled so. Behind any other escape,
a shape seems to begin inside a word."""


class Look:
    """Looks for what may be secret in any of its ways, and for known secrets as they may be spelled."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = [way.encode("utf-8", "surrogatepass") for secret in secrets for way in _shortest(secret)]

    def is_suspicious(self, data: bytes) -> bool:
        """Whether there can be something to redact."""
        for secret in self._secrets:
            if secret in data:
                return True
        if _is_escaped(data):
            return True
        lower = data.lower()
        for mark in _MARKS:
            if mark in lower:
                return True
        if b"@" in data and b"://" in data:
            return True
        if holds_secret_name(data, lower) or holds_secret_parameter(data) or holds_given(data, lower):
            return True
        return holds_shape(_runs(data))


def _shortest(secret: str) -> list[str]:
    """Return the spellings of a secret without those that hold a shorter one, which need not be looked for."""
    ways = spellings([secret])
    return [way for way in ways if not any(other in way for other in ways if other != way)]


def _is_escaped(data: bytes) -> bool:
    return b"\\" in data and (b"\\u" in data or b"\\/" in data) and _HIDDEN.search(data) is not None


def _runs(data: bytes) -> bytes:
    """Return the parts of a text that are long enough for a shape; words are not."""
    if len(data) < SHORTEST:
        return b""
    runs: dict[bytes, None] = {}  # each once: the events of a stream repeat an id
    classed = data.translate(_RUNS)
    place = classed.find(_RUN)
    while place >= 0:
        end = classed.find(b" ", place)
        end = end if end >= 0 else len(data)
        runs[data[place:end]] = None
        place = classed.find(_RUN, end)
    return b" ".join(runs)
