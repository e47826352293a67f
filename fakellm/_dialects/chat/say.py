"""Chat completions: a Completion to one JSON object, or to the chunks of a stream.

Source: ``CreateChatCompletionResponse`` and ``CreateChatCompletionStreamResponse`` of the OpenAPI document; the
order of chunks and their padding as recorded from api.openai.com.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain, count, zip_longest
from typing import Any, NamedTuple

from pydantic_core import to_json

from fakellm._anyjson import object_of
from fakellm._dialects.chat.quirks import ChatQuirks, quirks_of
from fakellm._wire.answer import (
    Choice,
    Completion,
    WireReasoning,
    WireText,
    WireToolCall,
    json_answer,
    stream_head,
    whole,
)
from fakellm._wire.asked import ChatRequest
from fakellm._wire.canonical import digest
from fakellm._wire.events import Whole
from fakellm._wire.provider import Json
from fakellm._wire.sse import encode_event

__all__ = ["DONE", "render_stream", "render_whole"]

DONE = b"data: [DONE]\n\n"
"""The marker that ends a stream; not part of the standard of server-sent events."""

_REQUEST_ID = "x-request-id"


class _Frame(NamedTuple):
    """The bytes of a whole answer around its id and its usage."""

    before_id: bytes
    before_usage: bytes
    end: bytes


def render_whole(completion: Completion, asked: ChatRequest) -> Whole:
    """Return the head and the one object of an answer, as the provider sends it."""
    quirks = quirks_of(asked.provider)
    frame = completion.kept.get("frame")
    if frame is None or quirks.tells_request_id:
        frame = completion.kept["frame"] = _frame_of(completion, asked, quirks)
    usage = b""
    if completion.sends_usage:
        if (counted := completion.counted).rendered is None:
            counted.rendered = to_json(quirks.usage(completion))
        usage = counted.rendered
    made = quirks.completion_id(completion).encode()
    body = b"".join((frame.before_id, made, frame.before_usage, usage, frame.end))
    return json_answer(body, (_REQUEST_ID, completion.identity.request_id), completion.headers)


# Stand where the id of a whole answer, its usage and its text belong, as no text has them.
_ID, _USAGE, _TEXT = "\0fakellm: the id\0", "\0fakellm: the usage\0", "\0fakellm: the text\0"
_ID_JSON, _USAGE_JSON, _TEXT_JSON = to_json(_ID)[1:-1], to_json(_USAGE), to_json(_TEXT)


def _frame_of(completion: Completion, asked: ChatRequest, quirks: ChatQuirks) -> _Frame:
    """Return the frame of an answer; where others differ from it in the text alone, filled into that of them all."""
    if (shared := completion.shared) is None or quirks.tells_request_id:
        return _frame(completion, asked, quirks)
    (choice,) = completion.choices
    if (around := shared.get("around")) is None:
        example = replace(completion, choices=(replace(choice, pieces=(_TEXT,)),))
        before_id, before_usage, end = _frame(example, asked, quirks)
        texts = before_usage.split(_TEXT_JSON)
        if len(texts) != 2:  # a model may have any name
            return _frame(completion, asked, quirks)
        around = shared["around"] = (before_id, *texts, end)
    before_id, before_text, after_text, end = around
    return _Frame(before_id, before_text + to_json(whole(choice.pieces or ())) + after_text, end)


def _frame(completion: Completion, asked: ChatRequest, quirks: ChatQuirks) -> _Frame:
    members: Json = {
        "id": _ID,
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.model,
        "choices": [_choice(choice, quirks) for choice in completion.choices],
        "usage": _USAGE,
        "service_tier": _service_tier(asked),
        "system_fingerprint": _fingerprint(completion.identity.seed),
    }
    if not completion.sends_usage:
        del members["usage"]
    before_id, rest = to_json(quirks.completion(members, completion)).split(_ID_JSON)
    before_usage, _, end = rest.partition(_USAGE_JSON)
    return _Frame(before_id, before_usage, end)


@lru_cache(maxsize=16)
def _fingerprint(seed: int) -> str:
    """``fp_`` and 10 hexadecimal digits; depends on the seed alone, as a model's build does."""
    return "fp_" + digest(str(seed), "fingerprint", size=5).hex()


def _service_tier(asked: ChatRequest) -> str:
    """Return the tier that served the request; "auto" is the project's, which is the default one."""
    tier = asked.facts.terms.as_chat.get("service_tier")
    return tier if isinstance(tier, str) and tier != "auto" else "default"


def _choice(choice: Choice, quirks: ChatQuirks) -> Json:
    return {
        "index": choice.index,
        "message": _message(choice, quirks),
        "logprobs": None if choice.logprobs is None else _logprobs(choice, list(chain(*choice.logprobs))),
        "finish_reason": choice.finish_reason,
    }


def _message(choice: Choice, quirks: ChatQuirks) -> Json:
    refusal = None if choice.refusal is None else whole(choice.refusal)
    message: Json = {"role": "assistant", "content": choice.text, "refusal": refusal, "annotations": []}
    if choice.reasoning is not None and quirks.reasoning_field is not None:
        message[quirks.reasoning_field] = whole(choice.reasoning)
    if choice.tool_calls and choice.tool_calls[0].kind == "function_call":
        message["function_call"] = _called(choice.tool_calls[0], choice.tool_calls[0].arguments)
    elif choice.tool_calls:
        message["tool_calls"] = [_call(call, call.arguments) for call in choice.tool_calls]
    message.update(choice.extra)
    return message


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


def render_stream(completion: Completion, asked: ChatRequest) -> Whole:
    """Return the head, the chunks and the end marker of a streamed answer, as the provider sends them."""
    quirks = quirks_of(asked.provider)
    options = object_of(asked.facts.terms.as_chat.get("stream_options"))
    include_usage = bool(options.get("include_usage")) and completion.sends_usage
    is_padded = options.get("include_obfuscation") is not False and quirks.obfuscates
    runs: list[Sequence[str]] = []
    parts: list[bytes] = []
    chunks = _chunks(completion, asked, quirks, runs, include_usage=include_usage)
    for chunk in quirks.chunks(chunks, completion, include_usage=include_usage):
        data = to_json(chunk)
        if runs and _PIECE_JSON in data:
            parts += _spliced(data.split(_PIECE_JSON), runs.pop(), is_padded=is_padded)
        else:
            parts.append(encode_event(_padded(data) if is_padded else data))
    # What is no object counts as no chunk: comments, and the mark that ends the stream.
    before = [quirks.comments] if quirks.comments else []
    counts = (0,) * len(before) + (1,) * len(parts) + (0,)
    head = stream_head((_REQUEST_ID, completion.request_id), completion.headers)
    return Whole(head, (*before, *parts, DONE), counts)


# What recorded chunks are padded to, in bytes without the member that pads.
_PADDED_TO = 16
_PADDING = b"fakellm-padding"

_PIECE = "\0fakellm: the piece\0"
"""Stands in one chunk for all pieces of a text, as no text has it."""
_PIECE_JSON = to_json(_PIECE)[1:-1]


def _padded(chunk: bytes) -> bytes:
    """Add the member that pads a chunk; its letters are the same on every run, and for every id."""
    return chunk[:-1] + _obfuscation(len(chunk))


def _obfuscation(length: int) -> bytes:
    """Return how a chunk ends that has so many bytes without padding."""
    return b',"obfuscation":"%s"}' % _PADDING[: -length % _PADDED_TO]


def _spliced(frame: list[bytes], pieces: Sequence[str], *, is_padded: bool) -> list[bytes]:
    """Return a chunk for each piece of a text. frame: what stands before the piece, between its places, and behind.

    A stream is hundreds of chunks that differ in this piece alone: writing JSON for each would take most of the time.
    """
    frame, join = [b"data: " + frame[0], *frame[1:]], b"".join
    if not is_padded:
        frame[-1] += b"\n\n"
        return [text.join(frame) for text in _texts_in_json(pieces)]
    length, places = sum(map(len, frame)) - len(b"data: "), len(frame) - 1
    frame[-1] = frame[-1][:-1]
    ends = [_obfuscation(n) + b"\n\n" for n in range(_PADDED_TO)]
    texts = _texts_in_json(pieces)
    if places == 1:  # nearly always
        before, after = frame
        tails = [after + ends[(length + n) % _PADDED_TO] for n in range(_PADDED_TO)]
        return [join((before, text, tails[len(text) % _PADDED_TO])) for text in texts]
    return [text.join(frame) + ends[(length + places * len(text)) % _PADDED_TO] for text in texts]


def _texts_in_json(pieces: Sequence[str]) -> list[bytes]:
    """Return pieces as they stand within quotes: all at once, where none of them has the sign that parts them."""
    text = _BETWEEN.join(pieces)
    if text.count(_BETWEEN) >= len(pieces):
        return [to_json(piece)[1:-1] for piece in pieces]
    return to_json(text)[1:-1].split(_BETWEEN.encode())


_BETWEEN = "\x7f"  # of one byte, by which bytes are split twice as fast; hardly in a text, and in JSON as it is


class _Run(NamedTuple):
    """The pieces of one text, each of which is a chunk that differs from the others in that text alone."""

    pieces: Sequence[str]
    delta_of: Callable[[str], Json]


_Step = tuple[Mapping[str, Any], Json | None, str | None]
"""(delta, logprobs, finish reason)."""


def _chunks(
    completion: Completion, asked: ChatRequest, quirks: ChatQuirks, runs: list[Sequence[str]], *, include_usage: bool
) -> Iterator[Json]:
    """Yield the objects of a stream as OpenAI sends them. runs: takes the pieces for which the next one stands."""
    frame = {
        "id": quirks.completion_id(completion),
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": completion.model,
        "service_tier": _service_tier(asked),
        "system_fingerprint": _fingerprint(completion.identity.seed),
    }
    # With include_usage every chunk carries the member, null in all but the last (OpenAPI document,
    # ``ChatCompletionStreamOptions``); without it there is no such member.
    no_usage = {"usage": None} if include_usage else {}
    for index, step in _steps(completion.choices, quirks):
        if isinstance(step, _Run):
            runs.append(step.pieces)
            step = step.delta_of(_PIECE), None, None  # noqa: PLW2901  # one chunk in place of them all
        delta, logprobs, finish_reason = step
        chunk = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        yield {**frame, "choices": [chunk], **no_usage}
    if include_usage:
        yield {**frame, "choices": [], "usage": completion.usage}


def _steps(choices: Sequence[Choice], quirks: ChatQuirks) -> Iterator[tuple[int, _Step | _Run]]:
    """Yield (index, step) of all choices, one step of each in turn; one that has ended is passed over.

    The real API sends choices as they are made, all at once. Source: https://github.com/openai/openai-python,
    whose accumulator goes by the index of each chunk.
    """
    if len(choices) == 1 and quirks.is_uniform:
        yield from ((choices[0].index, step) for step in _deltas(choices[0], quirks))
        return
    for turn in zip_longest(*(_one_by_one(_deltas(choice, quirks)) for choice in choices)):
        yield from ((choice.index, step) for choice, step in zip(choices, turn, strict=True) if step is not None)


def _one_by_one(steps: Iterable[_Step | _Run]) -> Iterator[_Step]:
    for step in steps:
        if isinstance(step, _Run):
            yield from ((step.delta_of(piece), None, None) for piece in step.pieces)
        else:
            yield step


def _deltas(choice: Choice, quirks: ChatQuirks) -> Iterator[_Step | _Run]:
    """Yield steps in the order of the real API: role, what is said, finish reason."""
    if choice.deltas is None:
        yield _role(choice), _logprobs(choice, [] if choice.logprobs else None), None
        yield from _said(choice, quirks)
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


def _said(choice: Choice, quirks: ChatQuirks) -> Iterator[_Step | _Run]:
    calls, reasoning = count(), quirks.reasoning_field
    for part in choice.in_order:
        match part:
            case WireReasoning() if reasoning is not None:
                yield from _run(part.pieces, lambda piece: {reasoning: piece})
            case WireText():
                yield from _text(part, choice)
            case WireToolCall():
                yield from _call_steps(next(calls), part)


def _text(text: WireText, choice: Choice) -> Iterator[_Step | _Run]:
    name = "refusal" if text.is_refusal else "content"
    if text.logprobs:
        for piece, entries in zip(text.pieces, text.logprobs, strict=False):
            yield {name: piece}, _logprobs(choice, list(entries)), None
    else:
        yield from _run(text.pieces, lambda piece: {name: piece}, logprobs=_logprobs(choice, []))


def _run(
    pieces: Sequence[str], delta_of: Callable[[str], Json], *, logprobs: Json | None = None
) -> Iterator[_Step | _Run]:
    """Yield the pieces of a text as a run; as steps where one is empty, which a provider may tell otherwise."""
    if logprobs is None and pieces and all(pieces):
        yield _Run(pieces, delta_of)
    else:
        yield from ((delta_of(piece), logprobs, None) for piece in pieces)


def _call_steps(index: int, call: WireToolCall) -> Iterator[_Step | _Run]:
    if call.kind == "function_call":
        yield {"function_call": _called(call, "")}, None, None
        yield from _run(call.pieces, lambda piece: {"function_call": {"arguments": piece}})
        return
    yield {"tool_calls": [{"index": index, **_call(call, "")}]}, None, None
    argument = _argument(call)
    yield from _run(call.pieces, lambda piece: {"tool_calls": [{"index": index, call.kind: {argument: piece}}]})
