"""Each condition of when(): where it holds, and what it says where it does not."""

import re

import pytest
from asking import read
from chat_wire import asking

from fakellm import FakeLLM, UsageError
from fakellm._script.match import Condition, Matcher, conditions
from fakellm._wire.dialect import Strictness

SYSTEM = {"role": "system", "content": "You plan."}
DEVELOPER = {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]}
USER = {"role": "user", "content": "hi"}
ASSISTANT = {"role": "assistant", "content": "Well?"}
SEARCH = {"type": "function", "function": {"name": "search", "parameters": {}}}
SHELL = {"type": "custom", "custom": {"name": "shell"}}


def request(*messages, **fields):
    return read(asking(messages=list(messages) or [USER], **fields))


def only(**given):
    [condition] = conditions(given)
    return condition


def later(request):
    return request.turn > 1


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"predicate": lambda request: request.last_user == "hi"}, request()),
        ({"predicate": lambda request: request.tools}, request(tools=[SEARCH])),
        ({"system": "plan"}, request(SYSTEM, USER)),
        ({"system": "brief"}, request(SYSTEM, DEVELOPER, USER)),
        ({"system": re.compile(r"^Be\b")}, request(SYSTEM, DEVELOPER, USER)),
        ({"system": str.istitle}, request({"role": "system", "content": "You"}, USER)),
        ({"tool": "shell"}, request(tools=[SEARCH, SHELL])),
        ({"tool": "lookup"}, request(functions=[{"name": "lookup"}])),
        ({"tool": re.compile("^sea")}, request(tools=[SEARCH])),
        ({"tool": lambda name: name.endswith("ch")}, request(tools=[SEARCH])),
        ({"turn": 0}, request()),
        ({"turn": 2}, request(USER, ASSISTANT, USER, ASSISTANT, USER)),
        ({"turn": lambda turn: turn % 2 == 1}, request(USER, ASSISTANT, USER)),
        ({"stream": True}, request(stream=True)),
        ({"stream": False}, request()),
        ({"endpoint": "chat"}, request()),
        ({"endpoint": re.compile("^c")}, request()),
    ],
)
def test_condition_holds(given, asked):
    condition = only(**given)

    assert (condition.holds(asked), condition.mismatch(asked)) == (True, None)


@pytest.mark.parametrize(
    ("given", "asked", "text"),
    [
        ({"predicate": later}, request(), "predicate: expected later to hold, got False"),
        ({"predicate": print}, request(), "predicate: expected print to hold, got None"),
        (
            {"system": "plan"},
            request(DEVELOPER, USER),
            "system: expected a system message containing 'plan', got 'Be brief.'",
        ),
        ({"system": "plan"}, request(), "system: expected a system message containing 'plan', got no system message"),
        (
            {"tool": "sea"},
            request(tools=[SEARCH, SHELL]),
            "tool: expected an offered tool named 'sea', got 'search', 'shell'",
        ),
        ({"tool": "search"}, request(), "tool: expected an offered tool named 'search', got no tools"),
        ({"tool": re.compile("^x")}, request(tools=[SEARCH]), "tool: expected a match of '^x', got 'search'"),
        (
            {"turn": 1},
            request(),
            "turn: expected turn 1 (1 assistant message before it), got turn 0 (no assistant messages before it)",
        ),
        (
            {"turn": 0},
            request(USER, ASSISTANT, ASSISTANT),
            "turn: expected turn 0 (no assistant messages before it), got turn 2 (2 assistant messages before it)",
        ),
        (
            {"turn": str},  # a callable that is asked, and says something true
            request(USER, ASSISTANT),
            None,
        ),
        (
            {"stream": True},
            request(),
            "stream: expected a request for a stream, got a request for a whole answer",
        ),
        (
            {"stream": False},
            request(stream=True),
            "stream: expected a request for a whole answer, got a request for a stream",
        ),
        ({"endpoint": "responses"}, request(), "endpoint: expected the endpoint 'responses', got 'chat'"),
    ],
)
def test_mismatch_says_what_was_expected_and_what_came(given, asked, text):
    condition = only(**given)
    mismatch = condition.mismatch(asked)

    assert (None if mismatch is None else str(mismatch)) == text
    assert condition.holds(asked) is (text is None)


@pytest.mark.parametrize(
    ("wanted", "headers", "text"),
    [
        ({"x-team": "a"}, {"x-team": "team a"}, None),
        ({"X-Team": re.compile("a$")}, {"x-team": "team a"}, None),
        ({"x-team": str.isupper}, {"x-team": "A"}, None),
        ({"x-team": "b"}, {"x-team": "team a"}, "header x-team: expected a value containing 'b', got 'team a'"),
        ({"X-Team": "b"}, {}, "header X-Team: expected a value containing 'b', got no such header"),
        (
            {"Authorization": "sk-other"},
            {"authorization": "Bearer sk-secret"},
            "header Authorization: expected a value containing 'REDACTED', got a value that is not shown",
        ),
        (
            {"x-goog-api-key": re.compile("AIza1")},
            {"x-goog-api-key": "AIza0"},
            "header x-goog-api-key: expected a match of 'REDACTED', got a value that is not shown",
        ),
        (
            {"Ocp-Apim-Subscription-Key": str.isupper},
            {"ocp-apim-subscription-key": "secret0"},
            "header Ocp-Apim-Subscription-Key: expected str.isupper to hold, got a value that is not shown",
        ),
    ],
)
def test_header_is_looked_up_whatever_its_case(wanted, headers, text):
    [condition] = conditions({"header": wanted})

    mismatch = condition.mismatch(request(), headers)

    assert (None if mismatch is None else str(mismatch)) == text
    assert condition.holds(request(), headers) is (text is None)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({"x-goog-api-key": "AIza0123"}, "header={'x-goog-api-key': 'REDACTED'}"),
        ({"Authorization": re.compile("sk-0123")}, "header={'Authorization': re.compile('REDACTED')}"),
        ({"x-team": "red"}, "header={'x-team': 'red'}"),
    ],
)
def test_condition_on_a_secret_header_is_printed_without_its_value(wanted, text):
    [condition] = conditions({"header": wanted})

    assert (str(condition), repr(condition)) == (text, f"<Condition {text}>")


def test_wrong_condition_on_a_secret_header_is_told_without_its_value():
    with pytest.raises(UsageError) as caught:
        conditions({"header": {"api-key": b"sk-0123"}})

    assert str(caught.value) == (
        "when(header={'api-key': ...}) takes a str, a compiled pattern of str or a callable, got <class 'bytes'>"
    )


def test_each_header_is_a_condition():
    matcher = Matcher(conditions({"header": {"x-a": "1", "x-b": "2"}}))

    assert [mismatch.field for mismatch in matcher.mismatches(request(), {"x-a": "1"})] == ["header x-b"]
    assert matcher.accepts(request(), {"x-a": "1", "x-b": "2"})


def test_header_reaches_the_rule_through_a_client(way):
    llm = FakeLLM()
    llm.when(header={"X-Team": "b"}).reply("for b")
    llm.when(header={"X-Team": "a"}).reply("for a")
    body = {"model": "gpt-4o", "messages": [USER]}
    url = "https://api.openai.com/v1/chat/completions"

    with llm.intercept():
        response = way.request("POST", url, json=body, headers={"x-team": "a"})

    assert response.json()["choices"][0]["message"]["content"] == "for a"


def test_unmatched_tells_the_header_that_is_missing():
    llm = FakeLLM()
    llm.when(header={"x-team": "a"}).reply("x")

    list(llm._engine.handle(asking()))

    assert "header x-team: expected a value containing 'a', got no such header" in llm.calls[0].explanation


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            {"predicate": "weather"},
            "when(...) takes a callable that takes the ChatRequest; a text belongs to a name, as in "
            "when(user='weather'), got 'weather'",
        ),
        ({"system": 5}, "when(system=...) takes a str, a compiled pattern of str or a callable, got 5"),
        ({"tool": ["a"]}, "when(tool=...) takes a str, a compiled pattern of str or a callable, got ['a']"),
        ({"turn": "1"}, "when(turn=...) takes a number, 0 for the first, or a callable, got '1'"),
        ({"turn": -1}, "when(turn=...) takes a number, 0 for the first, or a callable, got -1"),
        ({"turn": True}, "when(turn=...) takes a number, 0 for the first, or a callable, got True"),
        (
            {"turn": re.compile("1")},
            "when(turn=...) takes a number, 0 for the first, or a callable, got re.compile('1')",
        ),
        ({"stream": 1}, "when(stream=...) takes True or False, got 1"),
        ({"stream": bool}, "when(stream=...) takes True or False, got <class 'bool'>"),
        ({"header": "x-team"}, "when(header=...) takes a mapping, such as {'x-team': 'a'}; got 'x-team'"),
        ({"header": {}}, "when(header=...) takes a mapping, such as {'x-team': 'a'}; got {}"),
        ({"header": {5: "a"}}, "when(header=...) takes names of headers as keys, got 5"),
        ({"header": {"": "a"}}, "when(header=...) takes names of headers as keys, got ''"),
        (
            {"header": {"x-team": 5}},
            "when(header={'x-team': ...}) takes a str, a compiled pattern of str or a callable, got 5",
        ),
    ],
)
def test_condition_of_another_type_is_a_usage_error(given, text):
    with pytest.raises(UsageError) as caught:
        FakeLLM().when(**given)

    assert str(caught.value) == text


def test_conditions_read_as_they_were_typed():
    found = conditions({"predicate": later, "turn": 1, "stream": True, "tool": "a", "header": {"X-A": "1"}})

    assert str(Matcher(found)) == "when(later, turn=1, stream=True, tool='a', header={'X-A': '1'})"


def test_what_is_none_is_no_condition():
    assert conditions({"user": None, "turn": None, "header": None}) == ()


def test_false_and_zero_are_conditions():
    assert conditions({"turn": 0, "stream": False}) == (Condition("turn", 0), Condition("stream", False))


@pytest.mark.parametrize(
    "tools",
    [[{"type": "function"}], [{"type": "function", "function": "f"}], [{"function": {"name": 5}}], [{"custom": None}]],
)
def test_odd_tools_have_no_name(tools):
    body = {"model": "m", "messages": [USER], "tools": tools, "functions": 5}

    assert read(asking(**body), Strictness(strict=False)).tool_names == ()
