"""The markers llm_faults and llm_framings, as a project that uses them sees it."""

from __future__ import annotations

import pytest

# Loaded here, so that the inner runs of pytester, which forget what they imported, do not load it each time.
import pytest_fakellm.experiments
from plugin_project import write_ini

assert pytest_fakellm.experiments

AGENT = """
import asyncio
import httpx
import pytest
from fakellm import ErrorReply, faults, framings

URL = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}

def ask(question, **more):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}], **more}
    return httpx.post(URL, json=body, headers=KEY)

def careful(question):
    try:
        return ask(question).json()["choices"][0]["message"]["content"]
    except httpx.ConnectError:
        return careful(question)
"""


@pytest.fixture
def project(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The project of these tests, with another agent."""
    monkeypatch.delenv("FAKELLM_TRIAL", raising=False)
    project.makepyfile(agent=AGENT)
    return project


def make_test(project, text):
    project.makepyfile(test_it=f"from agent import *\n{text}")


TWO_CALLS = """
@pytest.mark.llm_faults(faults.connect_error(), faults.empty_body())
def test_agent(fake_llm):
    fake_llm.reply("one", "two")

    assert [careful("first"), careful("second")] == ["one", "two"]
"""


def test_each_trial_is_a_subtest(project):
    make_test(project, TWO_CALLS)

    result = project.runpytest_inprocess("-v")

    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_agent SUBPASSED[[]call 1: connect_error()[]]*",
            "test_it.py::test_agent SUBFAILED[[]call 1: empty_body()[]]*",
            "test_it.py::test_agent SUBPASSED[[]call 2: connect_error()[]]*",
            "test_it.py::test_agent SUBFAILED[[]call 2: empty_body()[]]*",
        ]
    )
    assert "contains 2 failed subtests" in result.stdout.str()


MARKED_BY_A_FIXTURE = """
@pytest.fixture(scope="SCOPE")
def troubled(request):
    request.node.add_marker(pytest.mark.llm_faults(faults.connect_error()))

def test_agent(troubled, fake_llm, subtests):
    fake_llm.reply("one")

    assert careful("first") == "one"
"""


@pytest.mark.parametrize("scope", ["function", "module"])
def test_test_that_a_fixture_marks_has_its_trials(project, scope):
    make_test(project, MARKED_BY_A_FIXTURE.replace("SCOPE", scope))

    result = project.runpytest_inprocess("-v")

    result.stdout.fnmatch_lines(["test_it.py::test_agent SUBPASSED[[]call 1: connect_error()[]]*"])
    result.assert_outcomes(passed=1)


def test_wrong_marker_of_a_fixture_is_refused(project):
    text = MARKED_BY_A_FIXTURE.replace("SCOPE", "function").replace("faults.connect_error()", "'nonsense'")
    make_test(project, text)

    result = project.runpytest_inprocess()

    result.stdout.fnmatch_lines(["*UsageError: the marker llm_faults: *"])
    result.assert_outcomes(failed=1)


def test_failing_trial_prints_the_line_that_replays_it(project):
    make_test(project, TWO_CALLS)

    result = project.runpytest_inprocess()

    result.stdout.fnmatch_lines(
        [
            "E *json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
            "E *call 2 (user='second') met empty_body()",
            "E *to replay it: pytest test_it.py::test_agent --llm-trial='2:empty_body()'",
        ]
    )


def test_summary_is_a_table(project):
    make_test(project, TWO_CALLS)

    result = project.runpytest_inprocess()

    result.stdout.fnmatch_lines(
        [
            "*- fakellm trials of test_it.py::test_agent -*",
            "2 of 4 trials on 2 calls survived",
            "call 1: user='first'",
            "call 2: user='second'",
            "                 call 1           call 2",
            "connect_error()  survived         survived",
            "empty_body()     JSONDecodeError  JSONDecodeError",
        ]
    )


def test_option_runs_one_trial(project):
    make_test(project, TWO_CALLS)

    result = project.runpytest_inprocess("-v", "--llm-trial=2:connect_error()")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*SUBPASSED[[]call 2: connect_error()[]]*"])
    result.stdout.no_fnmatch_line("*SUB*call 1*")


def test_option_that_names_no_trial(project):
    make_test(project, TWO_CALLS)

    result = project.runpytest_inprocess("--llm-trial=2:drop()")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *UsageError: there is no trial '2:drop()', which FAKELLM_TRIAL asks for; there are: 1:connect_error(), "
            "1:empty_body(), 2:connect_error(), 2:empty_body()"
        ]
    )


def test_option_is_for_explore_as_well(project):
    make_test(
        project,
        """
from fakellm import explore

def test_agent(fake_llm):
    fake_llm.reply("one")
    trials = explore(lambda: careful("hi"), llm=fake_llm)
    assert [trial.name for trial in trials] == ["1:connect_error()"]
""",
    )

    project.runpytest_inprocess("--llm-trial=1:connect_error()").assert_outcomes(passed=1)


def test_test_that_survives_all_passes(project):
    make_test(
        project,
        """
@pytest.mark.llm_faults(faults.connect_error(), faults.stall(3))
def test_agent(fake_llm):
    fake_llm.reply("one")

    assert careful("first") == "one"
""",
    )

    result = project.runpytest_inprocess()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["2 of 2 trials on 1 call survived"])


def test_lone_fault_is_an_argument_of_the_marker(project):
    make_test(
        project,
        """
@pytest.mark.llm_faults(faults.connect_error())
def test_agent(fake_llm):
    fake_llm.reply("one")
    assert careful("first") == "one"
""",
    )

    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_framings(project):
    make_test(
        project,
        r"""
@pytest.mark.llm_framings(framings.crlf(), framings.bytewise())
def test_agent(fake_llm):
    fake_llm.reply("one")
    assert "\r\n" not in ask("hi", stream=True).text
""",
    )

    result = project.runpytest_inprocess()

    result.stdout.fnmatch_lines(
        ["1 of 2 trials on 1 call survived", "crlf()      AssertionError", "bytewise()  survived"]
    )


def test_markers_without_arguments_take_the_usual(project):
    make_test(
        project,
        """
@pytest.mark.llm_faults
@pytest.mark.llm_framings
def test_agent(fake_llm):
    fake_llm.reply("one")
    try:
        ask("hi", stream=True)
    except Exception:
        pass
""",
    )

    result = project.runpytest_inprocess()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["19 of 19 trials on 1 call survived"])


def test_test_that_fails_clean_fails_once(project):
    make_test(
        project,
        """
@pytest.mark.llm_faults
def test_agent(fake_llm):
    fake_llm.reply("one")
    assert careful("first") == "two"
""",
    )

    result = project.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*trials*")


def test_reply_that_the_clean_run_leaves_fails_the_test(project):
    make_test(
        project,
        """
@pytest.mark.llm_faults(faults.connect_error())
def test_agent(fake_llm):
    fake_llm.reply("one", "two")
    careful("first")
""",
    )

    result = project.runpytest_inprocess()

    result.stdout.fnmatch_lines(["*UnusedReplyError:*"])


def test_what_a_trial_asks_beside_the_script_fails_nothing(project):
    make_test(
        project,
        """
@pytest.mark.llm_faults(faults.empty_body())
def test_agent(fake_llm):
    fake_llm.when(user="first").reply("one")
    if not ask("first").content:
        ask("nothing is scripted for this")
""",
    )

    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_marker_brings_its_fixtures(project):
    make_test(
        project,
        """
@pytest.mark.llm_faults(faults.connect_error())
@pytest.mark.parametrize("number", [1, 2])
def test_agent(number, request):
    request.getfixturevalue("fake_llm").reply("one")
    careful("hi")
""",
    )

    project.runpytest_inprocess().assert_outcomes(passed=2)


def test_scenario_is_explored(project):
    make_test(
        project,
        """
@pytest.mark.llm_faults(faults.connect_error())
@pytest.mark.llm_scenarios("plain", "unicode")
def test_agent(llm_create_scenario):
    assert careful("hi") == llm_create_scenario.expected.content
""",
    )

    result = project.runpytest_inprocess()

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*- fakellm trials of test_it.py::test_agent[[]plain[]] -*"])


ASYNC = """
@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.{mark}
@pytest.mark.llm_faults(faults.connect_error(), faults.read_timeout(), faults.empty_body())
async def test_agent(fake_llm):
    from fakellm.models import UserMessage

    fake_llm.reply("Hello!")
    await asyncio.sleep(3600)
    result = await fake_llm.client().create([UserMessage(content="hi", source="user")])
    assert result.content == "Hello!"
"""


@pytest.mark.parametrize(("plugin", "mark"), [("pytest_asyncio.plugin", "asyncio"), ("anyio.pytest_plugin", "anyio")])
def test_async_tests(project, plugin, mark):
    write_ini(project, addopts=f"-p {plugin}")
    make_test(project, ASYNC.format(mark=mark))

    result = project.runpytest_inprocess("-Wignore")

    result.stdout.fnmatch_lines(
        [
            "2 of 3 trials on 1 call survived",
            "connect_error()  survived",
            "read_timeout()   survived",
            "empty_body()     APIError",
        ]
    )


def test_unittest_is_refused(project):
    make_test(
        project,
        """
import unittest

class TestIt(unittest.TestCase):
    @pytest.mark.llm_faults
    def test_agent(self):
        pass
""",
    )

    result = project.runpytest_inprocess()

    result.stdout.fnmatch_lines(
        [
            "test_it.py:6: UsageError: the marker llm_faults: unittest runs its methods itself, each once",
            "  take a plain function, or call explore() in it",
        ]
    )


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("llm_faults(7)", "llm_faults: faults takes those of fakellm.faults, such as faults.drop(after=2), *; got 7"),
        ("llm_faults(fault=7)", "llm_faults: it takes positional arguments only, got fault="),
        ("llm_framings(faults.drop, framings.crlf)", "llm_framings: call it: framings.crlf(...)"),
    ],
)
def test_wrong_marker_is_told_at_its_line(project, marker, said):
    make_test(project, f"\n@pytest.mark.{marker}\ndef test_agent(): pass\n")

    result = project.runpytest_inprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"test_it.py:3: UsageError: the marker {said}"])


def test_faults_among_parameters_are_named_as_they_are_typed(project):
    make_test(
        project,
        """
@pytest.mark.parametrize("fault", [faults.drop(after=2), faults.no_done()])
def test_it(fault):
    pass
""",
    )

    result = project.runpytest_inprocess("-v")

    result.stdout.fnmatch_lines(["*test_it[[]drop(after=2)[]] PASSED*", "*test_it[[]no_done()[]] PASSED*"])


def test_tables_and_trials_under_xdist(project):
    pytest.importorskip("xdist")
    write_ini(project, addopts="-p xdist -n 2")
    make_test(project, TWO_CALLS)

    result = project.runpytest_subprocess("--llm-trial=2:empty_body()")

    result.stdout.fnmatch_lines(
        ["0 of 1 trial on 1 call survived", "              call 2", "empty_body()  JSONDecodeError"]
    )


def test_markers_are_documented(project):
    text = project.runpytest_inprocess("--markers").stdout.str()

    assert "@pytest.mark.llm_faults(*faults): run the test clean" in text
    assert "@pytest.mark.llm_framings(*framings): run the test clean" in text
