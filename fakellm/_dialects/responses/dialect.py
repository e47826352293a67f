"""The Responses API: request bytes to ChatRequest; ``say`` and ``stream`` write the answers.

Source: ``CreateResponse`` of the OpenAPI document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Self

from pydantic_core import to_json

from fakellm._dialects.openai.answers import one_object
from fakellm._dialects.openai.dialect import PROMPT_CACHE, OpenAIDialect, reader_of_look_ups
from fakellm._dialects.responses.hear import hear
from fakellm._dialects.responses.say import render_whole
from fakellm._dialects.responses.stream import render_stream
from fakellm._dialects.responses_checks.rules import TOO_LONG, check_request, explain_length, unknown_model
from fakellm._dialects.responses_counts.dialect import CountsDialect
from fakellm._dialects.responses_items.items import hear_item
from fakellm._dialects.responses_stored.compact import compacted
from fakellm._dialects.responses_stored.kept import StoredResponses
from fakellm._dialects.responses_stored.paths import claim_look_up, look_up
from fakellm._dialects.responses_stored.reader import StoredReader
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.claim import Claim
from fakellm._wire.dialect import Strictness, alike
from fakellm._wire.errors import ErrorBody, Rejected, ScriptedError
from fakellm._wire.events import WireEvent, WireRequest, address_of
from fakellm._wire.parts import Reasoning, ToolCall
from fakellm._wire.provider import Provider
from fakellm._wire.sse import encode_event
from fakellm._wire.voice import Heard, Marks
from fakellm.tokens._rates import RESPONSES_RATES

__all__ = ["RESPONSES", "ResponsesDialect"]

# The last event; some gateways send chat's [DONE] behind it.
_END = re.compile(
    rb"^event: ?response\.(?:completed|incomplete|failed)\r?\ndata:[^\r\n]*\s*(?:^data: ?\[DONE\]\s*)?\Z", re.MULTILINE
)
_CHUNK = (b'{"type": "response.output_text.delta", "output_index": 0,', b' "delta": "', b'?"}')


_WORDS = MappingProxyType({"model_not_found": unknown_model("{model}"), "context_length_exceeded": TOO_LONG})
"""Of errors that a test names; chat has others."""


class ResponsesDialect(OpenAIDialect):
    """``POST …/responses`` and ``…/responses/compact``; look-ups of what is stored, and conversations."""

    endpoint = "responses"
    spoken_at = "…/responses"
    marks = Marks(_END, _CHUNK, event="response.output_text.delta", has_answer=True)
    rates = RESPONSES_RATES
    caches = PROMPT_CACHE
    part_kind = "an output item"

    def __init__(self) -> None:
        self._stored = StoredResponses()
        self._requests = StoredReader(self, check_request, self._stored, check_kept=StoredResponses.check)
        self._look_ups = reader_of_look_ups(self)
        self._counts = CountsDialect(self._stored)
        self.beside = (self._counts,)

    def copied(self) -> Self:
        made = alike(self)
        made._hold(self._stored.copied())  # noqa: SLF001  # the same
        return made

    def _hold(self, stored: StoredResponses) -> None:
        """Build on these responses from now on, alone."""
        self._stored = stored
        self._requests = self._requests.on(self, stored)
        self._counts = self._counts.on(stored)
        self.beside = (self._counts,)

    def claims(self, wire: WireRequest) -> Claim | None:
        return (_claim(wire.path) if wire.method == "POST" else None) or claim_look_up(wire)

    def read_body(self, wire: WireRequest, claim: Claim, strictness: Strictness, provider: Provider) -> ChatRequest:
        if claim.stored is not None:
            is_documented = strictness.strict and provider.rules is not None
            wanted = look_up(wire, is_documented=is_documented)
            return self._look_ups.read(wanted, claim, strictness, provider, voice=self)
        asked = self._requests.read(wire, claim, strictness, provider)
        if strictness.strict and provider.rules and (error := explain_length(asked)):
            raise Rejected(error)
        return asked

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        if asked.claim.stored is not None:
            return self._stored.say(answer, asked)
        if asked.claim.by_itself:
            return one_object(compacted(answer, asked, self._stored.conversation_of(asked.body)), answer)
        kept = self._stored.keep(answer, asked)
        if asked.stream:
            return render_stream(answer, asked)
        return render_whole(answer, asked) if kept.polls is None else one_object(kept.shown(), answer)

    def runs_on(self, asked: ChatRequest) -> bool:
        is_made = asked.claim.stored is None and not asked.claim.by_itself
        return is_made and asked.body.get("background") is True and not asked.stream

    def hear(self, body: bytes) -> Heard | None:
        return hear(body)

    def hear_part(self, part: Mapping[str, Any]) -> str | ToolCall | Reasoning | None:
        return hear_item(part)

    def status(self, error: ScriptedError, provider: Provider) -> int:
        return 400 if error.name == "model_not_found" and provider.rules == "openai" else error.status

    def words(self, error: ScriptedError, provider: Provider) -> ErrorBody:
        own = _WORDS.get(error.name) if provider.rules == "openai" else None
        return own or super().words(error, provider)

    def error_event(self, error: ErrorBody, status: int, provider: Provider, before: bytes) -> bytes:
        # Nested, and with a number, as api.openai.com sends it and its document does not have it
        # (github.com/openai/openai-dotnet/issues/881, December 2025).
        number = before.count(b'"sequence_number":')
        event = {"type": "error", **self.envelope(error, status, provider), "sequence_number": number}
        return encode_event(to_json(event), event="error")


@lru_cache(maxsize=256)
def _claim(path: str) -> Claim | None:
    address = address_of("", path)
    if address.endswith("/responses/compact"):
        return Claim("responses", stream=False, by_itself=True)
    return Claim("responses") if address.endswith("/responses") else None


RESPONSES = ResponsesDialect()
