"""Virtual time itself: what time it is, who waits until when, and the jump to the next of them.

The law, for any number of event loops and threads:

- time stands still while anything runs, and jumps only to the earliest moment that somebody waits for;
- it jumps only when all who take part wait and the bystanders have been quiet (``_time.bystanders``);
- nobody waits longer than in real time: where no jump is possible, waiting takes its real time, and code that
  reads the clock over and over without waiting sees it run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Condition, current_thread
from time import perf_counter

from fakellm._time.bystanders import LISTENING, Bystanders

__all__ = ["Timeline", "Waiter"]

STEP = 0.001  # s, real: how often one who cannot jump looks again
READS = 100_000  # of the clock without a move, a second or so of spinning, until time runs by itself

Watcher = Callable[[float, float], None]


class Waiter:
    """One who waits until a moment of virtual time. As it is: a thread in ``time.sleep``."""

    until = float("inf")

    def has_news(self) -> bool:
        """Whether something arrived for it that it has not taken yet."""
        return False

    def listens(self) -> bool:
        """Whether something may arrive for it from outside the process."""
        return False

    def wake(self) -> None:
        """Let it look at the time again; called from any thread."""


class _Stop:
    """A moment at which time stands still, until it has been read too often."""

    def __init__(self, at: float) -> None:
        self.at = at
        self._reads = count()
        self._running_since: float | None = None

    @property
    def ran(self) -> float:
        """How far time ran by itself."""
        return 0.0 if self._running_since is None else perf_counter() - self._running_since

    def read(self) -> float:
        if next(self._reads) >= READS and self._running_since is None:
            self._running_since = perf_counter()
        return self.at + self.ran


class Timeline:
    """Virtual time of one process, from a start on, in seconds."""

    def __init__(self, start: float) -> None:
        self.bystanders = Bystanders()
        self.is_over = False
        self.moves = 0
        self._watchers: list[Watcher] = []
        self._stop = _Stop(start)
        self._moved = Condition()
        self._waiting: dict[Waiter, int | None] = {}
        self._stirred = perf_counter()

    def now(self) -> float:
        """Return what time it is, to the code under test: being asked too often makes time run."""
        return self._stop.read()

    def has_come(self, moment: float) -> bool:
        """Whether a moment is here or over."""
        stop = self._stop
        return stop.at + stop.ran >= moment

    def add_watcher(self, watcher: Watcher) -> None:
        """Tell a watcher of every move: how far time jumped, and how far it ran by itself before."""
        self.bystanders.take_part(current_thread())
        with self._moved:
            self._move(self._stop.at + self._stop.ran)
            self._watchers.append(watcher)

    def remove_watcher(self, watcher: Watcher) -> int:
        """Tell a watcher no more. Returns: how many are left."""
        with self._moved:
            self._move(self._stop.at + self._stop.ran)
            self._watchers.remove(watcher)
            return len(self._watchers)

    def sleep(self, seconds: float, *, unless: Callable[[], bool] = lambda: False) -> float:
        """Wait in the calling thread. unless: ends it early, once ``stir`` was called.

        Returns: the seconds left where it ended early, or virtual time did.
        """
        until = self.now() + seconds
        with self.waiting(Waiter(), until) as patience:
            while not self.is_over and not self.has_come(until) and not unless():
                with self._moved:
                    pause = self.try_jump(patience())
                    if pause > 0 and not self.is_over and not unless():
                        self._moved.wait(pause)
        return max(0.0, until - self.now())

    def stir(self) -> None:
        """Let those who sleep look whether they still have to."""
        with self._moved:
            self._moved.notify_all()

    @contextmanager
    def waiting(self, waiter: Waiter, until: float, *, waited: float = 0.0) -> Iterator[Callable[[], float]]:
        """Take part as one who waits in this thread.

        waited: real seconds that it waited before, since time moved last. Yields: a function that says for
        how many real seconds it may wait on.
        """
        me, began = current_thread(), perf_counter() - waited
        with self._moved:
            waiter.until = until
            self._waiting[waiter] = me.ident
            self._stirred = perf_counter()
            self.bystanders.take_part(me)
        try:
            yield lambda: until - self._stop.at - (perf_counter() - began)
        finally:
            with self._moved:
                del self._waiting[waiter]
                self._stirred = perf_counter()

    def try_jump(self, patience: float) -> float:
        """Jump to the earliest moment that is waited for if all is quiet, or else if patience has run out.

        Returns: the real seconds after which to try again; 0 after a jump.
        """
        with self._moved:
            now = self._stop.at + self._stop.ran
            target = min((w.until for w in self._waiting if patience > 0 or w.until > now), default=now)
            pause = 0.0 if patience <= 0 else min(patience, self._pause_before(target - now))
            if pause <= 0:
                self._move(target)
            return pause

    def end(self) -> None:
        """Wake all who wait, for good."""
        with self._moved:
            self.is_over = True
            self._wake(list(self._waiting))

    def _pause_before(self, distance: float) -> float:
        """Return how long to wait before a jump over a distance; what must not go by is looked at again."""
        quiet = self._quiet_before(distance)
        if quiet == float("inf"):
            self._stirred = perf_counter()
            return STEP
        return self._stirred + min(quiet, distance) - perf_counter()

    def _quiet_before(self, distance: float) -> float:
        if distance <= 0:  # somebody's moment has come, and it has not gone on yet
            return float("inf")
        quiet = self.bystanders.quiet_before(distance, waiting=self._waiting.values())
        # After the look at the threads: what one of them left behind before it went idle is news.
        if any(waiter.has_news() for waiter in self._waiting):
            return float("inf")
        return max(quiet, LISTENING.before(distance)) if any(w.listens() for w in self._waiting) else quiet

    def _move(self, to: float) -> None:
        ran = self._stop.ran
        jumped = max(0.0, to - self._stop.at - ran)
        self._stop = _Stop(to)
        self._stirred = perf_counter()
        self.moves += 1
        for watcher in self._watchers:
            watcher(jumped, ran)
        self._wake([waiter for waiter in self._waiting if waiter.until <= to])

    def _wake(self, waiters: list[Waiter]) -> None:
        self._moved.notify_all()
        for waiter in waiters:
            waiter.wake()
