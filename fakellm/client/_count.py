"""How AutoGen counts the tokens of a request: an approximation of its own, kept because budgets rely on it.

Source: the behaviour of autogen-ext 0.7.5, ``count_tokens`` of its OpenAI client.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fakellm.client._request import to_wire_messages, to_wire_tools
from fakellm.models import LLMMessage, Tool, ToolSchema
from fakellm.tokens import Encoding, encoding_for_model

__all__ = ["count_request"]

_log = logging.getLogger("autogen_core.trace")

_PER_REQUEST = 3
_PER_MESSAGE = 3
_PER_NAME = 1
_PER_TOOL = 11
_NO_PROPERTIES = -2
_ANY_TOOLS = 12


def count_request(model: str, messages: Sequence[LLMMessage], tools: Sequence[Tool | ToolSchema]) -> int:
    """Count the tokens of messages and tools; an unknown model counts, with a warning, as cl100k_base."""
    encoding = encoding_for_model(model, default=None)
    if encoding is None:
        _log.warning("Model %s not found. Using cl100k_base encoding.", model)
        encoding = encoding_for_model("gpt-4")
    total = _PER_REQUEST + _PER_MESSAGE * len(messages)
    for wire in to_wire_messages(messages):
        total += sum(_count_field(encoding, name, value) for name, value in wire.items() if value is not None)
    total += sum(_count_tool(encoding, tool["function"]) for tool in to_wire_tools(tools))
    return total + (_ANY_TOOLS if tools else 0)


def _count_field(encoding: Encoding, name: str, value: Any) -> int:
    if name == "content" and isinstance(value, list):
        return sum(encoding.count(json.dumps(part)) for part in value)
    return encoding.count(_as_text(value)) + (_PER_NAME if name == "name" else 0)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _count_tool(encoding: Encoding, function: Mapping[str, Any]) -> int:
    total = encoding.count(function["name"]) + encoding.count(function["description"]) - 2 + _PER_TOOL
    properties = function["parameters"].get("properties")
    if properties is None:
        return total
    for name, schema in properties.items():
        total += encoding.count(name) + sum(
            _SCHEMA_FIELDS[field](encoding, value) for field, value in schema.items() if field in _SCHEMA_FIELDS
        )
    return total + (0 if properties else _NO_PROPERTIES)


def _count_any_of(encoding: Encoding, members: Sequence[Mapping[str, Any]]) -> int:
    return -3 + sum(3 + encoding.count(_as_text(member.get("type", member))) for member in members)


def _count_enum(encoding: Encoding, values: Sequence[Any]) -> int:
    return -3 + sum(3 + encoding.count(_as_text(value)) for value in values)


_SCHEMA_FIELDS: Mapping[str, Callable[[Encoding, Any], int]] = {
    "type": lambda encoding, value: 2 + encoding.count(_as_text(value)),
    "description": lambda encoding, value: 2 + encoding.count(value),
    "title": lambda encoding, value: 2 + encoding.count(str(value)),
    "default": lambda encoding, value: 2 + encoding.count(json.dumps(value)),
    "anyOf": _count_any_of,
    "enum": _count_enum,
}
