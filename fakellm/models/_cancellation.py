"""One switch that calls off any number of pending operations."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # asyncio takes longer to import than this package; only its Future's type is needed
    from asyncio import Future


class CancellationToken:
    """A switch, usable from any thread, that is thrown once and stays thrown.

    >>> token = CancellationToken()
    >>> token.add_callback(lambda: print("called off"))
    >>> token.cancel()
    called off
    """

    def __init__(self) -> None:
        """Start switched off, with nothing to call off."""
        self._cancelled = False
        # Reentrant: a callback may look at the token that calls it.
        self._lock = threading.RLock()
        self._callbacks: list[Callable[[], object]] = []

    def cancel(self) -> None:
        """Throw the switch and run the callbacks in the order they were added; later calls do nothing."""
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            for callback in self._callbacks:
                callback()

    def is_cancelled(self) -> bool:
        """Tell whether the switch was thrown."""
        with self._lock:
            return self._cancelled

    def add_callback(self, callback: Callable[[], None]) -> None:
        """Have `callback` run on `cancel`, or at once when that has already happened."""
        self._call_when_cancelled(callback)

    def link_future(self, future: "Future[Any]") -> "Future[Any]":
        """Have `future` cancelled together with this token and return it; a finished one is left as it is."""
        self._call_when_cancelled(future.cancel)
        return future

    def _call_when_cancelled(self, callback: Callable[[], object]) -> None:
        with self._lock:
            if self._cancelled:
                callback()
            else:
                self._callbacks.append(callback)
