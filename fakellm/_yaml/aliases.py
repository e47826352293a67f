"""How large a document gets when each alias is written out: a few lines of YAML can stand for gigabytes."""

from __future__ import annotations

from typing import Any

__all__ = ["MOST", "expanded_size"]

_EACH = 100  # characters; about what a value takes in memory beside its text
MOST = 100_000_000
"""The largest size that is read: a second or so of work. What is larger was made to be."""


def expanded_size(value: Any, sizes: dict[int, int]) -> int:
    """Return the size of a value in characters, whatever it holds several times counted as often.

    sizes: id -> size of what was seen of the document so far.

    Raises:
        ValueError: it holds itself.
        RecursionError: it is nested too deeply.
    """
    match value:
        case str() | bytes():
            return _EACH + len(value)
        case dict() | list() | tuple():
            if (known := sizes.get(id(value))) is None:
                sizes[id(value)] = -1  # not done
                members = [*value, *value.values()] if isinstance(value, dict) else value
                known = sizes[id(value)] = _EACH + sum(expanded_size(member, sizes) for member in members)
            if known < 0:
                raise ValueError("an alias stands for what holds it")
            return known
    return _EACH
