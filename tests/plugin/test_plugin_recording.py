"""Recording under pytest: where the file goes, and when it is kept."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest
from plugin_project import write_cassette, write_ini
from provider_server import provider

from fakellm._cassette.file import read_cassette

ASK = """
import os
import httpx

def ask(question, key="sk-of-a-test-that-records"):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}]}
    url = os.environ["PROVIDER"] + "/v1/chat/completions"
    answer = httpx.post(url, json=body, headers={"authorization": f"Bearer {key}"}).json()
    return answer["choices"][0]["message"]["content"]
"""

TEST = """
import pytest
from ask import ask

@pytest.mark.llm_cassette
def test_own():
    assert ask("hi") == "live"
"""


@pytest.fixture
def asked(project, monkeypatch):
    """A provider that the project's agent asks; yields the list of questions that reached it."""
    questions = []

    def answer(exchange):
        questions.append(json.loads(exchange.body)["messages"][-1]["content"])
        exchange.answer(b'{"choices": [{"message": {"content": "live"}}]}', content_type="application/json")

    project.makepyfile(ask=ASK)
    with provider(answer) as url:
        monkeypatch.setenv("PROVIDER", url)
        yield questions


def own(project, name="test_own.yaml", module="test_agent"):
    return Path(project.path, "cassettes", module, name)


def test_summary_names_ports_whose_traffic_is_not_recorded(project, monkeypatch):
    project.makepyfile(
        test_agent="""
        import os

        import httpx
        import pytest

        @pytest.mark.llm_cassette
        @pytest.mark.parametrize("count", [1, 2])
        def test_searches(count):
            for _ in range(count):
                httpx.post(os.environ["PROVIDER"] + "/collections/search", json={})
    """
    )

    with provider(lambda exchange: exchange.answer()) as url:
        monkeypatch.setenv("PROVIDER", url)
        result = project.runpytest("--llm-record=once")

    place, own = url.removeprefix("http://"), "not recorded: cassettes/test_agent/test_searches"
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "cassettes: 0 played, 0 recorded, *",
            f"{own}[[]1].yaml: 1 request to {place}, where no model was asked; "
            "if that is meant: llm_allowed_hosts = 127.0.0.1",
            f"{own}[[]2].yaml: 2 requests to {place}, where no model was asked; *",
        ]
    )


def test_once_records_and_the_next_run_replays(project, asked):
    project.makepyfile(test_agent=TEST)

    recorded = project.runpytest("--llm-record=once")
    replayed = project.runpytest()

    recorded.assert_outcomes(passed=1)
    recorded.stdout.fnmatch_lines(
        [
            "cassettes: 0 played, 1 recorded, 0 missed, 0 unused, 0 orphaned; connections: 0 refused",
            "recorded: cassettes/test_agent/test_own.yaml (1 interaction)",
        ]
    )
    replayed.assert_outcomes(passed=1)
    replayed.stdout.fnmatch_lines(["cassettes: 1 played, 0 recorded, *"])
    assert asked == ["hi"]
    assert "sk-of-a-test" not in own(project).read_text()


@pytest.mark.parametrize("mode", ["once", "new_episodes", "all", "rewrite", "auto"])
def test_every_mode_records_where_there_is_no_file(project, asked, mode):
    project.makepyfile(test_agent=TEST)

    project.runpytest(f"--llm-record={mode}").assert_outcomes(passed=1)

    assert own(project).is_file()


def test_auto_records_nothing_in_ci(project, asked, monkeypatch):
    monkeypatch.setenv("CI", "true")
    project.makepyfile(test_agent=TEST)

    project.runpytest("--llm-record=auto").assert_outcomes(errors=1)


@pytest.mark.parametrize("mode", ["once", "rewrite", "all", "new_episodes"])
@pytest.mark.parametrize(
    "ending",
    ["assert False", "pytest.xfail('known')", "pytest.skip('later')", "fake_llm.reply('never asked for')"],
)
def test_failed_test_does_not_change_its_cassette(project, asked, mode, ending):
    project.makepyfile(test_agent=TEST.replace("test_own()", "test_own(fake_llm)") + f"    {ending}\n")
    before = write_cassette(own(project), "bye").read_bytes() if mode != "once" else None

    project.runpytest(f"--llm-record={mode}")

    assert asked == ["hi"]
    assert (own(project).read_bytes() if own(project).exists() else None) == before


def test_marker_says_the_mode_and_the_file(project, asked):
    project.makepyfile(test_agent=TEST.replace("llm_cassette", "llm_cassette('recordings/session.yaml', mode='once')"))

    project.runpytest().assert_outcomes(passed=1)
    project.runpytest().assert_outcomes(passed=1)

    assert asked == ["hi"]
    assert Path(project.path, "recordings", "session.yaml").is_file()


SHARED = """
import pytest
from ask import ask

pytestmark = pytest.mark.llm_cassette("shared.yaml")

@pytest.mark.parametrize("questions", [["a"], ["a", "b"], ["c"]], ids=len)
def test_asks(questions):
    for question in questions:
        assert ask(question) == "live"
"""


def questions_in(project, name="shared.yaml"):
    held = read_cassette(Path(project.path, name))
    return sorted(json.loads(one.request.body)["messages"][0]["content"] for one in held)


@pytest.mark.parametrize("mode", ["once", "rewrite"])
@pytest.mark.parametrize("workers", [[], ["-p", "xdist.plugin", "-n2"]], ids=["", "xdist"])
def test_tests_that_share_a_file_record_it_together(project, asked, mode, workers):
    project.makepyfile(test_agent=SHARED)
    if mode == "rewrite":
        path = Path(project.path, "shared.yaml")
        write_cassette(path, "old")
        os.utime(path, (0, 0))

    recorded = project.runpytest(f"--llm-record={mode}", *workers)
    replayed = project.runpytest()

    recorded.assert_outcomes(passed=3)
    replayed.assert_outcomes(passed=3)
    # Workers may ask the first question at the same time; a worker alone plays what it has recorded.
    assert questions_in(project) in ([["a", "b", "c"], ["a", "a", "b", "c"]] if workers else [["a", "b", "c"]])


def test_environment_says_the_mode(project, asked, monkeypatch):
    monkeypatch.setenv("FAKELLM_RECORD", "once")
    project.makepyfile(test_agent=TEST)

    project.runpytest().assert_outcomes(passed=1)

    assert asked == ["hi"]


def test_scripted_rules_are_asked_before_the_network(project, asked):
    project.makepyfile(
        test_agent="""
        import pytest
        from ask import ask

        @pytest.mark.llm_cassette
        def test_own(fake_llm):
            fake_llm.when(user="new").reply("scripted")
            assert [ask("new"), ask("hi")] == ["scripted", "live"]
    """
    )

    project.runpytest("--llm-record=once").assert_outcomes(passed=1)
    project.runpytest().assert_outcomes(passed=1)

    assert asked == ["hi"]


def test_recording_without_a_key_says_what_to_type(project, asked):
    project.makepyfile(test_agent=TEST.replace('ask("hi")', 'ask("hi", key="sk-fakellm")'))

    result = project.runpytest("--llm-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "UsageError: not recorded: POST * carries the key 'sk-fakellm', which no provider knows",
            "*type: export OPENAI_API_KEY=*",
        ]
    )
    assert asked == []


def test_secret_that_would_be_saved_fails_the_test_once(project, asked, monkeypatch):
    project.makepyfile(test_agent=TEST)
    project.makeconftest("""
        import pytest
        from fakellm import Cassette, UnredactedSecretError

        @pytest.fixture(autouse=True)
        def _refuse(monkeypatch):
            def save(self):
                raise UnredactedSecretError("line 12 looks like a key")
            monkeypatch.setattr(Cassette, "save", save)
    """)

    result = project.runpytest("--llm-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["UnredactedSecretError: line 12 looks like a key"])
    assert not own(project).exists()


def test_what_fixtures_ask_while_they_end_is_recorded_too(project, asked):
    project.makepyfile(
        test_agent="""
        import pytest
        from ask import ask

        @pytest.fixture
        def agent(llm_cassette):
            yield
            ask("bye")

        @pytest.mark.llm_cassette(allow_unused=True)
        def test_own(agent):
            ask("hi")
    """
    )

    project.runpytest("--llm-record=rewrite").assert_outcomes(passed=1)
    project.runpytest().assert_outcomes(passed=1)

    assert asked == ["hi", "bye"]


def test_recording_lifts_the_guard(project):
    project.makepyfile(
        test_agent="""
        import pytest
        from pytest_fakellm.guard import BlockedConnectionError
        from pytest_fakellm.state import guard_of

        def can_reach(request):
            try:
                guard_of(request.config).check("api.openai.com", 443)
            except BlockedConnectionError:
                guard_of(request.config).take()
                return False
            return True

        @pytest.mark.llm_cassette("new.yaml", mode="once")
        def test_records(request, fake_llm):
            assert can_reach(request)

        @pytest.mark.llm_cassette("session.yaml", mode="once")
        def test_replays(request):
            assert not can_reach(request)
    """
    )

    project.runpytest("--llm-block-network").assert_outcomes(passed=2)


def test_old_recording_is_listed(project, asked):
    write_ini(project, more="llm_max_age = 30")
    project.makepyfile(test_agent=TEST)
    project.runpytest("--llm-record=once")
    today = dt.datetime.now(dt.UTC).date().isoformat()
    own(project).write_text(own(project).read_text().replace(today, "2020-02-29"))

    result = project.runpytest()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["old: cassettes/test_agent/test_own.yaml: recorded 2020-02-29; record again with --llm-record=rewrite"]
    )


def test_young_recording_is_not_listed(project, asked):
    write_ini(project, more="llm_max_age = 30")
    project.makepyfile(test_agent=TEST)
    project.runpytest("--llm-record=once")

    project.runpytest().stdout.no_fnmatch_line("old:*")


def test_manner_of_replay_comes_from_marker_and_config(project):
    project.makepyfile("""
        import pytest
        from agent import ask

        @pytest.fixture(scope="module")
        def llm_config():
            return {"repeat": "last"}

        @pytest.mark.llm_cassette("session.yaml")
        def test_repeats():
            assert [ask("hi"), ask("hi")] == ["recorded"] * 2

        @pytest.mark.llm_cassette("session.yaml", ignore=["user"])
        def test_ignores():
            assert ask("hi", user="u1") == "recorded"
    """)

    project.runpytest().assert_outcomes(passed=2)


def test_modes_are_those_of_use_cassette():
    from pytest_fakellm import settings

    from fakellm._cassette.modes import MODES

    assert settings.MODES == MODES


def test_secret_among_the_parameters_stays_out_of_the_file_name(project, asked, monkeypatch):
    monkeypatch.setenv("CUSTOMER_KEY", "q7-Zx9-Lm2-Pk4")
    project.makepyfile(
        test_agent="""
        import pytest
        from ask import ask

        @pytest.mark.llm_cassette
        @pytest.mark.parametrize("key", ["sk-proj-0123456789abcdef", "q7-Zx9-Lm2-Pk4", "plain"])
        def test_own(key):
            assert ask("hi", key=key) == "live"
        """
    )

    project.runpytest("--llm-record=once").assert_outcomes(passed=3)
    project.runpytest().assert_outcomes(passed=3)

    names = sorted(path.name for path in Path(project.path, "cassettes", "test_agent").glob("*.yaml"))
    assert names == ["test_own[REDACTED-0].yaml", "test_own[REDACTED-1].yaml", "test_own[plain].yaml"]
