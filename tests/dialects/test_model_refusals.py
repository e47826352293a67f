"""What single models refuse."""

from __future__ import annotations

import pytest
from asking import AZURE, ELSEWHERE, USER, body, rejection

from fakellm.tokens._models import facts_of

INSTEAD = " Use 'max_completion_tokens' instead."
ONLY_ONE = "Only the default (1) value is supported."


def unsupported(name, hint=""):
    words = f"Unsupported parameter: '{name}' is not supported with this model.{hint}"
    return (400, "invalid_request_error", "unsupported_parameter", name, words)


def temperature(value):
    words = f"Unsupported value: 'temperature' does not support {value} with this model. {ONLY_ONE}"
    return (400, "invalid_request_error", "unsupported_value", "temperature", words)


REFUSED = [
    (body(model="o1", max_tokens=5), unsupported("max_tokens", INSTEAD)),
    (body(model="gpt-5-mini-2025-08-07", max_tokens=5), unsupported("max_tokens", INSTEAD)),
    (body(model="gpt-5.2", max_tokens=5), unsupported("max_tokens", INSTEAD)),
    (body(model="o4-mini", stop=["a"]), unsupported("stop")),
    (body(model="gpt-5", stop="a"), unsupported("stop")),
    (body(model="gpt-5", logit_bias={"1": 1}), unsupported("logit_bias")),
    (body(model="gpt-5", prediction={"type": "content", "content": "x"}), unsupported("prediction")),
    (body(model="o3", tools=[{"type": "function", "function": {"name": "f"}}], parallel_tool_calls=True),
     unsupported("parallel_tool_calls")),
    (body(model="o3-mini", temperature=1), unsupported("temperature")),
    (body(model="o1", temperature=0), temperature(0)),
    (body(model="gpt-5-nano", temperature=0.2), temperature(0.2)),
    (body(model="gpt-5.1", temperature=0.2, reasoning_effort="low"), temperature(0.2)),
    (body(model="gpt-5.6-sol", temperature=0.2), temperature(0.2)),
    (body(model="gpt-5", top_p=0.5), unsupported("top_p")),
    (body(model="gpt-5", frequency_penalty=0.5), unsupported("frequency_penalty")),
    (body(model="o3", presence_penalty=0.5), unsupported("presence_penalty")),
    (body(model="gpt-5", logprobs=True), unsupported("logprobs")),
    (body(model="o4-mini", logprobs=True),
     (403, "invalid_request_error", None, None, "You are not allowed to request logprobs from this model")),
    (body(model="o3", messages=[USER, {"role": "function", "name": "f", "content": "x"}]),
     (400, "invalid_request_error", "unsupported_value", "messages[1].role",
      "Unsupported value: 'messages[1].role' does not support 'function' with this model.")),
    (body(model="gpt-4o", reasoning_effort="low"),
     (400, "invalid_request_error", None, None, "Unrecognized request argument supplied: reasoning_effort")),
    (body(model="gpt-4o", web_search_options={}),
     (400, "invalid_request_error", None, "web_search_options", "Web search options not supported with this model.")),
    (body(model="gpt-4o", max_tokens=32000),
     (400, "invalid_request_error", "invalid_value", "max_tokens",
      "max_tokens is too large: 32000. This model supports at most 16384 completion tokens, whereas you provided "
      "32000.")),
    (body(model="gpt-4-turbo", max_completion_tokens=5000),
     (400, "invalid_request_error", "invalid_value", "max_completion_tokens",
      "max_completion_tokens is too large: 5000. This model supports at most 4096 completion tokens, whereas you "
      "provided 5000.")),
]  # fmt: skip


@pytest.mark.parametrize(("request_body", "error"), REFUSED, ids=lambda value: str(value)[:80])
def test_model_refuses_what_it_does_not_take(request_body, error):
    assert rejection(request_body) == error
    assert rejection(request_body, url=AZURE) == error
    assert rejection(request_body, url=ELSEWHERE) is None


@pytest.mark.parametrize(
    "request_body",
    [
        body(model="o1", stop=["a"]),
        body(model="o1", temperature=1, top_p=1, presence_penalty=0, max_completion_tokens=100_000),
        body(model="gpt-5", reasoning_effort="minimal", logprobs=False),
        body(model="gpt-5.1", temperature=0.2, top_p=0.1, logprobs=True),
        body(model="gpt-5.6-sol", temperature=0.2, reasoning_effort="none"),
        body(model="gpt-4o-search-preview", web_search_options={}),
        body(model="gpt-5-chat-latest", temperature=0.2, max_tokens=5),
        body(model="somebody-elses", temperature=0.2, max_tokens=10**6, reasoning_effort="low"),
        body(model="gpt-4o", max_tokens=16_384),
    ],
    ids=lambda value: str(value)[:80],
)
def test_model_takes_the_rest(request_body):
    assert rejection(request_body) is None


@pytest.mark.parametrize(
    ("model", "context"),
    [
        ("gpt-4o", 128_000),
        ("gpt-4o-mini-2024-07-18", 128_000),
        ("gpt-4", 8_192),
        ("gpt-4-0613", 8_192),
        ("gpt-4-turbo-2024-04-09", 128_000),
        ("gpt-4.1-nano", 1_047_576),
        ("ft:gpt-4o-2024-08-06:org::id", 128_000),
        ("o3-mini-2025-01-31", 200_000),
        ("gpt-4-1106-vision-preview", 128_000),
        ("gpt-35-turbo", 16_385),
        ("gpt-3.5-turbo-0613", 4_097),
        ("gpt-3.5-turbo-instruct", 4_097),
        ("gpt-40", None),
        ("llama-3", None),
        ("", None),
    ],
)
def test_model_is_known_by_the_beginning_of_its_name(model, context):
    assert facts_of(model).context == context


def words(count):
    return [{"role": "user", "content": "hello" + " hello" * (count - 1)}]


def too_long(message):
    return (400, "invalid_request_error", "context_length_exceeded", "messages", message)


def test_prompt_that_is_too_long_is_rejected_with_its_count():
    error = too_long(
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 8193 tokens. Please "
        "reduce the length of the messages."
    )

    assert rejection(body(model="gpt-4", messages=words(8186))) == error
    assert rejection(body(model="gpt-4", messages=words(8185))) is None
    assert rejection(body(model="gpt-4", messages=words(8186)), url=ELSEWHERE) is None


def test_prompt_and_completion_share_the_context():
    error = too_long(
        "This model's maximum context length is 8192 tokens. However, you requested 8207 tokens (8107 in the messages, "
        "100 in the completion). Please reduce the length of the messages or completion."
    )

    assert rejection(body(model="gpt-4", messages=words(8100), max_tokens=100)) == error


def test_prompt_of_a_model_that_bounds_it_by_itself():
    error = too_long(
        "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 272006 tokens. Please "
        "reduce the length of the messages."
    )

    assert rejection(body(model="gpt-5", messages=words(272_000))) == error


def test_image_in_the_request_is_not_counted_as_text():
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 200_000}}

    assert rejection(body(messages=[{"role": "user", "content": [image]}])) is None
