"""What goes out for messages, tools and arguments, and what is refused before anything does."""

from __future__ import annotations

import json

import httpx
import pytest
import respx
from provider_bytes import HI, URL, client, completion, pieces_of, stream, text_chunks
from pydantic import BaseModel, Field

from fakellm import OpenAIChatCompletionClient
from fakellm.client import LLMCallEvent, LLMStreamEndEvent, LLMStreamStartEvent
from fakellm.models import (
    AssistantMessage,
    FunctionCall,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    FunctionTool,
    SystemMessage,
    UserMessage,
)

pytestmark = pytest.mark.asyncio

INFO = {"vision": True, "function_calling": True, "json_output": True, "family": "unknown", "structured_output": True}
CALLS = [FunctionCall(id="c0", name="f", arguments="{}")]
WIRE_CALLS = [{"id": "c0", "function": {"name": "f", "arguments": "{}"}, "type": "function"}]
RESULTS = FunctionExecutionResultMessage(
    content=[
        FunctionExecutionResult(content="18", name="f", call_id="c0"),
        FunctionExecutionResult(content="", name="f", call_id="c1"),
    ]
)


@pytest.fixture
def api():
    with respx.mock(assert_all_called=False) as router:
        yield router.post(URL).mock(return_value=completion())


async def sent(api, messages=HI, call=None, **settings):
    await client(base_url="https://api.openai.com/v1", **settings).create(messages, **(call or {}))
    return json.loads(api.calls.last.request.content)


def user(content):
    return UserMessage(content=content, source="user")


def bot(content, thought=None):
    return AssistantMessage(content=content, thought=thought, source="bot")


FAMILIES = {
    "gpt-4o": ("", "", "", None, ""),
    "gemini-2.0-flash": (" ", " ", " ", None, " "),
    "claude-4-opus": (" ", None, None, None, " "),
    "mistral": (" ", "", "", None, ""),
}


@pytest.mark.filterwarnings("ignore:asked for")
@pytest.mark.parametrize("family", FAMILIES)
async def test_what_families_refuse_is_not_sent(family, api):
    """In this order: an empty system, user and assistant text; calls without a thought; calls with an empty one."""
    messages = [SystemMessage(content=""), user(""), bot(""), bot(CALLS), bot(CALLS, thought="")]
    info = {**INFO, "family": family, "multiple_system_messages": True}

    body = await sent(api, messages, model="any", model_info=info)

    system, said, answered, call, thinking = FAMILIES[family]
    name = {} if family == "mistral" else {"name": "user"}
    assert body["messages"] == [
        {"role": "system", "content": system},
        *([{"role": "user", **name, "content": said}] if said is not None else []),
        *([{"role": "assistant", "content": answered}] if answered is not None else []),
        {"role": "assistant", "content": call, "tool_calls": WIRE_CALLS},
        {"role": "assistant", "content": thinking, "tool_calls": WIRE_CALLS},
    ]


@pytest.mark.filterwarnings("ignore:asked for")
@pytest.mark.parametrize(
    ("model", "named"), [("mistral-large", False), ("pixtral-9", False), ("qwen", True), ("r1", True)]
)
async def test_the_name_of_a_model_gives_its_family_away(model, named, api):
    body = await sent(api, model=model, model_info=INFO)

    assert ("name" in body["messages"][0]) is named


async def test_results_of_tools(api):
    body = await sent(api, [RESULTS])

    assert body["messages"] == [
        {"role": "tool", "content": "18", "tool_call_id": "c0"},
        {"role": "tool", "content": "", "tool_call_id": "c1"},
    ]


async def test_texts_and_pictures(api):
    pillow = pytest.importorskip("PIL.Image")
    from fakellm.models import Image

    image = Image(pillow.new("RGB", (1, 1), "red"))

    body = await sent(api, [user(["what?", image])], add_name_prefixes=True)

    text, picture = body["messages"][0]["content"]
    assert text == {"type": "text", "text": "user said:\nwhat?"}
    assert picture == {"type": "image_url", "image_url": {"url": image.data_uri, "detail": "auto"}}


async def test_prefixes_instead_of_names(api):
    body = await sent(api, add_name_prefixes=True, include_name_in_message=False)

    assert body["messages"] == [{"role": "user", "content": "user said:\nhi"}]


async def test_neighbouring_system_messages_are_merged(api):
    messages = [SystemMessage(content=" One."), SystemMessage(content="Two. \n"), *HI]

    body = await sent(api, messages, model_info={**INFO, "family": "gpt-4o"})

    assert body["messages"][0] == {"role": "system", "content": " One.\nTwo."}


async def test_an_empty_merged_system_message_is_left_out(api):
    body = await sent(api, [SystemMessage(content=" "), *HI], model_info={**INFO, "family": "gpt-4o"})

    assert [message["role"] for message in body["messages"]] == ["user"]


ONE = "UserMessage(content='hi', source='user')"


@pytest.mark.parametrize(
    ("messages", "kind", "meant"),
    [
        ("hi", "str", ONE),
        (["hi"], "str", ONE),
        ([*HI, {"role": "user", "content": "hi"}], "dict", ONE),
        ({"role": "user", "content": "hi"}, "dict", ONE),
        ([{"role": "system", "content": "Be brief."}], "dict", "SystemMessage(content='Be brief.')"),
        ([{"role": "assistant", "content": "a"}], "dict", "AssistantMessage(content='a', source='assistant')"),
        ([{"role": "tool"}], "dict", "UserMessage(content='...', source='user')"),
        ("x" * 99, "str", "UserMessage(content='xxxxxxxxxxxx...xxxxxxxxxxxxx', source='user')"),
        ([5], "int", "UserMessage(content='...', source='user')"),
    ],
)
@pytest.mark.parametrize("way", ["create", "create_stream", "count_tokens"])
async def test_what_is_no_list_of_messages_says_what_one_is(messages, kind, meant, way):
    if way == "count_tokens" and isinstance(messages, str):
        pytest.skip("a text is counted")

    with pytest.raises(ValueError, match="Unknown message type") as caught:
        await asked(messages, way)

    assert str(caught.value) == f"Unknown message type: <class '{kind}'>; give a list of messages: [{meant}]"


@pytest.mark.parametrize("message", [*HI, SystemMessage(content="a"), RESULTS], ids=lambda one: type(one).__name__)
async def test_a_message_that_stands_alone_is_to_be_put_into_a_list(message):
    with pytest.raises(ValueError, match=rf"; give a list of messages: \[{type(message).__name__}\(\.\.\.\)\]$"):
        await asked(message, "create")


async def asked(messages, way):
    if way == "count_tokens":
        return client().count_tokens(messages)
    return await (client().create(messages) if way == "create" else pieces_of(client().create_stream(messages)))


class Point(BaseModel):
    """Where."""

    x: int
    label: str | None = None


class Shape(BaseModel):
    at: Point = Field(description="the middle")
    corners: list[Point] = []


async def test_structured_output_asks_for_a_strict_schema(api):
    api.mock(return_value=completion('{"at": {"x": 1}}'))

    body = await sent(api, call={"json_output": Shape})

    point = {
        "type": "object",
        "title": "Point",
        "description": "Where.",
        "additionalProperties": False,
        "required": ["x", "label"],
        "properties": {
            "x": {"title": "X", "type": "integer"},
            "label": {"title": "Label", "anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {
            "name": "Shape",
            "strict": True,
            "schema": {
                "type": "object",
                "title": "Shape",
                "additionalProperties": False,
                "required": ["at", "corners"],
                "properties": {
                    "at": {**point, "description": "the middle"},
                    "corners": {"title": "Corners", "type": "array", "items": {"$ref": "#/$defs/Point"}, "default": []},
                },
                "$defs": {"Point": point},
            },
        },
    }


@pytest.mark.parametrize(("wanted", "kind"), [(True, "json_object"), (False, "text")])
async def test_json_output_as_a_yes_or_no(wanted, kind, api):
    assert (await sent(api, call={"json_output": wanted}))["response_format"] == {"type": kind}


async def test_a_class_as_response_format_is_deprecated(api):
    api.mock(return_value=completion('{"x": 1}'))

    with pytest.warns(DeprecationWarning, match="response_format with a pydantic class is deprecated; use json_output"):
        body = await sent(api, call={"extra_create_args": {"response_format": Point}})

    assert body["response_format"]["json_schema"]["name"] == "Point"


async def test_a_format_beside_a_class_is_ignored_with_a_warning(api):
    api.mock(return_value=completion('{"x": 1}'))

    with pytest.warns(UserWarning, match="response_format is ignored"):
        body = await sent(api, call={"json_output": Point}, response_format={"type": "text"})

    assert body["response_format"]["type"] == "json_schema"


async def test_extra_body_joins_the_body(api):
    body = await sent(api, extra_body={"enable_thinking": False})

    assert body["enable_thinking"] is False
    assert "extra_body" not in body


TOOL = {"name": "weather", "description": "Weather.", "parameters": {"type": "object", "properties": {}}}


async def test_tools_as_schemas(api):
    body = await sent(api, call={"tools": [TOOL, {"name": "bare"}], "tool_choice": "required"})

    assert body["tools"] == [
        {"type": "function", "function": {**TOOL, "strict": False}},
        {"type": "function", "function": {"name": "bare", "description": "", "parameters": {}, "strict": False}},
    ]
    assert body["tool_choice"] == "required"


async def test_tool_choice_is_dropped_without_tools(api):
    assert "tool_choice" not in await sent(api, call={"tool_choice": "required"})


def weather(city: str) -> str:
    return city


FUNCTION = FunctionTool(weather, description="Weather.")
NO_JSON = {"model_info": {**INFO, "family": "q", "json_output": False, "structured_output": False, "vision": False}}
MIXED = [SystemMessage(content="a"), *HI, SystemMessage(content="b")]


NO_CALLS = {"model_info": {**INFO, "function_calling": False}}
OTHER = {"tools": [{"name": "x"}], "tool_choice": FUNCTION}


@pytest.mark.parametrize(
    ("messages", "call", "settings", "message"),
    [
        ([UserMessage(content="hi", source="用户")], {}, {}, r"Invalid name: '用户'\. Only letters"),
        ([bot("hi").model_copy(update={"source": "a b"})], {}, {}, "Invalid name: 'a b'"),
        ([user("").model_copy(update={"content": [1]})], {}, {}, "Unknown content part: 1"),
        (MIXED, {}, NO_JSON, r"messages \[0, 2\] are system messages that are not next to each other"),
        (HI, {"tools": [TOOL]}, NO_CALLS, "does not support function calling"),
        (HI, {"tools": [{**TOOL, "name": "a b"}]}, {}, "Invalid name: 'a b'"),
        (HI, {"tools": [5]}, {}, "a tool is a Tool or a dict with its schema, got 5"),
        (HI, {"tools": [TOOL], "tool_choice": "maybe"}, {}, "tool_choice must be a Tool, 'auto'"),
        (HI, OTHER, {}, r"'weather', which is not among the tools \['x'\]"),
        (HI, {"tool_choice": FUNCTION}, {}, "names a tool but no tools are given"),
        (HI, {"json_output": True}, NO_JSON, "does not support JSON output: its model_info has no json_output=True"),
        (HI, {"json_output": Point}, NO_JSON, "does not support structured output"),
        (HI, {"json_output": Point}, {"response_format": Shape}, "both name a pydantic class"),
        (HI, {"json_output": "yes"}, {}, "json_output must be a boolean or a pydantic class, got 'yes'"),
        (HI, {"json_output": Point, "tools": [TOOL]}, {}, "'weather' is not strict"),
        (HI, {"extra_create_args": {"temprature": 1}}, {}, r"the API has no parameters \['temprature'\]"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:response_format with a pydantic class")
async def test_what_nobody_accepts_is_refused_here(messages, call, settings, message, api):
    with pytest.raises(ValueError, match=message):
        await sent(api, messages, call, **settings)

    assert not api.called


@pytest.mark.parametrize("name", ["messages", "stream", "tools"])
async def test_what_is_an_argument_is_no_extra(name, api):
    with pytest.raises(TypeError, match=f"{name} is given twice"):
        await sent(api, call={"extra_create_args": {name: []}})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model_info": {"vision": True}}, "model_info lacks the required field 'function_calling'"),
        ({"n": 2}, r"\['n'\] cannot be set for every request"),
        (
            {"model": "unknown"},
            "model_info is required when model name is not a valid OpenAI model; got model='unknown'",
        ),
        ({"model_info": INFO, "model_capabilities": INFO}, "mutually exclusive"),
        ({**NO_JSON, "response_format": {"type": "json_object"}}, "does not support JSON output"),
    ],
)
async def test_clients_that_cannot_work_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        client(**settings)


async def test_capabilities_as_an_argument_are_deprecated():
    older = {"vision": True, "function_calling": True, "json_output": True}

    with (
        pytest.warns(DeprecationWarning, match="model_capabilities is deprecated, use model_info instead"),
        pytest.warns(UserWarning, match="lacks the field 'structured_output'"),
    ):
        model_client = client(model="q", model_capabilities=older)

    assert model_client.model_info["family"] == "unknown"
    assert "family" not in older


async def test_contradicting_usage_options_are_refused(api):
    model_client = client(stream_options={"include_usage": True})

    with pytest.raises(ValueError, match=r"include_usage=False and stream_options=.* contradict each other"):
        await anext(model_client.create_stream(HI, include_usage=False))


async def test_the_tolerance_for_empty_chunks_is_deprecated(api):
    api.mock(return_value=stream(text_chunks("a")))

    with pytest.warns(DeprecationWarning, match="max_consecutive_empty_chunk_tolerance is deprecated"):
        await pieces_of(client().create_stream(HI, max_consecutive_empty_chunk_tolerance=3))


async def test_calls_are_logged_for_those_who_listen(api, caplog):
    caplog.set_level("INFO", logger="autogen_core.events")

    await client().create(HI, tools=[TOOL])

    (event,) = [record.msg for record in caplog.records if record.name == "autogen_core.events"]
    assert isinstance(event, LLMCallEvent)
    assert (event.prompt_tokens, event.completion_tokens) == (8, 2)
    logged = json.loads(str(event))
    assert (logged["type"], logged["agent_id"]) == ("LLMCall", None)
    assert logged["messages"] == [{"role": "user", "name": "user", "content": "hi"}]
    assert logged["tools"][0]["function"]["name"] == "weather"
    assert logged["response"]["choices"][0]["message"]["content"] == "Hello!"


async def test_streams_are_logged_at_their_start_and_end(api, caplog):
    caplog.set_level("INFO", logger="autogen_core.events")
    api.mock(return_value=stream(text_chunks("a")))

    await pieces_of(client().create_stream(HI))

    start, end = [record.msg for record in caplog.records if record.name == "autogen_core.events"]
    assert isinstance(start, LLMStreamStartEvent)
    assert isinstance(end, LLMStreamEndEvent)
    assert json.loads(str(end))["response"]["content"] == "a"


@pytest.mark.parametrize(
    ("size", "tokens"),
    [((1, 1), 276), ((513, 512), 446), ((768, 768), 786), ((2048, 4096), 1126), ((2048, 768), 1466), ((1, 2049), 106)],
)
async def test_pictures_are_counted_by_tiles(size, tokens):
    pillow = pytest.importorskip("PIL.Image")
    from fakellm.models import Image

    assert client().count_tokens([user(["a", Image(pillow.new("RGB", size))])]) == tokens


async def test_tools_are_counted(caplog):
    parameters = {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "where", "title": "City"},
            "unit": {"enum": ["C", "F"], "default": "C"},
            "days": {"anyOf": [{"type": "integer"}, {"type": "null"}], "minimum": 1},
        },
    }

    bare = client().count_tokens([])
    counted = client().count_tokens([], tools=[{**TOOL, "parameters": parameters}])

    assert (bare, counted) == (3, 53)
    assert caplog.messages == ["Not supported field minimum"]


async def test_choices_beside_the_first_and_function_calls_of_old(api):
    choice = {"message": {"content": None, "function_call": {"name": "f"}}, "finish_reason": "function_call"}
    api.mock(return_value=httpx.Response(200, json={"model": "gpt-4o", "choices": [choice]}))

    with pytest.raises(ValueError, match="the answer holds a function_call, which is deprecated"):
        await client().create(HI)


async def test_a_client_without_a_model_is_refused():
    with pytest.raises(ValueError, match="model is required for OpenAIChatCompletionClient"):
        OpenAIChatCompletionClient(api_key="sk-secret-key")


async def test_anthropic_needs_a_message(api):
    with pytest.raises(IndexError, match="Anthropic's API needs at least one message"):
        await sent(api, [], model="claude-3-opus-20240229")


@pytest.mark.filterwarnings("ignore:asked for")
async def test_a_last_message_that_is_no_text_stays(api):
    body = await sent(api, [*HI, bot(CALLS)], model="claude-3-opus-20240229")

    assert body["messages"][-1]["tool_calls"] == WIRE_CALLS


def r1(text):
    choice = {"message": {"content": text}, "finish_reason": "stop"}
    return httpx.Response(200, json={"model": "r1", "choices": [choice]})


R1 = {"model": "r1", "model_info": {**INFO, "family": "r1"}}


async def test_tags_in_the_text_of_r1(api):
    api.mock(return_value=r1("before <think> hm </think> A "))

    result = await client(**R1).create(HI)

    assert (result.content, result.thought) == ("A", "hm")


@pytest.mark.parametrize("text", ["A", "<think>A"])
async def test_text_of_r1_without_tags_is_warned_about(text, api):
    api.mock(return_value=r1(text))

    with pytest.warns(UserWarning, match="the text of an R1 model has no <think>"):
        result = await client(**R1).create(HI)

    assert (result.content, result.thought) == (text, None)


@pytest.mark.parametrize(
    ("text", "thought", "content"),
    [
        ("hm\n</think>\n\nA", "hm", "A"),
        ("</think>\n\nA", None, "A"),
        ("hm</think>The tag <think> opens.", "hm", "The tag <think> opens."),
        ("so: <think>hm</think>A</think>", "hm", "A</think>"),
    ],
)
async def test_thought_of_r1_ends_at_its_closing_tag(text, thought, content, api):
    api.mock(return_value=r1(text))

    result = await client(**R1).create(HI)

    assert (result.thought, result.content) == (thought, content)


async def test_arguments_that_are_an_object_are_written_as_text(api):
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}
    api.mock(return_value=completion(None, "stop", tool_calls=[call, {"id": "d"}]))

    with (
        pytest.warns(UserWarning, match="the arguments of a tool call are no text"),
        pytest.warns(UserWarning, match="its finish reason is 'stop', not 'tool_calls'"),
    ):
        result = await client().create(HI)

    assert result.content == [FunctionCall("c", '{"a": 1}', "f"), FunctionCall("d", "{}", "")]
