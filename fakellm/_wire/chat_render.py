"""Chat completions: a Completion to one JSON object, or to the chunks of a stream.

Source: ``CreateChatCompletionResponse`` and ``CreateChatCompletionStreamResponse`` of the OpenAPI document; the
order of chunks and their padding as recorded from api.openai.com.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, repeat
from typing import Any

from pydantic_core import to_json

from fakellm._wire.completion import Choice, Completion, WireToolCall
from fakellm._wire.events import Data, Head, WireEvent
from fakellm._wire.sse import DONE, encode_event

__all__ = ["render_raw", "render_stream", "render_whole"]

_JSON = "application/json"
_EVENTS = "text/event-stream; charset=utf-8"


def render_whole(completion: Completion) -> Iterator[WireEvent]:
    """Yield the head and the one object of an answer."""
    members: dict[str, Any] = {
        "id": completion.id,
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.model,
        "choices": [_choice(choice) for choice in completion.choices],
        "usage": completion.usage,
        "service_tier": completion.service_tier,
        "system_fingerprint": completion.system_fingerprint,
    }
    if not completion.sends_usage:
        del members["usage"]
    yield from _body(to_json(members), completion.request_id, completion.headers)


def render_raw(
    body: bytes, *, request_id: str, headers: tuple[tuple[str, str], ...], is_stream: bool
) -> Iterator[WireEvent]:
    """Yield a body that the test wrote itself."""
    if not is_stream:
        yield from _body(body, request_id, headers)
        return
    yield _head({"content-type": _EVENTS, "x-request-id": request_id}, headers)
    yield Data(body, body.count(b"\n\n") or 1)


def _body(body: bytes, request_id: str, headers: tuple[tuple[str, str], ...]) -> Iterator[WireEvent]:
    usual = {"content-type": _JSON, "content-length": str(len(body)), "x-request-id": request_id}
    yield _head(usual, headers)
    yield Data(body)


def _head(usual: dict[str, str], headers: tuple[tuple[str, str], ...]) -> Head:
    return Head(200, tuple((usual | dict(headers)).items()))


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "index": choice.index,
        "message": _message(choice),
        "logprobs": _logprobs(choice, list(chain.from_iterable(choice.logprobs or ()))),
        "finish_reason": choice.finish_reason,
    }


def _message(choice: Choice) -> dict[str, Any]:
    refusal = None if choice.refusal is None else "".join(choice.refusal)
    message: dict[str, Any] = {"role": "assistant", "content": choice.text, "refusal": refusal, "annotations": []}
    if choice.tool_calls and choice.tool_calls[0].kind == "function_call":
        message["function_call"] = _called(choice.tool_calls[0], choice.tool_calls[0].arguments)
    elif choice.tool_calls:
        message["tool_calls"] = [_call(call, call.arguments) for call in choice.tool_calls]
    return {**message, **choice.extra}


def _call(call: WireToolCall, arguments: str) -> dict[str, Any]:
    return {"id": call.id, "type": call.kind, call.kind: _called(call, arguments)}


def _called(call: WireToolCall, arguments: str) -> dict[str, str]:
    return {"name": call.name, _argument(call): arguments}


def _argument(call: WireToolCall) -> str:
    return "input" if call.kind == "custom" else "arguments"


def _logprobs(choice: Choice, entries: list[Mapping[str, Any]] | None) -> dict[str, Any] | None:
    """Return the member ``logprobs``: null unless they were asked for, and where nothing was said."""
    if choice.logprobs is None or entries is None:
        return None
    said = "content" if choice.refusal is None else "refusal"
    return {"content": None, "refusal": None, said: entries if choice.logprobs else None}


def render_stream(completion: Completion, *, include_usage: bool, obfuscate: bool) -> Iterator[WireEvent]:
    """Yield the head, the chunks and the end marker of a streamed answer.

    obfuscate: pad every chunk, so that its length tells nothing of its text.
    """
    yield _head({"content-type": _EVENTS, "x-request-id": completion.request_id}, completion.headers)
    frame = {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": completion.model,
        "service_tier": completion.service_tier,
        "system_fingerprint": completion.system_fingerprint,
    }
    sends_usage = include_usage and completion.sends_usage
    # With include_usage every chunk carries the member, null in all but the last (OpenAPI document,
    # ``ChatCompletionStreamOptions``); without it there is no such member.
    no_usage = {"usage": None} if sends_usage else {}
    for choice in completion.choices:
        for delta, logprobs, finish_reason in _deltas(choice):
            chunk = {"index": choice.index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
            yield _chunk({**frame, "choices": [chunk], **no_usage}, obfuscate=obfuscate)
    if sends_usage:
        yield _chunk({**frame, "choices": [], "usage": completion.usage}, obfuscate=obfuscate)
    yield Data(DONE, chunks=0)


# What recorded chunks are padded to, in bytes without the member that pads.
_PADDED_TO = 16


def _chunk(members: dict[str, Any], *, obfuscate: bool) -> Data:
    data = to_json(members)
    if obfuscate:
        padding = members["id"].rjust(_PADDED_TO, "0").encode()[: -len(data) % _PADDED_TO]
        data = b'%s,"obfuscation":"%s"}' % (data[:-1], padding)
    return Data(encode_event(data))


_Step = tuple[Mapping[str, Any], dict[str, Any] | None, str | None]


def _deltas(choice: Choice) -> Iterator[_Step]:
    """Yield (delta, logprobs, finish reason) in the order of the real API: role, what is said, finish reason."""
    if choice.deltas is None:
        yield _role(choice), _logprobs(choice, [] if choice.logprobs else None), None
        yield from _said(choice)
    else:
        # A role of the test's own comes with its own deltas.
        if not any("role" in delta for delta in choice.deltas):
            yield _role(choice), None, None
        yield from ((delta, None, None) for delta in choice.deltas)
    if choice.extra:
        yield choice.extra, None, None
    yield {}, None, choice.finish_reason


def _role(choice: Choice) -> dict[str, Any]:
    content = None if choice.pieces is None else ""
    return {"role": "assistant", "content": content, "refusal": None if choice.refusal is None else ""}


def _said(choice: Choice) -> Iterator[_Step]:
    for piece in choice.reasoning or ():
        yield {"reasoning_content": piece}, None, None
    name, pieces = ("refusal", choice.refusal) if choice.refusal is not None else ("content", choice.pieces or ())
    for piece, entries in zip(pieces, choice.logprobs or repeat(()), strict=False):
        yield {name: piece}, _logprobs(choice, list(entries)), None
    for index, call in enumerate(choice.tool_calls):
        yield from ((delta, None, None) for delta in _call_deltas(index, call))


def _call_deltas(index: int, call: WireToolCall) -> Iterator[dict[str, Any]]:
    if call.kind == "function_call":
        yield {"function_call": _called(call, "")}
        yield from ({"function_call": {"arguments": piece}} for piece in call.pieces)
        return
    yield {"tool_calls": [{"index": index, **_call(call, "")}]}
    for piece in call.pieces:
        yield {"tool_calls": [{"index": index, call.kind: {_argument(call): piece}}]}
