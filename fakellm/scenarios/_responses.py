"""A request of chat completions in the form of Responses: messages to items, nested tools to flat ones.

Source: ``CreateResponse`` and ``InputItem`` of the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fakellm._errors import UsageError

__all__ = ["as_responses"]

_Json = dict[str, Any]


def as_responses(request: Mapping[str, Any]) -> _Json:
    """Return keyword arguments for ``responses.create`` that ask for what these ask of ``chat.completions.create``.

    Raises:
        UsageError: one holds what Responses have no place for.
    """
    asked: _Json = {}
    for name, value in request.items():
        if value is None:
            continue
        for where, said in _parameter(name, value).items():
            asked[where] = {**asked[where], **said} if isinstance(asked.get(where), dict) else said
    return asked


def _parameter(name: str, value: Any) -> _Json:
    """Return what a parameter is in Responses."""
    if name in _SAME:
        return {name: value}
    if name not in _TRANSLATED:
        raise UsageError(f"Responses have no {name}")
    return _TRANSLATED[name](value)


def _messages(messages: Sequence[Mapping[str, Any]]) -> _Json:
    """Return messages as instructions, where the first one is those, and items."""
    first = messages[0] if messages else {}
    has_instructions = first.get("role") in ("system", "developer") and isinstance(first.get("content"), str)
    items = [item for message in messages[has_instructions:] for item in _items(message)]
    return {"instructions": first["content"], "input": items} if has_instructions else {"input": items}


def _items(message: Mapping[str, Any]) -> Iterator[_Json]:
    """Yield the items that a message is: one, or a text and calls."""
    role, content = message.get("role"), message.get("content")
    if role == "tool":
        yield {"type": "function_call_output", "call_id": message.get("tool_call_id"), "output": _content(content)}
        return
    if role not in ("system", "developer", "user", "assistant"):
        raise UsageError(f"Responses have no message of the role {role!r}")
    if role == "assistant" and isinstance(content, list):
        yield {"type": "message", "role": role, "content": [_part(part, of_model=True) for part in content]}
    elif content is not None:
        yield {"role": role, "content": _content(content)}
    yield from map(_call, message.get("tool_calls") or ())


def _content(content: Any) -> Any:
    return content if isinstance(content, str) else [_part(part) for part in content]


def _part(part: Mapping[str, Any], *, of_model: bool = False) -> _Json:
    match part.get("type"):
        case "text":
            return {"type": "output_text" if of_model else "input_text", "text": part["text"]}
        case "refusal":
            return {"type": "refusal", "refusal": part["refusal"]}
        case "image_url":
            image = part["image_url"]
            return {"type": "input_image", "image_url": image["url"], "detail": image.get("detail", "auto")}
        case "file":
            return {"type": "input_file", **part["file"]}
        case kind:
            raise UsageError(f"Responses have no part of the type {kind!r}")


def _call(call: Mapping[str, Any]) -> _Json:
    if call.get("type", "function") != "function":
        raise UsageError(f"a call of the type {call['type']!r} is not brought over to Responses")
    function = call["function"]
    return {
        "type": "function_call",
        "call_id": call["id"],
        "name": function["name"],
        "arguments": function["arguments"],
    }


def _flat(tool: Mapping[str, Any]) -> _Json:
    """Return a tool, a format or a choice whose members stand beside its type."""
    kind = tool["type"]
    return {"type": kind, **tool.get(kind, {})}


def _tool(tool: Mapping[str, Any]) -> _Json:
    # Responses keep to the schema of a function unless they are told not to, chat the other way round.
    loose = {"strict": False} if tool["type"] == "function" else {}
    return {**loose, **_flat(tool)}


def _tool_choice(choice: Any) -> _Json:
    if isinstance(choice, str):
        return {"tool_choice": choice}
    flat = _flat(choice)
    return {"tool_choice": {**flat, "tools": list(map(_flat, flat["tools"]))} if "tools" in flat else flat}


def _n(n: int) -> _Json:
    if n != 1:
        raise UsageError(f"Responses have one answer, not n={n}")
    return {}


def _stream_options(options: Mapping[str, Any]) -> _Json:
    kept = {name: value for name, value in options.items() if name != "include_usage"}  # a stream always tells it
    return {"stream_options": kept} if kept else {}


_SAME = frozenset(
    {
        "metadata",
        "model",
        "parallel_tool_calls",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "stream",
        "temperature",
        "top_logprobs",
        "top_p",
        "user",
    }
)

_TRANSLATED: Mapping[str, Callable[[Any], _Json]] = MappingProxyType(
    {
        "logprobs": lambda wanted: {"include": ["message.output_text.logprobs"]} if wanted else {},
        "max_completion_tokens": lambda limit: {"max_output_tokens": limit},
        "max_tokens": lambda limit: {"max_output_tokens": limit},
        "messages": _messages,
        "n": _n,
        "reasoning_effort": lambda effort: {"reasoning": {"effort": effort}},
        "response_format": lambda wanted: {"text": {"format": _flat(wanted)}},
        "stream_options": _stream_options,
        "tool_choice": _tool_choice,
        "tools": lambda tools: {"tools": list(map(_tool, tools))},
        "verbosity": lambda verbosity: {"text": {"verbosity": verbosity}},
    }
)
"""Parameters of chat that have another name or form in Responses; what is in neither list has no place there."""
