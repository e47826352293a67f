"""The messages and tools of a request, in the classes of ``fakellm.models``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fakellm._errors import UsageError
from fakellm.models import (
    AssistantMessage,
    FunctionCall,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    ToolSchema,
    UserMessage,
)

__all__ = ["messages_of", "tools_of"]


def messages_of(wire: Sequence[Mapping[str, Any]]) -> list[LLMMessage]:
    """Return the messages of a request as a client of ``fakellm.models`` takes them.

    Tool messages that follow each other are the results of one turn.

    Raises:
        UsageError: one holds something else than text and tool calls.
    """
    names = {call["id"]: call["function"]["name"] for message in wire for call in message.get("tool_calls") or ()}
    messages: list[LLMMessage] = []
    for message in wire:
        if message["role"] != "tool":
            messages.append(_message(message))
            continue
        result = FunctionExecutionResult(
            content=_text(message),
            name=names.get(message["tool_call_id"], ""),
            call_id=message["tool_call_id"],
            is_error=False,
        )
        last = messages[-1] if messages else None
        if isinstance(last, FunctionExecutionResultMessage):
            last.content.append(result)
        else:
            messages.append(FunctionExecutionResultMessage(content=[result]))
    return messages


def tools_of(wire: Sequence[Mapping[str, Any]]) -> list[ToolSchema]:
    """Return the function tools of a request as schemas."""
    return [_tool(tool["function"]) for tool in wire if tool.get("type") == "function"]


def _tool(function: Mapping[str, Any]) -> ToolSchema:
    tool = ToolSchema(name=function["name"])
    if "description" in function:
        tool["description"] = function["description"]
    if "parameters" in function:
        tool["parameters"] = function["parameters"]
    if "strict" in function:
        tool["strict"] = function["strict"]
    return tool


def _message(message: Mapping[str, Any]) -> LLMMessage:
    match message["role"]:
        case "system" | "developer":
            return SystemMessage(content=_text(message))
        case "user":
            return UserMessage(content=_text(message), source=message.get("name", "user"))
        case "assistant" if message.get("tool_calls"):
            calls = [_call(call) for call in message["tool_calls"]]
            return AssistantMessage(content=calls, thought=message.get("content"), source="assistant")
        case "assistant":
            return AssistantMessage(content=_text(message), source="assistant")
        case role:
            raise UsageError(f"no message of fakellm.models has the role {role!r}; give the Scenario messages=[...]")


def _call(call: Mapping[str, Any]) -> FunctionCall:
    return FunctionCall(id=call["id"], arguments=call["function"]["arguments"], name=call["function"]["name"])


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if not isinstance(content, str):
        raise UsageError(
            f"a message of the role {message['role']!r} holds {content!r}, not text alone; "
            "give the Scenario messages=[...] of fakellm.models"
        )
    return content
