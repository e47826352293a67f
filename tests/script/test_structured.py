"""An object is delivered in whichever of the three shapes the request asked for."""

import dataclasses
import datetime as dt

import pydantic
import pytest
from asking import tool, tools
from chat_wire import asking
from engines import ask, scripted

from fakellm import Reply
from fakellm._script.structured import misfit

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
STRICT = {**CITY, "additionalProperties": False}


class Weather(pydantic.BaseModel):
    city: str


def schema_format(schema=STRICT, *, strict=True):
    return {"type": "json_schema", "json_schema": {"name": "weather", "schema": schema, "strict": strict}}


def message(reply, **fields):
    answer = ask(scripted(reply), asking("json please", **fields))
    assert answer.status == 200, answer.error
    return answer.json["choices"][0]["message"]


def called(reply, **fields):
    [call] = message(reply, **fields)["tool_calls"]
    return call["function"]["name"], call["function"]["arguments"]


@pytest.mark.parametrize("asked", [schema_format(), {"type": "json_object"}, {"type": "text"}, None])
def test_object_is_the_text_unless_a_tool_takes_it(asked):
    assert message(Weather(city="Paris"), response_format=asked)["content"] == '{"city":"Paris"}'


def test_object_goes_into_the_forced_tool():
    forced = {"type": "function", "function": {"name": "g"}}

    found = called(Weather(city="Paris"), tools=tools("f", "g"), tool_choice=forced)

    assert found == ("g", '{"city":"Paris"}')


def test_object_goes_into_the_forced_function():
    found = message(Weather(city="Paris"), functions=[{"name": "f"}], function_call={"name": "f"})

    assert found["function_call"] == {"name": "f", "arguments": '{"city":"Paris"}'}


@pytest.mark.parametrize("name", ["Weather", "final_result", "final_result_Weather", "final_answer"])
def test_object_goes_into_the_tool_that_is_made_for_it(name):
    assert called(Weather(city="Paris"), tools=tools("search", name)) == (name, '{"city":"Paris"}')


def test_object_goes_into_the_only_tool_where_one_is_required():
    assert called(Weather(city="Paris"), tools=tools("f"), tool_choice="required") == ("f", '{"city":"Paris"}')


def test_object_fits_no_one_of_several_required_tools():
    answer = ask(scripted(Weather(city="Paris")), asking(tools=tools("f", "g"), tool_choice="required"))

    assert "the reply calls no tool, the request has tool_choice 'required'" in answer.error["message"]


def test_other_tools_leave_the_object_to_the_text():
    assert message(Weather(city="Paris"), tools=tools("search"))["content"] == '{"city":"Paris"}'


@pytest.mark.parametrize("asked", [schema_format(), {"type": "json_object"}])
def test_tool_stands_behind_the_format(asked):
    found = message(Weather(city="Paris"), tools=tools("final_result"), response_format=asked)

    assert found["content"] == '{"city":"Paris"}'


@pytest.mark.parametrize(
    ("value", "arguments"),
    [([1, 2], '{"answer":[1,2]}'), ("x", '{"answer":"x"}'), ({"a": 1}, '{"answer":{"a":1}}'),
     ({"answer": 1}, '{"answer":1}')],
)  # fmt: skip
def test_what_is_no_argument_goes_into_the_only_parameter(value, arguments):
    parameters = {"type": "object", "properties": {"answer": {}}}
    offered = [tool("final_answer", parameters=parameters)]

    assert called(Reply(parsed=value), tools=offered) == ("final_answer", arguments)


@pytest.mark.parametrize(
    ("only", "value", "text"),
    [
        ({"type": "array"}, [1, 2], '{"response":[1,2]}'),
        ({"type": "integer"}, 5, '{"response":5}'),
        ({"type": "object"}, {"a": 1}, '{"response":{"a":1}}'),
        ({"type": "object"}, {"response": {}}, '{"response":{}}'),
    ],
)
def test_what_the_format_wraps_goes_into_its_only_property(only, value, text):
    wrapping = {"type": "object", "properties": {"response": only}, "required": ["response"]}
    asked = schema_format({**wrapping, "additionalProperties": False}, strict=False)

    assert message(Reply(parsed=value), response_format=asked)["content"] == text


def test_object_of_another_kind_is_not_wrapped():
    found = message(Reply(parsed={"town": "Paris"}), response_format=schema_format(strict=False))

    assert found["content"] == '{"town":"Paris"}'
    assert called(Reply(parsed={"town": "Paris"}), tools=[tool("final_answer", parameters=CITY)]) == (
        "final_answer",
        '{"town":"Paris"}',
    )


@dataclasses.dataclass
class Day:
    date: dt.date


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Day(dt.date(2025, 1, 2)), '{"date":"2025-01-02"}'),
        ({"city": "Zürich"}, '{"city":"Zürich"}'),
        ([1, 2.5], "[1,2.5]"),
        (0, "0"),
        (False, "false"),
    ],
)
def test_whatever_json_can_hold_is_an_object(value, text):
    assert message(Reply(parsed=value))["content"] == text


class Aliased(pydantic.BaseModel):
    city_name: str = pydantic.Field(alias="cityName")


def test_members_are_named_as_in_the_schema():
    assert message(Aliased(cityName="Paris"))["content"] == '{"cityName":"Paris"}'


def test_streamed_object_is_text_by_tokens():
    chunks = ask(scripted(Weather(city="Paris")), asking(stream=True)).chunks

    pieces = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks]
    assert "".join(pieces) == '{"city":"Paris"}'
    assert len(pieces) > 3


def test_object_that_is_cut_is_truncated_json():
    found = ask(
        scripted(Weather(city="Paris")), asking("json", response_format=schema_format(), max_completion_tokens=3)
    ).json["choices"][0]

    assert (found["message"]["content"], found["finish_reason"]) == ('{"city":"', "length")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"city": "Paris"}, None),
        ({"city": 1}, "$.city: 1 is not of type 'string'"),
        ({}, "$: 'city' is a required property"),
        ({"city": "a", "x": 1}, "$: Additional properties are not allowed ('x' was unexpected)"),
    ],
)
def test_misfit_says_where_and_why(value, why):
    assert misfit(value, STRICT) == why


def test_long_object_is_held_to_its_schema_to_the_end():
    schema = {"type": "array", "items": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 0}]}}

    assert misfit([1] * 5000, schema) is None
    assert misfit([1] * 5000 + [-1], schema) == "$[5000]: -1 is less than the minimum of 0"
