"""Where time comes from: a clock says what time it is and how to wait.

The engine decides *that* an answer waits; the player asks a clock to do it. MockClock, the default,
never waits; a clock that really does belongs to ``_io``, since it touches the world.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Clock", "MockClock"]


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
        self.elapsed = 0.0
        self.sleeps: list[float] = []

    def now(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")  # as time.sleep
        self.sleeps.append(seconds)
        self.elapsed += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
