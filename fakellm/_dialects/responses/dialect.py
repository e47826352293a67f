"""The Responses API: request bytes to ChatRequest; ``say`` and ``stream`` write the answers.

Source: ``CreateResponse`` of the OpenAPI document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pydantic_core import to_json

from fakellm._dialects.openai import words
from fakellm._dialects.openai.dialect import OpenAIDialect
from fakellm._dialects.responses.hear import hear
from fakellm._dialects.responses.items import hear_item
from fakellm._dialects.responses.read import to_chat
from fakellm._dialects.responses.rules import check_request, model_of
from fakellm._dialects.responses.say import render_whole
from fakellm._dialects.responses.stream import render_stream
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.claim import Claim
from fakellm._wire.errors import ErrorBody
from fakellm._wire.events import WireEvent, WireRequest, address_of
from fakellm._wire.provider import Provider
from fakellm._wire.reader import Reader
from fakellm._wire.said import Reasoning, ToolCall
from fakellm._wire.sse import encode_event
from fakellm._wire.voice import Heard, Marks
from fakellm.tokens._rates import RESPONSES_RATES

__all__ = ["RESPONSES", "ResponsesDialect"]

# The last event; some gateways send chat's [DONE] behind it.
_END = re.compile(
    rb"^event: ?response\.(?:completed|incomplete|failed)\r?\ndata:[^\r\n]*\s*(?:^data: ?\[DONE\]\s*)?\Z", re.MULTILINE
)
_CHUNK = (b'{"type": "response.output_text.delta", "output_index": 0,', b' "delta": "', b'?"}')


class ResponsesDialect(OpenAIDialect):
    """``POST …/responses``."""

    endpoint = "responses"
    spoken_at = "…/responses"
    marks = Marks(_END, _CHUNK, event="response.output_text.delta", has_answer=True)
    rates = RESPONSES_RATES
    part_kind = "an output item"

    def __init__(self) -> None:
        self._reader = Reader(self, model_of=model_of, check=check_request, to_chat=to_chat, no_json=words.INVALID_JSON)

    def claims(self, wire: WireRequest) -> Claim | None:
        return _claim(wire.path) if wire.method == "POST" else None

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        return render_stream(answer, asked) if asked.stream else render_whole(answer, asked)

    def hear(self, body: bytes) -> Heard | None:
        return hear(body)

    def hear_part(self, part: Mapping[str, Any]) -> str | ToolCall | Reasoning | None:
        return hear_item(part)

    def error_event(self, error: ErrorBody, status: int, provider: Provider, before: bytes) -> bytes:
        # Nested, and with a number, as api.openai.com sends it and its document does not have it
        # (github.com/openai/openai-dotnet/issues/881, December 2025).
        number = before.count(b'"sequence_number":')
        event = {"type": "error", **self.envelope(error, status, provider), "sequence_number": number}
        return encode_event(to_json(event), event="error")


@lru_cache(maxsize=256)
def _claim(path: str) -> Claim | None:
    return Claim("responses") if address_of("", path).endswith("/responses") else None


RESPONSES = ResponsesDialect()
