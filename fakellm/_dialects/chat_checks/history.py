"""How the messages of a request must follow each other: every tool call answered, every answer called for.

All of it is the law of OpenAI's hosts; other APIs let more pass. The messages have the shape that the
schema asks for when they come here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fakellm._dialects.openai import rejections
from fakellm._wire.errors import ErrorBody

__all__ = ["explain_messages", "mentions_json"]

Message = dict[str, Any]

# What stands in for the content of an assistant message.
_INSTEAD_OF_CONTENT = ("tool_calls", "function_call", "refusal", "audio")


def explain_messages(messages: list[Message]) -> ErrorBody | None:
    """Return the first error of a history; None for a sound one. That content is missing is said last."""
    waiting: dict[str, None] = {}  # the calls without an answer, in order
    bare: ErrorBody | None = None
    for n, message in enumerate(messages):
        role, calls = message["role"], None
        if role == "tool":
            if (call_id := message.get("tool_call_id")) not in waiting:
                return _wrong_answer(messages, n)
            del waiting[call_id]
        else:
            if waiting:
                return _unanswered(waiting, n)
            if role == "assistant" and (calls := message.get("tool_calls")):
                waiting = {call["id"]: None for call in calls}
                if len(waiting) < len(calls):
                    return _doubled(calls, n)
            elif role == "function" and message.get("name") is None:
                return _nameless(n)
        if message.get("content") is None and calls is None and bare is None:
            bare = _explain_content(message, n)
    return _unanswered(waiting, len(messages)) if waiting else bare


def mentions_json(messages: list[Message]) -> bool:
    """Say whether any text holds the word json, in capitals or not."""
    return any("json" in text.lower() for message in messages for text in _texts(message))


def _texts(message: Message) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from (part["text"] for part in content if isinstance(part.get("text"), str))


def _wrong_answer(messages: list[Message], n: int) -> ErrorBody:
    """Return the error for a tool message that answers no call that waits. n: where it stands."""
    call_id = messages[n].get("tool_call_id")
    asking = next((place for place in range(n - 1, -1, -1) if messages[place]["role"] != "tool"), n)
    calls = messages[asking].get("tool_calls") if messages[asking]["role"] == "assistant" else None
    if not calls:
        return ErrorBody(
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
            "'tool_calls'.",
            param=f"messages.[{n}].role",
        )
    if call_id is None:
        return ErrorBody(
            "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
            param=f"messages.[{n}].tool_call_id",
        )
    before = next((place for place in range(asking + 1, n) if messages[place]["tool_call_id"] == call_id), None)
    if before is None:
        return ErrorBody(
            f"Invalid parameter: 'tool_call_id' of '{call_id}' not found in 'tool_calls' of previous message.",
            param=f"messages.[{n}].tool_call_id",
        )
    return ErrorBody(
        f"Invalid parameter: Duplicate value for 'tool_call_id' of '{call_id}', in messages[{before}] and "
        f"messages[{n}].",
        param=f"messages.[{n}].tool_call_id",
    )


def _unanswered(waiting: Iterable[str], n: int) -> ErrorBody:
    """Return the error for calls that no message answered. n: where the next answer should have been."""
    return ErrorBody(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
        "'tool_call_id'. The following tool_call_ids did not have response messages: " + ", ".join(waiting),
        param=f"messages.[{n}].role",
    )


def _doubled(calls: list[dict[str, Any]], n: int) -> ErrorBody:
    """Return the error for an id that one message gives to two calls; the sentence follows that on two answers."""
    ids = [call["id"] for call in calls]
    second = next(place for place, call_id in enumerate(ids) if call_id in ids[:place])
    first = ids.index(ids[second])
    return ErrorBody(
        f"Invalid parameter: Duplicate value for 'id' of '{ids[first]}', in messages[{n}].tool_calls[{first}] and "
        f"messages[{n}].tool_calls[{second}].",
        param=f"messages.[{n}].tool_calls",
    )


def _nameless(n: int) -> ErrorBody:
    return ErrorBody(
        "Missing parameter 'name': messages with role 'function' must have a 'name'.", param=f"messages.[{n}].name"
    )


def _explain_content(message: Message, n: int) -> ErrorBody | None:
    """Return the error for a message that has no content and should."""
    role = message["role"]
    if role == "developer":
        return rejections.missing(f"messages[{n}].content")
    if role == "function" or (role == "assistant" and _has_other(message)):
        return None
    return ErrorBody("Invalid value for 'content': expected a string, got null.", param=f"messages.[{n}].content")


def _has_other(message: Message) -> bool:
    return any(message.get(name) is not None for name in _INSTEAD_OF_CONTENT)
