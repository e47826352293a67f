"""Hooks, markers and fixtures.

At start-up this imports pytest and the standard library and nothing else, not even fakellm: a suite that
does not use the fixtures does not pay for them. What the fixtures need is in ``sessions``; what can be set, and who
decides, in ``settings``; what the terminal shows, in ``terminal``.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_fakellm import exploring, scenario_fixtures
from pytest_fakellm.settings import MARKERS, add_options, check_session, marker_lines, wrong_mark
from pytest_fakellm.state import (
    API_KEY,
    BEGAN,
    GUARD,
    KEY_NAMES,
    KEYS,
    WATCH,
    StandInKeys,
    guard_of,
    marks_of,
    watch_of,
)
from pytest_fakellm.terminal import Terminal

if TYPE_CHECKING:
    from fakellm import Cassette, FakeLLM, Journal, OpenAIChatCompletionClient, VirtualTime

# Variables by which frameworks ask the network for nothing but models. Telemetry goes out from threads, so that a test
# under --llm-block-network failed in one run and not in the next.
_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # a list of prices, fetched at import, and waited for without a network
    "CREWAI_DISABLE_TELEMETRY": "true",
    "AGNO_TELEMETRY": "false",
    "HAYSTACK_TELEMETRY_ENABLED": "false",
}

# The running test, None between tests; the innermost session last, since a test may run one.
_running: list[pytest.Item | None] = []

# The fixtures being made, the innermost last.
_making: list[pytest.FixtureRequest] = []

# The fixtures under which a client may be built that has no key.
_ANSWERING = frozenset(("fake_llm", "llm_cassette", "llm_journal"))


class _Hooks:
    """The hook that the plugin calls."""

    def pytest_fakellm_configure(self, config: pytest.Config, llm: FakeLLM) -> None:
        """Prepare the FakeLLM of a test, before the test and its fixtures get it; in a conftest.py or a plugin."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the hook that the plugin calls, and the parts of it with hooks and fixtures of their own."""
    pluginmanager.add_hookspecs(_Hooks)
    for part in (exploring, scenario_fixtures):
        if not pluginmanager.is_registered(part):
            pluginmanager.register(part)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register options and ini options."""
    add_options(parser)
    parser.addini(
        "llm_api_key",
        "value for OPENAI_API_KEY from the start of the session where it is not set, for clients that a "
        "conftest.py builds at import",
        default="",
    )
    parser.addini(
        "llm_guard",
        "refuse connections to known hosts of model providers during the whole session, imports included",
        type="bool",
        default=False,
    )
    parser.addini(
        "llm_quiet",
        f"keep frameworks from asking the network for other things than models: sets {', '.join(_QUIET)} where they "
        "are not set (default: true)",
        type="bool",
        default=True,
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Set the variables that the ini asks for, and begin to guard, before the first conftest.py is imported."""
    if key := early_config.getini("llm_api_key"):
        os.environ.setdefault("OPENAI_API_KEY", key)
    if early_config.getini("llm_quiet"):
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
    _begin_to_guard(early_config, early_config.known_args_namespace)
    try:
        return (yield)
    except Exception as err:
        _advise_key(getattr(err, "cause", err))
        raise


def _advise_key(error: BaseException) -> None:
    """Add to the error of a conftest.py that builds a client without a key how it gets one."""
    if "OPENAI_API_KEY" in str(error) and "OPENAI_API_KEY" not in os.environ:
        error.add_note(
            "for a client that a conftest.py builds at import, set in the pytest ini: llm_api_key = sk-fakellm"
        )


def _begin_to_guard(config: pytest.Config, options: object) -> None:
    """Begin the guard of the whole session where options or ini ask for one."""
    blocks = getattr(options, "llm_block_network", None) or config.getini("llm_block_network")
    if GUARD in config.stash or not (blocks or config.getini("llm_guard")):
        return
    from pytest_fakellm.guard import allowed_by_ini

    guard, what, allowed = guard_of(config), "all" if blocks else "providers", allowed_by_ini(config)
    guard.begin(what, allowed=allowed)
    config.add_cleanup(lambda: guard.end(what, allowed=allowed))


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; refuse wrong settings before anything runs."""
    config.stash[BEGAN] = time.time()
    config.stash[KEYS] = StandInKeys()
    _running.append(None)
    config.add_cleanup(_end_session)
    for marker in marker_lines():
        config.addinivalue_line("markers", marker)
    check_session(config)
    _begin_to_guard(config, config.option)  # not begun yet where a conftest.py names the plugin
    config.pluginmanager.register(Terminal(config), "fakellm-terminal")


def _end_session() -> None:
    _running.pop()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Collect once more with a stand-in key where a module builds a client at import and there is none.

    Only for keys of model providers, and nothing is hidden: the module did not load, so none of its tests would
    have run. The key is gone again when the module is imported.
    """
    report = yield
    guard = collector.config.stash.get(GUARD, None)
    refusals = guard.take() if guard is not None else []
    if refusals and not report.failed:  # the module swallowed the error
        report.outcome = "failed"
        report.longrepr = "\n".join(f"BlockedConnectionError: {refusal}" for refusal in refusals)
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
    """Let the marker llm_cassette bring its fixture along, before all others that are the test's own."""
    names = getattr(item, "fixturenames", None)
    if names is not None and item.get_closest_marker("llm_cassette"):
        # A new list: the parameters of a test share theirs, and the marker may be on one of them.
        item.fixturenames = _with_recording_first(item, names)  # type: ignore[attr-defined]


def _with_recording_first(item: Any, names: Sequence[str]) -> list[str]:
    """Return the names of an item's fixtures, with the recording behind those that several tests share.

    Pytest sorts fixtures by scope, those that tests share first; there is no public way to ask for a fixture's scope.
    The one of pytest-recording keeps its place before: whichever of the two begins last answers.
    """
    known = item._fixtureinfo.name2fixturedefs  # noqa: SLF001
    others = [name for name in names if name != "llm_cassette"]
    own = [n for n, name in enumerate(others) if name in known and known[name][-1].scope == "function"]
    place = others.index("vcr") + 1 if "vcr" in others else min(own, default=len(others))
    return [*others[:place], "llm_cassette", *others[place:]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Set stand-in keys around a test that a fake answers, so that clients can be built, those of a session too.

    They stay set for the next test where a fake answers that one as well: setting nine variables takes 20 µs.
    """
    keys = item.config.stash[KEYS]
    _running.append(item)
    try:
        if _is_answered(item):
            keys.stand_in()
        return (yield)
    finally:
        if not _is_answered(nextitem):
            keys.take_back()
        _running.pop()


def _is_answered(item: pytest.Item | None) -> bool:
    return not _ANSWERING.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """Know which fixture is being made; ``setUpClass`` and its like are fixtures too."""
    _making.append(request)
    try:
        return (yield)
    finally:
        _making.pop()


def note_made(made: FakeLLM | Cassette) -> None:
    """Take note of a fake or a cassette; where a test made it, providers are guarded until that test ends.

    Where a fixture that several tests share made it, they are guarded as long as that fixture lasts.
    """
    if _running and (item := _running[-1]) is not None:
        fixture = _making[-1] if _making else None
        # A test may run a session, while a fixture of its own is made.
        is_shared = fixture is not None and fixture.scope != "function" and fixture.config is item.config
        watch_of(item).made_under(made, guard_of(item.config), shared=fixture if is_shared else None)


def folders_of_test() -> list[os.PathLike[str]]:
    """Return where to look for files that the running test names: beside its file, then rootdir."""
    item = _running[-1] if _running else None
    return [] if item is None else [item.path.parent, item.config.rootpath]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse wrong markers; watch what the test tries to reach where that is guarded."""
    for mark in marks_of(item):
        if mark.name in MARKERS and (wrong := wrong_mark(mark)):
            from pytest_fakellm.marker_lines import place_of

            pytest.fail(f"{place_of(mark, item)}: UsageError: {wrong}", pytrace=False)
    if (guard := item.config.stash.get(GUARD, None)) is not None:
        watch_of(item).guard = guard


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take back the stand-in keys of a session that broke off, before the fixtures of modules and session end."""
    session.config.stash[KEYS].take_back()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Check, when the test body has ended well, that nothing passed by accident; report what was said."""
    exploring.see_marks_of_fixtures(item)
    try:
        result = yield
    except BaseException as err:
        _report(item, "call", with_problems=True, error=err)
        raise
    if (watch := item.stash.get(WATCH, None)) is not None and (problem := watch.end()):
        _report(item, "call", with_problems=False)
        pytest.fail(problem, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Fail for what fixtures asked after the check; what the test was told already is not told again.

    Only then end fake, recording and guard: what a fixture asks while it is torn down is asked in the test.
    """
    try:
        result = yield
        watch = item.stash.get(WATCH, None)
        if watch is not None and watch.passed and (problem := watch.end()):
            pytest.fail(problem, pytrace=False)
    finally:
        if (watch := item.stash.get(WATCH, None)) is not None:
            watch.close()
    return result


def _report(item: pytest.Item, when: str, *, with_problems: bool, error: BaseException | None = None) -> None:
    if (watch := item.stash.get(WATCH, None)) is not None:
        watch.failed, watch.error = True, error
        for title, text in watch.sections(with_problems=with_problems):
            item.add_report_section(when, title, text)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Explain a failed setup; put a test's figures on its last report, with which they travel to the terminal."""
    if call.when == "setup" and call.excinfo is not None:
        _report(item, "setup", with_problems=True, error=call.excinfo.value)
    report = (yield) if call.excinfo is None else (yield from _told_once(item, call, call.excinfo))
    watch = item.stash.get(WATCH, None)
    if call.when == "teardown" and watch is not None:
        report.fakellm = watch.tally(with_lines=item.config.get_verbosity() > 0)
        # Nothing of it is needed any more, and the test may run again.
        del item.stash[WATCH]
    return report


def _told_once(
    item: pytest.Item, call: pytest.CallInfo[None], excinfo: pytest.ExceptionInfo[BaseException]
) -> Generator[None, Any, Any]:
    """Report a failure by the user's lines alone where its message or the test's sections explain it.

    What the sections explain is not said twice.
    """
    watch, option = item.stash.get(WATCH, None), item.config.option
    if option.fulltrace or option.tbstyle == "native":
        return (yield)
    if watch is None and type(excinfo.value).__module__ != "fakellm._errors":
        return (yield)
    with watch_of(item).told_once(excinfo) as say_once:
        report = yield
    say_once(report.longrepr)
    return report


def _of_sessions(name: str) -> Any:
    """Return the function that does the work of a fixture, imported off the real files: fake ones may come first."""
    from fakellm._real_files import late

    return late("pytest_fakellm.sessions", name)


@pytest.fixture(scope="session")
def llm_config() -> Mapping[str, Any]:
    """Settings of the other fixtures, as a dict; override it in a conftest.py, a module or a class, with any scope."""
    return {}


@pytest.fixture
def fake_llm(llm_config: Mapping[str, Any]) -> FakeLLM:
    """A FakeLLM that answers for every client of httpx, httpx2, requests and aiohttp, checked when the test ends."""
    # Not by the fixture ``request``: pytest makes one three times for each test that has it, 40 µs in all.
    llm: FakeLLM = _of_sessions("fake_session")(_making[-1], llm_config)
    return llm


@pytest.fixture
def llm_client(
    request: pytest.FixtureRequest, fake_llm: FakeLLM, llm_config: Mapping[str, Any]
) -> OpenAIChatCompletionClient:
    """An OpenAIChatCompletionClient that talks to fake_llm; the marker fake_llm(model=...) sets its model."""
    client: OpenAIChatCompletionClient = _of_sessions("client_of")(fake_llm, request, llm_config)
    return client


@pytest.fixture
def llm_clock(fake_llm: FakeLLM) -> Iterator[VirtualTime]:
    """Virtual time: no sleep, timeout or scripted pause takes real time; ``.elapsed`` and ``.sleeps`` tell of it."""
    with fake_llm.virtual_time() as clock:
        yield clock


@pytest.fixture
def llm_cassette(request: pytest.FixtureRequest, llm_config: Mapping[str, Any]) -> Cassette:
    """The Cassette of the test; where fake_llm is used too, its rules are asked first."""
    cassette: Cassette = _of_sessions("cassette_session")(request, llm_config)
    return cassette


@pytest.fixture
def llm_journal(request: pytest.FixtureRequest) -> Journal:
    """All calls of the test, oldest first: those that fake_llm answers, or the cassette where it alone answers."""
    journal: Journal = _of_sessions("journal_of")(request)
    return journal
