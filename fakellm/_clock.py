"""Where time comes from: a clock says what time it is and how to wait.

The engine decides *that* an answer waits; the player asks a clock to do it. MockClock, its default, never
waits; SystemClock, the client's, really does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Clock", "MockClock", "SystemClock"]


class Clock(Protocol):
    """Source of time and sleep, in seconds."""

    def now(self) -> float:
        """Return the seconds since some fixed moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait in the calling thread."""
        ...

    async def sleep_async(self, seconds: float) -> None:
        """Wait in the calling task."""
        ...


class MockClock:
    """A clock that advances without waiting and keeps what was slept, in order.

    >>> clock = MockClock()
    >>> clock.sleep(2.5)
    >>> clock.elapsed, clock.sleeps
    (2.5, [2.5])
    """

    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self._elapsed = 0.0
        self._leader: Clock | None = None
        self._followed_at = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the clock was made, those of a clock that it follows included."""
        return self._elapsed if self._leader is None else self._elapsed + self._leader.now() - self._followed_at

    def now(self) -> float:
        return self._elapsed if self._leader is None else self.elapsed

    def sleep(self, seconds: float) -> None:
        self._note(seconds)
        if self._leader is None:
            self._elapsed += seconds
        else:
            self._leader.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self._note(seconds)
        if self._leader is None:
            self._elapsed += seconds
        else:
            await self._leader.sleep_async(seconds)

    def _note(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")  # as time.sleep
        self.sleeps.append(seconds)

    @contextmanager
    def follow(self, leader: Clock) -> Iterator[None]:
        """Leave the waiting to another clock while the block runs, and advance as it does."""
        outer = self._leader
        self._turn_to(leader)
        try:
            yield
        finally:
            self._turn_to(outer)

    def _turn_to(self, leader: Clock | None) -> None:
        self._elapsed = self.elapsed
        self._leader = leader
        self._followed_at = 0.0 if leader is None else leader.now()


class SystemClock:
    """The clock of the machine: what is scripted or recorded to take a second takes one.

    >>> from fakellm import FakeLLM, Pace
    >>> llm = FakeLLM(clock=SystemClock(), pace=Pace(ttft=0.2))
    """

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        import asyncio  # takes as long to import as the client

        await asyncio.sleep(seconds)
