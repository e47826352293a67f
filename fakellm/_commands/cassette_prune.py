"""``fakellm cassette prune``: removes what no test uses any more, as the last session of all tests found it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from fakellm._cassette.leftovers import CACHE_KEY, Leftovers, fingerprint, without
from fakellm._cassette.save import change_cassette
from fakellm._commands.console import shown_progress
from fakellm._errors import CassetteError, UsageError

__all__ = ["run_prune"]


@dataclass(frozen=True, slots=True)
class _Leftover:
    """A file to delete, or to shorten by the interactions of these numbers."""

    path: Path
    mark: str
    numbers: tuple[int, ...] = ()

    def __str__(self) -> str:
        if not self.numbers:
            return f"orphaned: {self.path}"
        return f"unused: {self.path}: interaction {', '.join(map(str, self.numbers))}"


def run_prune(root: str, *, delete: bool) -> int:
    """Show what is left over, or remove it; return 0 where nothing is left, 1 otherwise.

    Raises:
        UsageError: no session of all tests has left a note.
    """
    console = Console(emoji=False, highlight=False)
    found = list(_leftovers(Path(root)))
    left = 0
    for leftover in shown_progress(found, "removing" if delete else "looking", console):
        problem = _remove(leftover) if delete else _changed(leftover)
        left += bool(problem) or not delete
        text, style = (f"{leftover}: {problem}", "red") if problem else (str(leftover), None)
        console.print(text, style=style, markup=False, soft_wrap=True)
    console.print(_sum(found, left=left, delete=delete), soft_wrap=True)
    return 1 if left else 0


def _leftovers(root: Path) -> Iterator[_Leftover]:
    found = _read(root)
    yield from (_Leftover(root / path, mark) for path, mark in sorted(found.orphans.items()))
    yield from (_Leftover(root / path, mark, numbers) for path, (mark, numbers) in sorted(found.unused.items()))


def _read(root: Path) -> Leftovers:
    place = root / ".pytest_cache" / "v" / CACHE_KEY
    try:
        return Leftovers.from_json(json.loads(place.read_text(encoding="utf-8")))
    except (OSError, ValueError) as err:
        raise UsageError(
            f"nothing is known about what tests use: {_unread(place, err)}\n"
            "  a session of all tests notes it: type pytest, without -k, -m or a list of tests, and then this again\n"
            "  in another folder than the root of the tests: fakellm cassette prune --root FOLDER"
        ) from err


def _unread(place: Path, err: OSError | ValueError) -> str:
    """Say why a note cannot be read."""
    if isinstance(err, FileNotFoundError):
        return f"there is no {place}"
    return f"{place} cannot be read: {err.strerror if isinstance(err, OSError) else err}"


def _changed(leftover: _Leftover) -> str:
    """Say why a file is left alone; nothing where it can go."""
    try:
        same = fingerprint(leftover.path.read_bytes()) == leftover.mark
    except OSError as err:
        return f"left alone: {err.strerror}"
    return "" if same else "left alone: it has changed since the tests ran; run them again"


def _remove(leftover: _Leftover) -> str:
    if problem := _changed(leftover):
        return problem
    try:
        if leftover.numbers:
            change_cassette(str(leftover.path), lambda held: without(held, leftover.numbers))
        else:
            leftover.path.unlink()
    except CassetteError as err:
        return f"left alone: {err}"
    except OSError as err:
        return f"left alone: {err.strerror}"
    return ""


def _sum(found: Sequence[_Leftover], *, left: int, delete: bool) -> str:
    orphans = sum(not leftover.numbers for leftover in found)
    interactions = sum(len(leftover.numbers) for leftover in found)
    text = f"orphaned files: {orphans}, unused interactions: {interactions}"
    if not found:
        return text
    return f"{text}, left alone: {left}" if delete else f"{text}; to remove them: fakellm cassette prune --delete"
