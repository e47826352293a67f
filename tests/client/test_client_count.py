"""Token counts as AutoGen 0.7.5 gives them.

The numbers without a sum are what autogen-ext 0.7.5 gave; the sums are its rules, written out.
"""

import logging

import pytest

from fakellm.client import OpenAIChatCompletionClient
from fakellm.models import (
    AssistantMessage,
    FunctionCall,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    SystemMessage,
    UserMessage,
)

INFO = {"vision": True, "function_calling": True, "json_output": True, "family": "unknown", "structured_output": True}


def count_request(model, messages, tools):
    client = OpenAIChatCompletionClient(model=model, api_key="sk-test", model_info=INFO)
    return client.count_tokens(messages, tools=tools)


QWEN = "qwen/qwen3-14b:free"
GREETING = [UserMessage(content="你好，AutoGen！", source="user")]
TWO = [UserMessage(content="你好", source="user"), UserMessage(content="请介绍一下AutoGen。", source="user")]
RESULT = FunctionExecutionResult(content="r", name="f", call_id="1")


@pytest.mark.parametrize(
    ("messages", "tokens"),
    [
        ([], 3),
        ([SystemMessage(content="s")], 8),
        ([UserMessage(content="u", source="user")], 10),
        ([AssistantMessage(content="a", source="a")], 8),
        ([UserMessage(content=["a"], source="user")], 21),
        ([FunctionExecutionResultMessage(content=[RESULT])], 9),
        ([FunctionExecutionResultMessage(content=[])], 6),
        ([FunctionExecutionResultMessage(content=[RESULT, RESULT])], 12),
        (GREETING, 14),
        (TWO, 22),
    ],
)
def test_messages_of_gpt_4o_are_counted(messages, tokens):
    assert count_request("gpt-4o", messages, []) == tokens


@pytest.mark.parametrize(("messages", "tokens"), [(GREETING, 15), (TWO, 26)])
def test_unknown_model_counts_as_cl100k(messages, tokens):
    assert count_request(QWEN, messages, []) == tokens


def test_thought_of_a_call_costs_its_tokens():
    call = FunctionCall(id="1", arguments="{}", name="f")
    plain, thinking = (
        count_request("gpt-4o", [AssistantMessage(content=[call], source="a", thought=thought)], [])
        for thought in (None, "a")
    )

    assert thinking - plain == 1


def test_special_tokens_are_counted_as_text():
    assert count_request("gpt-4o", [SystemMessage(content="<|endoftext|>")], []) == 7 + 7


def test_unknown_model_is_warned_about_once_per_call(caplog):
    with caplog.at_level(logging.WARNING, logger="autogen_core.trace"):
        count_request(QWEN, TWO, [])

    assert caplog.record_tuples == [
        ("autogen_core.trace", logging.WARNING, f"Model {QWEN} not found. Using cl100k_base encoding.")
    ]


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini-2024-07-18", "gpt-3.5-turbo", "o3-mini", "gpt-5", "o4-mini"])
def test_known_model_is_not_warned_about(caplog, model):
    count_request(model, TWO, [])

    assert caplog.record_tuples == []


def tool(properties=None, *, name="f", description="d"):
    parameters = {"type": "object"} if properties is None else {"type": "object", "properties": properties}
    return {"name": name, "description": description, "parameters": parameters}


# In gpt-4o's vocabulary each of these words is one token. A request with no messages costs 3; offering tools
# 12 once; each tool its name and description, less 2, plus 11 where it has properties (autogen-ext 0.7.5 gives
# 15, 14 and 15 for the first three).
BASE = 3 + 12 + (1 + 1 - 2 + 11)


@pytest.mark.parametrize(
    ("offered", "tokens"),
    [
        ([tool()], 15),
        ([{"name": "f"}], 14),
        ([tool(), tool()], 15),
        ([tool({})], BASE - 2),
        ([tool({"city": {}})], BASE + 1),
        ([tool({"city": {"type": "string"}})], BASE + 1 + (2 + 1)),
        ([tool({"city": {"description": "name"}})], BASE + 1 + (2 + 1)),
        ([tool({"city": {"title": "City"}})], BASE + 1 + (2 + 1)),
        ([tool({"city": {"title": 7}})], BASE + 1 + (2 + 1)),
        ([tool({"city": {"default": 7}})], BASE + 1 + (2 + 1)),
        ([tool({"city": {"default": None}})], BASE + 1 + (2 + 1)),
        ([tool({"city": {"enum": ["a", "b"]}})], BASE + 1 + (-3 + 2 * (3 + 1))),
        ([tool({"city": {"anyOf": [{"type": "string"}, {"type": "null"}]}})], BASE + 1 + (-3 + 2 * (3 + 1))),
        ([tool({"city": {"minLength": 1, "items": {}}})], BASE + 1),
    ],
)
def test_tools_of_gpt_4o_are_counted(offered, tokens):
    assert count_request("gpt-4o", [], offered) == tokens


@pytest.mark.parametrize(
    ("schema", "tokens"),
    [
        ({"type": ["string", "null"]}, 2 + 6),
        ({"enum": [7, None]}, -3 + 2 * (3 + 1)),
        ({"anyOf": [{"$ref": "a"}]}, -3 + 3 + 7),
    ],
)
def test_schema_that_autogen_cannot_count_is_counted(schema, tokens):
    assert count_request("gpt-4o", [], [tool({"city": schema})]) == BASE + 1 + tokens


def test_message_that_cannot_be_sent_is_not_counted():
    with pytest.raises(ValueError, match=r"^Invalid name: '名前'"):
        count_request("gpt-4o", [UserMessage(content="hi", source="名前")], [])
