"""How a provider's chat completions differ from OpenAI's: what its file may say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fakellm._wire.answer import Completion
from fakellm._wire.canonical import digest
from fakellm._wire.provider import Json, Provider

__all__ = ["ChatQuirks", "ends", "quirks_of"]


class ChatQuirks(NamedTuple):
    """One provider's form of a completion and its chunks. Where a value cannot say it, a subclass has a method."""

    id_form: str | None = None
    """How ids are made of {created}, {letters} (20), {hex} (32) and {uuid}; None for OpenAI's."""
    obfuscates: bool = False
    """Whether chunks are padded."""
    reasoning_field: str | None = "reasoning_content"
    """The member of a message and a delta that holds the reasoning; None where it is hidden."""
    has_null_texts: bool = False
    """Whether, in a stream with reasoning, a delta of the text has a null reasoning and the other way round."""
    comments: bytes = b""
    """Bytes before the first chunk."""
    omits: frozenset[str] = frozenset({"service_tier"})
    """Members of OpenAI's completion and chunk that are not sent."""
    message_omits: frozenset[str] = frozenset({"annotations"})
    """Members of message and delta that are not sent where they hold nothing."""
    delta_omits: frozenset[str] = frozenset()
    """The same, of a delta alone."""
    is_uniform: bool = True
    """Whether chunks that differ in the piece of a text differ in nothing else."""
    tells_request_id: bool = False
    """Whether an answer holds the id of its request, too, so that no two are alike but for their own id."""
    usage_details: frozenset[str] | None = None
    """The paths of the usage's details that are sent even if they are 0; None for all of OpenAI's."""

    def completion_id(self, completion: Completion) -> str:
        """Return the id of an answer."""
        made = completion.identity.id("chatcmpl-", 29)
        if self.id_form is None:
            return made
        digits = digest(made, "id").hex()
        uuid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        return self.id_form.format(created=completion.created, letters=made[-20:], hex=digits, uuid=uuid)

    def completion(self, body: Json, completion: Completion) -> Json:
        """Return a whole answer as it is sent here, but for its usage. body: as OpenAI sends it."""
        body = _without(body, self.omits)
        for choice in body["choices"]:
            choice["message"] = _filled(choice["message"], self.message_omits)
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

    def usage(self, completion: Completion) -> Mapping[str, Any]:
        """Return the usage as it is sent here; it is shared, so stays as it is."""
        if self.usage_details is None:
            return completion.usage
        usage = dict(completion.usage)
        for group in ("prompt_tokens_details", "completion_tokens_details"):
            if isinstance(details := usage.get(group), Mapping):
                known = {path.partition(".")[2] for path in self.usage_details if path.startswith(group)}
                usage[group] = {name: count for name, count in details.items() if count or name in known}
                if not usage[group]:
                    del usage[group]
        return usage


_AS_OPENAI = ChatQuirks(reasoning_field=None, omits=frozenset(), message_omits=frozenset())


def quirks_of(provider: Provider) -> ChatQuirks:
    """Return how a provider speaks chat: as OpenAI does, where it says nothing."""
    quirks: ChatQuirks = provider.quirks.get("chat", _AS_OPENAI)
    return quirks


def ends(chunk: Json) -> bool:
    """Whether a chunk has a finish reason."""
    return any(choice["finish_reason"] for choice in chunk["choices"])


def _filled(message: Mapping[str, Any], names: frozenset[str]) -> Json:
    """Return a message without those members that hold nothing."""
    return {name: value for name, value in message.items() if value or name not in names}


def _without(value: Json, names: frozenset[str]) -> Json:
    return {name: member for name, member in value.items() if name not in names}
