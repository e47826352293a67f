"""The seam between a dialect and the provider that speaks it: what a new provider may say about itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fakellm._wire.completion import Completion
from fakellm._wire.errors import ErrorBody, error_object

__all__ = ["Json", "Provider", "ends"]

Json = dict[str, Any]
"""A JSON object of an answer; fresh for each call, so that a provider may change it in place."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Provider:
    """The company behind a base URL, and how its chat completions differ from OpenAI's.

    A provider is one file with one value: what is below holds for it unless it says otherwise. Where a value
    cannot say it, a subclass has a method of its own. The table in ``__init__`` says at which URLs it is.

    rules: whose rules about requests hold, None for no more than JSON types. dated_models: whether an alias is
    answered with the dated name. reasoning_field: the member of a message and a delta that holds the reasoning,
    None where it is hidden. has_null_texts: whether a delta of the text has a null reasoning, and the other way
    round. comments: bytes before the first chunk. omits: members of OpenAI's completion and chunk that are not
    sent; message_omits: those of message and delta. usage_details: the members of the usage's details that are
    sent even if they are 0; None for all of OpenAI's.
    """

    name: str
    rules: Literal["openai", "azure"] | None = None
    dated_models: bool = False
    reasoning_field: str | None = "reasoning_content"
    has_null_texts: bool = False
    comments: bytes = b""
    omits: frozenset[str] = frozenset({"obfuscation", "service_tier"})
    message_omits: frozenset[str] = frozenset({"annotations"})
    usage_details: frozenset[str] | None = None

    def completion(self, body: Json, completion: Completion) -> Json:
        """Return a whole answer as it is sent here. body: as OpenAI sends it."""
        _omit(body, self.omits)
        for choice in body["choices"]:
            _omit(choice["message"], self.message_omits)
        body["usage"] = self.usage(completion)
        return body

    def chunks(self, chunks: Iterator[Json], completion: Completion, *, include_usage: bool) -> Iterator[Json]:
        """Yield the chunks of a stream as they are sent here. chunks: as OpenAI sends them, in order."""
        has_reasoned = False
        for chunk in chunks:
            _omit(chunk, self.omits)
            for choice in chunk["choices"]:
                delta = choice["delta"]
                _omit(delta, self.message_omits)
                has_reasoned = has_reasoned or self.reasoning_field in delta
                if has_reasoned and self.has_null_texts:
                    choice["delta"] = {"content": None, self.reasoning_field: None, **delta}
            if chunk.get("usage"):
                chunk["usage"] = self.usage(completion)
            yield chunk

    def usage(self, completion: Completion) -> Json:
        """Return the usage as it is sent here."""
        usage = dict(completion.usage)
        if self.usage_details is None:
            return usage
        for name in ("prompt_tokens_details", "completion_tokens_details"):
            details = usage.get(name)
            if isinstance(details, Mapping):
                usage[name] = {key: value for key, value in details.items() if value or key in self.usage_details}
                if not usage[name]:
                    del usage[name]
        return usage

    def error(self, error: ErrorBody, status: int) -> Json:
        """Return the JSON object that carries an error."""
        return error_object(error)

    def __repr__(self) -> str:
        return f"<Provider {self.name}>"


def ends(chunk: Json) -> bool:
    """Whether a chunk has a finish reason."""
    return any(choice["finish_reason"] for choice in chunk["choices"])


def _omit(value: Json, names: frozenset[str]) -> None:
    for name in names & value.keys():
        del value[name]
