"""Values whose constructors tell a misspelt field with the nearest one, and what to type instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, TypeVar

from fakellm._errors import UsageError, did_you_mean

__all__ = ["naming_fields"]

T = TypeVar("T")


def naming_fields(*, example: str = "") -> Callable[[type[T]], type[T]]:
    """Have a dataclass answer a misspelt field with those that it has. example: what was probably meant, in words."""

    def decorate(cls: type[T]) -> type[T]:
        known = [field.name for field in fields(cls) if field.init]  # type: ignore[arg-type]  # T is a dataclass
        construct: Callable[..., None] = cls.__init__

        @wraps(construct)
        def told(self: T, *args: Any, **given: Any) -> None:
            __tracebackhide__ = True
            if unknown := given.keys() - set(known):
                takes = f"it takes {', '.join(f'{name}=' for name in known)}"
                hint = did_you_mean(min(unknown), known, then=takes)
                advice = f"\n  {example}" if example else ""
                raise UsageError(f"{cls.__name__} has no field {min(unknown)!r}{hint}{advice}")
            construct(self, *args, **given)

        cls.__init__ = told  # type: ignore[method-assign, assignment]
        return cls

    return decorate
