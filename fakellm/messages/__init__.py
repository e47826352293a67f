"""The chat-side vocabulary: what agents say to each other, and what happens while they work.

Interface-compatible with `autogen_agentchat.messages` of AutoGen 0.7.5. The two exchange JSON, not objects:
an object of one is not an instance of the other's class.
"""

from fakellm.messages._base import BaseAgentEvent, BaseChatMessage, BaseMessage, BaseTextChatMessage
from fakellm.messages._chat import (
    ChatMessage,
    HandoffMessage,
    MultiModalMessage,
    StopMessage,
    TextMessage,
    ToolCallSummaryMessage,
)
from fakellm.messages._events import (
    AgentEvent,
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
from fakellm.messages._factory import MessageFactory
from fakellm.messages._schema_errors import (
    FormatNotSupportedError,
    ReferenceNotFoundError,
    SchemaConversionError,
    UnsupportedKeywordError,
)
from fakellm.messages._structured import (
    StructuredContentType,
    StructuredMessage,
    StructuredMessageFactory,
)

# Importable, but not in AutoGen's __all__ and so not in ours.
from fakellm.messages._events import SelectorEvent as SelectorEvent  # isort: skip
from fakellm.messages._structured import StructureMessageConfig as StructureMessageConfig  # isort: skip

__all__ = [
    "AgentEvent",
    "BaseAgentEvent",
    "BaseChatMessage",
    "BaseMessage",
    "BaseTextChatMessage",
    "ChatMessage",
    "CodeExecutionEvent",
    "CodeGenerationEvent",
    "FormatNotSupportedError",
    "HandoffMessage",
    "MemoryQueryEvent",
    "MessageFactory",
    "ModelClientStreamingChunkEvent",
    "MultiModalMessage",
    "ReferenceNotFoundError",
    "SchemaConversionError",
    "SelectSpeakerEvent",
    "StopMessage",
    "StructuredContentType",
    "StructuredMessage",
    "StructuredMessageFactory",
    "TextMessage",
    "ThoughtEvent",
    "ToolCallExecutionEvent",
    "ToolCallRequestEvent",
    "ToolCallSummaryMessage",
    "UnsupportedKeywordError",
    "UserInputRequestedEvent",
]
