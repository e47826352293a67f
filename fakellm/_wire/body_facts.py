"""What takes time to find out about the body of a request, kept for the next time it comes."""

from __future__ import annotations

from pydantic_core import from_json

from fakellm._wire.canonical import canonical_json, digest
from fakellm.tokens._billing import count_prompt

__all__ = ["BodyFacts"]


class BodyFacts:
    """Facts about a body that is a JSON object, each found when it is first asked for.

    accepted_by: who accepted it when it was checked last, None before. The facts are found from the bytes alone,
    never from a decoded body, which is in users' hands and may change there.
    """

    __slots__ = ("_canonical", "_data", "_prompt_tokens", "accepted_by")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._canonical: bytes | None = None
        self._prompt_tokens: int | None = None
        self.accepted_by: object = None

    @property
    def canonical(self) -> bytes:
        """A hash of the canonical JSON: equal for equal requests."""
        if self._canonical is None:
            self._canonical = digest(canonical_json(from_json(self._data)))
        return self._canonical

    @property
    def prompt_tokens(self) -> int:
        """What the prompt is billed, in tokens."""
        if self._prompt_tokens is None:
            self._prompt_tokens = count_prompt(from_json(self._data))
        return self._prompt_tokens
