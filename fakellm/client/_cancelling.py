"""Waits that a CancellationToken calls off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from fakellm.models import CancellationToken

__all__ = ["CancellableWaits"]

T = TypeVar("T")


class CancellableWaits:
    """Calls off what is waited for at the moment, with CancelledError.

    One serves all waits of a request: a token keeps what is linked to it for as long as it lives.

    The task that waits is cancelled, and told afterwards that it was not, as ``asyncio.timeout`` does. Cancelling
    the future that it waits for instead would be lost in code that asks the task whether it is cancelled, such as
    anyio's task groups, in which connections are made.
    """

    def __init__(self, token: CancellationToken) -> None:
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[Any] | None = None
        self._is_called_off = False
        self._token = token
        token.add_callback(self._call_off)

    async def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine; a token that is cancelled meanwhile, or was before, cancels it.

        A coroutine that has returned before it could be told returns what it returned; ``check`` says so.
        """
        if self._token.is_cancelled():
            coroutine.close()
            raise asyncio.CancelledError
        task = self._task = asyncio.current_task()
        try:
            result = await coroutine
            await self._settle()
        except Exception as err:
            await self._settle()
            if self._is_called_off:  # what the coroutine makes of its being cancelled
                raise asyncio.CancelledError from err
            raise
        finally:
            self._task = None
            if self._is_called_off and task is not None:
                task.uncancel()
        return result

    def check(self) -> None:
        """Raise CancelledError where the token is cancelled."""
        if self._token.is_cancelled():
            raise asyncio.CancelledError

    async def parts(self, parts: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Yield parts, waiting for each; close them at the end."""
        try:
            while True:
                yield await self.wait(_following(parts))
        except StopAsyncIteration:
            return
        finally:
            await parts.aclose()

    async def _settle(self) -> None:
        """Take the cancellation of a task that has not waited since it was cancelled."""
        if self._is_called_off:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)

    def _call_off(self) -> None:
        try:
            is_here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            is_here = False
        if is_here:
            self._cancel_task()
        elif self._task is not None:  # the token is cancelled in another thread, where no task must be touched
            self._loop.call_soon_threadsafe(self._cancel_task)

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._is_called_off = True
            self._task.cancel()


async def _following(parts: AsyncGenerator[T, None]) -> T:
    return await anext(parts)
