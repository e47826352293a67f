"""Ids that are the same on every run.

Everything that looks random in an answer comes from (seed, test id, canonical request, how often that
request was seen before), never from a clock, ``random``, hash order or scheduling.
"""

from __future__ import annotations

from binascii import b2a_base64
from functools import lru_cache
from hashlib import blake2b

from fakellm._wire.canonical import digest

__all__ = ["CREATED", "Identity", "key_of"]

CREATED = 1_735_689_600
"""The moment at which every scripted answer is created: 2025-01-01T00:00:00Z, in seconds."""

_LETTERS = bytes.maketrans(b"+/", b"Aa")  # the two signs of base64 that are neither letter nor digit


class Identity:
    """The source of one answer's ids.

    request: a hash of its canonical form, or that. seen: how often an equal request was answered before this one.
    request_id: ``req_`` and 32 hexadecimal digits.
    """

    __slots__ = ("_bits", "request_id", "seed")

    def __init__(self, seed: int, test_id: str, request: bytes, seen: int) -> None:
        self.seed = seed
        bits = _keyed(seed, test_id).copy()
        bits.update(b"%d %b" % (seen, request))
        self._bits: bytes = bits.digest()
        """64 bytes, of which each id that every answer has takes its own."""
        self.request_id = "req_" + self._bits[22:38].hex()

    def id(self, prefix: str, length: int) -> str:
        """Return the id of the answer. length: how many letters and digits follow the prefix, 29 at most."""
        return prefix + _letters(self._bits[:22], length)

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


def _letters(data: bytes, length: int) -> str:
    """Return letters and digits, at most four for three bytes."""
    return b2a_base64(data, newline=False)[:length].translate(_LETTERS).decode()


@lru_cache(maxsize=256)
def _keyed(seed: int, test_id: str) -> blake2b:
    """Return the hash that has taken the key, to copy: it takes as long as hashing what follows."""
    return blake2b(key=digest(str(seed), test_id, size=64))


def key_of(path: str, canonical: bytes) -> bytes:
    """Return what tells requests apart: the path, and a hash of the canonical body."""
    return path.encode("utf-8", "surrogatepass") + canonical
