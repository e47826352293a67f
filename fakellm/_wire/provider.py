"""The seam between a dialect and the provider that speaks it: what a new provider may say about itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fakellm._wire.answer import Completion
from fakellm._wire.canonical import digest
from fakellm._wire.errors import ErrorBody, error_object
from fakellm._wire.model_names import answering_model

__all__ = ["LIMITS", "Headers", "Json", "Provider", "ends"]

Json = dict[str, Any]
"""A JSON object of an answer."""

Headers = tuple[tuple[str, str], ...]
"""Response headers, names in lower case."""

LIMITS: Headers = (
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "2000000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "1999000"),
    ("x-ratelimit-reset-requests", "6ms"),
    ("x-ratelimit-reset-tokens", "30ms"),
)
"""Limits of rate as OpenAI tells them, the same for every answer: one request of 1,000 tokens was counted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Provider:
    """The company behind a base URL, and how its chat completions differ from OpenAI's.

    A provider is one file with one value: what is below holds for it unless it says otherwise. Where a value
    cannot say it, a subclass has a method of its own. The table in ``__init__`` says at which URLs it is.

    rules: whose rules about requests hold, None for no more than JSON types. dated_models: whether an alias is
    answered with the dated name. forced_calls_stop: whether a call of the one tool that the request names ends with
    ``stop``. id_form: how ids of answers are made of {created}, {letters} (20), {hex} (32) and {uuid}; None for
    OpenAI's. obfuscates: whether chunks are padded. reasoning_field: the member of a message
    and a delta that holds the reasoning, None where it is hidden. has_null_texts: whether, in a stream with
    reasoning, a delta of the text has a null reasoning and the other way round. comments: bytes before the first
    chunk. omits: members of OpenAI's completion and chunk that are not sent; message_omits: those of message and
    delta that are not sent where they hold nothing; delta_omits: those of a delta alone. usage_details: the paths
    of the usage's details that are sent even if they are 0; None for all of OpenAI's. errors: by OpenAI's code, or
    by status, how the provider words an error that the test leaves to it. headers: response headers beside content
    type and length and the request's id, which ``{id}`` stands for; limits: those that tell the limits of rate.
    """

    name: str
    rules: Literal["openai", "azure"] | None = None
    dated_models: bool = False
    forced_calls_stop: bool = False
    id_form: str | None = None
    obfuscates: bool = False
    reasoning_field: str | None = "reasoning_content"
    has_null_texts: bool = False
    comments: bytes = b""
    omits: frozenset[str] = frozenset({"service_tier"})
    message_omits: frozenset[str] = frozenset({"annotations"})
    delta_omits: frozenset[str] = frozenset()
    usage_details: frozenset[str] | None = None
    errors: Mapping[str | int, ErrorBody] = field(default_factory=dict)
    headers: Headers = ()
    limits: Headers = ()

    def model_name(self, model: str) -> str:
        """Return the name with which a model answers. model: as it was asked for."""
        return answering_model(model) if self.dated_models else model

    def completion_id(self, made: str, *, created: int) -> str:
        """Return the id of an answer. made: as OpenAI has it. created: Unix time in seconds."""
        if self.id_form is None:
            return made
        digits = digest(made, "id").hex()
        uuid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        return self.id_form.format(created=created, letters=made[-20:], hex=digits, uuid=uuid)

    def completion(self, body: Json, completion: Completion) -> Json:
        """Return a whole answer as it is sent here. body: as OpenAI sends it, with usage unless that is kept back."""
        body = _without(body, self.omits)
        for choice in body["choices"]:
            choice["message"] = _filled(choice["message"], self.message_omits)
        if "usage" in body:
            body["usage"] = self.usage(completion)
        return body

    def chunks(self, chunks: Iterator[Json], completion: Completion, *, include_usage: bool) -> Iterator[Json]:
        """Yield the chunks of a stream as they are sent here.

        chunks: as OpenAI sends them, in order. include_usage: whether the request asks for the usage.
        """
        reasoned: set[int] = set()  # the choices that did
        for sent in chunks:
            chunk = _without(sent, self.omits)
            for choice in chunk["choices"]:
                delta = _filled(choice["delta"], self.message_omits | self.delta_omits)
                if self.reasoning_field in delta:
                    reasoned.add(choice["index"])
                if self.has_null_texts and choice["index"] in reasoned:
                    silence = None if self.reasoning_field in delta else ""
                    delta = {"content": silence, self.reasoning_field or "": None, **delta}
                choice["delta"] = delta
            if chunk.get("usage"):
                chunk["usage"] = self.usage(completion)
            yield chunk

    def usage(self, completion: Completion) -> Json:
        """Return the usage as it is sent here."""
        usage = dict(completion.usage)
        if self.usage_details is None:
            return usage
        for group in ("prompt_tokens_details", "completion_tokens_details"):
            if isinstance(details := usage.get(group), Mapping):
                known = {path.partition(".")[2] for path in self.usage_details if path.startswith(group)}
                usage[group] = {name: count for name, count in details.items() if count or name in known}
                if not usage[group]:
                    del usage[group]
        return usage

    def error(self, error: ErrorBody, status: int) -> Json:
        """Return the JSON object that carries an error."""
        return error_object(error)

    def headers_for(self, status: int, request_id: str, *, wait: str = "1ms") -> Headers:
        """Return the headers that the real API sends beside content type and length and the request's id.

        wait: how long a client should, where a limit is reached.
        """
        headers = tuple((name, value.replace("{id}", request_id)) for name, value in self.headers)
        if status == 429:
            reached = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": wait}
            return headers + tuple((name, reached.get(name, value)) for name, value in self.limits)
        return headers if status >= 400 else headers + self.limits

    def __repr__(self) -> str:
        return f"<Provider {self.name}>"


def ends(chunk: Json) -> bool:
    """Whether a chunk has a finish reason."""
    return any(choice["finish_reason"] for choice in chunk["choices"])


def _filled(message: Mapping[str, Any], names: frozenset[str]) -> Json:
    """Return a message without those members that hold nothing."""
    return {name: value for name, value in message.items() if value or name not in names}


def _without(value: Json, names: frozenset[str]) -> Json:
    return {name: member for name, member in value.items() if name not in names}
