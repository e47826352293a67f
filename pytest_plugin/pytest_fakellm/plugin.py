"""Hooks, markers and fixtures.

At start-up this imports pytest and the standard library and nothing else, not even fakellm: a suite that
does not use the fixtures does not pay for them. What the fixtures need is in ``sessions``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fakellm import Cassette, FakeLLM

API_KEY = "sk-fakellm"
"""The key that stands in for one that is not set."""

KEY_NAMES = (
    "ANTHROPIC_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "DEEPSEEK_API_KEY",
    "GEMINI_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
    "SILICONFLOW_API_KEY",
)
"""Environment variables that hold the keys of model providers."""

_MARKERS = (
    "fake_llm(strict=True, seed=0, models=None, provider=None, allow_unmatched=False, allow_rejected=False, "
    "allow_unused=False): arguments for the FakeLLM of the fixture fake_llm",
    "llm_cassette(path): replay a recorded session in this test; "
    "path is relative to the test file, or to the root of the project",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the ini options."""
    parser.addini(
        "llm_api_key",
        "value for OPENAI_API_KEY from the start of the session where it is not set, for clients that a "
        "conftest.py builds at import",
        default="",
    )


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the key that the ini asks for before the first conftest.py is imported."""
    if key := early_config.getini("llm_api_key"):
        os.environ.setdefault("OPENAI_API_KEY", key)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Collect once more with a stand-in key where a module builds a client at import and there is none.

    Only for keys of model providers, and nothing is hidden: the module did not load, so none of its tests would
    have run. The key is gone again when the module is imported.
    """
    report = yield
    if not report.failed:
        return report
    complaint = str(report.longrepr)
    missing = [name for name in KEY_NAMES if name not in os.environ and re.search(rf"\b{name}\b", complaint)]
    if not missing:
        return report
    with pytest.MonkeyPatch.context() as patch:
        for name in missing:
            patch.setenv(name, API_KEY)
        again: pytest.CollectReport = collector.ihook.pytest_make_collect_report(collector=collector)
    return again


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let the marker llm_cassette bring its fixture along."""
    names = getattr(item, "fixturenames", None)
    if names is not None and item.get_closest_marker("llm_cassette") and "llm_cassette" not in names:
        # A new list: the parameters of a test share theirs, and the marker may be on one of them.
        item.fixturenames = [*names, "llm_cassette"]  # type: ignore[attr-defined]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Check, when the test body has ended well, that nothing passed by accident; report what was said."""
    try:
        result = yield
    except BaseException:
        _report(item, with_problems=True)
        raise
    if problem := _check(item):
        _report(item, with_problems=False)
        pytest.fail(problem, pytrace=False)
    return result


@pytest.fixture
def fake_llm(request: pytest.FixtureRequest) -> Iterator[FakeLLM]:
    """A FakeLLM that answers for every httpx and httpx2 client in the process, checked when the test ends."""
    from pytest_fakellm.sessions import fake_session

    __tracebackhide__ = True
    yield from fake_session(request)


@pytest.fixture
def llm_cassette(request: pytest.FixtureRequest) -> Iterator[Cassette]:
    """The Cassette that the marker llm_cassette names; where fake_llm is used too, its rules are asked first."""
    from pytest_fakellm.sessions import cassette_session

    __tracebackhide__ = True
    yield from cassette_session(request)


def _check(item: pytest.Item) -> str | None:
    """Return what failed the check of the test's fake or cassette, or None; imports only what a fixture did."""
    if (session := item.stash.get(SESSION, None)) is None:
        return None
    return session.check()


def _report(item: pytest.Item, *, with_problems: bool) -> None:
    if (session := item.stash.get(SESSION, None)) is not None:
        session.failed = True
        for title, text in session.sections(with_problems=with_problems):
            item.add_report_section("call", title, text)


class Session:
    """What one test asked: its fake or cassette, seen by the hooks."""

    def __init__(self, answering: FakeLLM | Cassette) -> None:
        self.answering = answering
        self.failed = False
        self.checked = False

    def check(self) -> str | None:
        """Return why the test must fail, or None."""
        self.checked = True
        try:
            self.answering.check()
        except AssertionError as err:
            return f"{type(err).__name__}: {err}"
        return None

    def sections(self, *, with_problems: bool) -> Iterator[tuple[str, str]]:
        """Yield (title, text) for the report of a failed test."""
        if transcript := self.answering.transcript():
            yield "fakellm transcript", transcript
        problem = self.check() if with_problems else None
        if problem:
            yield "fakellm check", problem


SESSION = pytest.StashKey[Session]()
