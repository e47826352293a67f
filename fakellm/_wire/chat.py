"""Chat completions: request bytes to ChatRequest; ``chat_render`` writes the answers.

Source: ``CreateChatCompletionRequest`` of the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json, to_json

from fakellm._anyjson import object_of, objects_of
from fakellm._memo import Memo
from fakellm._wire import rejections
from fakellm._wire.body_facts import BodyFacts, Terms
from fakellm._wire.chat_render import render_stream, render_whole
from fakellm._wire.chat_rules import check_key, check_request, deployment
from fakellm._wire.completion import CallKind, Completion
from fakellm._wire.errors import Rejected
from fakellm._wire.events import WireEvent, WireRequest
from fakellm._wire.providers import OPENAI, Provider, provider_of
from fakellm._wire.strictness import STRICT, Strictness

__all__ = ["CHAT", "ChatDialect", "ChatRequest", "Message", "text_of"]

Message = dict[str, Any]
"""One message as it stands in the request: role, content, tool_calls, …"""

# Bytes of bodies that are known when they come again; an agent's session of 50 calls has 500,000.
_REMEMBERED = 2_000_000

_SYSTEM_ROLES = ("system", "developer")  # a tuple, since a role may be anything, even what has no hash


class ChatRequest:
    """A request for a chat completion, decoded when somebody looks into it.

    body: the whole JSON object. model, messages, tools, stream: its members, in their defaults where
    absent or null. provider: who is asked, and so how the answer looks. facts: what is known of the body.
    """

    __slots__ = ("_body", "facts", "model", "provider", "stream")

    endpoint = "chat"

    def __init__(
        self, facts: BodyFacts, model: str, provider: Provider = OPENAI, *, body: dict[str, Any] | None = None
    ) -> None:
        self.facts = facts
        self.model = model
        self.provider = provider
        self.stream = facts.stream
        self._body = body

    def __repr__(self) -> str:
        return f"<ChatRequest model={self.model!r} messages={self.messages!r}>"

    def undecoded(self) -> ChatRequest:
        """Return the request as it came, whatever became of this one's body in users' hands."""
        return ChatRequest(self.facts, self.model, self.provider)

    @property
    def body(self) -> dict[str, Any]:
        """The whole JSON object."""
        if self._body is None:
            self._body = from_json(self.facts.data, allow_inf_nan=False)
        return self._body

    @property
    def messages(self) -> list[Message]:
        """The messages, oldest first."""
        messages: list[Message] = self.body["messages"]
        return messages

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The tools offered."""
        return self.body.get("tools") or []

    @property
    def include_usage(self) -> bool:
        """Whether a stream is to end with a chunk that carries the usage."""
        return bool((self.body.get("stream_options") or {}).get("include_usage"))

    @property
    def include_obfuscation(self) -> bool:
        """Whether chunks are padded; they are unless the request says no."""
        return (self.body.get("stream_options") or {}).get("include_obfuscation") is not False

    @property
    def n(self) -> int:
        """How many alternatives are asked for."""
        return _count(self.body.get("n")) or 1

    @property
    def stop(self) -> tuple[str, ...]:
        """The texts that end an answer."""
        stop = self.body.get("stop")
        stops = [stop] if isinstance(stop, str) else stop if isinstance(stop, list) else []
        return tuple(text for text in stops if isinstance(text, str) and text)

    @property
    def limit(self) -> int | None:
        """How many tokens one alternative may take; None for any number."""
        return _count(self.body.get("max_completion_tokens")) or _count(self.body.get("max_tokens"))

    @property
    def top_logprobs(self) -> int | None:
        """How many likeliest tokens to list at each place; None where no logprobs are asked for."""
        return (_count(self.body.get("top_logprobs")) or 0) if self.body.get("logprobs") is True else None

    @property
    def response_format(self) -> dict[str, Any]:
        """The member of this name, empty where there is none."""
        return object_of(self.body.get("response_format"))

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
        choice = object_of(self.body.get("tool_choice")) or object_of(self.body.get("function_call"))
        named = object_of(choice.get("function")) or object_of(choice.get("custom")) or choice
        name = named.get("name")
        return name if isinstance(name, str) else None

    @property
    def must_call(self) -> str | None:
        """How the request insists on a tool call, such as "tool_choice 'required'"; None where it does not."""
        if self.body.get("tool_choice") == "required" or self._allowed.get("mode") == "required":
            return "tool_choice 'required'"
        return None if self.forced_tool is None else f"{self._choosing} {self.forced_tool!r}"

    @property
    def must_not_call(self) -> str | None:
        """How the request forbids tool calls, such as "tool_choice 'none'"; None where it does not."""
        return f"{self._choosing} 'none'" if self.body.get(self._choosing) == "none" else None

    @property
    def allowed_tools(self) -> tuple[str, ...] | None:
        """The names of the tools that may be called, where the request allows but some of those it offers."""
        if not self._allowed:
            return None
        return _names(map(_defined, objects_of(self._allowed.get("tools"))))

    @property
    def _allowed(self) -> dict[str, Any]:
        return object_of(object_of(self.body.get("tool_choice")).get("allowed_tools"))

    @property
    def _choosing(self) -> str:
        """The parameter that says which tool is called."""
        return "function_call" if not self.tools and self.body.get("functions") else "tool_choice"

    @property
    def one_call_at_most(self) -> bool:
        """Whether an answer may hold but one tool call."""
        return self.body.get("parallel_tool_calls") is False or not self.tools

    def call_kind(self, name: str) -> CallKind:
        """Return how a call of a tool stands on the wire."""
        if not self.tools and self.body.get("functions"):
            return "function_call"
        return "custom" if any(object_of(tool.get("custom")).get("name") == name for tool in self.tools) else "function"

    def parameters_of(self, name: str) -> dict[str, Any]:
        """Return the JSON Schema of a function's arguments; empty where there is none."""
        return object_of(self._function(name).get("parameters"))

    def strict_parameters_of(self, name: str) -> dict[str, Any] | None:
        """Return the JSON Schema that the arguments of a function have to fit; None where it has no strict one."""
        return self.parameters_of(name) if self._function(name).get("strict") is True else None

    def _function(self, name: str) -> dict[str, Any]:
        functions = [object_of(tool.get("function")) for tool in self.tools] + objects_of(self.body.get("functions"))
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
        return _names([*map(_defined, self.tools), *objects_of(self.body.get("functions"))])


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


class ChatDialect:
    """``POST …/chat/completions``."""

    endpoint = "chat"

    def __init__(self) -> None:
        self._facts = Memo(BodyFacts, limit=_REMEMBERED)
        self._terms = Memo(Terms, limit=_REMEMBERED)

    def decode(
        self, request: WireRequest, strictness: Strictness = STRICT, provider: Provider | None = None
    ) -> ChatRequest:
        """Read the body of a request. provider: who is asked; None takes the one at its URL.

        Raises:
            Rejected: with the error that the real API would send.
        """
        provider = provider or provider_of(request.host, request.path)
        if strictness.strict:
            check_key(request, provider)
        facts, by = self._facts[request.body], (request.path, strictness, provider)
        if (accepted := facts.accepted) is not None and accepted[0] == by:
            return ChatRequest(facts, accepted[1], provider)
        body = _decode_object(request.body)
        model = _model(body, request)
        key = to_json({name: value for name, value in body.items() if name != "messages"}, inf_nan_mode="constants")
        known = self._terms.get(key)
        are_known = known is not None and by in known.accepted
        check_request(body, model, strictness, provider, size=len(request.body), are_terms_known=are_known)
        terms = self._terms[key]
        terms.accepted.add(by)
        if accepted is None:
            facts.learn(body, terms)
        facts.accepted = by, model
        return ChatRequest(facts, model, provider, body=body)

    def render(self, completion: Completion, request: ChatRequest) -> Iterable[WireEvent]:
        """Return the response: one JSON object, or an event stream where the request asks for one."""
        if not request.stream:
            return render_whole(completion, request.provider)
        return render_stream(
            completion,
            request.provider,
            include_usage=request.include_usage,
            obfuscate=request.include_obfuscation and request.provider.obfuscates,
        )


CHAT = ChatDialect()


def _model(body: dict[str, Any], request: WireRequest) -> str:
    model = body.get("model") or deployment(request)
    if model is None or model == "":
        raise Rejected(rejections.NO_MODEL)
    if not isinstance(model, str):
        raise Rejected(rejections.wrong_type("model", "a string", model))
    return model


def _decode_object(body: bytes) -> dict[str, Any]:
    try:
        decoded = from_json(body, allow_inf_nan=False)
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict):
        raise Rejected(rejections.INVALID_JSON)
    return decoded
