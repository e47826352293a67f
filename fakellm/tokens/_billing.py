"""Usage as api.openai.com bills it: the part of the rules that plain text needs.

Found by recomputing recorded calls: each message costs four tokens beside its content, a request three
more, two on reasoning models; a completion costs the tokens of its text, and a call of a tool four more
than its name and arguments. Offered tools, tool history and images are counted as their text, which is
less than what is billed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fakellm.tokens._encodings import Encoding, encoding_for_model

__all__ = ["completion_usage"]

_REASONING_MODEL = re.compile(r"o\d|gpt-5")


def completion_usage(
    model: str,
    messages: Sequence[Mapping[str, Any]],
    *,
    text: str | None,
    tool_calls: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """Return the ``usage`` object of a completion.

    messages: as on the wire. text: the answer's text. tool_calls: (name, arguments text) of its calls.
    """
    encoding = encoding_for_model(model)
    base = 2 if _REASONING_MODEL.match(model) else 3
    prompt = base + sum(4 + sum(map(encoding.count, _texts(message))) for message in messages)
    completion = encoding.count(text or "") + _count_calls(encoding, tool_calls)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from (part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            yield f" to=functions.{function.get('name')}"
            yield str(function.get("arguments") or "")


def _count_calls(encoding: Encoding, calls: Sequence[tuple[str, str]]) -> int:
    if not calls:
        return 0
    if len(calls) == 1:
        name, arguments = calls[0]
        return 4 + encoding.count(f" to=functions.{name}") + encoding.count(arguments)
    # Several calls travel as one call of a wrapper that holds them all.
    uses = [f'{{"recipient_name":{json.dumps("functions." + name)},"parameters":{args}}}' for name, args in calls]
    body = f'{{"tool_uses":[{",".join(uses)}]}}'
    return 4 + encoding.count(" to=multi_tool_use.parallel") + encoding.count(body)
