"""Completions, the API before chat: request bytes to ChatRequest; ``say`` writes the answers.

Source: ``CreateCompletionRequest`` of the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from fakellm._anyjson import text_of
from fakellm._dialects.chat.hear import hear
from fakellm._dialects.completions.rules import USUAL_LIMIT, check_request
from fakellm._dialects.completions.say import render
from fakellm._dialects.embeddings.inputs import sizes_of, texts_of
from fakellm._dialects.openai import rejections
from fakellm._dialects.openai.dialect import OpenAIDialect, deployment, model_of
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.claim import Claim
from fakellm._wire.events import WireEvent, WireRequest, address_of
from fakellm._wire.provider import Json
from fakellm._wire.reader import Reader
from fakellm._wire.voice import CHAT_MARKS, MESSAGE_FIELDS, Heard, Marks
from fakellm.tokens import encoding_for_model

__all__ = ["COMPLETIONS", "CompletionsDialect"]


class CompletionsDialect(OpenAIDialect):
    """``POST …/completions``."""

    endpoint = "completions"
    spoken_at = "…/completions"
    marks = Marks(CHAT_MARKS.end, (b'{"id": "cmpl-fault", "choices": [{"index": 0,', b' "text": "', b'?"}]}'))
    takes = MESSAGE_FIELDS - {"tool_calls", "refusal", "reasoning"}

    def __init__(self) -> None:
        self._reader = Reader(
            self,
            model_of=model_of,
            check=check_request,
            to_chat=_to_chat,
            count=_count,
            no_json=rejections.INVALID_JSON,
        )

    def claims(self, wire: WireRequest) -> Claim | None:
        return _claim(wire.path) if wire.method == "POST" else None

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        return render(answer, asked)

    def hear(self, body: bytes) -> Heard | None:
        return hear(body)


@lru_cache(maxsize=256)
def _claim(path: str) -> Claim | None:
    # Mistral's completions in the middle of a text are answered as a chat is.
    address = address_of("", path)
    is_other = address.endswith(("/chat/completions", "/fim/completions"))
    if not address.endswith("/completions") or is_other:
        return None
    return Claim("completions", model=deployment(path))


def _to_chat(body: Json) -> Json:
    """Return a request in chat's form: each prompt is a message of the user's."""
    prompts = texts_of(body.get("prompt"), encoding_for_model(text_of(body.get("model")))) or [""]
    kept = {name: value for name, value in body.items() if name != "prompt"}
    logprobs = body.get("logprobs")
    limit = body.get("max_tokens")
    return {
        **kept,
        "messages": [{"role": "user", "content": prompt} for prompt in prompts],
        "n": (body.get("n") or 1) * len(prompts),
        "max_tokens": USUAL_LIMIT if limit is None else limit,
        "logprobs": logprobs is not None,
        "top_logprobs": logprobs,
    }


def _count(body: Json, model: str) -> int:
    return sum(sizes_of(body.get("prompt"), encoding_for_model(model)))


COMPLETIONS = CompletionsDialect()
