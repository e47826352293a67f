"""What embeddings and completions are asked with: a text, several, the tokens of one, or those of several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakellm._errors import UsageError
from fakellm.tokens import Encoding

__all__ = ["inputs_of", "is_input", "sizes_of", "texts_of"]

Input = str | list[int]
"""A text, or its tokens."""


def is_input(value: object) -> bool:
    """Whether a value is of one of these four kinds, with no text or list of tokens that is empty."""
    if isinstance(value, str) or _are_tokens(value):
        return bool(value)
    if not isinstance(value, list) or not value:
        return False
    return all(map(_is_text, value)) or all(map(_are_tokens, value))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _are_tokens(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(type(item) is int and item >= 0 for item in value)


def inputs_of(value: Any) -> list[Input]:
    """Return each input; nothing for what is none."""
    if isinstance(value, str) or _are_tokens(value):
        return [value]
    return [item for item in value if isinstance(item, str) or _are_tokens(item)] if isinstance(value, list) else []


def texts_of(value: Any, encoding: Encoding) -> list[str]:
    """Return the text of each input."""
    return [item if isinstance(item, str) else _decoded(item, encoding) for item in inputs_of(value)]


def sizes_of(value: Any, encoding: Encoding) -> list[int]:
    """Return how many tokens each input has."""
    return [encoding.count(item) if isinstance(item, str) else len(item) for item in inputs_of(value)]


def _decoded(tokens: list[int], encoding: Encoding) -> str:
    try:
        return encoding.decode(tokens)
    except UsageError:
        return b"".join(_bytes(tokens, encoding)).decode(errors="replace")


def _bytes(tokens: Iterable[int], encoding: Encoding) -> Iterable[bytes]:
    """Yield the bytes of tokens; those of special ones, which are no text, are none."""
    for token in tokens:
        try:
            yield encoding.decode_bytes([token])
        except UsageError:
            yield b""
