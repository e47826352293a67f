import pytest
from pydantic import ValidationError

from fakellm.models import AssistantMessage, FunctionCall, FunctionExecutionResult


def test_call_takes_its_fields_in_autogens_order() -> None:
    call = FunctionCall("c1", '{"city": "Paris"}', "weather")

    assert repr(call) == "FunctionCall(id='c1', arguments='{\"city\": \"Paris\"}', name='weather')"


def test_call_is_a_plain_mutable_value() -> None:
    call = FunctionCall(id="c1", arguments="{}", name="f")

    call.name = "g"

    assert call == FunctionCall(id="c1", arguments="{}", name="g")
    with pytest.raises(TypeError, match="unhashable"):
        hash(call)


def test_call_is_not_checked_when_built_directly() -> None:
    assert FunctionCall(id=1, arguments="{}", name="f").id == 1  # type: ignore[arg-type, comparison-overlap]


def test_call_is_checked_when_it_arrives_as_a_dict() -> None:
    with pytest.raises(ValidationError, match="should be a valid string"):
        AssistantMessage.model_validate({"content": [{"id": 1, "arguments": "{}", "name": "f"}], "source": "bot"})


def test_result_says_nothing_about_errors_by_default() -> None:
    result = FunctionExecutionResult(content="18", name="weather", call_id="c1")

    assert result.model_dump_json() == '{"content":"18","name":"weather","call_id":"c1","is_error":null}'
