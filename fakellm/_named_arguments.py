"""Functions and constructors that tell a misspelt argument with the nearest one, and what to type instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import wraps
from inspect import Parameter, signature
from typing import Any, ParamSpec, TypeVar

from fakellm._errors import UsageError, did_you_mean

__all__ = ["naming_arguments", "naming_fields"]

T = TypeVar("T")
P = ParamSpec("P")


def naming_arguments(
    what: str, *, noun: str = "argument", names: Sequence[str] = (), before: str = "", example: str = ""
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Have a function answer an unknown keyword with those that it takes.

    what: how messages name the function, and noun an argument of it. names: those to list; by default all that can be
    given by keyword. before: what stands before the list. example: what was probably meant, in words.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        known = set(_keywords(function))
        listed = names or _keywords(function)

        @wraps(function)
        def told(*args: P.args, **given: P.kwargs) -> T:
            __tracebackhide__ = True
            try:
                return function(*args, **given)
            except TypeError:
                if not (unknown := given.keys() - known):
                    raise
            takes = f"it takes {before}{', '.join(f'{name}=' for name in listed)}"
            hint = did_you_mean(min(unknown), listed, then=takes)
            advice = f"\n  {example}" if example else ""
            raise UsageError(f"{what} has no {noun} {min(unknown)!r}{hint}{advice}")

        return told

    return decorate


def naming_fields(*, example: str = "") -> Callable[[type[T]], type[T]]:
    """Have a dataclass answer a misspelt field with those that it has. example: what was probably meant, in words."""

    def decorate(cls: type[T]) -> type[T]:
        names = [field.name for field in fields(cls) if field.init]  # type: ignore[arg-type]  # T is a dataclass
        decorated = naming_arguments(cls.__name__, noun="field", names=names, example=example)(cls.__init__)
        cls.__init__ = decorated  # type: ignore[method-assign]
        return cls

    return decorate


def _keywords(function: Callable[..., Any]) -> list[str]:
    """Return the names that a function takes by keyword, ``self`` aside."""
    parameters = signature(function).parameters.values()
    return [one.name for one in parameters if one.kind in _BY_KEYWORD and one.name != "self"]


_BY_KEYWORD = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
