"""The page on the client: its blocks run in order, in one namespace, against the fake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "client.md"


def test_every_block_of_the_page_runs(monkeypatch):
    pytest.importorskip("dotenv")
    for name in re.findall(r'"([A-Z_]+)"', PAGE.read_text().partition("setdefault")[0]):
        monkeypatch.setenv(f"{name}_API_KEY", "sk-example")
    names: dict[str, object] = {}

    for block in re.finditer(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        line = PAGE.read_text()[: block.start(1)].count("\n")
        exec(compile("\n" * line + block[1], str(PAGE), "exec"), names)  # the page's own
