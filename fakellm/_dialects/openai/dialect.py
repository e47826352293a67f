"""What the dialects of OpenAI's APIs have in common: the key, the model, the envelope and the words of errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from fakellm._anyjson import object_of, parsed
from fakellm._dialects.openai import errors, rejections
from fakellm._wire.asked import ChatRequest
from fakellm._wire.dialect import Claim, Dialect, Strictness
from fakellm._wire.errors import ErrorBody, Rejected, ScriptedError
from fakellm._wire.events import WireRequest
from fakellm._wire.provider import Json, Provider
from fakellm._wire.reader import Reader
from fakellm._wire.voice import Heard

__all__ = [
    "PROMPT_CACHE",
    "OpenAIDialect",
    "check_model",
    "deployment",
    "model_of",
    "reader_of_look_ups",
]

PROMPT_CACHE = 1024, 128
"""From how many tokens on the beginning of a prompt is cached, and in what steps."""


class OpenAIDialect(Dialect):
    """An API of OpenAI's, on any host. A subclass has its reader."""

    family = "openai"
    _reader: Reader

    def read(self, wire: WireRequest, claim: Claim, strictness: Strictness, provider: Provider) -> ChatRequest:
        if strictness.strict:
            _check_key(wire, provider)
        return self.read_body(wire, claim, strictness, provider)

    def read_body(self, wire: WireRequest, claim: Claim, strictness: Strictness, provider: Provider) -> ChatRequest:
        """Read a request whose key is as it must be."""
        return self._reader.read(wire, claim, strictness, provider, voice=self)

    def hear(self, body: bytes) -> Heard | None:
        answer = object_of(parsed(body))
        if isinstance(message := object_of(answer.get("error")).get("message"), str):
            return Heard(error=message)
        return self.hear_object(answer)

    def hear_object(self, answer: Json) -> Heard | None:
        """Read back an answer that is one JSON object, and no error; None for what is no answer of this API."""
        return None

    def envelope(self, error: ErrorBody, status: int, provider: Provider) -> Json:
        return errors.envelope(error, status, provider)

    def words(self, error: ScriptedError, provider: Provider) -> ErrorBody:
        return errors.words(error, provider)


def reader_of_look_ups(dialect: Dialect) -> Reader:
    """Return a reader of requests that ask no model: they have no messages, and cost nothing."""
    return Reader(dialect, to_chat=lambda body: {**body, "messages": []}, count=lambda body, model: 0)


_KEY_HEADERS: Mapping[str | None, tuple[str, ...]] = MappingProxyType(
    {"openai": ("authorization",), "azure": ("api-key", "authorization")}
)
"""Where a key is looked for, by the rules of a provider."""

_NAMES_NO_KEY = re.compile(r"\s*((bearer|basic)\s*)?", re.IGNORECASE)
_DEPLOYMENT = re.compile(r"/deployments/([^/]+)/")


def _check_key(wire: WireRequest, provider: Provider) -> None:
    """Raise Rejected for a request to OpenAI or Azure that carries no key; any key is as good as another."""
    if (names := _KEY_HEADERS.get(provider.rules)) is None:
        return
    for name in names:
        if _names_key(wire.headers.get(name, "")):
            return
    raise Rejected(errors.own_words(provider, "invalid_api_key") or rejections.NO_KEY, status=401)


@lru_cache(maxsize=256)
def _names_key(value: str) -> bool:
    return _NAMES_NO_KEY.fullmatch(value) is None


def deployment(path: str) -> str | None:
    """Return the deployment that an Azure path names, which is its model; None for other paths."""
    found = _DEPLOYMENT.search(path)
    return found[1] if found else None


def model_of(body: Json, wire: WireRequest) -> str:
    """Return the model that a body names, or the deployment that an Azure path names.

    Raises:
        Rejected: there is none.
    """
    model = body.get("model") or deployment(wire.path)
    if model is None or model == "":
        raise Rejected(rejections.NO_MODEL)
    if not isinstance(model, str):
        raise Rejected(rejections.wrong_type("model", "a string", model))
    return model


def check_model(model: str, strictness: Strictness, provider: Provider) -> None:
    """Raise Rejected for a model that does not exist, which on Azure is a deployment."""
    if strictness.models is None or model in strictness.models:
        return
    own = errors.own_words(provider, "model_not_found") if provider.rules else None
    raise Rejected(own or rejections.model_not_found(model), status=404)
