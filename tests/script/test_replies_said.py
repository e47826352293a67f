import pytest
from asking import read, tools
from chat_wire import accumulated, asking, play
from engines import complete
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm import Reply, ToolCall
from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.providers import PROVIDERS
from fakellm._wire.identity import Identity

IDENTITY = Identity(0, "", b"{}", 0)

texts = st.text(
    st.characters(codec="utf-8") | st.sampled_from('字é\u0301👩\u200d🔬\U0001f1eb🇷\u2028\n"\\ '), max_size=30
)
arguments = texts | st.dictionaries(texts, st.none() | st.integers() | texts, max_size=3)
replies = st.builds(
    Reply,
    st.none() | texts,
    tool_calls=st.lists(st.builds(ToolCall, texts, arguments), max_size=3).map(tuple),
    deliberate=st.just(True),
)


def completed(reply, **fields):
    return complete(reply, read(asking(**{"tools": tools("f", "g"), **fields})), IDENTITY)


@pytest.mark.parametrize(
    ("reply", "finish_reason"),
    [
        (Reply("a"), "stop"),
        (Reply(), "stop"),
        (Reply(tool_calls=ToolCall("f", {})), "tool_calls"),
        (Reply("a", tool_calls=ToolCall("f", {})), "tool_calls"),
        (Reply("a", finish_reason="length"), "length"),
        (Reply(tool_calls=ToolCall("f", {}), finish_reason="stop"), "stop"),
    ],
)
def test_finish_reason_fits_the_answer(reply, finish_reason):
    assert completed(reply).choices[0].finish_reason == finish_reason


NAMED = {"tool_choice": {"type": "function", "function": {"name": "f"}}}


@pytest.mark.parametrize(
    ("asked", "provider", "finish_reason"),
    [
        (NAMED, "openai", "stop"),
        (NAMED, "azure", "stop"),
        (NAMED, "plain", "tool_calls"),
        ({"tool_choice": "required"}, "openai", "tool_calls"),
        ({"tools": None, "functions": [{"name": "f"}], "function_call": {"name": "f"}}, "openai", "stop"),
        ({**NAMED, "max_tokens": 1}, "openai", "length"),
    ],
)
def test_call_of_the_tool_that_is_named_ends_with_stop(asked, provider, finish_reason):
    wire = asking(**{"tools": tools("f", "g"), **asked})
    request = read(wire, provider=PROVIDERS[provider])
    choice = complete(Reply(tool_calls=ToolCall("f", {"a": 1})), request, IDENTITY).choices[0]

    assert (choice.tool_calls[0].name, choice.finish_reason) == ("f", finish_reason)


def test_limit_cuts_the_reasoning():
    completion = completed(Reply("So it is.", reasoning="one two three four"), max_tokens=2)

    [choice] = completion.choices
    assert (choice.reasoning, choice.text, choice.finish_reason) == (("one", " two"), "", "length")
    assert completion.usage["completion_tokens_details"]["reasoning_tokens"] == 2


@pytest.mark.parametrize(
    ("reply", "pieces"),
    [
        (Reply("The capital of France is Paris."), ("The", " capital", " of", " France", " is", " Paris", ".")),
        (Reply(""), ()),
        (Reply(), ()),
        (Reply(tool_calls=ToolCall("f", {})), None),
        (Reply("", tool_calls=ToolCall("f", {})), ()),
    ],
)
def test_text_is_cut_at_tokens(reply, pieces):
    assert completed(reply).choices[0].pieces == pieces


def test_tool_calls_get_ids_unless_they_have_one():
    [choice] = completed(Reply(tool_calls=[ToolCall("f", {}, id="mine"), ToolCall("g", {})])).choices

    assert [call.id for call in choice.tool_calls] == ["mine", IDENTITY.call_id(1)]


def test_answer_names_the_model_that_was_asked():
    assert completed(Reply("a"), model="my-model").model == "my-model"


def test_usage_is_counted():
    usage = completed(Reply("Hello!"), tools=None).usage

    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (8, 2, 10)


def test_scripted_usage_is_laid_over_the_counts():
    usage = completed(Reply("Hello!", usage={"completion_tokens": 500, "cost": 0.1}), tools=None).usage

    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["cost"]) == (8, 500, 0.1)


@pytest.mark.parametrize(
    ("given", "total"),
    [({"completion_tokens": 500}, 508), ({"total_tokens": 7}, 7), ({"prompt_tokens": None}, 10)],
)
def test_total_follows_the_counts_unless_it_is_scripted(given, total):
    assert completed(Reply("Hello!", usage=given), tools=None).usage["total_tokens"] == total


def test_scripted_details_are_laid_over_the_details():
    usage = completed(Reply("Hello!", usage={"completion_tokens_details": {"reasoning_tokens": 64}}), tools=None).usage

    assert usage["completion_tokens_details"] == {
        "reasoning_tokens": 64,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    }


@given(reply=replies, model=st.sampled_from(["gpt-4o", "gpt-4", "unknown"]))
@settings(max_examples=100, deadline=None)
def test_streamed_reply_adds_up_to_what_was_scripted(reply, model):
    request = read(asking(model=model, stream=True))

    answer = play(CHAT.say(complete(reply, request, IDENTITY), request))

    text, calls, _ = accumulated(answer.chunks)
    assert (text or "", [call[1:] for call in calls]) == (
        reply.text or "",
        [(call.name, call.arguments_text) for call in reply.tool_calls],
    )


@given(reply=replies)
@settings(max_examples=50, deadline=None)
def test_whole_and_streamed_reply_say_the_same(reply):
    whole, streamed = read(asking()), read(asking(stream=True))

    message = play(CHAT.say(complete(reply, whole, IDENTITY), whole)).json["choices"][0]["message"]
    chunks = play(CHAT.say(complete(reply, streamed, IDENTITY), streamed)).chunks

    calls = [
        (call["id"], call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls", [])
    ]
    assert accumulated(chunks)[:2] == (message["content"], calls)
