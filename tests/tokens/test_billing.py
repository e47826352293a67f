import json
import os
from pathlib import Path

import pytest
import yaml
from chat_wire import CHAT_URL

from fakellm.tokens import completion_usage

USER = {"role": "user", "content": "hello world"}  # two tokens in every vocabulary here
RECORDINGS = os.environ.get("FAKELLM_REAL_CASSETTES")

# What a completion cost before is not what it costs now: one token more on most recorded calls.
NEW_BACKEND = 1_751_328_000  # 2025-07-01


def prompt_tokens(*messages, model="gpt-4o"):
    return completion_usage(model, messages, text=None)["prompt_tokens"]


def completion_tokens(text=None, *calls):
    return completion_usage("gpt-4o", [USER], text=text, tool_calls=calls)["completion_tokens"]


def test_usage_has_the_members_of_the_api():
    assert completion_usage("gpt-4o", [USER], text="hello world") == {
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "total_tokens": 11,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini-2024-07-18", "gpt-4.1", "gpt-4", "gpt-3.5-turbo", "unknown"])
def test_request_costs_three_and_each_message_four(model):
    assert [prompt_tokens(model=model), prompt_tokens(USER, model=model), prompt_tokens(USER, USER, model=model)] == [
        3,
        9,
        15,
    ]


@pytest.mark.parametrize("model", ["o1", "o3-mini", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5.6-sol"])
def test_request_of_a_reasoning_model_costs_two(model):
    assert prompt_tokens(USER, model=model) == 8


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        ("", 0),
        (None, 0),
        (5, 0),
        ([], 0),
        ([{"type": "text", "text": "hello"}, {"type": "text", "text": " world"}], 2),
        ([{"type": "text", "text": "hello"}, {"type": "image_url"}, "loose", {"text": None}], 1),
    ],
)
def test_content_costs_its_text(content, tokens):
    assert prompt_tokens({"role": "user", "content": content}) == 3 + 4 + tokens


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant", "tool"])
def test_every_role_costs_the_same(role):
    assert prompt_tokens({**USER, "role": role}) == 9


@pytest.mark.parametrize(
    ("calls", "is_more"),
    [(None, False), (5, False), ([None], False), ([{"function": 5}], False), ([{"function": {"name": "f"}}], True)],
)
def test_call_in_the_history_costs_its_text(calls, is_more):
    message = {"role": "assistant", "tool_calls": calls}

    assert (prompt_tokens(message) > 7) is is_more


def test_call_in_the_history_costs_what_it_cost_as_an_answer():
    function = {"name": "get_weather", "arguments": '{"city":"Paris"}'}
    message = {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "function": function}]}

    assert prompt_tokens(message) == 3 + 14


@pytest.mark.parametrize(("text", "tokens"), [(None, 0), ("", 0), ("hello world", 2), ("The capital is Paris.", 5)])
def test_completion_costs_its_text(text, tokens):
    assert completion_tokens(text) == tokens


def test_call_costs_its_name_its_arguments_and_four():
    # As billed by api.openai.com for gpt-4o in July 2026; five of it are " to=functions.get_weather".
    assert completion_tokens(None, ("get_weather", '{"city":"Paris"}')) == 14


def test_text_beside_a_call_is_added():
    call = ("get_weather", '{"city":"Paris"}')

    assert completion_tokens("hello world", call) == completion_tokens(None, call) + 2


def test_several_calls_cost_their_wrapper():
    # Four, six for " to=multi_tool_use.parallel", 27 for {"tool_uses":[…]} with the two calls inside.
    assert completion_tokens(None, ("f", "{}"), ("g", "{}")) == 37


def test_broken_arguments_are_counted():
    assert completion_tokens(None, ("f", "{broken"), ("g", "")) > 0


def recorded_chats():
    """Yield (request, answer text, created, usage) of the plain-text chats recorded from api.openai.com."""
    for path in sorted(Path(RECORDINGS).glob("*.yaml")) if RECORDINGS else ():
        text = path.read_text()
        for interaction in yaml.safe_load(text)["interactions"] if f"uri: {CHAT_URL}" in text else ():
            request, response = interaction["request"], interaction["response"]
            if request["uri"] != CHAT_URL or response["status"]["code"] != 200:
                continue
            body = request.get("parsed_body") or json.loads(request["body"])
            if body.get("tools") or not all(isinstance(message.get("content"), str) for message in body["messages"]):
                continue
            yield pytest.param(body, *read(response), id=path.stem)


def read(response):
    """The text, the time and the usage of a recorded answer, whole or streamed."""
    if (whole := response.get("parsed_body")) is not None:
        return whole["choices"][0]["message"]["content"], whole["created"], whole["usage"]
    lines = response["body"]["string"].splitlines()
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    return text, chunks[0]["created"], chunks[-1]["usage"]


@pytest.mark.skipif(not RECORDINGS, reason="FAKELLM_REAL_CASSETTES names no folder of recorded sessions")
@pytest.mark.parametrize(("body", "text", "created", "usage"), [*recorded_chats()])
def test_usage_is_what_was_billed(body, text, created, usage):
    computed = completion_usage(body["model"], body["messages"], text=text)

    if created < NEW_BACKEND:
        usage = {
            **usage,
            "completion_tokens": usage["completion_tokens"] - 1,
            "total_tokens": usage["total_tokens"] - 1,
        }
    assert computed == usage


@pytest.mark.skipif(not RECORDINGS, reason="FAKELLM_REAL_CASSETTES names no folder of recorded sessions")
def test_recorded_sessions_hold_plain_chats():
    assert len(list(recorded_chats())) >= 2
