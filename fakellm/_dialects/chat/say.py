"""Chat completions: a Completion to one JSON object, or to the chunks of a stream.

Source: ``CreateChatCompletionResponse`` and ``CreateChatCompletionStreamResponse`` of the OpenAPI document; the
order of chunks and their padding as recorded from api.openai.com.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat, zip_longest
from typing import Any

from pydantic_core import to_json

from fakellm._wire.answer import Choice, Completion, WireToolCall
from fakellm._wire.events import Data, Head, Whole, WireEvent
from fakellm._wire.provider import Json, Provider
from fakellm._wire.sse import DONE, encode_event

__all__ = ["render_raw", "render_stream", "render_whole"]

_JSON = "application/json"
_EVENTS = "text/event-stream; charset=utf-8"


def render_whole(completion: Completion, provider: Provider) -> Whole:
    """Return the head and the one object of an answer, as the provider sends it."""
    members: Json = {
        "id": completion.id,
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.model,
        "choices": [_choice(choice, provider) for choice in completion.choices],
        "usage": completion.usage,
        "service_tier": completion.service_tier,
        "system_fingerprint": completion.system_fingerprint,
    }
    if not completion.sends_usage:
        del members["usage"]
    return _body(to_json(provider.completion(members, completion)), completion.request_id, completion.headers)


def render_raw(body: bytes, *, request_id: str, headers: tuple[tuple[str, str], ...], is_stream: bool) -> Whole:
    """Return the answer with a body that the test wrote itself."""
    if not is_stream:
        return _body(body, request_id, headers)
    head = _head({"content-type": _EVENTS, "x-request-id": request_id}, headers)
    return Whole(head, (body,), (body.count(b"\n\n") or 1,))


def _body(body: bytes, request_id: str, headers: tuple[tuple[str, str], ...]) -> Whole:
    usual = {"content-type": _JSON, "content-length": str(len(body)), "x-request-id": request_id}
    return Whole(_head(usual, headers), (body,), (1,))


def _head(usual: dict[str, str], headers: tuple[tuple[str, str], ...]) -> Head:
    return Head(200, tuple((usual | dict(headers)).items()))


def _choice(choice: Choice, provider: Provider) -> Json:
    return {
        "index": choice.index,
        "message": _message(choice, provider),
        "logprobs": _logprobs(choice, list(chain.from_iterable(choice.logprobs or ()))),
        "finish_reason": choice.finish_reason,
    }


def _message(choice: Choice, provider: Provider) -> Json:
    refusal = None if choice.refusal is None else "".join(choice.refusal)
    message: Json = {"role": "assistant", "content": choice.text, "refusal": refusal, "annotations": []}
    if choice.reasoning is not None and provider.reasoning_field is not None:
        message[provider.reasoning_field] = "".join(choice.reasoning)
    if choice.tool_calls and choice.tool_calls[0].kind == "function_call":
        message["function_call"] = _called(choice.tool_calls[0], choice.tool_calls[0].arguments)
    elif choice.tool_calls:
        message["tool_calls"] = [_call(call, call.arguments) for call in choice.tool_calls]
    return {**message, **choice.extra}


def _call(call: WireToolCall, arguments: str) -> Json:
    return {"id": call.id, "type": call.kind, call.kind: _called(call, arguments)}


def _called(call: WireToolCall, arguments: str) -> dict[str, str]:
    return {"name": call.name, _argument(call): arguments}


def _argument(call: WireToolCall) -> str:
    return "input" if call.kind == "custom" else "arguments"


def _logprobs(choice: Choice, entries: list[Mapping[str, Any]] | None) -> Json | None:
    """Return the member ``logprobs``: null unless they were asked for, and where nothing was said."""
    if choice.logprobs is None or entries is None:
        return None
    said = "content" if choice.refusal is None else "refusal"
    return {"content": None, "refusal": None, said: entries if choice.logprobs else None}


def render_stream(
    completion: Completion, provider: Provider, *, include_usage: bool, obfuscate: bool
) -> Iterator[WireEvent]:
    """Yield the head, the chunks and the end marker of a streamed answer, as the provider sends them.

    obfuscate: pad every chunk, so that its length tells nothing of its text.
    """
    yield _head({"content-type": _EVENTS, "x-request-id": completion.request_id}, completion.headers)
    if provider.comments:
        yield Data(provider.comments, chunks=0)
    include_usage = include_usage and completion.sends_usage
    chunks = _chunks(completion, provider, include_usage=include_usage)
    for chunk in provider.chunks(chunks, completion, include_usage=include_usage):
        data = to_json(chunk)
        yield Data(encode_event(_padded(data) if obfuscate else data))
    yield Data(DONE, chunks=0)


# What recorded chunks are padded to, in bytes without the member that pads.
_PADDED_TO = 16
_PADDING = b"fakellm-padding"


def _padded(chunk: bytes) -> bytes:
    """Add the member that pads a chunk; its letters are the same on every run, and for every id."""
    return b'%s,"obfuscation":"%s"}' % (chunk[:-1], _PADDING[: -len(chunk) % _PADDED_TO])


def _chunks(completion: Completion, provider: Provider, *, include_usage: bool) -> Iterator[Json]:
    """Yield the objects of a stream as OpenAI sends them."""
    frame = {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": completion.model,
        "service_tier": completion.service_tier,
        "system_fingerprint": completion.system_fingerprint,
    }
    # With include_usage every chunk carries the member, null in all but the last (OpenAPI document,
    # ``ChatCompletionStreamOptions``); without it there is no such member.
    no_usage = {"usage": None} if include_usage else {}
    for index, (delta, logprobs, finish_reason) in _by_turns(completion.choices, provider):
        chunk = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        yield {**frame, "choices": [chunk], **no_usage}
    if include_usage:
        yield {**frame, "choices": [], "usage": completion.usage}


_Step = tuple[Mapping[str, Any], Json | None, str | None]


def _by_turns(choices: Sequence[Choice], provider: Provider) -> Iterator[tuple[int, _Step]]:
    """Yield (index, step) of all choices, one step of each in turn; one that has ended is passed over.

    The real API sends choices as they are made, all at once. Source: https://github.com/openai/openai-python,
    whose accumulator goes by the index of each chunk.
    """
    for turn in zip_longest(*(_deltas(choice, provider) for choice in choices)):
        yield from ((choice.index, step) for choice, step in zip(choices, turn, strict=True) if step is not None)


def _deltas(choice: Choice, provider: Provider) -> Iterator[_Step]:
    """Yield (delta, logprobs, finish reason) in the order of the real API: role, what is said, finish reason."""
    if choice.deltas is None:
        yield _role(choice), _logprobs(choice, [] if choice.logprobs else None), None
        yield from _said(choice, provider)
    else:
        # A role of the test's own comes with its own deltas.
        if not any("role" in delta for delta in choice.deltas):
            yield _role(choice), None, None
        yield from ((delta, None, None) for delta in choice.deltas)
    if choice.extra:
        yield choice.extra, None, None
    yield {}, None, choice.finish_reason


def _role(choice: Choice) -> Json:
    content = None if choice.pieces is None else ""
    return {"role": "assistant", "content": content, "refusal": None if choice.refusal is None else ""}


def _said(choice: Choice, provider: Provider) -> Iterator[_Step]:
    if provider.reasoning_field is not None:
        yield from (({provider.reasoning_field: piece}, None, None) for piece in choice.reasoning or ())
    name, pieces = ("refusal", choice.refusal) if choice.refusal is not None else ("content", choice.pieces or ())
    for piece, entries in zip(pieces, choice.logprobs or repeat(()), strict=False):
        yield {name: piece}, _logprobs(choice, list(entries)), None
    for index, call in enumerate(choice.tool_calls):
        yield from ((delta, None, None) for delta in _call_deltas(index, call))


def _call_deltas(index: int, call: WireToolCall) -> Iterator[Json]:
    if call.kind == "function_call":
        yield {"function_call": _called(call, "")}
        yield from ({"function_call": {"arguments": piece}} for piece in call.pieces)
        return
    yield {"tool_calls": [{"index": index, **_call(call, "")}]}
    for piece in call.pieces:
        yield {"tool_calls": [{"index": index, call.kind: {_argument(call): piece}}]}
