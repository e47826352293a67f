"""Output that several verbs share: problems, progress."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

__all__ = ["print_problems", "shown_progress"]

_Item = TypeVar("_Item")

_MANY = 5  # files from which on a bar is worth its line


def shown_progress(items: Sequence[_Item], doing: str, console: Console) -> Iterable[_Item]:
    """Return items to go through, with a bar in a terminal where they are many; it is gone at the end."""
    if len(items) < _MANY or not console.is_terminal:
        return items
    return track(items, doing, console=console, transient=True)


def print_problems(problems: Iterable[str], console: Console) -> None:
    """Print texts that say what is wrong, as they are."""
    for problem in problems:
        console.print(problem, style="red", markup=False, highlight=False, soft_wrap=True)
