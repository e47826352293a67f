"""What every API of this kind asks of a chat completions request: types, and what a fake can answer at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakellm._dialects.shapes import ANY, BOOLEAN, OBJECT, TEXT, Also, Either, ListOf, Members, Misfit, Number, Text

__all__ = ["PORTABLE", "WELL_FORMED"]

# More than any API of this kind takes, and what a fake still answers in seconds.
_MOST_CHOICES_ANYWHERE = 1024
_MOST_TOP_LOGPROBS_ANYWHERE = 128
_MOST_STOPS_ANYWHERE = 1024


def _at_most(maximum: int) -> Callable[[Any], Misfit | None]:
    """Return the rule that a number is no larger, or an array no longer, whatever else it may be."""
    array = ListOf(ANY, maximum=maximum)

    def rule(value: Any) -> Misfit | None:
        if isinstance(value, list):
            return array.misfit(value)
        if not isinstance(value, int | float) or value <= maximum:
            return None
        return Misfit("range", facts={"kind": "integer", "minimum": None, "maximum": maximum, "got": value})

    return rule


_ANY_CONTENT = Either({str: TEXT, list: ListOf(OBJECT)})
_ANY_NUMBER = Number()

PORTABLE = Members(
    {
        "messages": ListOf(
            Members({"role": TEXT, "content": _ANY_CONTENT, "tool_calls": ListOf(OBJECT)}, ("role",)),
            minimum=1,
        ),
        "model": Text(minimum=1),
        "frequency_penalty": _ANY_NUMBER,
        "max_completion_tokens": _ANY_NUMBER,
        "max_tokens": _ANY_NUMBER,
        "n": Also(_ANY_NUMBER, _at_most(_MOST_CHOICES_ANYWHERE)),
        "presence_penalty": _ANY_NUMBER,
        "response_format": OBJECT,
        "seed": _ANY_NUMBER,
        "stop": Also(
            Either({str: TEXT, list: ListOf(TEXT)}),
            _at_most(_MOST_STOPS_ANYWHERE),
        ),
        "stream": BOOLEAN,
        "stream_options": OBJECT,
        "temperature": _ANY_NUMBER,
        "tool_choice": Either({str: TEXT, dict: OBJECT}),
        "tools": ListOf(OBJECT),
        "top_logprobs": Also(ANY, _at_most(_MOST_TOP_LOGPROBS_ANYWHERE)),
        "top_p": _ANY_NUMBER,
    },
    required=("messages",),
)
"""Everywhere else: the types alone, which every API of this kind asks for, and bounds of what a fake can answer."""

WELL_FORMED = Members(
    {
        "messages": ListOf(OBJECT),
        "model": TEXT,
        "n": Also(ANY, _at_most(_MOST_CHOICES_ANYWHERE)),
        "stop": Also(ANY, _at_most(_MOST_STOPS_ANYWHERE)),
        "stream": BOOLEAN,
        "stream_options": OBJECT,
        "tools": ListOf(OBJECT),
        "top_logprobs": Also(ANY, _at_most(_MOST_TOP_LOGPROBS_ANYWHERE)),
    },
    required=("messages",),
)
"""What a request must be for the fake to answer it at all."""
