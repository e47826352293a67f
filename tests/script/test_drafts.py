"""What is remembered of a reply: answers are the same as if nothing were."""

import json

import pytest
from asking import KEY, OPENAI, USER, read, tools
from engines import ask, complete, scripted

from fakellm import Reply, ToolCall
from fakellm._script.drafts import _MOST_DRAFTS, Drafts
from fakellm._wire.events import WireRequest
from fakellm._wire.identity import Identity

IDENTITIES = [Identity(0, "", b"{}", seen) for seen in range(2)]


def asked(text="hi", **parameters):
    body = {"model": "gpt-4o", "messages": [{**USER, "content": text}], **parameters}
    return read(WireRequest("POST", OPENAI, KEY, json.dumps(body).encode()))


def told(completion):
    """What an answer says."""
    headers = completion.request_id, completion.headers
    return completion.model, completion.choices, completion.usage, completion.sends_usage, headers


REPLIES = {
    "text": (Reply("Rain in Paris."), {}),
    "two": (Reply("Rain in Paris."), {"n": 2}),
    "cut": (Reply("Rain in Paris."), {"max_tokens": 2}),
    "stop": (Reply("Rain in Paris."), {"stop": " in"}),
    "logprobs": (Reply("Rain in Paris."), {"logprobs": True, "top_logprobs": 2}),
    "calls": (Reply(tool_calls=[ToolCall("f", {"a": 1}), ToolCall("f", {"a": 2})]), {"tools": tools("f")}),
    "reasoning": (Reply("Rain.", reasoning="It is autumn."), {}),
    "usage": (Reply("Rain.", usage={"prompt_tokens": 1000}), {}),
    "chunks": (Reply(chunks=["Ra", "in"]), {}),
    "choices": (Reply(choices=[Reply("a"), Reply("b")]), {"n": 2}),
}


@pytest.mark.parametrize("case", REPLIES)
def test_remembered_reply_gives_the_same_answers(case):
    reply, parameters = REPLIES[case]
    drafts = Drafts()
    requests = [asked("hi", **parameters), asked("What is the weather in Paris?", **parameters)]

    for request in requests:
        for identity in IDENTITIES:
            assert told(complete(reply, request, identity, drafts)) == told(complete(reply, request, identity))


def test_same_reply_to_other_parameters_is_another_draft():
    drafts, reply = Drafts(), Reply("Rain in Paris.")

    whole, cut = (complete(reply, asked(**p), IDENTITIES[0], drafts) for p in ({}, {"max_tokens": 1}))

    assert [choice.text for choice in (whole.choices[0], cut.choices[0])] == ["Rain in Paris.", "Rain"]


def test_same_reply_of_another_deployment_is_another_draft():
    drafts, reply = Drafts(), Reply("Привет")
    body = json.dumps({"messages": [USER]}).encode()
    urls = [f"https://a.openai.azure.com/openai/deployments/{name}/chat/completions" for name in ("gpt-4", "gpt-4o")]
    requests = [read(WireRequest("POST", url, {**KEY, "api-key": "k"}, body)) for url in urls]

    pieces = [complete(reply, each, IDENTITIES[0], drafts).choices[0].pieces for each in requests]

    assert pieces == [("Пр", "ив", "ет"), ("Пр", "ивет")]


def test_object_that_changes_between_two_calls_is_sent_as_it_is():
    drafts, parsed = Drafts(), {"city": "Paris"}
    reply = Reply(parsed=parsed)

    texts = []
    for city in ("Rome", "Oslo"):
        parsed["city"] = city
        texts.append(complete(reply, asked(), IDENTITIES[0], drafts).choices[0].text)

    assert texts == ['{"city":"Rome"}', '{"city":"Oslo"}']


def test_members_that_change_between_two_calls_are_sent_as_they_are():
    extra = {"mood": "sunny"}
    engine = scripted(Reply("Rain.", extra=extra), times=None)

    moods = []
    for mood in ("grey", "wet"):
        extra["mood"] = mood
        moods.append(ask(engine).json["choices"][0]["message"]["mood"])

    assert moods == ["grey", "wet"]


def test_replies_that_are_gone_leave_nothing_behind():
    drafts = Drafts()

    texts = [complete(Reply(str(n)), asked(), IDENTITIES[0], drafts).choices[0].text for n in range(2 * _MOST_DRAFTS)]

    assert texts == [str(n) for n in range(2 * _MOST_DRAFTS)]
    assert len(drafts._known) <= _MOST_DRAFTS
