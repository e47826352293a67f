"""Chat completions: request bytes to ChatRequest; ``say`` writes the answers.

Source: ``CreateChatCompletionRequest`` of the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from fakellm._dialects.chat.hear import hear
from fakellm._dialects.chat.rules import check_request
from fakellm._dialects.chat.say import render_stream, render_whole
from fakellm._dialects.openai import words
from fakellm._dialects.openai.dialect import OpenAIDialect, deployment, model_of
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.dialect import Claim
from fakellm._wire.events import WireEvent, WireRequest, address_of
from fakellm._wire.reader import Reader
from fakellm._wire.voice import Heard

__all__ = ["CHAT", "ChatDialect"]


class ChatDialect(OpenAIDialect):
    """``POST …/chat/completions``."""

    endpoint = "chat"
    spoken_at = "…/chat/completions"

    def __init__(self) -> None:
        self._reader = Reader(self, model_of=model_of, check=check_request, no_json=words.INVALID_JSON)

    def claims(self, wire: WireRequest) -> Claim | None:
        return _claim(wire.path) if wire.method == "POST" else None

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        return render_stream(answer, asked) if asked.stream else render_whole(answer, asked)

    def hear(self, body: bytes) -> Heard | None:
        return hear(body)


@lru_cache(maxsize=256)
def _claim(path: str) -> Claim | None:
    return Claim("chat", model=deployment(path)) if address_of("", path).endswith("/chat/completions") else None


CHAT = ChatDialect()
