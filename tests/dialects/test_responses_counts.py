"""Counts of tokens: what the same request to Responses is billed, without using up a reply."""

import os
from pathlib import Path

import httpx
import pytest
from asking import KEY
from responses_wire import FUNCTION

from fakellm import ContradictionError, ErrorReply, FakeLLM, RejectedRequestError, Reply, faults, use_cassette

OPENAI = "https://api.openai.com/v1/responses"
ELSEWHERE = "http://localhost:8080/v1/responses"
AZURE = "https://mine.openai.azure.com/openai/v1/responses"
IMAGE = {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "low"}
ASKED = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": '{"city": "Paris"}'}
TOLD = {"type": "function_call_output", "call_id": "call_1", "output": "18 degrees"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
FORMAT = {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}
RECORDINGS = os.environ.get("FAKELLM_REAL_CASSETTES")
RECORDED = "test_openai_responses__test_responses_count_tokens_with_tools.yaml"


def post(url, body):
    return httpx.post(url, headers=KEY, json={"model": "gpt-4o", **body})


def count(given="hi", *, url=OPENAI, **parameters):
    return post(f"{url}/input_tokens", {"input": given, **parameters})


@pytest.fixture
def llm():
    with FakeLLM() as llm:
        yield llm


@pytest.mark.parametrize("url", [OPENAI, ELSEWHERE, AZURE])
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4.1-mini", "o4-mini", "gpt-5.2", "mine"])
@pytest.mark.parametrize(
    "body",
    [
        {"input": "How warm is it in Paris? 🌡"},
        {"input": "hi", "instructions": "Be kind."},
        {"input": "hi", "tools": [FUNCTION], "tool_choice": "auto", "parallel_tool_calls": False},
        {"input": [{"role": "user", "content": "hi"}, ASKED, TOLD], "tools": [FUNCTION]},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "what is it?"}, IMAGE]}]},
        {"input": "hi", "text": {"format": FORMAT}},
    ],
    ids=["text", "instructions", "tools", "history", "image", "format"],
)
def test_count_is_what_the_same_request_is_billed(llm, url, model, body):
    llm.reply(Reply("", deliberate=True))

    counted = post(f"{url}/input_tokens", {"model": model, **body}).json()
    billed = post(url, {"model": model, **body}).json()["usage"]["input_tokens"]

    assert counted == {"object": "response.input_tokens", "input_tokens": billed}


def test_what_it_builds_on_counts(llm):
    llm.reply("Hello!", times=2)
    first = post(OPENAI, {"input": "hi"}).json()["id"]

    counted = count("and then?", previous_response_id=first).json()["input_tokens"]
    billed = post(OPENAI, {"input": "and then?", "previous_response_id": first}).json()["usage"]["input_tokens"]

    assert counted == billed > count("and then?").json()["input_tokens"]


def test_instructions_alone_are_counted(llm):
    alone = post(f"{OPENAI}/input_tokens", {"instructions": "Be kind."}).json()["input_tokens"]

    assert 0 < alone < count("hi", instructions="Be kind.").json()["input_tokens"]


def test_count_uses_up_no_reply_and_is_no_model_call(llm):
    llm.reply("Hello!")

    assert count().status_code == 200
    assert post(OPENAI, {"input": "hi"}).json()["output"][0]["content"][0]["text"] == "Hello!"
    assert [call.endpoint for call in llm.calls] == ["responses"]
    assert [request.endpoint for request in llm.other_traffic] == ["tokens"]


def test_rule_for_the_endpoint_answers_instead(llm):
    llm.when(endpoint="tokens", user="long").reply(Reply(usage={"prompt_tokens": 100_000}))
    llm.when(endpoint="tokens", user="late").reply(ErrorReply(503, message="Try later."))
    llm.when(endpoint="tokens", user="cut").reply(fault=faults.drop(after=0))

    assert count("long").json()["input_tokens"] == 100_000
    assert count("late").json()["error"]["message"] == "Try later."
    with pytest.raises(httpx.RemoteProtocolError):
        count("cut")
    assert count("short").status_code == 200
    assert [call.endpoint for call in llm.calls] == ["tokens"] * 3


@pytest.mark.parametrize("reply", ["Hello!", Reply(reasoning="Hm."), Reply(refusal="No.")])
def test_reply_that_speaks_has_no_place(reply):
    with pytest.raises(ContradictionError, match=r"for which …/responses/input_tokens has no place"), FakeLLM() as llm:
        llm.when(endpoint="tokens").reply(reply)
        assert count().status_code == 400


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"model": None}, (400, "missing_required_parameter", "model", "Missing required parameter: 'model'.")),
        ({"given": 7}, (400, "invalid_type", "input", None)),
        ({"tools": [{"type": "function"}]}, (400, "missing_required_parameter", "tools[0].name", None)),
        ({"truncation": "some"}, (400, "invalid_value", "truncation", None)),
        ({"previous_response_id": "resp_0"}, (400, "previous_response_not_found", "previous_response_id", None)),
    ],
)
def test_request_that_the_real_api_rejects_is_rejected(parameters, expected):
    with pytest.raises(RejectedRequestError, match="request 1 of other_traffic"), FakeLLM():
        response = count(**parameters)

    error, message = response.json()["error"], expected[3]
    assert (response.status_code, error["code"], error["param"]) == expected[:3]
    assert message is None or error["message"] == message


def test_items_that_do_not_follow_each_other_are_counted(llm):
    assert count([TOLD]).status_code == 200


def test_model_that_does_not_exist_is_rejected():
    with pytest.raises(RejectedRequestError), FakeLLM(models=["gpt-4o"]):
        assert count(model="gpt-9").json()["error"]["code"] == "model_not_found"


def test_key_is_asked_for():
    with pytest.raises(RejectedRequestError), FakeLLM():
        assert httpx.post(f"{OPENAI}/input_tokens", json={"model": "gpt-4o", "input": "hi"}).status_code == 401


def test_count_is_heard(llm):
    counted = count().content

    assert [request.hear(counted).text for request in llm.other_traffic] == ["8 tokens"]


def test_recorded_count_of_instructions_is_the_one_computed(llm):
    # Recorded by pydantic-ai from api.openai.com.
    recorded = {"model": "gpt-4.1-mini", "instructions": "Follow the system instructions."}

    assert count([{"role": "user", "content": ""}], **recorded).json()["input_tokens"] == 16


@pytest.mark.skipif(not RECORDINGS, reason="FAKELLM_REAL_CASSETTES names no folder of recorded sessions")
def test_recorded_count_is_replayed():
    tool = {
        "type": "function",
        "name": "get_weather",
        "description": "Get the weather for a location",
        "strict": False,
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string"}},
            "additionalProperties": False,
        },
    }
    question = [{"role": "user", "content": "What is the weather in Paris?"}]

    with use_cassette(Path(RECORDINGS) / RECORDED):
        counted = count(question, model="gpt-4.1-mini", tools=[tool], tool_choice="required").json()

    assert counted == {"object": "response.input_tokens", "input_tokens": 51}
