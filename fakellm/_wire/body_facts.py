"""What takes time to find out about the body of a request, kept for the next time it comes."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from fakellm._wire.canonical import canonical_json, digest, message_texts
from fakellm.tokens._billing import count_preamble, count_prompt

__all__ = ["BodyFacts", "Terms"]


class Terms:
    """Facts about what a body says beside its messages, which most calls of a session have in common.

    canonical: its canonical JSON. preamble: what is billed for its tools and its format, in tokens. accepted: by whom
    it was accepted.
    """

    __slots__ = ("accepted", "canonical", "preamble")

    def __init__(self, data: bytes) -> None:
        terms = from_json(data)
        self.canonical = canonical_json(terms)
        self.preamble = count_preamble(terms)
        self.accepted: set[object] = set()


class BodyFacts:
    """Facts about a body that is a JSON object.

    They are learned from a body that was decoded just now, never from one that is in users' hands and may change
    there. accepted: (by whom, for which model) it was accepted when it was checked last, None before. What is
    below is learned by then. terms: what it says beside its messages. canonical: a hash, equal for requests of
    equal canonical JSON. prompt_tokens: what the prompt is billed. stream: whether a stream is asked for.
    """

    __slots__ = ("accepted", "canonical", "data", "prompt_tokens", "stream", "terms")

    terms: Terms
    canonical: bytes
    prompt_tokens: int
    stream: bool

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.accepted: tuple[object, str] | None = None

    def learn(self, body: dict[str, Any], terms: Terms) -> None:
        """Find out about the body, decoded just now."""
        self.terms = terms
        self.canonical = digest(self.terms.canonical, *message_texts(body["messages"]))
        self.prompt_tokens = count_prompt(body, preamble=self.terms.preamble)
        self.stream = bool(body.get("stream"))
