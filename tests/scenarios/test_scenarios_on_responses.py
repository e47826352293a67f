"""Scenarios asked at the Responses API: their requests, and what a correct client reports there."""

from __future__ import annotations

import json

import httpx
import pytest

from fakellm import BadRequestError, NotFoundError, Reply, UsageError, scenarios
from fakellm.scenarios import Expected, Scenario
from fakellm.scenarios._scenario import FAMILIES

URL = "https://api.openai.com/v1/responses"
CHAT = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}
USER = {"role": "user", "content": "Hello!"}

# What chat calls the end of an answer -> status, and the reason why a response is incomplete.
ENDS = {
    "stop": ("completed", None),
    "tool_calls": ("completed", None),
    "length": ("incomplete", "max_output_tokens"),
    "content_filter": ("incomplete", "content_filter"),
    "insufficient_system_resource": ("incomplete", "insufficient_system_resource"),
}

OF_CHAT_ALONE = {
    "create": [],
    "stream": ["tool_fragments", "interleaved_tools", "usage_on_every_chunk", "empty_deltas"],
    "usage": [],
    "finish_reason": ["function_call", "null"],
    "error": [],
}


def members(*families):
    return [
        pytest.param(scenario, id=f"{family}-{scenario.name}")
        for family in families
        for scenario in scenarios.family(family, endpoint="responses")
    ]


def post(body):
    return httpx.post(URL, json=body, headers=KEY)


def reported(response):
    """What a client makes of a response: text, refusal, calls, its end, the two sums of its usage."""
    parts = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
    calls = [item for item in response["output"] if item["type"] == "function_call"]
    usage = response["usage"]
    return {
        "content": next((part["text"] for part in parts if part["type"] == "output_text"), None),
        "refusal": next((part["refusal"] for part in parts if part["type"] == "refusal"), None),
        "tool_calls": [(call["call_id"], call["name"], call["arguments"]) for call in calls],
        "end": (response["status"], (response["incomplete_details"] or {}).get("reason")),
        "usage": usage and (usage["input_tokens"], usage["output_tokens"]),
    }


def wanted(expected):
    usage = expected.usage
    return {
        "content": expected.content,
        "refusal": expected.refusal,
        "tool_calls": [(call.id, call.name, call.arguments_text) for call in expected.tool_calls],
        "end": ENDS[expected.finish_reason],
        "usage": usage and (usage["prompt_tokens"], usage["completion_tokens"]),
    }


def complaint(call, *args, **kwargs):
    with pytest.raises(UsageError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_chat_alone_has_is_left_out(family):
    everywhere = [scenario.name for scenario in scenarios.family(family)]

    offered = [scenario.name for scenario in scenarios.family(family, endpoint="responses")]

    assert offered == [name for name in everywhere if name not in OF_CHAT_ALONE[family]]


@pytest.mark.parametrize("scenario", members("create", "usage", "finish_reason"))
def test_whole_response_is_what_is_expected(scenario):
    with scenario.play() as played:
        response = post(played.request_for("responses")).json()

    assert reported(response) == wanted(played.expected)


@pytest.mark.parametrize("scenario", members("stream"))
def test_stream_is_what_is_expected(scenario):
    with scenario.play() as played:
        text = post(played.request_for("responses")).text

    events = [json.loads(line.removeprefix("data: ")) for line in text.split("\n") if line.startswith("data: ")]
    texts = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
    assert [text for text in texts if text] == played.expected.chunks
    assert reported(events[-1]["response"]) == wanted(played.expected)


def test_tool_loop_goes_on():
    with scenarios.get("tool_call").play() as played:
        request = played.request_for("responses")
        [call] = post(request).json()["output"]
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "18 °C"}
        response = post({**request, "input": [*request["input"], call, result]}).json()

    assert reported(response)["content"] == "It is 18 °C in Paris."


def test_request_of_chat_stays_as_it_is():
    [scenario] = [one for one in scenarios.family("create", endpoint="responses") if one.name == "plain"]

    assert scenario.request == scenario.request_for("chat") == scenarios.get("plain").request


def test_request_is_a_copy():
    scenario = scenarios.get("tool_call")

    scenario.request_for("responses")["tools"][0]["parameters"]["properties"].clear()

    assert scenario.request_for("responses")["tools"][0]["parameters"]["properties"] == {"city": {"type": "string"}}


def test_request_of_a_tool_loop():
    assert scenarios.get("tool_loop").request_for("responses") == {
        "model": "gpt-4o",
        "input": [
            {"role": "user", "content": "What is the weather in Paris?"},
            {"type": "function_call", "call_id": "call_paris", "name": "get_weather", "arguments": '{"city":"Paris"}'},
            {"type": "function_call_output", "call_id": "call_paris", "output": "18 °C"},
        ],
        "tools": [
            {
                "type": "function",
                "name": "get_weather",
                "description": "Current weather in a city.",
                "parameters": {
                    "type": "object",
                    "properties": {"city": {"type": "string"}},
                    "required": ["city"],
                    "additionalProperties": False,
                },
                "strict": True,
            }
        ],
    }


def test_system_message_is_instructions():
    assert scenarios.get("multi_turn", family="stream").request_for("responses") == {
        "model": "gpt-4o",
        "instructions": "Answer in a few words.",
        "input": [
            {"role": "user", "content": "What is the capital of France?"},
            {"role": "assistant", "content": "Paris, on the Seine."},
            {"role": "user", "content": "And of Germany?"},
        ],
        "stream": True,
    }


CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
PARAMETERS = [
    ({"max_tokens": 20}, {"max_output_tokens": 20}),
    ({"max_completion_tokens": 20}, {"max_output_tokens": 20}),
    ({"temperature": 0, "n": 1, "stop": None}, {"temperature": 0}),
    ({"reasoning_effort": "low", "verbosity": "low"}, {"reasoning": {"effort": "low"}, "text": {"verbosity": "low"}}),
    (
        {"verbosity": "low", "response_format": {"type": "json_object"}},
        {"text": {"verbosity": "low", "format": {"type": "json_object"}}},
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}}},
    ),
    ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": True}),
    (
        {"stream_options": {"include_usage": True, "include_obfuscation": False}},
        {"stream_options": {"include_obfuscation": False}},
    ),
    ({"logprobs": True, "top_logprobs": 2}, {"include": ["message.output_text.logprobs"], "top_logprobs": 2}),
    ({"logprobs": False}, {}),
    (
        {"tools": [{"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "g"}}]},
        {"tools": [{"type": "function", "name": "f", "strict": False}, {"type": "custom", "name": "g"}]},
    ),
    ({"tool_choice": "required"}, {"tool_choice": "required"}),
    (
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"tool_choice": {"type": "function", "name": "f"}},
    ),
    (
        {
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
            }
        },
        {"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]}},
    ),
]


@pytest.mark.parametrize(("asked", "said"), PARAMETERS)
def test_parameters_have_the_names_of_responses(asked, said):
    request = Scenario("own", "Hello!", request=asked).request_for("responses")

    assert request == {"model": "gpt-4o", "input": [USER], **said}


@pytest.mark.parametrize(
    ("message", "items"),
    [
        ({"role": "user", "content": "a"}, [{"role": "user", "content": "a"}]),
        (
            {"role": "user", "content": [{"type": "text", "text": "a"}]},
            [{"role": "user", "content": [{"type": "input_text", "text": "a"}]}],
        ),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.test"}}]},
            [
                {
                    "role": "user",
                    "content": [{"type": "input_image", "image_url": "https://a.test", "detail": "auto"}],
                }
            ],
        ),
        (
            {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]},
            [{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}],
        ),
        (
            {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "b"}]},
            [
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "b"}],
                }
            ],
        ),
        (
            {"role": "assistant", "content": "Wait.", "tool_calls": [CALL]},
            [
                {"role": "assistant", "content": "Wait."},
                {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
            ],
        ),
        (
            {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "18"}]},
            [
                {
                    "type": "function_call_output",
                    "call_id": "call_1",
                    "output": [{"type": "input_text", "text": "18"}],
                }
            ],
        ),
    ],
)
def test_messages_are_items(message, items):
    request = Scenario("own", "Hello!", request={"messages": [message]}).request_for("responses")

    assert request["input"] == items


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"n": 2}, "Responses have one answer, not n=2"),
        ({"stop": ["."]}, "Responses have no stop"),
        ({"seed": 7}, "Responses have no seed"),
        ({"messages": [{"role": "function", "content": "a"}]}, "Responses have no message of the role 'function'"),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "Responses have no part of the type 'input_audio'",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"type": "custom"}]}]},
            "a call of the type 'custom' is not brought over to Responses",
        ),
    ],
)
def test_request_that_responses_have_no_place_for(asked, why):
    scenario = Scenario("own", "Hello!", request=asked)

    assert not scenario.is_for("responses")
    assert complaint(scenario.request_for, "responses") == f"the scenario 'own' cannot be asked at responses: {why}"


def test_scenario_that_responses_have_no_place_for():
    scenario = scenarios.get("usage_on_every_chunk")

    assert not scenario.is_for("responses")
    assert complaint(scenario.request_for, "responses") == (
        "the scenario 'usage_on_every_chunk' is about what responses have no place for"
    )


@pytest.mark.parametrize(
    "ask",
    [
        scenarios.get("plain").request_for,
        scenarios.get("plain").at,
        lambda name: scenarios.family("create", endpoint=name),
        lambda name: Scenario("own", "Hello!", elsewhere={name: None}),
    ],
)
def test_unknown_api(ask):
    assert complaint(ask, "embeddings") == "scenarios are asked at chat and responses, not at 'embeddings'"


def test_chat_is_not_elsewhere():
    assert complaint(Scenario, "own", "Hello!", elsewhere={"chat": None}) == (
        "what a client of chat reports is expected=Expected(...); elsewhere= is for other APIs"
    )


def test_client_of_responses_reports_another_error():
    with scenarios.get("model_not_found").play() as played:
        before = played.expected.error
        answer = post(played.request_for("responses"))

    assert before is NotFoundError
    assert (answer.status_code, played.expected.error) == (400, BadRequestError)


def test_expected_is_that_of_the_api_that_is_asked():
    def script(llm):
        llm.when(endpoint="responses").reply("Here.", times=None)
        llm.reply("There.", times=None)

    mine = Scenario(
        "own", script, expected=Expected(content="There."), elsewhere={"responses": Expected(content="Here.")}
    )

    assert (mine.expected.content, mine.at("responses").expected.content) == ("There.", "Here.")
    with mine.at("responses").play() as played:
        httpx.post(CHAT, json=played.request, headers=KEY)
        assert played.expected.content == "There."
        post(played.request_for("responses"))
        assert played.expected.chunks == ["Here", "."]


def test_usage_of_a_streamed_response_is_expected_unasked():
    scenario = Scenario("own", Reply("Hi", usage={"prompt_tokens": 7}), families="stream").of("stream")

    assert scenario.expected.usage is None
    assert scenario.at("responses").expected.usage == {"prompt_tokens": 7}
