"""The fixture fake_llm: what fails a test, when, and how that reads."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_scripted_test_passes(project):
    project.makepyfile("""
        from agent import ask

        def test_greets(fake_llm):
            fake_llm.reply("Hello!")
            assert ask("hi") == "Hello!"
            assert fake_llm.calls[0].last_user == "hi"
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_swallowed_unscripted_call_fails_once_and_says_what_to_type(project):
    project.makepyfile("""
        from agent import ask_and_swallow

        def test_weather(fake_llm):
            fake_llm.when(user="wether").reply("Rain.", times=None)
            assert ask_and_swallow("What is the weather?") == "sorry"
    """)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*UnmatchedRequestError: no rule answers call 1: POST *chat/completions model='gpt-4o' "
            "user='What is the weather?'",
            "*nearest:",
            "*rule 1 when(user='wether') at test_*.py:4",
            "*user: expected a question containing 'wether', got 'What is the weather?'",
            "*to answer it, type:",
            "*fake_llm.when(user='What is the weather?').reply('...')",
            "*fakellm transcript*",
            "call 1: POST /v1/chat/completions gpt-4o [[]400[]]",
        ]
    )


def test_unused_reply_fails(project):
    project.makepyfile("""
        def test_forgets(fake_llm):
            fake_llm.reply("never asked for")
    """)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*UnusedReplyError: 1 scripted reply never asked for: rule 1 reply() at test_*.py:2, 0 given"]
    )


def test_failing_body_is_reported_once_with_transcript_and_problems(project):
    project.makepyfile("""
        from agent import ask_and_swallow

        def test_fails(fake_llm):
            assert ask_and_swallow("hi") == "Hello!"
    """)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*assert 'sorry' == 'Hello!'*", "*fakellm transcript*", "*fakellm check*", "*no rule answers call 1*"]
    )


def test_rejected_request_fails(project):
    project.makepyfile("""
        from agent import ask_and_swallow, CHAT, KEY
        import httpx

        def test_rejected(fake_llm):
            assert httpx.post(CHAT, json={"model": "gpt-4o"}, headers=KEY).status_code == 400
    """)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the real API rejects call 1*", "*Missing required parameter: 'messages'.*"])


@pytest.mark.parametrize(
    ("option", "body"),
    [
        ("allow_unmatched", "assert ask_and_swallow('hi') == 'sorry'"),
        ("allow_rejected", "assert httpx.post(CHAT, json={'model': 'gpt-4o'}, headers=KEY).status_code == 400"),
        ("allow_unused", "fake_llm.reply('never asked for')"),
    ],
)
def test_marker_lets_pass_what_it_names(project, option, body):
    project.makepyfile(f"""
        import httpx
        import pytest
        from agent import CHAT, KEY, ask_and_swallow

        @pytest.mark.fake_llm({option}=True)
        def test_allowed(fake_llm):
            {body}
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_call_made_while_fixtures_end_is_an_error(project):
    project.makepyfile("""
        import pytest
        from agent import ask_and_swallow

        @pytest.fixture
        def agent(fake_llm):
            yield
            ask_and_swallow("goodbye")

        def test_ends(agent):
            pass
    """)

    result = project.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*no rule answers call 1*goodbye*"])


@pytest.mark.parametrize("end", ["pytest.skip('not today')", "pytest.xfail('known')"])
def test_skipped_and_xfailed_tests_are_not_checked(project, end):
    project.makepyfile(f"""
        import pytest

        def test_ends_early(fake_llm):
            fake_llm.reply("never asked for")
            {end}
    """)

    result = project.runpytest()

    assert result.parseoutcomes().keys() <= {"skipped", "xfailed"}


def test_xfail_marker_covers_the_check(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.xfail(strict=True)
        def test_expected(fake_llm):
            fake_llm.reply("never asked for")
    """)

    project.runpytest().assert_outcomes(xfailed=1)


def test_ids_differ_by_test_and_not_by_run(project):
    project.makepyfile("""
        import httpx, pathlib
        from agent import CHAT, KEY

        def write(request, fake_llm):
            fake_llm.reply("Hello!")
            body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
            with pathlib.Path("ids.txt").open("a") as file:
                print(httpx.post(CHAT, json=body, headers=KEY).json()["id"], file=file)

        def test_one(request, fake_llm):
            write(request, fake_llm)

        def test_two(request, fake_llm):
            write(request, fake_llm)
    """)

    project.runpytest()
    project.runpytest()

    ids = Path(project.path, "ids.txt").read_text().split()
    assert ids[:2] == ids[2:]
    assert ids[0] != ids[1]


def test_nearest_marker_wins(project):
    project.makepyfile("""
        import pytest

        @pytest.mark.fake_llm(allow_unused=False, seed=1)
        class TestPlain:
            @pytest.mark.fake_llm(allow_unused=True)
            def test_forgets(self, fake_llm):
                fake_llm.reply("never asked for")
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_usage_mistake_is_shown_where_it_was_written(project):
    project.makepyfile("""
        def test_mistaken(fake_llm):
            fake_llm.reply(5)
    """)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [">*fake_llm.reply(5)", "E*UsageError: reply() got 5, which is nothing that a model says*"]
    )
    result.stdout.no_fnmatch_line("*rule.py:*")


def test_rejected_reply_leaves_no_rule(project):
    project.makepyfile("""
        import pytest
        from fakellm import UsageError

        def test_mistaken(fake_llm):
            with pytest.raises(UsageError):
                fake_llm.reply(5)
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_distribution_with_our_files_is_refused(project):
    info = project.mkdir("pytest_fakellm-1.0.dist-info")
    Path(info, "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-fakellm\nVersion: 1.0\n")
    project.syspathinsert()
    project.makepyfile("""
        def test_refused(fake_llm):
            pass
    """)

    result = project.runpytest_subprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*UsageError: the distribution 'pytest-fakellm' is installed here, and its files overwrite those of *",
            "*type: pip uninstall -y pytest-fakellm",
        ]
    )


def test_markers_and_ini_are_documented(project):
    result = project.runpytest("--markers")

    text = result.stdout.str()
    assert (
        "@pytest.mark.fake_llm(*, strict=True, seed=0, models=None, provider=None, pace=None, cache=False, "
        "allow_unmatched=False, allow_rejected=False, allow_unused=False, model='gpt-4o'): settings of the fixtures "
        "fake_llm and llm_client\n"
    ) in text
    assert (
        "@pytest.mark.llm_cassette(path=None, mode='none', match=None, allow_unused=False, *, allowed_hosts=None, "
        "ignore=None, normalize=None, repeat=None, chunking=None, timing=None, redact=None): use a recorded session in "
        "this test; without a path, the test's own one: cassettes/<module>/<test>.yaml\n"
    ) in text


def test_fixtures_are_documented(project):
    result = project.runpytest("--fixtures")

    result.stdout.fnmatch_lines(
        ["fake_llm -- *", "*A FakeLLM that answers for every client of httpx, httpx2, requests and aiohttp*"]
    )


@pytest.mark.parametrize("place", ["suite", ".", "elsewhere"])
def test_script_is_found_beside_the_test_then_from_rootdir_then_from_the_current_folder(project, monkeypatch, place):
    for folder in ("suite", "elsewhere"):
        project.mkdir(folder)
    Path(project.path, place, "hello.yaml").write_text("rules:\n- reply: Hello!\n")
    Path(project.path, "elsewhere", "hello.yaml").touch()  # found last
    Path(project.path, place, "hello.yaml").write_text("rules:\n- reply: Hello!\n")
    Path(project.path, "suite", "test_it.py").write_text(
        "from agent import ask\n\ndef test_it(fake_llm):\n    fake_llm.load('hello.yaml')\n"
        "    assert ask('hi') == 'Hello!'\n"
    )
    monkeypatch.chdir(Path(project.path, "elsewhere"))

    result = project.runpytest(f"--rootdir={project.path}", "-c", str(Path(project.path, "tox.ini")), "../suite")

    result.assert_outcomes(passed=1)
