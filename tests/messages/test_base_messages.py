import pickle
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import ValidationError

from fakellm.messages import BaseAgentEvent, BaseChatMessage, BaseMessage, BaseTextChatMessage, TextMessage
from fakellm.models import RequestUsage, UserMessage

MESSAGE = TextMessage(
    id="m1",
    source="bot",
    models_usage=RequestUsage(3, 1),
    metadata={"team": "a"},
    created_at=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
    content="hi",
)
DUMPED = {
    "id": "m1",
    "source": "bot",
    "models_usage": {"prompt_tokens": 3, "completion_tokens": 1},
    "metadata": {"team": "a"},
    "created_at": "2024-05-06T07:08:09Z",
    "content": "hi",
    "type": "TextMessage",
}


class Note(BaseAgentEvent):
    """A user's own event."""

    content: str

    def to_text(self) -> str:
        return self.content


def test_dump_gives_json_values() -> None:
    assert MESSAGE.dump() == DUMPED


def test_load_reads_what_dump_gave() -> None:
    assert TextMessage.load(DUMPED) == MESSAGE


def test_json_text_reads_back() -> None:
    assert TextMessage.model_validate_json(MESSAGE.model_dump_json()) == MESSAGE


def test_message_pickles() -> None:
    assert pickle.loads(pickle.dumps(MESSAGE)) == MESSAGE


def test_defaults_are_a_fresh_id_and_the_time_in_utc() -> None:
    first, second = (TextMessage(content="hi", source="bot") for _ in range(2))

    assert UUID(first.id).version == 4
    assert first.id != second.id
    assert first.created_at.tzinfo is UTC
    assert (first.models_usage, first.metadata) == (None, {})


def test_metadata_is_each_messages_own() -> None:
    first, second = (TextMessage(content="hi", source="bot") for _ in range(2))

    first.metadata["a"] = "b"

    assert second.metadata == {}


def test_dump_of_an_older_release_loads() -> None:
    old: dict[str, object] = {
        "source": "bot",
        "models_usage": None,
        "metadata": {},
        "content": "hi",
        "type": "TextMessage",
    }

    loaded = TextMessage.load(old)

    assert loaded.content == "hi"
    assert UUID(loaded.id).version == 4


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("2024-05-06T07:08:09", "2024-05-06T07:08:09"),
        ("2024-05-06T07:08:09+02:00", "2024-05-06T07:08:09+02:00"),
        (0, "1970-01-01T00:00:00Z"),
    ],
)
def test_created_at_keeps_its_zone(given: object, written: str) -> None:
    assert TextMessage.load({**DUMPED, "created_at": given}).dump()["created_at"] == written


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 5),
        ("source", None),
        ("metadata", {"a": 1}),
        ("metadata", None),
        ("models_usage", {"prompt_tokens": 1}),
        ("created_at", "yesterday"),
        ("type", "StopMessage"),
    ],
)
def test_wrong_field_is_rejected(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        TextMessage.load({**DUMPED, field: value})


def test_source_is_required() -> None:
    with pytest.raises(ValidationError, match="source"):
        TextMessage.load({"content": "hi"})


def test_extra_keys_are_ignored() -> None:
    assert TextMessage.load({**DUMPED, "mood": "good"}) == MESSAGE


def test_empty_id_is_kept() -> None:
    assert TextMessage.load({**DUMPED, "id": ""}).id == ""


def test_assignment_is_not_checked() -> None:
    message = TextMessage.load(DUMPED)

    message.content = 5  # type: ignore[assignment]

    assert repr(message.content) == "5"


@pytest.mark.parametrize("base", [BaseMessage, BaseChatMessage, BaseAgentEvent])
def test_abstract_bases_cannot_be_instantiated(base: type[BaseMessage]) -> None:
    with pytest.raises(TypeError, match="abstract"):
        base.load({"source": "bot"}) if base is BaseMessage else base(source="bot")  # type: ignore[call-arg]


def test_text_base_can_be_instantiated() -> None:
    message = BaseTextChatMessage(content="hi", source="bot")

    assert "type" not in message.dump()
    assert message.to_model_message() == UserMessage(content="hi", source="bot")


def test_own_event_inherits_everything_else() -> None:
    note = Note(content="seen", source="bot", id="n1", created_at=0)  # type: ignore[arg-type]

    assert (note.to_text(), Note.load(note.dump())) == ("seen", note)


def test_schema_tells_the_defaults() -> None:
    properties = TextMessage.model_json_schema()["properties"]

    assert list(properties) == ["id", "source", "models_usage", "metadata", "created_at", "content", "type"]
    assert properties["metadata"] == {
        "additionalProperties": {"type": "string"},
        "default": {},
        "title": "Metadata",
        "type": "object",
    }
    assert properties["type"]["const"] == properties["type"]["default"] == "TextMessage"
