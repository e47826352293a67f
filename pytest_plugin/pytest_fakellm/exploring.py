"""The markers llm_faults and llm_framings: a test that runs clean once, then once for each trouble of each model call.

Like the plugin itself, this imports pytest and the standard library alone; what it needs beyond is in ``experiments``,
imported where a test has one of the markers.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from pytest_fakellm.state import TABLE, TROUBLE_MARKERS, marks_of

_RUNS: pytest.StashKey[bool] = pytest.StashKey()
_VARIABLE = "FAKELLM_TRIAL"
_DESCRIPTIONS = (
    "llm_faults(*faults): run the test clean, then once for each model call and fault, as subtests; "
    "without arguments, for a choice of faults",
    "llm_framings(*framings): run the test clean, then once for each stream and framing, as subtests; "
    "without arguments, for all framings",
)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; tell explore() which trial to run."""
    for description in _DESCRIPTIONS:
        config.addinivalue_line("markers", description)
    if trial := config.getoption("llm_trial"):
        patch = pytest.MonkeyPatch()
        patch.setenv(_VARIABLE, trial)
        config.add_cleanup(patch.undo)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let the markers bring the fixtures that they need."""
    names = getattr(item, "fixturenames", None)
    if names is not None and _is_marked(item):
        missing = [name for name in ("fake_llm", "subtests") if name not in names]
        item.fixturenames = [*names, *missing]  # type: ignore[attr-defined]  # a new list: parameters share theirs


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the hooks that run a test again be called where there is such a test alone: they cost each test 15 µs."""
    if any(map(_is_marked, session.items)):
        _register(session.config.pluginmanager)


def see_marks_of_fixtures(item: pytest.Item) -> None:
    """Let them be called for a test that a fixture has marked since it was collected, or its class, or its module."""
    if _is_marked(item) and _register(item.config.pluginmanager):
        check_marks(item)  # it was set up before


def _register(manager: pytest.PytestPluginManager) -> bool:
    """Return whether they were not there."""
    if manager.has_plugin("fakellm-runs"):
        return False
    manager.register(_Runs(), "fakellm-runs")
    return True


def check_marks(item: pytest.Item) -> None:
    """Refuse the markers where they are wrong, or where nothing could be run again."""
    from pytest_fakellm.experiments import check

    check(item)


def _is_marked(item: pytest.Item) -> bool:
    return any(mark.name in TROUBLE_MARKERS for mark in marks_of(item))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a fault or framing among the parameters of a test as it is typed."""
    kind = type(val)
    return repr(val) if (kind.__module__, kind.__name__) == ("fakellm._script.transform", "Transform") else None


class _Runs:
    """The hooks around a test that has one of the markers."""

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Check the markers."""
        if _is_marked(item):
            check_marks(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Run a test that has one of the markers again and again, by whatever runs it once, sync or async."""
        __tracebackhide__ = True
        if not _is_marked(pyfuncitem) or pyfuncitem.stash.get(_RUNS, False):
            return (yield)
        from pytest_fakellm.experiments import runs

        attempts = runs(pyfuncitem)
        with next(attempts):  # the clean one; a wrapper may call what it wraps just once
            result = yield
        pyfuncitem.stash[_RUNS] = True
        try:
            for attempt in attempts:
                with attempt:
                    pyfuncitem.ihook.pytest_pyfunc_call(pyfuncitem=pyfuncitem)
        finally:
            pyfuncitem.stash[_RUNS] = False
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Put the table on the test's last report, with which it travels to the terminal."""
        report = yield
        if call.when == "teardown" and (table := item.stash.get(TABLE, None)) is not None:
            report.fakellm_trials = table
        return report
