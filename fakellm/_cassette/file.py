"""Cassette files on the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path

from fakellm._cassette.format import read_interactions
from fakellm._cassette.interaction import Interaction
from fakellm._errors import CassetteError, CassetteFormatError, CassetteNotFoundError, UsageError
from fakellm._wire.canonical import digest

__all__ = ["find_cassettes", "locked", "read_cassette", "replace_text", "written_since"]


def read_cassette(path: str | os.PathLike[str]) -> list[Interaction]:
    """Read a cassette file.

    Raises:
        CassetteNotFoundError: there is none at this path.
        CassetteFormatError: it cannot be read.
        UsageError: no path is like this, with a NUL in it say.
    """
    shown = os.fspath(path)
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise CassetteNotFoundError(_missing(Path(path))) from None
    except OSError as err:
        raise CassetteFormatError(f"cannot be read: {err.strerror}", path=shown) from err
    except ValueError as err:
        raise UsageError(f"{shown!r} cannot be the path of a cassette: {err}") from err
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        raise CassetteFormatError("not UTF-8 text", path=shown, line=line) from err
    return read_interactions(text, path=shown)


def find_cassettes(places: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return (files, problems): the files among places, and the cassettes in the folders among them and below.

    The files are in the order of the places and of their names. problems: one for each folder that holds none.
    """
    files: list[str] = []
    problems: list[str] = []
    for place in places:
        if not os.path.isdir(place):
            files.append(place)
        elif found := sorted(str(path) for path in Path(place).rglob("*") if _may_be_cassette(path)):
            files += found
        else:
            problems.append(
                f'there is no cassette in {place} or below: looked for *.yaml, *.yml, and *.json with "interactions"\n'
                "  type the folder that they are in: by default, cassettes/ beside the tests"
            )
    return files, problems


def _may_be_cassette(path: Path) -> bool:
    # JSON has many uses, and fixtures of other tools lie beside cassettes.
    return path.is_file() and (
        path.suffix in (".yaml", ".yml") or (path.suffix == ".json" and b'"interactions"' in path.read_bytes())
    )


_PATIENCE = 60.0  # seconds; whoever holds the lock reads and writes one file
_POLL = 0.005  # seconds; that takes a few milliseconds


@contextmanager
def locked(path: str | os.PathLike[str]) -> Iterator[None]:
    """Keep every other process and thread that asks for the same file waiting while the block runs.

    The lock lies in the folder for temporary files, so that none is left beside the cassettes.

    Raises:
        CassetteError: another one has held it for a minute.
    """
    import tempfile

    from filelock import FileLock, Timeout

    folder = Path(tempfile.gettempdir(), f"fakellm-locks-{getattr(os, 'getuid', int)()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(folder / f"{digest(os.path.realpath(path)).hex()}.lock")
    try:
        with lock.acquire(timeout=_PATIENCE, poll_interval=_POLL):
            yield
    except Timeout as err:
        raise CassetteError(
            f"{os.fspath(path)} was not saved: another process is writing it; lock {err.lock_file}"
        ) from err


def replace_text(path: str | os.PathLike[str], text: str) -> bool:
    """Give a file this text, all of it or none; return whether it has changed.

    The text goes into a file beside it first, which then takes its place, so that whoever reads, and whatever
    is killed on the way, meets the old file or the new one. Mode and owner stay as they are. Call it inside ``locked``.
    """
    data = text.encode("utf-8", "backslashreplace")
    target = Path(os.path.realpath(path))
    if target.is_file() and target.read_bytes() == data:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_parts(target)
    part = target.with_name(f"{_part_prefix(target)}{os.getpid()}.part")
    try:
        with open(part, "wb", opener=_open_privately if target.exists() else None) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            _keep_access(part, target.stat())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return True


def _open_privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # until it has the mode of the file that it takes the place of


def _keep_access(part: Path, old: os.stat_result) -> None:
    """Give a file the owner, where that is allowed, and the mode of the one that it replaces."""
    if hasattr(os, "chown"):  # not on Windows
        with suppress(PermissionError):  # only root gives files away: in a container, to whom the folder belongs
            os.chown(part, old.st_uid, old.st_gid)
    part.chmod(stat.S_IMODE(old.st_mode))


def written_since(path: str | os.PathLike[str], moment: float) -> bool:
    """Whether there is a file that was written at a moment or later, in seconds since 1970."""
    try:
        return os.stat(path).st_mtime >= moment
    except (OSError, ValueError):  # ValueError: no path is like this
        return False


def _part_prefix(target: Path) -> str:
    return f".{digest(target.name, size=6).hex()}-"


def _clear_parts(target: Path) -> None:
    """Remove what a process left behind that was killed while it wrote this file."""
    for part in target.parent.glob(f"{_part_prefix(target)}*.part"):
        part.unlink(missing_ok=True)


def _missing(path: Path) -> str:
    names = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, names, n=1, cutoff=0.8)
    lines = [f"there is no cassette at {path}", *(f"  the nearest name there: {name}" for name in near)]
    return "\n".join([*lines, f"  to record one: use_cassette({str(path)!r}, mode='once')"])
