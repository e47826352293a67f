"""The library of scenarios, and what each hands over."""

from __future__ import annotations

import inspect

import httpx
import pytest

from fakellm import (
    ErrorReply,
    FakeLLM,
    RateLimitError,
    Reply,
    ToolCall,
    UnmatchedRequestError,
    UsageError,
    scenarios,
)
from fakellm.models import (
    AssistantMessage,
    CreateResult,
    FunctionCall,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    RequestUsage,
    SystemMessage,
    UserMessage,
)
from fakellm.scenarios import Expected, Scenario
from fakellm.scenarios import _library as library
from fakellm.scenarios._scenario import FAMILIES

CHAT = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}


@pytest.fixture
def own_library(monkeypatch):
    """A library that forgets what the test registers."""
    monkeypatch.setattr(library, "_LIBRARY", {name: dict(members) for name, members in library._LIBRARY.items()})


def ask(body):
    return httpx.post(CHAT, json=body, headers=KEY).json()


def complaint(call, *args, **kwargs):
    with pytest.raises(UsageError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


NAMES = {
    "create": [
        "plain", "unicode", "empty", "long", "multi_turn", "tool_call", "tool_loop", "parallel_tools", "text_and_tool",
        "structured", "refusal", "reasoning",
    ],
    "stream": [
        "plain", "unicode", "empty", "long", "multi_turn", "tool_call", "tool_loop", "parallel_tools", "text_and_tool",
        "structured", "refusal", "reasoning", "tool_fragments", "interleaved_tools", "usage_at_end",
        "usage_on_every_chunk", "usage_absent", "slow", "empty_deltas",
    ],
    "usage": ["details", "cached", "reasoning", "absent", "zero"],
    "finish_reason": ["stop", "length", "tool_calls", "content_filter", "function_call", "null", "unknown"],
    "error": [
        "invalid_api_key", "model_not_found", "context_length_exceeded", "prompt_filtered", "rate_limited",
        "insufficient_quota", "server_error", "overloaded", "gateway_page", "connection_refused", "connect_timeout",
        "read_timeout", "rate_limited_once", "server_error_once", "overloaded_twice", "connection_refused_once",
        "read_timeout_once", "dropped_once", "stream_dropped", "stream_error",
    ],
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_members_of_a_family(family):
    assert [scenario.name for scenario in scenarios.family(family)] == NAMES[family]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_member_is_described(family):
    assert [scenario.name for scenario in scenarios.family(family) if not scenario.description] == []


def test_stream_asks_for_a_stream():
    assert "stream" not in scenarios.get("plain").request
    assert scenarios.get("plain", family="stream").request["stream"] is True


def test_request_is_a_copy():
    scenario = scenarios.get("plain")

    scenario.request["messages"].append({"role": "user", "content": "more"})

    assert len(scenario.request["messages"]) == 1


def test_messages_are_those_of_the_request():
    assert scenarios.get("multi_turn").messages == [
        SystemMessage(content="Answer in a few words."),
        UserMessage(content="What is the capital of France?", source="user"),
        AssistantMessage(content="Paris, on the Seine.", source="assistant"),
        UserMessage(content="And of Germany?", source="user"),
    ]
    assert scenarios.get("tool_loop").messages[1:] == [
        AssistantMessage(
            content=[FunctionCall(id="call_paris", arguments='{"city":"Paris"}', name="get_weather")],
            source="assistant",
        ),
        FunctionExecutionResultMessage(
            content=[FunctionExecutionResult(content="18 °C", name="get_weather", call_id="call_paris", is_error=False)]
        ),
    ]


def test_results_of_one_turn_are_one_message():
    calls = [
        {"id": name, "type": "function", "function": {"name": "f", "arguments": "{}"}} for name in ("call_1", "call_2")
    ]
    results = [{"role": "tool", "tool_call_id": name, "content": name} for name in ("call_1", "call_2")]
    called = {"role": "assistant", "content": "Wait.", "tool_calls": calls}

    messages = Scenario("own", "ok", request={"messages": [called, *results]}).messages

    assert [type(message) for message in messages] == [AssistantMessage, FunctionExecutionResultMessage]
    assert messages[0].thought == "Wait."
    assert [result.call_id for result in messages[1].content] == ["call_1", "call_2"]


def test_tools_are_schemas():
    assert scenarios.get("tool_call").tools == [
        {
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
    ]


def test_tool_may_have_nothing_but_a_name():
    tool = {"type": "function", "function": {"name": "f"}}

    assert Scenario("own", "ok", request={"tools": [tool]}).tools == [{"name": "f"}]


def test_what_else_the_request_says_are_extra_arguments():
    scenario = scenarios.get("usage_at_end")

    assert scenario.extra_create_args == {"stream_options": {"include_usage": True}}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            {"role": "user", "content": [{"type": "text", "text": "hi"}]},
            "a message of the role 'user' holds [{'type': 'text', 'text': 'hi'}], not text alone; "
            "give the Scenario messages=[...] of fakellm.models",
        ),
        (
            {"role": "function", "content": "18"},
            "no message of fakellm.models has the role 'function'; give the Scenario messages=[...]",
        ),
    ],
)
def test_messages_that_cannot_be_taken_over(message, said):
    scenario = Scenario("own", "ok", request={"messages": [message]})

    assert complaint(lambda: scenario.messages) == said


def test_messages_may_be_given():
    mine = [UserMessage(content=["look", "here"], source="me")]

    assert Scenario("own", "ok", messages=mine).messages == mine


def test_scenario_plays():
    with scenarios.get("length").play() as scenario:
        answer = ask(scenario.request)

    assert answer["choices"][0]["message"]["content"] == scenario.expected.content == "Once upon a"
    assert answer["choices"][0]["finish_reason"] == scenario.expected.finish_reason == "length"
    assert answer["usage"] == scenario.expected.usage


def test_answers_are_the_same_whatever_is_asked():
    with scenarios.get("plain").play() as scenario:
        answer = ask({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "And now?"}]})

    assert answer["choices"][0]["message"]["content"] == "Paris is the capital of France."
    assert answer["usage"] == scenario.expected.usage


def test_scenario_that_is_never_asked_fails_nothing():
    with scenarios.get("rate_limited_once").play():
        pass


def test_recovery_that_is_half_asked_fails_nothing():
    with scenarios.get("overloaded_twice").play() as scenario:
        assert ask(scenario.request)["error"]["type"] == "server_error"


def test_own_rule_beside_a_scenario_is_owed():
    llm = FakeLLM()
    scenarios.get("plain").on(llm)
    llm.reply("mine")

    with pytest.raises(AssertionError, match="rule 2"):
        llm.check()


def test_rules_of_a_scenario_are_called_by_its_name():
    with pytest.raises(UnmatchedRequestError) as caught, scenarios.get("tool_call").play():
        ask({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]})  # offers no tool

    assert "scenario 'tool_call'" in str(caught.value)


def test_tool_call_goes_on_with_an_answer():
    with scenarios.get("tool_call").play() as scenario:
        first = ask(scenario.request)["choices"][0]["message"]
        call = first["tool_calls"][0]
        result = {"role": "tool", "tool_call_id": call["id"], "content": "18 °C"}
        last = ask({**scenario.request, "messages": [*scenario.request["messages"], first, result]})

    assert call["function"] == {"name": "get_weather", "arguments": '{"city":"Paris"}'}
    assert last["choices"][0]["message"]["content"] == "It is 18 °C in Paris."


def test_scenario_plays_on_virtual_time():
    with scenarios.get("slow").play() as scenario:
        httpx.post(CHAT, json=scenario.request, headers=KEY)

    assert scenario.llm.clock.sleeps == [3, 2, 2, 2, 2, 2]


def test_scenario_that_nothing_plays_has_no_fake():
    assert complaint(lambda: scenarios.get("length").llm) == (
        "nothing plays the scenario 'length' yet\n"
        "  in a test, take the fixture llm_create_scenario or its like\n"
        "  elsewhere, type: with scenarios.get('length').play() as scenario:"
    )


def test_usage_of_a_stream_is_expected_where_it_was_asked_for():
    with scenarios.get("details").play() as scenario:
        before = scenario.expected
        ask_stream(scenario.request)
        unasked = scenario.expected
        ask_stream({**scenario.request, "stream_options": {"include_usage": True}})
        asked = scenario.expected

    assert before == asked
    assert asked.usage["prompt_tokens"] == 1200
    assert asked.create_result.usage == RequestUsage(1200, 340)
    assert unasked.usage is None
    assert unasked.create_result.usage == RequestUsage(0, 0)


def ask_stream(body):
    return httpx.post(CHAT, json={**body, "stream": True}, headers=KEY).text


def test_usage_on_every_chunk_comes_unasked():
    with scenarios.get("usage_on_every_chunk").play() as scenario:
        request = scenario.request
        del request["stream_options"]
        text = ask_stream(request)

    assert text.count('"usage":{') == 6
    assert scenario.expected.usage == {"prompt_tokens": 12, "completion_tokens": 4, "total_tokens": 16}


def test_usage_on_every_chunk_is_sent_whole_as_well():
    with scenarios.get("usage_on_every_chunk").play() as scenario:
        answer = ask({**scenario.request, "stream": False, "stream_options": None})

    assert answer["choices"][0]["message"]["content"] == "Hello, world!"
    assert answer["usage"]["total_tokens"] == 16


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Hello!", Expected(content="Hello!", chunks=["Hello", "!"], finish_reason="stop")),
        ("", Expected(content="", finish_reason="stop")),
        (Reply(chunks=["Hel", "lo"]), Expected(content="Hello", chunks=["Hel", "lo"], finish_reason="stop")),
        (Reply("Hel", finish_reason="length"), Expected(content="Hel", chunks=["Hel"], finish_reason="length")),
        (Reply("Hi", finish_reason="null"), Expected(content="Hi", chunks=["Hi"])),
        (Reply(refusal="No."), Expected(refusal="No.", finish_reason="stop")),
        (
            ToolCall("f", {"a": 1}, id="call_1"),
            Expected(tool_calls=[ToolCall("f", {"a": 1}, id="call_1")], finish_reason="tool_calls"),
        ),
        (
            Reply("42", reasoning="6 × 7", usage={"prompt_tokens": 1, "completion_tokens": 2}),
            Expected(
                content="42",
                chunks=["42"],
                reasoning="6 × 7",
                finish_reason="stop",
                usage={"prompt_tokens": 1, "completion_tokens": 2},
            ),
        ),
    ],
)
def test_what_a_single_reply_leads_to(reply, expected):
    assert Scenario("own", reply).expected == expected


def test_chunks_are_tokens_unless_they_are_named():
    said = Expected(content="It rains.", finish_reason="stop")
    scenario = Scenario("rain", lambda llm: llm.reply("It rains.", times=None), expected=said, families="stream")

    assert scenario.expected.chunks == ["It", " rains", "."]


@pytest.mark.parametrize(
    "script",
    [
        lambda llm: llm.reply("Hello!"),
        ErrorReply.rate_limited(),
        Reply(parsed={"a": 1}),
        Reply(chunks=[{"content": ""}]),
    ],
)
def test_what_several_replies_lead_to_has_to_be_said(script):
    assert complaint(Scenario, "own", script) == (
        "the scenario 'own' needs to say what a correct client reports: expected=Expected(...)"
    )


@pytest.mark.parametrize(
    ("expected", "result"),
    [
        (
            Expected(content="Hel", finish_reason="length", usage={"prompt_tokens": 5, "completion_tokens": 2}),
            CreateResult(finish_reason="length", content="Hel", usage=RequestUsage(5, 2), cached=False),
        ),
        (
            Expected(content="Wait.", tool_calls=[ToolCall("f", "{}", id="c")], finish_reason="tool_calls"),
            CreateResult(
                finish_reason="function_calls",
                content=[FunctionCall(id="c", arguments="{}", name="f")],
                usage=RequestUsage(0, 0),
                cached=False,
                thought="Wait.",
            ),
        ),
        (
            Expected(refusal="No.", finish_reason=None),
            CreateResult(finish_reason="unknown", content="", usage=RequestUsage(0, 0), cached=False),
        ),
        (Expected(error=RateLimitError), None),
    ],
)
def test_create_result_follows_from_the_rest(expected, result):
    assert expected.create_result == result
    assert expected.without_usage().error is expected.error


@pytest.mark.usefixtures("own_library")
def test_registered_scenario_is_a_member():
    mine = scenarios.register(Scenario("haiku", "An old silent pond ...", families=("create", "stream")))

    assert scenarios.family("create")[-1] is mine
    assert scenarios.get("haiku", family="stream").request["stream"] is True
    with scenarios.get("haiku").play() as scenario:
        assert ask(scenario.request)["choices"][0]["message"]["content"] == "An old silent pond ..."


@pytest.mark.usefixtures("own_library")
def test_scenario_is_scripted_by_a_callable():
    def script(llm):
        llm.when(user="weather").reply("It rains.")

    mine = Scenario("rain", script, expected=Expected(content="It rains.", finish_reason="stop"))

    with mine.play() as scenario:
        answer = ask({"model": "gpt-4o", "messages": [{"role": "user", "content": "weather?"}]})

    assert answer["choices"][0]["message"]["content"] == scenario.expected.content


def test_name_that_is_taken():
    assert complaint(scenarios.register, Scenario("plain", "Hello!")) == (
        "the family 'create' has a scenario 'plain' already; give it another name"
    )


def test_register_takes_a_scenario():
    assert complaint(scenarios.register, "plain") == (
        "register() takes a Scenario, got 'plain'\n  type: register(Scenario('name', 'Hello!'))"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((("", "Hello!"), {}), "a Scenario needs a name, which is the id of its tests; got ''"),
        (
            (("own", "Hello!"), {"families": "streams"}),
            "families of a Scenario are any of create, stream, usage, finish_reason, error; got 'streams'",
        ),
        (
            (("own", "Hello!"), {"families": ()}),
            "families of a Scenario are any of create, stream, usage, finish_reason, error; got none",
        ),
    ],
)
def test_wrong_scenario(arguments, said):
    positional, keywords = arguments

    assert complaint(Scenario, *positional, **keywords) == said


def test_wrong_reply_is_told_where_the_scenario_is_made():
    assert "which is nothing that a model says" in complaint(Scenario, "own", 7)


def test_unknown_name_tells_the_nearest_and_all():
    assert complaint(scenarios.get, "lenght", family="finish_reason") == (
        "there is no scenario 'lenght'; did you mean 'length'?\n"
        "  there are: stop, length, tool_calls, content_filter, function_call, null, unknown"
    )
    assert complaint(scenarios.get, "qqq", family="usage") == (
        "there is no scenario 'qqq'\n  there are: details, cached, reasoning, absent, zero"
    )


@pytest.mark.parametrize("call", [scenarios.family, lambda name: scenarios.get("plain", family=name)])
def test_unknown_family(call):
    assert complaint(call, "streams") == (
        "there is no family 'streams'; the families are create, stream, usage, finish_reason, error"
    )


def test_repr_tells_the_name():
    assert repr(scenarios.get("plain")) == "<Scenario plain>"


def test_public_names_are_documented():
    assert [name for name in scenarios.__all__ if not inspect.getdoc(getattr(scenarios, name))] == []


def test_transcript_of_a_broken_stream_tells_what_came():
    with FakeLLM() as llm:
        scenario = next(one for one in scenarios.family("error") if one.name == "stream_dropped")
        scenario.on(llm)
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "stream": True}

        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(CHAT, json=body, headers=KEY)

        assert llm.transcript().splitlines()[2:] == ["  => Once upon", "  => fault: drop(after=3)"]
