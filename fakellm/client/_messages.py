"""Turn messages into those of the API, with the habits of the model's family.

Source: the behaviour of autogen-ext 0.7.5. A family that is known by name decides; for others the longest name of
a family that the model's name begins with does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from reprlib import repr as shortened
from types import MappingProxyType
from typing import Any, Literal, get_args

from pydantic import BaseModel

from fakellm.client._names import checked_name
from fakellm.models import (
    AssistantMessage,
    FunctionExecutionResultMessage,
    Image,
    LLMMessage,
    ModelFamily,
    SystemMessage,
    UserMessage,
)

__all__ = ["Naming", "to_wire_messages"]

Blank = Literal["keep", "space", "omit"]
"""The treatment of a text that the API of a family refuses: empty for "space", nothing but blanks for "omit"."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How the source of a user message shows. name: as its ``name``. prefix: as `source said:` before its text."""

    name: bool = True
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class _Habits:
    """Habits of a family. named: takes ``name``. Others: texts of these messages; thought: that beside calls."""

    named: bool = True
    system: Blank = "keep"
    user: Blank = "keep"
    assistant: Blank = "keep"
    thought: Blank = "keep"


_BASE = _Habits()
_GEMINI = _Habits(system="space", user="space", assistant="space", thought="space")
_CLAUDE = _Habits(system="space", user="omit", assistant="omit", thought="space")
_MISTRAL = _Habits(named=False, system="space")

_VENDORS: tuple[tuple[Callable[[str], bool], _Habits], ...] = (
    (ModelFamily.is_gemini, _GEMINI),
    (ModelFamily.is_claude, _CLAUDE),
    (ModelFamily.is_mistral, _MISTRAL),
)
_KINDS = (SystemMessage, UserMessage, AssistantMessage, FunctionExecutionResultMessage)
_FAMILIES = frozenset(get_args(ModelFamily.ANY)) - {ModelFamily.UNKNOWN}


def to_wire_messages(
    messages: Sequence[LLMMessage], *, model: str = "", family: str = ModelFamily.UNKNOWN, naming: Naming = Naming()
) -> list[list[dict[str, Any]]]:
    """Return the API's messages for each message: usually one, none for an omitted one, one per tool result.

    Raises:
        ValueError: a source that is no valid name, a thing that is no message, or no list of messages.
    """
    if isinstance(messages, str | Mapping | BaseModel):
        raise _unknown(messages)
    habits = _habits(model, family)
    return [_to_wire(message, habits, naming) for message in messages]


@cache
def _habits(model: str, family: str) -> _Habits:
    if family not in _FAMILIES:
        family = max((known for known in _FAMILIES if model.startswith(known)), key=len, default="")
    return next((habits for is_theirs, habits in _VENDORS if is_theirs(family)), _BASE)


def _to_wire(message: LLMMessage, habits: _Habits, naming: Naming) -> list[dict[str, Any]]:
    match message:
        case UserMessage():
            return _user(message, habits, naming)
        case AssistantMessage():
            return _assistant(message, habits)
        case SystemMessage():
            return [{"content": text, "role": "system"} for text in _text(message.content, habits.system)]
        case FunctionExecutionResultMessage():
            return [
                {"content": result.content, "role": "tool", "tool_call_id": result.call_id}
                for result in message.content
            ]
        case _:
            raise _unknown(message)


def _unknown(thing: object) -> ValueError:
    """Return the exception for a thing that is no message, or no list of them: AutoGen's words, and what to do."""
    return ValueError(f"Unknown message type: {type(thing)}; give a list of messages: [{_as_message(thing)}]")


def _as_message(thing: object) -> str:
    """Write down the message that is most likely meant; an example where none is."""
    match thing:
        case BaseModel() if isinstance(thing, _KINDS):
            return f"{type(thing).__name__}(...)"
        case {"role": "system" | "developer", "content": str(content)}:
            return f"SystemMessage(content={shortened(content)})"
        case {"role": "assistant", "content": str(content)}:
            return f"AssistantMessage(content={shortened(content)}, source='assistant')"
        case str(content) | {"content": str(content)}:
            return f"UserMessage(content={shortened(content)}, source='user')"
        case _:
            return "UserMessage(content='...', source='user')"


def _user(message: UserMessage, habits: _Habits, naming: Naming) -> list[dict[str, Any]]:
    wire: dict[str, Any] = {"role": "user"}
    source = checked_name(message.source)
    if naming.name and habits.named:
        wire["name"] = source
    prefix = f"{source} said:\n" if naming.prefix else ""
    if isinstance(message.content, str):
        return [{**wire, "content": prefix + text} for text in _text(message.content, habits.user)]
    parts = [_part(part, prefix if place == 0 else "") for place, part in enumerate(message.content)]
    return [{**wire, "content": parts}]


def _part(part: str | Image, prefix: str) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": prefix + part}
    if isinstance(part, Image):
        return part.to_openai_format()
    raise ValueError(f"Unknown content part: {part!r}; a user message holds texts and images")


def _assistant(message: AssistantMessage, habits: _Habits) -> list[dict[str, Any]]:
    checked_name(message.source)
    if isinstance(message.content, str):
        return [{"role": "assistant", "content": text} for text in _text(message.content, habits.assistant)]
    calls = [
        {"id": call.id, "function": {"arguments": call.arguments, "name": call.name}, "type": "function"}
        for call in message.content
    ]
    thought = None if message.thought is None else _text(message.thought, habits.thought)[0]
    return [{"role": "assistant", "tool_calls": calls, "content": thought}]


_EMPTY: MappingProxyType[Blank, Callable[[str], list[str]]] = MappingProxyType(
    {
        "keep": lambda text: [text],
        "space": lambda text: [text or " "],
        "omit": lambda text: [text] if text.strip() else [],
    }
)


def _text(text: str, blank: Blank) -> list[str]:
    return _EMPTY[blank](text)
