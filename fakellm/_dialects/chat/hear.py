"""What an answer of chat completions, or of completions, says: read back from its bytes, for people to look at.

Reads what providers really send, so it takes what it knows and passes over the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakellm._anyjson import object_in, object_of, objects_of, text_of
from fakellm._wire.sse import SSEDecoder
from fakellm._wire.voice import Heard

__all__ = ["hear"]


def hear(body: bytes) -> Heard | None:
    """Read a whole answer or a stream; None where the body is neither."""
    found = Heard()
    calls: dict[int, tuple[str, str]] = {}
    is_answer = False
    for item in _objects(body):
        is_answer = is_answer or "choices" in item or item.get("error") is not None
        found.error = found.error or str(object_of(item.get("error")).get("message") or "")
        found.usage = _neutral(object_of(item.get("usage"))) or found.usage
        choice = next((choice for choice in objects_of(item.get("choices")) if not choice.get("index")), {})
        message = object_of(choice.get("message")) or object_of(choice.get("delta"))
        found.text += text_of(message.get("content")) or text_of(choice.get("text"))  # as completions have it
        found.refusal += text_of(message.get("refusal"))
        found.reasoning += text_of(message.get("reasoning_content")) or text_of(message.get("reasoning"))
        for place, call in enumerate(_calls(message)):
            called = object_of(call.get("function")) or object_of(call.get("custom"))
            index = call["index"] if isinstance(call.get("index"), int) else place
            name, arguments = calls.get(index, ("", ""))
            said = called.get("arguments") or called.get("input")
            calls[index] = name + str(called.get("name") or ""), arguments + str(said or "")
    found.tool_calls = list(calls.values())
    return found if is_answer else None


def _neutral(usage: dict[str, Any]) -> dict[str, Any]:
    """Return the counts that all providers have in common, without times, costs and names of their own."""
    return {name: usage[name] for name in _COUNTS if name in usage}


_COUNTS = (
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "prompt_tokens_details",
    "completion_tokens_details",
)


def _objects(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield the one object of a JSON body, or those of a stream."""
    if (whole := object_in(body)) is not None:
        yield whole
        return
    for event in SSEDecoder().feed(body):
        if (part := object_in(event.data.encode("utf-8", "replace"))) is not None:
            yield part


def _calls(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tool calls of a message; its function call, as older models have it, is one."""
    called = object_of(message.get("function_call"))
    return [*objects_of(message.get("tool_calls")), *([{"function": called}] if called else [])]
