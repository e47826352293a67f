"""How messages follow each other."""

from __future__ import annotations

import pytest
from asking import ELSEWHERE, USER, body, call, rejection

CALLS = {"role": "assistant", "content": None, "tool_calls": [call("c1")]}
TWO_CALLS = {"role": "assistant", "content": None, "tool_calls": [call("c1"), call("c2")]}
ORPHAN = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
UNANSWERED = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
    "The following tool_call_ids did not have response messages: "
)
NO_CONTENT = "Invalid value for 'content': expected a string, got null."


def answer(call_id="c1"):
    return {"role": "tool", "tool_call_id": call_id, "content": "18"}


# (messages, code, param, message)
REJECTED = [
    ([USER, answer()], None, "messages.[1].role", ORPHAN),
    ([CALLS, answer(), USER, answer()], None, "messages.[3].role", ORPHAN),
    ([USER, CALLS], None, "messages.[2].role", UNANSWERED + "c1"),
    ([USER, CALLS, USER], None, "messages.[2].role", UNANSWERED + "c1"),
    ([USER, TWO_CALLS, answer("c2"), USER], None, "messages.[3].role", UNANSWERED + "c1"),
    ([USER, TWO_CALLS, CALLS, answer()], None, "messages.[2].role", UNANSWERED + "c1, c2"),
    (
        [USER, CALLS, answer("c9")],
        None,
        "messages.[2].tool_call_id",
        "Invalid parameter: 'tool_call_id' of 'c9' not found in 'tool_calls' of previous message.",
    ),
    (
        [USER, TWO_CALLS, answer("c1"), answer("c1"), answer("c2")],
        None,
        "messages.[3].tool_call_id",
        "Invalid parameter: Duplicate value for 'tool_call_id' of 'c1', in messages[2] and messages[3].",
    ),
    (
        [USER, {**TWO_CALLS, "tool_calls": [call("c1"), call("c1")]}, answer("c1")],
        None,
        "messages.[1].tool_calls",
        "Invalid parameter: Duplicate value for 'id' of 'c1', in messages[1].tool_calls[0] and "
        "messages[1].tool_calls[1].",
    ),
    (
        [USER, CALLS, {"role": "tool", "content": "18"}],
        None,
        "messages.[2].tool_call_id",
        "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
    ),
    (
        [USER, {"role": "function", "content": "18"}],
        None,
        "messages.[1].name",
        "Missing parameter 'name': messages with role 'function' must have a 'name'.",
    ),
    ([USER, {"role": "user", "content": None}], None, "messages.[1].content", NO_CONTENT),
    ([{"role": "system"}, USER], None, "messages.[0].content", NO_CONTENT),
    ([USER, {"role": "assistant", "content": None}], None, "messages.[1].content", NO_CONTENT),
    ([USER, {"role": "user", "refusal": "no"}], None, "messages.[1].content", NO_CONTENT),
    ([CALLS, {**answer(), "content": None}], None, "messages.[1].content", NO_CONTENT),
    (
        [{"role": "developer"}, USER],
        "missing_required_parameter",
        "messages[0].content",
        "Missing required parameter: 'messages[0].content'.",
    ),
]


@pytest.mark.parametrize(("messages", "code", "param", "words"), REJECTED, ids=lambda value: str(value)[:60])
def test_broken_history_is_rejected_by_openai(messages, code, param, words):
    assert rejection(body(messages=messages)) == (400, "invalid_request_error", code, param, words)
    assert rejection(body(messages=messages), url=ELSEWHERE) is None


@pytest.mark.parametrize(
    "messages",
    [
        [USER, CALLS, answer()],
        [USER, TWO_CALLS, answer("c2"), answer("c1"), USER],
        [USER, CALLS, answer(), CALLS, answer(), {"role": "assistant", "content": "18 degrees"}],
        [USER, {"role": "assistant", "content": "", "tool_calls": [call()]}, answer()],
        [USER, {"role": "assistant", "refusal": "no"}],
        [USER, {"role": "assistant", "audio": {"id": "audio_1"}}],
        [{"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}, {"role": "function", "name": "f"}],
        [USER, {"role": "user", "content": "hi", "tool_calls": 5}],
        [USER, USER, {"role": "system", "content": "between"}, {"role": "assistant", "content": "at the end"}],
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_sound_history_is_accepted(messages):
    assert rejection(body(messages=messages)) is None
