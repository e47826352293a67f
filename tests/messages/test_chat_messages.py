from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fakellm.messages import (
    BaseTextChatMessage,
    ChatMessage,
    HandoffMessage,
    MultiModalMessage,
    StopMessage,
    TextMessage,
    ToolCallSummaryMessage,
)
from fakellm.models import FunctionCall, FunctionExecutionResult, Image, SystemMessage, UserMessage

RED = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
COMMON: dict[str, Any] = {
    "id": "m1",
    "source": "bot",
    "models_usage": None,
    "metadata": {},
    "created_at": "2024-05-06T07:08:09Z",
}
CALL = {"id": "c1", "arguments": "{}", "name": "weather"}
RESULT = {"content": "18", "name": "weather", "call_id": "c1", "is_error": False}
CONTEXT = [
    {"content": "Be brief.", "type": "SystemMessage"},
    {"content": "hi", "source": "user", "type": "UserMessage"},
]
DUMPS: list[dict[str, Any]] = [
    {**COMMON, "content": "hi", "type": "TextMessage"},
    {**COMMON, "content": "enough", "type": "StopMessage"},
    {**COMMON, "content": "over", "target": "b", "context": CONTEXT, "type": "HandoffMessage"},
    {**COMMON, "content": "18", "type": "ToolCallSummaryMessage", "tool_calls": [CALL], "results": [RESULT]},
    {**COMMON, "content": ["a", "b"], "type": "MultiModalMessage"},
]


@pytest.mark.parametrize("dumped", DUMPS, ids=lambda dumped: dumped["type"])
def test_union_reads_what_dump_writes(dumped: dict[str, Any]) -> None:
    message = TypeAdapter(ChatMessage).validate_python(dumped)

    assert type(message).__name__ == dumped["type"]
    assert message.dump() == dumped
    assert list(message.dump()) == list(dumped)


@pytest.mark.parametrize("kind", [None, 5, "textmessage", "StructuredMessage", "ThoughtEvent"])
def test_union_rejects_other_types(kind: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ChatMessage).validate_python({**COMMON, "content": "hi", "type": kind})


@pytest.mark.parametrize("kind", [TextMessage, StopMessage])
def test_text_message_says_its_content(kind: type[BaseTextChatMessage]) -> None:
    message = kind(content="hi\nthere", source="bot")

    assert message.to_text() == message.to_model_text() == "hi\nthere"
    assert message.to_model_message() == UserMessage(content="hi\nthere", source="bot")


def test_handoff_has_no_context_by_default() -> None:
    first, second = (HandoffMessage(content="over", source="a", target="b") for _ in range(2))

    first.context.append(SystemMessage(content="s"))

    assert second.context == []


def test_handoff_context_holds_model_messages() -> None:
    message = HandoffMessage.load(DUMPS[2])

    assert message.context == [SystemMessage(content="Be brief."), UserMessage(content="hi", source="user")]


def test_handoff_schema_tells_the_default() -> None:
    assert HandoffMessage.model_json_schema()["properties"]["context"]["default"] == []


def test_summary_needs_calls_and_results() -> None:
    with pytest.raises(ValidationError, match=r"tool_calls\n.*\nresults|tool_calls[\s\S]*results"):
        ToolCallSummaryMessage.load({**COMMON, "content": "18"})


def test_summary_holds_calls_and_results() -> None:
    message = ToolCallSummaryMessage.load(DUMPS[3])

    assert message.tool_calls == [FunctionCall("c1", "{}", "weather")]
    assert message.results == [FunctionExecutionResult(content="18", name="weather", call_id="c1", is_error=False)]


def test_multi_modal_text_only() -> None:
    message = MultiModalMessage(content=["a", "b"], source="bot")

    assert message.to_text() == "a\nb"
    assert message.to_model_text() == "ab"
    assert message.to_model_message() == UserMessage(content=["a", "b"], source="bot")


def test_multi_modal_content_is_a_list() -> None:
    with pytest.raises(ValidationError, match="should be a valid list"):
        MultiModalMessage.load({**COMMON, "content": "a"})


class TestWithImage:
    @pytest.fixture
    def image(self) -> Image:
        pytest.importorskip("PIL")
        return Image.from_base64(RED)

    @pytest.fixture
    def message(self, image: Image) -> MultiModalMessage:
        return MultiModalMessage(content=["a", image, "b"], source="bot")

    def test_people_see_a_mark(self, message: MultiModalMessage) -> None:
        assert message.to_text() == "a\n<image>\nb"

    def test_iterm_shows_the_picture(self, message: MultiModalMessage, image: Image) -> None:
        assert message.to_text(iterm=True) == f"a\n\033]1337;File=inline=1:{image.to_base64()}\a\n\nb"

    def test_models_read_a_placeholder(self, message: MultiModalMessage) -> None:
        assert message.to_model_text() == "a [image]b"
        assert message.to_model_text("") == "a b"

    def test_models_can_read_the_base64(self, message: MultiModalMessage, image: Image) -> None:
        assert message.to_model_text(None) == f"a {image.to_base64()}b"

    def test_model_message_has_the_same_parts(self, message: MultiModalMessage, image: Image) -> None:
        assert message.to_model_message().content == ["a", image, "b"]

    def test_json_text_reads_back(self, message: MultiModalMessage) -> None:
        written = message.model_dump_json()

        assert MultiModalMessage.model_validate_json(written).model_dump_json() == written
