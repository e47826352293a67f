"""Tell thoughts of a model from its answer: they come in parts of the content, or between tags in a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakellm.client._warn import warn

__all__ = ["THINK_END", "THINK_START", "read_content", "split_tagged"]

THINK_START, THINK_END = "<think>", "</think>"


def read_content(content: Any) -> tuple[str, str]:
    """Return (text, thoughts) of a content: a text, or a list of parts (Mistral).

    Raises:
        ValueError: it is neither.
    """
    if isinstance(content, str):
        return content, ""
    if content is None:
        return "", ""
    if isinstance(content, dict) and "type" in content:
        content = [content]
    if not isinstance(content, list):
        raise ValueError(f"a content is a text or a list of parts, got {content!r}")
    return "".join(_texts(content, "text")), "".join(_texts(content, "thinking"))


def _texts(parts: list[Any], kind: str) -> Iterator[str]:
    """Yield the texts in the parts of one kind; Mistral nests a list of text parts in a thinking part."""
    for part in parts:
        if isinstance(part, str) and kind == "text":
            yield part
        elif isinstance(part, dict) and part.get("type") == kind:
            inner = part.get(kind)
            if isinstance(inner, list):
                yield from _texts(inner, "text")
            elif isinstance(inner, str):
                yield inner


def split_tagged(text: str) -> tuple[str | None, str]:
    """Cut a text in the thought, which ends at its closing tag, and what follows; warn where there is no such tag.

    Source: how R1 writes when no server parses it. What stands before the opening tag is dropped, as AutoGen does;
    chat templates that put the opening tag into the prompt leave the closing one alone.
    """
    end = text.find(THINK_END)
    if end < 0:
        warn(f"the text of an R1 model has no {THINK_START}...{THINK_END}, so no thought is taken from it")
        return None, text
    start = text.find(THINK_START, 0, end)
    thought = text[:end] if start < 0 else text[start + len(THINK_START) : end]
    return thought.strip() or None, text[end + len(THINK_END) :].strip()
