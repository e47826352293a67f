"""All mistakes of a script file, told together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from fakellm._errors import ScriptFormatError

__all__ = ["Mistakes"]

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Item = TypeVar("_Item")


class Mistakes:
    """What is wrong with one mapping of a script and what it holds; true where something is.

    A reader notes each part, goes on with the next, and calls ``tell`` before it uses what it has read.
    """

    def __init__(self) -> None:
        self._found: list[ScriptFormatError] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def note(self, read: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        """Return what a reader returns; None where it finds a mistake."""
        try:
            return read(*args, **kwargs)
        except ScriptFormatError as err:
            self._found.append(err)
            return None

    def note_each(self, read: Callable[[_Item], _T], items: Iterable[_Item]) -> list[_T]:
        """Return what a reader makes of items, without those that hold a mistake."""
        made: list[_T] = []
        for item in items:
            self.note(lambda item: made.append(read(item)), item)
        return made

    def tell(self) -> None:
        """Raise one error that tells all, in the order of their lines.

        Raises:
            ScriptFormatError: there is something to tell.
        """
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            told = sorted((one for error in self._found for one in error.mistakes), key=lambda one: one[1] or 0)
            (message, line), *further = told
            raise ScriptFormatError(message, path=self._found[0].path, line=line, further=further)
