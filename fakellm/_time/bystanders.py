"""Who else is at work in the process: threads and jobs that a jump in virtual time must not overtake.

Whether somebody who waits is about to go on can be seen from outside only in part. So a jump asks how long
everything has been quiet, in real seconds, and asks for more the further it goes:

================================================================  ================================
somebody                                                          the jump waits
================================================================  ================================
computes, blocks in a system call, is given a job, is woken       until that ends
waits for a child process; asked after one less than a second ago until that ends
waits for a lock, a queue, a future                               a hundredth of the way, 20–500 ms
listens on a socket or a pipe, or has a child process             a tenth of the way, 50 ms–1 s
is idle in a pool, waits in virtual time, or was there before     not at all
================================================================  ================================

This module owns the private names of ``threading``, ``concurrent.futures`` and anyio's worker threads;
tests/time/test_virtual_time.py checks them on every supported version.
"""

from __future__ import annotations

import asyncio
import gc
import math
import queue
import selectors
import socket
import sys
import threading
from collections.abc import Container, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import thread as thread_pool
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from types import CodeType, FrameType
from typing import Any

__all__ = ["LISTENING", "Bystanders", "innermost_frames", "outside"]

Job = Future[Any]


@dataclass(frozen=True, slots=True)
class Quiet:
    """How long it must have been quiet before a jump: a share of its length, within bounds, in seconds."""

    share: float
    least: float
    most: float

    def before(self, distance: float) -> float:
        """Return the real seconds of quiet that a jump over a distance needs."""
        return min(max(distance * self.share, self.least), self.most)


BUSY = Quiet(0, float("inf"), float("inf"))
# A thread that is woken runs within microseconds on an idle machine, within some 10 ms on a crowded one.
WAITING = Quiet(0.01, 0.02, 0.5)
# A server on the loopback answers within milliseconds; a guard of ten seconds and more means a slow one.
LISTENING = Quiet(0.1, 0.05, 1.0)

ASKED_AGAIN = 1.0  # s, real: who waits for a child by asking after it does so several times a second


def _codes(owner: object, *names: str) -> Iterator[CodeType]:
    """Yield the code of those Python methods that this version of Python has."""
    for name in names:
        code = getattr(vars(owner).get(name), "__code__", None)
        if code is not None:
            yield code


_POOL_WORKER = thread_pool._worker.__code__
_CONDITION_WAIT = threading.Condition.wait.__code__
_QUEUE_GET = queue.Queue.get.__code__

# The innermost Python function of a thread that waits for others.
_PARKED = frozenset(
    [
        _CONDITION_WAIT,
        *_codes(threading.Thread, "join", "_wait_for_tstate_lock"),  # the latter until 3.12
        *_codes(socket.socket, "accept"),
        *(code for kind in vars(selectors).values() if isinstance(kind, type) for code in _codes(kind, "select")),
    ]
)

# asyncio's own thread that waits for a child process: always on 3.11, without pidfd later; private since 3.14.
_WATCHING = frozenset(
    code
    for name, kind in vars(sys.modules.get("asyncio.unix_events", asyncio)).items()
    if name.endswith("ThreadedChildWatcher")
    for code in _codes(kind, "_do_waitpid")
)

outside: set[int] = set()  # idents of the threads that stay in real time, which nobody waits for


def innermost_frames() -> dict[int, FrameType]:
    """Return the innermost frame of every thread, by its ident.

    On 3.11 a collection of garbage inside ``sys._current_frames`` can deadlock with a thread that starts or
    ends. Source: https://github.com/python/cpython/issues/106883
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames()
    finally:
        if collects:
            gc.enable()


class Bystanders:
    """The threads and jobs around, from the moment virtual time begins."""

    def __init__(self) -> None:
        frames = innermost_frames()
        me = threading.current_thread()
        # Threads of pytest, coverage, exporters … would hold up every jump: whoever was there before counts
        # once it takes part. A pool takes jobs at any time.
        self._ignored = {
            thread
            for thread in threading.enumerate()
            if thread is not me and not _is_pool_worker(thread, frames.get(thread.ident or 0))
        }
        self._jobs: dict[Job, ThreadPoolExecutor] = {}
        self._foreign_jobs: set[asyncio.Future[Any] | Job] = set()
        self._in_wait: list[int] = []  # who waits for a child: idents of threads, 0 for a task
        self._asked_at = -math.inf  # when somebody was told that a child still runs

    def take_part(self, thread: threading.Thread) -> None:
        """Count a thread that was there before virtual time began."""
        self._ignored.discard(thread)

    def add_job(self, job: Job, pool: ThreadPoolExecutor) -> None:
        """Count a job of a thread pool until somebody took it up."""
        self._jobs[job] = pool
        job.add_done_callback(self._jobs.pop)

    @contextmanager
    def child_waited_for(self, *, in_thread: bool) -> Iterator[None]:
        """Count a child process as at work while the block runs. in_thread: whether it holds up the whole thread."""
        waits = threading.get_ident() if in_thread else 0
        self._in_wait.append(waits)
        try:
            yield
        finally:
            self._in_wait.remove(waits)

    def child_asked_after(self, *, still_runs: bool) -> None:
        """Count a child process as at work for as long as somebody asks whether it still runs."""
        self._asked_at = perf_counter() if still_runs else -math.inf

    def is_in_wait(self) -> bool:
        """Whether this thread waits for a child process: it may sleep between two looks, for real."""
        return threading.get_ident() in self._in_wait

    def add_foreign_job(self, job: asyncio.Future[Any] | Job) -> None:
        """Count a job whose work is not seen from here, as in another process, until it is done."""
        self._foreign_jobs.add(job)
        job.add_done_callback(self._foreign_jobs.discard)

    def quiet_before(self, distance: float, *, waiting: Container[int | None]) -> float:
        """Return the real seconds of quiet that a jump needs, inf while somebody works.

        waiting: idents of threads that wait in virtual time, and so need no quiet.
        """
        return max((quiet.before(distance) for quiet in self._needs(waiting)), default=0.0)

    def _needs(self, waiting: Container[int | None]) -> Iterator[Quiet]:
        frames = innermost_frames()
        taken_up_any_moment = (not j.running() and _has_idle_worker(p, frames) for j, p in list(self._jobs.items()))
        has_children = self._in_wait or perf_counter() - self._asked_at < ASKED_AGAIN
        if self._foreign_jobs or has_children or any(taken_up_any_moment):
            yield BUSY
        # Looked at after the jobs: who took one up meanwhile is seen at work, or has left its result as news.
        frames = innermost_frames()
        for thread in threading.enumerate():
            known = thread in self._ignored or thread.ident in waiting or thread.ident in outside
            if not known and not isinstance(thread, threading._DummyThread):
                yield from _needs_of(thread, frames.get(thread.ident or 0))


def _needs_of(thread: threading.Thread, frame: FrameType | None) -> Iterator[Quiet]:
    if frame is None:  # about to start, or just ended
        yield BUSY
    elif _asks_anyio_for_a_job(frame):
        if thread not in getattr(thread, "idle_workers", ()):  # it has been given one
            yield BUSY
    elif frame.f_code in _PARKED:
        yield BUSY if _is_notified(frame) else WAITING
    elif frame.f_code in _WATCHING:
        yield LISTENING
    elif frame.f_code is not _POOL_WORKER:
        yield BUSY


def _has_idle_worker(pool: ThreadPoolExecutor, frames: dict[int, FrameType]) -> bool:
    at = [frames.get(worker.ident or 0) for worker in list(pool._threads)]
    return any(frame is None or frame.f_code is _POOL_WORKER for frame in at)


def _asks_anyio_for_a_job(frame: FrameType) -> bool:
    asks = frame.f_back is not None and frame.f_back.f_code is _QUEUE_GET and frame.f_back.f_back
    return bool(asks and asks.f_code.co_name == "run" and hasattr(asks.f_locals.get("self"), "idle_workers"))


def _is_notified(frame: FrameType) -> bool:
    """Whether a thread in ``Condition.wait`` has been notified, but has not gone on yet."""
    if frame.f_code is not _CONDITION_WAIT:
        return False
    waiter = frame.f_locals.get("waiter")
    return waiter is None or not waiter.locked()


def _is_pool_worker(thread: threading.Thread, frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code is _POOL_WORKER:
            return True
        frame = frame.f_back
    return hasattr(thread, "idle_workers")  # anyio's
