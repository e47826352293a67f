"""Keeps the network out: what no fake can answer is refused where the process looks up a host or connects.

Clients on httpx, httpx2, requests and aiohttp never come this far for a model call while a fake is active; clients on
anything else (urllib3 alone, http.client) do. Refused are, while a fake is active or with the ini ``llm_guard``, known
hosts of providers; with ``--llm-block-network``, everything beyond loopback. A cassette that records lifts both.

The interpreter itself tells of most such steps (an audit hook), so that little has to be patched, and no function that
pytest-socket and others patch as well. Not seen: connections that C code makes on its own, as grpc and libcurl do.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache, wraps
from importlib import import_module
from threading import RLock, get_ident
from typing import Any, NamedTuple

import pytest

from fakellm import UsageError
from fakellm._dialects.providers import is_provider_host
from fakellm._forks import Ledger
from fakellm._wire.hosts import AllowedHosts, check_hosts, is_allowed, is_loopback
from pytest_fakellm.callers import Callers, callers
from pytest_fakellm.settings import decide

__all__ = ["BlockedConnectionError", "Guard", "Refusal", "allowed_by_ini", "guard_the_exit"]


class BlockedConnectionError(ConnectionRefusedError):
    """The connection was refused by the guard; the test fails when it ends, whatever becomes of this."""


class Refusal(NamedTuple):
    """A connection that was refused. reason: why, for the report."""

    host: str
    port: object
    reason: str
    callers: Callers

    def __str__(self) -> str:
        where = self.host if self.port in (None, 0, "") else f"{self.host}:{self.port}"
        lines = [f"a connection to {where} was blocked: {self.reason}", *self.callers.lines()]
        return "\n  ".join([*lines, *self._advice()])

    def _advice(self) -> list[str]:
        if self.reason == _ALL:
            return [
                f"if the test means it, let this host through: ini llm_allowed_hosts = {self.host}",
                "or run it without --llm-block-network (ini llm_block_network)",
            ]
        return [
            "fakellm answers clients on httpx, httpx2, requests and aiohttp, while a fake or cassette is active;",
            "this one is on something else, or came too early or too late: use one of these, or stand in for it",
            *(advice for library, advice in _ANSWERED.items() if library in self.callers.libraries),
        ]


# How frameworks whose default client is on something else are told to use one that is answered.
_ANSWERED = {
    "dspy": "in dspy, type: dspy.LM(..., engine='litellm', cache=False)",
    "strands": "in strands, type: OpenAIModel(model_id=...); its default asks Bedrock through botocore",
}
_ALL = "it leads beyond loopback"
_PROVIDER = "the host belongs to a provider of models"


class Guard:
    """Decides for one session what may connect, and remembers what was refused."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []
        self._holds: Counter[str] = Counter()
        self._allowed: list[AllowedHosts] = []
        self._addresses: set[str] = set()  # of allowed hosts
        self._resolving: set[int] = set()  # threads in which the guard itself looks up a host
        self._patches: dict[tuple[Any, str], tuple[Any, Any]] = {}
        self._process = os.getpid()
        self._ledger: Ledger | None = None  # what forked children tell

    @contextmanager
    def hold(self, what: str, *, allowed: AllowedHosts = ()) -> Iterator[None]:
        """Keep ``all`` or ``providers`` out while the block runs, or let everything pass: ``none``.

        allowed: hosts that may be reached all the same.
        """
        self.begin(what, allowed=allowed)
        try:
            yield
        finally:
            self.end(what, allowed=allowed)

    def begin(self, what: str, *, allowed: AllowedHosts = ()) -> None:
        """Begin to hold; see ``hold``."""
        with _lock:
            if self not in _active:
                _listen()
                _active.append(self)
            self._holds[what] += 1
            self._allowed.append(allowed)
            self._install()

    def end(self, what: str, *, allowed: AllowedHosts = ()) -> None:
        """End what ``begin`` began."""
        with _lock:
            self._holds[what] -= 1
            self._allowed.remove(allowed)
            if not any(self._allowed):
                self._addresses.clear()
            if not any(self._holds.values()):
                _active.remove(self)
                self._uninstall()

    def take(self) -> list[Refusal]:
        """Return the refusals since the last time, in forked children as well, each place once."""
        if not self.refusals and self._ledger is None:  # nearly always, and asked three times a test
            return []
        with _lock:
            taken, self.refusals = self.refusals, []
            if self._is_in_child:  # a test that runs in a child is told there
                self._tell(None)
            else:
                taken += self._of_children()
        return list({str(refusal): refusal for refusal in taken}.values())

    @property
    def _is_in_child(self) -> bool:
        return os.getpid() != self._process

    def open_ledger(self) -> None:
        """Let children that are forked from now on tell their refusals."""
        if self._ledger is None and not self._is_in_child:
            self._ledger = Ledger()

    def _tell(self, refusal: Refusal | None) -> None:
        if self._ledger is not None:
            self._ledger.append((os.getpid(), refusal))

    def _of_children(self) -> list[Refusal]:
        """Return the refusals that children told and did not take themselves."""
        found: dict[int, list[Refusal]] = {}
        for process, refusal in self._ledger.take() if self._ledger is not None else ():
            if refusal is None:
                found.pop(process, None)
            else:
                found.setdefault(process, []).append(refusal)
        return [refusal for told in found.values() for refusal in told]

    def _reason(self, host: str) -> str | None:
        """Return why a host is not to be reached, or None."""
        if not host or self._holds["none"] or is_loopback(host) or self._is_allowed(host):
            return None
        if self._holds["all"]:
            return _ALL
        return _PROVIDER if self._holds["providers"] and is_provider_host(host) else None

    def _is_allowed(self, host: str) -> bool:
        """Whether a host may be reached, by its name or by an address of it."""
        if any(is_allowed(host, allowed) for allowed in self._allowed):
            self._learn(host)
            return True
        return host in self._addresses

    def _learn(self, host: str) -> None:
        """Look up a host that is about to be looked up, as whoever connects to it is told by address alone.

        Each time, since a name may lead elsewhere the next time.
        """
        thread = get_ident()
        if not self._holds["all"] or thread in self._resolving:
            return
        self._resolving.add(thread)
        with suppress(OSError):  # whoever asks is told so himself
            self._addresses.update(str(found[4][0]) for found in socket.getaddrinfo(host, None))
        self._resolving.discard(thread)

    def check(self, host: object, port: object) -> None:
        """Refuse a host that is not to be reached, and remember it.

        Raises:
            BlockedConnectionError: it is refused.
        """
        name = (host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")).lower().rstrip(".")
        reason = self._reason(name)
        if reason is None or name == socket.gethostname().lower():
            return
        refusal = Refusal(name, port, reason, callers())
        with _lock:
            self.refusals.append(refusal)
            if self._is_in_child:
                self._tell(refusal)
        raise BlockedConnectionError(f"blocked by fakellm: {refusal}")

    def _install(self) -> None:
        """Patch what is not patched yet; a module may have been imported since."""
        for owner, name, wrap in _places():
            if (owner, name) not in self._patches:
                original = getattr(owner, name)
                patched = _patched(original, wrap, self.check)
                # Where the original is inherited, there is nothing to put back.
                self._patches[owner, name] = vars(owner).get(name), patched
                setattr(owner, name, patched)

    def _uninstall(self) -> None:
        for (owner, name), (original, patched) in self._patches.items():
            # Whoever patched after us holds on to ours, which lets everything pass by then.
            if vars(owner).get(name) is not patched:
                continue
            if original is None:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._patches.clear()


def guard_the_exit() -> None:
    """Keep providers out when the process ends, for what libraries send only then: traces, mostly."""
    # Handlers run in reverse order, so that the one that was registered last comes before those of the libraries.
    atexit.unregister(_hold_to_the_end)
    atexit.register(_hold_to_the_end)


def _hold_to_the_end() -> None:
    Guard().begin("providers")


def allowed_by_ini(config: pytest.Config) -> AllowedHosts:
    """Return the hosts that may be reached in the whole session.

    Raises:
        pytest.UsageError: the ini names none.
    """
    try:
        return check_hosts(decide("allowed_hosts", config) or ())
    except UsageError as err:
        raise pytest.UsageError(f"{config.inipath or 'the ini'}: llm_allowed_hosts: {err}") from None


_lock = RLock()
_active: list[Guard] = []  # those that hold anything
_listening: list[bool] = []  # not empty once the hooks are there, which cannot be taken away


def _listen() -> None:
    if not _listening:
        sys.addaudithook(_hear)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_open_ledgers)
        _listening.append(True)


def _open_ledgers() -> None:
    for guard in tuple(_active):
        guard.open_ledger()


def _hear(event: str, args: tuple[Any, ...]) -> None:
    """Check one event of the audit hook; there are many, and the first line lets most of them pass."""
    if not _active or event not in _EVENTS:
        if event == "import" and _active and args[0] in _LOOK_UP_IN_C:
            _patch_when_imported(args[0])
        return
    for guard in tuple(_active):
        for host, port in _EVENTS[event](*args):
            guard.check(host, port)


def _looked_up(host: object, port: object = None, *_: object) -> Iterator[tuple[object, object]]:
    yield host, port


def _connected(sock: socket.socket, address: Any) -> Iterator[tuple[object, object]]:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and address is not None:  # a connected socket needs none
        yield address[0], address[1]


# Source: https://docs.python.org/3/library/audit_events.html
_EVENTS: dict[str, Callable[..., Iterator[tuple[object, object]]]] = {
    "socket.getaddrinfo": _looked_up,
    "socket.gethostbyname": _looked_up,
    "socket.connect": _connected,
    "socket.sendmsg": _connected,
    "socket.sendto": _connected,
}


Check = Callable[[object, object], None]

_LOOK_UP_IN_C = ("uvloop", "aiohttp.resolver")  # what ``_places`` looks for


def _patch_when_imported(name: str) -> None:
    """Import a module ahead of its importer, who then gets it patched."""
    if name in sys.modules or name in _importing:
        return
    _importing.append(name)
    try:
        import_module(name)
    except ImportError:
        return  # which the one who imports it meets as well
    finally:
        _importing.remove(name)
    with _lock:
        for guard in _active:
            guard._install()  # noqa: SLF001  # of this module


_importing: list[str] = []


def _places() -> Iterator[tuple[Any, str, Callable[[Any, Check], Any]]]:
    """Yield (owner, name, how to wrap it) of functions that the audit hook hears too late, in imported modules."""
    # Look up a host by themselves, before anything is told.
    yield socket.socket, "connect", _connecting
    yield socket.socket, "connect_ex", _connecting
    # Looks up in a thread, which does not know who asked.
    yield asyncio.BaseEventLoop, "getaddrinfo", _looking_up
    # Look up in C.
    if (uvloop := sys.modules.get("uvloop")) is not None:
        yield uvloop.Loop, "getaddrinfo", _looking_up
        yield uvloop.Loop, "create_connection", _opening
    resolver: Any = sys.modules.get("aiohttp.resolver")
    if getattr(resolver, "aiodns", None) is not None:
        yield resolver.AsyncResolver, "resolve", _looking_up


@lru_cache(maxsize=32)  # each test patches the same; not all, since it holds on to guards of sessions that ended
def _patched(original: Any, wrap: Callable[[Any, Check], Any], check: Check) -> Any:
    return wraps(original)(wrap(original, check))


def _connecting(original: Any, check: Check) -> Any:
    def connect(self: socket.socket, address: Any, /) -> Any:
        for host, port in _connected(self, address):
            check(host, port)
        return original(self, address)

    return connect


def _looking_up(original: Any, check: Check) -> Any:
    async def look_up(self: Any, host: Any, *args: Any, **kwargs: Any) -> Any:
        check(host, args[0] if args else kwargs.get("port"))
        return await original(self, host, *args, **kwargs)

    return look_up


def _opening(original: Any, check: Check) -> Any:
    async def create_connection(self: Any, factory: Any, host: Any = None, port: Any = None, **kwargs: Any) -> Any:
        check(host, port)
        return await original(self, factory, host, port, **kwargs)

    return create_connection
