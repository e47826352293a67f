"""Which API a request speaks, and whose business it is.

A path decides the dialect, on any host: gateways and proxies serve the same paths under other names. A
new API is a dialect class and a line in ``_DIALECTS``; until it has one, a line in ``claims`` keeps
its calls from leaving the process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol

from pydantic_core import to_json

from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.providers import is_provider_host
from fakellm._dialects.unspoken.not_found import not_found
from fakellm._dialects.unspoken.paths import Claim, address_of, claim_of
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.canonical import read_json
from fakellm._wire.errors import DO_NOT_RETRY, encodable
from fakellm._wire.events import Data, Head, WireEvent, WireRequest
from fakellm._wire.provider import Provider
from fakellm._wire.strictness import Strictness

__all__ = [
    "Claim",
    "Dialect",
    "asks_model",
    "claim",
    "find_dialect",
    "render_not_spoken",
    "told_by_body",
]


class Dialect(Protocol):
    """One API shape: reads its requests, writes its responses."""

    endpoint: str

    def decode(self, request: WireRequest, strictness: Strictness, provider: Provider | None) -> ChatRequest:
        """Read a request; raises Rejected with the error that the real API would send.

        provider: who is asked; None takes the one at the URL.
        """
        ...

    def render(self, completion: Completion, request: ChatRequest) -> Iterable[WireEvent]:
        """Return the response in the form that the request asks for."""
        ...


_DIALECTS: tuple[tuple[str, Dialect], ...] = (("/chat/completions", CHAT),)


def find_dialect(request: WireRequest) -> Dialect | None:
    """Return the dialect that claims the path of a request, or None."""
    return _dialect_at(request.path) if request.method == "POST" else None


@lru_cache(maxsize=256)
def _dialect_at(path: str) -> Dialect | None:
    address = address_of("", path)
    return next((dialect for suffix, dialect in _DIALECTS if address.endswith(suffix)), None)


@lru_cache(maxsize=256)
def claim(method: str, host: str, path: str) -> Claim:
    """Say whose business a request is. host: lower case, without port. path: percent-encoded as sent."""
    at_provider = is_provider_host(host)
    if method != "POST":
        return Claim.PROVIDER if at_provider else Claim.NONE
    return Claim.MODEL if _dialect_at(path) else claim_of(address_of(host, path), at_provider=at_provider)


def told_by_body(method: str, host: str, path: str) -> bool:
    """Whether it takes the body of a request to say if it asks a model."""
    return method == "POST" and claim(method, host, path) in (Claim.PROVIDER, Claim.BODY)


def is_model_call(method: str, host: str, path: str, body: bytes) -> bool:
    """Whether a request asks a model, so that it may not go out. body: empty will do unless ``told_by_body``."""
    if claim(method, host, path) is Claim.MODEL:
        return True
    return bool(body) and told_by_body(method, host, path) and _names_model(body)


def asks_model(request: WireRequest) -> bool:
    """Whether a request that came here asks a model: by its path or, wherever it goes, by the model in its body.

    More than ``is_model_call`` says of hosts that nobody knows: a recording takes their traffic, too.
    """
    kind = claim(request.method, request.host, request.path)
    if kind in (Claim.MODEL, Claim.COUNT) or request.method != "POST":
        return kind is Claim.MODEL
    return _names_model(request.body)


def _names_model(body: bytes) -> bool:
    """Whether a body, of JSON or of several parts, names a model."""
    if body.startswith(b"--"):
        return _MODEL_PART.search(body) is not None
    try:
        asked = read_json(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(asked, dict) and isinstance(asked.get("model"), str)


_MODEL_PART = re.compile(rb'(?i)\r\ncontent-disposition: *form-data; *name="?model"?\r\n')


def render_not_spoken(request: WireRequest, message: str, *, request_id: str) -> Iterator[WireEvent]:
    """Yield a 404 in the error envelope of the API that the path belongs to."""
    body = to_json(not_found(address_of(request.host, request.path), encodable(message)), indent=2)
    head = (
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("x-request-id", request_id),
    )
    yield Head(404, head + DO_NOT_RETRY)
    yield Data(body)
