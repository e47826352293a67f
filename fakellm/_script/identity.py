"""Ids that are the same on every run.

Everything that looks random in an answer comes from (seed, test id, canonical request, how often that
request was seen before), never from a clock, ``random``, hash order or scheduling.
"""

from __future__ import annotations

from dataclasses import dataclass

from fakellm._wire.canonical import digest

__all__ = ["CREATED", "Identity"]

CREATED = 1_735_689_600
"""The moment at which every scripted answer is created: 2025-01-01T00:00:00Z, in seconds."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
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
        return "req_" + self._digest("request").hex()

    @property
    def system_fingerprint(self) -> str:
        """``fp_`` and 10 hexadecimal digits; depends on the seed alone, as a model's build does."""
        return "fp_" + digest(str(self.seed), "fingerprint").hex()[:10]

    def call_id(self, index: int) -> str:
        """``call_`` and 24 characters. index: place of the tool call in the answer."""
        return "call_" + self._text(f"call {index}", 24)

    def _digest(self, purpose: str) -> bytes:
        return digest(str(self.seed), self.test_id, self.request, str(self.seen), purpose)

    def _text(self, purpose: str, length: int) -> str:
        number = int.from_bytes(self._digest(purpose) + self._digest(purpose + " more"), "big")
        letters = []
        for _ in range(length):
            number, letter = divmod(number, len(_ALPHABET))
            letters.append(_ALPHABET[letter])
        return "".join(letters)
