import fakellm.messages

AUTOGEN = [
    "AgentEvent",
    "BaseAgentEvent",
    "BaseChatMessage",
    "BaseMessage",
    "BaseTextChatMessage",
    "ChatMessage",
    "CodeExecutionEvent",
    "CodeGenerationEvent",
    "HandoffMessage",
    "MemoryQueryEvent",
    "MessageFactory",
    "ModelClientStreamingChunkEvent",
    "MultiModalMessage",
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
    "UserInputRequestedEvent",
]
OWN = [
    "FormatNotSupportedError",
    "ReferenceNotFoundError",
    "SchemaConversionError",
    "UnsupportedKeywordError",
]


def test_exports_are_autogens_and_our_errors() -> None:
    assert list(fakellm.messages.__all__) == sorted(AUTOGEN + OWN)
    assert all(hasattr(fakellm.messages, name) for name in fakellm.messages.__all__)


def test_what_autogen_keeps_out_of_all_is_importable() -> None:
    from fakellm.messages import SelectorEvent, StructureMessageConfig

    assert {SelectorEvent.__name__, StructureMessageConfig.__name__}.isdisjoint(fakellm.messages.__all__)
