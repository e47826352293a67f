"""The work of the fixtures; imported when the first one is used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import metadata
from math import inf
from typing import TYPE_CHECKING, Any, cast

import pytest

from fakellm import FakeLLM, FakeLLMError, UsageError
from fakellm._wire.hosts import check_hosts
from pytest_fakellm.cassette_paths import CLAIMED, config_of, own_paths
from pytest_fakellm.settings import OF_CASSETTE, OF_FAKE, OF_GUARD, decide, keys_of, marked_on, usual
from pytest_fakellm.state import BEGAN, KEYS, guard_of, watch_of

if TYPE_CHECKING:
    from pathlib import Path

    from fakellm import Cassette, Journal, OpenAIChatCompletionClient
    from pytest_fakellm.tapes import Tape

__all__ = ["cassette_session", "client_of", "fake_session", "journal_of"]

# Other projects on the public index whose files have our names and overwrite ours.
_RIVALS = ("fakellm", "pytest-fakellm")


def fake_session(request: pytest.FixtureRequest, given: Mapping[str, Any]) -> FakeLLM:
    """Return a FakeLLM that intercepts until the test ends; what the fixture ``fake_llm`` does."""
    with _told_without_traceback():
        _refuse_rivals()
        chosen = Chosen(request, given)
        llm = FakeLLM(test_id=request.node.nodeid, **chosen.several(OF_FAKE))
    _answer_by(llm, request, chosen)
    if request.config.hook.pytest_fakellm_configure.get_hookimpls():  # to find out who is near takes 20 calls
        request.node.ihook.pytest_fakellm_configure(config=request.config, llm=llm)
    return llm


def cassette_session(request: pytest.FixtureRequest, given: Mapping[str, Any]) -> Cassette:
    """Return the cassette of a test, which plays until the test ends; what the fixture ``llm_cassette`` does."""
    llm: FakeLLM | None = request.getfixturevalue("fake_llm") if "fake_llm" in request.fixturenames else None
    watch = watch_of(request.node)
    with _told_without_traceback():
        _refuse_rivals()
        chosen = Chosen(request, given)
        tapes = _open_tapes(request, chosen, llm=llm)
    watch.tapes += tapes
    cassette = tapes[0].cassette
    if llm is None:
        _answer_by(cassette, request, chosen)
    return cassette


def _answer_by(answering: FakeLLM | Cassette, request: pytest.FixtureRequest, chosen: Chosen) -> None:
    """Let a fake or a cassette answer until the test ends, and clients be built."""
    watch = watch_of(request.node)
    watch.answering.append(answering)
    request.config.stash[KEYS].stand_in()  # a fixture may have unset them, and a test may ask for this one as it runs
    _guard_further(request, chosen)
    watch.blocks.callback(answering._begin(everywhere=True))  # noqa: SLF001  # the plugin is part of the project


def client_of(llm: FakeLLM, request: pytest.FixtureRequest, given: Mapping[str, Any]) -> OpenAIChatCompletionClient:
    """Return a client on a fake; what the fixture ``llm_client`` does."""
    with _told_without_traceback():
        return llm.client(model=Chosen(request, given)("model"))


def journal_of(request: pytest.FixtureRequest) -> Journal:
    """Return the journal of what answers in a test; what the fixture ``llm_journal`` does."""
    alone = "llm_cassette" in request.fixturenames and "fake_llm" not in request.fixturenames
    answering: FakeLLM | Cassette = request.getfixturevalue("llm_cassette" if alone else "fake_llm")
    return answering.calls


class Chosen:
    """The settings of a test: called with a name, it returns the value. given: what ``llm_config`` returned."""

    def __init__(self, request: pytest.FixtureRequest, given: Mapping[str, Any]) -> None:
        self._config = request.config
        self._marked = marked_on(request.node)
        self._given = _own_error(keys_of, given)

    def __call__(self, name: str) -> Any:
        """Return the value of a setting.

        Raises:
            UsageError: it is wrong; the text says where it was set.
        """
        return _own_error(decide, name, self._config, marked=self._marked, given=self._given)

    def several(self, names: tuple[str, ...]) -> Mapping[str, Any]:
        """Return the values of settings by name.

        Raises:
            UsageError: one is wrong.
        """
        if self._marked or self._given:
            return {name: self(name) for name in names}
        return cast("Mapping[str, Any]", _own_error(usual, names, self._config))


def _own_error(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of ``settings``, which cannot import the errors of fakellm."""
    try:
        return function(*args, **kwargs)
    except pytest.UsageError as err:
        raise UsageError(str(err)) from None


@contextmanager
def _told_without_traceback() -> Iterator[None]:
    """Fail for a mistake in settings, which no line of a traceback explains."""
    try:
        yield
    except FakeLLMError as err:
        raise pytest.fail.Exception(f"{type(err).__name__}: {err}", pytrace=False) from None


def _open_tapes(request: pytest.FixtureRequest, chosen: Chosen, *, llm: FakeLLM | None) -> list[Tape]:
    """Open the files of a test's cassette: one, or those that pytest-recording would play together."""
    from pytest_fakellm.tapes import Tape, find_files, open_cassette

    item, root = request.node, request.config.rootpath
    path, folder, mode = (chosen(name) for name in ("path", "cassette_dir", "record"))
    options = {name: value for name, value in chosen.several(OF_CASSETTE).items() if value is not None}
    max_age = chosen("max_age")
    must_play = not (path or chosen("allow_unplayed"))
    home = root / folder if folder else None
    files = find_files(item, path, folder=home, mode=mode)
    if not path:
        _claim(item, files[0], folder=home)
    tapes: list[Tape] = []
    for file in files:
        cassette = open_cassette(
            file,
            mode="none" if tapes else mode,
            node=item.nodeid,
            shared_since=request.config.stash[BEGAN] if path else inf,
            options=options,
            allow_unmatched=chosen("allow_unmatched"),
            llm=llm,
            beside=tapes[0].cassette if tapes else None,
        )
        tapes.append(Tape(cassette, os.path.relpath(file, root), must_play=must_play, max_age=max_age))
    return tapes


def _claim(item: pytest.Item, path: Path, *, folder: Path | None) -> None:
    """Refuse that two tests share one cassette by accident, as the names of both make the same file name.

    The first of them has it, in the order of all tests: a worker of pytest-xdist knows all, and runs some. Tests for
    which another ``llm_config`` holds may have another folder; they are met where they run.

    Raises:
        UsageError: another test has this one.
    """
    claimed, of_all = item.session.stash.setdefault(CLAIMED, ({}, {}))
    if (key := (folder, config_of(item))) not in of_all:
        of_all[key] = own_paths(item.session.items, like=item, folder=folder)
    owner = of_all[key].get(path, item.nodeid)
    if owner == item.nodeid:
        owner = claimed.setdefault(path, item.nodeid)
    if owner != item.nodeid:
        raise UsageError(
            f"the cassette {os.fspath(path)!r} is the own one of {owner}, and by its name of {item.nodeid} too\n"
            "  type: @pytest.mark.llm_cassette('another_name.yaml')"
        )


def _guard_further(request: pytest.FixtureRequest, chosen: Chosen) -> None:
    """Keep out connections beyond loopback, too, or let through those to some hosts.

    Connections to providers are kept out already, since there is something that answers.
    """
    decided = chosen.several(OF_GUARD)
    everything, hosts = decided["block_network"], decided["allowed_hosts"]
    if everything or hosts:
        hold = guard_of(request.config).hold("all" if everything else "providers", allowed=check_hosts(hosts or ()))
        watch_of(request.node).blocks.enter_context(hold)


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
