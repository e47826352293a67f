"""What each parameter of a chat completions request may hold: types, bounds, names.

Source: ``CreateChatCompletionRequest`` of the OpenAPI document (version 2.3.0). Bounds that it leaves out
and api.openai.com keeps are marked with what it answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakellm._dialects.openai.strict_schemas import explain_parameters, explain_strict
from fakellm._wire.shapes import (
    ANY,
    BOOLEAN,
    OBJECT,
    TEXT,
    Also,
    Choice,
    Either,
    ListOf,
    MapOf,
    Members,
    Misfit,
    Number,
    Quick,
    Refused,
    Remembered,
    Shape,
    Tagged,
    Text,
)

__all__ = ["AZURE_PARAMETERS", "PARAMETERS", "PORTABLE", "WELL_FORMED"]

# "string does not match pattern '^[a-zA-Z0-9_-]+$'", "maximum length 64": names of functions, of custom
# tools and of response formats.
_NAME = Text(minimum=1, maximum=64, pattern="^[a-zA-Z0-9_-]+$")
# The same for the name of who speaks; looser since 2025.
_SPEAKER = Text(minimum=1, maximum=64, pattern=r"^[^\s<|\\/>]+$")
# "string too long. Expected a string with maximum length 40": ids that other providers made.
_CALL_ID = Text(maximum=40)


def _check_parameters(function: dict[str, Any]) -> Misfit | None:
    if (schema := function.get("parameters")) is None:
        return None
    error = explain_strict(schema, of_tool=True) if function.get("strict") else explain_parameters(schema)
    if error is None:
        return None
    return Misfit("function_schema", ("parameters",), {"name": function["name"], "error": error})


_FUNCTION = Also(
    Members({"name": _NAME, "description": TEXT, "parameters": OBJECT, "strict": BOOLEAN}, ("name",)),
    _check_parameters,
)


_BREAKPOINT = Members({"mode": Choice(("explicit",))}, ("mode",))


def _part(name: str, shape: Shape) -> Members:
    return Members({name: shape, "prompt_cache_breakpoint": _BREAKPOINT}, (name,))


_TEXT_PART = _part("text", TEXT)
_IMAGE = Members({"url": TEXT, "detail": Choice(("auto", "low", "high"))}, ("url",))
_AUDIO = Members({"data": TEXT, "format": Choice(("wav", "mp3"))}, ("data", "format"))
_FILE = Members({"filename": TEXT, "file_data": TEXT, "file_id": TEXT})
_USER_PARTS: dict[str, Shape] = {
    "text": _TEXT_PART,
    "image_url": _part("image_url", _IMAGE),
    "input_audio": _part("input_audio", _AUDIO),
    "file": _part("file", _FILE),
}
_PART_NAMES = ("text", "image_url", "input_audio", "refusal", "audio", "file")


def _content(role: str, parts: dict[str, Shape]) -> Shape:
    parts = {**parts, "image_url": parts.get("image_url") or Refused(Misfit("image", facts={"role": role}))}
    part = Tagged("type", parts, _PART_NAMES)
    return Either({str: TEXT, list: ListOf(part, minimum=1)})


_CALLED = Members({"name": _NAME, "arguments": TEXT}, ("name", "arguments"))
_CALLED_CUSTOM = Members({"name": _NAME, "input": TEXT}, ("name", "input"))
_CALL = Tagged(
    "type",
    {
        "function": Members({"id": _CALL_ID, "function": _CALLED}, ("id", "function")),
        "custom": Members({"id": _CALL_ID, "custom": _CALLED_CUSTOM}, ("id", "custom")),
    },
)


def _message(role: str, parts: dict[str, Shape], **members: Shape) -> Members:
    # That content is there is a matter of the message rules: the API looks at it last.
    return Members({"content": _content(role, parts), "name": _SPEAKER, **members})


def _is_plain(message: Any) -> bool:
    return (
        isinstance(message, dict)
        and len(message) == 2
        and isinstance(message.get("content"), str)
        and message.get("role") in ("user", "assistant", "system", "developer")
    )


_TEXT_ONLY: dict[str, Shape] = {"text": _TEXT_PART}
_MESSAGE = Tagged(
    "role",
    {
        "system": _message("system", _TEXT_ONLY),
        "assistant": _message(
            "assistant",
            {**_TEXT_ONLY, "refusal": Members({"refusal": TEXT}, ("refusal",))},
            tool_calls=ListOf(_CALL, minimum=1),
            function_call=_CALLED,
            refusal=TEXT,
            audio=Members({"id": TEXT}, ("id",)),
        ),
        "user": _message("user", _USER_PARTS),
        "function": Members({"content": TEXT, "name": _NAME}),
        "tool": _message("tool", _TEXT_ONLY, tool_call_id=_CALL_ID),
        "developer": _message("developer", _TEXT_ONLY),
    },
)

_GRAMMAR = Members({"definition": TEXT, "syntax": Choice(("lark", "regex"))}, ("definition", "syntax"))
_FORMAT = Tagged(
    "type",
    {
        "text": Members({"type": ANY}, closed=True),
        "grammar": Members({"type": ANY, "grammar": _GRAMMAR}, ("grammar",), closed=True),
    },
)
_TOOL = Tagged(
    "type",
    {
        "function": Members({"function": _FUNCTION}, ("function",)),
        "custom": Members({"custom": Members({"name": _NAME, "description": TEXT, "format": _FORMAT}, ("name",))},
                          ("custom",)),
    },
)  # fmt: skip

_NAMED = Members({"name": TEXT}, ("name",))
_ALLOWED = Members({"mode": Choice(("auto", "required")), "tools": ListOf(OBJECT)}, ("mode", "tools"))
_TOOL_CHOICE = Either(
    {
        str: Choice(("none", "auto", "required")),
        dict: Tagged(
            "type",
            {
                "function": Members({"function": _NAMED}, ("function",)),
                "allowed_tools": Members({"allowed_tools": _ALLOWED}, ("allowed_tools",)),
                "custom": Members({"custom": _NAMED}, ("custom",)),
            },
        ),
    }
)


def _check_strict(wanted: dict[str, Any]) -> Misfit | None:
    if not wanted.get("strict") or (error := explain_strict(wanted.get("schema") or {}, of_tool=False)) is None:
        return None
    return Misfit("format_schema", facts={"name": wanted["name"], "error": error})


_JSON_SCHEMA = Also(
    Members({"name": _NAME, "description": TEXT, "schema": OBJECT, "strict": BOOLEAN}, ("name",)), _check_strict
)
_RESPONSE_FORMAT = Tagged(
    "type",
    {
        "json_object": Members({}),
        "json_schema": Members({"json_schema": _JSON_SCHEMA}, ("json_schema",)),
        "text": Members({}),
    },
)
_PREDICTION = Members(
    {
        "type": Choice(("content",)),
        "content": Either({str: TEXT, list: ListOf(Tagged("type", _TEXT_ONLY), minimum=1)}),
    },
    ("type", "content"),
)
_VOICE = Either({str: TEXT, dict: Members({"id": TEXT}, ("id",), closed=True)})
_PLACE = Members({"country": TEXT, "region": TEXT, "city": TEXT, "timezone": TEXT})
_LOCATION = Members({"type": Choice(("approximate",)), "approximate": _PLACE}, ("type", "approximate"))
_MODERATION_CONFIG = Members({"mode": Choice(("score", "block"))}, ("mode",))
_PENALTY = Number(minimum=-2, maximum=2)
_LIMIT = Number("integer", minimum=1)  # "integer below minimum value. Expected a value >= 1"

PARAMETERS: dict[str, Shape] = {
    "messages": ListOf(Quick(_MESSAGE, _is_plain), minimum=1),
    "model": Text(minimum=1),
    "audio": Members(
        {"voice": _VOICE, "format": Choice(("wav", "aac", "mp3", "flac", "opus", "pcm16"))}, ("voice", "format")
    ),
    "frequency_penalty": _PENALTY,
    "function_call": Either({str: Choice(("none", "auto")), dict: _NAMED}),
    "functions": ListOf(Members({"name": _NAME, "description": TEXT, "parameters": OBJECT}, ("name",)), 1, 128),
    # Bounds: "between -100 and 100" in the API reference.
    "logit_bias": MapOf(Number("integer", minimum=-100, maximum=100)),
    "logprobs": BOOLEAN,
    "max_completion_tokens": _LIMIT,
    "max_tokens": _LIMIT,
    # "too many properties … at most 16", "maximum length 64" for names and 512 for values.
    "metadata": MapOf(Text(maximum=512), key_length=64, maximum=16),
    "modalities": ListOf(Choice(("text", "audio"))),
    "moderation": Members(
        {"model": TEXT, "policy": Members({"input": _MODERATION_CONFIG, "output": _MODERATION_CONFIG})}, ("model",)
    ),
    "n": Number("integer", minimum=1, maximum=128),
    "parallel_tool_calls": BOOLEAN,
    "prediction": _PREDICTION,
    "presence_penalty": _PENALTY,
    "prompt_cache_key": TEXT,
    "prompt_cache_options": Members({"ttl": Choice(("30m",)), "mode": Choice(("implicit", "explicit"))}, closed=True),
    "prompt_cache_retention": Choice(("in_memory", "24h")),
    "reasoning_effort": Choice(("none", "minimal", "low", "medium", "high", "xhigh", "max")),
    "response_format": Remembered(_RESPONSE_FORMAT),
    "safety_identifier": Text(maximum=64),
    "seed": Number("integer", minimum=-(2**63), maximum=2**63 - 1),
    # "Supported values are: 'auto', 'default', 'fast', 'flex', and 'priority'"; the document has scale as well.
    "service_tier": Choice(("auto", "default", "fast", "flex", "priority")),
    "stop": Either({str: TEXT, list: ListOf(TEXT, 1, 4)}),
    "store": BOOLEAN,
    "stream": BOOLEAN,
    "stream_options": Members({"include_usage": BOOLEAN, "include_obfuscation": BOOLEAN}, closed=True),
    "temperature": Number(minimum=0, maximum=2),
    "tool_choice": _TOOL_CHOICE,
    # "array too long. Expected an array with maximum length 128"; "empty array".
    "tools": Remembered(ListOf(_TOOL, 1, 128)),
    "top_logprobs": Number("integer", minimum=0, maximum=20),
    "top_p": Number(minimum=0, maximum=1),
    "user": TEXT,
    "verbosity": Choice(("low", "medium", "high")),
    "web_search_options": Members(
        {"user_location": _LOCATION, "search_context_size": Choice(("low", "medium", "high"))}
    ),
}
"""On the hosts of OpenAI and Azure; a parameter that is not here is unrecognized."""

AZURE_PARAMETERS: dict[str, Shape] = {"data_sources": ANY, "enhancements": ANY, "user_security_context": OBJECT}
"""What Azure takes beside them."""

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
