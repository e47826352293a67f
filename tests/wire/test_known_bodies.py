"""What is kept of a body that comes again: the answers are the same as for one that comes first."""

import json

import pytest
from asking import KEY, OPENAI, read

from fakellm._dialects.chat.dialect import ChatDialect
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import Rejected
from fakellm._wire.events import WireRequest

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is the capital of Mexico?"}]}
ELSEWHERE = "https://llm.example/v1/chat/completions"


def decode(dialect, body, *, url=OPENAI, **options):
    return read(WireRequest("POST", url, KEY, json.dumps(body).encode()), dialect=dialect, **options)


def test_body_that_comes_again_is_a_value_of_its_own():
    dialect = ChatDialect()
    first = decode(dialect, BODY)
    first.messages.clear()

    again = decode(dialect, BODY)

    assert again.body == BODY
    assert again.facts is first.facts


def test_facts_are_of_the_bytes_whatever_became_of_the_decoded_body():
    dialect = ChatDialect()
    changed, fresh = decode(dialect, BODY), decode(ChatDialect(), BODY)
    changed.messages.clear()

    assert changed.facts.prompt_tokens == fresh.facts.prompt_tokens == 14
    assert changed.facts.canonical == fresh.facts.canonical


def test_body_that_one_provider_takes_is_checked_again_for_another():
    dialect = ChatDialect()
    unknown = {**BODY, "top_k": 5}

    assert decode(dialect, unknown, url=ELSEWHERE).model == "gpt-4o"
    with pytest.raises(Rejected, match="top_k"):
        decode(dialect, unknown)
    assert decode(dialect, unknown, url=ELSEWHERE).model == "gpt-4o"


def test_body_that_passes_without_strictness_is_checked_again_with_it():
    dialect = ChatDialect()
    odd = {**BODY, "temperature": 5}

    assert decode(dialect, odd, strictness=Strictness(strict=False)).body["temperature"] == 5
    with pytest.raises(Rejected, match="temperature"):
        decode(dialect, odd)


def test_body_is_checked_again_for_other_models():
    dialect = ChatDialect()
    decode(dialect, BODY)

    with pytest.raises(Rejected, match="does not exist"):
        decode(dialect, BODY, strictness=Strictness(models=frozenset({"gpt-5"})))


def test_rejected_body_is_rejected_again():
    dialect = ChatDialect()

    for _ in range(2):
        with pytest.raises(Rejected, match="temperature"):
            decode(dialect, {**BODY, "temperature": 5})


def test_key_is_asked_for_each_time():
    dialect = ChatDialect()
    decode(dialect, BODY)

    with pytest.raises(Rejected):
        read(WireRequest("POST", OPENAI, {}, json.dumps(BODY).encode()), dialect=dialect)


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"temperature": 1}, False),
        ({"messages": [{"content": "What is the capital of Mexico?", "role": "user"}]}, True),
        ({"messages": [*BODY["messages"], *BODY["messages"]]}, False),
        ({"model": "gpt-4o-mini"}, False),
    ],
)
def test_canonical_hash_is_that_of_the_values(change, is_same):
    dialect = ChatDialect()
    changed = decode(dialect, dict(reversed({**BODY, **change}.items())))

    assert (changed.facts.canonical == decode(dialect, BODY).facts.canonical) is is_same


def test_prompt_is_billed_with_what_stands_beside_the_messages():
    dialect = ChatDialect()
    tool = {"type": "function", "function": {"name": "now", "description": "Tell the time."}}

    counts = [decode(dialect, {**BODY, **more}).facts.prompt_tokens for more in ({}, {"tools": [tool]}, {})]

    assert counts == [14, 41, 14]


def test_request_is_as_it_came_whatever_became_of_it_in_users_hands():
    request = decode(ChatDialect(), BODY)
    request.messages.clear()

    assert request.undecoded().messages == BODY["messages"]


def test_messages_are_checked_beside_terms_that_were_accepted():
    dialect = ChatDialect()
    decode(dialect, BODY)

    for messages, param in (([], "messages"), (None, "messages"), ([{"role": "user", "content": 5}], "content")):
        with pytest.raises(Rejected) as rejected:
            decode(dialect, {**BODY, "messages": messages})
        assert param in str(rejected.value.error.param)


def test_plain_messages_are_looked_at_where_what_stands_beside_them_asks_for_it():
    dialect, wants_json = ChatDialect(), {"response_format": {"type": "json_object"}}
    decode(dialect, {**BODY, **wants_json, "messages": [{"role": "user", "content": "Answer as JSON."}]})
    decode(dialect, {**BODY, "model": "gpt-4"})

    with pytest.raises(Rejected, match="the word 'json'"):
        decode(dialect, {**BODY, **wants_json})
    with pytest.raises(Rejected, match="maximum context length"):
        decode(dialect, {**BODY, "model": "gpt-4", "messages": [{"role": "user", "content": "a " * 8192}]})


def test_terms_that_one_provider_takes_are_checked_again_for_another():
    dialect = ChatDialect()
    unknown = {**BODY, "top_k": 5}
    decode(dialect, unknown, url=ELSEWHERE)

    with pytest.raises(Rejected, match="top_k"):
        decode(dialect, {**unknown, "messages": [{"role": "user", "content": "hi"}]})


def test_history_that_grew_is_billed_as_one_that_comes_first():
    dialect, grown = ChatDialect(), {**BODY, "messages": [*BODY["messages"]]}
    for said in ("Mexico City.", "And its people?", "Nine million."):
        role = "assistant" if len(grown["messages"]) % 2 else "user"
        grown["messages"].append({"role": role, "content": said})
        request = decode(dialect, grown)

        assert request.facts.prompt_tokens == decode(ChatDialect(), grown).facts.prompt_tokens


def test_result_is_billed_by_the_call_that_it_follows():
    dialect = ChatDialect()
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
    result = {"role": "tool", "tool_call_id": "call_1", "content": "Sunny."}

    counts = []
    for name in ("weather", "weather_of_the_day_after_tomorrow"):
        call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": "{}"}}
        messages = [*BODY["messages"], {"role": "assistant", "tool_calls": [call]}, result]
        body = {**BODY, "messages": messages, "tools": [tool]}
        counts.append(decode(dialect, body).facts.prompt_tokens)
        assert counts[-1] == decode(ChatDialect(), body).facts.prompt_tokens

    assert counts[0] < counts[1]
