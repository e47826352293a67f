from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fakellm.messages import AgentEvent, SelectorEvent, UserInputRequestedEvent
from fakellm.models import MemoryContent, MemoryMimeType

COMMON: dict[str, Any] = {
    "id": "e1",
    "source": "bot",
    "models_usage": None,
    "metadata": {},
    "created_at": "2024-05-06T07:08:09Z",
}
CALL = {"id": "c1", "arguments": "{}", "name": "weather"}
RESULT = {"content": "18", "name": "weather", "call_id": "c1", "is_error": False}
MEMORY = {"content": "18", "mime_type": "text/plain", "metadata": None}
TABLE: list[tuple[dict[str, Any], str]] = [
    (
        {**COMMON, "content": [CALL], "type": "ToolCallRequestEvent"},
        "[FunctionCall(id='c1', arguments='{}', name='weather')]",
    ),
    (
        {**COMMON, "content": [RESULT], "type": "ToolCallExecutionEvent"},
        "[FunctionExecutionResult(content='18', name='weather', call_id='c1', is_error=False)]",
    ),
    (
        {**COMMON, "content": [MEMORY], "type": "MemoryQueryEvent"},
        "[MemoryContent(content='18', mime_type='text/plain', metadata=None)]",
    ),
    ({**COMMON, "request_id": "r1", "content": "", "type": "UserInputRequestedEvent"}, ""),
    (
        {**COMMON, "content": "Hel", "full_message_id": "m9", "type": "ModelClientStreamingChunkEvent"},
        "Hel",
    ),
    ({**COMMON, "content": "hmm", "type": "ThoughtEvent"}, "hmm"),
    ({**COMMON, "content": ["a", "b"], "type": "SelectSpeakerEvent"}, "['a', 'b']"),
    (
        {
            **COMMON,
            "retry_attempt": 0,
            "content": "```sh\nls\n```",
            "code_blocks": [{"code": "ls", "language": "sh"}],
            "type": "CodeGenerationEvent",
        },
        "```sh\nls\n```",
    ),
    (
        {
            **COMMON,
            "retry_attempt": 1,
            "result": {"exit_code": 0, "output": "a.py"},
            "type": "CodeExecutionEvent",
        },
        "a.py",
    ),
]


@pytest.mark.parametrize(("dumped", "text"), TABLE, ids=lambda value: value["type"] if isinstance(value, dict) else "")
def test_event_is_read_written_and_rendered(dumped: dict[str, Any], text: str) -> None:
    event = TypeAdapter(AgentEvent).validate_python(dumped)

    assert type(event).__name__ == dumped["type"]
    assert event.dump() == dumped
    assert list(event.dump()) == list(dumped)
    assert event.to_text() == text


def test_known_mime_type_renders_as_its_constant() -> None:
    memory = MemoryContent(content="18", mime_type=MemoryMimeType.TEXT)

    event = TypeAdapter(AgentEvent).validate_python({**TABLE[2][0], "content": [memory]})

    assert event.to_text() == (
        "[MemoryContent(content='18', mime_type=<MemoryMimeType.TEXT: 'text/plain'>, metadata=None)]"
    )


@pytest.mark.parametrize("kind", [None, 5, "thoughtevent", "SelectorEvent", "TextMessage"])
def test_union_rejects_other_types(kind: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(AgentEvent).validate_python({**COMMON, "content": "hmm", "type": kind})


def test_selector_event_is_read_by_its_own_class_only() -> None:
    event = SelectorEvent(content="choosing", source="team")

    assert event.to_text() == "choosing"
    assert SelectorEvent.load(event.dump()) == event


def test_user_input_request_has_no_content() -> None:
    assert UserInputRequestedEvent(request_id="r1", source="user").content == ""
    with pytest.raises(ValidationError, match="content"):
        UserInputRequestedEvent.load({**COMMON, "request_id": "r1", "content": "well?"})
