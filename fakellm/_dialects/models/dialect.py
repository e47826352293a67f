"""Models: the list of them, one of them, and the end of a fine-tuned one.

Those that exist are the test's (``FakeLLM(models=)``) or, without, those of OpenAI that fakellm knows.

Source: ``Model`` and ``ListModelsResponse`` of the OpenAPI document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Self
from urllib.parse import unquote

from pydantic_core import to_json

from fakellm._anyjson import objects_of
from fakellm._dialects.moderations.dialect import MODERATION_MODELS
from fakellm._dialects.openai.answers import one_object, refused
from fakellm._dialects.openai.dialect import OpenAIDialect, reader_of_look_ups
from fakellm._dialects.providers import is_provider_host
from fakellm._dialects.unspoken.envelopes import envelope_at, openai_envelope
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.claim import Claim, Traffic
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import ErrorBody
from fakellm._wire.events import WireEvent, WireRequest, address_of
from fakellm._wire.identity import CREATED
from fakellm._wire.provider import Json, Provider
from fakellm._wire.voice import Heard
from fakellm.tokens._model_table import MODELS, Model, ModelFacts

__all__ = ["MODEL_LISTS", "ModelsDialect"]

_PATH = re.compile(r"(?:^|/)models(?:/(?P<name>.+?))?/*$", re.IGNORECASE)
_METHODS = ("GET", "DELETE")


class ModelsDialect(OpenAIDialect):
    """``GET …/models``, ``GET`` and ``DELETE …/models/{model}``."""

    endpoint = "models"
    spoken_at = "…/models"
    takes = frozenset()

    def __init__(self, deleted: Iterable[str] = ()) -> None:
        self._deleted = set(deleted)
        self._reader = reader_of_look_ups(self)

    def copied(self) -> Self:
        return type(self)(self._deleted)

    def claims(self, wire: WireRequest) -> Claim | None:
        found = _PATH.search(unquote(wire.path)) if wire.method in _METHODS else None
        if found is None or not _is_openais(wire, found) or (wire.method == "DELETE" and not found["name"]):
            return None
        traffic = Traffic.PROVIDER if is_provider_host(wire.host) else Traffic.NONE
        return Claim("models", found["name"], traffic=traffic, by_itself=True)

    def read_body(self, wire: WireRequest, claim: Claim, strictness: Strictness, provider: Provider) -> ChatRequest:
        names = None if strictness.models is None else sorted(strictness.models)
        asked = to_json({"method": wire.method, "names": names})
        return self._reader.read(wire._replace(body=asked), claim, strictness, provider)

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        names = [name for name in asked.body["names"] or _listed_models() if name not in self._deleted]
        if not asked.model:
            body: Json = {"object": "list", "data": list(map(_model, names))}
        elif asked.model not in names and not self._is_fine_tuned(asked):
            return refused(answer, asked, 404, _no_model(asked.model))
        elif asked.body["method"] == "GET":
            body = _model(asked.model)
        elif not asked.model.startswith("ft:"):
            return refused(answer, asked, 403, _not_yours(asked.model))
        else:
            self._deleted.add(asked.model)
            body = {"id": asked.model, "object": "model", "deleted": True}
        return one_object(body, answer)

    def hear_object(self, answer: Json) -> Heard | None:
        if answer.get("object") == "model":
            return Heard(f"{'deleted ' if answer.get('deleted') else ''}{answer.get('id')}")
        names = [str(model.get("id")) for model in objects_of(answer.get("data")) if model.get("object") == "model"]
        return Heard(f"{len(names)} models: {', '.join(names)}") if names else None

    def _is_fine_tuned(self, asked: ChatRequest) -> bool:
        """Whether a model was made of one that there is: nobody knows them all by name."""
        if asked.body["names"] is not None or asked.model in self._deleted:
            return False
        kind, _, base = asked.model.partition(":")
        return kind == "ft" and base.partition(":")[0] in _listed_models()


def _is_openais(wire: WireRequest, found: re.Match[str]) -> bool:
    """Whether a path that several APIs have is asked in the manner of OpenAI's."""
    lists = f"{found.string[: found.start()]}/models"  # a name may look like a method of Google's
    return "anthropic-version" not in wire.headers and envelope_at(address_of(wire.host, lists)) is openai_envelope


@cache
def _listed_models() -> tuple[str, ...]:
    """Return the names under which OpenAI's models are known, in the order of the table."""
    names = [name for row in MODELS if _is_listed(row) for name in (row.name, row.dated) if name]
    return tuple(dict.fromkeys([*names, *MODERATION_MODELS]))


def _is_listed(row: Model) -> bool:
    """Whether a row is a model of OpenAI's, rather than a family or a model of others."""
    facts = row.facts
    if facts == ModelFacts():
        return row.encoding == "cl100k_base"  # completes
    return "#" not in row.name and bool(row.dated or facts.context or facts.effort or facts.vectors)


def _model(name: str) -> Json:
    owner = "org-fakellm" if name.startswith("ft:") else "system"
    return {"id": name, "object": "model", "created": CREATED, "owned_by": owner}


def _no_model(name: str) -> ErrorBody:
    return ErrorBody(f"The model '{name}' does not exist", param="model", code="model_not_found")


def _not_yours(name: str) -> ErrorBody:
    # No report shows the words.
    return ErrorBody(f"You have insufficient permissions to delete the model '{name}'.", param="model")


MODEL_LISTS = ModelsDialect()
