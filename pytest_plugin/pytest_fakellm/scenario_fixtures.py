"""Fixtures that run a test once for each scenario of a family.

Like the plugin itself, this imports pytest and the standard library alone; what it needs beyond is in
``scenario_choice``, imported where a test takes one of the fixtures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_fakellm.state import SCENARIO_FIXTURES

if TYPE_CHECKING:
    from fakellm import FakeLLM, VirtualTime
    from fakellm.scenarios import Scenario

_MARKER = (
    "llm_scenarios(*names, endpoint='chat'): the scenarios of its family that the scenario fixture of the test plays, "
    "and the API at which they are asked"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the ini option."""
    parser.addini(
        "llm_scenario_dir", "folder of script files, relative to rootdir, that are scenarios as well", default=""
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes a scenario fixture once for each scenario."""
    taken = [name for name in metafunc.fixturenames if name in SCENARIO_FIXTURES]
    if taken or any(mark.name == "llm_scenarios" for mark in metafunc.definition.own_markers):
        from pytest_fakellm.scenario_choice import parametrize

        parametrize(metafunc, taken)


@pytest.fixture
def llm_create_scenario(request: pytest.FixtureRequest, fake_llm: FakeLLM, llm_clock: VirtualTime) -> Scenario:
    """Each situation in which a client gets a whole answer, in turn, on virtual time."""
    return _play(request, fake_llm)


@pytest.fixture
def llm_stream_scenario(request: pytest.FixtureRequest, fake_llm: FakeLLM, llm_clock: VirtualTime) -> Scenario:
    """Each situation in which a client reads a stream, in turn, on virtual time."""
    return _play(request, fake_llm)


@pytest.fixture
def llm_usage_scenario(request: pytest.FixtureRequest, fake_llm: FakeLLM, llm_clock: VirtualTime) -> Scenario:
    """Each kind of usage that an answer may carry, in turn, on virtual time."""
    return _play(request, fake_llm)


@pytest.fixture
def llm_finish_reason_scenario(request: pytest.FixtureRequest, fake_llm: FakeLLM, llm_clock: VirtualTime) -> Scenario:
    """Each reason for which an answer may end, in turn, on virtual time."""
    return _play(request, fake_llm)


@pytest.fixture
def llm_error_scenario(request: pytest.FixtureRequest, fake_llm: FakeLLM, llm_clock: VirtualTime) -> Scenario:
    """Each situation in which something goes wrong, for good or for a while, in turn, on virtual time."""
    return _play(request, fake_llm)


def _play(request: pytest.FixtureRequest, llm: FakeLLM) -> Scenario:
    scenario: Scenario | None = getattr(request, "param", None)
    if scenario is None:
        pytest.fail(
            f"UsageError: {request.fixturename} runs a test once for each scenario, so it cannot be asked for while "
            f"the test runs\n  type: def {request.node.name}({request.fixturename}): ...",
            pytrace=False,
        )
    return scenario.on(llm)
