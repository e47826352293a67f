"""A recording as a source of answers for the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fakellm._cassette.interaction import Interaction
from fakellm._cassette.manner import AT_ONCE, Manner, play
from fakellm._cassette.match import Index, difference
from fakellm._wire.events import WireEvent, WireRequest
from fakellm._wire.providers import is_loopback

__all__ = ["Recording"]

_LEFT_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Replayed:
    """An interaction as the answer to a request."""

    interaction: Interaction
    manner: Manner

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.interaction.response.status

    @property
    def body(self) -> bytes:
        """The whole body."""
        return self.interaction.response.body

    def events(self) -> Iterator[WireEvent]:
        """Yield the answer."""
        return play(self.interaction, self.manner)


class Recording:
    """The interactions of one file, each played once.

    path: for messages. parts: what a request is found by. manner: how the answers are played.
    """

    def __init__(
        self, interactions: Sequence[Interaction], *, path: str, parts: tuple[str, ...], manner: Manner = AT_ONCE
    ) -> None:
        self.path = path
        self._manner = manner
        self._interactions = interactions
        self._parts = parts
        self._index = Index(interactions, parts)
        self._hosts = {interaction.request.host for interaction in interactions}

    @property
    def unplayed(self) -> list[Interaction]:
        """What nothing has asked for yet, in the order of the file."""
        return self._index.unplayed

    def claims(self, host: str) -> bool:
        """Whether requests to this host are to be answered from here: all but loopback hosts unknown to the file."""
        return host in self._hosts or not is_loopback(host)

    def take(self, request: WireRequest) -> Replayed | None:
        """Use up the next answer recorded for a request, or return None."""
        interaction = self._index.take(request)
        return None if interaction is None else Replayed(interaction, self._manner)

    def explain(self, request: WireRequest) -> str:
        """Say why there is no answer, what came closest, what is left."""
        lines = [f"  {self._reason(request)}"]
        is_used_up = self._index.is_used_up(request)
        closest = None if is_used_up else self._index.closest(request)
        if closest is not None:
            lines.append(f"  closest is interaction {closest.number}{_line(closest)}; it differs in")
            lines.append(f"    {difference(closest.request, request, self._parts)}")
        lines += [f"  not played yet: {self._left()}", "  the request was not sent anywhere"]
        if closest is not None:
            lines.append("  if the change is meant, record again; to look at less of a request: match=['path', 'body']")
        return "\n".join(lines)

    def _reason(self, request: WireRequest) -> str:
        if self._index.is_used_up(request):
            return f"{self.path} holds it, but every recording of it was played already"
        return f"{self.path} holds no such request"

    def _left(self) -> str:
        numbers = [str(interaction.number) for interaction in self.unplayed]
        if not numbers:
            return "nothing"
        shown = ", ".join(numbers[:_LEFT_SHOWN]) + (", …" if len(numbers) > _LEFT_SHOWN else "")
        return f"interaction {shown} of {len(self._interactions)}"


def _line(interaction: Interaction) -> str:
    return "" if interaction.line is None else f" (line {interaction.line})"
