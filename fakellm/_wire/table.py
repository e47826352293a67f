"""Which API a request speaks, and whose business it is: the table of dialects that an engine is given.

A path decides the dialect, on any host: gateways and proxies serve the same paths under other names. What no dialect
speaks is the unspoken's, which knows the paths of further APIs, so that their calls do not leave the process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from fakellm._wire.canonical import read_json
from fakellm._wire.dialect import Claim, Dialect, Traffic, alike
from fakellm._wire.events import WireRequest
from fakellm._wire.provider import Provider
from fakellm._wire.voice import Speaker, Voice

__all__ = ["Route", "Table", "Unspoken"]


class Unspoken(Protocol):
    """Facts about APIs that no dialect speaks."""

    def traffic(self, method: str, host: str, path: str) -> Traffic:
        """Say whose business a request is. host: lower case, without port. path: percent-encoded as sent."""
        ...

    def at(self, wire: WireRequest) -> Voice:
        """Return how errors are told at an address, and answers heard."""
        ...


class Route(NamedTuple):
    """Whose business a request is, which all calls of a client have in common.

    place: the dialect that claims it: its number in the table, and among those beside that one, 0 for itself. claim:
    what it claims. Both are None where no dialect does.
    """

    place: tuple[int, int] | None
    claim: Claim | None
    provider: Provider
    traffic: Traffic


# URLs hold whatever a test sends, so there may be any number.
_MOST_ROUTES = 256


class Table:
    """The dialects of a fake in the order in which they are asked, and what is known beside them.

    Its copies share the dialects until they speak one, and then copy it. spoken: what gives each, once it is asked.
    unspoken: what gives the rest, once none of these claims a request.
    is_remembered: whether what is claimed is remembered by URL; of the dialects that a test brings nothing is known.
    """

    def __init__(
        self,
        spoken: Sequence[Callable[[], Dialect]],
        unspoken: Callable[[], Unspoken],
        provider_of: Callable[[str, str], Provider],
        *,
        is_remembered: bool = True,
    ) -> None:
        self._spoken = tuple(spoken)
        self._given: dict[int, Dialect] = {}  # by number
        self._unspoken = unspoken
        self._provider_of = provider_of
        self._is_remembered = is_remembered
        self._routes: dict[tuple[str, str], Route] = {}
        self._copies: dict[int, Dialect] | None = None  # by number; None for the table itself, which speaks no answers

    def with_first(self, dialects: Sequence[Dialect]) -> Table:
        """Return the table with further dialects, which are asked before the others."""
        own = [partial(_same, dialect) for dialect in dialects]
        return Table((*own, *self._spoken), self._unspoken, self._provider_of, is_remembered=False)

    def copied(self) -> Table:
        """Return the table with copies of its dialects, which remember nothing that is asked of these."""
        made = alike(self)
        made._copies = {number: one.copied() for number, one in (self._copies or {}).items()}  # noqa: SLF001  # the same
        return made

    def _first(self, number: int) -> Dialect:
        """Return the dialect of a number, the one that all copies of the table copy."""
        return self._given.get(number) or self._given.setdefault(number, self._spoken[number]())

    def route(self, wire: WireRequest) -> Route:
        """Return what method and URL, and sometimes the headers, say of a request."""
        if (route := self._routes.get(wire[:2])) is None:
            route = self._route(wire)
            # What asks a model is told by its URL alone; what a dialect claims beside that may go by headers.
            if self._is_remembered and route.traffic is Traffic.MODEL:
                if len(self._routes) >= _MOST_ROUTES:
                    self._routes.clear()
                self._routes[wire[:2]] = route
        return route

    def _route(self, wire: WireRequest) -> Route:
        provider = self._provider_of(wire.host, wire.path)
        for number in range(len(self._spoken)):
            first = self._first(number)
            for beside, dialect in enumerate((first, *first.beside)):
                if (claim := dialect.claims(wire)) is not None:
                    return Route((number, beside), claim, provider, claim.traffic)
        return Route(None, None, provider, self._unspoken().traffic(wire.method, wire.host, wire.path))

    def at(self, route: Route) -> tuple[Dialect, Claim] | None:
        """Return the dialect that claims the requests of a route, with what it claims, or None."""
        if route.place is None or route.claim is None:
            return None
        number, beside = route.place
        if (copies := self._copies) is None:
            first = self._first(number)
        elif (copied := copies.get(number)) is not None:
            first = copied
        else:
            first = copies.setdefault(number, self._first(number).copied())
        return (first.beside[beside - 1] if beside else first), route.claim

    def find(self, wire: WireRequest) -> tuple[Dialect, Claim] | None:
        """Return the dialect that claims a request, with what it claims, or None."""
        return self.at(self.route(wire))

    def provider(self, wire: WireRequest) -> Provider:
        """Return the provider at the URL of a request."""
        return self.route(wire).provider

    def voice(self, wire: WireRequest) -> Voice:
        """Return the API that a request asks, spoken or not."""
        found = self.find(wire)
        return found[0] if found else self._unspoken().at(wire)

    def speaker(self, wire: WireRequest, provider: Provider | None = None) -> Speaker:
        """Return who answers a request, spoken or not. provider: who is asked; None for the one at the URL."""
        found = self.find(wire)
        model = _model(wire.body) or (found[1].model if found else None) or "gpt-x"
        return Speaker(self.voice(wire), provider or self.provider(wire), model)

    @property
    def spoken_at(self) -> list[str]:
        """Where they are spoken, for messages."""
        first = map(self._first, range(len(self._spoken)))
        return [dialect.spoken_at for one in first for dialect in (one, *one.beside)]

    def traffic(self, wire: WireRequest) -> Traffic:
        """Say whose business a request is, as far as its URL tells."""
        return self.route(wire).traffic

    def told_by_body(self, wire: WireRequest) -> bool:
        """Whether it takes the body of a request to say if it asks a model."""
        return wire.method == "POST" and self.traffic(wire) in (Traffic.PROVIDER, Traffic.BODY)

    def is_model_call(self, wire: WireRequest) -> bool:
        """Whether a request asks a model, so that it may not go out. An empty body will do unless ``told_by_body``."""
        if self.traffic(wire) is Traffic.MODEL:
            return True
        return bool(wire.body) and self.told_by_body(wire) and names_model(wire.body)

    def asks_model(self, wire: WireRequest) -> bool:
        """Whether a request that came here asks a model: by its path or, wherever it goes, by the model in its body.

        More than ``is_model_call`` says of hosts that nobody knows: a recording takes their traffic, too.
        """
        kind = self.traffic(wire)
        if kind in (Traffic.MODEL, Traffic.COUNT) or wire.method != "POST":
            return kind is Traffic.MODEL
        return names_model(wire.body)


def _same(dialect: Dialect) -> Dialect:
    return dialect


def names_model(body: bytes) -> bool:
    """Whether a body, of JSON or of several parts, names a model."""
    return re.search(_MODEL_PART, body) is not None if body.startswith(b"--") else _model(body) is not None


_MODEL_PART = rb'(?i)\r\ncontent-disposition: *form-data; *name="?model"?\r\n'


def _model(body: bytes) -> str | None:
    try:
        asked = read_json(body)
    except (ValueError, RecursionError):
        return None
    model = asked.get("model") if isinstance(asked, dict) else None
    return model if isinstance(model, str) else None
