"""The plugin, as a project that uses it sees it: outcomes and the lines of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

# Loaded here, so that the inner runs of pytester, which forget what they imported, do not load it each time.
import pytest_fakellm.sessions

from fakellm import FakeLLM, tokens

assert pytest_fakellm.sessions
tokens.count("warm up", model="gpt-4o")
with FakeLLM():
    pass

AGENT = """
import httpx

CHAT = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}

def ask(question, **more):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}], **more}
    return httpx.post(CHAT, json=body, headers=KEY).json()["choices"][0]["message"]["content"]

def ask_and_swallow(question):
    try:
        return ask(question)
    except Exception:
        return "sorry"
"""

CASSETTE = """
interactions:
- request:
    method: POST
    uri: https://api.openai.com/v1/chat/completions
    body: '{"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}'
    headers: {}
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [application/json]}
    body: {string: '{"choices": [{"message": {"content": "recorded"}}]}'}
version: 1
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project with an agent, in an environment without keys."""
    for name in ("OPENAI_API_KEY", "OTHER_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(agent=AGENT)
    pytester.makeini("[pytest]\naddopts = -p no:hypothesispytest -p no:asyncio -p no:cacheprovider --strict-markers\n")
    return pytester


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


def test_methods_of_classes_and_of_test_cases(project):
    project.makepyfile("""
        import unittest
        import pytest
        from agent import ask

        class TestPlain:
            def test_greets(self, fake_llm):
                fake_llm.reply("Hello!")
                assert ask("hi") == "Hello!"

        class TestOld(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _fake(self, fake_llm):
                self.llm = fake_llm

            def test_greets(self):
                self.llm.reply("Hello!")
                self.assertEqual(ask("hi"), "Hello!")

            def test_forgets(self):
                self.llm.reply("never asked for")
    """)

    result = project.runpytest()

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*UnusedReplyError*"])


def test_async_test_under_pytest_asyncio(project):
    pytest.importorskip("pytest_asyncio")
    project.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\naddopts = -p no:hypothesispytest\n")
    project.makepyfile("""
        import httpx
        import pytest
        from agent import CHAT, KEY

        @pytest.mark.asyncio
        async def test_greets(fake_llm):
            fake_llm.reply("Hello!")
            async with httpx.AsyncClient() as client:
                body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
                answer = await client.post(CHAT, json=body, headers=KEY)
            assert answer.json()["choices"][0]["message"]["content"] == "Hello!"

        @pytest.mark.asyncio
        async def test_forgets(fake_llm):
            fake_llm.reply("never asked for")
    """)

    project.runpytest_subprocess().assert_outcomes(passed=1, failed=1)


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


def test_missing_keys_are_set_while_the_test_runs(project):
    project.makepyfile("""
        import os

        def test_during(fake_llm):
            assert os.environ["OPENAI_API_KEY"] == "sk-fakellm"

        def test_after():
            assert "OPENAI_API_KEY" not in os.environ
    """)

    project.runpytest().assert_outcomes(passed=2)


def test_key_that_the_test_sets_stays(project):
    project.makepyfile("""
        import os

        def test_during(fake_llm):
            os.environ["OPENAI_API_KEY"] = "sk-of-the-test"

        def test_after():
            assert os.environ.pop("OPENAI_API_KEY") == "sk-of-the-test"
    """)

    project.runpytest().assert_outcomes(passed=2)


def test_key_that_is_set_stays(project, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    project.makepyfile("""
        import os

        def test_during(fake_llm):
            assert os.environ["OPENAI_API_KEY"] == "sk-mine"
    """)

    project.runpytest().assert_outcomes(passed=1)


CLIENT_AT_IMPORT = """
import os

if "OPENAI_API_KEY" not in os.environ:
    raise RuntimeError("Missing credentials: set the `OPENAI_API_KEY` environment variable")
key = os.environ["OPENAI_API_KEY"]
"""


def test_client_built_at_import_without_a_key(project):
    project.makepyfile(client=CLIENT_AT_IMPORT)
    project.makepyfile("""
        import os
        import client

        def test_key(fake_llm):
            assert client.key == "sk-fakellm"

        def test_key_is_gone_after_import():
            assert "OPENAI_API_KEY" not in os.environ
    """)

    project.runpytest().assert_outcomes(passed=2)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "STRIPE_API_KEY"])
def test_import_error_of_another_kind_is_reported_as_it_is(project, name):
    project.makepyfile(f"""
        import os
        if "STRIPE_API_KEY" not in os.environ:
            raise RuntimeError("{name} is wrong")
    """)

    result = project.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*RuntimeError: {name} is wrong"])


def test_ini_sets_the_key_before_the_first_conftest(project):
    project.makepyfile(client=CLIENT_AT_IMPORT)
    project.makeconftest("import client")
    project.makeini("[pytest]\nllm_api_key = sk-for-import\naddopts = -p no:hypothesispytest -p no:asyncio\n")
    project.makepyfile("""
        import client

        def test_key():
            assert client.key == "sk-for-import"
    """)

    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_marker_replays_a_cassette(project):
    Path(project.path, "session.yaml").write_text(CASSETTE)
    project.makepyfile("""
        import pytest
        from agent import ask

        @pytest.mark.llm_cassette("session.yaml")
        def test_replays():
            assert ask("hi") == "recorded"

        @pytest.mark.llm_cassette("session.yaml")
        def test_replays_with_fixture(llm_cassette):
            assert ask("hi") == "recorded"
            assert llm_cassette.unplayed == []
    """)

    project.runpytest().assert_outcomes(passed=2)


def test_marker_on_one_parameter_leaves_the_others_alone(project):
    Path(project.path, "session.yaml").write_text(CASSETTE)
    project.makepyfile("""
        import pytest
        from agent import ask

        @pytest.mark.parametrize("replays", [
            pytest.param(True, marks=pytest.mark.llm_cassette("session.yaml")), False,
        ])
        def test_replays(replays):
            assert not replays or ask("hi") == "recorded"
    """)

    project.runpytest().assert_outcomes(passed=2)


def test_marker_on_a_method_of_a_test_case(project):
    Path(project.path, "session.yaml").write_text(CASSETTE)
    project.makepyfile("""
        import unittest
        import pytest
        from agent import ask, ask_and_swallow

        class TestOld(unittest.TestCase):
            @pytest.mark.llm_cassette("session.yaml")
            def test_replays(self):
                self.assertEqual(ask("hi"), "recorded")

            @pytest.mark.llm_cassette("session.yaml")
            def test_drifted(self):
                self.assertEqual(ask_and_swallow("hello"), "sorry")
    """)

    project.runpytest().assert_outcomes(passed=1, failed=1)


def test_cassette_is_found_beside_the_test_file_first(project):
    Path(project.path, "session.yaml").write_text("not: a cassette")
    folder = project.mkdir("tests")
    Path(folder, "session.yaml").write_text(CASSETTE)
    Path(folder, "test_inner.py").write_text(
        "import pytest\nfrom agent import ask\n\n"
        "@pytest.mark.llm_cassette('session.yaml')\ndef test_replays():\n    assert ask('hi') == 'recorded'\n"
    )
    project.makeini("[pytest]\npythonpath = .\naddopts = -p no:hypothesispytest -p no:asyncio\n")

    project.runpytest().assert_outcomes(passed=1)


def test_cassette_is_found_from_the_root(project):
    Path(project.mkdir("recordings"), "session.yaml").write_text(CASSETTE)
    Path(project.mkdir("tests"), "test_rooted.py").write_text(
        "import pytest\nfrom agent import ask\n\n"
        "@pytest.mark.llm_cassette(path='recordings/session.yaml')\n"
        "def test_replays():\n    assert ask('hi') == 'recorded'\n"
    )
    project.makeini("[pytest]\npythonpath = .\naddopts = -p no:hypothesispytest -p no:asyncio\n")

    project.runpytest().assert_outcomes(passed=1)


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


def test_request_that_is_not_recorded_fails_even_when_swallowed(project):
    Path(project.path, "session.yaml").write_text(CASSETTE)
    project.makepyfile("""
        import pytest
        from agent import ask_and_swallow

        @pytest.mark.llm_cassette("session.yaml")
        def test_drifted():
            assert ask_and_swallow("hello") == "sorry"
    """)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*CassetteMismatchError: call 1 is not in the recording: POST https://api.openai.com/v1/chat/completions",
            "*session.yaml holds no such request; recording is off",
            "*closest is interaction 1 (line 3), not played yet:",
            '*messages[[]0[]].content: recorded "hi", sent "hello"',
            "*not played yet: interaction 1 of 1",
        ]
    )


def test_scripted_rules_are_asked_before_the_cassette(project):
    Path(project.path, "session.yaml").write_text(CASSETTE)
    project.makepyfile("""
        import pytest
        from agent import ask

        @pytest.mark.llm_cassette("session.yaml")
        def test_mixed(fake_llm):
            fake_llm.when(user="new").reply("scripted")
            assert ask("new") == "scripted"
            assert ask("hi") == "recorded"
    """)

    project.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("llm_cassette('nowhere.yaml')", "*CassetteNotFoundError: there is no cassette 'nowhere.yaml'; looked for *"),
        (
            "llm_cassette()",
            "*UsageError: the marker llm_cassette takes one path, got no path: @pytest.mark.llm_cassette(*",
        ),
        ("llm_cassette(5)", "*UsageError: the marker llm_cassette takes one path, got 5: *"),
        ("llm_cassette('a', 'b')", "*UsageError: the marker llm_cassette takes one path, got 'b': *"),
        ("llm_cassette('a', mode='all')", "*UsageError: the marker llm_cassette takes one path, got mode=: *"),
    ],
)
def test_wrong_cassette_marker_says_what_to_type(project, marker, message):
    project.makepyfile(f"""
        import pytest

        @pytest.mark.{marker}
        def test_marked():
            pass
    """)

    result = project.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("fake_llm(colour='red')", "*UsageError: the marker fake_llm takes the arguments of FakeLLM: *'colour'"),
        ("fake_llm(5)", "*UsageError: the marker fake_llm takes keyword arguments only, got 5"),
    ],
)
def test_wrong_fake_marker_says_what_it_takes(project, marker, message):
    project.makepyfile(f"""
        import pytest

        @pytest.mark.{marker}
        def test_marked(fake_llm):
            pass
    """)

    result = project.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


def test_cassette_fixture_without_marker_is_a_usage_error(project):
    project.makepyfile("""
        def test_unmarked(llm_cassette):
            pass
    """)

    result = project.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*UsageError: the fixture llm_cassette needs the marker*"])


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

    result.stdout.fnmatch_lines(["@pytest.mark.fake_llm(*", "@pytest.mark.llm_cassette(path)*"])


def test_fixtures_are_documented(project):
    result = project.runpytest("--fixtures")

    result.stdout.fnmatch_lines(["fake_llm -- *", "*A FakeLLM that answers for every httpx and httpx2 client*"])
