"""What an answer of the Responses API says, read back from its bytes, for people to look at.

Reads what providers really send, so it takes what it knows and passes over the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fakellm._anyjson import object_in, object_of, objects_of, readable, text_of
from fakellm._dialects.responses_items.items import hear_item
from fakellm._wire.parts import Reasoning, ToolCall
from fakellm._wire.provider import Json
from fakellm._wire.sse import SSEDecoder
from fakellm._wire.voice import Heard

__all__ = ["hear"]


def hear(body: bytes) -> Heard | None:
    """Read a whole answer or a stream, whole, cut or resumed; None where the body is neither."""
    whole = object_in(body)
    if whole is not None:
        return _object(whole)
    events = [object_in(event.data.encode("utf-8", "replace")) or {} for event in SSEDecoder().feed(body)]
    return _stream(events) if any(text_of(event.get("type")) or event.get("error") for event in events) else None


def _object(whole: Json) -> Heard | None:
    kind, output, status = whole.get("object"), objects_of(whole.get("output")), text_of(whole.get("status"))
    if kind == "response.compaction":
        count = f"{len(output)} item{'' if len(output) == 1 else 's'}"
        return Heard(f"compacted to {count}", usage=_usage(object_of(whole.get("usage"))) or None)
    if kind == "response" and whole.get("deleted"):
        return Heard(f"deleted {whole.get('id')}")
    if kind == "response" and not output and status in _WITHOUT_ANSWER:
        return Heard(f"({status})")
    return _response(whole) if kind == "response" or whole.get("error") else None


_WITHOUT_ANSWER = frozenset({"queued", "in_progress", "cancelled"})


def _response(response: Json) -> Heard:
    heard = _items(objects_of(response.get("output")))
    heard.error = text_of(object_of(response.get("error")).get("message"))
    heard.usage = _usage(object_of(response.get("usage"))) or None
    return heard


def _items(items: Iterable[Json]) -> Heard:
    heard = Heard()
    for item in items:
        match hear_item(item):
            case str(text):
                heard.text += text
                heard.refusal += "".join(text_of(part.get("refusal")) for part in objects_of(item.get("content")))
            case ToolCall() as call:
                heard.tool_calls.append((call.name, call.arguments_text))
            case Reasoning(text):
                heard.reasoning += text
            case None:
                heard.hosted += _hosted(item)
    return heard


def _hosted(item: Json) -> list[tuple[str, str]]:
    """Return what a hosted tool was asked for: its name, and that as text."""
    kind = text_of(item.get("type"))
    if not kind.endswith("_call"):
        return []
    asked = next((item[name] for name in _ASKED if item.get(name)), "")
    return [
        (text_of(item.get("name")) or kind.removesuffix("_call"), asked if isinstance(asked, str) else readable(asked))
    ]


_ASKED = ("arguments", "action", "actions", "operation", "queries", "code")


def _stream(events: list[Json]) -> Heard:
    """Read the response in which a stream ends, or what came of one that was cut."""
    last = next((event for event in reversed(events) if text_of(event.get("type")) in _LAST), None)
    heard = _response(object_of(last.get("response"))) if last is not None else _items(_grown(events))
    told = next((event for event in events if event.get("type") == "error" or event.get("error")), {})
    heard.error = heard.error or text_of((object_of(told.get("error")) or told).get("message"))
    return heard


_LAST = frozenset({"response.completed", "response.incomplete", "response.failed"})

# Events with a piece of an item -> its member there; of an item's first event these hold nothing yet.
_GROWING = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "text",
    "response.reasoning_summary_text.delta": "text",
    "response.function_call_arguments.delta": "arguments",
    "response.mcp_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "input",
    "response.code_interpreter_call_code.delta": "code",
}


def _grown(events: Iterable[Json]) -> Iterable[Json]:
    """Return the items of a stream that was cut: those that are done, and what came of the others."""
    items: dict[object, Json] = {}
    for event in events:
        place, kind = str(event.get("output_index")), text_of(event.get("type"))
        if kind in ("response.output_item.added", "response.output_item.done"):
            items[place] = dict(object_of(event.get("item")))
        elif (name := _GROWING.get(kind)) and place in items:
            _grow(items[place], name, text_of(event.get("delta")))
    return items.values()


def _grow(item: Json, name: str, delta: str) -> None:
    if name in ("text", "refusal"):
        *before, last = objects_of(item.get("content")) or [{}]
        item["content"] = [*before, {**last, name: text_of(last.get(name)) + delta}]
    else:
        item[name] = text_of(item.get(name)) + delta


_NAMES = {
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "input_tokens_details": "prompt_tokens_details",
    "output_tokens_details": "completion_tokens_details",
}


def _usage(usage: Mapping[str, Any]) -> Json:
    """Return a usage by chat's names."""
    return {_NAMES.get(name, name): value for name, value in usage.items()}
