"""A clock that really waits."""

from __future__ import annotations

import asyncio
import time

__all__ = ["SystemClock"]


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
        await asyncio.sleep(seconds)
