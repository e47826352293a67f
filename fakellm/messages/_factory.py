"""Messages read back from JSON values when only the data says what they are."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fakellm.messages._base import BaseAgentEvent, BaseChatMessage
from fakellm.messages._chat import (
    HandoffMessage,
    MultiModalMessage,
    StopMessage,
    TextMessage,
    ToolCallSummaryMessage,
)
from fakellm.messages._events import (
    CodeExecutionEvent,
    CodeGenerationEvent,
    MemoryQueryEvent,
    ModelClientStreamingChunkEvent,
    SelectSpeakerEvent,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
    UserInputRequestedEvent,
)

_MessageType = type[BaseAgentEvent | BaseChatMessage]
_BUILT_IN: Mapping[str, _MessageType] = MappingProxyType(
    {
        message_type.__name__: message_type
        for message_type in (
            TextMessage,
            MultiModalMessage,
            StopMessage,
            ToolCallSummaryMessage,
            HandoffMessage,
            ToolCallRequestEvent,
            ToolCallExecutionEvent,
            MemoryQueryEvent,
            UserInputRequestedEvent,
            ModelClientStreamingChunkEvent,
            ThoughtEvent,
            SelectSpeakerEvent,
            CodeGenerationEvent,
            CodeExecutionEvent,
        )
    }
)


class MessageFactory:
    """Reads dumped messages by their `type`.

    Knows every message and event but SelectorEvent and StructuredMessage, as AutoGen does; others are
    registered, `StructuredMessage[Weather]` for each model of content.

    >>> MessageFactory().create({"type": "TextMessage", "source": "user", "content": "hi"}).to_text()
    'hi'
    """

    def __init__(self) -> None:
        """Start with the built-in types."""
        self._message_types: dict[str, _MessageType] = dict(_BUILT_IN)

    def is_registered(self, message_type: _MessageType) -> bool:
        """Tell whether a type of this class' name is known, be it this class or another."""
        return message_type.__name__ in self._message_types

    def register(self, message_type: _MessageType) -> None:
        """Make a further type known by its class' name.

        Raises: ValueError when the name is taken, or the class is neither a chat message nor an event.
        """
        name = message_type.__name__
        if self.is_registered(message_type):
            raise ValueError(f"the message type {name!r} is already registered; rename the class {message_type!r}")
        if not issubclass(message_type, BaseChatMessage | BaseAgentEvent):
            raise ValueError(
                f"{message_type!r} is no message type: let it inherit from BaseChatMessage or BaseAgentEvent"
            )
        self._message_types[name] = message_type

    def create(self, data: Mapping[str, Any]) -> BaseAgentEvent | BaseChatMessage:
        """Read one dumped message.

        Raises: ValueError when its `type` is missing or unknown; TypeError when it is a list or a dict;
        ValidationError when other fields are missing or wrong.
        """
        name = data.get("type")
        if name is None:
            raise ValueError(f"the data has no 'type' that says what kind of message it is; its keys: {list(data)}")
        if name not in self._message_types:
            raise ValueError(
                f"unknown message type {name!r}; known: {list(self._message_types)}; "
                f"type: factory.register(<its class>)"
            )
        return self._message_types[name].load(data)
