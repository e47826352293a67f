"""What takes time to find out about the body of a request, kept for the next time it comes."""

from __future__ import annotations

from functools import cached_property

from pydantic_core import from_json

from fakellm._wire.canonical import canonical_json, digest
from fakellm.tokens._billing import count_prompt

__all__ = ["BodyFacts"]


class BodyFacts:
    """Facts about a body that is a JSON object.

    accepted_by: who accepted it when it was checked last, None before. The facts are found from the bytes alone,
    never from a decoded body, which is in users' hands and may change there.
    """

    accepted_by: object = None

    def __init__(self, data: bytes) -> None:
        self._data = data

    @cached_property
    def canonical(self) -> bytes:
        """A hash of the canonical JSON: equal for equal requests."""
        return digest(canonical_json(from_json(self._data)))

    @cached_property
    def prompt_tokens(self) -> int:
        """What the prompt is billed, in tokens."""
        return count_prompt(from_json(self._data))
