"""A test from its first fixture to its last teardown: recorded, answered and guarded all the way."""

from __future__ import annotations

import os
import textwrap

import pytest
from plugin_project import AGENT, write_cassette

URLLIB = """
import socket
import sys
import urllib.request

def look_up(host, port, *rest):
    # Tells of itself as the real one does, and goes no further.
    sys.audit("socket.getaddrinfo", host, port, *rest)
    raise OSError("looked up")

def by_urllib():
    try:
        urllib.request.urlopen("https://api.openai.com/v1/models", timeout=5)
    except Exception as err:
        return str(err)
"""


@pytest.fixture
def agent(project):
    project.makepyfile(agent=AGENT, by_urllib=URLLIB)
    return project


@pytest.mark.parametrize(
    "test",
    [
        """
        @pytest.fixture
        def before():
            assert ask("log in") == "recorded"

        @pytest.mark.llm_cassette
        def test_it(before):
            assert ask("hi") == "recorded"
        """,
        """
        @pytest.fixture(autouse=True)
        def before():
            assert ask("log in") == "recorded"

        @pytest.mark.llm_cassette
        def test_it(llm_cassette):
            assert ask("hi") == "recorded"
        """,
        """
        @pytest.fixture
        def after():
            yield
            assert ask("log in") == "recorded"

        @pytest.mark.llm_cassette
        def test_it(after):
            assert ask("hi") == "recorded"
        """,
    ],
    ids=["fixture", "autouse", "teardown"],
)
def test_recording_lasts_from_the_first_own_fixture_to_the_last(agent, test):
    agent.makepyfile(test_it="import pytest\nfrom agent import ask\n" + test.replace("\n        ", "\n"))
    write_cassette(agent.path / "cassettes" / "test_it" / "test_it.yaml", "log in", "hi")

    result = agent.runpytest()

    # What is asked while the fixtures end is asked after the check of what is left.
    expected = {"failed": 1} if "yield" in test else {"passed": 1}
    result.assert_outcomes(**expected)
    assert "0 missed" in result.stdout.str()


@pytest.mark.parametrize("method", ["setup_method(self)", "setUp(self)"])
def test_recording_begins_before_the_setup_of_a_class(agent, method):
    base = "(unittest.TestCase)" if method.startswith("setUp") else ""
    agent.makepyfile(
        test_it=f"""
        import unittest
        import pytest
        from agent import ask

        class TestIt{base}:
            def {method}:
                assert ask("log in") == "recorded"

            @pytest.mark.llm_cassette("both.yaml")
            def test_it(self):
                assert ask("hi") == "recorded"
    """
    )
    write_cassette(agent.path / "both.yaml", "log in", "hi")

    agent.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize("scope", ["function", "module"])
def test_fake_answers_until_the_last_fixture_has_ended(agent, scope):
    agent.makepyfile(
        test_it=f"""
        import pytest
        from agent import ask

        @pytest.fixture(scope="{scope}")
        def agent():
            yield
            assert ask("bye") == "farewell"

        def test_it(agent, fake_llm):
            fake_llm.otherwise("farewell")
    """
    )

    agent.runpytest().assert_outcomes(passed=1)


def test_providers_are_guarded_until_the_last_fixture_has_ended(agent):
    agent.makepyfile(
        test_it="""
        import pytest
        from by_urllib import by_urllib

        @pytest.fixture
        def traces():
            yield
            assert "blocked by fakellm" in by_urllib()

        def test_it(traces, fake_llm):
            pass
    """
    )

    result = agent.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["BlockedConnectionError: a connection to api.openai.com:443 was blocked*"])


FORGOTTEN = """
from fakellm import FakeLLM

def test_it():
    llm = FakeLLM({arguments})
    {script}
    {use}
"""


@pytest.mark.parametrize("script", ["llm.reply('hi')", "llm.when(user='a').reply('b', times=None)"])
def test_fake_that_is_scripted_and_never_entered_fails_the_test(agent, script):
    agent.makepyfile(test_it=FORGOTTEN.format(arguments="", script=script, use=""))

    result = agent.runpytest()

    result.assert_outcomes(failed=1)
    rule = "rule 1 reply()" if "reply('hi')" in script else "rule 1 when(user='a')"
    result.stdout.fnmatch_lines(
        [
            "UnusedReplyError: the FakeLLM made at test_it.py:4 has 1 rule and was never entered: nobody could ask it",
            f"  first: {rule} at test_it.py:5",
            "  to let it answer, type: with llm: …, or take the fixture fake_llm instead",
            "  if the test means it: FakeLLM(allow_unused=True)",
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "script", "use"),
    [
        ("", "llm.reply('hi', times=None)", "with llm: pass"),
        ("", "llm.reply('hi')", "with llm.intercept(): pass"),
        ("", "llm.reply('hi')", "import httpx; llm.transport(httpx)"),
        ("", "llm.reply('hi')", "llm.client()"),
        ("", "llm.reply('hi', times=None)", "llm.check()"),
        ("", "llm.reply('hi')", "import agent, fakellm; fakellm.explore(lambda: agent.ask('a'), llm=llm, faults=[])"),
        ("", "pass", "pass"),
        ("allow_unused=True", "llm.reply('hi')", "pass"),
    ],
    ids=["with", "intercept", "transport", "client", "check", "explore", "no rule", "allowed"],
)
def test_fake_that_somebody_could_ask_fails_nothing(agent, arguments, script, use):
    agent.makepyfile(test_it=FORGOTTEN.format(arguments=arguments, script=script, use=use))

    agent.runpytest().assert_outcomes(passed=1)


SHARED = {
    "fixture": """
        @pytest.fixture(scope="{scope}")
        def llm():
            return make()

        def test_first(llm):
            pass

        def test_second(llm):
            with llm:
                assert ask("hi") == "scripted"
    """,
    "setup_class": """
        class TestIt:
            @classmethod
            def setup_class(cls):
                cls.llm = make()

            def test_first(self):
                pass

            def test_second(self):
                with self.llm:
                    assert ask("hi") == "scripted"
    """,
    "setUpClass": """
        class TestIt(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.llm = make()

            def test_first(self):
                pass

            def test_second(self):
                with self.llm:
                    assert ask("hi") == "scripted"
    """,
    "setup_module": """
        def setup_module(module):
            module.llm = make()

        def test_first():
            pass

        def test_second():
            with llm:
                assert ask("hi") == "scripted"
    """,
}


@pytest.mark.parametrize(
    ("way", "scope"),
    [*(("fixture", scope) for scope in ("session", "module", "class")), *((way, "") for way in list(SHARED)[1:])],
)
def test_fake_that_tests_share_may_be_entered_by_any_of_them(agent, way, scope):
    head = """
        import unittest
        import pytest
        from agent import ask
        from fakellm import FakeLLM

        def make():
            llm = FakeLLM()
            llm.reply("scripted")
            return llm
    """
    agent.makepyfile(test_it=textwrap.dedent(head) + textwrap.dedent(SHARED[way].replace("{scope}", scope)))

    agent.runpytest().assert_outcomes(passed=2)


def test_fake_that_a_shared_fixture_brings_is_no_excuse_for_one_that_the_test_made(agent):
    agent.makepyfile(
        test_it="""
        import pytest
        from fakellm import FakeLLM

        @pytest.fixture(scope="module")
        def shared():
            return FakeLLM()

        def test_it(shared):
            FakeLLM().reply("hi")
    """
    )

    agent.runpytest().assert_outcomes(failed=1)


def test_providers_are_guarded_as_long_as_the_shared_fixture_that_made_a_fake(agent):
    agent.makepyfile(
        test_it="""
        import pytest
        from by_urllib import by_urllib, look_up
        from fakellm import FakeLLM

        @pytest.fixture(scope="class")
        def llm():
            yield FakeLLM()
            assert "blocked by fakellm" in by_urllib()

        class TestIt:
            def test_first(self, llm):
                pass

            def test_second(self):
                assert "blocked by fakellm" in by_urllib()

        def test_next(monkeypatch):
            monkeypatch.setattr("socket.getaddrinfo", look_up)
            assert "looked up" in by_urllib()
    """
    )

    result = agent.runpytest()

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["BlockedConnectionError: a connection to api.openai.com:443 was blocked*"])


FORKING = """
import os, warnings
from by_urllib import by_urllib

def in_child(act):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, which a test runner has
        child = os.fork()
    if child == 0:
        act()
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_connection_refused_in_a_forked_child_fails_the_test(agent):
    agent.makepyfile(
        test_it=FORKING
        + textwrap.dedent("""
        def test_it(fake_llm):
            in_child(by_urllib)

        def test_grandchild(fake_llm):
            in_child(lambda: in_child(by_urllib))

        def test_next(fake_llm):
            in_child(lambda: None)
    """)
    )

    result = agent.runpytest()

    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(
        [
            "BlockedConnectionError: a connection to api.openai.com:443 was blocked*",
            "  at by_urllib.py:* in by_urllib",
            "refused: api.openai.com in test_it.py::test_it",
        ]
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_connection_that_was_told_in_a_child_is_not_told_in_the_parent(agent):
    """A plugin may run a test in a child, whose report says it."""
    agent.makepyfile(
        test_it=FORKING
        + textwrap.dedent("""
        def test_it(fake_llm, request):
            from pytest_fakellm.state import guard_of

            def run():
                by_urllib()
                assert guard_of(request.config).take()

            in_child(run)
    """)
    )

    agent.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize("end", ["assert False", "pytest.skip('later')"])
def test_connection_refused_while_the_fixtures_of_a_test_end_does_not_fail_the_next(agent, end):
    agent.makepyfile(
        test_it=f"""
        import pytest
        from by_urllib import by_urllib

        @pytest.fixture
        def traces():
            yield
            by_urllib()

        def test_it(traces, fake_llm):
            {end}

        def test_next(fake_llm):
            pass
    """
    )

    result = agent.runpytest()

    outcome = {"failed": 1} if end.startswith("assert") else {"skipped": 1}
    result.assert_outcomes(passed=1, **outcome)
    result.stdout.fnmatch_lines(["*connections: 1 refused", "refused: api.openai.com in test_it.py::test_it"])


def test_cassette_that_records_for_several_tests_is_let_through_in_all(agent):
    agent.makepyfile(
        test_it="""
        import pytest
        from by_urllib import by_urllib, look_up
        from fakellm import use_cassette

        @pytest.fixture(scope="module")
        def recording():
            return use_cassette("new.yaml", mode="once")

        @pytest.mark.parametrize("n", [1, 2])
        def test_it(recording, n, monkeypatch):
            monkeypatch.setattr("socket.getaddrinfo", look_up)
            assert "looked up" in by_urllib()
    """
    )

    agent.runpytest("-o", "llm_guard=true").assert_outcomes(passed=2)


def test_fake_that_is_made_at_import_is_nobodys(agent):
    agent.makepyfile(test_it="from fakellm import FakeLLM\nllm = FakeLLM()\nllm.reply('hi')\ndef test_it(): pass")

    agent.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize("make", ["FakeLLM()", "use_cassette('session.yaml')"])
def test_providers_are_guarded_from_the_making_of_a_fake_on(agent, make):
    agent.makepyfile(
        test_it=f"""
        from by_urllib import by_urllib, look_up
        from fakellm import FakeLLM, use_cassette

        def test_it():
            made = {make}
            assert "blocked by fakellm" in by_urllib()

        def test_next(monkeypatch):
            monkeypatch.setattr("socket.getaddrinfo", look_up)
            assert "looked up" in by_urllib()
    """
    )
    write_cassette(agent.path / "session.yaml")

    result = agent.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["BlockedConnectionError: a connection to api.openai.com:443 was blocked*"])


def test_cassette_that_records_is_let_through(agent):
    agent.makepyfile(
        test_it="""
        from by_urllib import by_urllib, look_up
        from fakellm import use_cassette

        def test_it(monkeypatch):
            monkeypatch.setattr("socket.getaddrinfo", look_up)
            made = use_cassette("new.yaml", mode="once")
            assert "looked up" in by_urllib()
    """
    )

    agent.runpytest().assert_outcomes(passed=1)


def test_worker_begun_under_the_fake_of_the_session_asks_that_of_the_test(agent):
    agent.makepyfile(
        test_it="""
        import contextvars
        import pytest
        from agent import ask
        from fakellm import FakeLLM

        @pytest.fixture(scope="session")
        def worker():
            with FakeLLM() as llm:
                llm.otherwise("of the session")
                yield contextvars.copy_context()

        def test_it(worker, fake_llm):
            fake_llm.reply("of the test")
            assert worker.run(ask, "hi") == "of the test"

        def test_next(worker):
            assert worker.run(ask, "hi") == "of the session"
    """
    )

    agent.runpytest().assert_outcomes(passed=2)
