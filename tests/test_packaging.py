"""What is in the wheel, and what the plugin costs a suite that does not use it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ["fakellm", "httpx", "httpx2", "openai", "pydantic", "respx", "tiktoken", "vcr", "yaml"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """The wheel, built from the checkout by the build backend itself."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return zipfile.ZipFile(folder / done.stdout.splitlines()[-1])


def test_wheel_holds_both_packages_and_no_others(wheel):
    tops = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info" not in name}

    assert tops == {"fakellm", "pytest_fakellm"}


@pytest.mark.parametrize(
    "name",
    [
        "fakellm/__init__.py",
        "fakellm/py.typed",
        "fakellm/_script/script.schema.json",
        "fakellm/cassettes/weather_tool_loop.yaml",
        "fakellm/tokens/vocabularies/characters.txt",
        "fakellm/tokens/vocabularies/cl100k_base.vocabulary",
        "fakellm/tokens/vocabularies/o200k_base.vocabulary",
        "pytest_fakellm/plugin.py",
        "pytest_fakellm/py.typed",
    ],
)
def test_wheel_holds(wheel, name):
    assert name in wheel.namelist()


def test_wheel_registers_command_and_plugin(wheel):
    name = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))

    text = wheel.read(name).decode()

    assert "fakellm = fakellm._cli:main" in text
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
    third_party = imported - set(sys.stdlib_module_names) - {"fakellm", "pytest_fakellm"}

    assert {names.get(name, name) for name in third_party} <= declared
