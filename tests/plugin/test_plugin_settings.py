"""Who decides a setting, and what is said where a value is wrong."""

from __future__ import annotations

import pytest
from plugin_project import write_ini

# The strongest first. Each says another mode, so that the answer tells who decided.
SOURCES = [
    ("command line", "rewrite"),
    ("environment", "all"),
    ("marker", "new_episodes"),
    ("llm_config", "once"),
    ("ini", "auto"),
    ("default", "none"),
]


@pytest.mark.parametrize("strongest", range(len(SOURCES)), ids=[name for name, _ in SOURCES])
def test_order_of_who_decides(project, monkeypatch, strongest):
    said = dict(SOURCES[strongest:])
    if "environment" in said:
        monkeypatch.setenv("FAKELLM_RECORD", said["environment"])
    write_ini(project, more=f"llm_record = {said['ini']}" if "ini" in said else "")
    project.makepyfile(f"""
        import pytest
        from pytest_fakellm.settings import decide, keys_of, marked_on

        @pytest.fixture(scope="module")
        def llm_config():
            return {{"record": {said.get("llm_config")!r}}} if {"llm_config" in said} else {{}}

        @pytest.fixture
        def mode(request, llm_config):
            return decide("record", request.config, marked=marked_on(request.node), given=keys_of(llm_config))

        if {"marker" in said}:
            pytestmark = pytest.mark.fake_llm(seed=1)

        def test_mode(request, mode):
            assert mode == {SOURCES[strongest][1]!r}

        def marked():
            return pytest.mark.llm_cassette("session.yaml", mode={said.get("marker")!r})

        # The marker is looked at here, not used: a cassette would really be recorded.
        @pytest.fixture(autouse=True)
        def _mark(request):
            if {"marker" in said}:
                request.node.add_marker(marked())
    """)
    arguments = [f"--llm-record={said['command line']}"] if "command line" in said else []

    project.runpytest(*arguments).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("option", "ini", "marker", "config", "seed"),
    [
        ("--llm-seed=5", "llm_seed = 4", "seed=3", {"seed": 2}, 5),
        ("", "llm_seed = 4", "seed=3", {"seed": 2}, 3),
        ("", "llm_seed = 4", "", {"seed": 2}, 2),
        ("", "llm_seed = 4", "", {}, 4),
        ("", "", "", {}, 0),
    ],
)
def test_seed_reaches_the_fake(project, option, ini, marker, config, seed):
    write_ini(project, addopts=option, more=ini)
    project.makepyfile(f"""
        import pytest

        @pytest.fixture(scope="session")
        def llm_config():
            return {config!r}

        @pytest.mark.fake_llm({marker})
        def test_seed(fake_llm):
            assert fake_llm._engine.seed == {seed}
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_config_reaches_every_fixture_and_may_be_of_any_scope(project):
    project.makeconftest("""
        import pytest

        @pytest.fixture(scope="session")
        def llm_config():
            return {"allow_unused": True, "llm_strict": False, "model": "gpt-4.1"}
    """)
    project.makepyfile("""
        import httpx
        import pytest
        from agent import CHAT, KEY

        def test_of_the_project(fake_llm, llm_client):
            fake_llm.reply("never asked for")
            assert httpx.post(CHAT, json={"model": "gpt-4o", "messages": [], "colour": 1}).status_code == 200
            assert llm_client.model_info["family"] == "gpt-41"

        class TestOwn:
            @pytest.fixture
            def llm_config(self, llm_config):
                return {**llm_config, "allow_unused": False}

            def test_of_the_class(self, fake_llm):
                fake_llm.reply("never asked for")
    """)

    result = project.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED *test_of_the_class*"])


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"colour": "red"},
            "*UsageError: llm_config has no setting 'colour'; it takes allow_rejected, allow_unmatched, *",
        ),
        ({"seed": "x"}, "*UsageError: llm_config[[]'seed'] takes an int, got 'x'"),
        ({"path": "x"}, "*UsageError: llm_config has no setting 'path'; it takes *"),
        ([], "*UsageError: the fixture llm_config returns a dict of settings, got []"),
    ],
)
def test_wrong_config_is_a_usage_error(project, config, message):
    project.makepyfile(f"""
        import pytest

        @pytest.fixture
        def llm_config():
            return {config!r}

        def test_configured(fake_llm):
            pass
    """)

    result = project.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("fake_llm(colour='red')", "the marker fake_llm has no argument 'colour'"),
        ("fake_llm(stict=True)", "the marker fake_llm has no argument 'stict'; did you mean 'strict'?"),
        (
            "llm_cassette(mode='onec')",
            "the marker llm_cassette takes one of none, once, new_episodes, all, rewrite, auto as mode, got 'onec'; "
            "did you mean 'once'?",
        ),
        ("fake_llm(5)", "the marker fake_llm takes keyword arguments only, got 5"),
        ("fake_llm(strict='no')", "the marker fake_llm takes True or False as strict, got 'no'"),
        ("fake_llm(seed=True)", "the marker fake_llm takes an int as seed, got True"),
        (
            "fake_llm(models='gpt-4o')",
            "the marker fake_llm takes a list of the models that exist as models, got 'gpt-4o'",
        ),
        ("fake_llm(model='')", "the marker fake_llm takes the name of a model as model, got ''"),
        (
            "llm_cassette(allowed_hosts=5)",
            "the marker llm_cassette takes names of hosts, such as '*.langchain.com' as allowed_hosts, got 5",
        ),
        ("llm_cassette(5)", "the marker llm_cassette takes the path of a cassette as path, got 5"),
        (
            "llm_cassette('a.yaml', 'b.yaml')",
            "the marker llm_cassette takes one of none, once, new_episodes, all, rewrite, auto as mode, got 'b.yaml'",
        ),
        ("llm_cassette('a', 'none', [], False, 1)", "the marker llm_cassette takes 4 arguments, got 1"),
        (
            "llm_cassette(match='body')",
            "the marker llm_cassette takes a list of parts of a request as match, got 'body'",
        ),
        ("llm_cassette(record='once')", "the marker llm_cassette has no argument 'record'"),
    ],
)
def test_wrong_marker_is_a_usage_error_at_its_line(project, marker, message):
    project.makepyfile(
        test_marked=f"""
        import pytest

        @pytest.mark.fake_llm
        def test_before():
            pass

        @pytest.mark.skipif(False, reason="another marker")
        @pytest.mark.{marker}
        def test_marked():
            raise AssertionError("must not run")
    """
    )

    result = project.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [f"test_marked.py:8: UsageError: {message.replace('[', '[[]')}", "  it takes *", "  type: @pytest.mark.*"]
    )


@pytest.mark.parametrize("arguments", ["moed='once'", "5", "'session.yaml', 'none', None, False, 'more'"])
def test_wrong_marker_does_not_end_the_session_that_lists_orphans(project, arguments):
    project.makepyfile(
        test_marked=f"""
        import pytest
        from agent import ask

        @pytest.mark.llm_cassette({arguments})
        def test_marked():
            raise AssertionError("must not run")

        @pytest.mark.llm_cassette("session.yaml")
        def test_played():
            pass
    """
    )

    result = project.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["test_marked.py:4: UsageError: the marker llm_cassette *", "*== fakellm ==*"])


def test_wrong_marker_of_a_class_and_of_a_parameter_is_found(project):
    project.makepyfile(
        test_marked="""
        import pytest

        @pytest.mark.fake_llm(strict=1)
        class TestMarked:
            @pytest.mark.fake_llm(seed=2)
            def test_in_class(self):
                pass

        @pytest.mark.parametrize("n", [
            1,
            pytest.param(2, marks=pytest.mark.fake_llm(colour=3)),
        ])
        def test_with_parameter(n):
            pass
    """
    )

    result = project.runpytest()

    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["test_marked.py:3: UsageError:*", "test_marked.py:11: UsageError:*"])


def test_wrong_marker_made_elsewhere_is_told_at_the_test(project):
    project.makeconftest("""
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.fake_llm(colour="red"))
    """)
    project.makepyfile(test_marked="\n\ndef test_marked():\n    pass\n")

    result = project.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["test_marked.py:*: UsageError: the marker fake_llm has no argument 'colour'"])


def test_wrong_value_on_the_command_line_ends_the_session(project):
    result = project.runpytest("--llm-record=sometimes")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*argument --llm-record: invalid choice: 'sometimes'*"])


def test_wrong_value_in_the_environment_ends_the_session(project, monkeypatch):
    monkeypatch.setenv("FAKELLM_RECORD", "sometimes")

    result = project.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: the environment variable FAKELLM_RECORD takes one of none, once, new_episodes, all, rewrite, auto, "
            "got 'sometimes'"
        ]
    )


def test_wrong_value_in_the_ini_ends_the_session(project):
    write_ini(project, more="llm_record = sometimes")

    result = project.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *tox.ini: llm_record takes one of none, *, got 'sometimes'"])


def test_options_and_ini_are_documented(project):
    result = project.runpytest("--help")

    result.stdout.fnmatch_lines_random(
        [
            "testing code that talks to language models:",
            "  --llm-record=MODE *",
            "  --llm-cassette-dir=DIR",
            "  --llm-seed=N *",
            "  --llm-block-network *",
            "  llm_record (string):*",
            "  llm_guard (bool):*",
        ]
    )
