"""Strictness as a test meets it: what is rejected, what that costs, and how to let it pass."""

from __future__ import annotations

import pytest
from asking import KEY, OPENAI, body

from fakellm import Cassette, FakeLLM, UnmatchedRequestError, UsageError, use_cassette

BAD = body(messages=[{"role": "tool", "tool_call_id": "c1", "content": "18"}])
WORDS = "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."


def test_rejected_request_uses_up_no_reply_and_fails_the_test(way):
    llm = FakeLLM()
    llm.reply("Hello!")
    transport = way.transport(llm)

    rejected = way.post(OPENAI, BAD, transport=transport)
    answered = way.post(OPENAI, body(), transport=transport)

    assert rejected.status_code == 400
    assert rejected.json()["error"] == {
        "message": f"Invalid parameter: {WORDS}",
        "type": "invalid_request_error",
        "param": "messages.[0].role",
        "code": None,
    }
    assert rejected.headers["x-should-retry"] == "false"
    assert answered.json()["choices"][0]["message"]["content"] == "Hello!"
    with pytest.raises(UnmatchedRequestError, match="the real API rejects call 1 with 400: POST /v1/chat/completions"):
        llm.check()


def test_rejected_request_passes_where_the_test_means_it(way):
    llm = FakeLLM(allow_rejected=True)

    assert way.post(OPENAI, BAD, transport=way.transport(llm)).status_code == 400
    llm.check()


def test_fake_that_is_not_strict_answers_what_the_api_rejects(way):
    llm = FakeLLM(strict=False)
    llm.when(tool_result="18").reply("18 degrees")

    answer = way.request("POST", OPENAI, json=BAD, headers={"authorization": ""}, transport=way.transport(llm))

    assert answer.json()["choices"][0]["message"]["content"] == "18 degrees"
    llm.check()


def test_listed_models_are_those_that_exist(way):
    llm = FakeLLM(models=["gpt-4o"], allow_rejected=True)
    llm.reply("Hello!")
    transport = way.transport(llm)

    assert way.post(OPENAI, body(), transport=transport).status_code == 200
    assert way.post(OPENAI, body(model="gpt-4"), transport=transport).status_code == 404


def test_one_str_is_no_list_of_models():
    with pytest.raises(UsageError, match=r"models takes the names of all models that exist.*\n.*models=\['gpt-4o'\]"):
        FakeLLM(models="gpt-4o")


def test_missing_key_is_answered_as_by_the_api(way):
    llm = FakeLLM(allow_rejected=True)

    found = way.request("POST", OPENAI, json=body(), headers={"authorization": ""}, transport=way.transport(llm))

    assert found.status_code == 401
    assert found.json()["error"]["message"].startswith("You didn't provide an API key.")


def test_recording_answers_what_it_holds_however_it_was_asked(tmp_path, way):
    recording = tmp_path / "session.yaml"
    recording.write_text(
        f'interactions:\n- request: {{method: POST, uri: {OPENAI}, body: \'{{"model": "gpt-4o", "top_k": 5}}\'}}\n'
        "  response: {status: {code: 200, message: OK}, headers: {}, body: {string: recorded}}\nversion: 1\n"
    )

    with use_cassette(recording):
        found = way.request("POST", OPENAI, json={"model": "gpt-4o", "top_k": 5}, headers=dict.fromkeys(KEY, ""))

    assert (found.status_code, found.text) == (200, "recorded")


def test_request_that_neither_the_api_nor_the_recording_knows_is_rejected(tmp_path, way):
    recording = tmp_path / "session.yaml"
    recording.write_text("interactions: []\nversion: 1\n")
    llm = FakeLLM(allow_rejected=True)
    Cassette(recording, engine=llm._engine)

    found = way.post(OPENAI, body(top_k=5), transport=way.transport(llm))

    assert found.json()["error"]["message"] == "Unrecognized request argument supplied: top_k"
    llm.check()
