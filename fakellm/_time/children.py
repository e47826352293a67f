"""Child processes that somebody waits for, or asks after: what they do takes real time, which no jump may overtake.

Waited for is a child in ``wait`` or ``communicate`` of ``subprocess`` and asyncio, and in ``join`` of
``multiprocessing``; asked after, in ``poll`` and ``is_alive``. A child that merely runs, such as a server that is
spoken to through pipes, holds up nothing by itself; nor does one whose pipes are read before it is waited for, as
anyio's ``run_process`` does, since that looks the same.
"""

from __future__ import annotations

import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Iterator
from typing import Any

from fakellm._time.bystanders import Bystanders

__all__ = ["replacements"]

Replacement = tuple[Any, str, Callable[[Any], Any]]


def replacements(around: Callable[[], Bystanders | None]) -> Iterator[Replacement]:
    """Yield (owner, name, what makes the replacement of the original) of all that waits for a child or asks after one.

    around: returns the bystanders of this thread; None in real time.
    """
    waiting = _waiting(around)
    for name in ("wait", "communicate"):
        yield subprocess.Popen, name, waiting
        yield Process, name, _awaiting(around)
    yield subprocess.Popen, "poll", _asking(around, lambda code: code is None)
    # Both take long to import, and who has not done so by now has no such child.
    if processes := sys.modules.get("multiprocessing.process"):
        yield processes.BaseProcess, "join", waiting
        yield processes.BaseProcess, "is_alive", _asking(around, bool)
    if pools := sys.modules.get("concurrent.futures.process"):
        yield pools.ProcessPoolExecutor, "submit", _submitting(around)


def _waiting(around: Callable[[], Bystanders | None]) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        def wait(*args: Any, **kwargs: Any) -> Any:
            if (bystanders := around()) is None:
                return original(*args, **kwargs)
            with bystanders.child_waited_for(in_thread=True):
                return original(*args, **kwargs)

        return wait

    return make


def _awaiting(around: Callable[[], Bystanders | None]) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        async def wait(*args: Any, **kwargs: Any) -> Any:
            if (bystanders := around()) is None:
                return await original(*args, **kwargs)
            with bystanders.child_waited_for(in_thread=False):
                return await original(*args, **kwargs)

        return wait

    return make


def _asking(around: Callable[[], Bystanders | None], still_runs: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        def ask(child: Any) -> Any:
            answer, bystanders = original(child), around()
            if bystanders is not None:
                bystanders.child_asked_after(still_runs=still_runs(answer))
            return answer

        return ask

    return make


def _submitting(around: Callable[[], Bystanders | None]) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        def submit(*args: Any, **kwargs: Any) -> Any:
            job, bystanders = original(*args, **kwargs), around()
            if bystanders is not None:
                bystanders.add_foreign_job(job)
            return job

        return submit

    return make
