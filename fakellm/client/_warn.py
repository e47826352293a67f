"""Warnings that point at the user's line, however deep in the client they arise."""

from __future__ import annotations

import inspect
import warnings

__all__ = ["warn"]


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn where the client was called; at the client itself where a task of its own runs it."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("fakellm.client"):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level if frame is not None else 2)
