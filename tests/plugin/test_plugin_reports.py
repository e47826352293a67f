"""What a failed test shows, what -v shows, and the summary at the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_project import write_cassette

from fakellm._cassette.file import read_cassette
from fakellm._commands.main import main


def test_failure_has_transcript_journal_and_near_misses_in_their_sections(project):
    project.makepyfile("""
        from agent import ask, ask_and_swallow

        def test_fails(fake_llm):
            fake_llm.reply("Hello!")
            ask("hi")
            ask_and_swallow("wether?")
            assert False
    """)

    result = project.runpytest()

    result.stdout.fnmatch_lines(
        [
            "*Captured fakellm transcript call*",
            "call 1: POST /v1/chat/completions gpt-4o [[]200[]]",
            "  user: hi",
            "  => Hello!",
            "*Captured fakellm journal call*",
            "call 1: POST /v1/chat/completions gpt-4o [[]200[]] user='hi', answered by rule 1 reply() at test_*.py:4, "
            "8+2 tokens",
            "call 2: POST /v1/chat/completions gpt-4o [[]400[]] user='wether?', answered by nothing",
            "*Captured fakellm check call*",
            "UnmatchedRequestError: no rule answers call 2: *",
            "  nearest:",
        ]
    )


def test_failure_lists_other_traffic_apart_from_calls(project):
    project.makepyfile("""
        import httpx
        from agent import ask

        def test_fails(fake_llm):
            fake_llm.reply("Hello!")
            httpx.post("https://api.openai.com/v1/traces/ingest?key=secret", json={"data": []})
            ask("hi")
            assert False
    """)

    result = project.runpytest()

    result.stdout.fnmatch_lines(
        [
            "*Captured fakellm transcript call*",
            "call 1: POST /v1/chat/completions gpt-4o [[]200[]]",
            "*Captured fakellm other traffic call*",
            "other traffic: POST api.openai.com/v1/traces/ingest [[]404[]], answered by nothing, *",
            "1 call, *",
        ]
    )


def test_failed_setup_has_the_sections_too(project):
    project.makepyfile("""
        import pytest
        from agent import ask

        @pytest.fixture
        def greeting(fake_llm):
            return ask("hi")

        def test_greets(greeting):
            pass
    """)

    result = project.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "E*KeyError: 'choices'",
            "*Captured fakellm transcript setup*",
            "*Captured fakellm check setup*",
            "*no rule answers*",
        ]
    )


def test_passing_test_shows_nothing_without_v(project):
    project.makepyfile("""
        from agent import ask

        def test_greets(fake_llm):
            fake_llm.reply("Hello!")
            ask("hi")
    """)

    result = project.runpytest()

    result.stdout.no_fnmatch_line("*call 1*")
    result.stdout.no_fnmatch_line("*Captured fakellm*")


def test_verbose_shows_a_line_for_each_call_below_its_test(project):
    project.makepyfile("""
        import httpx
        from agent import CHAT, KEY, ask

        def test_greets(fake_llm):
            fake_llm.reply("Hello!", times=2)
            ask("hi")
            ask("again", stream_options=None)

        def test_other(fake_llm):
            assert httpx.get("https://api.openai.com/v1/files").status_code == 404
    """)

    result = project.runpytest("-v")

    result.stdout.fnmatch_lines(
        [
            "*::test_greets PASSED*",
            "  call 1: POST /v1/chat/completions gpt-4o [[]200[]] user='hi', answered by rule 1 *, 8+2 tokens",
            "  call 2: POST /v1/chat/completions gpt-4o [[]200[]] user='again', answered by rule 1 *, 8+2 tokens",
            "*::test_other PASSED*",
            "  other traffic: GET api.openai.com/v1/files [[]404[]], answered by nothing, as it is no model call",
        ],
        consecutive=True,
    )


@pytest.mark.parametrize("arguments", [[], ["-v"]])
def test_rejected_request_shows_what_was_asked(project, arguments):
    project.makepyfile("""
        from agent import ask_and_swallow

        def test_hot(fake_llm):
            tools = [{"type": "function", "function": {"name": name}} for name in ("look", "book")]
            ask_and_swallow("hot?", temperature=3, stream=True, tools=tools)
    """)

    result = project.runpytest(*arguments)

    line = "call 1: POST /v1/chat/completions gpt-4o [[]400, stream[]] user='hot[?]' tools=look, book, *a rejection"
    result.stdout.fnmatch_lines(["*Captured fakellm journal call*", line])
    assert ("  call 1: " in result.stdout.str()) is bool(arguments)


def test_summary_adds_up_the_session(project):
    write_cassette(Path(project.path, "cassettes", "test_all", "test_own.yaml"))
    write_cassette(Path(project.path, "cassettes", "test_all", "test_gone.yaml"))
    write_cassette(Path(project.path, "shared.yaml"), "hi", "hello", "bye")
    project.makepyfile(
        test_all="""
        import pytest
        from agent import ask, ask_and_swallow

        def test_scripted(fake_llm):
            fake_llm.reply("Hello!")
            ask("hi")

        @pytest.mark.llm_cassette
        def test_own():
            ask("hi")

        @pytest.mark.llm_cassette("shared.yaml")
        def test_shared():
            ask("hi")

        @pytest.mark.llm_cassette("shared.yaml")
        def test_shared_too():
            ask("bye")

        @pytest.mark.llm_cassette("shared.yaml")
        def test_drifted():
            ask_and_swallow("good day")
    """
    )

    result = project.runpytest()

    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*= fakellm =*",
            "5 calls, 8 prompt and 2 completion tokens",
            "cassettes: 2 played, 0 recorded, 1 missed, 1 unused, 1 orphaned; connections: 0 refused",
            "unused: shared.yaml: interaction 2 of 3",
            "orphaned: cassettes/test_all/test_gone.yaml: no test has this name; delete it, or rename it after its "
            "test",
        ],
        consecutive=True,
    )


def test_what_nobody_uses_is_not_told_where_tests_are_left_out(project):
    write_cassette(Path(project.path, "cassettes", "test_all", "test_gone.yaml"))
    write_cassette(Path(project.path, "shared.yaml"), "hi", "bye")
    project.makepyfile(
        test_all="""
        import pytest
        from agent import ask

        @pytest.mark.llm_cassette("shared.yaml")
        def test_one():
            ask("hi")

        @pytest.mark.llm_cassette("shared.yaml")
        def test_two():
            ask("bye")
    """
    )

    for arguments in (["test_all.py::test_one"], ["-k", "one"], ["--deselect", "test_all.py::test_two"]):
        result = project.runpytest(*arguments)

        result.stdout.fnmatch_lines(["*0 unused, 0 orphaned*"])
        result.stdout.no_fnmatch_line("*unused:*")


def leave_something(project):
    project.makeini("[pytest]\naddopts = -p pytest_fakellm.plugin\npythonpath = .\n")  # with a cache
    write_cassette(Path(project.path, "cassettes", "test_all", "test_gone.yaml"))
    write_cassette(Path(project.path, "shared.yaml"), "hi", "bye")
    project.makepyfile(
        test_all="""
        import os, pytest
        from agent import ask

        @pytest.mark.llm_cassette("shared.yaml")
        def test_one():
            ask("hi")
            assert "FAIL" not in os.environ
    """
    )


def test_session_of_all_tests_notes_what_can_be_pruned(project, monkeypatch, capsys):
    leave_something(project)

    project.runpytest().assert_outcomes(passed=1)
    monkeypatch.chdir(project.path)
    capsys.readouterr()

    assert main(["cassette", "prune", "--delete"]) == 0
    assert capsys.readouterr().out == (
        "orphaned: cassettes/test_all/test_gone.yaml\n"
        "unused: shared.yaml: interaction 2\n"
        "orphaned files: 1, unused interactions: 1, left alone: 0\n"
    )
    assert len(read_cassette("shared.yaml")) == 1
    project.runpytest().stdout.fnmatch_lines(["*0 unused, 0 orphaned*"])


@pytest.mark.parametrize("arguments", [["test_all.py"], ["-k", "one"], ["-p", "no:cacheprovider"]])
def test_other_sessions_note_nothing(project, arguments):
    leave_something(project)

    project.runpytest(*arguments).assert_outcomes(passed=1)

    assert not Path(project.path, ".pytest_cache", "v", "fakellm").exists()


def test_session_that_fails_notes_nothing(project, monkeypatch):
    leave_something(project)
    monkeypatch.setenv("FAIL", "1")

    project.runpytest().assert_outcomes(failed=1)

    assert not Path(project.path, ".pytest_cache", "v", "fakellm").exists()


def test_suite_without_model_calls_has_no_summary(project):
    project.makepyfile("def test_plain():\n    pass\n\ndef test_quiet(fake_llm):\n    pass\n")

    result = project.runpytest()

    result.stdout.no_fnmatch_line("*fakellm =*")


def test_journal_names_the_rule_that_could_not_answer(project):
    project.makepyfile("""
        from agent import ask_and_swallow
        from fakellm import ToolCall

        def test_fails(fake_llm):
            fake_llm.reply(ToolCall("made_up", {}))
            ask_and_swallow("hi")
    """)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "call 1: POST /v1/chat/completions gpt-4o [[]400[]] user='hi', answered by nothing, as rule 1 reply() at "
            "test_*.py:5 failed"
        ]
    )


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ("chunks=['Hel', 'lo']", "chunks="),
        ("pace=Pace(ttft=1), framing=framings.crlf()", "pace=, framing="),
    ],
)
def test_forgotten_stream_is_told_where_the_reply_is_made_for_one(project, fields, named):
    project.makepyfile(f"""
        from agent import ask
        from fakellm import Pace, framings

        def test_streams(fake_llm):
            fake_llm.reply("Hello", {fields})
            for chunk in ask("hi"):
                chunk.choices
    """)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*AttributeError: 'str' object has no attribute 'choices'",
            f"call 1: *, answered by rule 1 *, 8+* tokens; it has {named}, and no stream was asked for",
            "*Captured fakellm check call*",
            f"call 1 asked for no stream, but its reply has {named}: rule 1 reply() at *",
            "  if the code reads a stream, let it ask for one: stream=True",
        ]
    )


def test_stream_that_was_asked_for_is_not_told_as_forgotten(project):
    project.makepyfile("""
        import httpx
        from agent import CHAT, KEY

        def test_streams(fake_llm):
            fake_llm.reply("Hello", chunks=["Hel", "lo"])
            body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "stream": True}
            httpx.post(CHAT, json=body, headers=KEY)
            assert False
    """)

    result = project.runpytest()

    result.stdout.no_fnmatch_line("*no stream*")
    result.stdout.no_fnmatch_line("*fakellm check*")
