"""The lock: what each dependency group installs stands in requirements/, and nothing is installed beside it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PYPROJECT["dependency-groups"]
FILES = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(r"([a-z0-9-]+)==(\S+)(?: ; [^#@\\]+?)?(?: --hash=sha256:[0-9a-f]{64})+")


def entries(file: Path) -> list[str]:
    """Return a line for each entry of a requirements file."""
    joined = re.sub(r" *\\\n *", " ", file.read_text())
    return [line for line in joined.splitlines() if not line.lstrip().startswith("#")]


def pins(group: str) -> dict[str, set[str]]:
    """Return the versions of each distribution that a group installs: several where markers choose."""
    versions: dict[str, set[str]] = {}
    for name, version in (PIN.fullmatch(entry).groups() for entry in entries(ROOT / "requirements" / f"{group}.txt")):
        versions.setdefault(name, set()).add(version)
    return versions


def required(group: str) -> Iterator[str]:
    """Yield the requirements of a group and of those that it includes."""
    for entry in GROUPS[group]:
        if isinstance(entry, dict):
            yield from required(entry["include-group"])
        else:
            yield entry


def installers(text: str) -> list[str]:
    """Return the lines of a recipe or a page that install or build a distribution."""
    return re.findall(r"-m pip (?:install|wheel) .*", text)


def test_every_group_has_a_file_and_every_file_a_group():
    assert {file.stem for file in FILES} == set(GROUPS), "type: make lock"


@pytest.mark.parametrize("group", GROUPS)
def test_every_requirement_is_in_the_file_at_a_version_that_it_allows(group):
    versions = pins(group)

    requirements = [Requirement(text) for text in [*PYPROJECT["project"]["dependencies"], *required(group)]]
    unmet = [
        f"{requirement}: {sorted(found)}"
        for requirement in requirements
        if not (found := versions.get(canonicalize_name(requirement.name), set()))
        or not all(requirement.specifier.contains(version, prereleases=True) for version in found)
    ]

    assert unmet == [], "type: make lock"


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_holds_what_builds_the_package(group):
    assert pins(group).keys() >= {"editables", "hatchling"}


# Its async client takes aiohttp wherever that is installed.
def test_google_genai_is_tried_with_aiohttp_and_without():
    assert pins("contract-openai2").keys() >= {"google-genai", "aiohttp"}
    assert "google-genai" in pins("contract-openai3")
    assert "aiohttp" not in pins("contract-openai3")


# So there is no option, no address and no path either.
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_entry_is_one_version_and_its_hashes(file):
    assert [entry for entry in entries(file) if not PIN.fullmatch(entry)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_comments_hold_no_address_and_no_path(file):
    assert re.findall(r"^ *#.*[/\\].*", file.read_text(), re.MULTILINE) == []


def test_npm_installs_what_package_json_asks_for():
    asked = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]

    assert packages[""]["devDependencies"] == asked
    assert {f"node_modules/{name}" for name in asked} <= packages.keys()


def test_packages_of_npm_have_a_hash_and_no_address():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]

    fetched = {name: package for name, package in packages.items() if name}
    assert [name for name, package in fetched.items() if not package["integrity"].startswith("sha512-")] == []
    assert [name for name, package in fetched.items() if "resolved" in package] == []


@pytest.mark.parametrize("name", ["Makefile", "README.md", "tests/smoke/run.sh"])
def test_everything_installed_is_locked(name):
    lines = installers((ROOT / name).read_text())

    assert lines != []
    assert [line for line in lines if not re.search(r"--require-hashes -r |--no-deps ", line)] == []
    builders = [line for line in lines if "--no-deps" in line and not line.endswith(".whl")]
    assert [line for line in builders if "--no-build-isolation" not in line] == []


def test_makefile_installs_by_npm_what_is_locked():
    lines = re.findall(r"bin/npm .*", (ROOT / "Makefile").read_text())

    assert lines != []
    assert [line for line in lines if not re.search(r"npm ci |--package-lock-only", line)] == []


def test_readme_installs_by_hand_what_the_makefile_installs():
    recipe = (ROOT / "Makefile").read_text().replace("$<", "requirements/test.txt").replace("install -q", "install")

    assert installers((ROOT / "README.md").read_text()) == installers(recipe)
