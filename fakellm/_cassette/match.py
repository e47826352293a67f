"""Which interaction answers a request: an index by hash, so that a shared file of thousands costs no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fakellm._cassette.interaction import Interaction
from fakellm._cassette.key import Keys
from fakellm._errors import UsageError
from fakellm._wire.canonical import compact_json
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
    A request that is written just as it was recorded, or as clients write JSON, is found without being hashed.
    """

    def __init__(self, interactions: Sequence[Interaction], keys: Keys, repeat: Repeat = None) -> None:
        self._interactions = interactions
        self._keys = keys
        self._repeat = repeat
        self._queues: dict[bytes, _Queue] | None = None
        self._written: dict[tuple[str, str, bytes], _Queue] = {}

    def next(self, request: WireRequest) -> Interaction | None:
        """Return the interaction that answers a request, without using it up; None where there is none."""
        queue = self._find(request)
        return None if queue is None else self._upcoming(queue)

    def take(self, request: WireRequest) -> Interaction | None:
        """Return the interaction that answers a request, and use it up; None where there is none."""
        queue = self._find(request)
        if queue is None or (found := self._upcoming(queue)) is None:
            return None
        queue.played += 1
        return found

    def give_back(self, request: WireRequest) -> None:
        """Have the interaction again that was taken last for such a request."""
        if (queue := self._find(request)) is not None:
            queue.played -= 1

    @property
    def state(self) -> list[int]:
        """How many of each group of equal requests were played, for ``restore``."""
        return [queue.played for queue in self._queues.values()] if self._queues is not None else []

    def restore(self, state: list[int]) -> None:
        """Let be played what was to be played then."""
        self.rewind()
        if state:
            self._queues = self._build()
            for queue, played in zip(self._queues.values(), state, strict=True):
                queue.played = played

    def _upcoming(self, queue: _Queue) -> Interaction | None:
        if queue.played < len(queue.interactions):
            return queue.interactions[queue.played]
        match self._repeat:
            case "last":
                return queue.interactions[-1]
            case "cycle":
                return queue.interactions[queue.played % len(queue.interactions)]
        return None

    def equal(self, request: WireRequest) -> list[Interaction]:
        """Return the interactions whose requests are equal to this one, played or not."""
        queue = self._find(request)
        return queue.interactions if queue else []

    @property
    def unplayed(self) -> list[Interaction]:
        """What was not played yet, in the order of the file."""
        if self._queues is None:
            return list(self._interactions)
        waiting = [one for queue in self._queues.values() for one in queue.interactions[queue.played :]]
        return sorted(waiting, key=lambda one: one.number)

    def rewind(self) -> None:
        """Let everything be played again."""
        self._queues = None

    def _build(self) -> dict[bytes, _Queue]:
        queues: dict[bytes, _Queue] = {}
        for interaction in self._interactions:
            request = interaction.request
            queue = queues.setdefault(self._keys.hash(self._keys.redacted(request)), _Queue([]))
            queue.interactions.append(interaction)
            for body in (request.body, compact_json(request.body)):
                self._written[request.method, request.url, body] = queue
        return queues

    def _find(self, request: WireRequest) -> _Queue | None:
        """Return the queue of a request. One that is found as it is holds no secret, for no recorded one does."""
        if self._queues is None:
            self._queues = self._build()
        found = self._written.get((request.method, request.url, request.body))
        if found is None:
            found = self._queues.get(self._keys.hash(request))
        if found is None and (redacted := self._keys.redacted(request)) is not request:
            found = self._queues.get(self._keys.hash(redacted))
        return found
