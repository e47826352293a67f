"""Requests of the Responses API in chat's form: instructions and items to messages, flat tools to nested ones.

Source: ``CreateResponse`` and ``InputItem`` of the OpenAPI document, and recorded requests, 2025 to 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fakellm._anyjson import compact, list_of, object_of, objects_of, text_of
from fakellm._wire.provider import Json

__all__ = ["call_id_of", "included", "is_message", "is_reference", "items_of", "messages_of", "to_chat"]

LOGPROBS = "message.output_text.logprobs"
"""What ``include`` holds where log probabilities are asked for."""

# Members that have another name or shape in chat; all others stay as they are.
_TRANSLATED = frozenset({"input", "instructions", "max_output_tokens", "text", "tool_choice", "tools"})


def to_chat(body: Json, before: Sequence[Json] = (), referred: Mapping[str, Json] = MappingProxyType({})) -> Json:
    """Return a request in chat's form. Members that chat has no name for stay under their own.

    before: the items that it builds on. referred: id -> item, of those that it refers to.
    """
    text, reasoning = object_of(body.get("text")), object_of(body.get("reasoning"))
    translated = {
        "tools": list(_tools(objects_of(body.get("tools")))),
        "tool_choice": _tool_choice(body.get("tool_choice")),
        "max_completion_tokens": body.get("max_output_tokens"),
        "response_format": _format(object_of(text.get("format"))),
        "verbosity": text.get("verbosity"),
        "reasoning_effort": reasoning.get("effort"),
        "logprobs": LOGPROBS in included(body),
    }
    kept = {name: value for name, value in body.items() if name not in _TRANSLATED}
    messages = messages_of([*before, *items_of(body, referred)], text_of(body.get("instructions")))
    return {**kept, "messages": messages, **{name: value for name, value in translated.items() if value}}


def included(body: Json) -> list[Any]:
    """Return what a request asks to have included."""
    return list_of(body.get("include"))


def items_of(body: Json, referred: Mapping[str, Json] = MappingProxyType({})) -> list[Json]:
    """Return the input of a request as items; a text is one user message. referred: id -> item."""
    given = body.get("input")
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return [referred.get(str(item.get("id")), item) if is_reference(item) else item for item in objects_of(given)]


def is_reference(item: Mapping[str, Any]) -> bool:
    """Whether an item stands for one that was stored; its type may be left out."""
    return item.get("type") == "item_reference" or item.keys() == {"id"}


def is_message(item: Mapping[str, Any]) -> bool:
    """Whether an item is a message; most clients leave its type out."""
    return item.get("type", "message") == "message" and "role" in item


def messages_of(items: Iterable[Json], instructions: str = "") -> list[Json]:
    """Return items as messages. What one turn of the model says and calls is one message, as in chat."""
    messages: list[Json] = [{"role": "system", "content": instructions}] if instructions else []
    for item in items:
        message = _message(item)
        if message is not None and not (messages and _joins(messages[-1], message)):
            messages.append(message)
    return messages


def _joins(last: Json, message: Json) -> bool:
    """Add a message to the one before where both are of one turn of the model; say whether it was added."""
    if last["role"] != "assistant" or message["role"] != "assistant":
        return False
    if calls := message.get("tool_calls"):
        last["tool_calls"] = [*last.get("tool_calls", ()), *calls]
    elif last["content"] is None:
        last["content"] = message["content"]
    else:
        return False
    return True


def _message(item: Json) -> Json | None:
    """Return an item as a message; None for what chat has no message for, such as reasoning and hosted calls."""
    if is_message(item):
        return {"role": item["role"], "content": _content(item.get("content"))}
    kind, call_id = text_of(item.get("type")), call_id_of(item)
    if call_id is None:
        return None
    if kind.endswith("_output"):
        return {"role": "tool", "tool_call_id": call_id, "content": _content(item.get("output"))}
    return {"role": "assistant", "content": None, "tool_calls": [_call(kind, call_id, item)]}


def call_id_of(item: Mapping[str, Any]) -> str | None:
    """Return the id of the call that an item is, or answers. An output of a local shell has it for its own."""
    name = item.get("id" if item.get("type") == "local_shell_call_output" else "call_id")
    return name if isinstance(name, str) else None


def _call(kind: str, call_id: str, item: Json) -> Json:
    if kind == "custom_tool_call":
        return {"id": call_id, "type": "custom", "custom": {"name": item.get("name"), "input": item.get("input")}}
    # A computer, a shell, a patch: what is to be done there are the arguments.
    asked: Any = next((item[name] for name in ("arguments", "action", "actions", "operation") if name in item), {})
    name = text_of(item.get("name")) or kind.removesuffix("_call")
    arguments = asked if isinstance(asked, str) else compact(asked)
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _content(content: object) -> Any:
    """Return the content of a message, or the output of a tool."""
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        return content
    parts = [_part(part) for part in objects_of(content)]
    return parts[0]["text"] if len(parts) == 1 and parts[0].get("type") == "text" else parts


def _part(part: Json) -> Json:
    match part.get("type"):
        case "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text":
            return {"type": "text", "text": text_of(part.get("text"))}
        case "input_image" | "computer_screenshot":
            image = {"url": text_of(part.get("image_url")), "detail": part.get("detail") or "auto"}
            return {"type": "image_url", "image_url": image}
        case "input_file":
            return {"type": "file", "file": {name: value for name, value in part.items() if name != "type"}}
        case None if "stdout" in part:  # of a shell
            return {"type": "text", "text": text_of(part["stdout"]) + text_of(part.get("stderr"))}
        case _:
            return part


def _tools(tools: Iterable[Json]) -> Iterator[Json]:
    """Yield the tools of a request, those of a namespace one by one; hosted ones as they are."""
    for tool in tools:
        match tool.get("type"):
            case "function" | "custom" as kind:
                yield {"type": kind, kind: {name: value for name, value in tool.items() if name != "type"}}
            case "namespace":
                yield from _tools(objects_of(tool.get("tools")))
            case _:
                yield tool


def _tool_choice(choice: object) -> object:
    if not isinstance(choice, dict):
        return choice
    match choice.get("type"):
        case "function" | "custom" as kind:
            return {"type": kind, kind: {"name": choice.get("name")}}
        case "allowed_tools":
            tools = list(_tools(objects_of(choice.get("tools"))))
            return {"type": "allowed_tools", "allowed_tools": {"mode": choice.get("mode"), "tools": tools}}
        case kind:
            return {"type": kind}  # of a hosted tool, whose name is no function's


def _format(given: Json) -> Json | None:
    if given.get("type") != "json_schema":
        return given or None
    return {"type": "json_schema", "json_schema": {name: value for name, value in given.items() if name != "type"}}
