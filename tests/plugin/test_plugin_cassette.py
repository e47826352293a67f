"""The marker and fixture llm_cassette: which file, and what fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_project import write_cassette, write_ini


def test_marker_replays_a_cassette(project):
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
    write_cassette(Path(folder, "session.yaml"))
    Path(folder, "test_inner.py").write_text(
        "import pytest\nfrom agent import ask\n\n"
        "@pytest.mark.llm_cassette('session.yaml')\ndef test_replays():\n    assert ask('hi') == 'recorded'\n"
    )

    project.runpytest().assert_outcomes(passed=1)


def test_cassette_is_found_from_the_root(project):
    write_cassette(Path(project.path, "recordings", "session.yaml"))
    Path(project.mkdir("tests"), "test_rooted.py").write_text(
        "import pytest\nfrom agent import ask\n\n"
        "@pytest.mark.llm_cassette(path='recordings/session.yaml')\n"
        "def test_replays():\n    assert ask('hi') == 'recorded'\n"
    )

    project.runpytest().assert_outcomes(passed=1)


def test_request_that_is_not_recorded_fails_even_when_swallowed(project):
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
            "*closest is interaction 1 (line 2), not played yet:",
            '*messages[[]0[]].content: recorded "hi", sent "hello"',
            "*not played yet: interaction 1 of 1",
            "*the request was not sent anywhere",
            "*to record again: pytest 'test_request_that_is_not_recorded_fails_even_when_swallowed.py::test_drifted' "
            "--llm-record=new_episodes",
        ]
    )


SERVED = """
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

class Teapot(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(418)
        self.end_headers()

    def log_message(self, *args):
        pass

@pytest.fixture
def served():
    with HTTPServer(("127.0.0.1", 0), Teapot) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://metrics.domain.test:{server.server_port}/metrics"
        server.shutdown()
        thread.join()

@pytest.fixture(autouse=True)
def at_home(monkeypatch):
    import socket
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *args, **kw: look_up("127.0.0.1" if "domain" in host else host, *args, **kw)
    )
"""


@pytest.mark.parametrize(
    ("marker", "config", "ini", "status"),
    [
        ("", "", "", 404),
        (", allowed_hosts=['*.domain.test']", "", "", 418),
        ("", "'metrics.domain.test'", "", 418),
        ("", "", "llm_allowed_hosts = shop.test metrics.*", 418),
        (", allowed_hosts=['shop.test']", "'metrics.domain.test'", "llm_allowed_hosts = *", 404),
        ("", "'shop.test'", "llm_allowed_hosts = *", 404),
    ],
    ids=["nobody", "marker", "config", "ini", "marker-before-config", "config-before-ini"],
)
def test_allowed_hosts_are_left_alone(project, marker, config, ini, status):
    write_ini(project, more=ini)
    project.makeconftest(
        SERVED + f"\n@pytest.fixture(scope='session')\ndef llm_config():\n    return {{'allowed_hosts': {config}}}\n"
        if config
        else SERVED
    )
    project.makepyfile(f"""
        import httpx, pytest
        from agent import ask

        @pytest.mark.llm_cassette("session.yaml"{marker})
        def test_reaches(served):
            assert httpx.get(served).status_code == {status}
            assert ask("hi") == "recorded"
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_trace_during_a_replay_fails_nothing(project):
    project.makepyfile("""
        import httpx, pytest
        from agent import ask

        @pytest.mark.llm_cassette("session.yaml")
        def test_traced(llm_cassette, llm_journal):
            assert httpx.post("https://api.smith.langchain.com/runs/batch", json={"post": []}).status_code == 404
            assert ask("hi") == "recorded"
            assert (len(llm_journal), len(llm_cassette.other_traffic)) == (1, 1)
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_scripted_rules_are_asked_before_the_cassette(project):
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


NAMES = """
import pytest
from agent import ask

pytestmark = pytest.mark.llm_cassette

def test_plain():
    ask("hi")

@pytest.mark.parametrize("path", [1, 2], ids=["a/b", "x" * 300])
def test_with(path):
    ask("hi")

class TestClass:
    def test_method(self):
        ask("hi")

    class TestInner:
        def test_method(self):
            ask("hi")
"""

FILES = [
    "TestClass.TestInner.test_method.yaml",
    "TestClass.test_method.yaml",
    "test_plain.yaml",
    "test_with[a-b].yaml",
    f"test_with[{'x' * 172}-d70266fad47e.yaml",
]


def test_own_cassette_is_named_after_module_class_and_parameters(project):
    project.makepyfile(test_names=NAMES)

    result = project.runpytest()

    result.assert_outcomes(errors=5)
    looked = sorted(
        line.rpartition("looked for ")[2] for line in result.stdout.lines if line.startswith("CassetteNotFound")
    )
    assert [Path(path).name for path in looked if path] == FILES
    assert {Path(path).parent for path in looked if path} == {Path(project.path, "cassettes", "test_names")}
    assert max(len(name) for name in FILES) == 200


@pytest.mark.parametrize(("option", "folder"), [("", "cassettes"), ("--llm-cassette-dir=kept/here", "kept/here")])
def test_own_cassette_is_played(project, option, folder):
    write_ini(project, addopts=option)
    project.makepyfile(test_names=NAMES)
    for name in FILES:
        write_cassette(Path(project.path, folder, "test_names", name))

    project.runpytest().assert_outcomes(passed=5)


def test_folder_of_the_ini_is_relative_to_rootdir(project):
    write_ini(project, more="llm_cassette_dir = kept")
    write_cassette(Path(project.path, "kept", "test_inner", "test_own.yaml"))
    write_cassette(Path(project.path, "kept", "named.yaml"))
    Path(project.mkdir("tests"), "test_inner.py").write_text(
        "import pytest\nfrom agent import ask\n\n"
        "@pytest.mark.llm_cassette\ndef test_own():\n    assert ask('hi') == 'recorded'\n\n"
        "@pytest.mark.llm_cassette('named.yaml')\ndef test_named():\n    assert ask('hi') == 'recorded'\n"
    )

    project.runpytest("tests").assert_outcomes(passed=2)


def test_fixture_without_marker_uses_the_own_cassette(project):
    write_cassette(Path(project.path, "cassettes", "test_names", "test_own.yaml"))
    project.makepyfile(
        test_names="""
        from agent import ask

        def test_own(llm_cassette):
            assert ask("hi") == "recorded"
            assert llm_cassette.unplayed == []
    """
    )

    project.runpytest().assert_outcomes(passed=1)


def test_missing_own_cassette_says_how_to_record_it(project):
    project.makepyfile(test_names="def test_own(llm_cassette):\n    pass\n")

    result = project.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "CassetteNotFoundError: there is no cassette of this test; looked for */cassettes/test_names/test_own.yaml",
            "  to record it: pytest 'test_names.py::test_own' --llm-record=once",
        ]
    )
    assert result.stdout.str().count("there is no cassette of this test") == 1


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ('ask("hi", user="ada")', "if that does not matter: @pytest.mark.llm_cassette(ignore=['user'])"),
        (
            'ask("hi"); ask("hi")',
            "to play it again: @pytest.mark.llm_cassette(repeat='last') or @pytest.mark.llm_cassette(repeat='cycle')",
        ),
    ],
)
def test_miss_says_which_marker_to_type(project, body, hint):
    project.makepyfile(f"""
        import pytest
        from agent import ask

        @pytest.mark.llm_cassette("session.yaml")
        def test_missed():
            {body}
    """)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"  {hint.replace('[', '[[]')}"])


@pytest.mark.parametrize("argument", ["ignore=['user']", "repeat='last'"])
def test_marker_with_one_argument_goes_beside_another(project, argument):
    project.makepyfile(f"""
        import pytest
        from agent import ask

        @pytest.mark.llm_cassette({argument})
        @pytest.mark.llm_cassette("session.yaml")
        def test_replays():
            assert ask("hi", {"user='ada'" if "ignore" in argument else ""}) == "recorded"
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_missing_named_cassette_says_where_it_was_looked_for(project):
    project.mkdir("tests")
    Path(project.path, "tests", "test_names.py").write_text(
        "import pytest\n\n@pytest.mark.llm_cassette('nowhere.yaml')\ndef test_named():\n    pass\n"
    )

    result = project.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*there is no cassette 'nowhere.yaml'; looked for */tests/nowhere.yaml and */nowhere.yaml"]
    )


def test_two_tests_whose_names_make_one_file_name_are_told(project):
    write_cassette(Path(project.path, "cassettes", "test_names", "test_own[a-b].yaml"))
    project.makepyfile(
        test_names="""
        import pytest
        from agent import ask

        @pytest.mark.llm_cassette
        @pytest.mark.parametrize("path", ["a/b", "a:b"])
        def test_own(path):
            ask("hi")
    """
    )

    result = project.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "UsageError: the cassette '*test_own[[]a-b[]].yaml' is the own one of test_names.py::test_own[[]a/b[]], "
            "and by its name of test_names.py::test_own[[]a:b[]] too",
            "  type: @pytest.mark.llm_cassette('another_name.yaml')",
        ]
    )


def test_what_is_left_is_told_without_the_keys_in_it(project):
    path = Path(project.path, "cassettes", "test_names", "test_own.yaml")
    write_cassette(path, "hi", "hello")
    path.write_text(path.read_text().replace("/v1/chat/completions", "/v1/chat/completions?api_key=sk-recorded"))
    project.makepyfile(
        test_names="""
        import pytest

        @pytest.mark.llm_cassette
        def test_own():
            pass
    """
    )

    result = project.runpytest()

    result.stdout.fnmatch_lines(["  interaction 1: POST https://api.openai.com/v1/chat/completions?api_key=REDACTED"])
    assert "sk-recorded" not in result.stdout.str()


def test_what_is_left_of_the_own_cassette_fails_the_test_once(project):
    write_cassette(Path(project.path, "cassettes", "test_names", "test_own.yaml"), "hi", "hello", "bye")
    project.makepyfile(
        test_names="""
        import pytest
        from agent import ask

        @pytest.mark.llm_cassette
        def test_own():
            ask("hi")
    """
    )

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "UnusedReplyError: 2 of 3 recorded interactions never asked for: cassettes/test_names/test_own.yaml",
            "  interaction 2: POST https://api.openai.com/v1/chat/completions",
            "  interaction 3: POST https://api.openai.com/v1/chat/completions",
            "  to record again: pytest 'test_names.py::test_own' --llm-record=rewrite",
            "  if the test means it: @pytest.mark.llm_cassette(allow_unused=True)",
        ]
    )


@pytest.mark.parametrize(
    ("marker", "config"), [("llm_cassette(allow_unused=True)", {}), ("llm_cassette", {"allow_unused": True})]
)
def test_leftovers_may_be_allowed(project, marker, config):
    write_cassette(Path(project.path, "cassettes", "test_names", "test_own.yaml"), "hi", "hello")
    project.makepyfile(
        test_names=f"""
        import pytest
        from agent import ask

        @pytest.fixture
        def llm_config():
            return {config!r}

        @pytest.mark.{marker}
        def test_own():
            ask("hi")
    """
    )

    project.runpytest().assert_outcomes(passed=1)


RECORDING = "markers =\n    vcr: of pytest-recording\n    default_cassette: of pytest-recording"


def test_recordings_of_pytest_recording_are_found(project):
    write_ini(project, more=RECORDING)
    home = Path(project.path, "cassettes", "test_old")
    write_cassette(home / "test_extra.yaml", "hi")
    write_cassette(home / "more.yaml", "bye")
    write_cassette(home / "given.yaml", "hi")
    write_cassette(home / "TestInner.test_in_class.yaml", "hi")
    project.makepyfile(
        test_old="""
        import pytest
        from agent import ask

        pytestmark = pytest.mark.llm_cassette

        @pytest.mark.vcr("more.yaml")
        def test_extra():
            assert [ask("bye"), ask("hi")] == ["recorded", "recorded"]

        @pytest.mark.vcr
        @pytest.mark.default_cassette("given")
        def test_named():
            assert ask("hi") == "recorded"

        class TestOuter:
            class TestInner:
                @pytest.mark.vcr
                def test_in_class(self):
                    assert ask("hi") == "recorded"
    """
    )

    result = project.runpytest()

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["cassettes: 4 played, 0 recorded, 0 missed, 0 unused, 0 orphaned; *"])


def test_late_fake_and_cassette_are_both_checked(project):
    project.makepyfile("""
        import pytest
        from agent import ask_and_swallow

        @pytest.mark.llm_cassette("session.yaml")
        def test_drifted(request):
            ask_and_swallow("hello")
            request.getfixturevalue("fake_llm").reply("never asked for")
    """)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["CassetteMismatchError: call 1 *", "UnusedReplyError: 1 scripted reply never asked for*"]
    )


def test_requests_that_the_cassette_does_not_hold_may_be_allowed(project):
    project.makepyfile("""
        import pytest
        from agent import ask_and_swallow

        @pytest.mark.fake_llm(allow_unmatched=True)
        @pytest.mark.llm_cassette("session.yaml")
        def test_drifted():
            ask_and_swallow("hello")
    """)

    project.runpytest().assert_outcomes(passed=1)
