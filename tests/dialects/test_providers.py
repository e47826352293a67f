import json
import re
from dataclasses import replace

import pytest
from asking import AZURE, OPENAI, read
from asking import body as asked
from chat_wire import FixedIdentity, play
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.chat.quirks import quirks_of
from fakellm._dialects.openai.errors import envelope
from fakellm._dialects.providers import PROVIDERS, provider_of
from fakellm._wire.answer import Choice, Completion, WireToolCall
from fakellm._wire.errors import ErrorBody
from fakellm._wire.events import WireRequest

USAGE = {
    "prompt_tokens": 9,
    "completion_tokens": 2,
    "total_tokens": 11,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
TIMES = {"queue_time": 0.04, "prompt_time": 0.002, "completion_time": 0.01, "total_time": 0.012}
ASKED = {"stream": True, "stream_options": {"include_usage": True}}


def answer(
    provider, *, pieces=("Hel", "lo"), calls=(), reasoning=None, usage=USAGE, by="openai/gpt-5", logprobs=None, **fields
):
    """What a provider answers to a request with these fields. by: the model that answers."""
    request = read(wire(**fields), provider=PROVIDERS[provider])
    choice = Choice(0, "stop", pieces, calls, reasoning=reasoning, logprobs=logprobs)
    completion = Completion(FixedIdentity(), 1_735_689_600, by, (choice,), usage)
    return play(CHAT.say(completion, request))


def wire(url=OPENAI, **fields):

    return WireRequest("POST", url, {"authorization": "Bearer sk-1"}, json.dumps(asked(**fields)).encode())


@pytest.mark.parametrize(
    ("host", "path", "name", "rules"),
    [
        ("api.openai.com", "/v1/chat/completions", "openai", "openai"),
        ("eu.api.openai.com", "/v1/chat/completions", "openai", "openai"),
        ("mine.openai.azure.com", "/openai/deployments/gpt-4o/chat/completions", "azure", "azure"),
        ("mine.openai.azure.com", "/openai/v1/chat/completions", "azure", "azure"),
        ("localhost", "/openai/deployments/gpt-4o/chat/completions", "azure", None),
        ("gateway.test", "/team/openai/deployments/gpt-4o/chat/completions", "azure", None),
        ("api.deepseek.com", "/chat/completions", "deepseek", None),
        ("api.groq.com", "/openai/v1/chat/completions", "groq", None),
        ("openrouter.ai", "/api/v1/chat/completions", "openrouter", None),
        ("api.siliconflow.cn", "/v1/chat/completions", "siliconflow", None),
        ("api.siliconflow.com", "/v1/chat/completions", "siliconflow", None),
        ("localhost", "/v1/chat/completions", "plain", None),
        ("", "/v1/chat/completions", "plain", None),
        ("xapi.openai.com", "/v1/chat/completions", "plain", None),
        ("api.openai.com.test", "/v1/chat/completions", "plain", None),
        ("gateway.test", "/api.openai.com/v1/chat/completions", "plain", None),
    ],
)
def test_url_tells_the_provider(host, path, name, rules):
    provider = provider_of(host, path)

    assert (provider.name, provider.rules) == (name, rules)


def test_provider_shows_its_name():
    assert repr(PROVIDERS["groq"]) == "<Provider groq>"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("openai", "chatcmpl-29lettersAndDigitsOfTheAnswer"),
        ("plain", "chatcmpl-29lettersAndDigitsOfTheAnswer"),
        ("openrouter", "gen-1735689600-AndDigitsOfTheAnswer"),
        ("groq", r"chatcmpl-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("deepseek", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("siliconflow", r"[0-9a-f]{32}"),
    ],
)
def test_id_has_the_form_of_the_provider(name, form):
    class Made(FixedIdentity):
        def id(self, prefix, length):
            return f"{prefix}29lettersAndDigitsOfTheAnswer"

    completion = Completion(Made(), 1_735_689_600, "m", (), USAGE)

    first, again = (quirks_of(PROVIDERS[name]).completion_id(completion) for _ in range(2))

    assert re.fullmatch(form, first)
    assert first == again


def test_request_knows_its_provider():
    assert read(wire(url=AZURE)).provider.name == "azure"


def test_openai_answers_with_all_members():
    body = answer("openai").json

    assert body["service_tier"] == "default"
    assert body["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Hello",
        "refusal": None,
        "annotations": [],
    }


@pytest.mark.parametrize(
    ("model", "has_logprobs", "fingerprint"),
    [
        ("gpt-4o-2024-08-06", True, "fp_6ceec681ac"),
        ("gpt-4.1-mini-2025-04-14", True, "fp_6ceec681ac"),
        ("gpt-5-chat-latest", True, "fp_6ceec681ac"),
        ("o3-mini-2025-01-31", False, "fp_6ceec681ac"),
        ("o4-mini-2025-04-16", False, None),
        ("gpt-5-mini-2025-08-07", False, None),
        ("gpt-5.4-mini-2026-03-17", False, None),
    ],
)
@pytest.mark.parametrize("fields", [{}, ASKED])
def test_openai_sends_no_null_log_probabilities_of_a_reasoning_model(model, has_logprobs, fingerprint, fields):
    found = answer("openai", by=model, **fields)

    answers = found.chunks if fields else [found.json]
    assert {"logprobs" in choice for each in answers for choice in each["choices"]} == {has_logprobs}
    assert [each["system_fingerprint"] for each in answers] == [fingerprint] * len(answers)


def test_openai_sends_log_probabilities_of_a_reasoning_model_that_were_asked_for():
    [choice] = answer("openai", by="gpt-5.4-mini", logprobs=(({"token": "Hel"},), ({"token": "lo"},))).json["choices"]

    assert choice["logprobs"] == {"content": [{"token": "Hel"}, {"token": "lo"}], "refusal": None}


def test_plain_server_answers_without_what_openai_alone_sends():
    assert answer("plain").json == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_735_689_600,
        "model": "openai/gpt-5",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": USAGE,
        "system_fingerprint": "fp_6ceec681ac",
    }


def test_plain_server_streams_without_what_openai_alone_sends():
    chunks = answer("plain", **ASKED).chunks

    assert chunks[1] == {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_735_689_600,
        "model": "openai/gpt-5",
        "system_fingerprint": "fp_6ceec681ac",
        "choices": [{"index": 0, "delta": {"content": "Hel"}, "logprobs": None, "finish_reason": None}],
        "usage": None,
    }
    assert chunks[-1]["usage"] == USAGE


SAFE = {
    "hate": {"filtered": False, "severity": "safe"},
    "self_harm": {"filtered": False, "severity": "safe"},
    "sexual": {"filtered": False, "severity": "safe"},
    "violence": {"filtered": False, "severity": "safe"},
}
NOT_DETECTED = {"detected": False, "filtered": False}


def test_azure_reports_on_prompt_and_answer():
    body = answer("azure").json

    assert body["prompt_filter_results"] == [
        {"prompt_index": 0, "content_filter_results": {**SAFE, "jailbreak": NOT_DETECTED}}
    ]
    assert body["choices"][0]["content_filter_results"] == {
        **SAFE,
        "protected_material_code": NOT_DETECTED,
        "protected_material_text": NOT_DETECTED,
    }


def test_azure_stream_begins_with_a_chunk_about_the_prompt():
    first, role, text, *_, last = answer("azure", **ASKED).chunks

    assert first["choices"] == []
    assert first["prompt_filter_results"][0]["prompt_index"] == 0
    assert role["choices"][0]["content_filter_results"] == {}
    assert text["choices"][0]["content_filter_results"] == SAFE
    assert last["usage"] == USAGE


def test_deepseek_counts_what_its_cache_held():
    usage = {**USAGE, "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0}}

    assert answer("deepseek", usage=usage).json["usage"] == {
        "prompt_cache_hit_tokens": 4,
        "prompt_cache_miss_tokens": 5,
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "total_tokens": 11,
        "prompt_tokens_details": {"cached_tokens": 4},
    }


def test_deepseek_numbers_the_calls_of_a_whole_answer():
    calls = tuple(WireToolCall(f"call_{n}", "f", ("{}",)) for n in range(2))

    message = answer("deepseek", calls=calls).json["choices"][0]["message"]

    assert [call["index"] for call in message["tool_calls"]] == [0, 1]


def test_deepseek_streams_its_usage_with_the_finish_reason():
    chunks = answer("deepseek", **ASKED).chunks

    assert [chunk["usage"] and chunk["usage"]["total_tokens"] for chunk in chunks] == [None, None, None, 11]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_deepseek_streams_no_usage_unasked():
    assert not any("usage" in chunk for chunk in answer("deepseek", stream=True).chunks)


def test_groq_tells_its_times_and_its_id():
    body = answer("groq").json

    assert body["usage"] == {**TIMES, "prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    assert (body["service_tier"], body["usage_breakdown"], body["x_groq"]) == ("on_demand", None, {"id": "req_1"})


def test_groq_has_no_usage_on_the_chunks_before():
    chunks = answer("groq", **ASKED).chunks

    assert ["usage" in chunk for chunk in chunks] == [False, False, False, False, True]


def test_groq_streams_its_id_first_and_its_usage_last():
    chunks = answer("groq", stream=True).chunks

    usage = {**TIMES, "prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    assert [chunk.get("x_groq") for chunk in chunks] == [{"id": "req_1"}, None, None, {"id": "req_1", "usage": usage}]


def test_openrouter_names_provider_and_native_finish_reason():
    body = answer("openrouter").json

    assert body["provider"] == "OpenAI"
    assert body["choices"][0]["native_finish_reason"] == "stop"
    assert body["choices"][0]["message"]["reasoning"] is None
    assert body["usage"]["cost"] == 0


def test_openrouter_stream_begins_with_a_comment():
    assert answer("openrouter", stream=True).body.startswith(b": OPENROUTER PROCESSING\n\ndata: {")


def test_openrouter_usage_comes_with_a_choice():
    *chunks, last = chunks_of(answer("openrouter", **ASKED))

    assert not any("usage" in chunk for chunk in chunks)
    assert last["usage"]["total_tokens"] == 11
    assert last["choices"] == [
        {
            "index": 0,
            "delta": {"role": "assistant", "content": ""},
            "finish_reason": None,
            "native_finish_reason": None,
            "logprobs": None,
        }
    ]


def chunks_of(found):
    found.body = found.body.removeprefix(b": OPENROUTER PROCESSING\n\n")
    return found.chunks


def test_openrouter_has_an_error_of_its_own():
    error = envelope(ErrorBody("No auth credentials found", code="invalid_api_key"), 401, PROVIDERS["openrouter"])

    assert error == {"error": {"message": "No auth credentials found", "code": 401}}


def test_siliconflow_sends_the_usage_so_far_on_every_chunk():
    chunks = answer("siliconflow", stream=True).chunks

    assert [chunk["usage"] for chunk in chunks] == [
        {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9},
        {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
        {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
        {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
    ]


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("stream", [False, True])
def test_usage_may_be_anything(name, stream):
    usage = {"prompt_tokens": None, "completion_tokens": "2", "total_tokens": [], "prompt_tokens_details": 3}

    assert answer(name, usage=usage, stream=stream).status == 200


THOUGHT = {"openrouter": "reasoning", "groq": "reasoning", "openai": None, "azure": None}


@pytest.mark.parametrize("name", PROVIDERS)
def test_reasoning_is_where_the_provider_puts_it(name):
    message = answer(name, reasoning=("I ", "think")).json["choices"][0]["message"]

    member = THOUGHT.get(name, "reasoning_content")
    thoughts = {key: value for key, value in message.items() if value == "I think"}
    assert thoughts == ({} if member is None else {member: "I think"})


@pytest.mark.parametrize("name", PROVIDERS)
def test_reasoning_is_streamed_where_the_provider_puts_it(name):
    found = chunks_of(answer(name, reasoning=("I ", "think"), stream=True))

    deltas = [choice["delta"] for chunk in found for choice in chunk["choices"]]
    member = THOUGHT.get(name, "reasoning_content")
    assert [delta[member] for delta in deltas if delta.get(member)] == ([] if member is None else ["I ", "think"])


def test_openrouter_gives_the_reasoning_in_parts_as_well():
    message = answer("openrouter", reasoning=("I ", "think")).json["choices"][0]["message"]

    assert message["reasoning_details"] == [{"type": "reasoning.text", "text": "I think", "index": 0, "format": None}]


@pytest.mark.parametrize("name", ["deepseek", "siliconflow"])
def test_what_is_not_said_is_null_in_a_stream_with_reasoning(name):
    chunks = answer(name, reasoning=("Hm",), pieces=("4",), stream=True).chunks

    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant", "content": ""},
        {"content": None, "reasoning_content": "Hm"},
        {"content": "4", "reasoning_content": None},
        {"content": "", "reasoning_content": None},
    ]


def test_annotations_that_are_there_are_sent():
    choice = Choice(0, "stop", ("hi",), extra={"annotations": [{"type": "url_citation"}]})
    completion = Completion(FixedIdentity(), 0, "m", (choice,), USAGE)
    request = read(wire(), provider=PROVIDERS["plain"])

    message = play(CHAT.say(completion, request)).json["choices"][0]["message"]

    assert message["annotations"] == [{"type": "url_citation"}]


@pytest.mark.parametrize("name", PROVIDERS)
def test_usage_that_is_kept_back_is_sent_by_nobody(name):
    choice = Choice(0, "stop", ("hi",))
    completion = Completion(FixedIdentity(), 0, "m", (choice,), USAGE, sends_usage=False)

    for fields in ({}, ASKED):
        request = read(wire(**fields), provider=PROVIDERS[name])
        assert b"total_tokens" not in play(CHAT.say(completion, request)).body


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("fields", [{}, {"stream_options": {"include_usage": True}}, {"n": 2}], ids=repr)
@settings(max_examples=25, deadline=None)
@given(
    pieces=st.lists(st.text(max_size=5), max_size=6),
    reasoning=st.lists(st.text(max_size=5), max_size=3),
    arguments=st.lists(st.text(max_size=5), max_size=4),
)
def test_pieces_that_are_spliced_in_give_the_bytes_of_chunks_written_one_by_one(
    name, fields, pieces, reasoning, arguments
):
    provider = PROVIDERS[name]
    slow = replace(provider, quirks={**provider.quirks, "chat": quirks_of(provider)._replace(is_uniform=False)})
    calls = (WireToolCall("call_1", "f", tuple(arguments)),) if arguments else ()
    choices = tuple(
        Choice(n, "stop", tuple(pieces), calls, reasoning=tuple(reasoning)) for n in range(fields.get("n", 1))
    )
    completion = Completion(FixedIdentity(), 1_735_689_600, "gpt-4o", choices, USAGE)

    spliced, written = (
        play(CHAT.say(completion, read(wire(stream=True, **fields), provider=one))) for one in (provider, slow)
    )

    assert spliced == written
