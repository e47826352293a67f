"""Completions, the API before chat: a text for each prompt, whole or as a stream.

Source: ``CreateCompletionRequest`` and ``CreateCompletionResponse`` of the OpenAPI document; streams of
gpt-3.5-turbo-instruct as users recorded them, 2023 and 2025; rejections as users report them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import zip_longest
from typing import Any

from pydantic_core import to_json

from fakellm._anyjson import list_of, object_of, text_of
from fakellm._dialects.chat.hear import hear
from fakellm._dialects.openai import words
from fakellm._dialects.openai.bodies import check_body
from fakellm._dialects.openai.dialect import REQUEST_ID, OpenAIDialect, deployment, model_of
from fakellm._dialects.openai.document import Schema, body_of
from fakellm._dialects.openai.inputs import sizes_of, texts_of
from fakellm._errors import ContradictionError
from fakellm._wire.answer import Choice, Completion, json_answer, stream_head
from fakellm._wire.asked import ChatRequest
from fakellm._wire.canonical import digest
from fakellm._wire.claim import Claim
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.events import Whole, WireEvent, WireRequest, address_of
from fakellm._wire.provider import Json, Provider
from fakellm._wire.reader import Reader
from fakellm._wire.shapes import ANY, BOOLEAN, OBJECT, TEXT, Either, Members, Number
from fakellm._wire.sse import encode_event
from fakellm._wire.voice import CHAT_MARKS, MESSAGE_FIELDS, Heard, Marks
from fakellm.tokens import encoding_for_model
from fakellm.tokens._models import facts_of

__all__ = ["CompletionsDialect"]

_DONE = b"data: [DONE]\n\n"
_USUAL_LIMIT = 16
"""The tokens of a completion where the request says nothing."""


class CompletionsDialect(OpenAIDialect):
    """``POST …/completions``."""

    endpoint = "completions"
    spoken_at = "…/completions"
    marks = Marks(CHAT_MARKS.end, (b'{"id": "cmpl-fault", "choices": [{"index": 0,', b' "text": "', b'?"}]}'))
    takes = MESSAGE_FIELDS - {"tool_calls", "refusal", "reasoning"}

    def __init__(self) -> None:
        self._reader = Reader(
            self, model_of=model_of, check=_check, to_chat=_to_chat, count=_count, no_json=words.INVALID_JSON
        )

    def claims(self, wire: WireRequest) -> Claim | None:
        return _claim(wire.path) if wire.method == "POST" else None

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        said = [_said(choice, len(answer.choices), asked, answer) for choice in answer.choices]
        return _stream(answer, asked, said) if asked.stream else _whole(answer, said)

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
        "max_tokens": _USUAL_LIMIT if limit is None else limit,
        "logprobs": logprobs is not None,
        "top_logprobs": logprobs,
    }


def _count(body: Json, model: str) -> int:
    return sum(sizes_of(body.get("prompt"), encoding_for_model(model)))


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
    return json_answer(to_json(body), (REQUEST_ID, answer.request_id), answer.headers)


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
    return Whole(stream_head((REQUEST_ID, answer.request_id), answer.headers), parts, counts)


def _steps(said: _Said) -> Iterator[Json]:
    yield from (said.step(piece, logprobs, None) for piece, logprobs in said.steps)
    yield said.end


@cache
def _documented() -> Members:
    closed: Schema = {"additionalProperties": False}
    patches = {
        # A deployment may be the model.
        "CreateCompletionRequest": {**closed, "required": []},
        # "between -100 and 100" in the API reference.
        "CreateCompletionRequest.logit_bias[]": {"minimum": -100, "maximum": 100},
        "CreateCompletionRequest.model": {"minLength": 1},
        "ChatCompletionStreamOptions": closed,
    }
    return body_of("POST /completions", patches)


# More than any API of this kind takes, and what a fake still answers in seconds.
_MOST_CHOICES_ANYWHERE = 1024
_MOST_LOGPROBS_ANYWHERE = 128
_TEXTS = Either({str: TEXT, list: ANY})
_PORTABLE = Members(
    {
        "prompt": _TEXTS,
        "logprobs": Number("integer", 0, _MOST_LOGPROBS_ANYWHERE),
        "max_tokens": Number("integer"),
        "n": Number("integer", 1, _MOST_CHOICES_ANYWHERE),
        "stop": _TEXTS,
        "stream": BOOLEAN,
        "stream_options": OBJECT,
    }
)


def _check(body: Json, model: str, strictness: Strictness, provider: Provider, *, size: int, **known: object) -> None:
    """Raise Rejected for a body that the API of this provider does not take."""
    check_body(body, model, strictness, provider, documented=_documented, portable=_PORTABLE)
    if strictness.strict and provider.rules and (rejected := _refused(body, model, provider)):
        raise rejected


def _refused(body: Json, model: str, provider: Provider) -> Rejected | None:
    if provider.rules == "openai" and facts_of(model).can is not None and "instruct" not in model:
        return Rejected(_CHATS, status=404)
    if body.get("stream_options") is not None and not body.get("stream"):
        return Rejected(words.only_when("stream_options", "stream"))
    return _refuse_best_of(body) or _refuse_length(body, model)


_CHATS = ErrorBody(
    "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?",
    param="model",
)


def _refuse_best_of(body: Json) -> Rejected | None:
    n, best_of = body.get("n") or 1, body.get("best_of")
    if best_of is None or best_of >= n:
        return None
    return Rejected(
        ErrorBody(
            "You requested that the server return more choices than it will generate (HINT: you must set 'n' "
            f"(currently {n}) to be at most 'best_of' (currently {best_of}), or omit either parameter if you don't "
            "specifically want to use them.)"
        )
    )


def _refuse_length(body: Json, model: str) -> Rejected | None:
    context = facts_of(model).context
    limit = _USUAL_LIMIT if body.get("max_tokens") is None else body["max_tokens"]
    longest = max(sizes_of(body.get("prompt"), encoding_for_model(model)), default=0)
    if context is None or longest + limit <= context:
        return None
    return Rejected(
        ErrorBody(
            f"This model's maximum context length is {context} tokens, however you requested {longest + limit} tokens "
            f"({longest} in your prompt; {limit} for the completion). Please reduce your prompt; or completion length."
        )
    )
