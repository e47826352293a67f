"""How AutoGen counts the tokens of a request: an approximation of its own, kept because budgets rely on it.

Source: the behaviour of autogen-ext 0.7.5, ``count_tokens`` of its OpenAI client. Schemas that make it fail are
counted by their text here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fakellm.client._tools import to_wire_tools
from fakellm.models import Image, LLMMessage, Tool, ToolSchema, UserMessage

if TYPE_CHECKING:
    from fakellm.tokens import Encoding

__all__ = ["count_request", "count_text"]

_log = logging.getLogger("autogen_core.trace")

_PER_REQUEST = 3
_PER_MESSAGE = 3
_PER_NAME = 1
_PER_TOOL = -2
_PER_PROPERTIES = 11
_NO_PROPERTIES = -2
_ANY_TOOLS = 12

# A picture is scaled down, then costs a basis and so much for each tile.
# Source: https://platform.openai.com/docs/guides/images-vision (gpt-4o, high detail), rounded as in autogen-ext 0.7.5.
_LONGEST_SIDE = 2048  # pixels
_SHORTEST_SIDE = 768
_TILE = 512
_BASIS = 85  # tokens
_PER_TILE = 170

Wire = Mapping[str, Any]


def count_text(model: str, text: str) -> int:
    """Count the tokens of a text alone."""
    return _encoding(model).count(text)


def count_request(
    model: str, messages: Sequence[LLMMessage], wire: Sequence[Sequence[Wire]], tools: Sequence[Tool | ToolSchema]
) -> int:
    """Count the tokens of messages and tools. wire: the API's messages for each message."""
    encoding = _encoding(model)
    total = _PER_REQUEST + _PER_MESSAGE * len(messages)
    for message, parts in zip(messages, wire, strict=True):
        total += sum(_count_message(encoding, message, part) for part in parts)
    total += sum(_count_tool(encoding, tool["function"]) for tool in to_wire_tools(tools))
    return total + (_ANY_TOOLS if tools else 0)


def _encoding(model: str) -> Encoding:
    from fakellm.tokens._encodings import counting_encoding  # most programs never count

    return counting_encoding(model)


def _count_message(encoding: Encoding, message: LLMMessage, wire: Wire) -> int:
    total = _PER_NAME if "name" in wire else 0
    for field, value in wire.items():
        if field == "content" and isinstance(value, list) and isinstance(message, UserMessage):
            total += _count_parts(encoding, message.content, value)
        elif value is not None:
            total += encoding.count(_text(value))
    return total


def _count_parts(encoding: Encoding, content: Sequence[str | Image], wire: Sequence[Wire]) -> int:
    return sum(
        _count_image(*part.image.size) if isinstance(part, Image) else encoding.count(json.dumps(shown))
        for part, shown in zip(content, wire, strict=True)
    )


def _count_image(width: int, height: int) -> int:
    """Count the tokens of a picture of so many pixels."""
    if max(width, height) > _LONGEST_SIDE:
        width, height = _scaled(width, height, longest=_LONGEST_SIDE)
    if min(width, height) > _SHORTEST_SIDE:
        width, height = _scaled(width, height, shortest=_SHORTEST_SIDE)
    return _BASIS + _PER_TILE * -(-width // _TILE) * -(-height // _TILE)


def _scaled(width: int, height: int, *, longest: int | None = None, shortest: int | None = None) -> tuple[int, int]:
    """Return a size of the same shape, one side given, the other cut to an integer as floats have it."""
    shape = width / height
    if longest is not None:
        return (longest, int(longest / shape)) if shape > 1 else (int(longest * shape), longest)
    assert shortest is not None
    return (int(shortest * shape), shortest) if shape > 1 else (shortest, int(shortest / shape))


def _count_tool(encoding: Encoding, function: Wire) -> int:
    total = encoding.count(function["name"]) + encoding.count(function["description"]) + _PER_TOOL
    properties = function["parameters"].get("properties")
    if properties is None:
        return total
    total += _PER_PROPERTIES + (0 if properties else _NO_PROPERTIES)
    return total + sum(encoding.count(name) + _count_schema(encoding, schema) for name, schema in properties.items())


def _count_schema(encoding: Encoding, schema: Wire) -> int:
    total = 0
    for field, value in schema.items():
        if field in _FIELDS:
            total += _FIELDS[field](encoding, value)
        else:
            _log.warning("Not supported field %s", field)
    return total


def _count_any_of(encoding: Encoding, members: Sequence[Wire]) -> int:
    return -3 + sum(3 + encoding.count(_text(member.get("type", member))) for member in members)


def _count_enum(encoding: Encoding, values: Sequence[Any]) -> int:
    return -3 + sum(3 + encoding.count(_text(value)) for value in values)


def _count_value(encoding: Encoding, value: Any) -> int:
    return 2 + encoding.count(_text(value))


_FIELDS: Mapping[str, Callable[[Encoding, Any], int]] = MappingProxyType(
    {
        "type": _count_value,
        "description": _count_value,
        "title": _count_value,
        "default": lambda encoding, value: 2 + encoding.count(json.dumps(value)),
        "anyOf": _count_any_of,
        "enum": _count_enum,
    }
)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
