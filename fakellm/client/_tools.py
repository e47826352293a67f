"""Turn tools and tool_choice into those of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fakellm.client._names import checked_name
from fakellm.models import Tool, ToolSchema

__all__ = ["ToolChoice", "to_wire_tool_choice", "to_wire_tools"]

ToolChoice = Tool | Literal["auto", "required", "none"]


def to_wire_tools(tools: Sequence[Tool | ToolSchema]) -> list[dict[str, Any]]:
    """Return the tools as the API takes them.

    Raises:
        ValueError: something that is no tool, or a tool whose name the API does not accept.
    """
    return [{"type": "function", "function": _function(_schema(tool))} for tool in tools]


def to_wire_tool_choice(tool_choice: ToolChoice, tools: Sequence[Mapping[str, Any]]) -> str | dict[str, Any] | None:
    """Return the tool_choice to send along with tools; None where there are none, so that nothing is sent.

    tools: as on the wire.

    Raises:
        ValueError: a tool that is not among the tools, or another value than the three words.
    """
    if not isinstance(tool_choice, str) and isinstance(tool_choice, Tool):
        return _named_choice(tool_choice.schema["name"], [tool["function"]["name"] for tool in tools])
    if not tools:
        return None
    if tool_choice in ("auto", "required", "none"):
        return tool_choice
    raise ValueError(f"tool_choice must be a Tool, 'auto', 'required' or 'none', got {tool_choice!r}")


def _named_choice(name: str, offered: Sequence[str]) -> dict[str, Any]:
    if not offered:
        raise ValueError("tool_choice names a tool but no tools are given; pass tools=[...] as well")
    if name not in offered:
        raise ValueError(f"tool_choice names {name!r}, which is not among the tools {list(offered)}")
    return {"type": "function", "function": {"name": name}}


def _schema(tool: Tool | ToolSchema) -> Mapping[str, Any]:
    if isinstance(tool, Mapping):  # asked first: looking for the attributes of a Tool takes ten times longer
        return tool
    if isinstance(tool, Tool):
        return tool.schema
    raise ValueError(f"a tool is a Tool or a dict with its schema, got {tool!r}")


def _function(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": checked_name(schema["name"]),
        "description": schema.get("description", ""),
        "parameters": schema.get("parameters", {}),
        "strict": schema.get("strict", False),
    }
