"""What the caches of an API would hold of earlier prompts, so that the usage says how much of one was there.

A prompt is known by its beginning, in steps of so many tokens, as the API bills it. Source: 19 recorded calls with
cached tokens, all multiples of 128; that shorter prompts than 1,024 tokens are not cached, and keys that keep prompts
apart, OpenAI's guide to prompt caching (2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from threading import Lock
from typing import Any

from pydantic_core import to_json

from fakellm._anyjson import object_of, objects_of, text_of
from fakellm._script.reply import Reply
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.canonical import digest
from fakellm.tokens import Encoding, encoding_for_model

__all__ = ["PromptCache"]

# What a message costs beside its texts.
_FRAME = 4
# Where tokens cost less when they are cached; the models before have no cache.
_CACHED_ENCODING = "o200k_base"


class PromptCache:
    """The beginnings of the prompts that one fake was asked; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: set[bytes] = set()

    @property
    def state(self) -> frozenset[bytes]:
        """What it remembers; ``restore`` brings it back."""
        with self._lock:
            return frozenset(self._known)

    def restore(self, state: frozenset[bytes]) -> None:
        """Remember what it remembered once."""
        with self._lock:
            self._known = set(state)

    def bill(self, completion: Completion, request: ChatRequest, reply: Reply) -> None:
        """Let the usage of an answer say what was cached, unless the test says it; remember the prompt."""
        caches = request.voice.caches
        if caches is None:
            return
        cached = self._cached(request, *caches)
        details = completion.usage.get("prompt_tokens_details")
        is_told = isinstance(reply.usage, Mapping) and "prompt_tokens_details" in reply.usage
        if is_told or not isinstance(details, Mapping):
            return
        completion.bill = {**completion.usage, "prompt_tokens_details": {**details, "cached_tokens": cached}}

    def _cached(self, request: ChatRequest, least: int, step: int) -> int:
        """Return how many tokens of a prompt are known."""
        encoding = encoding_for_model(request.model)
        if request.facts.prompt_tokens <= least or encoding.name != _CACHED_ENCODING:
            return 0
        beginnings = list(_beginnings(request, encoding, step))
        with self._lock:
            known = next((n for n, beginning in enumerate(beginnings) if beginning not in self._known), len(beginnings))
            self._known.update(beginnings)
        return known * step if known * step >= least else 0


def _beginnings(request: ChatRequest, encoding: Encoding, step: int) -> Iterator[bytes]:
    """Yield a hash of each beginning of a prompt, a step longer each; of all but its last token."""
    beginning = digest(request.model, str(request.as_chat.get("prompt_cache_key")))
    tokens = islice(_tokens(request, encoding), request.facts.prompt_tokens - 1)
    while len(piece := list(islice(tokens, step))) == step:
        beginning = digest(beginning, str(piece))
        yield beginning


def _tokens(request: ChatRequest, encoding: Encoding) -> Iterator[object]:
    """Yield what stands for the tokens of a prompt: equal where they are. An image is one."""
    terms = to_json([request.tools, request.response_format], inf_nan_mode="constants")
    yield from [digest(terms)] * request.facts.terms.bill.preamble
    for message in request.messages:
        yield from [message.get("role")] * _FRAME
        for part in _parts(message):
            yield from encoding.encode(part) if isinstance(part, str) else [part]


def _parts(message: Mapping[str, Any]) -> Iterator[str | bytes]:
    """Yield the texts of a message, the names and arguments of its calls, and a hash of anything else."""
    content = message.get("content")
    if isinstance(content, str):
        yield content
    for part in objects_of(content):
        text = part.get("text")
        yield text if isinstance(text, str) else digest(to_json(part, inf_nan_mode="constants"))
    for call in objects_of(message.get("tool_calls")):
        called = object_of(call.get("function") or call.get("custom"))
        yield from (text_of(called.get(name)) for name in ("name", "arguments", "input"))
