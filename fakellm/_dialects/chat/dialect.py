"""Chat completions: request bytes to ChatRequest; ``say`` writes the answers.

Source: ``CreateChatCompletionRequest`` of the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json, to_json

from fakellm._dialects.chat.rules import check_key, check_request, deployment
from fakellm._dialects.chat.say import render_stream, render_whole
from fakellm._dialects.openai import words
from fakellm._dialects.providers import provider_of
from fakellm._memo import Memo
from fakellm._wire.answer import Completion
from fakellm._wire.asked import BodyFacts, ChatRequest, Terms
from fakellm._wire.errors import Rejected
from fakellm._wire.events import WireEvent, WireRequest
from fakellm._wire.provider import Provider
from fakellm._wire.strictness import STRICT, Strictness

__all__ = ["CHAT", "ChatDialect"]

# Bytes of bodies that are known when they come again; an agent's session of 50 calls has 500,000.
_REMEMBERED = 2_000_000


class ChatDialect:
    """``POST …/chat/completions``."""

    endpoint = "chat"

    def __init__(self) -> None:
        self._facts = Memo(BodyFacts, limit=_REMEMBERED)
        self._terms = Memo(Terms, limit=_REMEMBERED)

    def decode(
        self, request: WireRequest, strictness: Strictness = STRICT, provider: Provider | None = None
    ) -> ChatRequest:
        """Read the body of a request. provider: who is asked; None takes the one at its URL.

        Raises:
            Rejected: with the error that the real API would send.
        """
        provider = provider or provider_of(request.host, request.path)
        if strictness.strict:
            check_key(request, provider)
        facts, by = self._facts[request.body], (request.path, strictness, provider)
        if (accepted := facts.accepted) is not None and accepted[0] == by:
            return ChatRequest(facts, accepted[1], provider)
        body = _decode_object(request.body)
        model = _model(body, request)
        key = to_json({name: value for name, value in body.items() if name != "messages"}, inf_nan_mode="constants")
        known = self._terms.get(key)
        are_known = known is not None and by in known.accepted
        check_request(body, model, strictness, provider, size=len(request.body), are_terms_known=are_known)
        terms = self._terms[key]
        terms.accepted.add(by)
        if accepted is None:
            facts.learn(body, terms)
        facts.accepted = by, model
        return ChatRequest(facts, model, provider, body=body)

    def render(self, completion: Completion, request: ChatRequest) -> Iterable[WireEvent]:
        """Return the response: one JSON object, or an event stream where the request asks for one."""
        if not request.stream:
            return render_whole(completion, request.provider)
        return render_stream(
            completion,
            request.provider,
            include_usage=request.include_usage,
            obfuscate=request.include_obfuscation and request.provider.obfuscates,
        )


CHAT = ChatDialect()


def _model(body: dict[str, Any], request: WireRequest) -> str:
    model = body.get("model") or deployment(request)
    if model is None or model == "":
        raise Rejected(words.NO_MODEL)
    if not isinstance(model, str):
        raise Rejected(words.wrong_type("model", "a string", model))
    return model


def _decode_object(body: bytes) -> dict[str, Any]:
    try:
        decoded = from_json(body, allow_inf_nan=False)
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict):
        raise Rejected(words.INVALID_JSON)
    return decoded
