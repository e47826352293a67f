"""Messages and tools as they go over the wire."""

import pytest
from pydantic import BaseModel

from fakellm.client._request import to_wire_messages, to_wire_tool_choice, to_wire_tools
from fakellm.models import (
    AssistantMessage,
    FunctionCall,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    FunctionTool,
    Image,
    SystemMessage,
    UserMessage,
)

CALL = FunctionCall(id="c1", arguments='{"city": "Paris"}', name="get_weather")
WIRE_CALL = {"id": "c1", "function": {"arguments": '{"city": "Paris"}', "name": "get_weather"}, "type": "function"}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def result(content, call_id):
    return FunctionExecutionResult(content=content, name="f", call_id=call_id)


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (SystemMessage(content="Be kind."), [{"content": "Be kind.", "role": "system"}]),
        (UserMessage(content="hi", source="user"), [{"content": "hi", "role": "user", "name": "user"}]),
        (
            UserMessage(content=["a", "b"], source="me"),
            [
                {
                    "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
                    "role": "user",
                    "name": "me",
                }
            ],
        ),
        (AssistantMessage(content="hello", source="a"), [{"content": "hello", "role": "assistant"}]),
        (
            AssistantMessage(content="hello", source="a", thought="hmm"),
            [{"content": "hello", "role": "assistant"}],
        ),
        (
            AssistantMessage(content=[CALL], source="a"),
            [{"role": "assistant", "tool_calls": [WIRE_CALL], "content": None}],
        ),
        (
            AssistantMessage(content=[CALL], source="a", thought=""),
            [{"role": "assistant", "tool_calls": [WIRE_CALL], "content": ""}],
        ),
        (
            AssistantMessage(content=[], source="a", thought="hmm"),
            [{"role": "assistant", "tool_calls": [], "content": "hmm"}],
        ),
        (
            FunctionExecutionResultMessage(content=[result("18", "c1"), result("19", "c2")]),
            [
                {"content": "18", "role": "tool", "tool_call_id": "c1"},
                {"content": "19", "role": "tool", "tool_call_id": "c2"},
            ],
        ),
        (FunctionExecutionResultMessage(content=[]), []),
    ],
)
def test_message_on_the_wire(message, wire):
    assert to_wire_messages([message]) == wire


def test_messages_keep_their_order():
    messages = [SystemMessage(content="s"), UserMessage(content="u", source="user"), SystemMessage(content="t")]

    assert [wire["content"] for wire in to_wire_messages(messages)] == ["s", "u", "t"]


def test_image_is_a_part():
    pytest.importorskip("PIL")
    message = UserMessage(content=["look", Image.from_base64(PIXEL)], source="user")

    [wire] = to_wire_messages([message])

    text, image = wire["content"]
    assert text == {"type": "text", "text": "look"}
    assert (image["type"], image["image_url"]["detail"]) == ("image_url", "auto")
    assert image["image_url"]["url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("name", ["with space", "名前", "", "a" * 65, "dot.ted", "line\n"])
@pytest.mark.parametrize("kind", [UserMessage, AssistantMessage])
def test_source_that_is_no_name_is_refused(kind, name):
    with pytest.raises(ValueError, match="Invalid name") as caught:
        to_wire_messages([kind(content="hi", source=name)])

    assert str(caught.value) == (
        f"Invalid name: {name!r}. Only letters, numbers, '_' and '-' are allowed, at most 64 characters."
    )


@pytest.mark.parametrize("name", ["a", "A-b_9", "a" * 64])
def test_source_that_is_a_name_is_sent(name):
    assert to_wire_messages([UserMessage(content="hi", source=name)])[0]["name"] == name


@pytest.mark.parametrize("thing", ["text", {"role": "user", "content": "hi"}, None])
def test_what_is_no_message_is_refused(thing):
    with pytest.raises(ValueError, match=r"^Unknown message type: <class '"):
        to_wire_messages([thing])


def look_up(city: str) -> str:
    return city


LOOK_UP = FunctionTool(look_up, description="Look up a city.", strict=True)


def test_schema_is_completed():
    assert to_wire_tools([{"name": "f"}]) == [
        {"type": "function", "function": {"name": "f", "description": "", "parameters": {}, "strict": False}}
    ]


def test_tool_is_sent_by_its_schema():
    [wire] = to_wire_tools([LOOK_UP])

    function = wire["function"]
    assert (function["name"], function["description"], function["strict"]) == ("look_up", "Look up a city.", True)
    assert function["parameters"]["properties"]["city"]["type"] == "string"
    assert function["parameters"]["required"] == ["city"]


@pytest.mark.parametrize("name", ["look up", "", "a" * 65])
def test_tool_name_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match=r"^Invalid name: "):
        to_wire_tools([{"name": name}])


@pytest.mark.parametrize("word", ["auto", "required", "none"])
def test_choice_by_a_word_is_sent_with_tools(word):
    assert to_wire_tool_choice(word, [LOOK_UP]) == word


@pytest.mark.parametrize("word", ["auto", "required", "none"])
def test_choice_by_a_word_is_not_sent_without_tools(word):
    assert to_wire_tool_choice(word, []) is None


def test_choice_of_a_tool_is_sent_by_its_name():
    choice = to_wire_tool_choice(LOOK_UP, [{"name": "other"}, {"name": "look_up"}])

    assert choice == {"type": "function", "function": {"name": "look_up"}}


def test_choice_of_a_tool_without_tools_is_refused():
    with pytest.raises(ValueError, match=r"^tool_choice specified but no tools provided$"):
        to_wire_tool_choice(LOOK_UP, [])


def test_choice_of_an_unknown_tool_is_refused():
    with pytest.raises(
        ValueError, match=r"^tool_choice references 'look_up', which is not among the tools \['other'\]$"
    ):
        to_wire_tool_choice(LOOK_UP, [{"name": "other"}])


class Unrelated(BaseModel):
    name: str = "look_up"


@pytest.mark.parametrize("choice", ["any", "", 7, None, {"name": "look_up"}, Unrelated()])
def test_choice_of_another_kind_is_refused(choice):
    with pytest.raises(ValueError, match="tool_choice") as caught:
        to_wire_tool_choice(choice, [LOOK_UP])

    assert str(caught.value) == f"tool_choice must be a Tool, 'auto', 'required' or 'none', got {choice!r}"
