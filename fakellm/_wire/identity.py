"""Ids that are the same on every run.

Everything that looks random in an answer comes from (seed, test id, canonical request, how often that
request was seen before), never from a clock, ``random``, hash order or scheduling.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from functools import lru_cache

from fakellm._wire.canonical import digest

__all__ = ["CREATED", "Identity", "key_of"]

CREATED = 1_735_689_600
"""The moment at which every scripted answer is created: 2025-01-01T00:00:00Z, in seconds."""

_LETTERS = b"Aa"  # in place of the two signs of base64 that are neither letter nor digit


@dataclass(slots=True)
class Identity:
    """The source of one answer's ids.

    request: a hash of its canonical form, or that. seen: how often an equal request was answered before this one.
    """

    seed: int
    test_id: str
    request: bytes
    seen: int
    _known_bits: bytes = field(default=b"", init=False, repr=False, compare=False)

    def id(self, prefix: str, length: int) -> str:
        """Return the id of the answer. length: how many letters and digits follow the prefix, 29 at most."""
        return prefix + _letters(self._bits[:22], length)

    @property
    def request_id(self) -> str:
        """``req_`` and 32 hexadecimal digits."""
        return "req_" + self._bits[22:38].hex()

    def call_id(self, index: int, prefix: str = "call_", length: int = 24) -> str:
        """Return the id of a tool call. index: its place in the answer. length: how many letters follow, 24 at most."""
        return prefix + _letters(digest(self._bits, f"call {index}", size=18), length)

    def logprobs_seed(self, choice: int) -> int:
        """64 bits from which the log probabilities of an alternative are drawn."""
        return int.from_bytes(digest(self._bits, f"logprobs {choice}", size=8))

    @property
    def pace_seed(self) -> int:
        """64 bits from which the jitter of a pace is drawn."""
        return int.from_bytes(self._bits[38:46])

    @property
    def _bits(self) -> bytes:
        """64 bytes, of which each id that every answer has takes its own."""
        if not self._known_bits:
            key = _key(self.seed, self.test_id)
            self._known_bits = hashlib.blake2b(b"%d %b" % (self.seen, self.request), key=key).digest()
        return self._known_bits


def _letters(data: bytes, length: int) -> str:
    """Return letters and digits, at most four for three bytes."""
    return b64encode(data, altchars=_LETTERS)[:length].decode()


@lru_cache(maxsize=256)
def _key(seed: int, test_id: str) -> bytes:
    return digest(str(seed), test_id, size=64)


def key_of(path: str, canonical: bytes) -> bytes:
    """Return what tells requests apart: the path, and a hash of the canonical body."""
    return path.encode("utf-8", "surrogatepass") + canonical
