"""Offered tools and answer formats, as the text that the model reads and that is billed.

Tools are written as TypeScript, a format as JSON under a heading. Nobody publishes either; this rendering
reproduces the recorded calls, the cookbook's example among them. Source: recorded calls, and
https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken, part 7 (101 tokens on gpt-4o). Beyond
what is recorded: ``allOf``, lists of types, custom tools, number ranges and maps of any key (the last two
cost nothing here).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fakellm._anyjson import compact, list_of, object_of, objects_of, parsed, readable, text_of
from fakellm.tokens._encodings import get_encoding

__all__ = ["count_format", "count_tools", "render_format", "render_tools"]

# Sets of tools whose count is kept: an agent sends the same set with every call.
_REMEMBERED_TOOLS = 256

# A schema may refer to itself, or to a definition that refers to another twice, and so on: deeper and
# larger than any schema that the API takes (10 levels, 5,000 properties), a type is written as ``any``.
_DEEPEST = 32
_MOST_TYPES = 10_000
# Written for one schema, and members looked at, those within others counted again at each level: more than any
# model's context holds.
_MOST_CHARACTERS = 32 << 20

_HEADER = "namespace functions {\n\n"


def count_tools(tools: list[dict[str, Any]], encoding: str, *, header_apart: bool) -> int:
    """Count the tokens of offered tools.

    encoding: the name of the vocabulary. header_apart: whether the line that opens the namespace is tokenised by
    itself, as for reasoning models. Otherwise its end and the ``//`` of a first description are one token.

    >>> now = [{"type": "function", "function": {"name": "now", "description": "Tell the time."}}]
    >>> [count_tools(now, "o200k_base", header_apart=apart) for apart in (False, True)]
    [18, 19]
    """
    return _count_tools(_as_key(tools), encoding, header_apart)


def _as_key(tools: list[dict[str, Any]]) -> str | bytes:
    """Return the tools as JSON, from which they can be read again."""
    from pydantic_core import to_json  # here, since who counts texts alone does not need it

    try:
        return to_json(tools)  # takes an eighth of the time
    except ValueError:  # a lone surrogate
        return compact(tools)


@lru_cache(_REMEMBERED_TOOLS)
def _count_tools(tools: str | bytes, encoding: str, header_apart: bool) -> int:
    written = render_tools(objects_of(parsed(tools)))
    pieces = (_HEADER, written.removeprefix(_HEADER)) if header_apart else (written,)
    return sum(map(get_encoding(encoding).count, pieces))


def render_tools(tools: list[dict[str, Any]]) -> str:
    """Write tools, as they stand in the request, as a TypeScript namespace.

    >>> print(render_tools([{"type": "function", "function": {"name": "now", "description": "Tell the time."}}]))
    namespace functions {
    <BLANKLINE>
    // Tell the time.
    type now = () => any;
    <BLANKLINE>
    } // namespace functions
    """
    return _HEADER + "".join(map(_render_tool, tools)) + "} // namespace functions"


def _render_tool(tool: dict[str, Any]) -> str:
    if tool.get("type") == "custom":
        custom = object_of(tool.get("custom"))
        return f"{_comment(custom)}type {text_of(custom.get('name'))} = (FREEFORM) => any;\n\n"
    function = object_of(tool.get("function")) or tool  # the members of a legacy function stand by themselves
    parameters = object_of(function.get("parameters"))
    body = _Schema(parameters).properties(parameters)
    comment = _comment(parameters)
    head = f"(_:\n{comment}" if comment else "(_:"
    arguments = f"{head}{{\n{body}}})" if body else "()"
    return f"{_comment(function)}type {text_of(function.get('name'))} = {arguments} => any;\n\n"


def _comment(described: dict[str, Any]) -> str:
    """Write a description, each line a comment without its indent."""
    description = text_of(described.get("description"))
    if not description:
        return ""
    return "".join(f"// {line.strip()}".rstrip() + "\n" for line in description.split("\n"))


class _Schema:
    """Writes the types of one JSON schema. root: where references point into."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._depth = 0
        self._left = _MOST_TYPES
        self._room = _MOST_CHARACTERS

    def properties(self, schema: dict[str, Any]) -> str:
        """Write the members of an object, one a line, each below its description."""
        required = {name for name in list_of(schema.get("required")) if isinstance(name, str)}
        self._room -= len(required)
        members = object_of(schema.get("properties")).items()
        return "".join(self._property(name, object_of(inner), required=name in required) for name, inner in members)

    def _property(self, name: str, schema: dict[str, Any], *, required: bool) -> str:
        default = schema.get("default")
        comment = "" if default is None else f" // default: {readable(default)}"
        return f"{_comment(schema)}{name}{'' if required else '?'}: {self._type(schema)},{comment}\n"

    def _type(self, schema: dict[str, Any]) -> str:
        self._left -= 1
        if self._depth >= _DEEPEST or self._left < 0 or self._room < 0:
            return "any"
        self._depth += 1
        try:
            written = self._written(schema)
        finally:
            self._depth -= 1
        self._room -= len(written) + len(schema)
        return written

    def _written(self, schema: dict[str, Any]) -> str:
        match schema:
            case {"$ref": str(reference)}:
                self._room -= len(reference)
                return self._type(self._resolve(reference))
            case {"const": value}:
                return readable(value)
            case {"enum": [*values]} if values:
                return " | ".join(map(readable, values))
            case {"anyOf": [*_] as choices} | {"oneOf": [*_] as choices} if choices:
                return " | ".join(map(self._type, objects_of(choices)))
            case {"allOf": [*_] as parts} if parts:
                return " & ".join(map(self._type, objects_of(parts)))
            case {"type": [*names]}:
                shape = {name: schema[name] for name in _OF_A_TYPE if name in schema}
                return " | ".join(self._type({**shape, "type": name}) for name in names if isinstance(name, str))
            case {"type": "array"}:
                return self._type(object_of(schema.get("items"))) + "[]"
            case {"type": "object"} if body := self.properties(schema):
                return f"{{\n{body}}}"
            case {"type": str(name)}:
                return _TYPE_NAMES.get(name, name)
        return "any"

    def _resolve(self, reference: str) -> dict[str, Any]:
        """Follow a reference inside the schema; any other stands for nothing."""
        found: object = self._root
        for key in reference.removeprefix("#").strip("/").split("/") if reference.startswith("#/") else ():
            found = object_of(found).get(key.replace("~1", "/").replace("~0", "~"))
        return object_of(found)


_OF_A_TYPE = ("items", "properties", "required")
_TYPE_NAMES = {"integer": "number"}


def count_format(response_format: dict[str, Any], encoding: str) -> int:
    """Count the tokens of a ``response_format``; only ``json_schema`` costs any."""
    if response_format.get("type") != "json_schema":
        return 0
    return _count_format(compact(response_format.get("json_schema")), encoding)


@lru_cache(_REMEMBERED_TOOLS)
def _count_format(json_schema: str, encoding: str) -> int:
    # The one: on top of the text in both recorded schemas.
    return 1 + get_encoding(encoding).count(render_format(object_of(parsed(json_schema))))


def render_format(json_schema: dict[str, Any]) -> str:
    """Write the ``json_schema`` of a ``response_format`` below its heading.

    >>> schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    >>> print(render_format({"name": "Place", "description": "Where.", "schema": schema}))
    # Response Formats
    <BLANKLINE>
    ## Place
    <BLANKLINE>
    // Where.
    {"type":"object","properties":{"city":{"type":"string"}}}
    """
    heading = f"# Response Formats\n\n## {text_of(json_schema.get('name'))}\n\n"
    return heading + _comment(json_schema) + compact(_plain(object_of(json_schema.get("schema")), _DEEPEST))


def _plain(value: Any, levels: int) -> Any:
    """Leave out what a strict schema repeats, and bring it into the order that is billed."""
    if levels and isinstance(value, dict):
        members = {"type": value["type"], **value} if isinstance(value.get("type"), str) else value
        return dict(_plain_members(members, levels - 1))
    if levels and isinstance(value, list):
        return [_plain(item, levels - 1) for item in value]
    return value


def _plain_members(members: dict[str, Any], levels: int) -> Iterator[tuple[str, Any]]:
    properties = members.get("properties")
    for name, value in members.items():
        match name, value:
            case "additionalProperties", False:
                continue
            case "required", [*names] if isinstance(properties, dict) and len(names) == len(properties):
                continue
            case "const", None | bool() | int() | float() | str():  # an object is a property of this name
                yield "enum", [value]
            case _:
                yield name, _plain(value, levels)
