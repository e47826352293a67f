"""Answers for every client in the process, built before or after, without touching the code under test.

These places are patched while anything is active, in httpx and httpx2 alike:

- ``handle_request`` of HTTPTransport and ``handle_async_request`` of AsyncHTTPTransport, the leaves where
  requests leave for the network. A user's retry, cache or logging transport around them keeps working.
- ``_transport_for_url`` of Client and AsyncClient, to stand before a *foreign leaf*: a transport of another
  library that goes to the network on its own, such as one on aiohttp.

And in requests and aiohttp, where they are imported, or as soon as they are:

- ``send`` of HTTPAdapter, and ``connect`` of BaseConnector.

This module owns these names; tests/io/test_intercept.py checks them on every supported version.

Who answers: the innermost activation of this context; a context that knows none (a worker thread) gets the
one activated last in the process, so that it never falls through to the network. An activation *everywhere* comes
before all older ones, in contexts that were copied before it as well: the fake of the running test is asked by the loop
and the workers that were begun under the fake of the session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache, partial, wraps
from threading import RLock
from types import ModuleType
from typing import Any, Protocol

from fakellm._clock import Clock
from fakellm._io.aiohttp_leaf import answering_connect
from fakellm._io.flavour import NAMES
from fakellm._io.late_imports import LateImports, Patch
from fakellm._io.leaves import is_foreign_leaf
from fakellm._io.player import Answers, Playable
from fakellm._io.requests_leaf import answering_send
from fakellm._io.sent import sent
from fakellm._io.transport import transport_class
from fakellm._wire.events import WireRequest

__all__ = ["Activation", "Claims", "activate", "deactivate"]


class Claims(Answers, Protocol):
    """What an interception asks: an engine that says which requests are its business."""

    def claims(self, wire: WireRequest) -> bool | None:
        """Whether a request is to be answered here rather than by the network; None where its body has to tell."""
        ...


class Activation:
    """One engine that answers for the process, from ``activate`` to ``deactivate``."""

    def __init__(self, engine: Claims, clock: Clock, *, is_everywhere: bool = False) -> None:
        self.is_everywhere = is_everywhere
        self.clock = clock
        self._engine = engine
        self._transports: dict[ModuleType, Any] = {}

    def answers(self, request: Any, wire: WireRequest) -> bool:
        """Whether the engine answers a request of httpx or httpx2. A body that is read to know can still be sent.

        wire: the same, but for its body.
        """
        claimed = self._engine.claims(wire)
        return bool(self._engine.claims(wire._replace(body=request.read())) if claimed is None else claimed)

    async def answers_async(self, request: Any, wire: WireRequest) -> bool:
        """Whether the engine answers a request of an async client."""
        claimed = self._engine.claims(wire)
        return bool(self._engine.claims(wire._replace(body=await request.aread())) if claimed is None else claimed)

    def may_answer(self, bare: WireRequest) -> bool:
        """Whether the engine may answer a request of another library, whose body is still to be read."""
        return self._engine.claims(bare) is not False

    def answers_whole(self, wire: WireRequest) -> bool:
        """Whether the engine answers a request of another library."""
        return bool(self._engine.claims(wire))

    def handle(self, wire: WireRequest) -> Playable:
        """Let the engine answer a request of another library."""
        return self._engine.handle(wire, self.clock.now())

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Let what is asked in the block go out: a request that is recorded may pass another patched place."""
        token = _passing.set(True)
        try:
            yield
        finally:
            _passing.reset(token)

    def transport(self, module: ModuleType) -> Any:
        """Return a transport of this engine for clients of a module."""
        if module not in self._transports:
            self._transports[module] = transport_class(module)(self._engine, self.clock)
        return self._transports[module]


_lock = RLock()
_active: list[Activation] = []
_patches: dict[ModuleType, list[tuple[type[Any], str, Any, Any]]] = {}
"""Module -> class, method, what was there, and what stands there."""
_context: ContextVar[tuple[Activation, ...]] = ContextVar("fakellm_activations", default=())
_passing: ContextVar[bool] = ContextVar("fakellm_passing", default=False)


def activate(engine: Claims, clock: Clock, *, is_everywhere: bool = False) -> Activation:
    """Let an engine answer in this context and in contexts that know none; or everywhere, before all older ones."""
    activation = Activation(engine, clock, is_everywhere=is_everywhere)
    with _lock:
        if not _active:
            _late.begin()
        _active.append(activation)
    _context.set((*_context.get(), activation))
    return activation


def deactivate(activation: Activation) -> None:
    """End an activation; the one before it answers again."""
    with _lock:
        _active.remove(activation)
        if not _active:
            _uninstall()
    _context.set(tuple(known for known in _context.get() if known is not activation))


def _answering() -> Activation | None:
    active = tuple(_active)
    if not active or _passing.get():
        return None
    known = _context.get()
    for one in reversed(active):
        if one.is_everywhere or one in known:
            return one
    return active[-1]


def _answer(module: ModuleType, request: Any, onward: Callable[[Any], Any]) -> Any:
    """Answer a request, or send it onward."""
    if (answering := _answering()) is None or not answering.answers(request, wire := sent(module, request)):
        return onward(request)

    def pass_on(request: Any) -> Any:
        with answering.passing():
            return onward(request)

    asked = WireRequest(wire.method, wire.url, wire.headers, request.read())
    return answering.transport(module).answer(request, asked, pass_on)


async def _answer_async(module: ModuleType, request: Any, onward: Callable[[Any], Any]) -> Any:
    """Do the same for an async client."""
    if (answering := _answering()) is None or not await answering.answers_async(request, wire := sent(module, request)):
        return await onward(request)

    async def pass_on(request: Any) -> Any:
        with answering.passing():
            return await onward(request)

    asked = WireRequest(wire.method, wire.url, wire.headers, await request.aread())
    return await answering.transport(module).answer_async(request, asked, pass_on)


def _uninstall() -> None:
    _late.end()
    for patches in reversed(_patches.values()):  # a class may be there by two modules, one imported anew
        for owner, name, original, patched in patches:
            # Whoever patched after us holds on to ours, which passes everything through when nothing is active.
            if owner.__dict__.get(name) is patched:
                setattr(owner, name, original)
    _patches.clear()


_Make = Callable[[Any], Any]
"""Makes of a function the one that stands in its place."""


_Place = tuple[type[Any], str, _Make]
"""Class, method, and what makes the one in its place."""


@cache
def _places(module: ModuleType) -> Sequence[_Place]:
    """Return what is patched in httpx or httpx2."""
    chooser = _chooser(module)
    return (
        (module.HTTPTransport, "handle_request", _sync_leaf(module)),
        (module.AsyncHTTPTransport, "handle_async_request", _async_leaf(module)),
        (module.Client, "_transport_for_url", chooser),
        (module.AsyncClient, "_transport_for_url", chooser),
    )


@lru_cache(maxsize=32)  # every test patches the same
def _made(make: _Make, original: Any) -> Any:
    return wraps(original)(make(original))


def _patching(last: str, places: Callable[[ModuleType], Sequence[_Place]]) -> Patch:
    """Return what patches a module that another thread may be importing, or when all is over. last: its last class."""

    def patch(module: ModuleType) -> None:
        with _lock:
            # A module may have two names, as after ``httpx2.alias_httpx()``.
            if _late.is_on and module not in _patches and hasattr(module, last):
                _patches[module] = patches = []
                for owner, name, make in places(module):
                    original = owner.__dict__[name]
                    patched = _made(make, original)
                    setattr(owner, name, patched)
                    patches.append((owner, name, original, patched))

    return patch


_send, _connect = answering_send(_answering), answering_connect(_answering)
_late = LateImports(
    {
        **dict.fromkeys(NAMES, _patching("AsyncClient", _places)),
        "requests.adapters": _patching("HTTPAdapter", lambda m: [(m.HTTPAdapter, "send", _send)]),
        "aiohttp.connector": _patching("BaseConnector", lambda m: [(m.BaseConnector, "connect", _connect)]),
    }
)


def _sync_leaf(module: ModuleType) -> _Make:
    def make(original: Any) -> Any:
        def handle_request(self: Any, request: Any) -> Any:
            return _answer(module, request, partial(original, self))

        return handle_request

    return make


def _async_leaf(module: ModuleType) -> _Make:
    def make(original: Any) -> Any:
        async def handle_async_request(self: Any, request: Any) -> Any:
            return await _answer_async(module, request, partial(original, self))

        return handle_async_request

    return make


class _ForeignLeaf:
    """A transport of another library, asked only for what nobody answers here. Its client closes it."""

    def __init__(self, module: ModuleType, transport: Any) -> None:
        self._module = module
        self._transport = transport

    def handle_request(self, request: Any) -> Any:
        return _answer(self._module, request, self._transport.handle_request)

    async def handle_async_request(self, request: Any) -> Any:
        return await _answer_async(self._module, request, self._transport.handle_async_request)


def _chooser(module: ModuleType) -> _Make:
    patched = (module.HTTPTransport, module.AsyncHTTPTransport)

    def make(original: Any) -> Any:
        def transport_for_url(self: Any, url: Any) -> Any:
            transport = original(self, url)
            # The first of these holds nearly always.
            if type(transport) in patched or _answering() is None or not is_foreign_leaf(module, transport):
                return transport
            return _ForeignLeaf(module, transport)

        return transport_for_url

    return make
