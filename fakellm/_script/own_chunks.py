"""A message from the deltas that a test wrote for a stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fakellm._anyjson import object_of, objects_of, text_of
from fakellm._script.reply import Reply, ToolCall, is_text

__all__ = ["deltas_of", "message_of"]


def message_of(reply: Reply) -> Reply:
    """Return a reply whose text and tool calls are what its chunks add up to."""
    chunks = reply.chunks or ()
    if is_text(chunks):
        return replace(reply, text="".join(chunks), tool_calls=(), refusal=None, chunks=None)
    texts: list[str] = []
    refusals: list[str] = []
    calls: dict[object, _Parts] = {}
    for delta in deltas_of(chunks):
        texts.append(text_of(delta.get("content")))
        refusals.append(text_of(delta.get("refusal")))
        _add_calls(calls, delta)
    made = tuple(ToolCall(call.name, "".join(call.arguments), id=call.id or None) for call in calls.values())
    text, refusal = "".join(texts), "".join(refusals) or None
    return replace(
        reply,
        text=None if not text and (made or refusal) else text,
        tool_calls=made,
        refusal=refusal,
        chunks=None,
    )


def deltas_of(chunks: Sequence[str | Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return the chunks of a reply as deltas: a text is one of the content."""
    return tuple({"content": chunk} if isinstance(chunk, str) else chunk for chunk in chunks)


class _Parts:
    """A call as its deltas give it."""

    def __init__(self) -> None:
        self.id = self.name = ""
        self.arguments: list[str] = []


def _add_calls(calls: dict[object, _Parts], delta: Mapping[str, Any]) -> None:
    """Add the parts of calls in a delta: id and name as they come first, arguments joined."""
    for place, part in enumerate(objects_of(delta.get("tool_calls"))):
        call = calls.setdefault(str(part.get("index", place)), _Parts())
        function = object_of(part.get("function")) or object_of(part.get("custom"))
        call.id = call.id or text_of(part.get("id"))
        call.name = call.name or text_of(function.get("name"))
        call.arguments.append(text_of(function.get("arguments")) or text_of(function.get("input")))
