"""How an API speaks, whether or not a dialect reads it: its errors, the marks of its streams, what its answers say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic_core import to_json

from fakellm._wire.errors import ErrorBody, ScriptedError, error_object, render_error
from fakellm._wire.events import WireEvent
from fakellm._wire.parts import Reasoning, ToolCall
from fakellm._wire.provider import Headers, Json, Provider
from fakellm._wire.sse import encode_event
from fakellm.tokens._rates import CHAT_RATES, Rates

__all__ = ["CHAT_MARKS", "MESSAGE_FIELDS", "SOMEBODY", "Heard", "Marks", "Speaker", "Voice"]


@dataclass(frozen=True, slots=True)
class Marks:
    """How the streams of an API are told apart from others.

    end: matches the end mark of a whole stream, at the end of its bytes. chunk: the JSON of a chunk that says little,
    in three pieces: between the first two a line may break, before the last it may be cut. event, error_event: names of
    its event and of one that carries an error, None where events have none. has_answer: whether the end mark holds the
    answer, which is lost without it.
    """

    end: re.Pattern[bytes]
    chunk: tuple[bytes, bytes, bytes]
    event: str | None = None
    error_event: str | None = None
    has_answer: bool = False

    def has_ended(self, body: bytes) -> bool:
        """Whether these are the bytes of a whole stream."""
        return self.end.search(body) is not None

    def without_end(self, body: bytes) -> bytes:
        """Return a stream without its end mark."""
        return self.end.sub(b"", body)


CHAT_MARKS = Marks(
    end=re.compile(rb"^data: ?\[DONE\]\s*\Z", re.MULTILINE),
    chunk=(b'{"id": "chatcmpl-fault", "choices": [{"index": 0,', b' "delta": {"content": "', b'?"}}]}'),
)


@dataclass(slots=True)
class Heard:
    """An answer read back from its bytes; of several choices the first.

    tool_calls: (name, arguments text), or the input of a custom tool. hosted: the same of what the API ran itself.
    error: the message of an error object. usage: by chat's names, None where none was sent.
    """

    text: str = ""
    tool_calls: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""
    usage: dict[str, Any] | None = None
    reasoning: str = ""
    refusal: str = ""
    hosted: list[tuple[str, str]] = field(default_factory=list)


MESSAGE_FIELDS = frozenset(
    {
        "text",
        "tool_calls",
        "refusal",
        "reasoning",
        "parts",
        "finish_reason",
        "logprobs",
        "choices",
        "parsed",
        "chunks",
        "extra",
    }
)
"""The fields of a Reply that make a message of a model."""


class Voice:
    """How an API tells errors, ends streams and is heard, whether or not a dialect speaks it."""

    endpoint: str = ""
    """The name by which tests know it, such as ``chat``; empty for what is not spoken."""
    family: str = ""
    """The APIs that it belongs to, such as ``openai``, where a provider may have quirks for all of them."""
    spoken_at: str = ""
    """Where it is spoken, for messages, such as ``…/chat/completions``."""
    call_ids: tuple[str, int] = ("call_", 24)
    """How ids of tool calls are made: what they begin with, and how many letters follow."""
    takes: frozenset[str] = MESSAGE_FIELDS
    """The fields of a Reply that an answer has a place for, beside its usage and how it is sent."""
    rates: Rates = CHAT_RATES
    """What it bills beside the tokens of texts."""
    caches: tuple[int, int] | None = None
    """The least tokens of a prompt whose beginning is cached, and the steps in which it is; None where none is."""
    part_kind: str = ""
    """What a mapping among the parts of a reply is here, such as ``an output item``; empty where it has no place."""
    marks: Marks = CHAT_MARKS
    """What ends a stream, and a chunk to spoil one with; those of chat unless an API has its own."""
    request_id_header: str = "x-request-id"
    """The response header with the id of the request."""

    def hear(self, body: bytes) -> Heard | None:
        """Read back an answer, whole or a stream; None where the body is neither."""
        return None

    def hear_part(self, part: Mapping[str, Any]) -> str | ToolCall | Reasoning | None:
        """Return what a mapping among the parts of a reply says, for bill and journal; None for nothing of these."""
        return None

    def envelope(self, error: ErrorBody, status: int, provider: Provider) -> Json:
        """Return the JSON object that carries an error; unless an API has its own, that of OpenAI, which most copy."""
        return error_object(error)

    def error_event(self, error: ErrorBody, status: int, provider: Provider, before: bytes) -> bytes:
        """Return the event that carries an error in a stream. before: the bytes of the stream so far."""
        return encode_event(to_json(self.envelope(error, status, provider)), event=self.marks.error_event)

    def status(self, error: ScriptedError, provider: Provider) -> int:
        """Return the status of a scripted error; where a test gave a name alone, the API may have another."""
        return error.status

    def words(self, error: ScriptedError, provider: Provider) -> ErrorBody:
        """Return a scripted error with what the API says where the test leaves it open.

        ``{model}``, ``{wait}``, ``{limit}`` and ``{used}`` in its message are filled in by who asks.
        """
        kind = error.type or ("server_error" if error.status >= 500 else "invalid_request_error")
        return ErrorBody(error.message or f"Scripted error {error.status}", kind, error.param, error.code)


class Speaker(NamedTuple):
    """The answering side of one request: API, provider, model."""

    voice: Voice
    provider: Provider
    model: str

    def words(self, error: ScriptedError, **facts: object) -> ErrorBody:
        """Return a scripted error in full. facts: what stands in the place of ``{names}`` in the API's own words."""
        said = self.voice.words(error, self.provider)
        if error.message is not None:
            return said
        message = said.message
        for name, value in {"model": self.model, **facts}.items():
            message = message.replace(f"{{{name}}}", str(value))
        return ErrorBody(message, said.type, said.param, said.code)

    def status(self, error: ScriptedError) -> int:
        """Return the status of a scripted error."""
        return self.voice.status(error, self.provider)

    @property
    def is_known(self) -> bool:
        """Whether the provider is known to speak this API; what it says there is left alone where not."""
        return self.provider.is_known_at(self.voice.endpoint, self.voice.family)

    @property
    def itself(self) -> Speaker:
        """The same without the provider's words and headers, for the fake's own messages."""
        return Speaker(self.voice, SOMEBODY.provider, self.model)

    def envelope(self, error: ErrorBody, status: int) -> Json:
        """Return the JSON object that carries an error."""
        return self.voice.envelope(error, status, self.provider)

    def refuse(
        self, status: int, error: ErrorBody, *, request_id: str, headers: Headers = (), wait: str = "1ms"
    ) -> Iterator[WireEvent]:
        """Yield an error as the API sends it, with all headers of the provider; every error goes through here.

        headers: laid over those. wait: how long a client should, where a limit is reached.
        """
        usual = self.provider.headers_for(status, request_id, wait=wait)
        return render_error(
            status,
            error,
            request_id=request_id,
            headers=usual + headers,
            envelope=self.envelope,
            request_id_header=self.voice.request_id_header,
        )


SOMEBODY = Speaker(Voice(), Provider(name="plain"), "gpt-x")
"""Who answers where nobody was asked."""
