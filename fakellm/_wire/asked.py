"""A request in neutral form: chat's, whatever API it came by.

The form is that of chat completions, in which scripts are written and prompts are billed. Source:
``CreateChatCompletionRequest`` of the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic_core import from_json

from fakellm._anyjson import object_of, objects_of
from fakellm._wire.answer import CallKind
from fakellm._wire.canonical import canonical_json, digest, message_texts
from fakellm._wire.claim import Claim
from fakellm._wire.provider import Provider
from fakellm._wire.voice import Speaker, Voice
from fakellm.tokens._billing import count_preamble, count_prompt
from fakellm.tokens._rates import CHAT_RATES, Rates

__all__ = ["BodyFacts", "ChatRequest", "Message", "Terms", "text_of"]

Message = dict[str, Any]
"""One message as it stands in the request: role, content, tool_calls, …"""

_SYSTEM_ROLES = ("system", "developer")  # a tuple, since a role may be anything, even what has no hash


class ChatRequest:
    """What a request asks, whatever the API; decoded when somebody looks into it.

    body: the JSON object as it was sent. model, messages, tools, stream and all below: in chat's form, in their
    defaults where absent or null. voice, provider: who is asked, and so how the answer looks. claim: what the path
    says. facts: what is known of the body. now: when it is answered, in seconds by the clock of who plays the answer.
    """

    __slots__ = ("_as_chat", "_body", "claim", "facts", "model", "now", "provider", "stream", "voice")

    def __init__(
        self,
        facts: BodyFacts,
        model: str,
        provider: Provider,
        voice: Voice,
        claim: Claim,
        *,
        body: dict[str, Any] | None = None,
        as_chat: dict[str, Any] | None = None,
    ) -> None:
        self.facts = facts
        self.model = model
        self.provider = provider
        self.voice = voice
        self.claim = claim
        self.stream = facts.stream if claim.stream is None else claim.stream
        self.now = 0.0
        self._body = body
        self._as_chat = as_chat

    def __repr__(self) -> str:
        return f"<ChatRequest model={self.model!r} messages={self.messages!r}>"

    def undecoded(self) -> ChatRequest:
        """Return the request as it came, whatever became of this one's body in users' hands."""
        return ChatRequest(self.facts, self.model, self.provider, self.voice, self.claim)

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
    def tools(self) -> list[dict[str, Any]]:
        """The tools offered."""
        return self.as_chat.get("tools") or []

    @property
    def n(self) -> int:
        """How many alternatives are asked for."""
        return _count(self.as_chat.get("n")) or 1

    @property
    def stop(self) -> tuple[str, ...]:
        """The texts that end an answer."""
        stop = self.as_chat.get("stop")
        stops = [stop] if isinstance(stop, str) else stop if isinstance(stop, list) else []
        return tuple(text for text in stops if isinstance(text, str) and text)

    @property
    def limit(self) -> int | None:
        """How many tokens one alternative may take; None for any number."""
        limits = (self.as_chat.get(name) for name in ("max_completion_tokens", "max_tokens"))
        return next((limit for limit in limits if type(limit) is int and limit >= 0), None)

    @property
    def top_logprobs(self) -> int | None:
        """How many likeliest tokens to list at each place; None where no logprobs are asked for."""
        return (_count(self.as_chat.get("top_logprobs")) or 0) if self.as_chat.get("logprobs") is True else None

    @property
    def response_format(self) -> dict[str, Any]:
        """The member of this name, empty where there is none."""
        return object_of(self.as_chat.get("response_format"))

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the text, kept strictly or not; empty where the request has none."""
        return object_of(object_of(self.response_format.get("json_schema")).get("schema"))

    @property
    def strict_schema(self) -> dict[str, Any] | None:
        """The JSON Schema that the text has to fit; None where the request has no strict one."""
        return self.schema if object_of(self.response_format.get("json_schema")).get("strict") is True else None

    @property
    def forced_tool(self) -> str | None:
        """The name of the one tool that has to be called; None where the model may choose."""
        choice = object_of(self.as_chat.get("tool_choice")) or object_of(self.as_chat.get("function_call"))
        named = object_of(choice.get("function")) or object_of(choice.get("custom")) or choice
        name = named.get("name")
        return name if isinstance(name, str) else None

    @property
    def must_call(self) -> str | None:
        """How the request insists on a tool call, such as "tool_choice 'required'"; None where it does not."""
        if self.as_chat.get("tool_choice") == "required" or self._allowed.get("mode") == "required":
            return "tool_choice 'required'"
        return None if self.forced_tool is None else f"{self._choosing} {self.forced_tool!r}"

    @property
    def must_not_call(self) -> str | None:
        """How the request forbids tool calls, such as "tool_choice 'none'"; None where it does not."""
        return f"{self._choosing} 'none'" if self.as_chat.get(self._choosing) == "none" else None

    @property
    def allowed_tools(self) -> tuple[str, ...] | None:
        """The names of the tools that may be called, where the request allows but some of those it offers."""
        if not self._allowed:
            return None
        return _names(map(_defined, objects_of(self._allowed.get("tools"))))

    @property
    def _allowed(self) -> dict[str, Any]:
        return object_of(object_of(self.as_chat.get("tool_choice")).get("allowed_tools"))

    @property
    def _choosing(self) -> str:
        """The parameter that says which tool is called."""
        return "function_call" if not self.tools and self.as_chat.get("functions") else "tool_choice"

    @property
    def one_call_at_most(self) -> bool:
        """Whether an answer may hold but one tool call."""
        return self.as_chat.get("parallel_tool_calls") is False or not self.tools

    def call_kind(self, name: str) -> CallKind:
        """Return how a call of a tool stands on the wire."""
        if not self.tools and self.as_chat.get("functions"):
            return "function_call"
        return "custom" if any(object_of(tool.get("custom")).get("name") == name for tool in self.tools) else "function"

    def parameters_of(self, name: str) -> dict[str, Any]:
        """Return the JSON Schema of a function's arguments; empty where there is none."""
        return object_of(self._function(name).get("parameters"))

    def strict_parameters_of(self, name: str) -> dict[str, Any] | None:
        """Return the JSON Schema that the arguments of a function have to fit; None where it has no strict one."""
        return self.parameters_of(name) if self._function(name).get("strict") is True else None

    def _function(self, name: str) -> dict[str, Any]:
        functions = [object_of(tool.get("function")) for tool in self.tools] + objects_of(self.as_chat.get("functions"))
        return next((function for function in functions if function.get("name") == name), {})

    @property
    def last_user(self) -> str | None:
        """The text of the newest user message; None where there is none."""
        return next((text_of(m) for m in reversed(self.messages) if m.get("role") == "user"), None)

    @property
    def user_texts(self) -> tuple[str, ...]:
        """The texts of the user messages, in order."""
        return tuple(text_of(m) for m in self.messages if m.get("role") == "user")

    @property
    def question(self) -> str | None:
        """The text of the newest user message while nothing but system messages follows it."""
        for message in reversed(self.messages):
            if message.get("role") == "user":
                return text_of(message)
            if message.get("role") not in _SYSTEM_ROLES:
                return None
        return None

    @property
    def tool_results(self) -> tuple[str, ...]:
        """The texts of the tool messages at the end, in order; empty where the end is no tool message."""
        texts: list[str] = []
        for message in reversed(self.messages):
            if message.get("role") != "tool":
                break
            texts.append(text_of(message))
        return tuple(reversed(texts))

    @property
    def system_texts(self) -> tuple[str, ...]:
        """The texts of the system and developer messages, in order."""
        return tuple(text_of(m) for m in self.messages if m.get("role") in _SYSTEM_ROLES)

    @property
    def turn(self) -> int:
        """How many assistant messages the request already holds, 0 first."""
        return sum(m.get("role") == "assistant" for m in self.messages)

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The names of the tools offered, in order; of functions, custom tools and the older ``functions``."""
        return _names([*map(_defined, self.tools), *objects_of(self.as_chat.get("functions"))])


def _defined(tool: dict[str, Any]) -> dict[str, Any]:
    """Return what a tool says of itself, a function or a custom one."""
    return object_of(tool.get("custom", tool.get("function")))


def _names(defined: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(name for one in defined if isinstance(name := one.get("name"), str))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def text_of(message: Message) -> str:
    """Return the text of a message; text parts are joined by line breaks, other parts left out."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


class Terms:
    """Facts about what a body says beside its messages, which most calls of a session have in common.

    canonical: its canonical JSON. preamble: what is billed for its tools and its format, in tokens, by the rates of the
    API. accepted: by whom it was accepted.
    """

    __slots__ = ("accepted", "canonical", "preamble", "rates")

    def __init__(self, data: bytes, rates: Rates = CHAT_RATES) -> None:
        terms = from_json(data)
        self.rates = rates
        self.canonical = canonical_json(terms)
        self.preamble = count_preamble(terms, rates)
        self.accepted: set[object] = set()


class BodyFacts:
    """What is expensive to know about the body of a request: its hash, its price, whether it was accepted.

    They are learned from a body that was decoded just now, never from one that is in users' hands and may change there.
    """

    __slots__ = ("accepted", "canonical", "data", "prompt_tokens", "stream", "terms", "to_chat")

    terms: Terms
    """What it says beside its messages."""
    canonical: bytes
    """A hash, equal for requests of equal canonical JSON."""
    prompt_tokens: int
    """What the prompt is billed."""
    stream: bool
    """Whether a stream is asked for."""

    def __init__(self, data: bytes, to_chat: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> None:
        self.data = data
        self.to_chat = to_chat
        """Makes chat's form of the decoded body; None where it is that form."""
        self.accepted: tuple[object, str] | None = None
        """By whom, and for which model, it was accepted when it was checked last; None before."""

    def learn(self, as_chat: dict[str, Any], terms: Terms, prompt_tokens: int | None) -> None:
        """Find out about the body, decoded just now.

        as_chat: in chat's form. prompt_tokens: what it is billed; None for what its messages are, in a chat.
        """
        self.terms = terms
        self.canonical = digest(self.terms.canonical, *message_texts(as_chat["messages"]))
        if prompt_tokens is None:
            prompt_tokens = count_prompt(as_chat, preamble=terms.preamble, rates=terms.rates)
        self.prompt_tokens = prompt_tokens
        self.stream = bool(as_chat.get("stream"))
