"""Test files of users of a framework, each in a project of its own: without a key, a setting or a network."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable

import pytest


@pytest.fixture
def run_tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a user's test file where its framework is installed: all pass, and nothing looks for the network."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def run(distribution: str, code: str, *, passed: int) -> None:
        try:
            importlib.metadata.distribution(distribution)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{distribution} is not installed")
        pytester.makepyfile(code)

        result = pytester.runpytest_subprocess("--llm-block-network")

        result.assert_outcomes(passed=passed)
        result.stdout.fnmatch_lines(["*; connections: 0 refused"])

    return run
