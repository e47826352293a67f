"""Cassettes whose test is gone: files in the folders of the collected test files that no test answers to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pytest_fakellm.cassette_paths import folder_of, foreign_paths, given_paths, own_path
from pytest_fakellm.settings import decide, marked_on

__all__ = ["find_orphans"]

_SUFFIXES = (".yaml", ".yml", ".json")
_MARKERS = ("llm_cassette", "vcr")


def find_orphans(items: Iterable[pytest.Item], config: pytest.Config, *, used: Iterable[str]) -> Iterator[str]:
    """Yield the paths, relative to rootdir. items: all that were collected. used: paths that tests played."""
    given = decide("cassette_dir", config)
    folder = config.rootpath / given if given else None
    items = list(items)
    known = {path for item in items for path in _paths_of(item, folder)} | {config.rootpath / path for path in used}
    for home in dict.fromkeys(folder_of(item.path, folder=folder) for item in items):
        if home.is_dir():
            files = sorted(path for path in home.rglob("*") if path.suffix in _SUFFIXES)
            yield from (os.path.relpath(path, config.rootpath) for path in files if path not in known)


def _paths_of(item: pytest.Item, folder: Path | None) -> Iterator[Path]:
    """Yield the files that may be a test's: none for a test that uses no cassette."""
    names = getattr(item, "fixturenames", ())
    if "llm_cassette" not in names and not any(item.get_closest_marker(name) for name in _MARKERS):
        return
    yield own_path(item, folder=folder)
    yield from foreign_paths(item, folder=folder)
    if path := marked_on(item).get("path"):
        yield from given_paths(item, path, folder=folder)
