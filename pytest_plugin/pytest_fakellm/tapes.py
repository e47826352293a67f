"""The cassettes of a test: which files, and how each is opened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fakellm import Cassette, CassetteNotFoundError, FakeLLM
from fakellm._cassette.file import written_since
from fakellm._cassette.miss import Advice
from fakellm._cassette.modes import resolve_mode
from fakellm._use_cassette import replay_settings
from pytest_fakellm.cassette_paths import foreign_paths, given_paths, own_path

__all__ = ["Tape", "find_files", "open_cassette"]


class Tape(NamedTuple):
    """A cassette that a test uses. path: as messages show it. must_play: whether what is left fails the test."""

    cassette: Cassette
    path: str
    must_play: bool
    max_age: int | None = None


def find_files(
    item: pytest.Item, given: str | os.PathLike[str] | None, *, folder: Path | None, mode: str
) -> list[Path]:
    """Return the files of a test's cassette; the first one is written to where it is recorded.

    given: the path that the marker names, None for the test's own cassette. folder: see ``cassette_paths``.

    Raises:
        CassetteNotFoundError: there is none, and none is to be recorded.
    """
    places = given_paths(item, given, folder=folder) if given else [own_path(item, folder=folder)]
    found = [path for path in places if path.is_file()][:1]
    if not given:
        found += [path for path in foreign_paths(item, folder=folder) if path.is_file() and path not in found]
    if not found and resolve_mode(mode, os.environ) == "none":
        looked = " and ".join(str(path) for path in places)
        what = f" {os.fspath(given)!r}" if given else " of this test"
        raise CassetteNotFoundError(
            f"there is no cassette{what}; looked for {looked}\n  to record it: pytest '{item.nodeid}' --llm-record=once"
        )
    return found or places[:1]


def open_cassette(
    path: Path,
    *,
    mode: str,
    node: str,
    shared_since: float,
    options: Mapping[str, Any],
    allow_unmatched: bool,
    llm: FakeLLM | None,
    beside: Cassette | None,
) -> Cassette:
    """Return the cassette of a file.

    node: the test. shared_since: where several tests share the file, when the session began (seconds since 1970): what
    was written since is added to, whatever the mode; inf for a test's own file. options: the arguments of
    ``use_cassette`` that say how it is replayed and redacted. allow_unmatched: whether requests pass that it does not
    hold. llm: whose rules are asked first. beside: the cassette that is asked before.
    """
    again = "rewrite" if shared_since == inf else "new_episodes"  # what other tests have recorded stays
    advice = Advice(record=f"pytest '{node}' --llm-record={again}", argument="@pytest.mark.llm_cassette({})")
    settings = replace(replay_settings(path, **options), advice=advice)
    if resolve_mode(mode, os.environ) in ("once", "rewrite") and written_since(path, shared_since):
        mode = "new_episodes"
    other = llm or beside
    cassette = Cassette(
        path,
        mode=mode,
        redact=options.get("redact", ()),
        settings=settings,
        clock=other.clock if other else None,
        engine=other._engine if other else None,  # noqa: SLF001  # the plugin is part of the project
        rewrites_before=shared_since,
    )
    cassette._engine.allow_unmatched = allow_unmatched  # noqa: SLF001  # the same
    return cassette
