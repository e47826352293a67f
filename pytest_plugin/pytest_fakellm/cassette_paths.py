"""Where the cassette of a test lies.

A test's own one is ``cassettes/<module>/<Class.>test[param].yaml`` beside the test file, which is the layout of
pytest-recording as well; below the folder of ``--llm-cassette-dir`` where that is given.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pytest_fakellm.settings import marked_on

__all__ = ["CLAIMED", "config_of", "folder_of", "foreign_paths", "given_paths", "own_path", "own_paths"]

Owners = dict[Path, str]
"""Path of an own cassette -> the test that has it."""

CLAIMED = pytest.StashKey[tuple[Owners, dict[tuple[Path | None, object], Owners]]]()
"""Of a session: the owners among tests that have run here; those among all tests, by folder and ``config_of``."""

_MOST_BYTES = 200  # of a file name; file systems take 255, and a recorder adds to it while it writes
_FORBIDDEN = str.maketrans(dict.fromkeys("<>?%*:|\"'/\\", "-"))  # in file names, one by one as pytest-recording does
_SUFFIX = ".yaml"


def own_path(item: pytest.Item, *, folder: Path | None) -> Path:
    """Return the path of a test's own cassette. folder: the one of ``--llm-cassette-dir``, or None."""
    modpath = getattr(item, "getmodpath", None)
    name = item.name if modpath is None else modpath()
    return folder_of(item.path, folder=folder) / _file_name(_without_secrets(name, item))


def own_paths(items: Iterable[pytest.Item], *, like: pytest.Item, folder: Path | None) -> Owners:
    """Return the own cassettes of the tests for which the same ``llm_config`` holds as for one of them.

    folder: as in ``own_path``.
    """
    owners: Owners = {}
    for item in items:
        has_own = "llm_cassette" in getattr(item, "fixturenames", ()) and not marked_on(item).get("path")
        if has_own and config_of(item) is config_of(like):
            owners.setdefault(own_path(item, folder=folder), item.nodeid)
    return owners


def config_of(item: pytest.Item) -> object:
    """Return the definition of the fixture ``llm_config`` that holds for a test; equal ones give equal settings."""
    manager: Any = item.session._fixturemanager  # noqa: SLF001  # nothing public tells without running the fixture
    return (manager.getfixturedefs("llm_config", item) or (None,))[-1]


def folder_of(test_file: Path, *, folder: Path | None) -> Path:
    """Return the folder of the cassettes that belong to the tests of a file."""
    return (folder or test_file.parent / "cassettes") / test_file.stem


def given_paths(item: pytest.Item, path: str | os.PathLike[str], *, folder: Path | None) -> list[Path]:
    """Return the places of a path that a marker gives, in the order of looking; a new cassette goes to the first."""
    places = [*([folder] if folder else []), item.path.parent, item.config.rootpath]
    return list(dict.fromkeys(place / path for place in places))


def foreign_paths(item: pytest.Item, *, folder: Path | None) -> Iterator[Path]:
    """Yield the recordings that pytest-recording would play for a test: its own names, and those of marker ``vcr``."""
    home = folder_of(item.path, folder=folder)
    default = item.get_closest_marker("default_cassette")
    names = [str(default.args[0])] if default and default.args else _names_in_class(item)
    for name in names:
        # It makes the suffix sure.
        yield home / (name if name.endswith(_SUFFIX) else name + _SUFFIX)
    for mark in item.iter_markers("vcr"):
        yield from (home / str(name) for name in mark.args)


def _names_in_class(item: pytest.Item) -> list[str]:
    """Return the name with the innermost class alone, as pytest-recording has it."""
    cls = getattr(item, "cls", None)
    return [] if cls is None else [f"{cls.__name__}.{item.name}".translate(_FORBIDDEN)]


def _without_secrets(name: str, item: pytest.Item) -> str:
    """Return the name of a test with the places of its parameters among theirs instead, where one is a secret."""
    test, bracket, parameters = name.partition("[")
    if not bracket:
        return name
    # The plugin imports fakellm where a test uses it.
    from fakellm._cassette.redact import Redactor
    from fakellm._cassette.secrets import environment_secrets

    if Redactor(environment_secrets(os.environ)).text(parameters) == parameters:
        return name
    callspec = getattr(item, "callspec", None)
    places = callspec.indices.values() if callspec is not None else ()
    return f"{test}[REDACTED-{'-'.join(map(str, places))}]"


def _file_name(name: str) -> str:
    plain = name.translate(_FORBIDDEN)
    room = _MOST_BYTES - len(_SUFFIX)
    encoded = plain.encode()
    if len(encoded) > room:
        digest = sha256(name.encode()).hexdigest()[:12]
        plain = f"{encoded[: room - len(digest) - 1].decode(errors='ignore')}-{digest}"
    return plain + _SUFFIX
