"""When the parts of an answer come: waits laid over its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from random import Random
from typing import Annotated

from fakellm._errors import UsageError
from fakellm._named_arguments import naming_fields
from fakellm._numbers import DURATION, Duration, Numbers
from fakellm._wire.events import Data, Head, Wait, WireEvent

__all__ = ["Pace", "paced", "seconds_of"]

_RATE = Numbers(0, above=True)
_PART = Numbers(0, 1)


@naming_fields()
@dataclass(frozen=True, slots=True)
class Pace:
    """The timing of a reply.

    ttft: seconds from the head of a stream to its first chunk. tokens_per_second: how fast the chunks
    behind it come, one token a chunk; None sends them without a pause. jitter: by how much of itself each
    pause may be longer or shorter, 0 to 1. seed: changes how the jitter falls; the same request gets the
    same pauses on every run. An answer that is not streamed comes, head and all, after the time that its
    tokens take.

    >>> Pace(ttft=0.2, tokens_per_second=50)
    Pace(ttft=0.2, tokens_per_second=50, jitter=0.0, seed=0)
    """

    ttft: Duration = 0.0
    tokens_per_second: Annotated[float, _RATE] | None = None
    jitter: Annotated[float, _PART] = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.ttft not in DURATION:
            raise UsageError(f"Pace ttft is a number of seconds, 0 or more; got {self.ttft!r}")
        if self.tokens_per_second is not None and self.tokens_per_second not in _RATE:
            raise UsageError(
                f"Pace tokens_per_second is a number above 0, or None for no pause; got {self.tokens_per_second!r}"
            )
        if self.jitter not in _PART:
            raise UsageError(f"Pace jitter is a part of each pause, from 0 to 1; got {self.jitter!r}")
        if self.seed not in Numbers(whole=True):
            raise UsageError(f"Pace seed is an int, got {self.seed!r}")

    def pauses(self, identity: int) -> Iterator[float]:
        """Return, without end, the seconds before the first chunk, then those before each next one."""
        steady = chain([self.ttft], repeat(1 / self.tokens_per_second if self.tokens_per_second else 0.0))
        if not self.jitter:
            return steady
        uniform = Random(f"{self.seed} {identity}").uniform
        return (pause * (1 + self.jitter * uniform(-1, 1)) for pause in steady)


def seconds_of(pace: Pace, *, identity: int, tokens: int) -> float:
    """Return how long an answer takes that is not streamed. identity, tokens: as ``paced`` takes them."""
    return _sum(pace.pauses(identity), tokens + 1)


def paced(events: Iterator[WireEvent], pace: Pace, *, identity: int, tokens: int) -> Iterator[WireEvent]:
    """Lay the pauses of a pace over the events of an answer.

    identity: what the jitter derives from beside the pace's seed. tokens: how many the answer took, for
    one that is not streamed.
    """
    pauses = pace.pauses(identity)
    for event in events:
        if isinstance(event, Head) and not event.is_stream:
            yield from _wait(pauses, tokens + 1)
        yield event
        if isinstance(event, Head) and event.is_stream:
            yield from _spread(events, pauses)


def _spread(events: Iterator[WireEvent], pauses: Iterator[float]) -> Iterator[WireEvent]:
    """Yield the body of a stream, each chunk, all its pieces together, behind its pause."""
    pieces: list[WireEvent] = []
    for event in events:
        if isinstance(event, Data) and event.chunks == 1 and not pieces:  # nearly always
            if seconds := next(pauses):
                yield Wait(seconds)
            yield event
            continue
        pieces.append(event)
        if isinstance(event, Data) and event.chunks:
            yield from _wait(pauses, event.chunks)
            yield from pieces
            pieces.clear()
    yield from pieces


# A usage may claim any number of tokens; pauses beyond these are as long as the average of these.
_MOST_DRAWN = 100_000


def _wait(pauses: Iterator[float], count: int) -> Iterator[Wait]:
    if seconds := _sum(pauses, count):
        yield Wait(seconds)


def _sum(pauses: Iterator[float], count: int) -> float:
    drawn = min(count, _MOST_DRAWN)
    return sum(next(pauses) for _ in range(drawn)) * count / drawn
