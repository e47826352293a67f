"""Which scenarios a test plays; imported when the first test that takes a scenario fixture is collected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from fakellm import UsageError, scenarios
from fakellm.scenarios import Scenario
from fakellm.scenarios._library import unknown_name
from fakellm.scenarios._scenario import checked_endpoint
from pytest_fakellm.marker_lines import place_of
from pytest_fakellm.state import SCENARIO_FIXTURES

__all__ = ["parametrize"]

_MARKER = "llm_scenarios"

_OF_FOLDER: pytest.StashKey[list[Scenario]] = pytest.StashKey()


def parametrize(metafunc: pytest.Metafunc, taken: list[str]) -> None:
    """Run a test once for each scenario of its family, or of those that its markers name. taken: its fixtures.

    The nearest marker that names scenarios says which, the nearest one with an endpoint at which API.
    """
    marks = list(metafunc.definition.iter_markers(_MARKER))
    for mark in marks:
        with _told_at(metafunc, mark):
            _check(mark)
    naming = next((mark for mark in marks if mark.args), None)
    endpoint = next((mark.kwargs["endpoint"] for mark in marks if mark.kwargs), "chat")
    with _told_at(metafunc, naming or next(iter(marks), None)):
        chosen = _chosen(_members(metafunc.config, _only(taken)), naming and naming.args, endpoint)
    metafunc.parametrize(taken[0], chosen, ids=[scenario.name for scenario in chosen], indirect=True)


@contextmanager
def _told_at(metafunc: pytest.Metafunc, mark: pytest.Mark | None) -> Iterator[None]:
    """Tell a mistake at the line of a marker, or of the test."""
    try:
        yield
    except UsageError as err:
        raise pytest.Collector.CollectError(f"{_place(metafunc, mark)}: {type(err).__name__}: {err}") from None


def _check(mark: pytest.Mark) -> None:
    unknown = [name for name in mark.kwargs if name != "endpoint"]
    if unknown or not (mark.args or mark.kwargs):
        got = f"{min(unknown)}=" if unknown else "none"
        raise UsageError(
            f"the marker llm_scenarios takes names of scenarios and endpoint=, got {got}\n"
            "  type: @pytest.mark.llm_scenarios('length', 'content_filter')"
        )
    checked_endpoint(mark.kwargs.get("endpoint", "chat"))


def _only(taken: list[str]) -> str:
    """Return the one scenario fixture of a test."""
    if not taken:
        raise UsageError(
            f"the marker llm_scenarios chooses among the scenarios of a fixture, and the test takes none\n"
            f"  take one of {', '.join(SCENARIO_FIXTURES)}"
        )
    if len(taken) > 1:
        raise UsageError(f"a test plays one scenario at a time, and this one takes {' and '.join(taken)}")
    return taken[0]


def _members(config: pytest.Config, fixture: str) -> dict[str, Scenario]:
    """Return the scenarios of a fixture by name: those that ship, those registered, those of the ini's folder."""
    family = SCENARIO_FIXTURES[fixture]
    members = {scenario.name: scenario for scenario in scenarios.family(family)}
    for scenario in _of_folder(config):
        if family in scenario.families:
            if scenario.name in members:
                raise UsageError(f"the family {family!r} has a scenario {scenario.name!r} already; rename its file")
            members[scenario.name] = scenario.of(family)
    return members


def _of_folder(config: pytest.Config) -> list[Scenario]:
    folder = config.getini("llm_scenario_dir")
    if _OF_FOLDER not in config.stash:
        config.stash[_OF_FOLDER] = scenarios.load(config.rootpath / folder) if folder else []
    return config.stash[_OF_FOLDER]


def _chosen(members: dict[str, Scenario], names: Sequence[str] | None, endpoint: str) -> list[Scenario]:
    """Return the scenarios of these names; without names, all that can be asked at an API."""
    if names is None:
        return [scenario.at(endpoint) for scenario in members.values() if scenario.is_for(endpoint)]
    for name in names:
        if name not in members:
            raise UsageError(_unknown(name, list(members)))
        members[name].request_for(endpoint)  # raises where it cannot be asked there
    return [members[name].at(endpoint) for name in dict.fromkeys(names)]


def _unknown(name: object, members: list[str]) -> str:
    elsewhere = [
        fixture
        for fixture, family in SCENARIO_FIXTURES.items()
        if name not in members and name in [scenario.name for scenario in scenarios.family(family)]
    ]
    more = f"\n  {name!r} is one of {' and '.join(elsewhere)}" if elsewhere else ""
    return unknown_name(name, members) + more


def _place(metafunc: pytest.Metafunc, mark: pytest.Mark | None) -> str:
    definition = metafunc.definition
    if mark is not None:
        return place_of(mark, definition)
    path, line, _ = definition.location
    return f"{path}:{(line or 0) + 1}"
