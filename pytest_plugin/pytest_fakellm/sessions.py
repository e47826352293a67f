"""What the fixtures do; imported when the first one is used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from fakellm import Cassette, CassetteNotFoundError, FakeLLM, UsageError
from pytest_fakellm.plugin import API_KEY, KEY_NAMES, SESSION, Session

__all__ = ["cassette_session", "fake_session"]

# Other projects on the public index whose files have our names and overwrite ours.
_RIVALS = ("fakellm", "pytest-fakellm")


def fake_session(request: pytest.FixtureRequest) -> Iterator[FakeLLM]:
    """Run a test with a FakeLLM that intercepts; what the fixture ``fake_llm`` does."""
    __tracebackhide__ = True
    _refuse_rivals()
    llm = _make_fake(request)
    with _stand_in_keys(), _session(request, llm), llm.intercept():
        yield llm


def cassette_session(request: pytest.FixtureRequest) -> Iterator[Cassette]:
    """Run a test with the cassette of its marker; what the fixture ``llm_cassette`` does."""
    __tracebackhide__ = True
    _refuse_rivals()
    path = _marked_path(request)
    if "fake_llm" in request.fixturenames:
        llm: FakeLLM = request.getfixturevalue("fake_llm")
        yield Cassette(path, engine=llm._engine)  # noqa: SLF001  # the plugin is part of the project
        return
    cassette = Cassette(path)
    with _stand_in_keys(), _session(request, cassette), cassette.intercept():
        yield cassette


class _session:  # noqa: N801  # used like a function
    """Shows a fake or cassette to the hooks, and fails at the end for what came after the test body."""

    def __init__(self, request: pytest.FixtureRequest, answering: FakeLLM | Cassette) -> None:
        self._item = request.node
        self._session = Session(answering)

    def __enter__(self) -> None:
        self._item.stash[SESSION] = self._session

    def __exit__(self, *exc_info: object) -> None:
        session = self._session
        # Fixtures that end before this one may have asked something after the check. A test whose body did
        # not run, or has failed already, is not told a second time.
        if session.checked and not session.failed and (problem := session.check()):
            pytest.fail(problem, pytrace=False)


class _stand_in_keys:  # noqa: N801
    """Sets the API keys that are not set, so that clients can be built."""

    def __enter__(self) -> None:
        self._set = [name for name in KEY_NAMES if name not in os.environ]
        os.environ.update(dict.fromkeys(self._set, API_KEY))

    def __exit__(self, *exc_info: object) -> None:
        for name in self._set:
            if os.environ.get(name) == API_KEY:
                del os.environ[name]


def _make_fake(request: pytest.FixtureRequest) -> FakeLLM:
    __tracebackhide__ = True
    arguments: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("fake_llm"))):
        if marker.args:
            raise UsageError(f"the marker fake_llm takes keyword arguments only, got {marker.args[0]!r}")
        arguments |= marker.kwargs
    try:
        return FakeLLM(test_id=request.node.nodeid, **arguments)
    except TypeError as err:
        raise UsageError(f"the marker fake_llm takes the arguments of FakeLLM: {err}") from err


def _marked_path(request: pytest.FixtureRequest) -> Path:
    __tracebackhide__ = True
    marker = request.node.get_closest_marker("llm_cassette")
    if marker is None:
        raise UsageError("the fixture llm_cassette needs the marker: @pytest.mark.llm_cassette('session.yaml')")
    given = _path_argument(*marker.args, **marker.kwargs)
    places: list[Path] = [folder / given for folder in (request.path.parent, request.config.rootpath)]
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        looked = " and ".join(str(path) for path in dict.fromkeys(places))
        raise CassetteNotFoundError(f"there is no cassette {str(given)!r}; looked for {looked}")
    return found


def _path_argument(path: Any = None, *more: Any, **unknown: Any) -> str | os.PathLike[str]:
    __tracebackhide__ = True
    wrong = [repr(argument) for argument in more] + [f"{name}=" for name in unknown]
    if wrong or not isinstance(path, str | os.PathLike):
        got = wrong[0] if wrong else "no path" if path is None else repr(path)
        raise UsageError(
            f"the marker llm_cassette takes one path, got {got}: @pytest.mark.llm_cassette('session.yaml')"
        )
    return path


@lru_cache(maxsize=1)
def _refuse_rivals() -> None:
    for name in _RIVALS:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        raise UsageError(
            f"the distribution {name!r} is installed here, and its files overwrite those of fakellm-toolkit\n"
            f"  type: pip uninstall -y {name}\n"
            "  then: pip install --force-reinstall --no-deps fakellm-toolkit"
        )
