"""Every Python block of the README and the docs runs, in order, one namespace a page."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[tuple[int, str]]:
    """Return (line, code) of each block; one that begins with a file name is a file of a user's project."""
    text = page.read_text()
    found = [(text.count("\n", 0, match.start(1)), match.group(1)) for match in BLOCK.finditer(text)]
    return [(line, code) for line, code in found if not re.match(r"# \w+\.py\n", code)]


def files(page: Path) -> list[tuple[str, str]]:
    """Return (name, text) of each YAML block that begins with a file name."""
    return re.findall(r"^```yaml\n# (\S+\.yaml)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def modules(page: Path) -> list[tuple[str, str]]:
    """Return (name, text) of each Python block that is a file of a user's project."""
    return re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def write(folder: Path, named: list[tuple[str, str]]) -> None:
    for name, text in named:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_of_a_page_run(page, request, monkeypatch, tmp_path):
    (tmp_path / "cassettes").symlink_to(ROOT / "cassettes")
    write(tmp_path, files(page))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", os.environ.copy())  # pages set keys
    namespace: dict[str, object] = {"__name__": "__main__"}

    for line, code in blocks(page):
        exec(compile("\n" * line + code, str(page), "exec"), namespace)

    for name in [name for name in namespace if name.startswith("test_")]:
        namespace[name](request.getfixturevalue("fake_llm"))


def test_project_on_the_page_of_scenarios_passes(pytester):
    page = ROOT / "docs" / "scenarios.md"
    write(pytester.path, [*modules(page), *files(page)])
    pytester.makeini("[pytest]\nllm_scenario_dir = situations\naddopts = -p no:cacheprovider --strict-markers")

    result = pytester.runpytest_subprocess("-v")

    result.assert_outcomes(passed=64, skipped=1)
    shown = re.search(r"^```text\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)[1]
    for line in shown.splitlines():
        assert line in result.stdout.str()


def test_project_on_the_page_of_explore_passes(pytester):
    page = ROOT / "docs" / "explore.md"
    agent = blocks(page)[0][1].partition("def agent")[0]
    write(pytester.path, [*modules(page), ("agent.py", agent)])

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-markers")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["3 of 3 trials on 1 call survived"])


def test_readme_begins_with_the_two_commands():
    first_screen = (ROOT / "README.md").read_text().splitlines()[:25]

    assert [line.split("#")[0].strip() for line in first_screen if line.startswith("make ")] == [
        "make demo",
        "make test",
    ]


def test_changelog_has_an_unreleased_section():
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()


def test_project_speaks_of_itself_alone():
    places = [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Makefile",
        "docs",
        "fakellm",
        "pytest_plugin",
        "cassettes",
    ]
    files = [file for place in places for file in [ROOT / place, *(ROOT / place).rglob("*")] if file.is_file()]
    texts = {file: file.read_text() for file in files if file.suffix in (".md", ".py", ".yaml", ".json", "")}

    assert [str(file) for file, text in texts.items() if re.search(r"/(work|tmp|home|root)/", text)] == []
