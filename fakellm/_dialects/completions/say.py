"""Completions: a Completion to one JSON object, or to the chunks of a stream.

Source: ``CreateCompletionResponse`` of the OpenAPI document; streams of gpt-3.5-turbo-instruct as users recorded them,
2023 and 2025.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from pydantic_core import to_json

from fakellm._anyjson import list_of, object_of, text_of
from fakellm._dialects.openai.answers import head_of_stream, one_object
from fakellm._errors import ContradictionError
from fakellm._wire.answer import Choice, Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.canonical import digest
from fakellm._wire.events import Whole
from fakellm._wire.provider import Json
from fakellm._wire.sse import encode_event
from fakellm.tokens import encoding_for_model

__all__ = ["render"]

_DONE = b"data: [DONE]\n\n"


def render(answer: Completion, asked: ChatRequest) -> Whole:
    """Return an answer, whole or as a stream."""
    said = [_said(choice, len(answer.choices), asked, answer) for choice in answer.choices]
    return _stream(answer, asked, said) if asked.stream else _whole(answer, said)


@dataclass(frozen=True, slots=True)
class _Said:
    """One completion. steps: (piece, its log probabilities), as a stream sends them."""

    choice: Choice
    steps: Sequence[tuple[str, Json | None]]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(piece for piece, _ in self.steps)

    @property
    def logprobs(self) -> Json | None:
        """Those of all pieces; None where the request did not ask."""
        return None if self.choice.logprobs is None else _joined(one for _, one in self.steps if one is not None)

    @property
    def end(self) -> Json:
        """The choice of the last chunk, which has no text."""
        nothing = None if self.choice.logprobs is None else _joined(())
        return {**self.step("", nothing, self.choice.finish_reason), **self.choice.extra}

    def step(self, text: str, logprobs: Json | None, finish_reason: str | None) -> Json:
        """Return a choice, of an answer or a chunk."""
        return {"text": text, "index": self.choice.index, "logprobs": logprobs, "finish_reason": finish_reason}


def _said(choice: Choice, choices: int, asked: ChatRequest, answer: Completion) -> _Said:
    if choice.deltas is not None:
        raise ContradictionError(
            "the reply has a delta among its chunks, and completions have none\n  give texts alone: chunks=['a', 'b']"
        )
    prompt = _prompt_of(choice, choices, asked)
    pieces, entries, place = list(choice.pieces or ()), list(choice.logprobs or ()), len(prompt)
    if asked.body.get("echo"):
        echoed = encoding_for_model(asked.model).split(prompt)
        pieces, place = [*echoed, *pieces], 0
        entries = [_made_up(echoed, n, answer.identity.seed) for n in range(len(echoed))] + entries
    if choice.logprobs is None:
        return _Said(choice, [(piece, None) for piece in pieces])
    return _Said(choice, list(zip(pieces, _by_piece(pieces, entries, place), strict=True)))


def _prompt_of(choice: Choice, choices: int, asked: ChatRequest) -> str:
    """Return the prompt that a choice completes: those of the first come first."""
    prompts = [text_of(message.get("content")) for message in asked.messages]
    return prompts[choice.index * len(prompts) // choices]


def _made_up(pieces: Sequence[str], place: int, seed: int) -> tuple[Mapping[str, Any], ...]:
    """Return the entry of a token of the prompt, the same on every run; nothing comes before the first."""
    bits = int.from_bytes(digest(str(seed), str(place), *pieces[: place + 1], size=2))
    return ({"token": pieces[place], "logprob": -(1 + bits % 500) / 100 if place else None},)


def _by_piece(pieces: Sequence[str], entries: Sequence[Sequence[Mapping[str, Any]]], place: int) -> Iterator[Json]:
    """Yield the log probabilities of each piece as this API writes them. place: of the first one in the whole text."""
    for piece, tokens in zip_longest(pieces, entries[: len(pieces)], fillvalue=()):
        yield {
            "tokens": [token["token"] for token in tokens],
            "token_logprobs": [token["logprob"] for token in tokens],
            "top_logprobs": [_likeliest(token) for token in tokens],
            "text_offset": [place] * len(tokens),
        }
        place += len(piece)


def _likeliest(token: Mapping[str, Any]) -> Json | None:
    """Return the likeliest tokens with the one that was said, which is listed even where it is none of them."""
    if token["logprob"] is None:
        return None
    listed = [*list_of(token.get("top_logprobs")), token]
    return {str(one.get("token")): one.get("logprob") for one in map(object_of, listed)}


def _joined(logprobs: Iterable[Json]) -> Json:
    joined: Json = {name: [] for name in _NOTHING}
    for one in logprobs:
        for name, values in one.items():
            joined[name] += values
    return joined


_NOTHING: Mapping[str, tuple[()]] = {"tokens": (), "token_logprobs": (), "top_logprobs": (), "text_offset": ()}


def _whole(answer: Completion, said: Sequence[_Said]) -> Whole:
    choices = [{**one.step(one.text, one.logprobs, one.choice.finish_reason), **one.choice.extra} for one in said]
    body = {**_frame(answer), "model": answer.model, "choices": choices, "usage": _usage(answer)}
    if not answer.sends_usage:
        del body["usage"]
    return one_object(body, answer)


def _frame(answer: Completion) -> Json:
    return {"id": answer.identity.id("cmpl-", 29), "object": "text_completion", "created": answer.created}


def _usage(answer: Completion) -> Json:
    """Return the usage as it is sent: details where the test gave some."""
    return {name: n for name, n in answer.usage.items() if not isinstance(n, Mapping) or any(n.values())}


def _stream(answer: Completion, asked: ChatRequest, said: Sequence[_Said]) -> Whole:
    """Return the completions piece by piece, those of all choices in turn."""
    options = object_of(asked.body.get("stream_options"))
    include_usage = bool(options.get("include_usage")) and answer.sends_usage
    no_usage = {"usage": None} if include_usage else {}
    steps = [step for turn in zip_longest(*map(_steps, said)) for step in turn if step is not None]
    chunks = [{**_frame(answer), "choices": [step], "model": answer.model, **no_usage} for step in steps]
    if include_usage:
        chunks.append({**_frame(answer), "choices": [], "model": answer.model, "usage": _usage(answer)})
    # Chunk 1 is what comes before the first piece: here nothing, which counts all the same.
    parts = (b"", *(encode_event(to_json(chunk)) for chunk in chunks), _DONE)
    counts = (1, *(1 for _ in chunks), 0)
    return Whole(head_of_stream(answer), parts, counts)


def _steps(said: _Said) -> Iterator[Json]:
    yield from (said.step(piece, logprobs, None) for piece, logprobs in said.steps)
    yield said.end
