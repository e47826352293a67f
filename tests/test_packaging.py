"""What is in the wheel, and what the plugin costs a suite that does not use it."""

from __future__ import annotations

import ast
import bisect
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Data that ships, and the section of NOTICE that names the work it derives from; None is fakellm's own.
DATA = {
    "fakellm/_dialects/openai/document.jsonl": "OpenAI API document, version 2.3.0",
    "fakellm/cassettes/weather_tool_loop.yaml": None,
    "fakellm/tokens/vocabularies/characters.txt": "Unicode Character Database, edition 16.0",
    "fakellm/tokens/vocabularies/cl100k_base.vocabulary": "cl100k_base and o200k_base, the vocabularies of tiktoken",
    "fakellm/tokens/vocabularies/o200k_base.vocabulary": "cl100k_base and o200k_base, the vocabularies of tiktoken",
}
HEAVY = ["fakellm", "httpx", "httpx2", "openai", "pydantic", "respx", "tiktoken", "vcr", "yaml"]


def built(kind: str, folder: Path) -> Path:
    """Build the wheel or the sdist from the checkout, by the build backend itself."""
    build = f"import sys, hatchling.build; print(hatchling.build.build_{kind}(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    return zipfile.ZipFile(built("wheel", tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory) -> set[str]:
    """The names of the files in the sdist, below its folder."""
    with tarfile.open(built("sdist", tmp_path_factory.mktemp("sdist"))) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_wheel_holds_both_packages_and_no_others(wheel):
    tops = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info" not in name}

    assert tops == {"fakellm", "pytest_fakellm"}


@pytest.mark.parametrize(
    "name",
    [
        "fakellm/__init__.py",
        "fakellm/py.typed",
        "pytest_fakellm/plugin.py",
        "pytest_fakellm/py.typed",
    ],
)
def test_wheel_holds(wheel, name):
    assert name in wheel.namelist()


def test_wheel_holds_the_data_that_is_listed_here_and_no_other(wheel):
    metadata_folder = re.compile(r"[^/]+\.dist-info/")
    shipped = {name for name in wheel.namelist() if not metadata_folder.match(name)}

    assert {name for name in shipped if not name.endswith((".py", "/py.typed"))} == set(DATA)


@pytest.mark.parametrize(("name", "work"), [(name, work) for name, work in DATA.items() if work])
def test_notice_in_the_wheel_names_the_work_that_data_derives_from(wheel, name, work):
    notice = next(entry for entry in wheel.namelist() if entry.endswith(".dist-info/licenses/NOTICE"))

    sections = re.split(r"\n(.+)\n=+\n", wheel.read(notice).decode())
    section = sections[sections.index(work) + 1]

    assert re.search(rf"^Shipped as: .*{re.escape(name)}\b", section, re.MULTILINE)
    assert "Permission is hereby granted" in section


@pytest.mark.parametrize("text", ["LICENSE", "NOTICE"])
def test_licence_texts_are_in_the_wheel_and_in_the_sdist(wheel, sdist, text):
    assert [name for name in wheel.namelist() if name.endswith(f".dist-info/licenses/{text}")] != []
    assert text in sdist


@pytest.mark.parametrize("name", ["Makefile", "mkdocs.yml", "package-lock.json", ".npmrc", "requirements/test.txt"])
def test_sdist_holds_what_the_makefile_works_with(sdist, name):
    assert name in sdist


# Source: DerivedAge.txt, https://www.unicode.org/Public/17.0.0/ucd/DerivedAge.txt
@pytest.mark.parametrize(("code", "kind"), [(0x1C89, "U"), (0xA7CE, "-")], ids=["new in 16.0", "new in 17.0"])
def test_characters_are_those_of_the_edition_in_the_notice(wheel, code, kind):
    runs = wheel.read("fakellm/tokens/vocabularies/characters.txt").decode().split()
    starts = [int(start, 16) for start in runs[::2]]

    assert runs[1::2][bisect.bisect(starts, code) - 1] == kind


def test_wheel_registers_command_and_plugin(wheel):
    name = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))

    text = wheel.read(name).decode()

    assert "fakellm = fakellm._commands.main:main" in text
    assert "[pytest11]\nfakellm = pytest_fakellm.plugin" in text


def test_distribution_is_called_fakellm_toolkit():
    assert metadata.metadata("fakellm-toolkit")["Name"] == "fakellm-toolkit"


def test_loading_the_plugin_imports_nothing_but_pytest(tmp_path):
    (tmp_path / "conftest.py").write_text(
        "import json, sys\n"
        "def pytest_collection_finish(session):\n"
        "    names = " + repr(HEAVY) + "\n"
        "    loaded = [name for name in names if name in sys.modules]\n"
        "    print('LOADED', json.dumps([session.config.pluginmanager.has_plugin('fakellm'), loaded]))\n"
    )
    (tmp_path / "test_plain.py").write_text("def test_plain():\n    pass\n")

    # Other plugins may import what they like; only ours is loaded.
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "-p", "fakellm", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": ""},
        check=False,
    )

    line = next(line for line in done.stdout.splitlines() if line.startswith("LOADED"))
    assert json.loads(line.removeprefix("LOADED ")) == [True, []]


def test_everything_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = [
        *project["dependencies"],
        *(r for extra in project["optional-dependencies"].values() for r in extra),
    ]
    declared = {requirement.split(">")[0].split(";")[0].strip() for requirement in requirements}
    names = {"PIL": "pillow", "vcr": "vcrpy", "yaml": "pyyaml", "pydantic_core": "pydantic-core",
             "typing_extensions": "typing-extensions"}  # fmt: skip

    imported = {
        name.partition(".")[0]
        for base in (ROOT / "fakellm", ROOT / "pytest_plugin")
        for path in base.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom) and node.module
            else []
        )
    }
    of_users = {"aiohttp", "urllib3"}  # of clients that are answered; imported once the code under test has
    third_party = imported - set(sys.stdlib_module_names) - {"fakellm", "pytest_fakellm"} - of_users

    assert {names.get(name, name) for name in third_party} <= declared
