"""What a provider sends, written out, and a client whose requests a respx route answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx

from fakellm import MockClock, OpenAIChatCompletionClient
from fakellm.models import CreateResult, UserMessage

URL = "https://api.openai.com/v1/chat/completions"
HI = [UserMessage(content="hi", source="user")]
USAGE = {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}


def client(**settings: Any) -> OpenAIChatCompletionClient:
    return OpenAIChatCompletionClient(
        **{"model": "gpt-4o", "api_key": "sk-secret-key", "clock": MockClock(), **settings}
    )


def completion(content: str | None = "Hello!", reason: str | None = "stop", **message: Any) -> httpx.Response:
    choice = {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": reason}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06", "choices": [choice]}
    return httpx.Response(200, json={**body, "usage": USAGE})


def chunk(delta: dict[str, Any] | None = None, reason: str | None = None, **fields: Any) -> bytes:
    """One event; choice_usage: token counts inside the choice."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason, "usage": fields.pop("choice_usage", None)}
    choices = [] if delta is None else [choice]
    body = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o", "choices": choices, **fields}
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


def text_chunks(*texts: str) -> list[bytes]:
    return [*(chunk({"content": text}) for text in texts), chunk({}, "stop"), b"data: [DONE]\n\n"]


class Parts(httpx.AsyncByteStream):
    """A body that arrives in these parts, and then breaks with an error where there is one."""

    def __init__(self, parts: Iterable[bytes], error: Exception | None = None) -> None:
        self._parts = parts
        self._error = error
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part
        if self._error is not None:
            raise self._error

    async def aclose(self) -> None:
        self.is_closed = True


def stream(parts: Iterable[bytes], error: Exception | None = None) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Parts(parts, error))


async def pieces_of(answer: AsyncIterator[str | CreateResult]) -> tuple[list[str], CreateResult]:
    """Give the text of a stream piece by piece, and its result, which comes last and once."""
    *pieces, result = [piece async for piece in answer]
    assert isinstance(result, CreateResult)
    assert all(isinstance(piece, str) for piece in pieces)
    return [str(piece) for piece in pieces], result
