"""Which scenarios a test plays; imported when the first test that takes a scenario fixture is collected."""

from __future__ import annotations

import pytest

from fakellm import UsageError, scenarios
from fakellm.scenarios import Scenario
from fakellm.scenarios._library import unknown_name
from pytest_fakellm.marker_lines import place_of
from pytest_fakellm.state import SCENARIO_FIXTURES

__all__ = ["parametrize"]

_OF_FOLDER: pytest.StashKey[list[Scenario]] = pytest.StashKey()


def parametrize(metafunc: pytest.Metafunc, taken: list[str]) -> None:
    """Run a test once for each scenario of its family, or of those that its marker names. taken: its fixtures."""
    mark = metafunc.definition.get_closest_marker("llm_scenarios")
    try:
        chosen = _chosen(_members(metafunc.config, _only(taken)), mark)
    except UsageError as err:
        raise pytest.Collector.CollectError(f"{_place(metafunc, mark)}: {type(err).__name__}: {err}") from None
    metafunc.parametrize(taken[0], chosen, ids=[scenario.name for scenario in chosen], indirect=True)


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


def _chosen(members: dict[str, Scenario], mark: pytest.Mark | None) -> list[Scenario]:
    if mark is None:
        return list(members.values())
    if mark.kwargs or not mark.args:
        got = f"{min(mark.kwargs)}=" if mark.kwargs else "none"
        raise UsageError(
            f"the marker llm_scenarios takes names of scenarios, got {got}\n"
            "  type: @pytest.mark.llm_scenarios('length', 'content_filter')"
        )
    for name in mark.args:
        if name not in members:
            raise UsageError(_unknown(name, list(members)))
    return [members[name] for name in dict.fromkeys(mark.args)]


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
