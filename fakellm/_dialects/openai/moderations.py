"""Moderations: nothing is flagged, unless the test says so in ``extra``.

Source: ``CreateModerationRequest`` and ``CreateModerationResponse`` of the OpenAPI document; rejections as users report
them, 2024 and 2025.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from pydantic_core import to_json

from fakellm._anyjson import list_of, object_of, objects_of
from fakellm._dialects.openai import words
from fakellm._dialects.openai.bodies import check_body
from fakellm._dialects.openai.dialect import REQUEST_ID, OpenAIDialect
from fakellm._dialects.openai.document import body_of
from fakellm._errors import ContradictionError, did_you_mean
from fakellm._wire.answer import Completion, json_answer
from fakellm._wire.asked import ChatRequest, Message
from fakellm._wire.canonical import digest
from fakellm._wire.claim import Claim
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.events import WireEvent, WireRequest, address_of
from fakellm._wire.provider import Json, Provider
from fakellm._wire.reader import Reader
from fakellm._wire.shapes import ANY, TEXT, Either, Members
from fakellm._wire.voice import Heard

__all__ = ["MODERATION_MODELS", "ModerationsDialect"]

_LATEST = "omni-moderation-latest"
MODERATION_MODELS = (_LATEST, "omni-moderation-2024-09-26")
_RETIRED = frozenset({"text-moderation-latest", "text-moderation-stable", "text-moderation-007"})

# Each with whether it is found in images as well.
_CATEGORIES = {
    "harassment": False,
    "harassment/threatening": False,
    "sexual": True,
    "hate": False,
    "hate/threatening": False,
    "illicit": False,
    "illicit/violent": False,
    "self-harm/intent": True,
    "self-harm/instructions": True,
    "self-harm": True,
    "sexual/minors": False,
    "violence": True,
    "violence/graphic": True,
}
_UNLIKELY, _LIKELY = 0.00001, 0.9
_PER_CATEGORY = ("categories", "category_scores", "category_applied_input_types")


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
            no_json=words.INVALID_JSON,
        )

    def claims(self, wire: WireRequest) -> Claim | None:
        return _claim(wire.path) if wire.method == "POST" else None

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        extra = dict(answer.choices[0].extra)
        given = _given(extra, len(asked.messages))
        results = [_result(_kinds_of(message), one) for message, one in zip(asked.messages, given, strict=True)]
        identity = digest(answer.identity.id("", 29), "moderation").hex()
        body = {"id": f"modr-{identity}", "model": answer.model, "results": results, **extra}
        return json_answer(to_json(body), (REQUEST_ID, answer.request_id), answer.headers)

    def hear_object(self, answer: Json) -> Heard | None:
        results = objects_of(answer.get("results"))
        return Heard("; ".join(map(_told, results))) if results else None


@lru_cache(maxsize=256)
def _claim(path: str) -> Claim | None:
    return Claim("moderations", by_itself=True) if address_of("", path).endswith("/moderations") else None


def _model(body: Json, _: WireRequest) -> str:
    model = body.get("model")
    if model is not None and not isinstance(model, str):
        raise Rejected(words.wrong_type("model", "a string", model))
    return model or _LATEST


def _to_chat(body: Json) -> Json:
    """Return a request in chat's form: each input, or all parts of one, is a message of the user's."""
    given = body.get("input")
    inputs = [given] if isinstance(given, str) or objects_of(given) else list_of(given)
    kept = {name: value for name, value in body.items() if name != "input"}
    return {**kept, "messages": [{"role": "user", "content": one} for one in inputs]}


def _given(extra: Json, inputs: int) -> list[Json]:
    """Take from ``extra`` what the test says of each input: of all alike, or one by one in ``results``."""
    common = {name: extra.pop(name) for name in ("flagged", *_PER_CATEGORY) if name in extra}
    if (each := extra.pop("results", None)) is None:
        return [common] * inputs
    if len(list_of(each)) != inputs:
        raise ContradictionError(
            f"the reply has {len(list_of(each))} results, the request {inputs} inputs\n"
            "  give one for each input: extra={'results': [{'categories': {'violence': True}}, {}]}"
        )
    return [common | object_of(one) for one in each]


def _kinds_of(message: Message) -> list[str]:
    """Return of what an input is made, text and images."""
    parts = objects_of(message.get("content"))
    kinds = {"image" if "image_url" in part else "text" for part in parts} or {"text"}
    return sorted(kinds, reverse=True)


def _result(kinds: list[str], given: Mapping[str, Any]) -> Json:
    """Return what is found in one input. kinds: of what it is made. given: what the test says of it."""
    _check_names(given)
    categories = dict.fromkeys(_CATEGORIES, False) | object_of(given.get("categories"))
    looked_at = {
        name: [kind for kind in kinds if in_images or kind == "text"] for name, in_images in _CATEGORIES.items()
    }
    scores = {name: _LIKELY if categories[name] else _UNLIKELY for name in _CATEGORIES}
    return {
        "flagged": any(categories.values()),
        "categories": categories,
        "category_scores": scores | object_of(given.get("category_scores")),
        "category_applied_input_types": looked_at | object_of(given.get("category_applied_input_types")),
        **{name: value for name, value in given.items() if name not in _PER_CATEGORY},
    }


def _check_names(given: Mapping[str, Any]) -> None:
    unknown = [name for member in _PER_CATEGORY for name in object_of(given.get(member)) if name not in _CATEGORIES]
    if unknown:
        raise ContradictionError(
            f"moderations have no category {unknown[0]!r}{did_you_mean(unknown[0], _CATEGORIES)}\n"
            f"  type one of {', '.join(_CATEGORIES)}"
        )


def _told(result: Json) -> str:
    """Return a result in words."""
    found = [name for name, is_found in object_of(result.get("categories")).items() if is_found]
    return f"flagged: {', '.join(found)}" if result.get("flagged") else "not flagged"


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
