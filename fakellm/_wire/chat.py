"""Chat completions: request bytes to ChatRequest, Completion to JSON or chunks.

Source: ``CreateChatCompletionRequest``, ``CreateChatCompletionResponse`` and
``CreateChatCompletionStreamResponse`` of the OpenAPI document; the order of chunks as recorded from
api.openai.com.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic_core import from_json, to_json

from fakellm._wire import rejections
from fakellm._wire.canonical import canonical_json
from fakellm._wire.chat_rules import check_key, check_request, deployment
from fakellm._wire.completion import Choice, Completion, WireToolCall
from fakellm._wire.errors import Rejected
from fakellm._wire.events import Data, Head, WireEvent, WireRequest
from fakellm._wire.sse import DONE, encode_event
from fakellm._wire.strictness import STRICT, Strictness

__all__ = ["CHAT", "ChatDialect", "ChatRequest", "Message", "text_of"]

Message = dict[str, Any]
"""One message as it stands in the request: role, content, tool_calls, …"""

_SYSTEM_ROLES = frozenset({"system", "developer"})


@dataclass(frozen=True)
class ChatRequest:
    """A decoded request for a chat completion.

    body: the whole JSON object. model, messages, tools, stream: its members, in their defaults where
    absent or null.
    """

    body: dict[str, Any]
    model: str
    messages: list[Message]
    tools: list[dict[str, Any]]
    stream: bool
    endpoint: str = "chat"

    @property
    def include_usage(self) -> bool:
        """Whether a stream is to end with a chunk that carries the usage."""
        return bool((self.body.get("stream_options") or {}).get("include_usage"))

    @cached_property
    def canonical(self) -> str:
        """The canonical JSON of the body: equal for equal requests."""
        return canonical_json(self.body)

    @property
    def last_user(self) -> str | None:
        """The text of the newest user message; None where there is none."""
        return next((text_of(m) for m in reversed(self.messages) if m.get("role") == "user"), None)

    @property
    def question(self) -> str | None:
        """The text of the newest user message while nothing but system messages follows it."""
        for message in reversed(self.messages):
            if message.get("role") == "user":
                return text_of(message)
            if message.get("role") not in _SYSTEM_ROLES:
                return None
        return None

    @property
    def tool_results(self) -> tuple[str, ...]:
        """The texts of the tool messages at the end, in order; empty where the end is no tool message."""
        texts: list[str] = []
        for message in reversed(self.messages):
            if message.get("role") != "tool":
                break
            texts.append(text_of(message))
        return tuple(reversed(texts))

    @property
    def system_texts(self) -> tuple[str, ...]:
        """The texts of the system and developer messages, in order."""
        return tuple(text_of(m) for m in self.messages if m.get("role") in _SYSTEM_ROLES)

    @property
    def turn(self) -> int:
        """How many assistant messages the request already holds, 0 first."""
        return sum(m.get("role") == "assistant" for m in self.messages)

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The names of the tools offered, in order; of functions, custom tools and the older ``functions``."""
        functions = self.body.get("functions")
        offered = [
            *(tool.get("custom", tool.get("function")) for tool in self.tools),
            *(functions if isinstance(functions, list) else ()),
        ]
        names = [tool.get("name") for tool in offered if isinstance(tool, dict)]
        return tuple(name for name in names if isinstance(name, str))


def text_of(message: Message) -> str:
    """Return the text of a message; text parts are joined by line breaks, other parts left out."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


class ChatDialect:
    """``POST …/chat/completions``."""

    endpoint = "chat"

    def decode(self, request: WireRequest, strictness: Strictness = STRICT) -> ChatRequest:
        """Read the body of a request.

        Raises:
            Rejected: with the error that the real API would send.
        """
        if strictness.strict:
            check_key(request)
        body = _decode_object(request.body)
        model = body.get("model") or deployment(request)
        if model is None or model == "":
            raise Rejected(rejections.NO_MODEL)
        if not isinstance(model, str):
            raise Rejected(rejections.wrong_type("model", "a string", model))
        check_request(body, model, request, strictness)
        return ChatRequest(body, model, body["messages"], body.get("tools") or [], body.get("stream") or False)

    def render(self, completion: Completion, request: ChatRequest) -> Iterator[WireEvent]:
        """Yield the response: one JSON object, or an event stream where the request asks for one."""
        if not request.stream:
            return _render_json(completion)
        return _render_stream(completion, include_usage=request.include_usage)


CHAT = ChatDialect()


def _decode_object(body: bytes) -> dict[str, Any]:
    try:
        decoded = from_json(body, allow_inf_nan=False)
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict):
        raise Rejected(rejections.INVALID_JSON)
    return decoded


def _render_json(completion: Completion) -> Iterator[WireEvent]:
    body = to_json(
        {
            "id": completion.id,
            "object": "chat.completion",
            "created": completion.created,
            "model": completion.model,
            "choices": [_render_choice(choice) for choice in completion.choices],
            "usage": completion.usage,
            "service_tier": "default",
            "system_fingerprint": completion.system_fingerprint,
        }
    )
    yield Head(
        200,
        (
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("x-request-id", completion.request_id),
        ),
    )
    yield Data(body)


def _render_choice(choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": choice.text, "refusal": None, "annotations": []}
    if choice.tool_calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in choice.tool_calls
        ]
    return {"index": choice.index, "message": message, "logprobs": None, "finish_reason": choice.finish_reason}


def _render_stream(completion: Completion, *, include_usage: bool) -> Iterator[WireEvent]:
    yield Head(200, (("content-type", "text/event-stream; charset=utf-8"), ("x-request-id", completion.request_id)))
    frame = {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": completion.model,
        "service_tier": "default",
        "system_fingerprint": completion.system_fingerprint,
    }
    # With include_usage every chunk carries the member, null in all but the last (OpenAPI document,
    # ``ChatCompletionStreamOptions``); without it there is no such member.
    no_usage = {"usage": None} if include_usage else {}
    for choice in completion.choices:
        for delta, finish_reason in _deltas(choice):
            chunk = {"index": choice.index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
            yield Data(encode_event(to_json({**frame, "choices": [chunk], **no_usage})))
    if include_usage:
        yield Data(encode_event(to_json({**frame, "choices": [], "usage": completion.usage})))
    yield Data(DONE, chunks=0)


def _deltas(choice: Choice) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield (delta, finish reason) in the order of the real API: role, text, calls, finish reason."""
    content = None if choice.pieces is None else ""
    yield {"role": "assistant", "content": content, "refusal": None}, None
    for piece in choice.pieces or ():
        yield {"content": piece}, None
    for index, call in enumerate(choice.tool_calls):
        yield from ((delta, None) for delta in _call_deltas(index, call))
    yield {}, choice.finish_reason


def _call_deltas(index: int, call: WireToolCall) -> Iterator[dict[str, Any]]:
    function = {"name": call.name, "arguments": ""}
    yield {"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]}
    for piece in call.pieces:
        yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
