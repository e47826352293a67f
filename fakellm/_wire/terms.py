"""What a request asks beside its messages: limits, tools, the form of the answer.

The form is that of chat completions, see ``asked``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from fakellm._anyjson import object_of, objects_of
from fakellm._wire.answer import CallKind

__all__ = ["Terms"]


class Terms(ABC):
    """What a request asks beside its messages: read off its JSON object, in its default where absent or null."""

    __slots__ = ()

    @property
    @abstractmethod
    def as_chat(self) -> dict[str, Any]:
        """The whole JSON object in chat's form."""

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
        if self.as_chat.get("tool_choice") is self.as_chat.get("function_call") is None:
            return None
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
