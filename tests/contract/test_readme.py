"""The agent and the tests of the README, run as a project of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("openai")

README = Path(__file__).parent.parent.parent / "README.md"


def test_tests_of_the_readme_pass(pytester, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    files = dict(re.findall(r"^```python\n# (\w+)\.py\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE))
    pytester.makepyfile(**files)

    pytester.runpytest_subprocess().assert_outcomes(passed=7)
