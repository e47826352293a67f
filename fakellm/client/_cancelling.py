"""Waits that a CancellationToken calls off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Generator
from typing import Any, Generic, TypeVar

from fakellm.models import CancellationToken

__all__ = ["cancellable", "cancellable_parts"]

T = TypeVar("T")


class _Link:
    """Calls off what is waited for at the moment.

    One link serves all waits of a stream: a token keeps what is linked to it for as long as it lives.
    """

    def __init__(self, token: CancellationToken) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: Any = None
        self._token = token
        token.add_callback(self._cancel)

    async def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait; a token that is cancelled meanwhile, or was before, raises CancelledError inside the coroutine."""
        if self._token.is_cancelled():
            coroutine.close()
            raise asyncio.CancelledError
        try:
            return await _Watched(coroutine, self)
        finally:
            self._waiting = None

    @property
    def is_cancelled(self) -> bool:
        """Whether the token is."""
        return self._token.is_cancelled()

    def watch(self, waiting: Any) -> None:
        """Take what the coroutine waits for now: a future, or None where it only lets others run."""
        self._waiting = waiting

    def _cancel(self) -> None:
        if self._waiting is not None:
            # The token may be cancelled in another thread, where a future must not be touched.
            self._loop.call_soon_threadsafe(self._cancel_waiting)

    def _cancel_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()


class _Watched(Generic[T]):
    """A coroutine run in the caller's task, telling a link what it waits for.

    Cancelling that future is what Task.cancel() does; a task of its own for each chunk of a stream would take
    longer than everything else that is done with the chunk.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T], link: _Link) -> None:
        self._steps = coroutine.__await__()
        self._link = link

    def __await__(self) -> Generator[Any, Any, T]:
        is_told = False  # once: what the coroutine awaits to clean up goes on undisturbed
        try:
            waiting = next(self._steps)
            while True:
                self._link.watch(waiting)
                try:
                    sent = yield waiting
                except BaseException as err:  # noqa: BLE001  # handed on, as ``yield from`` does
                    is_told = True
                    waiting = self._steps.throw(err)
                    continue
                if self._link.is_cancelled and not is_told:  # while there was no future to cancel
                    is_told = True
                    waiting = self._steps.throw(asyncio.CancelledError())
                else:
                    waiting = self._steps.send(sent)
        except StopIteration as stop:
            result: T = stop.value
            return result


async def cancellable(coroutine: Coroutine[Any, Any, T], token: CancellationToken) -> T:
    """Wait for a coroutine; a token that is cancelled meanwhile, or was before, cancels it."""
    return await _Link(token).wait(coroutine)


async def cancellable_parts(parts: AsyncGenerator[T, None], token: CancellationToken) -> AsyncGenerator[T, None]:
    """Yield parts; a token that is cancelled ends the wait for the next one with CancelledError."""
    link = _Link(token)
    try:
        while True:
            yield await link.wait(_following(parts))
    except StopAsyncIteration:
        return
    finally:
        await parts.aclose()


async def _following(parts: AsyncGenerator[T, None]) -> T:
    return await anext(parts)
