"""Event loops of asyncio on virtual time, and those that cannot be.

A loop waits in ``select`` of its selector, and only when nothing is ready: that is where it jumps instead. A loop
that outlives virtual time keeps its lead over ``time.monotonic``: its time never goes back, so that its timers
and deadlines stay right.

This module owns the private names of asyncio; tests/time/test_virtual_time.py checks them on every supported
version.
"""

from __future__ import annotations

import asyncio
import math
import warnings
import weakref
from asyncio.base_events import BaseEventLoop
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from threading import get_ident
from time import perf_counter
from types import FrameType
from typing import Any

from fakellm._errors import UsageError
from fakellm._time.bystanders import innermost_frames, outside
from fakellm._time.timeline import Timeline, Waiter

__all__ = ["Later", "LoopOnTime", "check_loop", "foreign_loops", "is_reachable", "running_loop", "running_loops"]


class Later(float):
    """The moment of a timer. Of equal moments the one asked for first is earlier, as in a real clock."""

    def __new__(cls, when: float, turn: int) -> Later:
        later = super().__new__(cls, when)
        later.turn = turn
        return later

    turn: int

    def __lt__(self, other: float) -> bool:
        if isinstance(other, Later) and float.__eq__(self, other):
            return self.turn < other.turn
        return float.__lt__(self, other)


class _Lead:
    """The ``time`` of a loop that was on virtual time before."""

    def __init__(self, loop: BaseEventLoop, seconds: float) -> None:
        self._loop = weakref.ref(loop)
        self.seconds = seconds

    def __call__(self) -> float:
        loop = self._loop()
        assert loop is not None, "it is the loop's own attribute"
        return BaseEventLoop.time(loop) + self.seconds

    @staticmethod
    def of(loop: BaseEventLoop) -> float:
        """Return the seconds by which a loop is ahead of the rest."""
        return getattr(vars(loop).get("time"), "seconds", 0.0)


class LoopOnTime(Waiter):
    """An event loop on virtual time: one who waits whenever nothing is ready."""

    def __init__(self, loop: Any, timeline: Timeline) -> None:
        self._loop = loop
        self._timeline = timeline
        self.selector = loop._selector
        self._select = loop._selector.select
        self._waited = 0.0  # s, real, since the last move
        self._lead = _Lead.of(loop)

    def select(self, timeout: float | None = None) -> list[Any]:
        """Do what ``select`` of the selector does, but jump rather than wait.

        The loop asks with timeout 0 while something is ready.
        """
        on_time = not self._timeline.is_over and get_ident() not in outside
        if not on_time or (timeout is not None and timeout <= 0):
            return self._select(timeout)  # type: ignore[no-any-return]
        began, moves = perf_counter(), self._timeline.moves
        try:
            return self._wait_until(self._next_timer())
        finally:
            still = moves == self._timeline.moves
            self._waited = self._waited + perf_counter() - began if still else 0.0

    def _next_timer(self) -> float:
        # The loop has just dropped the cancelled timers at the head of the heap.
        if not self._loop._scheduled:
            return math.inf
        when = float(self._loop._scheduled[0]._when)
        until = when - self._lead
        return until if until + self._lead >= when else math.nextafter(until, math.inf)

    def _wait_until(self, until: float) -> list[Any]:
        timeline = self._timeline
        with timeline.waiting(self, until, waited=self._waited) as patience:
            if until == math.inf:
                return self._select(None)  # type: ignore[no-any-return]
            while not timeline.is_over and not timeline.has_come(until):
                pause = timeline.try_jump(patience())
                if pause > 0 and (events := self._select(pause)):
                    return events  # type: ignore[no-any-return]
        return []

    def has_news(self) -> bool:
        # Asking takes nothing away, except from Windows' completion ports, which have no map.
        return hasattr(self.selector, "get_map") and bool(self._select(0))

    def listens(self) -> bool:
        get_map = getattr(self.selector, "get_map", None)
        return get_map is None or len(get_map()) > self._loop._internal_fds

    def wake(self) -> None:
        self._loop._write_to_self()

    def leave(self, lead: float) -> None:
        """Go on in real time. lead: seconds by which virtual time is ahead of it."""
        if not self._loop.is_closed():
            self._loop.time = _Lead(self._loop, self._lead + lead)


def running_loop() -> Any:
    """Return the loop that runs in this thread, or None."""
    return asyncio._get_running_loop()


def is_reachable(loop: Any) -> bool:
    """Whether a loop is asyncio's own, with its own time."""
    return isinstance(loop, BaseEventLoop) and type(loop).time is BaseEventLoop.time


def check_loop(loop: Any) -> None:
    """Make sure that a loop can be on virtual time.

    Raises:
        UsageError: it keeps its time elsewhere.
    """
    if not is_reachable(loop):
        raise UsageError(
            f"virtual time works in the event loop of asyncio; {loop!r} keeps a time of its own. Run the code "
            "under test on asyncio's loop: asyncio.run(...) without uvloop, and for the tests of anyio "
            '("asyncio", {"use_uvloop": False}) as anyio_backend; or leave virtual time off'
        )


@cache
def _load_uvloop() -> None:
    """Import uvloop where it is installed, so that its loops are known before one runs."""
    with suppress(ImportError), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whatever it has to say is not about this test
        import_module("uvloop")


def foreign_loops(base: type[Any] = asyncio.AbstractEventLoop) -> Iterator[type[Any]]:
    """Yield the classes of loops that are not asyncio's own."""
    _load_uvloop()
    for kind in base.__subclasses__():
        if kind is not BaseEventLoop:
            yield kind
            yield from foreign_loops(kind)


def running_loops() -> Iterator[tuple[int, Any]]:
    """Yield (ident of the thread, loop) of every loop that runs in the process, uvloop's excepted."""
    for ident, innermost in innermost_frames().items():
        frame: FrameType | None = innermost
        while frame is not None:
            if frame.f_code is BaseEventLoop._run_once.__code__:  # type: ignore[attr-defined]
                yield ident, frame.f_locals["self"]
            frame = frame.f_back
