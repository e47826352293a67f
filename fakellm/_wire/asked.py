"""A request in neutral form: chat's, whatever API it came by.

The form is that of chat completions, in which scripts are written and prompts are billed. Source:
``CreateChatCompletionRequest`` of the OpenAPI document.
"""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from fakellm._wire.claim import Claim
from fakellm._wire.known import BodyFacts
from fakellm._wire.provider import Provider
from fakellm._wire.terms import Terms
from fakellm._wire.voice import Speaker, Voice

__all__ = ["ChatRequest", "Message", "text_of"]

Message = dict[str, Any]
"""One message as it stands in the request: role, content, tool_calls, …"""

_SYSTEM_ROLES = ("system", "developer")  # a tuple, since a role may be anything, even what has no hash


class ChatRequest(Terms):
    """What a request asks, whatever the API; decoded when somebody looks into it.

    body: the JSON object as it was sent. model, messages, tools, stream and all below: in chat's form, in their
    defaults where absent or null. voice, provider: who is asked, and so how the answer looks. claim: what the path
    says. facts: what is known of the body. key: equal for requests to one path whose canonical JSON is equal. now: when
    it is answered, in seconds by the clock of who plays the answer.
    """

    __slots__ = ("_as_chat", "_body", "claim", "facts", "key", "model", "now", "provider", "stream", "voice")

    def __init__(
        self,
        facts: BodyFacts,
        model: str,
        provider: Provider,
        voice: Voice,
        claim: Claim,
        *,
        key: bytes,
        body: dict[str, Any] | None = None,
        as_chat: dict[str, Any] | None = None,
    ) -> None:
        self.facts = facts
        self.key = key
        self.model = model
        self.provider = provider
        self.voice = voice
        self.claim = claim
        self.stream = facts.terms.stream if claim.stream is None else claim.stream
        self.now = 0.0
        self._body = body
        self._as_chat = as_chat

    def __repr__(self) -> str:
        return f"<ChatRequest model={self.model!r} messages={self.messages!r}>"

    def undecoded(self) -> ChatRequest:
        """Return the request as it came, whatever became of this one's body in users' hands."""
        return self if self._body is None else self.again()

    def again(self) -> ChatRequest:
        """Return another request that is the same as it came, to be given away."""
        return ChatRequest(self.facts, self.model, self.provider, self.voice, self.claim, key=self.key)

    @property
    def endpoint(self) -> str:
        """The API that is asked, such as ``chat``."""
        return self.voice.endpoint

    @property
    def speaker(self) -> Speaker:
        """Who answers it."""
        return Speaker(self.voice, self.provider, self.model)

    @property
    def body(self) -> dict[str, Any]:
        """The whole JSON object, as it was sent."""
        if self._body is None:
            self._body = from_json(self.facts.data, allow_inf_nan=False)
        return self._body

    @property
    def as_chat(self) -> dict[str, Any]:
        """The whole JSON object in chat's form."""
        if self._as_chat is None:
            self._as_chat = self.body if self.facts.to_chat is None else self.facts.to_chat(self.body)
        return self._as_chat

    @property
    def messages(self) -> list[Message]:
        """The messages, oldest first."""
        messages: list[Message] = self.as_chat["messages"]
        return messages

    @property
    def tool_names(self) -> tuple[str, ...]:
        return self.facts.terms.tool_names

    @property
    def _sent(self) -> list[Message]:
        """The messages as they were sent, decoded already; never handed out."""
        return [known.message for known in self.facts.messages]

    @property
    def last_user(self) -> str | None:
        """The text of the newest user message; None where there is none."""
        return next((text_of(m) for m in reversed(self._sent) if m.get("role") == "user"), None)

    @property
    def user_texts(self) -> tuple[str, ...]:
        """The texts of the user messages, in order."""
        return tuple(text_of(m) for m in self._sent if m.get("role") == "user")

    @property
    def question(self) -> str | None:
        """The text of the newest user message while nothing but system messages follows it."""
        for message in reversed(self._sent):
            if message.get("role") == "user":
                return text_of(message)
            if message.get("role") not in _SYSTEM_ROLES:
                return None
        return None

    @property
    def tool_results(self) -> tuple[str, ...]:
        """The texts of the tool messages at the end, in order; empty where the end is no tool message."""
        texts: list[str] = []
        for message in reversed(self._sent):
            if message.get("role") != "tool":
                break
            texts.append(text_of(message))
        return tuple(reversed(texts))

    @property
    def system_texts(self) -> tuple[str, ...]:
        """The texts of the system and developer messages, in order."""
        return tuple(text_of(m) for m in self._sent if m.get("role") in _SYSTEM_ROLES)

    @property
    def turn(self) -> int:
        """How many assistant messages the request already holds, 0 first."""
        return sum(m.get("role") == "assistant" for m in self._sent)


def text_of(message: Message) -> str:
    """Return the text of a message; text parts are joined by line breaks, other parts left out."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))
