"""Failures that the report explains: the lines of the user's project, and each thing said once."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from pytest_fakellm import callers
from pytest_fakellm.tracebacks import is_of_a_request, users_lines

SDK = """
import httpx

class SDKError(Exception):
    def __init__(self, message, response):
        super().__init__(message)
        self.response = response

def create(**request):
    response = httpx.post(
        "https://api.openai.com/v1/chat/completions", json=request, headers={"authorization": "Bearer sk-fakellm"}
    )
    try:
        response.raise_for_status()
    except httpx.HTTPStatusError as err:
        raise SDKError(f"Error code: {response.status_code} - {response.json()}", response) from err
    return response.json()["choices"][0]["message"]["content"]
"""
AGENT = """
from sdk import create

class AgentError(Exception):
    pass

def ask(question, **more):
    return create(model="gpt-4o", messages=[{"role": "user", "content": question}], **more)

def ask_politely(question):
    try:
        return ask(question)
    except Exception as err:
        raise AgentError("sorry") from err
"""
TEST = """
from agent import ask, ask_politely

def test_weather(fake_llm):
    fake_llm.when(user="wether").reply("Sunny.")
    {act}("What is the weather?")
"""


@pytest.fixture
def sdk(project, monkeypatch):
    """A project whose agent asks through a library that wraps what httpx raises."""
    library = Path(project.path, "library")
    library.mkdir()
    Path(library, "sdk.py").write_text(SDK)
    installed = (*callers._installed(), str(library))
    monkeypatch.setattr(callers, "_installed", lambda: installed)
    monkeypatch.syspath_prepend(library)
    project.makepyfile(agent=AGENT)
    return project


def shown(result):
    """The report of the failure, as one text."""
    text = result.stdout.str()
    return text[text.index("= FAILURES =") : text.index("= short test summary info =")]


def test_failure_that_the_report_explains_is_shown_by_the_users_lines(sdk):
    sdk.makepyfile(TEST.format(act="ask"))

    result = sdk.runpytest()

    result.stdout.fnmatch_lines(
        [
            '>   *ask("What is the weather?")',
            ">   *return create(*",
            "E   *sdk.SDKError: Error code: 400 - *no rule answers call 1 … (see fakellm check below)",
            "agent.py:7: SDKError",
            "frames of sdk, httpx left out; pytest --full-trace shows them",
            "*Captured fakellm transcript call*",
            "call 1: POST /v1/chat/completions gpt-4o [[]400[]]",
            "  user: What is the weather?",
            "  => no rule answers call 1",
            "*Captured fakellm check call*",
            "UnmatchedRequestError: no rule answers call 1: *",
            "    rule 1 when(user='wether') at *",
        ]
    )
    report = shown(result)
    assert "_models.py" not in report
    assert "direct cause" not in report
    assert report.count("to answer it, type:") == 1
    assert "never asked for" not in report


def test_summary_of_a_ci_says_it_once_too(sdk, monkeypatch):
    monkeypatch.setenv("CI", "1")
    sdk.makepyfile(TEST.format(act="ask"))

    result = sdk.runpytest()

    assert result.stdout.str().count("to answer it, type:") == 1
    result.stdout.fnmatch_lines(["FAILED *::test_weather - *no rule answers call 1 … (see fakellm check below)"])


def test_exception_of_the_users_own_keeps_the_cause_that_a_line_of_theirs_is_in(sdk):
    sdk.makepyfile(TEST.format(act="ask_politely"))

    report = shown(sdk.runpytest())

    assert report.count("direct cause") == 1  # not that of httpx behind the library's
    assert "agent.py:13: AgentError" in report
    assert "agent.py:7: SDKError" in report
    assert "_models.py" not in report


@pytest.mark.parametrize(
    ("option", "is_whole"), [("--full-trace", True), ("--tb=native", True), ("--tb=short", False), ("--tb=line", False)]
)
def test_options_of_pytest_say_how_much_is_shown(sdk, option, is_whole):
    sdk.makepyfile(TEST.format(act="ask"))

    report = shown(sdk.runpytest(option))

    assert ("_models.py" in report) is is_whole
    assert ("fakellm check below" in report) is not is_whole


def test_line_of_the_user_is_the_one_that_is_named(sdk):
    sdk.makepyfile(TEST.format(act="ask"))

    sdk.runpytest("--tb=line").stdout.fnmatch_lines(["*agent.py:7: sdk.SDKError: *"])


def test_failure_of_another_kind_is_shown_whole(sdk):
    sdk.makepyfile("""
        import json
        from agent import ask

        def test_weather(fake_llm):
            try:
                ask("What is the weather?")
            except Exception:
                pass
            json.loads("{")
    """)

    report = shown(sdk.runpytest())

    assert "decoder.py" in report
    assert "left out" not in report


def test_failure_that_nothing_is_told_of_is_shown_whole(sdk):
    sdk.makepyfile("""
        from agent import ask
        from fakellm import ErrorReply

        def test_weather(fake_llm):
            fake_llm.reply(ErrorReply(500))
            ask("What is the weather?")
    """)

    report = shown(sdk.runpytest())

    assert "_models.py" in report
    assert "left out" not in report


def test_failed_fixture_is_shown_by_the_users_lines(sdk):
    sdk.makepyfile("""
        import pytest
        from agent import ask

        @pytest.fixture
        def weather(fake_llm):
            return ask("What is the weather?")

        def test_weather(weather):
            pass
    """)

    result = sdk.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["agent.py:7: SDKError", "frames of sdk, httpx left out*", "*fakellm check setup*"])


def raised():
    """A failure with a cause, both in a library."""
    with pytest.raises(RuntimeError) as caught:
        try:
            httpx.Response(500, request=httpx.Request("GET", "https://a.test")).raise_for_status()
        except httpx.HTTPStatusError as err:
            raise RuntimeError("failed") from err
    return caught


def test_exception_is_afterwards_what_it_was():
    caught = raised()
    error, cause = caught.value, caught.value.__cause__
    before = caught.traceback, error.__traceback__, cause.__traceback__, error.__suppress_context__

    with users_lines(caught) as left_out:
        assert cause.__traceback__.tb_next is None

    assert left_out == ["httpx"]
    assert (caught.traceback, error.__traceback__, cause.__traceback__, error.__suppress_context__) == before
    assert error.__cause__ is cause


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (raised().value, True),
        (httpx.ConnectError("no request is set"), True),
        (ValueError("of the test's own"), False),
    ],
)
def test_exception_of_a_request_is_told_from_others(error, expected):
    assert is_of_a_request(error) is expected


def test_refused_connection_is_told_once(project):
    project.makepyfile("""
        import urllib.request

        def test_weather(fake_llm):
            urllib.request.urlopen("https://api.openai.com/v1/models")
    """)

    result = project.runpytest()

    result.stdout.fnmatch_lines(
        [
            "E * <urlopen error blocked by fakellm: a connection to api.openai.com:443 was blocked … (see fakellm *",
            "test_*.py:4: URLError",
            "frames of urllib, http, socket left out; pytest --full-trace shows them",
            "*Captured fakellm check call*",
            "BlockedConnectionError: a connection to api.openai.com:443 was blocked: *",
        ]
    )
    assert result.stdout.str().count("at test_refused_connection_is_told_once.py:4 in test_weather") == 1


def test_fault_of_the_test_that_raised_is_told_by_the_users_lines(sdk):
    sdk.makepyfile("""
        from agent import ask

        def broken(events):
            yield next(events)
            raise ValueError("mine")

        def test_weather(fake_llm):
            fake_llm.reply("Sunny.", fault=broken)
            ask("What is the weather?")
    """)

    result = sdk.runpytest()

    result.stdout.fnmatch_lines(
        [
            "E *httpx.RemoteProtocolError: *",
            "agent.py:7: RemoteProtocolError",
            "  => a callable of the script raised on call 1: ValueError: mine",
            "UnmatchedRequestError: a callable of the script raised on call 1: ValueError: mine",
            "  at test_*.py:5 in broken",
        ]
    )


MISTAKES = {
    "fault": 'fake_llm.reply("a", fault=faults.connect_error)',
    "field": 'fake_llm.reply("a", finsh_reason="stop")',
    "condition": 'fake_llm.when(turn="0").reply("a")',
    "script": 'fake_llm.load("gone.yaml")',
    "cassette": 'fake_llm.replay("gone.yaml")',
    "tool call": 'fake_llm.reply(ToolCall("f", city="Paris"))',
}


@pytest.mark.parametrize("line", MISTAKES.values(), ids=MISTAKES)
def test_mistake_of_the_test_is_shown_by_its_own_line(project, line):
    project.makepyfile(f"from fakellm import ToolCall, faults\n\n\ndef test_weather(fake_llm):\n    {line}\n")

    text = shown(project.runpytest())

    assert f">       {line}" in text
    assert "fakellm._errors." in text
    assert not any(inside in text for inside in ("raise UsageError", "raise CassetteNotFoundError", "dataclasses.py"))
    assert "The above exception was the direct cause" not in text


def test_mistake_of_the_test_is_shown_whole_where_that_is_asked_for(project):
    project.makepyfile(f"def test_weather(fake_llm):\n    {MISTAKES['condition']}\n")

    text = shown(project.runpytest("--full-trace"))

    assert "raise UsageError" in text


def test_reply_that_a_mistake_kept_from_being_asked_for_is_not_told(project):
    project.makepyfile("""
        from fakellm import explore

        def test_weather(fake_llm):
            fake_llm.reply("Sunny.")
            explore(lambda: None)
    """)

    text = shown(project.runpytest())

    assert "explore() needs the fake that answers the body" in text
    assert "never asked for" not in text
    assert "no model was asked at all" not in text


def test_reply_that_a_failed_assertion_leaves_unused_is_told(project):
    project.makepyfile("""
        def test_weather(fake_llm):
            fake_llm.reply("Sunny.")
            assert 1 == 2
    """)

    text = shown(project.runpytest())

    assert "no model was asked at all: was something not awaited, skipped" in text


def test_reply_that_the_guard_kept_from_being_asked_for_is_not_told(project):
    project.makepyfile("""
        import urllib.request

        def test_weather(fake_llm):
            fake_llm.reply("Sunny.")
            urllib.request.urlopen("https://api.openai.com/v1/chat/completions", b"{}")
    """)

    text = shown(project.runpytest())

    assert "BlockedConnectionError: a connection to api.openai.com:443 was blocked: " in text
    assert "never asked for" not in text
    assert "no model was asked at all" not in text


def test_report_whose_first_line_is_all_of_its_headline_is_told_once(sdk):
    sdk.makepyfile("""
        from agent import ask
        from fakellm import Reply

        def test_weather(fake_llm):
            fake_llm.reply(Reply(choices=["a", "b"]))
            ask("hi")
    """)

    text = shown(sdk.runpytest())

    assert "the request asks for n=1 … (see fakellm check below)" in text
    assert text.count("script as many choices as the request asks for") == 1
