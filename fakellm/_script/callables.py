"""What a test hands over to be called: plain functions, since an answer is made without awaiting anything."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fakellm._errors import UsageError

__all__ = ["checked", "refuse_async"]


def refuse_async(given: object, argument: str) -> None:
    """Raise where a callable is asynchronous. argument: where it was given.

    Raises:
        UsageError: it is a function with ``async def``, or an object that is called like one.
    """
    call = getattr(type(given), "__call__", None)  # noqa: B004  # the method itself is looked at
    kinds = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    if any(is_async(function) for is_async in kinds for function in (given, call)):
        raise UsageError(
            f"{argument} got {named(given)}, an async function; fakellm calls it and does not await it, in sync and "
            "async clients alike\n  make it a plain def; what it needs to await, await before and let it return"
        )


def checked(function: Callable[[Any], object]) -> Callable[[Any], object]:
    """Return the function, raising where it gives something to await, which would hold for every request."""

    def call(value: Any) -> object:
        result = function(value)
        return result if result is True or result is False else settled(function, result)

    return call


def settled(function: object, result: object) -> object:
    """Return what a callable of the test's returned.

    Raises:
        UsageError: it has to be awaited first.
    """
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()  # or Python warns that it was never awaited
        raise UsageError(
            f"{named(function)} returned a {type(result).__name__}, and fakellm does not await it\n"
            "  make it return the value itself"
        )
    return result


def named(function: object) -> str:
    """Return the name of a callable, or how it shows itself."""
    return getattr(function, "__qualname__", repr(function))
