"""The whole process on virtual time: event loops, ``time.sleep`` and the clocks that go with them.

It lives in the event loop. While it is on,

- ``time()`` of asyncio's loops is virtual time, and timers of one moment keep their order (``call_at``);
- a loop in which nothing is ready jumps to its next live timer (``_time.event_loops``, ``_time.timeline``), so that
  gather, wait_for, scopes and cancellation are those of real time;
- a ``threading.Timer`` waits in it;
- ``time.sleep``, ``time.time``, ``time.monotonic`` and their ``_ns`` variants go with it; names bound by
  ``from time import sleep`` before are replaced as well. ``time.perf_counter`` stays real.

A loop takes part as soon as it reads its time, which it does before it waits for a timer: it may run already,
or be made later, by whatever runner.
"""

from __future__ import annotations

import asyncio
import math
import os
import sys
import time
from asyncio.base_events import BaseEventLoop
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import wraps
from itertools import count
from threading import Event, RLock, Timer, current_thread, get_ident
from typing import Any

from fakellm._time.bystanders import Bystanders, outside
from fakellm._time.children import replacements
from fakellm._time.event_loops import (
    Later,
    LoopOnTime,
    check_loop,
    foreign_loops,
    is_reachable,
    running_loop,
    running_loops,
)
from fakellm._time.timeline import Timeline

__all__ = ["VirtualTime", "is_virtual", "outside_virtual_time", "virtual_time"]


class VirtualTime:
    """What a test holds while virtual time is on: a Clock that knows how long everything took.

    elapsed: seconds of virtual time since it began. sleeps: the stretches that were waited for, in seconds
    and in order, whoever waited: two tasks that sleep for 2 and 5 seconds at once make [2, 3]. Both are to
    the microsecond, and stay as they are when virtual time ends.
    """

    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self._elapsed = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since virtual time began."""
        return round(self._elapsed, 6)

    def now(self) -> float:
        """Return the seconds since virtual time began."""
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        """Wait in the calling thread."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Wait in the calling task."""
        if running_loop() is None:  # another library runs the task, on a clock of its own
            time.sleep(seconds)  # noqa: ASYNC251 - which this advances without waiting
        else:
            await asyncio.sleep(seconds)

    def _watch(self, jumped: float, ran: float) -> None:
        self._elapsed += jumped + ran
        if round(jumped, 6) > 0:
            self.sleeps.append(round(jumped, 6))

    def __repr__(self) -> str:
        return f"<VirtualTime, {self.elapsed:g} s elapsed in {len(self.sleeps)} waits>"


@contextmanager
def virtual_time() -> Iterator[VirtualTime]:
    """Let nothing wait for real while the block runs; nested blocks share one time.

    Raises:
        UsageError: a running loop that keeps its time elsewhere, such as uvloop's; later ones raise it when
            they start to run.
    """
    running = running_loop()
    if running is not None and get_ident() not in outside:
        check_loop(running)
    clock = VirtualTime()
    watch = clock._watch  # noqa: SLF001 - it is this module's own
    with _lock:
        if not _worlds:
            _worlds.append(_World())
        world = _worlds[0]
        world.timeline.add_watcher(watch)
    try:
        yield clock
    finally:
        with _lock:
            if not world.timeline.remove_watcher(watch):
                _worlds.clear()
                world.end()


@contextmanager
def outside_virtual_time() -> Iterator[None]:
    """Let the calling thread, its loop included, stay in real time: a server whose pace is to be real."""
    outside.add(get_ident())
    try:
        yield
    finally:
        outside.discard(get_ident())


def is_virtual() -> bool:
    """Whether virtual time is on for the calling thread."""
    return _world() is not None


_lock = RLock()
_worlds: list[_World] = []  # the one that is on, if any


def _world() -> _World | None:
    """Return the world of this thread; None in real time, where a forked process is as well."""
    for world in _worlds:
        return None if get_ident() in outside or world.pid != os.getpid() else world
    return None


def _bystanders() -> Bystanders | None:
    world = _world()
    return None if world is None else world.timeline.bystanders


class _World:
    """Everything that is different while virtual time is on."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._real_monotonic = time.monotonic
        self._loops: dict[BaseEventLoop, LoopOnTime] = {}
        self._refused: set[Any] = set()
        self._turns = count()
        start, wall = time.monotonic(), time.time()
        self.timeline = Timeline(start)
        monotonic = _rising(self.timeline.now)
        clock = _rising(lambda: wall + (self.timeline.now() - start))
        with ExitStack() as undo:
            self._undo = undo
            self._replace(time, "monotonic", _instead(monotonic))
            self._replace(time, "monotonic_ns", _instead(lambda: int(monotonic() * 1e9)))
            self._replace(time, "time", _instead(clock))
            self._replace(time, "time_ns", _instead(lambda: int(clock() * 1e9)))
            for owner, name in [(time, "sleep"), *_names_bound_to(time.sleep)]:
                self._replace(owner, name, _sleep)
            self._replace(BaseEventLoop, "time", _loop_time)
            self._replace(BaseEventLoop, "call_at", _call_at)
            self._replace(BaseEventLoop, "run_in_executor", _run_in_executor)
            self._replace(ThreadPoolExecutor, "submit", _submit)
            self._replace(Event, "wait", _wait_of_timer)
            self._replace(Timer, "cancel", _cancel_timer)
            for owner, name, make in replacements(_bystanders):
                self._replace(owner, name, make)
            for kind in foreign_loops():
                self._replace(kind, "run_forever", _refuse)
            self._join_running_loops()
            self._undo = undo.pop_all()  # nothing went wrong, so it stays until the end

    def join(self, loop: Any) -> None:
        """Let a loop take part, if it does not yet."""
        with _lock:
            if loop not in self._loops and not loop.is_closed():
                waiter = self._loops[loop] = LoopOnTime(loop, self.timeline)
                self._replace(waiter.selector, "select", lambda _: lambda timeout=None: waiter.select(timeout))

    def refuse(self, loop: Any) -> None:
        """Refuse a loop that keeps its time elsewhere, once: its runner must be able to clean up.

        Raises:
            UsageError: always, the first time.
        """
        if loop not in self._refused:
            self._refused.add(loop)
            check_loop(loop)

    def turn(self) -> int:
        """Return a number higher than all before."""
        return next(self._turns)

    def end(self) -> None:
        """Put everything back; wake those who still wait in virtual time."""
        self._undo.close()
        lead = self.timeline.now() - self._real_monotonic()
        for loop in list(self._loops.values()):
            loop.leave(lead)
        self.timeline.end()

    def _replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        original, own = getattr(owner, name), name in vars(owner)
        replaced = wraps(original)(make(original))

        def restore() -> None:
            # Whoever replaced it after us holds on to ours, which does what the original does by then.
            if vars(owner).get(name) is not replaced:
                return
            if own:
                setattr(owner, name, original)
            else:
                delattr(owner, name)

        setattr(owner, name, replaced)
        self._undo.callback(restore)

    def _join_running_loops(self) -> None:
        """Find the loops that run in any thread; wake those that wait for real."""
        for ident, loop in running_loops():
            if ident not in outside and is_reachable(loop):
                self.join(loop)
                self._loops[loop].wake()


def _names_bound_to(function: Any) -> Iterator[tuple[Any, str]]:
    """Yield (module, name) of globals that are this function, as after ``from time import sleep``.

    The standard library and pytest mean their own time. Defaults of arguments and attributes of classes are
    not found.
    """
    for name, module in list(sys.modules.items()):
        package = name.partition(".")[0]
        if package not in sys.stdlib_module_names and package not in ("_pytest", "fakellm"):
            names = getattr(module, "__dict__", {})
            yield from [(module, key) for key, value in list(names.items()) if value is function]


def _rising(read: Callable[[], float]) -> Callable[[], float]:
    """Make a clock that stands still rise by the least that a float can, for code that divides by a duration."""
    last = -math.inf

    def rise() -> float:
        nonlocal last
        last = max(read(), math.nextafter(last, math.inf))
        return last

    return rise


# What the originals are replaced by. All of them do what the original does once virtual time is over, and in
# threads that stay outside.


def _instead(read: Callable[[], Any]) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        return lambda: original() if _world() is None else read()

    return make


def _sleep(original: Any) -> Any:
    def sleep(seconds: Any, /) -> None:
        world = _world()
        # The original knows what to say about odd numbers; Popen sleeps between two looks at its child.
        if world is None or not 0 < seconds < math.inf or world.timeline.bystanders.is_in_wait():
            original(seconds)
        elif (left := world.timeline.sleep(float(seconds))) > 0:
            original(left)

    return sleep


def _loop_time(original: Any) -> Any:
    def loop_time(self: Any) -> float:
        world = _world()
        if world is None or not is_reachable(self):
            return original(self)  # type: ignore[no-any-return]
        world.join(self)
        return world.timeline.now()

    return loop_time


def _call_at(original: Any) -> Any:
    def call_at(self: Any, when: Any, *args: Any, **kwargs: Any) -> Any:
        world = _world()
        if world is not None and when is not None:
            check_loop(self)
            world.join(self)
            when = Later(when, world.turn())
        return original(self, when, *args, **kwargs)

    return call_at


def _run_in_executor(original: Any) -> Any:
    def run_in_executor(self: Any, executor: Any, *args: Any) -> Any:
        world, job = _world(), original(self, executor, *args)
        if world is not None and executor is not None and not isinstance(executor, ThreadPoolExecutor):
            world.timeline.bystanders.add_foreign_job(job)
        return job

    return run_in_executor


def _submit(original: Any) -> Any:
    def submit(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        world, job = _world(), original(self, *args, **kwargs)
        if world is not None:
            world.timeline.bystanders.add_job(job, self)
        return job

    return submit


def _wait_of_timer(original: Any) -> Any:
    def wait(self: Any, timeout: Any = None) -> Any:
        # Here rather than in ``run``, which a timer that repeats itself has of its own.
        if timeout is None or not isinstance(timer := current_thread(), Timer) or timer.finished is not self:
            return original(self, timeout)
        if (world := _world()) is None or not 0 < timeout < math.inf:
            return original(self, timeout)
        left = world.timeline.sleep(float(timeout), unless=self.is_set)
        return original(self, left)

    return wait


def _cancel_timer(original: Any) -> Any:
    def cancel(self: Any) -> None:
        original(self)
        if (world := _world()) is not None:
            world.timeline.stir()

    return cancel


def _refuse(original: Any) -> Any:
    def run_forever(self: Any) -> Any:
        world = _world()
        if world is not None:
            world.refuse(self)
        return original(self)

    return run_forever
