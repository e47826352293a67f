"""JSON of any shape, read without raising: what a request holds is not checked before it is counted."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import from_json

__all__ = ["compact", "list_of", "object_in", "object_of", "objects_of", "parsed", "readable", "spaced", "text_of"]


def object_of(value: object) -> dict[str, Any]:
    """Return value where it is an object, an empty one where it is anything else."""
    return value if isinstance(value, dict) else {}


def object_in(data: bytes) -> dict[str, Any] | None:
    """Return the object that a JSON text stands for; None where it is no JSON, or none of an object."""
    try:
        value = from_json(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def list_of(value: object) -> list[Any]:
    """Return value where it is an array, an empty one where it is anything else."""
    return value if isinstance(value, list) else []


def objects_of(value: object) -> list[dict[str, Any]]:
    """Return the objects in an array; none where value is anything else."""
    return [item for item in list_of(value) if isinstance(item, dict)]


def text_of(value: object) -> str:
    """Return value where it is a string, an empty one where it is anything else."""
    return value if isinstance(value, str) else ""


def compact(value: object) -> str:
    """Write a value as JSON without spaces, in ASCII; an empty text where it cannot be written."""
    return _write(_COMPACT, value)


def readable(value: object) -> str:
    """Write a value as JSON without escapes, as a person would; an empty text where it cannot be written."""
    return _write(_READABLE, value)


def spaced(value: object) -> str:
    """Write a value as Python does by default, in ASCII; an empty text where it cannot be written."""
    return _write(_SPACED, value)


def _write(encoder: json.JSONEncoder, value: object) -> str:
    try:
        return encoder.encode(value)
    except (ValueError, RecursionError):  # more digits than Python writes, nested too deeply
        return ""


def parsed(text: str | bytes) -> Any:
    """Return the value that a JSON text stands for; the text itself where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


_COMPACT = json.JSONEncoder(separators=(",", ":"))
_READABLE = json.JSONEncoder(ensure_ascii=False)
_SPACED = json.JSONEncoder()
