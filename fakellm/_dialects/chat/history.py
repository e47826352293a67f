"""How the messages of a request must follow each other: every tool call answered, every answer called for.

All of it is the law of OpenAI's hosts; other APIs let more pass. The messages have the shape that the
schema asks for when they come here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakellm._dialects.openai import words
from fakellm._wire.errors import ErrorBody

__all__ = ["are_sound", "explain_messages", "mentions_json"]

Message = dict[str, Any]

# What stands in for the content of an assistant message.
_INSTEAD_OF_CONTENT = ("tool_calls", "function_call", "refusal", "audio")


def are_sound(messages: list[Message]) -> bool:
    """Say quickly whether there is nothing to explain; False where it takes a closer look to know."""
    waiting: set[str] = set()
    for message in messages:
        role = message["role"]
        if role == "tool":
            if (call_id := message.get("tool_call_id")) not in waiting or message.get("content") is None:
                return False
            waiting.remove(call_id)
            continue
        calls = message.get("tool_calls") if role == "assistant" else None
        if waiting or role == "function" or (calls is None and message.get("content") is None):
            return False
        if calls:
            waiting = {call["id"] for call in calls}
            if len(waiting) < len(calls):
                return False
    return not waiting


def explain_messages(messages: list[Message]) -> ErrorBody | None:
    """Return the first error of a history; None for a sound one."""
    return next(_history_errors(messages), None) or next(_content_errors(messages), None)


def mentions_json(messages: list[Message]) -> bool:
    """Say whether any text holds the word json, in capitals or not."""
    return any("json" in text.lower() for message in messages for text in _texts(message))


def _texts(message: Message) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from (part["text"] for part in content if isinstance(part.get("text"), str))


def _history_errors(messages: list[Message]) -> Iterator[ErrorBody]:
    called: dict[str, int | None] | None = None  # id of a call -> the message that answers it
    for n, message in enumerate(messages):
        if message["role"] == "tool":
            yield from _answer_errors(message, n, called)
            continue
        if called:
            yield from _unanswered(called, n)
        called = None
        if message["role"] == "assistant" and (calls := message.get("tool_calls")):
            yield from _call_errors(calls, n)
            called = dict.fromkeys(call["id"] for call in calls)
        if message["role"] == "function" and message.get("name") is None:
            yield ErrorBody(
                "Missing parameter 'name': messages with role 'function' must have a 'name'.",
                param=f"messages.[{n}].name",
            )
    if called:
        yield from _unanswered(called, len(messages))


def _answer_errors(message: Message, n: int, called: dict[str, int | None] | None) -> Iterator[ErrorBody]:
    """Yield what is wrong with a tool message, and note that it answers."""
    call_id = message.get("tool_call_id")
    if called is None:
        yield ErrorBody(
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
            "'tool_calls'.",
            param=f"messages.[{n}].role",
        )
    elif call_id is None:
        yield ErrorBody(
            "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
            param=f"messages.[{n}].tool_call_id",
        )
    elif call_id not in called:
        yield ErrorBody(
            f"Invalid parameter: 'tool_call_id' of '{call_id}' not found in 'tool_calls' of previous message.",
            param=f"messages.[{n}].tool_call_id",
        )
    elif (before := called[call_id]) is not None:
        yield ErrorBody(
            f"Invalid parameter: Duplicate value for 'tool_call_id' of '{call_id}', in messages[{before}] and "
            f"messages[{n}].",
            param=f"messages.[{n}].tool_call_id",
        )
    else:
        called[call_id] = n


def _unanswered(called: dict[str, int | None], n: int) -> Iterator[ErrorBody]:
    """Yield the calls that no message answered. n: where the next answer should have been."""
    if ids := [call_id for call_id, answer in called.items() if answer is None]:
        yield ErrorBody(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            "'tool_call_id'. The following tool_call_ids did not have response messages: " + ", ".join(ids),
            param=f"messages.[{n}].role",
        )


def _call_errors(calls: list[dict[str, Any]], n: int) -> Iterator[ErrorBody]:
    """Yield ids that one message gives to two calls; the sentence follows that on two answers."""
    seen: dict[str, int] = {}
    for place, call in enumerate(calls):
        if (before := seen.setdefault(call["id"], place)) != place:
            yield ErrorBody(
                f"Invalid parameter: Duplicate value for 'id' of '{call['id']}', in "
                f"messages[{n}].tool_calls[{before}] and messages[{n}].tool_calls[{place}].",
                param=f"messages.[{n}].tool_calls",
            )


def _content_errors(messages: list[Message]) -> Iterator[ErrorBody]:
    for n, message in enumerate(messages):
        if message.get("content") is not None or message["role"] == "function":
            continue
        if message["role"] == "developer":
            yield words.missing(f"messages[{n}].content")
        elif message["role"] != "assistant" or not _has_other(message):
            yield ErrorBody(
                "Invalid value for 'content': expected a string, got null.", param=f"messages.[{n}].content"
            )


def _has_other(message: Message) -> bool:
    return any(message.get(name) is not None for name in _INSTEAD_OF_CONTENT)
