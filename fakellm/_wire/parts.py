"""Parts of an answer beside text: the values that travel from a script to the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fakellm._errors import UsageError
from fakellm._named_arguments import naming_fields

__all__ = ["Part", "Reasoning", "ToolCall", "check_text", "check_texts", "json_object"]


@naming_fields(example="the arguments of the call are one mapping: ToolCall('get_weather', {'city': 'Paris'})")
@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool in the model's answer.

    arguments: a mapping, sent as JSON, or a str, sent as it is, broken JSON included; none by default. id: the call's
    id; None makes one, the same on every run. Two calls are equal whatever their ids.

    >>> ToolCall("get_weather", {"city": "Paris"}).arguments_text
    '{"city":"Paris"}'
    """

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str | None = field(default=None, kw_only=True, compare=False)
    arguments_text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_text("ToolCall name", self.name)
        check_texts(self, "id")
        object.__setattr__(self, "arguments_text", _arguments_text(self.name, self.arguments))


@naming_fields(example="what the model thinks is one text: Reasoning('Two and two make four.')")
@dataclass(frozen=True, slots=True)
class Reasoning:
    """What the model thinks, as one of the parts of its answer.

    signature: the seal that goes with it, sent as it is; None has the API make its own. redacted: whether the text is
    kept from the client, who gets the seal alone.
    """

    text: str
    signature: str | None = field(default=None, kw_only=True)
    redacted: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        check_text("Reasoning text", self.text)
        check_texts(self, "signature")


Part = str | ToolCall | Reasoning | Mapping[str, Any]
"""One piece of what an answer holds; a mapping is one as it stands on the wire of an API."""


def _arguments_text(name: str, arguments: Mapping[str, Any] | str) -> str:
    if not isinstance(arguments, str):
        needs = f"ToolCall({name!r}) needs arguments that are JSON: a mapping, or a str that is sent as it is"
        return json_object(needs, arguments)
    check_text("ToolCall arguments", arguments)
    return arguments


def json_object(needs: str, value: object) -> str:
    """Write a mapping as a JSON object; a UsageError that begins with what is needed where it is none."""
    try:
        if not isinstance(value, Mapping):
            raise TypeError(f"{type(value).__name__} is no mapping")
        text = json.dumps(dict(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as err:
        raise UsageError(f"{needs}; got {value!r} ({err})") from err
    return text


def check_texts(value: object, *names: str) -> None:
    """Raise where a field that is given is no text."""
    for name in names:
        if (text := getattr(value, name)) is not None:
            check_text(f"{type(value).__name__} {name}", text)


def check_text(what: str, text: object) -> None:
    """Raise where something is no text that can be sent."""
    if not isinstance(text, str):
        raise UsageError(f"{what} is a str, got {text!r}")
    try:
        text.encode()
    except UnicodeEncodeError as err:
        raise UsageError(f"{what} has a lone surrogate at {err.start}, which UTF-8 cannot carry: {text!r}") from err
