"""Stand-in keys, for clients that cannot be built without one."""

from __future__ import annotations

import os

import pytest
from plugin_project import write_ini


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


def test_key_that_a_test_unsets_is_there_for_the_next_one(project):
    project.makepyfile("""
        import os

        def test_unsets(fake_llm):
            del os.environ["OPENAI_API_KEY"]

        def test_next(fake_llm):
            assert os.environ["OPENAI_API_KEY"] == "sk-fakellm"
    """)

    project.runpytest().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    "environment", ["monkeypatch.delenv('OPENAI_API_KEY')", "monkeypatch.setattr(os, 'environ', {})"]
)
def test_key_that_a_fixture_took_away_is_there_once_a_fake_answers(project, environment):
    project.makepyfile(f"""
        import os
        import pytest

        @pytest.fixture
        def elsewhere(monkeypatch):
            {environment}

        def test_during(elsewhere, fake_llm):
            assert os.environ["OPENAI_API_KEY"] == "sk-fakellm"

        def test_after():
            assert "OPENAI_API_KEY" not in os.environ
    """)

    project.runpytest().assert_outcomes(passed=2)


def test_keys_are_taken_back_where_the_session_ends_early(project):
    project.makeconftest("""
        import os

        def pytest_sessionfinish():
            assert "OPENAI_API_KEY" not in os.environ
    """)
    project.makepyfile("""
        def test_fails(fake_llm):
            raise RuntimeError

        def test_next(fake_llm):
            pass
    """)

    project.runpytest("-x").assert_outcomes(failed=1)

    assert "OPENAI_API_KEY" not in os.environ


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
    write_ini(project, more="llm_api_key = sk-for-import")
    project.makepyfile("""
        import client

        def test_key():
            assert client.key == "sk-for-import"
    """)

    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_conftest_that_lacks_a_key_is_told_where_to_set_it(project):
    project.makeconftest("raise RuntimeError('set the OPENAI_API_KEY environment variable')")
    project.makepyfile("def test_key(): pass")

    result = project.runpytest_subprocess()

    result.stderr.fnmatch_lines(
        [
            "E   RuntimeError: set the OPENAI_API_KEY environment variable",
            "E   for a client that a conftest.py builds at import, set in the pytest ini: llm_api_key = sk-fakellm",
        ]
    )


def test_conftest_that_fails_for_something_else_is_told_nothing_of_keys(project):
    project.makeconftest("raise RuntimeError('broken')")
    project.makepyfile("def test_key(): pass")

    result = project.runpytest_subprocess()

    result.stderr.fnmatch_lines(["E   RuntimeError: broken"])
    assert "llm_api_key" not in result.stderr.str()
