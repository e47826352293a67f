"""What a model thought, apart from what it said: in fields of its own, in parts of the content, or between tags."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakellm.client._answer import Message
from fakellm.client._warn import warn

__all__ = ["THINK_END", "THINK_START", "reasoning_of", "split_tagged", "text_of"]

THINK_START, THINK_END = "<think>", "</think>"


def text_of(message: Message) -> str:
    """Return what a message says; empty where it says nothing."""
    content = message.content
    return "".join(_texts(content, "text")) if isinstance(content, list) else content or ""


def reasoning_of(message: Message) -> str | None:
    """Return what was thought before it; None where the provider has no word for it, empty where nothing was."""
    # DeepSeek, SiliconFlow, Z.AI: reasoning_content; OpenRouter, Groq, Cerebras, vLLM: reasoning.
    reasoning = message.reasoning if message.reasoning_content is None else message.reasoning_content
    if isinstance(reasoning, str):
        return reasoning
    if isinstance(message.content, list):
        return "".join(_texts(message.content, "thinking")) or None
    return None


def _texts(parts: list[Any], kind: str) -> Iterator[str]:
    """Yield the texts in the parts of one kind; Mistral nests a list of text parts in a thinking part."""
    for part in parts:
        if isinstance(part, str) and kind == "text":
            yield part
        elif isinstance(part, dict) and part.get("type") == kind:
            inner = part.get(kind)
            yield from _texts(inner, "text") if isinstance(inner, list) else [inner or ""]


def split_tagged(text: str) -> tuple[str | None, str]:
    """Cut a text in what stands between think tags and what follows; warn where the tags are not there.

    Source: how R1 writes when no server parses it; what stands before the tag is dropped, as AutoGen does.
    """
    start, end = text.find(THINK_START), text.find(THINK_END)
    if start < 0 or end < start:
        warn(f"the text of an R1 model has no {THINK_START}...{THINK_END}, so no thought is taken from it")
        return None, text
    return text[start + len(THINK_START) : end].strip(), text[end + len(THINK_END) :].strip()
