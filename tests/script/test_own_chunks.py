"""Deltas that a test wrote itself add up to a message."""

from fakellm import Reply, ToolCall
from fakellm._script.own_chunks import message_of


def part(**members):
    return {"tool_calls": [members]}


def test_parts_of_a_call_are_joined_by_their_index():
    said = message_of(
        Reply(
            chunks=[
                part(index=1, id="b", function={"name": "g", "arguments": ""}),
                part(index=0, id="a", function={"name": "f", "arguments": '{"x"'}),
                part(index=0, id="a", function={"arguments": ":1}"}),
                part(index=1, function={"arguments": "{}"}),
            ]
        )
    )

    assert said.tool_calls == (ToolCall("g", "{}"), ToolCall("f", '{"x":1}'))
    assert [call.id for call in said.tool_calls] == ["b", "a"]


def test_input_of_a_custom_call_is_joined():
    said = message_of(Reply(chunks=[part(index=0, custom={"name": "run", "input": "a"}), part(custom={"input": "b"})]))

    assert said.tool_calls == (ToolCall("run", "ab"),)


def test_text_is_null_beside_calls_alone():
    call = part(index=0, id="a", function={"name": "f", "arguments": "{}"})

    assert message_of(Reply(chunks=[call])).text is None
    assert message_of(Reply(chunks=["Let me see.", call])).text == "Let me see."


def test_refusal_is_joined():
    assert message_of(Reply(chunks=[{"refusal": "I "}, {"refusal": "cannot."}])).refusal == "I cannot."
