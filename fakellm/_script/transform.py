"""What is laid over the events of an answer: faults and framings, with the names that tests type."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fakellm._wire.events import Disconnect, WireEvent
from fakellm._wire.voice import Speaker

__all__ = ["Fault", "Framing", "Transform", "at_speaker", "name_of"]

Fault = Callable[[Iterator[WireEvent]], Iterator[WireEvent]]
"""A break of the protocol: takes the events of an answer, gives those that are played instead."""

Framing = Callable[[Iterator[WireEvent]], Iterator[WireEvent]]
"""A way to cut a stream: takes the events of an answer, one chunk a Data, gives the same bytes otherwise cut."""


class Transform:
    """A fault or a framing of this package.

    name: as it is typed, for transcripts and test ids. at: makes the one for who answers, where they differ.
    """

    def __init__(
        self,
        name: str,
        apply: Callable[[Iterator[WireEvent]], Iterator[WireEvent]],
        *,
        at: Callable[[Speaker], Transform] | None = None,
    ) -> None:
        self.name = name  # not __name__, by which pytest.mark takes a lone argument for the test it decorates
        self._apply = apply
        self.at = at

    def __call__(self, events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        for event in self._apply(events):
            yield event
            if isinstance(event, Disconnect):
                return  # where two faults are laid over each other

    def __repr__(self) -> str:
        return self.name


def at_speaker(fault: Fault, speaker: Speaker) -> Fault:
    """Return a fault as it is in an answer of this API: the same, unless it says something in the API's name."""
    return fault.at(speaker) if isinstance(fault, Transform) and fault.at else fault


def name_of(given: Fault | Framing) -> str:
    """Return how a fault or framing is called: as it is typed, or the name of a test's own."""
    return given.name if isinstance(given, Transform) else getattr(given, "__name__", repr(given))
