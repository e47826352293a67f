"""Ids of responses and their items: what one shares with its response, the time, what is its own.

Source: recorded from api.openai.com, 2025 and 2026.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType

from fakellm._dialects.responses.quirks import ResponsesQuirks
from fakellm._wire.answer import Completion
from fakellm._wire.canonical import digest

__all__ = ["family_of", "item_id", "response_id"]

# Beginnings of ids, as recorded, those of local shells and patches as the documentation shows them.
_PREFIXES = MappingProxyType(
    {
        "message": "msg",
        "reasoning": "rs",
        "function_call": "fc",
        "custom_tool_call": "ctc",
        "web_search_call": "ws",
        "file_search_call": "fs",
        "code_interpreter_call": "ci",
        "computer_call": "cu",
        "mcp_call": "mcp",
        "mcp_list_tools": "mcpl",
        "mcp_approval_request": "mcpr",
        "image_generation_call": "ig",
        "local_shell_call": "lsh",
        "shell_call": "sh",
        "shell_call_output": "sho",
        "apply_patch_call": "apc",
        "tool_search_call": "tsc",
        "tool_search_output": "tso",
        "compaction": "cmp",
        "response": "resp",
        "conversation": "conv",
    }
)


def response_id(answer: Completion, quirks: ResponsesQuirks) -> str:
    """Return the id of a response."""
    return quirks.response_id(item_id(answer, "response", 0), created=answer.created)


def item_id(answer: Completion, kind: str, number: int) -> str:
    """Return the id of an item: its kind, what it shares with the whole response, the time, what is its own."""
    made = answer.identity.id("", 22)
    prefix = _PREFIXES.get(kind, kind.partition("_")[0])
    return f"{prefix}_{_family(made)}00{answer.created:08x}{_own(made, number)}"


def family_of(answer: Completion) -> str:
    """Return what the ids of a response and of all its items have in common: 16 hexadecimal digits."""
    return _family(answer.identity.id("", 22))


@lru_cache(maxsize=256)  # a response is named in many places while it is said
def _family(made: str) -> str:
    return digest(made).hex()[:16]


@lru_cache(maxsize=256)
def _own(made: str, number: int) -> str:
    return digest(made, str(number)).hex()[:24]
