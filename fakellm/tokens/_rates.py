"""What OpenAI's APIs bill beside the tokens of texts, in which they differ.

Source: recorded calls of api.openai.com, 2025 and 2026, recomputed; chat completions on 300 of them. Of Responses the
recorded calls confirm texts, offered tools and a single call in the history; a call of a reasoning model that comes
back without its reasoning, and several calls at once, are taken to cost what they cost in chat.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CHAT_RATES", "RESPONSES_RATES", "Rates"]


class Rates(NamedTuple):
    """The rates of one API, in tokens."""

    tools: int
    """For the list of offered tools, of a model that does not reason."""
    reasoning_tools: int
    """The same, of one that does."""
    system: int
    """For the system message that tools and formats stand in where the request has none; reasoning models have one."""
    call: int
    """For one call in the history, of a model that does not reason."""
    result: int
    """For its result."""
    reasoning_turn: int
    """For each message of the assistant that a reasoning model reads."""
    answer: int
    """For an answer, more than in chat."""


CHAT_RATES = Rates(tools=5, reasoning_tools=90, system=4, call=4, result=6, reasoning_turn=0, answer=0)
RESPONSES_RATES = Rates(tools=3, reasoning_tools=8, system=0, call=3, result=5, reasoning_turn=2, answer=1)
