"""The settings: their names, the places to set them, and which place wins.

The order, from the strongest: command line, environment, marker, ``llm_config``, ini, default. It is written here
alone. At start-up this imports pytest and the standard library only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from pytest_fakellm.state import marks_of

__all__ = [
    "MARKERS",
    "MODES",
    "OF_CASSETTE",
    "OF_FAKE",
    "OF_GUARD",
    "SETTINGS",
    "Setting",
    "add_options",
    "check_session",
    "decide",
    "keys_of",
    "marked_on",
    "marker_lines",
    "usual",
    "wrong_mark",
]

MODES = ("none", "once", "new_episodes", "all", "rewrite", "auto")
"""How a cassette is used: only replayed, or recorded as well."""


class Setting(NamedTuple):
    """One thing that can be set. None means that it cannot be set there."""

    key: str
    """Its name in ``llm_config``."""
    takes: str
    """What a value has to be, in words."""
    accepts: Callable[[Any], bool]
    """Whether a value is that."""
    default: Any = None
    flag: str | None = None
    """The option of the command line."""
    env: str | None = None
    """The variable of the environment."""
    ini: Any = None
    """The type of the ini value."""
    help: str = ""

    @property
    def dest(self) -> str:
        """The name of the option and of its ini twin."""
        return f"llm_{self.key}"


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_path(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and bool(os.fspath(value))


def _are_names(value: Any) -> bool:
    return value is None or (isinstance(value, Iterable) and not isinstance(value, str | bytes))


def _are_hosts(value: Any) -> bool:
    if isinstance(value, str | re.Pattern):
        return bool(value)
    return isinstance(value, Iterable) and all(isinstance(one, str | re.Pattern) for one in value)


def _is_anything(value: Any) -> bool:  # whoever takes it checks it
    return True


_TRUTH = ("True or False", _is_flag)

OF_FAKE = ("strict", "seed", "models", "provider", "pace", "cache", "allow_unmatched", "allow_rejected", "allow_unused")
"""The settings that are arguments of FakeLLM."""

# Arguments of use_cassette that say how a recording is played; it checks them itself.
_UNCHECKED = ("ignore", "normalize", "repeat", "chunking", "timing", "redact")

OF_CASSETTE = ("match", "allowed_hosts", *_UNCHECKED)
"""The settings that are arguments of use_cassette."""

OF_GUARD = ("block_network", "allowed_hosts")
"""The settings that say what of the network is kept out."""

SETTINGS = {
    "record": Setting(
        "record",
        f"one of {', '.join(MODES)}",
        lambda value: value in MODES,
        "none",
        flag="--llm-record",
        env="FAKELLM_RECORD",
        ini="string",
        help=f"how cassettes are used: {', '.join(MODES)} (default: none, replay only)",
    ),
    "cassette_dir": Setting(
        "cassette_dir",
        "a folder",
        _is_path,
        flag="--llm-cassette-dir",
        ini="string",
        help="the folder of all cassettes, relative to rootdir (default: cassettes/ beside each test file)",
    ),
    "seed": Setting(
        "seed",
        "an int",
        _is_count,
        0,
        flag="--llm-seed",
        ini="int",
        help="changes all ids that the fake makes",
    ),
    "block_network": Setting(
        "block_network",
        *_TRUTH,
        False,
        flag="--llm-block-network",
        ini="bool",
        help="fail tests that open a connection beyond loopback",
    ),
    "allowed_hosts": Setting(
        "allowed_hosts",
        "names of hosts, such as '*.langchain.com'",
        _are_hosts,
        ini="args",
        help="hosts that cassettes and the guard leave alone, such as *.langchain.com; model calls aside",
    ),
    "max_age": Setting(
        "max_age",
        "a number of days",
        lambda value: value is None or _is_count(value),
        ini="int",
        help="days after which the summary lists a recording as old",
    ),
    "strict": Setting("strict", *_TRUTH, True),
    "model": Setting("model", "the name of a model", _is_text, "gpt-4o"),
    "models": Setting("models", "a list of the models that exist", _are_names),
    "provider": Setting("provider", "the name of a provider", _is_text),
    "pace": Setting("pace", "a Pace", _is_anything),
    "cache": Setting("cache", *_TRUTH, False),
    "allow_unmatched": Setting("allow_unmatched", *_TRUTH, False),
    "allow_rejected": Setting("allow_rejected", *_TRUTH, False),
    "allow_unused": Setting("allow_unused", *_TRUTH, False),
    **{name: Setting(name, "what use_cassette takes", _is_anything) for name in _UNCHECKED},
    "path": Setting("path", "the path of a cassette", _is_path),
    "match": Setting("match", "a list of parts of a request", _are_names),
    "allow_unplayed": Setting("allow_unused", *_TRUTH, False),
}
"""Name -> what can be set. Two are ``allow_unused`` to users: of the script, and of the recording."""

# The path of a cassette is of one test, so no configuration sets it.
_CONFIGURED = {setting.key for setting in SETTINGS.values()} - {"path"}

_NOTHING: Mapping[str, Any] = {}

MARKERS = {
    "fake_llm": {name: name for name in (*OF_FAKE, "model")},
    "llm_cassette": {
        "path": "path",
        "mode": "record",
        "match": "match",
        "allow_unused": "allow_unplayed",
        "allowed_hosts": "allowed_hosts",
        **{name: name for name in _UNCHECKED},
    },
}
"""Marker -> argument -> the setting that it sets, in the order of the arguments."""

_POSITIONAL = {"fake_llm": 0, "llm_cassette": 4}

_PURPOSES = {
    "fake_llm": "settings of the fixtures fake_llm and llm_client",
    "llm_cassette": "use a recorded session in this test; without a path, the test's own one: "
    "cassettes/<module>/<test>.yaml",
}


def marker_lines() -> Iterator[str]:
    """Yield the line of each marker for ``pytest --markers``: its arguments with their defaults, and its purpose."""
    for marker, names in MARKERS.items():
        arguments = [f"{argument}={SETTINGS[name].default!r}" for argument, name in names.items()]
        arguments.insert(_POSITIONAL[marker], "*")
        yield f"{marker}({', '.join(arguments)}): {_PURPOSES[marker]}"


def add_options(parser: pytest.Parser) -> None:
    """Register the options of the command line and their ini twins."""
    group = parser.getgroup("fakellm", "testing code that talks to language models")
    for setting in SETTINGS.values():
        if setting.flag is not None:
            group.addoption(setting.flag, dest=setting.dest, default=None, help=setting.help, **_kind(setting))
        if setting.ini is not None:
            parser.addini(setting.dest, setting.help, type=setting.ini, default=None)
    group.addoption(
        "--llm-trial",
        metavar="TRIAL",
        help="of the trials of llm_faults, llm_framings and explore(), run this one alone: '2:drop(after=2)'",
    )


def _kind(setting: Setting) -> dict[str, Any]:
    match setting.ini:
        case "bool":
            return {"action": "store_true"}
        case "int":
            return {"type": int, "metavar": "N"}
        case _ if setting.key == "record":
            return {"choices": MODES, "metavar": "MODE"}
        case _:
            return {"metavar": "DIR"}


def check_session(config: pytest.Config) -> None:
    """Refuse wrong values of the environment and the ini before anything runs.

    Raises:
        pytest.UsageError: one of them is wrong.
    """
    for name, setting in SETTINGS.items():
        if setting.env is not None or setting.ini is not None:
            decide(name, config)


def keys_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings in ``llm_config``, by name; ``mode`` and ``llm_record`` say ``record``.

    Raises:
        pytest.UsageError: it is no mapping, or names something that cannot be set.
    """
    if given == {}:  # as nearly always
        return {}
    if not isinstance(given, Mapping):
        raise pytest.UsageError(f"the fixture llm_config returns a dict of settings, got {given!r}")
    named = {_plain(key): value for key, value in given.items()}
    if unknown := [key for key in named if key not in _CONFIGURED]:
        raise pytest.UsageError(
            f"llm_config has no setting {unknown[0]!r}; it takes {', '.join(sorted(_CONFIGURED))}\n"
            f"  type: return {{'record': 'none', 'seed': 7}}"
        )
    # allow_unused is said of the script and of the recording at once.
    return {name: named[s.key] for name, s in SETTINGS.items() if s.key in named and name != "path"}


def _plain(key: Any) -> Any:
    plain = key.removeprefix("llm_") if isinstance(key, str) else key
    return "record" if plain == "mode" else plain


def decide(
    name: str, config: pytest.Config, *, marked: Mapping[str, Any] = _NOTHING, given: Mapping[str, Any] = _NOTHING
) -> Any:
    """Return the value of a setting. marked: what ``marked_on`` returns for the test. given: what ``keys_of`` returns.

    Raises:
        pytest.UsageError: the value that decides is wrong; the text says where it was set.
    """
    setting = SETTINGS[name]
    for place, value in _said(name, setting, config, marked, given):
        if not setting.accepts(value):
            raise pytest.UsageError(f"{place} takes {setting.takes}, got {value!r}")
        return value
    return setting.default


def usual(names: tuple[str, ...], config: pytest.Config) -> Mapping[str, Any]:
    """Return the values of settings where neither a marker nor ``llm_config`` says any, as nearly always.

    They are remembered for the session, so that no variable of the environment may be among them, which a test changes.

    Raises:
        pytest.UsageError: a value that decides is wrong.
    """
    known = config.stash.setdefault(_USUAL, {})
    if names not in known:
        known[names] = MappingProxyType({name: decide(name, config) for name in names})
    return known[names]


_USUAL = pytest.StashKey[dict[tuple[str, ...], Mapping[str, Any]]]()


def _said(
    name: str, setting: Setting, config: pytest.Config, marked: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield (place, value) of whoever says something, the strongest first."""
    if setting.flag is not None and (value := config.getoption(setting.dest, None)) is not None:
        yield setting.flag, value
    if setting.env is not None and (value := os.environ.get(setting.env)):
        yield f"the environment variable {setting.env}", value
    if marked.get(name) is not None:
        yield f"the marker: {setting.key}", marked[name]
    if given.get(name) is not None:
        yield f"llm_config[{setting.key!r}]", given[name]
    if setting.ini is not None and (value := config.getini(setting.dest)) not in (None, ""):
        yield f"{config.inipath or 'the ini'}: {setting.dest}", value


def marked_on(item: pytest.Item) -> dict[str, Any]:
    """Return the settings that a test's markers make, the nearest marker the strongest; wrong ones make none."""
    said: dict[str, Any] = {}
    for mark in marks_of(item):
        if (names := MARKERS.get(mark.name)) is not None and _wrong_arguments(mark) is None:
            said = {names[argument]: value for argument, value in _arguments(mark).items()} | said
    return said


def _arguments(mark: pytest.Mark) -> dict[str, Any]:
    return {**dict(zip(MARKERS[mark.name], mark.args, strict=False)), **mark.kwargs}


def wrong_mark(mark: pytest.Mark) -> str | None:
    """Return the mistake in the arguments of a marker, with the words to type instead, or None."""
    if wrong := _wrong_arguments(mark):
        takes = ", ".join(MARKERS[mark.name])
        return f"the marker {mark.name} {wrong}\n  it takes {takes}\n  type: @pytest.mark.{_EXAMPLES[mark.name]}"
    return None


_EXAMPLES = {
    "fake_llm": "fake_llm(strict=False, allow_unused=True)",
    "llm_cassette": "llm_cassette('session.yaml', match=['path', 'body'])",
}


def _wrong_arguments(mark: pytest.Mark) -> str | None:
    names = MARKERS[mark.name]
    most = _POSITIONAL[mark.name]
    if len(mark.args) > most:
        return f"takes {'keyword arguments only' if most == 0 else f'{most} arguments'}, got {mark.args[most]!r}"
    for argument, value in _arguments(mark).items():
        if argument not in names:
            return f"has no argument {argument!r}{_nearest(argument, names)}"
        setting = SETTINGS[names[argument]]
        if value is not None and not setting.accepts(value):
            near = _nearest(value, MODES) if setting.key == "record" else ""
            return f"takes {setting.takes} as {argument}, got {value!r}{near}"
    return None


def _nearest(name: object, known: Iterable[str]) -> str:
    """Return the question whether the nearest name was meant, or an empty text."""
    from fakellm._errors import did_you_mean  # not at start-up

    return did_you_mean(name, known)
