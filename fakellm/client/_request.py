"""The body of a request, from the arguments of ``create`` and what is known about the model.

Source: the behaviour of autogen-ext 0.7.5; the steps come in its order, since the first mistake is what is raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from pydantic import BaseModel

from fakellm.client._arguments import call_arguments
from fakellm.client._messages import Naming, to_wire_messages
from fakellm.client._strict_schema import response_format_for
from fakellm.client._tools import ToolChoice, to_wire_tool_choice, to_wire_tools
from fakellm.client._warn import warn
from fakellm.models import AssistantMessage, Image, LLMMessage, ModelInfo, SystemMessage, Tool, ToolSchema, UserMessage

__all__ = ["Prepared", "RequestMaker"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is ready to be sent.

    body: as on the wire. options: what concerns the transport alone: timeout. structured: the class whose
    object the answer has to be.
    """

    body: dict[str, Any]
    options: dict[str, Any]
    structured: type[BaseModel] | None

    @property
    def model(self) -> str:
        """The model that is asked."""
        return str(self.body["model"])


class RequestMaker:
    """Makes requests for one client. defaults: the parameters of every request."""

    def __init__(self, defaults: Mapping[str, Any], info: ModelInfo, naming: Naming) -> None:
        self._defaults = defaults
        self._info = info
        self._naming = naming

    def make(
        self,
        messages: Sequence[LLMMessage],
        tools: Sequence[Tool | ToolSchema],
        tool_choice: ToolChoice,
        json_output: bool | type[BaseModel] | None,
        extra: Mapping[str, Any],
        *,
        stream: bool,
    ) -> Prepared:
        """Return the request.

        Raises:
            ValueError: the model cannot do what is asked, or messages, tools or arguments that nobody accepts.
            TypeError: an argument that is given twice.
        """
        arguments = call_arguments(self._defaults, extra)
        structured = self._choose_format(arguments, json_output)
        wire_messages = self._wire_messages(messages, arguments["model"])
        if tools and self._info["function_calling"] is False:
            raise ValueError("Model does not support function calling; remove tools, or correct its model_info")
        wire_tools = to_wire_tools(tools)
        choice = to_wire_tool_choice(tool_choice, wire_tools)
        if wire_tools:
            arguments |= {"tools": wire_tools, "tool_choice": choice}
        if structured is not None:
            _check_strict(wire_tools)
            arguments["response_format"] = response_format_for(structured)
        options = {"timeout": arguments.pop("timeout")} if "timeout" in arguments else {}
        more = arguments.pop("extra_body", None) or {}
        return Prepared({"messages": wire_messages, **arguments, "stream": stream, **more}, options, structured)

    def wire_messages(self, messages: Sequence[LLMMessage], model: str) -> list[list[dict[str, Any]]]:
        """Return the API's messages for each message."""
        return to_wire_messages(messages, model=model, family=self._info["family"], naming=self._naming)

    def _choose_format(
        self, arguments: dict[str, Any], json_output: bool | type[BaseModel] | None
    ) -> type[BaseModel] | None:
        """Settle response_format; return the class of structured output, whose format is made later."""
        structured: type[BaseModel] | None = None
        if _is_model(given := arguments.get("response_format")):
            self._require("structured_output", "structured output")
            warn("response_format with a pydantic class is deprecated; use json_output", DeprecationWarning)
            structured = given
            del arguments["response_format"]
        if _is_model(json_output):
            self._require("structured_output", "structured output")
            if structured is not None:
                raise ValueError("response_format and json_output both name a pydantic class; pass json_output alone")
            structured = json_output
        elif isinstance(json_output, bool):
            if json_output:
                self._require("json_output", "JSON output")
            arguments["response_format"] = {"type": "json_object" if json_output else "text"}
        elif json_output is not None:
            raise ValueError(f"json_output must be a boolean or a pydantic class, got {json_output!r}")
        if structured is not None and "response_format" in arguments:
            warn("response_format is ignored, since the output is to be an object of a pydantic class")
            del arguments["response_format"]
        return structured

    def _require(self, ability: str, name: str) -> None:
        if not self._info.get(ability, False):
            raise ValueError(f"Model does not support {name}: its model_info has no {ability}=True")

    def _wire_messages(self, messages: Sequence[LLMMessage], model: str) -> list[dict[str, Any]]:
        if self._info["vision"] is False and any(map(_has_image, messages)):
            raise ValueError("Model does not support vision and an image was given; its model_info has vision=False")
        if not self._info.get("multiple_system_messages", False):
            messages = _with_one_system_message(messages)
        if model.startswith("claude-"):
            messages = _without_trailing_space(messages)
        return [wire for group in self.wire_messages(messages, model) for wire in group]


def _is_model(value: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _has_image(message: LLMMessage) -> bool:
    return (
        isinstance(message, UserMessage)
        and isinstance(message.content, list)
        and any(isinstance(part, Image) for part in message.content)
    )


def _with_one_system_message(messages: Sequence[LLMMessage]) -> Sequence[LLMMessage]:
    """Merge neighbouring system messages; a merged text that is empty is left out.

    Raises:
        ValueError: system messages with others between them.
    """
    places = [place for place, message in enumerate(messages) if isinstance(message, SystemMessage)]
    if not places:
        return messages
    first, last = places[0], places[-1]
    if last - first + 1 != len(places):
        raise ValueError(
            f"messages {places} are system messages that are not next to each other, which this model does not "
            "accept; set multiple_system_messages=True in its model_info if it does"
        )
    text = "\n".join(m.content for m in messages[first : last + 1] if isinstance(m, SystemMessage)).rstrip()
    return [*messages[:first], *([SystemMessage(content=text)] if text else []), *messages[last + 1 :]]


def _without_trailing_space(messages: Sequence[LLMMessage]) -> Sequence[LLMMessage]:
    """Strip the end of a final assistant text, which Anthropic's API demands; the caller's message stays as it is.

    Raises:
        IndexError: there is no message.
    """
    if not messages:
        raise IndexError("Anthropic's API needs at least one message, got none")
    last = messages[-1]
    if not (isinstance(last, AssistantMessage) and isinstance(last.content, str)):
        return messages
    return [*messages[:-1], last.model_copy(update={"content": last.content.rstrip()})]


def _check_strict(tools: Sequence[Mapping[str, Any]]) -> None:
    # Source: the SDK's parse() and stream(), which refuse tools whose arguments it could not parse.
    for tool in tools:
        if tool["function"]["strict"] is not True:
            raise ValueError(
                f"{tool['function']['name']!r} is not strict. Structured output takes strict tools only; "
                "make it with strict=True"
            )
