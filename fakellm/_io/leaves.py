"""Transports that go to the network by themselves, told apart from those that lead on to others.

A user's transport for retries, caching or logging keeps working: it is left as it is, and the transport at its end is
the one that answers. A foreign leaf, such as one on aiohttp, is replaced, since nothing behind it is seen. Which of the
two a transport is, is read from what it holds, and from the names in its code where it makes its inner one later.
A method that was taken from a transport before anything answered leads past the patched leaves: what holds one is
replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from fakellm._io.flavour import NAMES
from fakellm._io.late_imports import imported
from fakellm._io.transport import transport_class

__all__ = ["is_foreign_leaf"]

_DEEPEST = 4  # a list of routes in a dict, a method in a partial: more than that hides a transport on purpose
_WIDEST = 50  # more things in one container are a store of answers, not routes; each request looks again
_MAKES_ONE = frozenset({"HTTPTransport", "AsyncHTTPTransport", "Client", "AsyncClient"})


def is_foreign_leaf(module: ModuleType, transport: Any) -> bool:
    """Whether a transport goes to the network by itself, past the patched leaves."""
    harmless = (
        module.HTTPTransport,
        module.AsyncHTTPTransport,
        module.ASGITransport,
        module.WSGITransport,
        module.MockTransport,
        transport_class(module),
    )
    return not (isinstance(transport, harmless) or _is_test_client(transport) or _leads_on(transport))


def _is_test_client(transport: Any) -> bool:
    """Whether this is Starlette's TestClient, which calls the user's own app in the process."""
    return any(kind.__module__.partition(".")[0] == "starlette" for kind in type(transport).__mro__)


def _leads_on(transport: Any) -> bool:
    """Whether this wraps another transport or a client, of either module, or will."""
    modules = imported(NAMES)
    kinds = tuple(kind for m in modules for kind in (m.BaseTransport, m.AsyncBaseTransport, m.Client, m.AsyncClient))
    held = list(_held_by(transport))
    if any(isinstance(thing, MethodType) and _leads_past(thing) for thing in held):
        return False
    return any(isinstance(thing, kinds) for thing in held) or _makes_one(transport, modules)


def _leads_past(method: MethodType) -> bool:
    """Whether a method is another than the one that its object would give now, so that a patch does not reach it."""
    return getattr(method.__self__, method.__name__, method) != method


def _held_by(transport: Any) -> Iterator[Any]:
    """Yield what a transport holds in its attributes, and what containers, methods and functions among it hold."""
    layer, seen = _attributes(transport), {id(transport)}
    for _ in range(_DEEPEST):
        fresh = [thing for thing in layer if id(thing) not in seen]
        seen.update(map(id, fresh))
        yield from fresh
        layer = [inner for thing in fresh for inner in _inside(thing)]


def _inside(thing: Any) -> list[Any]:
    match thing:
        case Mapping():
            return list(islice(thing.values(), _WIDEST))
        case list() | tuple() | set() | frozenset():
            return list(islice(thing, _WIDEST))
        case MethodType():
            return [thing.__self__]
        case partial():
            return [thing.func, *thing.args, *thing.keywords.values()]
        case FunctionType():
            return [cell.cell_contents for cell in thing.__closure__ or () if _is_filled(cell)]
    return []


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  # a name that is bound later has none yet
    except ValueError:
        return False
    return True


def _attributes(thing: Any) -> list[Any]:
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    values = [getattr(thing, name, None) for name in slots]
    return [*getattr(thing, "__dict__", {}).values(), *values]


def _makes_one(transport: Any, modules: tuple[ModuleType, ...]) -> bool:
    """Whether the code of a transport's own class names what makes a transport, for the first request perhaps."""
    own = [kind for kind in type(transport).__mro__ if kind.__module__.partition(".")[0] not in _names(modules)]
    functions = [value for kind in own for value in vars(kind).values() if isinstance(value, FunctionType)]
    return any(not _MAKES_ONE.isdisjoint(_names_in(function.__code__)) for function in functions)


def _names(modules: tuple[ModuleType, ...]) -> frozenset[str]:
    return frozenset({"builtins", *(module.__name__ for module in modules)})


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names_in(inner)
