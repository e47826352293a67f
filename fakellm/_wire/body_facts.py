"""What takes time to find out about the body of a request, kept for the next time it comes."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from fakellm._wire.canonical import canonical_json, digest
from fakellm.tokens._billing import count_prompt

__all__ = ["BodyFacts"]


class BodyFacts:
    """Facts about a body that is a JSON object.

    They are found from the bytes, or from a body that was decoded just now, never from one that is in users' hands
    and may change there. accepted_by: who accepted it when it was checked last, None before. canonical: a hash of
    the canonical JSON, equal for equal requests; empty before it was accepted.
    """

    __slots__ = ("_data", "_prompt_tokens", "accepted_by", "canonical")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._prompt_tokens: int | None = None
        self.accepted_by: object = None
        self.canonical = b""

    def accept(self, by: object, body: dict[str, Any]) -> None:
        """Note who accepted the body, decoded just now."""
        self.canonical = self.canonical or digest(canonical_json(body))
        self.accepted_by = by

    @property
    def prompt_tokens(self) -> int:
        """What the prompt is billed, in tokens."""
        if self._prompt_tokens is None:
            self._prompt_tokens = count_prompt(from_json(self._data))
        return self._prompt_tokens
