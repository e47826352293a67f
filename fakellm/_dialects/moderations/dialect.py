"""Moderations: request bytes to ChatRequest; ``results`` says what is found.

Source: ``CreateModerationRequest`` of the OpenAPI document; rejections as users report them, 2024 and
2025.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache

from fakellm._anyjson import list_of, objects_of
from fakellm._dialects.moderations.results import results_of, told
from fakellm._dialects.openai import rejections
from fakellm._dialects.openai.answers import one_object
from fakellm._dialects.openai.bodies import check_body
from fakellm._dialects.openai.dialect import OpenAIDialect
from fakellm._dialects.openai.document import body_of
from fakellm._dialects.shapes import ANY, TEXT, Either, Members
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.canonical import digest
from fakellm._wire.claim import Claim
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.events import WireEvent, WireRequest, address_of
from fakellm._wire.provider import Json, Provider
from fakellm._wire.reader import Reader
from fakellm._wire.voice import Heard

__all__ = ["MODERATIONS", "MODERATION_MODELS", "ModerationsDialect"]

_LATEST = "omni-moderation-latest"
MODERATION_MODELS = (_LATEST, "omni-moderation-2024-09-26")
_RETIRED = frozenset({"text-moderation-latest", "text-moderation-stable", "text-moderation-007"})


class ModerationsDialect(OpenAIDialect):
    """``POST …/moderations``."""

    endpoint = "moderations"
    spoken_at = "…/moderations"
    takes = frozenset({"extra"})

    def __init__(self) -> None:
        # It costs nothing.
        self._reader = Reader(
            self,
            model_of=_model,
            check=_check,
            to_chat=_to_chat,
            count=lambda body, model: 0,
            no_json=rejections.INVALID_JSON,
        )

    def claims(self, wire: WireRequest) -> Claim | None:
        return _claim(wire.path) if wire.method == "POST" else None

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        extra = dict(answer.choices[0].extra)
        results = results_of(asked.messages, extra)
        identity = digest(answer.identity.id("", 29), "moderation").hex()
        body = {"id": f"modr-{identity}", "model": answer.model, "results": results, **extra}
        return one_object(body, answer)

    def hear_object(self, answer: Json) -> Heard | None:
        results = objects_of(answer.get("results"))
        return Heard("; ".join(map(told, results))) if results else None


@lru_cache(maxsize=256)
def _claim(path: str) -> Claim | None:
    return Claim("moderations", by_itself=True) if address_of("", path).endswith("/moderations") else None


def _model(body: Json, _: WireRequest) -> str:
    model = body.get("model")
    if model is not None and not isinstance(model, str):
        raise Rejected(rejections.wrong_type("model", "a string", model))
    return model or _LATEST


def _to_chat(body: Json) -> Json:
    """Return a request in chat's form: each input, or all parts of one, is a message of the user's."""
    given = body.get("input")
    inputs = [given] if isinstance(given, str) or objects_of(given) else list_of(given)
    kept = {name: value for name, value in body.items() if name != "input"}
    return {**kept, "messages": [{"role": "user", "content": one} for one in inputs]}


@cache
def _documented() -> Members:
    return body_of("POST /moderations", {"CreateModerationRequest": {"additionalProperties": False}})


_PORTABLE = Members({"input": Either({str: TEXT, list: ANY})}, ("input",))


def _check(body: Json, model: str, strictness: Strictness, provider: Provider, *, size: int, **known: object) -> None:
    """Raise Rejected for a body that the API of this provider does not take."""
    check_body(body, model, strictness, provider, documented=_documented, portable=_PORTABLE)
    if strictness.strict and provider.rules and strictness.models is None and model not in MODERATION_MODELS:
        raise Rejected(_no_moderation(model))


def _no_moderation(model: str) -> ErrorBody:
    if model in _RETIRED:
        return ErrorBody(f"please request {_LATEST}", param="model")
    message = f"Invalid value for 'model' = {model}. Please check the OpenAI documentation and try again."
    return ErrorBody(message, param="model")


MODERATIONS = ModerationsDialect()
