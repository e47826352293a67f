"""Ids that are the same on every run.

Everything that looks random in an answer comes from (seed, test id, canonical request, how often that
request was seen before), never from a clock, ``random``, hash order or scheduling.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property, lru_cache

from fakellm._wire.canonical import digest

__all__ = ["CREATED", "Identity"]

CREATED = 1_735_689_600
"""The moment at which every scripted answer is created: 2025-01-01T00:00:00Z, in seconds."""

_LETTERS = b"Aa"  # in place of the two signs of base64 that are neither letter nor digit


@dataclass(frozen=True)
class Identity:
    """The source of one answer's ids.

    request: its canonical form, or a hash of it. seen: how often an equal request was answered before this one.
    """

    seed: int
    test_id: str
    request: str | bytes
    seen: int

    @property
    def completion_id(self) -> str:
        """``chatcmpl-`` and 29 characters, as the real API makes them."""
        return "chatcmpl-" + _letters(self._bits[:22], 29)

    @property
    def request_id(self) -> str:
        """``req_`` and 32 hexadecimal digits."""
        return "req_" + self._bits[22:38].hex()

    @property
    def system_fingerprint(self) -> str:
        """``fp_`` and 10 hexadecimal digits; depends on the seed alone, as a model's build does."""
        return _fingerprint(self.seed)

    def call_id(self, index: int) -> str:
        """``call_`` and 24 characters. index: place of the tool call in the answer."""
        return "call_" + _letters(digest(self._bits, f"call {index}", size=18), 24)

    def logprobs_seed(self, choice: int) -> int:
        """64 bits from which the log probabilities of an alternative are drawn."""
        return int.from_bytes(digest(self._bits, f"logprobs {choice}", size=8))

    @property
    def pace_seed(self) -> int:
        """64 bits from which the jitter of a pace is drawn."""
        return int.from_bytes(self._bits[38:46])

    @cached_property
    def _bits(self) -> bytes:
        """64 bytes, of which each id that every answer has takes its own."""
        return digest(str(self.seed), self.test_id, self.request, str(self.seen), size=64)


def _letters(data: bytes, length: int) -> str:
    """Return letters and digits, at most four for three bytes."""
    return b64encode(data, altchars=_LETTERS)[:length].decode()


@lru_cache(maxsize=16)
def _fingerprint(seed: int) -> str:
    return "fp_" + digest(str(seed), "fingerprint", size=5).hex()
