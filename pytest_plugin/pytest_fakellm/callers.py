"""Who is about to connect: which lines of the user's code, through which libraries, asking which model."""

from __future__ import annotations

import asyncio
import gc
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import PurePath
from types import CoroutineType, FrameType
from typing import Any, NamedTuple

__all__ = ["OWN", "Callers", "callers", "is_users", "package_of"]

OWN = ("pytest_fakellm", "fakellm", "_pytest", "pytest", "pluggy")
"""Packages of the test runner and of this project, which are neither a user's nor a library of theirs."""
_SHOWN = 6
_MODEL = r'"model"\s*:\s*"([^"\\]{1,100})"'
_DEEPEST = 100  # frames of a task
_MOST_BYTES = 1_000_000
_BODIES = ("body", "_body", "_content", "data", "_data")  # attributes of requests in requests, httpx, urllib, aiohttp


class Callers(NamedTuple):
    """Findings on the stack. lines_of_user: innermost first. libraries: outermost first. model: the one asked for."""

    lines_of_user: tuple[str, ...]
    libraries: tuple[str, ...]
    model: str | None

    def lines(self) -> list[str]:
        """Return it as text."""
        through = f"through {', '.join(self.libraries)}" if self.libraries else "directly"
        about = f"{f'for model {self.model!r}, ' if self.model else ''}{through}"
        shown = self.lines_of_user or ("a task or thread that no line of the project is waiting in",)
        return [about, *(f"{'at' if n == 0 else 'by'} {line}" for n, line in enumerate(shown))]


def callers() -> Callers:
    """Look at the stack of the calling thread."""
    frames = _with_waiting(list(_frames(sys._getframe(1))))  # noqa: SLF001  # there is no public way in 3.11
    user = [frame for frame in frames if is_users(frame)]
    lines = tuple(_shown(frame) for frame in user[:_SHOWN])
    return Callers(lines, _libraries(frames), next(_models(frames), None))


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames, innermost first, up to the test runner."""
    while frame is not None:
        package = package_of(frame)
        if package in ("_pytest", "pluggy"):
            return
        if package not in OWN:
            yield frame
        frame = frame.f_back


def _with_waiting(frames: list[FrameType]) -> list[FrameType]:
    """Put in what waits for this task, where a library began it on its own, as aiohttp does to look up a host."""
    end = next((n for n, frame in enumerate(frames) if package_of(frame) == "asyncio"), len(frames))
    if end == len(frames) or any(is_users(frame) for frame in frames[:end]):
        return frames
    libraries = {package_of(frame) for frame in frames[:end]}
    waiting = [chain for chain in _chains() if libraries & {package_of(frame) for frame in chain}]
    return [*frames[:end], *(frame for chain in waiting for frame in chain), *frames[end:]]


def _chains() -> Iterator[list[FrameType]]:
    """Yield the frames of each other task of the running loop, innermost first."""
    loop = asyncio._get_running_loop()  # noqa: SLF001  # asyncio.get_running_loop raises where there is none
    for task in (asyncio.all_tasks(loop) - {asyncio.current_task(loop)}) if loop is not None else ():
        chain: list[FrameType] = []
        awaited: object = task.get_coro()
        while isinstance(awaited, CoroutineType) and awaited.cr_frame is not None and len(chain) < _DEEPEST:
            chain.append(awaited.cr_frame)
            awaited = _innermost(awaited.cr_await)
        yield chain[::-1]


def _innermost(awaited: object) -> object:
    """Return the coroutine that is awaited, also behind an object whose ``__await__`` hides it."""
    if isinstance(awaited, CoroutineType):
        return awaited
    return next((hidden for hidden in gc.get_referents(awaited) if isinstance(hidden, CoroutineType)), None)


def package_of(frame: FrameType) -> str:
    """Return the package whose code a frame runs."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def is_users(frame: FrameType) -> bool:
    """Whether a frame runs code of the user's project."""
    name = frame.f_code.co_filename
    return not (name.startswith(_installed()) or package_of(frame) in OWN)


@cache
def _installed() -> tuple[str, ...]:
    """Return how the files of code begin that is installed, or in no file; most sessions never ask."""
    return ("<", *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def _shown(frame: FrameType) -> str:
    return f"{PurePath(frame.f_code.co_filename).name}:{frame.f_lineno} in {frame.f_code.co_name}"


def _libraries(frames: Iterable[FrameType]) -> tuple[str, ...]:
    """Return the packages between the user's code and the socket."""
    names: dict[str, None] = {}
    for frame in frames:
        if is_users(frame):
            break
        package = package_of(frame)
        if package not in ("socket", "threading", "concurrent", "asyncio"):
            names[package] = None
    return tuple(reversed(names))


def _models(frames: Iterable[FrameType]) -> Iterator[str]:
    """Yield the models that requests on the stack ask for, as far as they can be seen."""
    for frame in frames:
        for value in list(frame.f_locals.values()):
            try:
                found = list(_models_in(value))
            except Exception:  # noqa: BLE001  # a proxy of the user's may raise anything when looked at
                continue
            yield from found


def _models_in(value: Any) -> Iterator[str]:
    body = value
    if not isinstance(value, str | bytes | Mapping):
        own = getattr(value, "__dict__", None)
        known = own if isinstance(own, Mapping) else {}
        body = next((known[name] for name in _BODIES if known.get(name) is not None), None)
    if isinstance(body, Mapping):
        yield from (model for part in (body, body.get("json")) if (model := _model_of(part)))
    elif isinstance(body, str | bytes) and len(body) <= _MOST_BYTES:
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        yield from re.findall(_MODEL, text)


def _model_of(value: Any) -> str | None:
    model = value.get("model") if isinstance(value, Mapping) else None
    return model if isinstance(model, str) else None
