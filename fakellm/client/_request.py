"""From messages and tools to the body of a request.

Source: the behaviour of autogen-ext 0.7.5, its base set of message rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from fakellm.models import (
    AssistantMessage,
    FunctionExecutionResultMessage,
    Image,
    LLMMessage,
    SystemMessage,
    Tool,
    ToolSchema,
    UserMessage,
)

__all__ = ["ToolChoice", "to_wire_messages", "to_wire_tool_choice", "to_wire_tools"]

ToolChoice = Tool | Literal["auto", "required", "none"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def to_wire_messages(messages: Sequence[LLMMessage]) -> list[dict[str, Any]]:
    """Return the messages as the API takes them.

    Raises:
        ValueError: a source that is no valid name, or a thing that is no message.
    """
    return [wire for message in messages for wire in _to_wire(message)]


def to_wire_tools(tools: Sequence[Tool | ToolSchema]) -> list[dict[str, Any]]:
    """Return the tools as the API takes them.

    Raises:
        ValueError: a tool whose name the API does not accept.
    """
    return [{"type": "function", "function": _function(tool)} for tool in tools]


def to_wire_tool_choice(tool_choice: ToolChoice, tools: Sequence[Tool | ToolSchema]) -> str | dict[str, Any] | None:
    """Return the tool_choice to send; None where there are no tools, so that nothing is sent.

    Raises:
        ValueError: a tool that is not among the tools, or another value than the three words.
    """
    if isinstance(tool_choice, str):
        if tool_choice not in ("auto", "required", "none"):
            raise ValueError(f"tool_choice must be a Tool, 'auto', 'required' or 'none', got {tool_choice!r}")
        return tool_choice if tools else None
    if not isinstance(tool_choice, Tool):
        raise ValueError(f"tool_choice must be a Tool, 'auto', 'required' or 'none', got {tool_choice!r}")
    if not tools:
        raise ValueError("tool_choice specified but no tools provided")
    names = [_schema(tool)["name"] for tool in tools]
    name = tool_choice.schema["name"]
    if name not in names:
        raise ValueError(f"tool_choice references {name!r}, which is not among the tools {names}")
    return {"type": "function", "function": {"name": name}}


def _to_wire(message: LLMMessage) -> Iterator[dict[str, Any]]:
    match message:
        case SystemMessage():
            yield {"content": message.content, "role": "system"}
        case UserMessage():
            yield {"content": _user_content(message), "role": "user", "name": _checked(message.source)}
        case AssistantMessage():
            _checked(message.source)
            yield _assistant(message)
        case FunctionExecutionResultMessage():
            for result in message.content:
                yield {"content": result.content, "role": "tool", "tool_call_id": result.call_id}
        case _:
            raise ValueError(f"Unknown message type: {type(message)}")


def _user_content(message: UserMessage) -> str | list[dict[str, Any]]:
    if isinstance(message.content, str):
        return message.content
    return [_part(part) for part in message.content]


def _part(part: str | Image) -> dict[str, Any]:
    if isinstance(part, Image):
        image: dict[str, Any] = part.to_openai_format()
        return image
    return {"type": "text", "text": part}


def _assistant(message: AssistantMessage) -> dict[str, Any]:
    if isinstance(message.content, str):
        return {"content": message.content, "role": "assistant"}
    calls = [
        {"id": call.id, "function": {"arguments": call.arguments, "name": call.name}, "type": "function"}
        for call in message.content
    ]
    return {"role": "assistant", "tool_calls": calls, "content": message.thought}


def _schema(tool: Tool | ToolSchema) -> ToolSchema:
    return tool.schema if isinstance(tool, Tool) else tool


def _function(tool: Tool | ToolSchema) -> Mapping[str, Any]:
    schema = _schema(tool)
    return {
        "name": _checked(schema["name"]),
        "description": schema.get("description", ""),
        "parameters": schema.get("parameters", {}),
        "strict": schema.get("strict", False),
    }


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"Invalid name: {name!r}. Only letters, numbers, '_' and '-' are allowed, at most 64 characters."
        )
    return name
