"""An answer that is given again from what is kept of it, beside one that is rendered again."""

import json

import pytest
from asking import tools
from chat_wire import asking
from engines import scripted

from fakellm import Reply, ToolCall
from fakellm._dialects.providers import PROVIDERS
from fakellm._script import template
from fakellm._script.template import Templates

CALLS = Reply(tool_calls=[ToolCall("f", {"a": 1}), ToolCall("f", {"b": 2}, id="call_mine")])
CASES = {
    "text": (Reply("Rain in Paris."), {}),
    "two": (Reply("Rain in Paris."), {"n": 2}),
    "calls": (CALLS, {"tools": tools("f")}),
    "two with calls": (CALLS, {"tools": tools("f"), "n": 2}),
    "reasoning": (Reply("Rain.", reasoning="It is autumn."), {}),
    "refusal": (Reply(refusal="No."), {}),
    "logprobs": (Reply("Rain in Paris."), {"logprobs": True, "top_logprobs": 2}),
    "usage": (Reply("Rain.", usage={"prompt_tokens": 1000}), {}),
    "headers": (Reply("Rain.", headers={"x-team": "a"}), {}),
    "full headers": (Reply("Rain.", headers="full"), {}),
    "extra": (Reply("Rain.", extra={"citations": []}), {}),
    "chunks": (Reply(chunks=["Ra", "in"]), {}),
    "object": (Reply(parsed={"a": 1}), {}),
    "raw": (Reply(raw=b"{}"), {}),
}
KEPT = {"text", "two", "calls", "two with calls", "reasoning", "refusal"}


def has_templates(engine):
    return any(engine._speech._templates._known.values())


def given(reply, parameters, *, stream, times=4):
    """Answer the same request again and again; return bytes and journal of all answers."""
    engine = scripted(reply, times=None)
    request = asking(stream=stream, **parameters)
    events = [list(engine.handle(request)) for _ in range(times)]
    return engine, events, [(call.status, call.usage, call.tool_calls) for call in engine.journal]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_answer_is_the_same_whether_it_was_kept(case, stream, monkeypatch):
    reply, parameters = CASES[case]
    engine, *kept = given(reply, parameters, stream=stream)
    monkeypatch.setattr(Templates, "fill", lambda *_: None)

    _, *rendered = given(reply, parameters, stream=stream)

    assert kept == rendered
    assert has_templates(engine) is (case in KEPT)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=repr)
def test_every_provider_gives_an_answer_again_under_a_new_id(provider, stream, monkeypatch):
    def answers():
        engine = scripted("Rain in Paris.", times=None, provider=provider)
        events = [list(engine.handle(asking(stream=stream))) for _ in range(4)]
        return engine, events

    engine, kept = answers()
    monkeypatch.setattr(Templates, "fill", lambda *_: None)

    assert kept == answers()[1]
    assert len({str(events) for events in kept}) == 4
    # There, each chunk has the usage so far, of which the total follows the prompt as well.
    assert has_templates(engine) is not (stream and provider.name == "siliconflow")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=repr)
@pytest.mark.parametrize("case", CASES)
def test_prompts_that_were_not_asked_before_get_the_answers_that_are_rendered(case, provider, stream, monkeypatch):
    reply, parameters = CASES[case]
    usage = {"stream_options": {"include_usage": True}} if stream else {}

    def answers():
        engine = scripted(reply, times=None, provider=provider)
        # From one digit to three, of the prompt and of the total.
        requests = [asking("rain " * n, stream=stream, **usage, **parameters) for n in [*range(1, 12), *range(82, 100)]]
        return [list(engine.handle(request)) for request in requests], [call.usage for call in engine.journal]

    kept = answers()
    monkeypatch.setattr(Templates, "fill", lambda *_: None)

    assert kept == answers()


def test_reply_that_holds_counts_and_signs_of_formats_is_sent_as_it_is():
    engine = scripted('100 % of "prompt_tokens":8 and %b', times=None)
    bodies = [list(engine.handle(asking(f"question {n}")))[1].data for n in range(4)]

    assert has_templates(engine)
    assert [json.loads(body)["choices"][0]["message"]["content"] for body in bodies] == [
        '100 % of "prompt_tokens":8 and %b'
    ] * 4


def test_reply_that_is_sent_once_makes_no_template():
    engine = scripted("a", "b", "c")

    for n in range(3):
        list(engine.handle(asking(f"question {n}")))

    assert not has_templates(engine)


def test_answer_whose_text_holds_its_own_id_is_not_kept():
    engine, *_ = given(Reply("a"), {}, stream=False, times=2)
    reply = Reply(f"the id is {engine.journal[1].completion.id}")

    engine, *_ = given(reply, {}, stream=False, times=2)

    assert engine.journal[1].completion.id in reply.text
    assert not has_templates(engine)


def test_reply_that_changes_between_two_calls_is_sent_as_it_is():
    extra = {"note": 0}

    def count_up(request):
        extra["note"] += 1
        return reply

    reply = Reply("a", extra=extra)
    engine = scripted(count_up, times=None)
    bodies = [list(engine.handle(asking()))[1].data for _ in range(4)]

    assert [f'"note":{n}'.encode() in body for n, body in enumerate(bodies, 1)] == [True] * 4


def test_what_is_kept_has_bounds(monkeypatch):
    monkeypatch.setattr(template, "_MOST_BYTES", 2000)
    engine = scripted("a", times=None)

    for n in range(20):
        for _ in range(2):
            list(engine.handle(asking(f"question {n}")))

    assert 1 <= len(engine._speech._templates._known) <= 4


def test_answer_larger_than_the_bounds_is_not_kept(monkeypatch):
    monkeypatch.setattr(template, "_MOST_BYTES", 100)

    engine, *_ = given(Reply("a"), {}, stream=False)

    assert not has_templates(engine)
