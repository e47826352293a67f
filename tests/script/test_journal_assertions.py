"""What a test asks of the journal: filters, tool calls, usage, assertions."""

import pytest
from asking import tools
from chat_wire import asking, play, wire
from engines import ask, make_engine, replaying, scripted

from fakellm import ErrorReply, Journal, Reply, ToolCall, UsageError
from fakellm._cassette.interaction import Interaction, RecordedResponse
from fakellm._cassette.replay import Recording

PARIS = ToolCall("get_weather", {"city": "Paris", "days": 2})
ROME = ToolCall("get_weather", {"city": "Rome"})


def journal(*replies):
    """The journal of an engine that gave these replies."""
    engine = scripted(*replies)
    offered = tools("get_weather", "now", "f", "broken", "greet", "a", "b", "c")
    for _ in replies:
        ask(engine, asking(tools=offered))
    return engine.journal


def recorded(body):
    engine = make_engine()
    interaction = Interaction(1, None, asking(), RecordedResponse(200, "OK", (), body))
    engine.sources.append(Recording([interaction], path="session.yaml"))
    play(engine.handle(asking()))
    return engine.journal


def numbers(calls):
    assert isinstance(calls, Journal)
    return [call.number for call in calls]


def test_calls_to_an_endpoint_are_those_of_its_dialect():
    engine = scripted("a")
    ask(engine)
    ask(engine, wire(b"?"))
    ask(engine, wire({}, url="https://api.anthropic.com/v1/messages"))
    ask(engine, wire(method="GET", url="https://api.openai.com/v1/models"))

    assert (numbers(engine.journal.to("chat")), numbers(engine.journal.to("responses"))) == ([1, 2], [])
    assert [call.endpoint for call in engine.journal] == ["chat", "chat", ""]


def test_calls_with_a_tool_are_those_that_offered_it():
    engine = scripted("a", "b", "c", "d")
    ask(engine, asking(tools=[{"type": "function", "function": {"name": "search"}}]))
    ask(engine)
    ask(engine, wire(b"?"))
    ask(engine, asking(tools=[{"type": "function", "function": {"name": "book"}}]))

    assert numbers(engine.journal.with_tool("search")) == [1]
    assert numbers(engine.journal.to("chat").with_tool("book")) == [4]


def test_tool_calls_are_those_the_model_made_in_order():
    found = journal(PARIS, "text", Reply("Both.", tool_calls=(ROME, ToolCall("now", {}))))

    assert found.tool_calls == [PARIS, ROME, ToolCall("now", {})]


def test_tool_call_of_the_journal_has_the_id_that_was_sent():
    engine = scripted([ROME, ToolCall("now", {}, id="call_x")])

    sent = ask(engine, asking(tools=tools("get_weather", "now"))).json["choices"][0]["message"]["tool_calls"]

    assert [made.id for made in engine.journal.tool_calls] == [call["id"] for call in sent]
    assert engine.journal.tool_calls[1].id == "call_x"


@pytest.mark.parametrize(
    ("arguments", "parsed"),
    [
        ('{"a": 1}', {"a": 1}),
        ("{broken", "{broken"),
        ("[1]", "[1]"),
        ("", ""),
        ('{"a": NaN}', '{"a": NaN}'),
        ('{"a": "\\ud800"}', '{"a": "\\ud800"}'),
        ("[" * 1000, "[" * 1000),
    ],
)
def test_arguments_are_parsed_where_they_are_an_object(arguments, parsed):
    assert journal(ToolCall("f", arguments)).tool_calls[0].arguments == parsed


def test_recorded_tool_calls_are_read():
    calls = b'"tool_calls":[{"id":"x","function":{"name":"f","arguments":"{\\"a\\":1}"}}]'

    found = recorded(b'{"choices":[{"message":{' + calls + b"}}]}")

    assert found.tool_calls == [ToolCall("f", {"a": 1})]


@pytest.mark.parametrize("reply", ["text", ErrorReply(500)])
def test_answer_without_tool_calls_has_none(reply):
    assert journal(reply).tool_calls == []


def test_unmatched_call_has_neither_tool_calls_nor_usage():
    engine = make_engine()
    ask(engine)

    assert (engine.journal[0].tool_calls, engine.journal[0].usage) == ((), None)


def test_usage_is_what_was_sent():
    engine = scripted(Reply("Hello!", usage={"prompt_tokens": 100}))

    sent = ask(engine).json["usage"]

    assert engine.journal[0].usage == sent
    assert sent["prompt_tokens"] == 100


def test_usage_is_known_where_it_was_not_sent():
    engine = scripted(Reply("Hello!", usage={"prompt_tokens": 100, "completion_tokens": 2}))

    chunks = ask(engine, asking(stream=True)).chunks

    assert [chunk for chunk in chunks if "usage" in chunk] == []
    assert engine.journal.usage["total_tokens"] == 102


def test_usage_of_all_calls_is_added_up():
    first = {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 4}}
    second = {"prompt_tokens": 20, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 6}}
    found = journal(Reply("a", usage=first), ErrorReply(500), Reply("b", usage=second))

    usage = found.usage

    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (30, 3, 33)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 10


def test_what_is_no_number_is_not_added_up():
    odd = {"cost": 0.5, "is_byok": False, "provider": "x", "prompt_tokens_details": None}

    usage = journal(Reply("a", usage=odd), Reply("b", usage=odd)).usage

    assert usage["cost"] == 1.0
    assert {"is_byok", "provider", "prompt_tokens_details"} & usage.keys() == set()


def test_usage_of_no_calls_is_zero():
    assert Journal().usage == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def test_recorded_usage_is_read():
    assert recorded(b'{"choices":[],"usage":{"prompt_tokens":3}}').usage["prompt_tokens"] == 3
    assert recorded(b"<html>")[0].usage is None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_weather", {}),
        ("get_weather", {"city": "Rome"}),
        ("get_weather", {"city": "Paris"}),
        ("get_weather", {"city": "Paris", "days": 2}),
        ("broken", {}),
    ],
)
def test_assert_tool_called_passes(name, arguments):
    journal(PARIS, "text", [ROME, ToolCall("broken", "{")]).assert_tool_called(name, **arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        (
            "search",
            {},
            "the model did not call the tool 'search'\nit called:\n"
            "  call 1: get_weather(city='Paris', days=2)\n"
            "  call 3: get_weather(city='Rome')\n"
            "  call 3: broken('{')",
        ),
        (
            "get_weather",
            {"city": "Rome", "days": 2},
            "the model did not call get_weather(city='Rome', days=2)\nit called:\n"
            "  call 1: get_weather(city='Paris', days=2)\n"
            "  call 3: get_weather(city='Rome')\n"
            "  call 3: broken('{')",
        ),
        (
            "broken",
            {"a": 1},
            "the model did not call broken(a=1)\nit called:\n"
            "  call 1: get_weather(city='Paris', days=2)\n"
            "  call 3: get_weather(city='Rome')\n"
            "  call 3: broken('{')",
        ),
    ],
)
def test_assert_tool_called_shows_what_was_called(name, arguments, text):
    found = journal(PARIS, "text", [ROME, ToolCall("broken", "{")])

    with pytest.raises(AssertionError) as caught:
        found.assert_tool_called(name, **arguments)

    assert str(caught.value) == text


def test_assert_tool_called_says_that_nothing_was_called():
    with pytest.raises(AssertionError) as caught:
        journal("text").assert_tool_called("search", q="x")

    assert str(caught.value) == "the model did not call search(q='x')\nit called no tool"


def test_argument_may_be_called_name():
    journal(ToolCall("greet", {"name": "Ada"})).assert_tool_called("greet", name="Ada")


def test_argument_that_is_absent_is_not_none():
    with pytest.raises(AssertionError, match=r"did not call get_weather\(days=None\)"):
        journal(ROME).assert_tool_called("get_weather", days=None)


@pytest.mark.parametrize("names", [["a"], ["c"], ["a", "b"], ["a", "c"], ["a", "b", "a", "c"], ["a", "a"]])
def test_assert_order_passes(names):
    journal(ToolCall("a", {}), [ToolCall("b", {}), ToolCall("a", {})], ToolCall("c", {})).assert_order(*names)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["c", "a"], "the model did not call 'a' after 'c'; expected 'c', 'a'"),
        (["a", "a"], "the model did not call 'a' after 'a'; expected 'a', 'a'"),
        (["d", "a"], "the model did not call 'd'; expected 'd', 'a'"),
    ],
)
def test_assert_order_shows_what_was_called(names, text):
    found = journal(ToolCall("a", {"x": 1}), [ToolCall("b", {}), ToolCall("c", {})])

    with pytest.raises(AssertionError) as caught:
        found.assert_order(*names)

    assert str(caught.value) == f"{text}\nit called:\n  call 1: a(x=1)\n  call 2: b()\n  call 2: c()"


def test_assert_order_without_names_is_a_usage_error():
    with pytest.raises(UsageError) as caught:
        journal("a").assert_order()

    assert str(caught.value) == "assert_order() needs the names of tools: assert_order('search', 'book')"


def test_assertions_of_a_slice_look_at_its_calls():
    found = journal(ToolCall("a", {}), ToolCall("b", {}))

    found[1:].assert_tool_called("b")
    with pytest.raises(AssertionError):
        found[1:].assert_tool_called("a")


def test_call_is_shown_in_one_line():
    engine = scripted("a")
    ask(engine, asking("x" * 70))
    ask(engine, wire(b"?"))

    assert [repr(call) for call in engine.journal] == [
        f"<Call 1: POST /v1/chat/completions gpt-4o [200] user='{'x' * 30} … {'x' * 30}'>",
        "<Call 2: POST /v1/chat/completions [400]>",
    ]


def test_call_of_a_recording_is_shown_as_well():
    engine = replaying(asking())
    ask(engine)

    assert repr(engine.journal[0]) == "<Call 1: POST /v1/chat/completions gpt-4o [200] user='hi'>"
