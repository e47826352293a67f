"""Which interaction answers a request: an index by hash, so that a shared file of thousands costs no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fakellm._cassette.interaction import Interaction
from fakellm._cassette.key import Keys
from fakellm._errors import UsageError
from fakellm._wire.events import WireRequest

__all__ = ["Index", "Repeat", "check_repeat"]

Repeat = Literal["last", "cycle"] | None
"""What answers when all equal requests were played: nothing, the last of them, all of them once more."""


def check_repeat(repeat: object) -> Repeat:
    """Return what answers when all equal requests were played.

    Raises:
        UsageError: there is no such way.
    """
    __tracebackhide__ = True
    if repeat not in (None, "last", "cycle"):
        raise UsageError(f"repeat= takes 'last', 'cycle', or None for each once; got {repeat!r}")
    return repeat


@dataclass(slots=True)
class _Queue:
    """Interactions with equal requests, in the order of the file. played: how many were."""

    interactions: list[Interaction]
    played: int = 0


class Index:
    """The interactions of a file by the hash of their requests; equal ones come first in, first out.

    It is built when it is first asked, since most files are loaded to be asked all of them, and some not at all.
    """

    def __init__(self, interactions: Sequence[Interaction], keys: Keys, repeat: Repeat = None) -> None:
        self._interactions = interactions
        self._keys = keys
        self._repeat = repeat
        self._built: dict[bytes, _Queue] | None = None

    def next(self, request: WireRequest) -> Interaction | None:
        """Return the interaction that answers a request, which ``use`` then uses up; None where there is none."""
        queue = self._find(request)
        if queue is None:
            return None
        if queue.played < len(queue.interactions):
            return queue.interactions[queue.played]
        match self._repeat:
            case "last":
                return queue.interactions[-1]
            case "cycle":
                return queue.interactions[queue.played % len(queue.interactions)]
        return None

    def use(self, request: WireRequest) -> None:
        """Use up the interaction that ``next`` returned for a request."""
        if (queue := self._find(request)) is not None:
            queue.played += 1

    def equal(self, request: WireRequest) -> list[Interaction]:
        """Return the interactions whose requests are equal to this one, played or not."""
        queue = self._find(request)
        return queue.interactions if queue else []

    @property
    def unplayed(self) -> list[Interaction]:
        """What was not played yet, in the order of the file."""
        if self._built is None:
            return list(self._interactions)
        waiting = [one for queue in self._built.values() for one in queue.interactions[queue.played :]]
        return sorted(waiting, key=lambda one: one.number)

    def rewind(self) -> None:
        """Let everything be played again."""
        self._built = None

    @property
    def _queues(self) -> dict[bytes, _Queue]:
        if self._built is None:
            self._built = {}
            for interaction in self._interactions:
                key = self._keys.hash(self._keys.redacted(interaction.request))
                self._built.setdefault(key, _Queue([])).interactions.append(interaction)
        return self._built

    def _find(self, request: WireRequest) -> _Queue | None:
        """Return the queue of a request. One that is found as it is holds no secret, for no recorded one does."""
        found = self._queues.get(self._keys.hash(request))
        if found is None and (redacted := self._keys.redacted(request)) is not request:
            found = self._queues.get(self._keys.hash(redacted))
        return found
