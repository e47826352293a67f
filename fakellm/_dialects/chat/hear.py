"""What an answer of chat completions, or of completions, says: read back from its bytes, for people to look at.

Reads what providers really send, so it takes what it knows and passes over the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

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
        found.error = found.error or str(_member(item, "error").get("message") or "")
        found.usage = _neutral(_member(item, "usage")) or found.usage
        choice = next((choice for choice in _list(item, "choices") if not choice.get("index")), {})
        message = _member(choice, "message") or _member(choice, "delta")
        found.text += _text(message, "content") or _text(choice, "text")  # as completions have it
        found.refusal += _text(message, "refusal")
        found.reasoning += _text(message, "reasoning_content") or _text(message, "reasoning")
        for place, call in enumerate(_calls(message)):
            called = _member(call, "function") or _member(call, "custom")
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
    if (whole := _parsed(body)) is not None:
        yield whole
        return
    for event in SSEDecoder().feed(body):
        if (part := _parsed(event.data.encode("utf-8", "replace"))) is not None:
            yield part


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        value = from_json(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _member(item: dict[str, Any], name: str) -> dict[str, Any]:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _calls(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tool calls of a message; its function call, as older models have it, is one."""
    called = _member(message, "function_call")
    return [*_list(message, "tool_calls"), *([{"function": called}] if called else [])]


def _list(item: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = item.get(name)
    return [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []
