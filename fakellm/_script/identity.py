"""Ids that are the same on every run.

Everything that looks random in an answer comes from (seed, test id, canonical request, how often that
request was seen before), never from a clock, ``random``, hash order or scheduling.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property

from fakellm._wire.canonical import digest

__all__ = ["CREATED", "Identity"]

CREATED = 1_735_689_600
"""The moment at which every scripted answer is created: 2025-01-01T00:00:00Z, in seconds."""

_LETTERS = b"Aa"  # in place of the two signs of base64 that are neither letter nor digit


@dataclass(frozen=True)
class Identity:
    """The source of one answer's ids.

    seen: how often an equal request was answered before this one.
    """

    seed: int
    test_id: str
    request: str
    seen: int

    @property
    def completion_id(self) -> str:
        """``chatcmpl-`` and 29 characters, as the real API makes them."""
        return "chatcmpl-" + self._text("completion", 29)

    @property
    def request_id(self) -> str:
        """``req_`` and 32 hexadecimal digits."""
        return "req_" + digest(self._root, "request").hex()

    @property
    def system_fingerprint(self) -> str:
        """``fp_`` and 10 hexadecimal digits; depends on the seed alone, as a model's build does."""
        return "fp_" + digest(str(self.seed), "fingerprint", size=5).hex()

    def call_id(self, index: int) -> str:
        """``call_`` and 24 characters. index: place of the tool call in the answer."""
        return "call_" + self._text(f"call {index}", 24)

    def logprobs_seed(self, choice: int) -> int:
        """64 bits from which the log probabilities of an alternative are drawn."""
        return int.from_bytes(digest(self._root, f"logprobs {choice}", size=8))

    @property
    def pace_seed(self) -> int:
        """64 bits from which the jitter of a pace is drawn."""
        return int.from_bytes(digest(self._root, "pace", size=8))

    @cached_property
    def _root(self) -> bytes:
        return digest(str(self.seed), self.test_id, self.request, str(self.seen))

    def _text(self, purpose: str, length: int) -> str:
        """Return letters and digits, at most 43 of them."""
        return b64encode(digest(self._root, purpose, size=32), altchars=_LETTERS)[:length].decode()
