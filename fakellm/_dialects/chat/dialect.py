"""Chat completions: request bytes to ChatRequest; ``say`` writes the answers.

Source: ``CreateChatCompletionRequest`` of the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from fakellm._dialects.chat.hear import hear
from fakellm._dialects.chat.say import render_stream, render_whole
from fakellm._dialects.chat_checks.rules import check_request
from fakellm._dialects.openai import rejections
from fakellm._dialects.openai.dialect import (
    PROMPT_CACHE,
    OpenAIDialect,
    deployment,
    model_of,
    reader_of_look_ups,
)
from fakellm._real_files import late
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.dialect import Claim, Strictness, alike
from fakellm._wire.events import WireEvent, WireRequest, address_of
from fakellm._wire.provider import Provider
from fakellm._wire.reader import Reader
from fakellm._wire.voice import Heard

if TYPE_CHECKING:
    from fakellm._dialects.chat.stored import StoredChat

__all__ = ["CHAT", "ChatDialect"]


class ChatDialect(OpenAIDialect):
    """``POST …/chat/completions``; ``GET``, ``POST`` and ``DELETE`` of stored ones."""

    endpoint = "chat"
    spoken_at = "…/chat/completions"
    caches = PROMPT_CACHE
    _stored: StoredChat | None = None
    """What was stored; None until something is."""

    def __init__(self) -> None:
        self._reader = Reader(
            self, model_of=model_of, check=check_request, no_json=rejections.INVALID_JSON, only_reads=True
        )
        self._look_ups = reader_of_look_ups(self)

    def copied(self) -> Self:
        made = alike(self)
        if self._stored is not None:
            made._stored = self._stored.copied()  # noqa: SLF001  # the same
        return made

    def claims(self, wire: WireRequest) -> Claim | None:
        return (_claim(wire.path) if wire.method == "POST" else None) or _of_stored("claim_stored")(wire)

    def read_body(self, wire: WireRequest, claim: Claim, strictness: Strictness, provider: Provider) -> ChatRequest:
        if claim.stored is None:
            return self._reader.read(wire, claim, strictness, provider, voice=self)
        is_documented = strictness.strict and provider.rules is not None
        wanted = _of_stored("look_up")(wire, is_documented=is_documented)
        return self._look_ups.read(wanted, claim, strictness, provider, voice=self)

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        if asked.claim.stored is not None:
            return self._store().say(answer, asked)
        if asked.facts.terms.as_chat.get("store") is True:
            self._store().keep(answer, asked)
        return render_stream(answer, asked) if asked.stream else render_whole(answer, asked)

    def hear(self, body: bytes) -> Heard | None:
        return hear(body)

    def _store(self) -> StoredChat:
        # Threads may come here at once.
        return self._stored or vars(self).setdefault("_stored", _of_stored("StoredChat")())


def _of_stored(name: str) -> Any:
    return late("fakellm._dialects.chat.stored", name)  # most tests store nothing


@lru_cache(maxsize=256)
def _claim(path: str) -> Claim | None:
    return Claim("chat", model=deployment(path)) if address_of("", path).endswith("/chat/completions") else None


CHAT = ChatDialect()
