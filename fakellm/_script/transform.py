"""What is laid over the events of an answer: faults and framings, with the names that tests type."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fakellm._wire.events import Disconnect, WireEvent

__all__ = ["Fault", "Framing", "Transform"]

Fault = Callable[[Iterator[WireEvent]], Iterator[WireEvent]]
"""A break of the protocol: takes the events of an answer, gives those that are played instead."""

Framing = Callable[[Iterator[WireEvent]], Iterator[WireEvent]]
"""A way to cut a stream: takes the events of an answer, one chunk a Data, gives the same bytes otherwise cut."""


class Transform:
    """A fault or a framing of this package. name: as it is typed, for transcripts and test ids."""

    def __init__(self, name: str, apply: Callable[[Iterator[WireEvent]], Iterator[WireEvent]]) -> None:
        self.__name__ = name
        self._apply = apply

    def __call__(self, events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        for event in self._apply(events):
            yield event
            if isinstance(event, Disconnect):
                return  # where two faults are laid over each other

    def __repr__(self) -> str:
        return self.__name__
