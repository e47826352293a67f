"""Which API a request speaks, and whose business it is.

A path decides the dialect, on any host: gateways and proxies serve the same paths under other names. A
new API is a dialect class and a line in ``_DIALECTS``; until it has one, a line in ``_NOT_SPOKEN`` keeps
its calls from leaving the process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache
from typing import Protocol

from pydantic_core import to_json

from fakellm._wire.canonical import read_json
from fakellm._wire.chat import CHAT, ChatRequest
from fakellm._wire.completion import Completion
from fakellm._wire.errors import DO_NOT_RETRY, encodable
from fakellm._wire.events import Data, Head, WireEvent, WireRequest
from fakellm._wire.providers import Provider, is_provider_host
from fakellm._wire.strictness import Strictness

__all__ = ["Claim", "Dialect", "asks_model", "claim", "find_dialect", "render_not_spoken"]


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


class Claim(Enum):
    """What kind of request this is to a fake that is active."""

    MODEL = "a model call: the fake answers it"
    COUNT = "a count of tokens, whoever is asked: it gets a 404 and fails no test"
    PROVIDER = "other traffic to a provider: it gets a 404 and fails no test"
    NONE = "somebody else's: it passes untouched"


_DIALECTS: tuple[tuple[str, Dialect], ...] = (("/chat/completions", CHAT),)

# Endings of model endpoints that no dialect speaks yet. ``/messages`` alone is too common a path for
# users' own services, so it needs its version.
_NOT_SPOKEN = re.compile(
    r"/responses(/compact)?$"
    r"|/embeddings$|/completions$|/moderations$|/rerank$"
    r"|/v1/messages$"
    r"|/v[12]/chat$"
    r"|/model/[^/]+/(invoke|converse)(-with-response-stream|-stream)?$"
    r"|:(stream)?[gG]enerateContent$|:(batch)?[eE]mbedContents?$"
    r"|/images/(generations|edits|variations)$"
    r"|/audio/(speech|transcriptions|translations)$"
)
# A count makes no model speak; CrewAI asks for one before each call, and does without where there is none.
_COUNT = re.compile(r"/responses/input_tokens$|/v1/messages/count_tokens$|:countTokens$")
_ANTHROPIC = re.compile(r"/v1/messages")
_GEMINI = re.compile(r":\w+$")


def find_dialect(request: WireRequest) -> Dialect | None:
    """Return the dialect that claims the path of a request, or None."""
    return _dialect_at(request.path.rstrip("/")) if request.method == "POST" else None


@lru_cache(maxsize=256)
def _dialect_at(path: str) -> Dialect | None:
    return next((dialect for suffix, dialect in _DIALECTS if path.endswith(suffix)), None)


@lru_cache(maxsize=256)
def claim(method: str, host: str, path: str) -> Claim:
    """Say whose business a request is. host: lower case, without port."""
    path = path.rstrip("/")
    if method == "POST" and (_dialect_at(path) or _NOT_SPOKEN.search(path)):
        return Claim.MODEL
    if method == "POST" and _COUNT.search(path):
        return Claim.COUNT
    return Claim.PROVIDER if is_provider_host(host) else Claim.NONE


def asks_model(request: WireRequest) -> bool:
    """Whether a request asks a model: by its path or, as with Ollama's own API, by the model that its body names."""
    kind = claim(request.method, request.host, request.path)
    if kind in (Claim.MODEL, Claim.COUNT) or request.method != "POST":
        return kind is Claim.MODEL
    try:
        asked = read_json(request.body)
    except (ValueError, RecursionError):
        return False
    return isinstance(asked, dict) and isinstance(asked.get("model"), str)


def render_not_spoken(request: WireRequest, message: str, *, request_id: str) -> Iterator[WireEvent]:
    """Yield a 404 in the error envelope of the API that the path belongs to."""
    body = to_json(_not_found(request.path.rstrip("/"), encodable(message)), indent=2)
    head = (
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("x-request-id", request_id),
    )
    yield Head(404, head + DO_NOT_RETRY)
    yield Data(body)


def _not_found(path: str, message: str) -> dict[str, object]:
    if _ANTHROPIC.search(path):
        return {"type": "error", "error": {"type": "not_found_error", "message": message}}
    if _GEMINI.search(path):
        return {"error": {"code": 404, "message": message, "status": "NOT_FOUND"}}
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
