"""Responses that are not streamed: the response object and its items."""

import re

import pytest
from engines import ask, scripted
from responses_wire import AZURE, DEEPSEEK, ENCRYPTED, FUNCTION, OPENROUTER, answered, asking

from fakellm import ContradictionError, FakeLLM, Reasoning, Reply, ToolCall
from fakellm._dialects.responses.say import usage_of

HEX = r"[0-9a-f]{50}"
CUSTOM = {"type": "custom", "name": "sql"}


def output(reply, **fields):
    """The items of a response, without their ids."""
    items = answered(reply, **fields)["output"]
    return [{name: value for name, value in item.items() if name != "id"} for item in items]


def text(said, **fields):
    part = {"type": "output_text", "annotations": [], "logprobs": [], "text": said}
    return {"type": "message", "status": "completed", "content": [part], "role": "assistant", **fields}


def test_response_has_the_members_of_today():
    response = answered("Hi")

    assert list(response) == [
        *("id", "object", "created_at", "status", "background", "completed_at", "error", "frequency_penalty"),
        *("incomplete_details", "instructions", "max_output_tokens", "max_tool_calls", "model", "moderation", "output"),
        *("parallel_tool_calls", "presence_penalty", "previous_response_id", "prompt_cache_key"),
        *("prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store", "temperature", "text"),
        *("tool_choice", "tool_usage", "tools", "top_logprobs", "top_p", "truncation", "usage", "user", "metadata"),
        "billing",
    ]
    assert {name: response[name] for name in ("object", "status", "model", "service_tier", "store", "user")} == {
        "object": "response",
        "status": "completed",
        "model": "gpt-4o-2024-08-06",
        "service_tier": "default",
        "store": True,
        "user": None,
    }
    assert response["created_at"] == response["completed_at"] == 1735689600


def test_usage_has_the_names_of_responses_and_is_what_is_billed():
    # Recorded: 15 and 9 tokens.
    assert answered("2 + 2 equals 4.", input=[{"role": "user", "content": "What is 2 + 2?"}])["usage"] == {
        "input_tokens": 15,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 9,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 24,
    }


def test_usage_that_the_test_gives_is_told_by_these_names():
    reply = Reply("a", usage={"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4}, "cost": 1})

    usage = answered(reply)["usage"]

    assert (usage["input_tokens"], usage["input_tokens_details"]["cached_tokens"], usage["cost"]) == (7, 4, 1)
    assert answered(Reply("a", usage=False))["usage"] is None


def test_details_of_other_answers_are_told_where_they_count():
    bill = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}

    assert usage_of({**bill, "prompt_tokens_details": {"audio_tokens": 5}})["input_tokens_details"] == {
        "cached_tokens": 0,
        "cache_write_tokens": 0,
        "audio_tokens": 5,
    }
    assert (
        "audio_tokens" not in usage_of({**bill, "prompt_tokens_details": {"audio_tokens": 0}})["input_tokens_details"]
    )


def test_ids_have_the_form_of_openai_and_share_their_beginning():
    response = answered(Reply("a", tool_calls=ToolCall("f"), reasoning="Hm."), tools=[FUNCTION])
    ids = [response["id"], *(item["id"] for item in response["output"])]

    assert [re.fullmatch(rf"(\w+)_{HEX}", one)[1] for one in ids] == ["resp", "rs", "msg", "fc"]
    assert len({one.partition("_")[2][:26] for one in ids}) == 1
    assert len(set(ids)) == 4
    assert re.fullmatch(r"call_\w{24}", response["output"][2]["call_id"])


@pytest.mark.parametrize(
    ("reply", "items"),
    [
        ("Hi", [text("Hi")]),
        ("", [text("")]),
        (Reply(parts=[]), []),
        (Reply(parts=["a", "b"]), [text("a"), text("b")]),
        (
            Reply(refusal="No."),
            [{**text(""), "content": [{"type": "refusal", "refusal": "No."}]}],
        ),
        (
            ToolCall("f", {"a": 1}, id="mine"),
            [
                {
                    "type": "function_call",
                    "status": "completed",
                    "arguments": '{"a":1}',
                    "call_id": "mine",
                    "name": "f",
                }
            ],
        ),
        (
            ToolCall("sql", "select 1", id="mine"),
            [
                {
                    "type": "custom_tool_call",
                    "status": "completed",
                    "call_id": "mine",
                    "input": "select 1",
                    "name": "sql",
                }
            ],
        ),
        (
            Reply(parts=["a", ToolCall("f", id="mine"), "b"]),
            [
                text("a"),
                {"type": "function_call", "status": "completed", "arguments": "{}", "call_id": "mine", "name": "f"},
                text("b"),
            ],
        ),
    ],
)
def test_answer_is_items(reply, items):
    assert output(reply, tools=[FUNCTION, CUSTOM]) == items


def test_text_of_a_newer_model_has_its_phase():
    reply = Reply("One moment.", tool_calls=ToolCall("f"))

    items = output(reply, model="gpt-5.4", tools=[FUNCTION]), output("Done.", model="gpt-5.5"), output("a")

    assert [item[0].get("phase") for item in items] == ["commentary", "final_answer", None]


@pytest.mark.parametrize(
    ("fields", "item"),
    [
        ({}, {"summary": []}),
        ({"reasoning": {"summary": None}}, {"summary": []}),
        ({"reasoning": {"summary": "auto"}}, {"summary": [{"type": "summary_text", "text": "Hm."}]}),
        ({"model": "gpt-5.5"}, {"content": [], "summary": []}),
    ],
)
def test_thoughts_are_summed_up_where_that_is_asked_for(fields, item):
    reasoning, _ = output(Reply("a", reasoning="Hm."), **{"model": "gpt-5", **fields})

    assert reasoning == {"type": "reasoning", **item}


@pytest.mark.parametrize(
    ("fields", "is_sealed"),
    [
        ({}, False),
        ({"include": [ENCRYPTED]}, True),
        ({"store": False}, True),
        ({"include": ["message.output_text.logprobs"]}, False),
    ],
)
def test_reasoning_is_sealed_where_it_is_asked_for_or_not_stored(fields, is_sealed):
    reasoning, _ = output(Reply("a", reasoning="Hm."), model="gpt-5", **fields)

    assert reasoning.get("encrypted_content", "").startswith("gAAAAA") is is_sealed
    assert list(reasoning) == ["type", *(["encrypted_content"] if is_sealed else []), "summary"]


def test_seal_of_the_test_is_sent_as_it_is():
    parts = [Reasoning("Hm.", signature="mine"), Reasoning("secret", redacted=True), "a"]

    first, second, _ = output(Reply(parts=parts), model="gpt-5", reasoning={"summary": "auto"}, include=[ENCRYPTED])

    assert first["encrypted_content"] == "mine"
    assert (second["summary"], second["encrypted_content"][:6]) == ([], "gAAAAA")


@pytest.mark.parametrize(
    ("reply", "status", "reason", "of_item"),
    [
        ("Hi", "completed", None, "completed"),
        (Reply("Hi", finish_reason="stop"), "completed", None, "completed"),
        (Reply("Hi", finish_reason="null"), "completed", None, "completed"),
        (Reply("Hi", finish_reason="length"), "incomplete", "max_output_tokens", "incomplete"),
        (Reply("Hi", finish_reason="content_filter"), "incomplete", "content_filter", "completed"),
        (Reply("Hi", finish_reason="steered"), "incomplete", "steered", "completed"),
        (Reply("Hi", finish_reason="incomplete"), "incomplete", None, "completed"),
        (Reply("Hi", finish_reason="failed"), "failed", None, "completed"),
    ],
)
def test_finish_reason_is_status_and_details(reply, status, reason, of_item):
    response = answered(reply)

    assert response["status"] == status
    assert response["incomplete_details"] == (None if reason is None else {"reason": reason})
    assert response["output"][0]["status"] == of_item
    assert (response["completed_at"] is None) == (status != "completed")
    assert (response["error"] is None) == (status != "failed")


def test_limit_of_tokens_leaves_the_answer_incomplete():
    response = answered("one " * 20, max_output_tokens=16)

    assert response["output"][0]["content"][0]["text"] == "one " * 15 + "one"
    assert (response["status"], response["usage"]["output_tokens"]) == ("incomplete", 16)
    assert response["max_output_tokens"] == 16


def test_limit_that_ends_the_reasoning_leaves_no_message():
    [reasoning] = output(Reply("So.", reasoning="one " * 20), model="gpt-5", max_output_tokens=16)

    assert reasoning["type"] == "reasoning"


def test_error_of_a_failed_response_is_the_tests():
    reply = Reply("a", finish_reason="failed", extra={"error": {"code": "rate_limit_exceeded", "message": "Slow."}})

    assert answered(reply)["error"] == {"code": "rate_limit_exceeded", "message": "Slow."}


def test_extra_members_are_of_the_response():
    assert answered(Reply("a", extra={"moderation": {"input": 1}}))["moderation"] == {"input": 1}


@pytest.mark.parametrize(
    ("fields", "echoed"),
    [
        ({"temperature": 0, "top_p": 1}, {"temperature": 0.0, "top_p": 1.0}),
        ({"instructions": "Be brief."}, {"instructions": "Be brief."}),
        ({"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
        ({"service_tier": "auto"}, {"service_tier": "default"}),
        ({"service_tier": "flex"}, {"service_tier": "flex"}),
        ({"tool_choice": "none"}, {"tool_choice": "none"}),
        ({"prompt": {"id": "pmpt_1"}}, {"prompt": {"id": "pmpt_1"}}),
        ({"moderation": {"model": "m"}}, {"moderation": None}),
        ({"text": {"verbosity": "low"}}, {"text": {"format": {"type": "text"}, "verbosity": "low"}}),
        (
            {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}},
            {
                "text": {
                    "format": {"type": "json_schema", "description": None, "name": "n", "schema": {}, "strict": False},
                    "verbosity": "medium",
                }
            },
        ),
        (
            {"model": "gpt-5", "reasoning": {"effort": "low", "summary": "auto"}},
            {"reasoning": {"effort": "low", "summary": "detailed"}},
        ),
        ({"model": "gpt-5"}, {"reasoning": {"effort": "medium", "summary": None}, "top_p": 1.0}),
        ({"model": "gpt-5.2"}, {"reasoning": {"effort": "none", "summary": None}, "top_p": 0.98}),
        (
            {"model": "gpt-5.5"},
            {
                "reasoning": {"context": "current_turn", "effort": "medium", "mode": "standard", "summary": None},
                "prompt_cache_retention": "24h",
                "top_p": 0.98,
            },
        ),
    ],
)
def test_request_comes_back_in_the_response(fields, echoed):
    response = answered("a", **fields)

    assert {name: response[name] for name in echoed} == echoed


@pytest.mark.parametrize(
    ("tool", "echoed"),
    [
        (
            {"type": "function", "name": "f", "parameters": {}, "description": ""},
            {"description": None, "name": "f", "output_schema": None, "parameters": {}, "strict": True},
        ),
        ({"type": "custom", "name": "sql"}, {"format": {"type": "text"}, "name": "sql"}),
        (
            {"type": "web_search", "user_location": {"type": "approximate", "city": "Utrecht"}},
            {
                "filters": None,
                "search_context_size": "medium",
                "user_location": {
                    "type": "approximate",
                    "city": "Utrecht",
                    "country": None,
                    "region": None,
                    "timezone": None,
                },
            },
        ),
        (
            {
                "type": "mcp",
                "server_label": "s",
                "server_url": "https://example.com/mcp?key=1",
                "authorization": "secret",
                "headers": {"x-key": "secret"},
                "require_approval": "never",
            },
            {
                "allowed_tools": None,
                "authorization": "<redacted>",
                "headers": {"x-key": "<redacted>"},
                "require_approval": "never",
                "server_description": None,
                "server_label": "s",
                "server_url": "https://example.com/<redacted>",
            },
        ),
        ({"type": "code_interpreter", "container": {"type": "auto"}}, {"container": {"type": "auto"}}),
    ],
)
def test_tool_comes_back_with_all_its_members_and_no_secret(tool, echoed):
    assert answered("a", tools=[tool])["tools"] == [{"type": tool["type"], **echoed}]


def test_item_that_the_test_gives_is_filled_in():
    reply = Reply(
        parts=[
            {"type": "web_search_call", "action": {"type": "search", "query": "x"}},
            {"type": "mcp_call", "server_label": "s", "name": "t", "status": "failed", "id": "mcp_mine"},
            {"type": "function_call", "name": "f", "arguments": "{}"},
            {"type": "shell_call", "action": {"commands": ["ls"]}},
            {"role": "assistant", "content": "See."},
            {"type": "new_call", "status": "odd"},
        ]
    )
    response = answered(reply, tools=[FUNCTION])
    search, mcp, function, shell, message, new = response["output"]

    assert (search["id"][:3], search["status"]) == ("ws_", "completed")
    assert (mcp["id"], mcp["status"], mcp["arguments"], mcp["output"]) == ("mcp_mine", "failed", "{}", None)
    assert re.fullmatch(r"call_\w{24}", function["call_id"])
    assert (shell["environment"], shell["call_id"][:5]) == (None, "call_")
    assert {name: message[name] for name in text("")} == text("See.")
    assert (new["id"][:4], new["status"]) == ("new_", "odd")


def test_call_that_is_given_as_an_item_is_in_the_journal():
    llm = FakeLLM()
    llm.reply(parts=[{"type": "function_call", "name": "f", "arguments": '{"a":1}'}])
    with llm:
        item = llm._engine.handle(asking(tools=[FUNCTION]))

    assert llm.calls.tool_calls == [ToolCall("f", {"a": 1})]
    assert llm.calls[0].tool_calls[0].id in b"".join(item.whole.parts).decode()


def test_part_without_a_type_is_a_mistake():
    llm = FakeLLM()
    llm.reply(parts=[{"action": {}}])

    with (
        pytest.raises(ContradictionError, match=r"is no output item: it has no type\n.*\n  type: {'type': 'web_s"),
        llm,
    ):
        llm._engine.handle(asking())


def test_delta_of_chat_is_a_mistake():
    llm = FakeLLM()
    llm.reply(chunks=["a", {"content": "b"}])

    with pytest.raises(ContradictionError, match="a delta of chat completions, which Responses have no place for"), llm:
        llm._engine.handle(asking())


def test_logprobs_are_in_the_part_where_they_are_included():
    part = answered("Hi there", include=["message.output_text.logprobs"], top_logprobs=1)["output"][0]["content"][0]

    assert [entry["token"] for entry in part["logprobs"]] == ["Hi", " there"]
    assert [len(entry["top_logprobs"]) for entry in part["logprobs"]] == [1, 1]


def test_object_is_delivered_as_text():
    members = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    whole = {**members, "additionalProperties": False}
    schema = {"type": "json_schema", "name": "n", "schema": whole, "strict": True}

    assert output(Reply(parsed={"a": 1}), text={"format": schema})[0]["content"][0]["text"] == '{"a":1}'


def test_headers_are_those_of_openai():
    answer = ask(scripted("a"), asking())

    assert dict(answer.headers)["content-type"] == "application/json"
    assert dict(answer.headers)["x-request-id"].startswith("req_")


def test_azure_names_the_deployment_and_says_what_it_filtered():
    response = answered("a", url=AZURE, model="gpt-5.5")

    assert response["model"] == "gpt-5.5"
    assert [found["source_type"] for found in response["content_filters"]] == ["prompt", "completion"]
    assert not {"billing", "tool_usage"} & response.keys()


def test_deepseek_shows_what_is_thought():
    response = answered(Reply("a", reasoning="Hm."), url=DEEPSEEK, tools=[FUNCTION])

    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", response["id"])
    assert {name: value for name, value in response["output"][0].items() if name != "id"} == {
        "type": "reasoning",
        "status": "completed",
        "content": [{"type": "reasoning_text", "text": "Hm."}],
        "summary": [],
    }
    assert (response["store"], response["content_filters"], response["text"]["verbosity"]) == (False, None, None)
    assert "output_schema" not in response["tools"][0]


def test_openrouter_has_members_of_its_own():
    response = answered(Reply("a", reasoning="Hm."), url=OPENROUTER)

    assert re.fullmatch(r"gen-\d+-\w{20}", response["id"])
    assert [re.fullmatch(r"(rs|msg)_tmp_\w{11}", item["id"])[1] for item in response["output"]] == ["rs", "msg"]
    assert (response["output_text"], response["usage"]["cost"], response["temperature"]) == ("", 0, None)
    assert "logprobs" not in response["output"][1]["content"][0]
