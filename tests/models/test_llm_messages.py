import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from fakellm.models import (
    AssistantMessage,
    FunctionCall,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)

CALL = FunctionCall(id="c1", arguments="{}", name="weather")
TABLE: list[tuple[BaseModel, str]] = [
    (SystemMessage(content="Be brief."), '{"content":"Be brief.","type":"SystemMessage"}'),
    (
        UserMessage(content="hi", source="user"),
        '{"content":"hi","source":"user","type":"UserMessage"}',
    ),
    (
        UserMessage(content=["a", "b"], source="user"),
        '{"content":["a","b"],"source":"user","type":"UserMessage"}',
    ),
    (
        AssistantMessage(content="hello", source="bot"),
        '{"content":"hello","thought":null,"source":"bot","type":"AssistantMessage"}',
    ),
    (
        AssistantMessage(content=[CALL], thought="look it up", source="bot"),
        '{"content":[{"id":"c1","arguments":"{}","name":"weather"}],"thought":"look it up",'
        '"source":"bot","type":"AssistantMessage"}',
    ),
    (
        FunctionExecutionResultMessage(
            content=[FunctionExecutionResult(content="18", name="weather", call_id="c1", is_error=False)]
        ),
        '{"content":[{"content":"18","name":"weather","call_id":"c1","is_error":false}],'
        '"type":"FunctionExecutionResultMessage"}',
    ),
]


@pytest.mark.parametrize(("message", "written"), TABLE, ids=lambda value: type(value).__name__)
def test_message_is_written_as(message: BaseModel, written: str) -> None:
    assert message.model_dump_json() == written


@pytest.mark.parametrize(("message", "written"), TABLE, ids=lambda value: type(value).__name__)
def test_union_reads_back_by_type(message: BaseModel, written: str) -> None:
    read = TypeAdapter(LLMMessage).validate_json(written)

    assert type(read) is type(message)
    assert read == message


@pytest.mark.parametrize("kind", [None, "usermessage", "FunctionExecutionResult", 5])
def test_union_rejects_other_types(kind: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(LLMMessage).validate_python({"type": kind, "content": "hi", "source": "user"})


def test_union_needs_a_type() -> None:
    with pytest.raises(ValidationError, match="Unable to extract tag"):
        TypeAdapter(LLMMessage).validate_python({"content": "hi", "source": "user"})


def test_extra_keys_are_ignored() -> None:
    assert SystemMessage.model_validate({"content": "s", "role": "developer"}) == SystemMessage(content="s")


def test_another_class_name_is_rejected() -> None:
    with pytest.raises(ValidationError, match="Input should be 'SystemMessage'"):
        SystemMessage.model_validate({"content": "s", "type": "UserMessage"})
