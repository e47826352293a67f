"""Names that the API accepts: one of the caller is refused otherwise, one of a model mended."""

from __future__ import annotations

import re

__all__ = ["checked_name", "normalized_name"]

# Source: https://platform.openai.com/docs/api-reference/chat/create (name of a message, name of a function)
_LONGEST = 64
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_-]")


def checked_name(name: str) -> str:
    """Return a name that the caller chose.

    Raises:
        ValueError: the API would reject it.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"Invalid name: {name!r}. Only letters, numbers, '_' and '-' are allowed, at most {_LONGEST} characters."
        )
    return name


def normalized_name(name: str) -> str:
    """Return a name that a model made up, as the API will accept it in the next request; blanks around it go."""
    return _NOT_ALLOWED.sub("_", name.strip())[:_LONGEST]
