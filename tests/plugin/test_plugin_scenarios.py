"""The scenario fixtures, as a project that uses them sees it: outcomes and the lines of the report."""

from __future__ import annotations

import pytest

# Loaded here, so that the inner runs of pytester, which forget what they imported, do not load it each time.
import pytest_fakellm.scenario_choice
from plugin_project import write_ini

assert pytest_fakellm.scenario_choice

ASK = """
import httpx
import pytest

def ask(body):
    answer = httpx.post(
        "https://api.openai.com/v1/chat/completions", json=body, headers={"authorization": "Bearer sk-fakellm"}
    )
    return answer.json()
"""


@pytest.fixture
def project(project: pytest.Pytester) -> pytest.Pytester:
    """The project of these tests, with a client that takes whole requests."""
    project.makepyfile(client_of_project=ASK)
    return project


def make_test(project, text):
    project.makepyfile(test_it=f"from client_of_project import *\n{text}")


def test_test_runs_once_for_each_member(project):
    make_test(
        project,
        """
def test_reason(llm_finish_reason_scenario):
    choice = ask(llm_finish_reason_scenario.request)["choices"][0]
    assert choice["finish_reason"] == llm_finish_reason_scenario.expected.finish_reason
""",
    )

    result = project.runpytest_inprocess("-v")

    result.assert_outcomes(passed=7)
    names = ("stop", "length", "tool_calls", "content_filter", "function_call", "null", "unknown")
    result.stdout.fnmatch_lines([f"test_it.py::test_reason[[]{name}[]] PASSED*" for name in names])


@pytest.mark.parametrize(
    ("fixture", "count"),
    [
        ("llm_create_scenario", 12),
        ("llm_stream_scenario", 19),
        ("llm_usage_scenario", 5),
        ("llm_finish_reason_scenario", 7),
        ("llm_error_scenario", 20),
    ],
)
def test_scenario_that_is_never_asked_fails_nothing(project, fixture, count):
    make_test(project, f"def test_nothing({fixture}): pass\n")

    project.runpytest_inprocess().assert_outcomes(passed=count)


def test_marker_narrows(project):
    make_test(
        project,
        """
@pytest.mark.llm_scenarios("content_filter", "length")
def test_reason(llm_finish_reason_scenario):
    pass
""",
    )

    result = project.runpytest_inprocess("-v")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_reason[[]content_filter[]] PASSED*", "*test_reason[[]length[]] PASSED*"])


def test_nearest_marker_counts(project):
    make_test(
        project,
        """
pytestmark = pytest.mark.llm_scenarios("plain")

class TestIt:
    def test_plain(self, llm_create_scenario):
        assert llm_create_scenario.name == "plain"

    @pytest.mark.llm_scenarios("empty")
    def test_empty(self, llm_create_scenario):
        assert llm_create_scenario.name == "empty"
""",
    )

    project.runpytest_inprocess().assert_outcomes(passed=2)


ASK_RESPONSES = """
def respond(scenario):
    body = scenario.request_for("responses")
    answer = httpx.post(
        "https://api.openai.com/v1/responses", json=body, headers={"authorization": "Bearer sk-fakellm"}
    )
    return answer.json()
"""


@pytest.mark.parametrize(
    ("fixture", "count"),
    [
        ("llm_create_scenario", 12),
        ("llm_stream_scenario", 15),
        ("llm_usage_scenario", 5),
        ("llm_finish_reason_scenario", 5),
        ("llm_error_scenario", 20),
    ],
)
def test_marker_chooses_the_api(project, fixture, count):
    make_test(
        project,
        f"""
@pytest.mark.llm_scenarios(endpoint="responses")
def test_it({fixture}):
    assert {fixture}.request_for("responses")["input"]
""",
    )

    project.runpytest_inprocess().assert_outcomes(passed=count)


def test_expected_is_that_of_the_api_of_the_marker(project):
    make_test(
        project,
        """
from fakellm import BadRequestError

@pytest.mark.llm_scenarios("model_not_found", endpoint="responses")
def test_it(llm_error_scenario):
    assert llm_error_scenario.expected.error is BadRequestError
""",
    )

    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_nearest_marker_with_an_endpoint_counts_beside_the_nearest_with_names(project):
    make_test(
        project,
        f"""{ASK_RESPONSES}
pytestmark = pytest.mark.llm_scenarios(endpoint="responses")

@pytest.mark.llm_scenarios("length", "stop")
def test_status(llm_finish_reason_scenario):
    status = respond(llm_finish_reason_scenario)["status"]
    assert (status == "completed") == (llm_finish_reason_scenario.name == "stop")

@pytest.mark.llm_scenarios(endpoint="chat")
def test_chat(llm_finish_reason_scenario):
    pass
""",
    )

    result = project.runpytest_inprocess("-v")

    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(["*test_status[[]length[]] PASSED*", "*test_status[[]stop[]] PASSED*"])


@pytest.mark.parametrize(
    ("marker", "arguments", "said"),
    [
        (
            "llm_scenarios('lenght')",
            "llm_finish_reason_scenario",
            [
                "test_it.py:3: UsageError: there is no scenario 'lenght'; did you mean 'length'?",
                "  there are: stop, length, tool_calls, content_filter, function_call, null, unknown",
            ],
        ),
        (
            "llm_scenarios('length')",
            "llm_usage_scenario",
            [
                "test_it.py:3: UsageError: there is no scenario 'length'",
                "  there are: details, cached, reasoning, absent, zero",
                "  'length' is one of llm_finish_reason_scenario",
            ],
        ),
        (
            "llm_scenarios",
            "llm_usage_scenario",
            [
                "test_it.py:3: UsageError: the marker llm_scenarios takes names of scenarios and endpoint=, got none",
                "  type: @pytest.mark.llm_scenarios('length', 'content_filter')",
            ],
        ),
        (
            "llm_scenarios(name='length')",
            "llm_usage_scenario",
            ["test_it.py:3: UsageError: the marker llm_scenarios takes names of scenarios and endpoint=, got name="],
        ),
        (
            "llm_scenarios(endpoint='mail')",
            "llm_usage_scenario",
            ["test_it.py:3: UsageError: scenarios are asked at chat and responses, not at 'mail'"],
        ),
        (
            "llm_scenarios('null', endpoint='responses')",
            "llm_finish_reason_scenario",
            ["test_it.py:3: UsageError: the scenario 'null' is about what responses have no place for"],
        ),
        (
            "llm_scenarios('length')",
            "",
            [
                "test_it.py:3: UsageError: the marker llm_scenarios chooses among the scenarios of a fixture, and the "
                "test takes none",
                "  take one of llm_create_scenario, llm_stream_scenario, llm_usage_scenario, "
                "llm_finish_reason_scenario, llm_error_scenario",
            ],
        ),
        (
            "usefixtures('tmp_path')",
            "llm_create_scenario, llm_usage_scenario",
            [
                "test_it.py:3: UsageError: a test plays one scenario at a time, and this one takes llm_create_scenario "
                "and llm_usage_scenario"
            ],
        ),
    ],
)
def test_mistake_is_told_at_its_line(project, marker, arguments, said):
    make_test(project, f"\n@pytest.mark.{marker}\ndef test_it({arguments}): pass\n")

    result = project.runpytest_inprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([line.replace("[", "[[]") for line in said])


def test_fixture_that_is_asked_for_while_the_test_runs(project):
    make_test(project, "def test_it(request): request.getfixturevalue('llm_create_scenario')\n")

    result = project.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "UsageError: llm_create_scenario runs a test once for each scenario, so it cannot be asked for while the "
            "test runs",
            "  type: def test_it(llm_create_scenario): ...",
        ]
    )


def test_scenario_plays_on_the_fake_of_the_test(project):
    make_test(
        project,
        """
def test_same(llm_create_scenario, fake_llm):
    assert llm_create_scenario.llm is fake_llm
    ask(llm_create_scenario.request)
    assert len(fake_llm.calls) == 1
""",
    )

    project.runpytest_inprocess().assert_outcomes(passed=12)


def test_time_is_virtual(project):
    make_test(
        project,
        """
import time

@pytest.mark.llm_scenarios("plain")
def test_wait(llm_create_scenario):
    time.sleep(3600)
""",
    )

    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_own_scenario_is_registered_in_a_conftest(project):
    project.makeconftest(
        """
from fakellm import scenarios
from fakellm.scenarios import Scenario, _library

_library._LIBRARY["usage"].pop("mine", None)  # an inner run of pytester forgets conftest.py, not fakellm
scenarios.register(Scenario("mine", "Hello!", families="usage"))
"""
    )
    make_test(project, "def test_it(llm_usage_scenario): assert llm_usage_scenario.name != 'mine'\n")

    result = project.runpytest_inprocess("-v")
    from fakellm.scenarios import _library

    del _library._LIBRARY["usage"]["mine"]
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["*test_it[[]mine[]] FAILED*"])


def test_files_of_a_folder_are_scenarios(project):
    write_ini(project, more="llm_scenario_dir = situations")
    folder = project.mkdir("situations")
    (folder / "greets.yaml").write_text("rules: [{reply: Hello!}]")
    make_test(
        project,
        """
@pytest.mark.llm_scenarios("greets")
def test_it(llm_create_scenario):
    answer = ask(llm_create_scenario.request)["choices"][0]["message"]["content"]
    assert answer == llm_create_scenario.expected.content == "Hello!"

@pytest.mark.llm_scenarios("greets")
def test_stream(llm_stream_scenario):
    assert llm_stream_scenario.request["stream"]
""",
    )

    project.runpytest_inprocess().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "plain.yaml",
            "otherwise: Hi",
            "*UsageError: the family 'create' has a scenario 'plain' already; rename its file",
        ),
        ("mine.yaml", "rules: 7", "*ScriptFormatError: *mine.yaml:1: rules takes a list, got 7"),
    ],
)
def test_wrong_file_of_a_folder(project, name, text, said):
    write_ini(project, more="llm_scenario_dir = situations")
    (project.mkdir("situations") / name).write_text(text)
    make_test(project, "def test_it(llm_create_scenario): pass\n")

    result = project.runpytest_inprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"test_it.py:2: {said.removeprefix('*')}"])


def test_folder_that_is_not_there(project):
    write_ini(project, more="llm_scenario_dir = none")
    make_test(project, "def test_it(llm_create_scenario): pass\n")

    result = project.runpytest_inprocess()

    result.stdout.fnmatch_lines(["test_it.py:2: UsageError: there is no folder of scenarios '*none'"])


ASYNC = """
import asyncio
from fakellm.models import UserMessage

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.{mark}
@pytest.mark.llm_scenarios("rate_limited_once", "read_timeout_once", "rate_limited")
async def test_it(llm_error_scenario):
    scenario = llm_error_scenario
    asking = scenario.llm.client().create(scenario.messages)
    if scenario.expected.error:
        with pytest.raises(scenario.expected.error):
            await asking
    else:
        assert await asking == scenario.expected.create_result
"""


@pytest.mark.parametrize(("plugin", "mark"), [("pytest_asyncio.plugin", "asyncio"), ("anyio.pytest_plugin", "anyio")])
def test_async_tests(project, plugin, mark):
    write_ini(project, addopts=f"-p {plugin}")
    make_test(project, ASYNC.format(mark=mark))

    project.runpytest_inprocess("-Wignore").assert_outcomes(passed=3)


def test_fixtures_are_documented(project):
    result = project.runpytest_inprocess("--fixtures")

    result.stdout.fnmatch_lines(
        ["llm_create_scenario*", "    Each situation in which a client gets a whole answer, in turn, on virtual time."]
    )


def test_marker_is_documented(project):
    result = project.runpytest_inprocess("--markers")

    text = result.stdout.str()
    assert "@pytest.mark.llm_scenarios(*names, endpoint='chat'): the scenarios of its family" in text
