"""Output to the terminal: with ``-v`` a line for each call, at the end a summary of all tests and workers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_fakellm.summary import Summary

__all__ = ["Terminal"]

_ORPHANS = "fakellm_orphans"


class Terminal:
    """The hooks that look at the whole session.

    The figures come with the last report of each test, which pytest-xdist brings to the controller; what a worker alone
    knows comes as its output.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._items: list[pytest.Item] = []
        self._tables: dict[str, str] = {}

    @cached_property
    def _summary(self) -> Summary:
        from pytest_fakellm.summary import Summary  # most sessions have nothing to sum up

        return Summary()

    @property
    def _is_idle(self) -> bool:
        return "_summary" not in vars(self)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Remember all tests that there are, before some are deselected."""
        self._items = list(items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up the figures; show a line for each call where tests are shown by line; keep the table of trials."""
        if (table := getattr(report, "fakellm_trials", None)) is not None:
            self._tables[report.nodeid] = table
        if (tally := getattr(report, "fakellm", None)) is None:
            return
        self._summary.add(tally)
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or not tally["lines"]:
            return
        # Beside the lines of other workers, a call must say whose it is.
        whose = f"{report.nodeid} " if hasattr(report, "node") else ""
        reporter.ensure_newline()
        reporter.write("\n".join(f"  {whose}{line}" for line in tally["lines"]))
        reporter.currentfspath = -2  # a line that is not ended, as the reporter itself leaves it

    def pytest_sessionfinish(self) -> None:
        """Look for cassettes that no test answers to; a worker hands them over."""
        if self._is_idle:
            return
        if self._items and self._summary.cassettes and not self._is_partial():
            from pytest_fakellm.orphans import find_orphans

            self._summary.orphans |= set(find_orphans(self._items, self._config, used=self._summary.cassettes))
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_ORPHANS] = sorted(self._summary.orphans)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of pytest-xdist found."""
        if found := getattr(node, "workeroutput", {}).get(_ORPHANS):
            self._summary.orphans.update(found)

    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        """Write what each test with trials survives, and the summary where there is something to tell."""
        for node, table in sorted(self._tables.items()):
            terminalreporter.write_sep("-", f"fakellm trials of {node}")
            terminalreporter.write_line(table)
        if not (self._is_idle or self._summary.is_empty):
            self._write_summary(terminalreporter, exitstatus)

    def _write_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        terminalreporter.section("fakellm")
        is_partial = self._is_partial() or bool(terminalreporter.stats.get("deselected"))
        for line in self._summary.lines(is_partial=is_partial):
            terminalreporter.write_line(line)
        # A test that fails may have left unplayed what it plays otherwise.
        if not is_partial and exitstatus == pytest.ExitCode.OK:
            self._keep_leftovers()

    def _keep_leftovers(self) -> None:
        """Note for ``fakellm cassette prune`` what a session of all tests has not used."""
        is_chosen = self._config.args_source is pytest.Config.ArgsSource.ARGS
        if is_chosen or not self._config.pluginmanager.has_plugin("cacheprovider"):
            return
        from fakellm._cassette.leftovers import CACHE_KEY, leftovers_of

        root, cache = self._config.rootpath, self._config.cache
        found = leftovers_of(
            orphans=sorted(self._summary.orphans),
            unused=self._summary.unused,
            read=lambda path: (root / path).read_bytes(),
        )
        if cache is not None:
            cache.set(CACHE_KEY, found)

    def _is_partial(self) -> bool:
        """Whether some of the tests are left out, so that what is not used may be theirs."""
        option = self._config.option
        chosen = any(getattr(option, name, None) for name in ("keyword", "markexpr", "lf", "deselect"))
        return chosen or any("::" in str(argument) for argument in self._config.args)
