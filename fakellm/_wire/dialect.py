"""The seam between the engine and an API: what a dialect is, and who answers a request.

A dialect reads a request into the neutral form (``asked``), says an answer (``answer``) in its own shape, hears an
answer of its API, and words its errors. A new API is a subclass of ``Dialect`` and a line in ``_dialects/table``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, TypeVar

from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.claim import Claim, Traffic
from fakellm._wire.events import WireEvent, WireRequest
from fakellm._wire.provider import Provider
from fakellm._wire.voice import Voice

__all__ = ["LENIENT", "STRICT", "Claim", "Dialect", "Strictness", "Traffic", "alike"]


@dataclass(frozen=True, slots=True)
class Strictness:
    """Whether what the real API rejects is rejected.

    strict: False accepts whatever is well-formed. models: the names that exist; None for any name.
    """

    strict: bool = True
    models: frozenset[str] | None = None


STRICT = Strictness()
"""The default: rejected as by the real API, with any model."""

LENIENT = Strictness(strict=False)
"""Whatever is well-formed is taken."""


class Dialect(Voice, ABC):
    """One API shape: reads its requests, says its answers, hears them, words its errors."""

    beside: tuple[Dialect, ...] = ()
    """Dialects of further endpoints, which know what this one stores: its copy has copies of them."""

    @abstractmethod
    def claims(self, wire: WireRequest) -> Claim | None:
        """Say that a request is of this API, and what its path says; None for any other."""

    def runs_on(self, asked: ChatRequest) -> bool:
        """Whether the model goes on behind the answer, which so comes at once: its pace is for the dialect to keep."""
        return False

    @abstractmethod
    def read(self, wire: WireRequest, claim: Claim, strictness: Strictness, provider: Provider) -> ChatRequest:
        """Read a request into the neutral form.

        Raises:
            Rejected: with the error that the real API would send.
        """

    @abstractmethod
    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        """Return the response, whole or as a stream, as the request asks for it.

        ``Data.chunks`` counts by one law: what comes before the first piece is one chunk, each piece is one, and so are
        the closing events together; an end mark is none.
        """

    def copied(self) -> Self:
        """Return a dialect that shares no state with this one: what was stored is a fake's own.

        Each fake speaks copies, so one that keeps something between two requests copies that; any other is itself.
        """
        return self


_Thing = TypeVar("_Thing")


def alike(thing: _Thing) -> _Thing:
    """Return what ``copy.copy`` returns of a plain object, in a third of the time: each fake copies at least two."""
    made = object.__new__(type(thing))
    vars(made).update(vars(thing))
    return made
