"""Imports point downward only, and few modules touch the world."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "fakellm"
PLUGIN = ROOT / "pytest_plugin" / "pytest_fakellm"

LAYERS = {
    "fakellm._errors": 0,
    "fakellm._clock": 0,
    "fakellm._anyjson": 0,
    "fakellm._memo": 0,
    "fakellm._numbers": 0,
    "fakellm._secret_names": 0,
    "fakellm._real_files": 0,
    "fakellm._yaml": 0,
    "fakellm._named_arguments": 1,
    "fakellm.models": 1,
    "fakellm.messages": 1,
    "fakellm.tokens": 1,
    "fakellm._wire": 2,
    "fakellm._dialects": 2,
    "fakellm.dialects": 2,
    "fakellm._script": 3,
    "fakellm._script.files": 3,
    "fakellm.faults": 3,
    "fakellm.framings": 3,
    "fakellm._cassette": 3,
    "fakellm.client": 4,
    "fakellm._time": 4,
    "fakellm._io": 4,
    "fakellm._answering": 5,
    "fakellm._fake": 5,
    "fakellm._forks": 5,
    "fakellm._recording_block": 5,
    "fakellm.scenarios": 5,  # a scenario holds the fake that plays it
    "fakellm._exploring": 5,
    "fakellm._use_cassette": 5,
    "fakellm._commands": 5,
    "fakellm.__main__": 5,
    "fakellm": 5,
    "pytest_fakellm": 5,
}

# Within a layer, who may stand on whom.
BESIDE = {
    ("fakellm._yaml", "fakellm._errors"),
    ("fakellm.messages", "fakellm.models"),
    ("fakellm._dialects", "fakellm._wire"),
    ("fakellm.dialects", "fakellm._wire"),
    ("fakellm._cassette", "fakellm._script"),
    ("fakellm._io", "fakellm._time"),
    ("fakellm.faults", "fakellm._script"),
    ("fakellm.framings", "fakellm._script"),
    ("fakellm._script.files", "fakellm._script"),
    ("fakellm._script.files", "fakellm.faults"),
    ("fakellm._script.files", "fakellm.framings"),
}

# The client and the fake meet in _wire alone, so that each can be tested against the other.
STRANGERS = {("fakellm.client", other) for other in ("fakellm._script", "fakellm._cassette", "fakellm._io")}

# Modules of the standard library through which the world is touched.
WORLD = {"asyncio", "datetime", "io", "multiprocessing", "os", "pathlib", "queue", "random", "secrets", "shutil",
         "signal", "socket", "ssl", "subprocess", "sys", "tempfile", "time", "urllib.request", "uuid"}  # fmt: skip

# Which modules may, and through what.
MAY_TOUCH = {
    "fakellm.__main__": {"sys"},
    "fakellm._answering": {"sys"},  # whether the plugin is loaded
    "fakellm._cassette.file": {"os", "pathlib", "tempfile"},
    "fakellm._cassette.format": {"io"},  # BytesIO, which touches nothing
    "fakellm._cassette.lint": {"datetime"},  # days that others wrote
    "fakellm._clock": {"asyncio", "time"},
    "fakellm._commands.cassette_check": {"asyncio", "datetime", "os", "pathlib"},  # os: the environment's secrets
    "fakellm._commands.cassette_prune": {"pathlib"},
    "fakellm._commands.cassette_redact": {"os"},  # the environment's secrets
    "fakellm._commands.demo": {"pathlib"},
    "fakellm._commands.main": {"io", "sys"},
    "fakellm._commands.verbs.script_schema": {"sys"},
    "fakellm._commands.verbs.tokens": {"pathlib", "sys"},
    "fakellm._exploring.explore": {"asyncio", "os"},
    "fakellm._exploring.trials": {"os"},
    "fakellm._fake": {"os"},  # PathLike
    "fakellm._io.aiohttp_leaf": {"asyncio"},
    "fakellm._io.cassette_recorder": {"os"},
    "fakellm._forks": {"os", "tempfile"},
    "fakellm._io.late_imports": {"sys"},  # which modules are imported, and who finds them
    "fakellm._io.recorder": {"datetime", "time"},
    "fakellm._io.requests_leaf": {"io"},  # RawIOBase, which touches nothing
    "fakellm._real_files": {"sys"},
    "fakellm._script.explain": {"pathlib"},  # PurePath, which touches nothing
    "fakellm._script.files.format": {"pathlib"},  # PurePath
    "fakellm._script.files.hints": {"datetime"},  # the type, no clock
    "fakellm._script.files.load": {"os", "pathlib"},
    "fakellm._script.logprobs": {"random"},  # a seeded generator
    "fakellm._script.pace": {"random"},  # a seeded generator
    "fakellm._script.retry_after": {"datetime"},  # the type, no clock
    "fakellm._script.rule": {"os", "sys"},  # names of files, and the frame that called
    "fakellm._time.bystanders": {"asyncio", "queue", "socket", "sys", "time"},
    "fakellm._time.children": {"asyncio", "subprocess", "sys"},
    "fakellm._time.event_loops": {"asyncio", "time"},
    "fakellm._time.timeline": {"time"},
    "fakellm._time.virtual_time": {"asyncio", "os", "sys", "time"},
    "fakellm._use_cassette": {"os"},  # PathLike and fspath; the environment, whose secrets are redacted
    "fakellm.client._cancelling": {"asyncio"},
    "fakellm.client._foreign": {"sys"},  # whether AutoGen is imported
    "fakellm.client._http": {"asyncio"},  # the time of the loop
    "fakellm.client._openai": {"os"},
    "fakellm.client._pickled": {"os"},
    "fakellm.client._retry": {"random", "time"},
    "fakellm.messages._base": {"datetime", "uuid"},
    "fakellm.messages._schema_types": {"datetime", "pathlib", "uuid"},  # types that a schema can name
    "fakellm.models._cancellation": {"asyncio"},
    "fakellm.models._function_tool": {"asyncio", "sys"},
    "fakellm.models._image": {"io", "pathlib"},
    "fakellm.scenarios._files": {"os", "pathlib"},
    "fakellm.tokens._vocabulary": {"os", "sys"},  # the files of the package; the byte order of the machine
    "pytest_fakellm.callers": {"asyncio", "pathlib", "sys"},  # PurePath, and the frames of who connects
    "pytest_fakellm.cassette_paths": {"os", "pathlib"},
    "pytest_fakellm.guard": {"asyncio", "os", "socket", "sys"},  # os: which process this is, and when it forks
    "pytest_fakellm.marker_lines": {"os", "pathlib"},
    "pytest_fakellm.orphans": {"os", "pathlib"},
    "pytest_fakellm.plugin": {"os", "time"},  # when the session began
    "pytest_fakellm.reports": {"datetime"},  # how old a recording is
    "pytest_fakellm.sessions": {"os", "pathlib"},  # pathlib: the type
    "pytest_fakellm.settings": {"os"},
    "pytest_fakellm.state": {"os"},
    "pytest_fakellm.tapes": {"os", "pathlib"},
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for base in (PACKAGE, PLUGIN):
        for path in sorted(base.rglob("*.py")):
            parts = path.relative_to(base.parent).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, ast.parse(path.read_text())


def imported(tree: ast.AST, *, typing_only: bool = True) -> Iterator[str]:
    """Yield the names of imported modules; without typing_only, those that are imported when it runs."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from imported(node, typing_only=typing_only)


def part_of(name: str) -> str | None:
    """Return the entry of LAYERS that a module belongs to."""
    parts = name.split(".")
    prefixes = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in LAYERS), None)


ALL = dict(modules())


@pytest.mark.parametrize("name", ALL)
def test_every_module_has_a_layer(name):
    part = part_of(name)

    assert part is not None
    assert name == "fakellm" or part != "fakellm", f"give {name} a line in LAYERS"


@pytest.mark.parametrize("name", [name for name in ALL if name != "fakellm"])
def test_imports_point_downward(name):
    here = part_of(name)

    for target in imported(ALL[name]):
        there = part_of(target)
        if there is None or there == here or LAYERS[here] == 5:
            continue
        assert LAYERS[there] < LAYERS[here] or (here, there) in BESIDE, f"{name} imports {target}"
        assert (here, there) not in STRANGERS, f"{name} imports {target}"


def test_no_two_modules_import_each_other():
    found = {name: {t if t in ALL else t.rpartition(".")[0] for t in imported(tree)} for name, tree in ALL.items()}

    assert [(one, two) for one in ALL for two in found[one] if one < two and one in found.get(two, ())] == []


@pytest.mark.parametrize("name", ALL)
def test_only_named_modules_touch_the_world(name):
    touched = {w for w in WORLD for target in imported(ALL[name]) if target == w or target.startswith(w + ".")}

    assert touched <= MAY_TOUCH.get(name, set())


def test_no_module_is_named_that_does_not_touch_the_world():
    assert set(MAY_TOUCH) <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_no_file_is_too_long_to_read(name):
    path = Path(ROOT, *name.split("."))
    path = ROOT / "pytest_plugin" / path.relative_to(ROOT) if name.startswith("pytest_fakellm") else path
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")

    assert len(file.read_text().splitlines()) <= 400
