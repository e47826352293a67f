"""How a test runs once for each trouble; imported when the first one that is marked so is set up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest import TestCase

import pytest

from fakellm import Trial, UsageError
from fakellm._exploring.explore import FAULTS, FRAMINGS, Experiment
from fakellm._exploring.trouble import troubles
from pytest_fakellm.marker_lines import place_of
from pytest_fakellm.state import TABLE, TROUBLE_MARKERS

__all__ = ["check", "runs"]

_DEFAULTS: dict[str, Iterable[object]] = {"llm_faults": FAULTS, "llm_framings": FRAMINGS}


def check(item: pytest.Item) -> None:
    """Fail the setup of a test whose marker is wrong, at the line of the marker."""
    for name in TROUBLE_MARKERS:
        if (mark := item.get_closest_marker(name)) is None:
            continue
        try:
            _check_mark(mark, item)
        except UsageError as err:
            text = f"{place_of(mark, item)}: UsageError: the marker {name}: {err}"
            raise pytest.fail.Exception(text, pytrace=False) from None


def _check_mark(mark: pytest.Mark, item: pytest.Item) -> None:
    if mark.kwargs:
        raise UsageError(f"it takes positional arguments only, got {min(mark.kwargs)}=")
    if issubclass(getattr(item, "cls", None) or object, TestCase):
        raise UsageError(
            "unittest runs its methods itself, each once\n  take a plain function, or call explore() in it"
        )
    troubles(*(mark.args if mark.name == name else () for name in TROUBLE_MARKERS))


def runs(item: pytest.Function) -> Iterator[AbstractContextManager[None]]:
    """Yield a context manager for each run of a test: the clean one, then the trials, each told as a subtest."""
    used: dict[str, Any] = item.funcargs
    faults, framings = (_troubles_of(item, name) for name in TROUBLE_MARKERS)
    experiment = Experiment(used["fake_llm"], faults=faults, framings=framings)
    for attempt in experiment:
        yield attempt
        if len(experiment.trials):
            _report(experiment.trials[-1], used["subtests"])
            item.stash[TABLE] = "\n".join(experiment.trials.table())


def _troubles_of(item: pytest.Item, name: str) -> Iterable[object]:
    """Return the troubles of a marker: its arguments, or the usual ones; none without the marker."""
    mark = item.get_closest_marker(name)
    return () if mark is None else mark.args or _DEFAULTS[name]


def _report(trial: Trial, subtests: pytest.Subtests) -> None:
    __tracebackhide__ = True
    with subtests.test(f"call {trial.call}: {trial.trouble}"):
        if trial.error is not None:
            trial.error.add_note(f"call {trial.call} ({trial.asked}) met {trial.trouble}\nto replay it: {trial.replay}")
            raise trial.error
