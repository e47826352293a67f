"""Values from the events of a YAML parser: containers, anchors and aliases, with the lines that messages need.

Scripts and recordings are both read this way, and differ where they must. A recording is long and written by programs:
libyaml parses it, words and numbers are those of YAML 1.1, which vcrpy writes, and numbers keep their text. A script is
short and written by hand: PyYAML's own parser tells more of a mistake than libyaml, only what YAML 1.2 says is anything
else than text, and each key knows its line, so that a mistake in it is told there. So mappings and scalars are read by
those who stand on this.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import yaml

__all__ = ["TAG", "EventReader", "LinedMapping", "Loader", "problem"]

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""By libyaml, in a fraction of the time, where PyYAML was built with it."""

TAG = "tag:yaml.org,2002:"
"""What the tags of YAML itself begin with."""

_MUCH = 1_000_000  # characters; what is told is a hundred times more


class LinedMapping(dict[Any, Any]):
    """A mapping that knows the line where it began, first line 1; None where its reader counts none."""

    __slots__ = ("line",)

    def __init__(self, line: int | None) -> None:
        super().__init__()
        self.line = line


class EventReader(ABC):
    """Builds the value of a document from events: a third of the time that building nodes first takes.

    Types are compared by identity, and what most events are is asked first: there are thousands in a recording.
    may_be_large: whether aliases stand for so much that the value may be very large with them written out.

    Raises:
        yaml.YAMLError: in each of its methods, where the text is no YAML, or holds what is not read here.
    """

    undefined = "undefined alias"
    second = "a second document begins here"

    def __init__(self, loader: Any) -> None:
        self.may_be_large = False
        self._loader = loader
        self._next: Callable[[], Any] = loader.get_event
        self._anchors: dict[str, tuple[Any, Any]] = {}  # name -> the value, the event where it begins
        self._sizes: dict[str, int] = {}  # anchor -> characters, with what aliases in it stand for; where it has ended
        self._repeated = 0  # characters that aliases have stood for so far

    def read(self) -> Any:
        """Return the value of the one document; None where there is none."""
        self._next()  # the start of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        value = self._value(self._next())
        self._next()  # the end of the document
        if not isinstance(event := self._next(), yaml.StreamEndEvent):
            raise problem(self.second, event)
        return value

    def _value(self, event: Any) -> Any:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            if event.anchor is None:
                return self._scalar(event)
            self._anchored(event, value := self._scalar(event))
            self._measure(event, event, self._repeated)
            return value
        if kind is yaml.MappingStartEvent:
            return self._mapping(event)
        if kind is yaml.SequenceStartEvent:
            return self._sequence(event)
        return self._alias(event)

    @abstractmethod
    def _scalar(self, event: Any) -> Any:
        """Return the value of a scalar."""

    @abstractmethod
    def _mapping(self, start: Any) -> Any:
        """Return the mapping that begins with an event, and take the events up to its end."""

    @abstractmethod
    def _unknown(self, tag: str, event: Any) -> Any:
        """Return what is read for something with a tag that is not read here, or raise."""

    def _sequence(self, start: Any) -> list[Any]:
        items: list[Any] = []
        if start.tag is not None or start.anchor is not None:
            self._begin(start, items, "seq")
        following, value_of, repeated = self._next, self._value, self._repeated
        while type(event := following()) is not yaml.SequenceEndEvent:
            items.append(value_of(event))
        if start.anchor is not None:
            self._measure(start, event, repeated)
        return items

    def _begin(self, start: Any, container: Any, kind: str) -> None:
        """Take note of the tag and the anchor of a container. kind: map or seq."""
        if start.tag is not None and start.tag not in ("!", TAG + kind):
            self._unknown(start.tag, start)
        if start.anchor is not None:
            self._anchored(start, container)

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise problem(f"{self.undefined} {event.anchor!r}", event)
        self._repeated += self._sizes.get(event.anchor, 0)
        # Inside what it stands for, an alias has no size yet.
        self.may_be_large |= event.anchor not in self._sizes or self._repeated > _MUCH
        return self._anchors[event.anchor][0]

    def _anchored(self, event: Any, value: Any) -> None:
        self._anchors[event.anchor] = value, event
        self._sizes.pop(event.anchor, None)

    def _measure(self, start: Any, end: Any, repeated: int) -> None:
        """Note how much an anchor stands for. repeated: what aliases had stood for where it began."""
        self._sizes[start.anchor] = end.end_mark.index - start.start_mark.index + self._repeated - repeated


def problem(text: str, event: Any) -> yaml.MarkedYAMLError:
    """Return an error at an event."""
    return yaml.MarkedYAMLError(problem=text, problem_mark=event.start_mark)
