"""Shared by several parts of the plugin: state of sessions and tests, names, keys that stand in for missing ones.

A leaf of the plugin: at start-up it imports pytest and the standard library only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_fakellm.guard import Guard
    from pytest_fakellm.watch import Watch

__all__ = [
    "API_KEY",
    "BEGAN",
    "GUARD",
    "KEYS",
    "KEY_NAMES",
    "SCENARIO_FIXTURES",
    "TABLE",
    "TROUBLE_MARKERS",
    "WATCH",
    "StandInKeys",
    "guard_of",
    "marks_of",
    "watch_of",
]

API_KEY = "sk-fakellm"
"""The key that stands in for one that is not set."""

KEY_NAMES = (
    "ANTHROPIC_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "DEEPSEEK_API_KEY",
    "GEMINI_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
    "SILICONFLOW_API_KEY",
)
"""Environment variables that hold the keys of model providers."""

_ENCODED = frozenset(KEY_NAMES if os.name == "nt" else map(os.fsencode, KEY_NAMES))  # as os.environ keeps them

GUARD: pytest.StashKey[Guard] = pytest.StashKey()
"""Of the config: what keeps the network out."""

WATCH: pytest.StashKey[Watch] = pytest.StashKey()
"""Of a test: what it used so far."""

BEGAN: pytest.StashKey[float] = pytest.StashKey()
"""When the session began, in seconds since 1970."""

KEYS: pytest.StashKey[StandInKeys] = pytest.StashKey()
"""Of the config: the keys that stand in, from one test that a fake answers to the next."""

TABLE: pytest.StashKey[str] = pytest.StashKey()
"""Of a test that runs once for each trouble: the table of what it survives."""

TROUBLE_MARKERS = ("llm_faults", "llm_framings")
"""Markers of such a test."""

SCENARIO_FIXTURES: Mapping[str, str] = MappingProxyType(
    {
        "llm_create_scenario": "create",
        "llm_stream_scenario": "stream",
        "llm_usage_scenario": "usage",
        "llm_finish_reason_scenario": "finish_reason",
        "llm_error_scenario": "error",
    }
)
"""Fixture -> the family of scenarios that it plays."""


def marks_of(item: pytest.Item) -> list[pytest.Mark]:
    """Return the markers of a test, the nearest first, as ``iter_markers`` yields them in five times as many calls."""
    return [mark for node in reversed(item.listchain()) for mark in node.own_markers]


def guard_of(config: pytest.Config) -> Guard:
    """Return the guard of a session, made when it is first needed."""
    if GUARD not in config.stash:
        from fakellm._real_files import late

        config.stash[GUARD] = late("pytest_fakellm.guard", "Guard")()
        config.add_cleanup(late("pytest_fakellm.guard", "guard_the_exit"))
    return config.stash[GUARD]


def watch_of(item: pytest.Item) -> Watch:
    """Return the watch of a test, made when it is first needed."""
    if WATCH not in item.stash:
        from fakellm._real_files import late

        item.stash[WATCH] = late("pytest_fakellm.watch", "Watch")(item.nodeid)
    return item.stash[WATCH]


class StandInKeys:
    """Sets the API keys that are not set, so that clients can be built, and takes them back."""

    def __init__(self) -> None:
        self._set: set[str] = set()

    def stand_in(self) -> None:
        """Set those that are missing now."""
        # What os.environ keeps: to ask itself for nine keys takes 36 calls, twice a test. Another one is asked.
        held = getattr(os.environ, "_data", None)
        if isinstance(held, dict) and held.keys() >= _ENCODED:
            return
        for name in KEY_NAMES:
            if name not in os.environ:
                os.environ[name] = API_KEY
                self._set.add(name)

    def take_back(self) -> None:
        """Unset those that were set here, unless something else stands there by now."""
        for name in self._set:
            if os.environ.get(name) == API_KEY:
                del os.environ[name]
        self._set.clear()
