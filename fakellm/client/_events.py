"""The log records of the client, at INFO on the logger ``autogen_core.events``: those of autogen_core.logging 0.7.5.

A record's message is one of these objects; it renders as JSON, and is built only where somebody listens.
"""

from __future__ import annotations

import json
import logging
from typing import Any

__all__ = ["LLMCallEvent", "LLMStreamEndEvent", "LLMStreamStartEvent", "event_log", "is_listened_to"]

event_log = logging.getLogger("autogen_core.events")


def is_listened_to() -> bool:
    """Tell whether anybody wants the records."""
    return event_log.isEnabledFor(logging.INFO)


class _Event:
    """kwargs: the fields, all of them JSON values."""

    def __init__(self, type: str, **fields: Any) -> None:
        self.kwargs: dict[str, Any] = {"type": type, **fields, "agent_id": None}

    def __str__(self) -> str:
        return json.dumps(self.kwargs)


class _CountedEvent(_Event):
    @property
    def prompt_tokens(self) -> int:
        """Tokens read by the model."""
        return int(self.kwargs["prompt_tokens"])

    @property
    def completion_tokens(self) -> int:
        """Tokens written by the model."""
        return int(self.kwargs["completion_tokens"])


class LLMCallEvent(_CountedEvent):
    """One whole answer: fields messages, response, prompt_tokens, completion_tokens, tools."""

    def __init__(self, **fields: Any) -> None:
        super().__init__("LLMCall", **fields)


class LLMStreamStartEvent(_Event):
    """The first chunk of a stream has arrived: field messages."""

    def __init__(self, **fields: Any) -> None:
        super().__init__("LLMStreamStart", **fields)


class LLMStreamEndEvent(_CountedEvent):
    """A stream has ended: fields response, prompt_tokens, completion_tokens."""

    def __init__(self, **fields: Any) -> None:
        super().__init__("LLMStreamEnd", **fields)
