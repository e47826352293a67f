import pytest
from pydantic import ValidationError

from fakellm.models import ChatCompletionTokenLogprob, CreateResult, RequestUsage, TopLogprob


def test_result_is_written_with_every_field() -> None:
    result = CreateResult(finish_reason="stop", content="hi", usage=RequestUsage(3, 1), cached=False)

    assert result.model_dump_json() == (
        '{"finish_reason":"stop","content":"hi","usage":{"prompt_tokens":3,"completion_tokens":1},'
        '"cached":false,"logprobs":null,"thought":null}'
    )


def test_result_needs_to_say_whether_it_is_cached() -> None:
    with pytest.raises(ValidationError, match="cached"):
        CreateResult.model_validate({"finish_reason": "stop", "content": "", "usage": RequestUsage(0, 0)})


def test_wire_name_of_the_finish_reason_is_rejected() -> None:
    with pytest.raises(ValidationError, match="finish_reason"):
        CreateResult.model_validate(
            {"finish_reason": "tool_calls", "content": "", "usage": RequestUsage(0, 0), "cached": False}
        )


def test_usage_arriving_as_a_dict_is_checked() -> None:
    with pytest.raises(ValidationError, match="completion_tokens"):
        CreateResult.model_validate(
            {"finish_reason": "stop", "content": "", "usage": {"prompt_tokens": 1}, "cached": False}
        )


def test_logprobs_hold_their_candidates() -> None:
    token = ChatCompletionTokenLogprob.model_validate(
        {"token": "é", "logprob": -0.5, "top_logprobs": [{"logprob": -0.5, "bytes": [195, 169]}]}
    )

    assert token.top_logprobs == [TopLogprob(-0.5, [195, 169])]
    assert token.bytes is None
