from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from fakellm.messages import (
    BaseAgentEvent,
    BaseTextChatMessage,
    MessageFactory,
    SelectorEvent,
    StructuredMessage,
    TextMessage,
)

KNOWN = [
    "TextMessage",
    "MultiModalMessage",
    "StopMessage",
    "ToolCallSummaryMessage",
    "HandoffMessage",
    "ToolCallRequestEvent",
    "ToolCallExecutionEvent",
    "MemoryQueryEvent",
    "UserInputRequestedEvent",
    "ModelClientStreamingChunkEvent",
    "ThoughtEvent",
    "SelectSpeakerEvent",
    "CodeGenerationEvent",
    "CodeExecutionEvent",
]


class Weather(BaseModel):
    city: str


class Note(BaseTextChatMessage):
    """A user's own message."""

    type: str = "Note"


def test_message_is_read_by_its_type() -> None:
    message = MessageFactory().create({"type": "TextMessage", "content": "hi", "source": "user"})

    assert type(message) is TextMessage


@pytest.mark.parametrize("name", KNOWN)
def test_built_in_types_are_registered(name: str) -> None:
    assert MessageFactory().is_registered(type(name, (), {}))


@pytest.mark.parametrize("kind", [SelectorEvent, StructuredMessage, StructuredMessage[Weather], Note])
def test_other_types_are_not(kind: Any) -> None:
    assert not MessageFactory().is_registered(kind)


@pytest.mark.parametrize("kind", [SelectorEvent, StructuredMessage[Weather], Note])
def test_registered_type_is_read(kind: type[BaseAgentEvent | BaseTextChatMessage]) -> None:
    factory = MessageFactory()
    content: Any = Weather(city="Paris") if "Weather" in kind.__name__ else "hi"
    message = kind(content=content, source="user")  # type: ignore[call-arg]

    factory.register(kind)

    assert factory.create(message.dump()) == message


def test_registering_is_each_factorys_own() -> None:
    MessageFactory().register(Note)

    assert not MessageFactory().is_registered(Note)


def test_name_that_is_taken_is_rejected() -> None:
    impostor = type("TextMessage", (), {})

    with pytest.raises(ValueError, match="the message type 'TextMessage' is already registered; rename the class"):
        MessageFactory().register(impostor)


def test_class_that_is_no_message_is_rejected() -> None:
    with pytest.raises(ValueError, match="is no message type: let it inherit from BaseChatMessage or BaseAgentEvent"):
        MessageFactory().register(Weather)  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [{}, {"type": None}])
def test_missing_type_is_an_error(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="the data has no 'type'"):
        MessageFactory().create(data)


@pytest.mark.parametrize("kind", ["SelectorEvent", "textmessage", "", 5, False])
def test_unknown_type_is_an_error_that_lists_the_known(kind: object) -> None:
    with pytest.raises(ValueError, match=r"unknown message type .*; known: \['TextMessage', ") as caught:
        MessageFactory().create({"type": kind})

    assert str(caught.value).endswith("type: factory.register(<its class>)")


@pytest.mark.parametrize("kind", [[], {}])
def test_unhashable_type_is_a_type_error(kind: object) -> None:
    with pytest.raises(TypeError):
        MessageFactory().create({"type": kind})


def test_wrong_field_is_a_validation_error() -> None:
    with pytest.raises(ValidationError, match="source"):
        MessageFactory().create({"type": "TextMessage", "content": "hi"})
