"""The traceback of a failure that fakellm explains, below it or in the exception: the user's lines, one report.

Neither holds for ``--full-trace`` and ``--tb=native``, which show all. Imported when such a failure is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, dropwhile
from traceback import walk_tb
from types import TracebackType
from typing import Any

import pytest

from fakellm import CassetteError, UsageError
from pytest_fakellm.callers import OWN, is_users, package_of
from pytest_fakellm.guard import BlockedConnectionError

__all__ = ["is_a_mistake", "is_of_a_request", "say_once", "users_lines"]

_ESCAPED = r"""[^ -~]|["'\\]"""  # what a repr or JSON may write otherwise
_SEE = " … (see fakellm check below)"


def is_of_a_request(error: BaseException) -> bool:
    """Whether an exception tells of an HTTP request, itself or through what caused it.

    Those of httpx, requests and the SDKs hold the request or the response. Only classes and what instances hold are
    looked at: the property of httpx raises where there is no request.
    """
    return any(
        isinstance(one, BlockedConnectionError)
        or any(name in vars(one) or hasattr(type(one), name) for name in ("request", "response"))
        for one in _chain(error)
    )


def is_a_mistake(error: BaseException) -> bool:
    """Whether an exception says itself what the user's own line has done wrong."""
    return isinstance(error, UsageError | CassetteError)


@contextmanager
def users_lines(excinfo: pytest.ExceptionInfo[BaseException]) -> Iterator[list[str]]:
    """Leave frames of libraries out of an exception's tracebacks while the block runs; yield the libraries left out.

    Causes that no line of the user's is in are left out whole.
    """
    errors = list(_chain(excinfo.value))
    own = [_users(error.__traceback__) for error in errors]
    if own[0] is None:
        yield []
        return
    *between, last = range(max(n for n, lines in enumerate(own) if lines is not None) + 1)
    whole, tracebacks = excinfo.traceback, [error.__traceback__ for error in errors]
    cause, is_suppressed = errors[last].__cause__, errors[last].__suppress_context__
    try:
        excinfo.traceback = type(whole)(own[0])  # not whole.filter(): pytest cuts at the raw frames again
        for n in (*between, last)[1:]:
            errors[n].__traceback__ = own[n] or tracebacks[n]
        errors[last].__cause__ = None
        yield _libraries(tracebacks)
    finally:
        excinfo.traceback = whole
        for error, traceback in zip(errors, tracebacks, strict=True):
            error.__traceback__ = traceback
        errors[last].__cause__, errors[last].__suppress_context__ = cause, is_suppressed


def say_once(longrepr: Any, headlines: Iterable[str], *, left_out: list[str]) -> None:
    """Cut, in the representation of an exception, what its message repeats of the report.

    headlines: the first words of what is told below. left_out: libraries whose frames are not shown.
    """
    words = [plain for headline in headlines if (plain := re.split(_ESCAPED, headline)[0].rstrip())]
    for traceback, crash, _ in getattr(longrepr, "chain", ()):
        for entry in traceback.reprentries:
            entry.lines[:] = _cut_lines(entry.lines, words)
        if crash is not None:
            crash.message = _cut(crash.message, words)
    if left_out:
        longrepr.reprtraceback.extraline = f"frames of {', '.join(left_out)} left out; pytest --full-trace shows them"


def _cut_lines(lines: list[str], words: list[str]) -> Iterator[str]:
    """Yield the lines of an entry; of its message, which stands at its end, only what comes before the report."""
    for n, line in enumerate(lines, 1):
        if line.startswith("E ") and (cut := _cut(line, words, goes_on=n < len(lines))) != line:
            yield cut
            return
        yield line


def _cut(text: str, words: list[str], *, goes_on: bool = False) -> str:
    """Return a text up to the end of the first words that it holds. goes_on: whether more lines follow it."""
    for some in words:
        before, found, rest = text.partition(some)
        if found and (rest or goes_on):
            return f"{before}{found}{_SEE}"
    return text


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, then its causes as pytest shows them."""
    seen: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in seen:
        seen.append(one)
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _users(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback of the user's frames alone; None where there is none."""
    if traceback is None:
        return None
    rest = _users(traceback.tb_next)
    if not is_users(traceback.tb_frame):
        return rest
    return TracebackType(rest, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)


def _libraries(tracebacks: Iterable[TracebackType | None]) -> list[str]:
    """Return the packages below the user's first line, and those of causes, in order."""
    first, *causes = [[frame for frame, _ in walk_tb(traceback)] for traceback in tracebacks]
    below = dropwhile(lambda frame: not is_users(frame), first)
    names = dict.fromkeys(package_of(frame) for frame in chain(below, *causes) if not is_users(frame))
    return [name for name in names if name not in OWN]
