"""A reply that the request rules out is the test author's mistake, told like an unmatched request."""

import pytest
from asking import tool, tools
from chat_wire import asking, wire
from engines import ask, make_engine, scripted

from fakellm import ContradictionError, Reply, ToolCall, UnmatchedRequestError, UsageError
from fakellm._script.match import Condition, Matcher

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "w", "schema": CITY, "strict": True}}
FORCED = {"type": "function", "function": {"name": "g"}}
ALLOWED = {
    "type": "allowed_tools",
    "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]},
}
MEANT = "; if the test means it: Reply(..., deliberate=True)"


def strict_format(properties, **more):
    schema = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    return {"type": "json_schema", "json_schema": {"name": "w", "schema": {**schema, **more}, "strict": True}}


# Each level has two ways to the one below: 2 ** 25 in all.
DOUBLED = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n - 1}"}] * 2} for n in range(1, 26)} | {"d0": {"type": "string"}}
ENDLESS = {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}

CASES = {
    "schema of too many ways": (
        Reply(parsed={"n": 5}),
        {"response_format": strict_format({"n": {"$ref": "#/$defs/d25"}}, **{"$defs": DOUBLED})},
        "the parsed object does not fit the strict schema of response_format: that cannot be told in 10,350 steps; "
        "its references have no end, or too many ways lead through it",
        "correct the object, or give the text to send as a str",
    ),
    "schema without end": (
        Reply(parsed={"n": 5}),
        {"response_format": strict_format({"n": {"$ref": "#/$defs/a"}}, **{"$defs": ENDLESS})},
        "the parsed object does not fit the strict schema of response_format: that cannot be told in 10,350 steps; "
        "its references have no end, or too many ways lead through it",
        "correct the object, or give the text to send as a str",
    ),
    "reference to nothing": (
        Reply(parsed={"n": 5}),
        {"response_format": strict_format({"n": {"$ref": "https://schemas.test/n.json"}})},
        "the parsed object does not fit the strict schema of response_format: the schema holds nothing at its "
        "reference 'https://schemas.test/n.json'",
        "correct the object, or give the text to send as a str",
    ),
    "tool that is not offered": (
        ToolCall("get_wether", {}),
        {"tools": tools("get_weather", "search")},
        "the reply calls 'get_wether', the request offers 'get_weather', 'search'",
        "did you mean 'get_weather'? A call names a tool that the request offers",
    ),
    "no tools at all": (
        ToolCall("f", {}),
        {},
        "the reply calls 'f', the request offers no tools",
        "offer the tool in the code under test, or script another call",
    ),
    "tool_choice none": (
        ToolCall("f", {}),
        {"tools": tools("f"), "tool_choice": "none"},
        "the reply calls 'f', the request has tool_choice 'none'",
        "script a text",
    ),
    "tool_choice required": (
        "text",
        {"tools": tools("f"), "tool_choice": "required"},
        "the reply calls no tool, the request has tool_choice 'required'",
        "script a call: ToolCall('f', {...})",
    ),
    "another tool is forced": (
        ToolCall("f", {}),
        {"tools": tools("f", "g"), "tool_choice": FORCED},
        "the reply calls 'f', the request forces 'g'",
        "script a call of 'g'",
    ),
    "text where a tool is forced": (
        "text",
        {"tools": tools("f", "g"), "tool_choice": FORCED},
        "the reply calls no tool, the request has tool_choice 'g'",
        "script a call: ToolCall('g', {...})",
    ),
    "tool that is not allowed": (
        ToolCall("f", {}),
        {"tools": tools("f", "g"), "tool_choice": ALLOWED},
        "the reply calls 'f', tool_choice allows 'g'",
        "script a call of what it allows",
    ),
    "text where one of the allowed tools is required": (
        "text",
        {"tools": tools("f", "g"), "tool_choice": ALLOWED},
        "the reply calls no tool, the request has tool_choice 'required'",
        "script a call: ToolCall('g', {...})",
    ),
    "text where a function is forced": (
        "text",
        {"functions": [{"name": "f"}], "function_call": {"name": "f"}},
        "the reply calls no tool, the request has function_call 'f'",
        "script a call: ToolCall('f', {...})",
    ),
    "function_call none": (
        ToolCall("f", {}),
        {"functions": [{"name": "f"}], "function_call": "none"},
        "the reply calls 'f', the request has function_call 'none'",
        "script a text",
    ),
    "parallel calls": (
        [ToolCall("f", {}), ToolCall("g", {})],
        {"tools": tools("f", "g"), "parallel_tool_calls": False},
        "the reply makes 2 tool calls, parallel_tool_calls is false in the request",
        "script one call a reply",
    ),
    "several calls of functions": (
        [ToolCall("f", {}), ToolCall("f", {})],
        {"functions": [{"name": "f"}]},
        "the reply makes 2 tool calls, functions allow one call in the request",
        "script one call a reply",
    ),
    "arguments that do not fit": (
        ToolCall("f", {"city": 1}),
        {"tools": [tool("f", parameters=CITY, strict=True)]},
        "the arguments of 'f' do not fit the strict schema of the tool: $.city: 1 is not of type 'string'",
        "correct the object, or give the text to send as a str",
    ),
    "object that does not fit": (
        Reply(parsed={"town": "Paris"}),
        {"response_format": FORMAT},
        "the parsed object does not fit the strict schema of response_format: $: 'city' is a required property",
        "correct the object, or give the text to send as a str",
    ),
    "another number of choices": (
        Reply(choices=["a", "b"]),
        {"n": 3},
        "the reply has 2 choices, the request asks for n=3",
        "script as many choices as the request asks for",
    ),
}


@pytest.mark.parametrize(("reply", "fields", "problem", "remedy"), CASES.values(), ids=CASES)
def test_contradiction_is_told_at_the_call(reply, fields, problem, remedy):
    answer = ask(scripted(reply), asking("json", **fields))

    where = answer.error["message"].splitlines()[1]
    assert answer.status == 400
    assert answer.error["code"] == "fakellm_unmatched"
    assert ("x-should-retry", "false") in answer.headers
    assert where.startswith("  scripted by rule 1 reply() at engines.py:")
    assert answer.error["message"] == f"call 1: {problem}\n{where}\n  {remedy}{MEANT}"


@pytest.mark.parametrize(("reply", "fields", "problem", "remedy"), CASES.values(), ids=CASES)
def test_contradiction_may_be_meant(reply, fields, problem, remedy):
    engine = make_engine()
    engine.register(engine.new_rule(Matcher())).reply(reply, deliberate=True)

    assert ask(engine, asking("json", **fields)).status == 200
    engine.check()


def test_contradiction_fails_the_test():
    engine = scripted(ToolCall("f", {}))
    ask(engine)

    with pytest.raises(ContradictionError) as caught:
        engine.check()

    assert isinstance(caught.value, UsageError)
    assert isinstance(caught.value, UnmatchedRequestError)
    assert str(caught.value).startswith("call 1: the reply calls 'f', the request offers no tools\n")


def test_contradiction_beside_an_unmatched_request_is_told_with_it():
    engine = scripted(ToolCall("f", {}))
    ask(engine)
    ask(engine)

    with pytest.raises(UnmatchedRequestError) as caught:
        engine.check()

    assert not isinstance(caught.value, ContradictionError)
    assert "the reply calls 'f', the request offers no tools" in str(caught.value)
    assert "call 2" in str(caught.value)


@pytest.mark.parametrize(
    "reply", [Reply(refusal="No."), Reply("half an", finish_reason="length"), Reply(finish_reason="content_filter")]
)
def test_answer_that_broke_off_or_declines_calls_no_tool(reply):
    assert ask(scripted(reply), asking(tools=tools("f"), tool_choice="required")).status == 200


@pytest.mark.parametrize("text", ["no json", '{"town": 1}'])
def test_text_is_sent_whatever_the_format(text):
    answer = ask(scripted(text), asking("json", response_format=FORMAT))

    assert answer.json["choices"][0]["message"]["content"] == text


def test_arguments_given_as_text_are_sent_as_they_are():
    answer = ask(scripted(ToolCall("f", "{broken")), asking(tools=[tool("f", parameters=CITY, strict=True)]))

    assert answer.json["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == "{broken"


def test_schema_that_is_not_strict_binds_nobody():
    loose = {"type": "json_schema", "json_schema": {"name": "w", "schema": CITY}}

    answer = ask(scripted(Reply(parsed={"town": 1})), asking("json", response_format=loose))

    assert answer.json["choices"][0]["message"]["content"] == '{"town":1}'


class Array:
    """An object that says of each element whether it is equal, as arrays do."""

    def __eq__(self, other):
        raise ValueError("The truth value of an array is ambiguous")

    __hash__ = object.__hash__


@pytest.mark.parametrize("reply", [Reply(parsed=Array()), Reply(chunks=[]), Reply(tool_calls=(ToolCall("f", {}),))])
def test_what_an_api_has_no_place_for_is_told_whatever_it_is(reply):
    body = {"model": "text-embedding-3-small", "input": "hi"}
    engine = make_engine()
    engine.register(engine.new_rule(Matcher((Condition("endpoint", "embeddings"),)))).reply(reply)

    answer = ask(engine, wire(body, url="https://api.openai.com/v1/embeddings"))

    assert "has no place" in answer.error["message"]
