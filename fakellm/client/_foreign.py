"""AutoGen's own objects as messages, and answers in AutoGen's classes, so that its agents run on this client.

AutoGen's agents check answers by class. AutoGen is not imported here: who holds an object of it has done that.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from types import ModuleType
from typing import Any, cast

import fakellm.models as own
from fakellm.models import CreateResult, LLMMessage

__all__ = ["in_classes_of", "own_messages", "stream_in_classes_of"]

_KINDS = ("SystemMessage", "UserMessage", "AssistantMessage", "FunctionExecutionResultMessage")


def own_messages(messages: Sequence[LLMMessage]) -> Sequence[LLMMessage]:
    """Return the messages with those of AutoGen's classes in ours."""
    theirs = _autogen_of(messages)
    return messages if theirs is None else [_own(message, theirs) for message in messages]


def in_classes_of(messages: Sequence[LLMMessage], result: CreateResult) -> CreateResult:
    """Return a result in AutoGen's class where a message is of one, else as it is."""
    theirs = _autogen_of(messages)
    return result if theirs is None else _foreign(result, theirs)


def stream_in_classes_of(
    messages: Sequence[LLMMessage], pieces: AsyncGenerator[str | CreateResult, None]
) -> AsyncGenerator[str | CreateResult, None]:
    """Return a stream whose result is in AutoGen's class where a message is of one, else the stream itself."""
    theirs = _autogen_of(messages)
    return pieces if theirs is None else _foreign_stream(pieces, theirs)


def _autogen_of(messages: Sequence[LLMMessage]) -> ModuleType | None:
    """Return ``autogen_core.models`` where one of the messages is of its classes."""
    theirs = sys.modules.get("autogen_core.models")
    if theirs is None or not any(_kind(message, theirs) for message in messages):
        return None
    return theirs


def _kind(message: object, theirs: ModuleType) -> str | None:
    return next((kind for kind in _KINDS if isinstance(message, getattr(theirs, kind))), None)


def _own(message: Any, theirs: ModuleType) -> LLMMessage:
    kind = _kind(message, theirs)
    if kind is None:
        return cast(LLMMessage, message)
    return cast(LLMMessage, getattr(own, kind).model_validate(message.model_dump()))


def _foreign(result: CreateResult, theirs: ModuleType) -> CreateResult:
    return cast(CreateResult, theirs.CreateResult.model_validate(result.model_dump()))


async def _foreign_stream(
    pieces: AsyncGenerator[str | CreateResult, None], theirs: ModuleType
) -> AsyncGenerator[str | CreateResult, None]:
    async with aclosing(pieces):
        async for piece in pieces:
            yield piece if isinstance(piece, str) else _foreign(piece, theirs)
