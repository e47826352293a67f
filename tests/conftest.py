"""What the whole suite shares: the ways in which a client can ask."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest
from ways import OFF_HTTPX, ON_HTTPX, Way, way_named

pytest_plugins = ["pytester"]

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(params=[*ON_HTTPX, *OFF_HTTPX])
def way(request: pytest.FixtureRequest) -> Way:
    """One suite over all six kinds of client."""
    pytest.importorskip(request.param.partition("-")[0])
    return way_named(request.param)


@pytest.fixture(params=ON_HTTPX)
def httpx_way(request: pytest.FixtureRequest) -> Way:
    """One suite over the four kinds of client that take a transport."""
    pytest.importorskip(request.param.partition("-")[0])
    return way_named(request.param)


@pytest.fixture
def real_cassettes() -> list[Path]:
    """The recorded sessions of real providers, where they are there."""
    if not (folder := os.environ.get("FAKELLM_REAL_CASSETTES")):
        pytest.skip("FAKELLM_REAL_CASSETTES names no folder of recorded sessions")
    return sorted(Path(folder).glob("*.yaml"))
