"""Chat completions: request bytes to ChatRequest; ``say`` writes the answers.

Source: ``CreateChatCompletionRequest`` of the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from fakellm._dialects.chat.hear import hear
from fakellm._dialects.chat.rules import check_key, check_request, deployment
from fakellm._dialects.chat.say import render_stream, render_whole
from fakellm._dialects.openai import errors, words
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.dialect import Claim, Dialect, Strictness
from fakellm._wire.errors import ErrorBody, Rejected, ScriptedError
from fakellm._wire.events import WireEvent, WireRequest, address_of
from fakellm._wire.provider import Json, Provider
from fakellm._wire.reader import Reader
from fakellm._wire.voice import Heard

__all__ = ["CHAT", "ChatDialect"]


class ChatDialect(Dialect):
    """``POST …/chat/completions``."""

    endpoint = "chat"
    family = "openai"
    spoken_at = "…/chat/completions"

    def __init__(self) -> None:
        self._reader = Reader(self, model_of=_model, check=check_request, no_json=words.INVALID_JSON)

    def claims(self, wire: WireRequest) -> Claim | None:
        return _claim(wire.path) if wire.method == "POST" else None

    def read(self, wire: WireRequest, claim: Claim, strictness: Strictness, provider: Provider) -> ChatRequest:
        if strictness.strict:
            check_key(wire, provider)
        return self._reader.read(wire, claim, strictness, provider)

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        return render_stream(answer, asked) if asked.stream else render_whole(answer, asked)

    def hear(self, body: bytes) -> Heard | None:
        return hear(body)

    def envelope(self, error: ErrorBody, status: int, provider: Provider) -> Json:
        return errors.envelope(error, status, provider)

    def words(self, error: ScriptedError, provider: Provider) -> ErrorBody:
        return errors.words(error, provider)


@lru_cache(maxsize=256)
def _claim(path: str) -> Claim | None:
    return Claim("chat", model=deployment(path)) if address_of("", path).endswith("/chat/completions") else None


def _model(body: dict[str, Any], request: WireRequest) -> str:
    model = body.get("model") or deployment(request.path)
    if model is None or model == "":
        raise Rejected(words.NO_MODEL)
    if not isinstance(model, str):
        raise Rejected(words.wrong_type("model", "a string", model))
    return model


CHAT = ChatDialect()
