"""A project that uses the plugin, as its author sees it: outcomes and the lines of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

# Loaded here, so that the inner runs of pytester, which forget what they imported, do not load it each time.
import pytest_fakellm.reports
import pytest_fakellm.sessions
import pytest_fakellm.tapes
from plugin_project import AGENT, write_cassette, write_ini

from fakellm import FakeLLM, tokens

assert pytest_fakellm.sessions
assert pytest_fakellm.tapes
assert pytest_fakellm.reports
tokens.count("warm up", model="gpt-4o")
with FakeLLM():
    pass


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project with an agent and a recording, in an environment without keys, with no other plugin."""
    for name in ("OPENAI_API_KEY", "OTHER_API_KEY", "FAKELLM_RECORD", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(agent=AGENT)
    write_cassette(Path(pytester.path, "session.yaml"))
    write_ini(pytester)
    return pytester
