"""The official OpenAI SDK asks Responses, and its accumulator of streams agrees with what is sent whole."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

openai = pytest.importorskip("openai", minversion="1.66")

from pydantic import BaseModel  # noqa: E402

from fakellm import ErrorReply, FakeLLM, Reasoning, Reply, ToolCall, UnmatchedRequestError, faults  # noqa: E402

FUNCTION = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}
CUSTOM = {"type": "custom", "name": "sql"}
TOOLS = [FUNCTION, CUSTOM, {"type": "web_search"}]
CITATION = {"type": "url_citation", "url": "https://a.test", "title": "A", "start_index": 0, "end_index": 3}
REPLIES = {
    "text": "Rain in Paris. 字 👩‍🔬",
    "empty": "",
    "call": ToolCall("get_weather", {"city": "Paris"}, id="call_1"),
    "calls": Reply(
        "Looking.", tool_calls=[ToolCall("get_weather", id="call_1"), ToolCall("sql", "select 1", id="call_2")]
    ),
    "refusal": Reply(refusal="No."),
    "reasoning": Reply("4", reasoning="Two and two."),
    "parts": Reply(
        parts=[
            Reasoning("Search first."),
            {"type": "web_search_call", "id": "ws_1", "action": {"type": "search", "query": "x"}},
            {"type": "message", "content": [{"text": "See it.", "annotations": [CITATION]}]},
            {"type": "code_interpreter_call", "code": "print(1)", "container_id": "cntr_1"},
            {"type": "mcp_call", "server_label": "s", "name": "t", "arguments": "{}"},
            "Done.",
        ]
    ),
    "shell": Reply(parts=[{"type": "shell_call", "call_id": "call_3", "action": {"commands": ["ls"]}}, "Done."]),
}
if openai.VERSION < "2":  # which knows no such item
    del REPLIES["shell"]


class City(BaseModel):
    name: str


@pytest.fixture
def client():
    """A client built before the fake is active, as agents build theirs."""
    with openai.OpenAI(api_key="sk-test") as client:
        yield client


@pytest.fixture
def llm(client):
    with FakeLLM() as llm:
        yield llm


def without_ids(value):
    if isinstance(value, list):
        return [without_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    new = ("id", "encrypted_content", "billing", "parsed", "parsed_arguments")
    return {name: without_ids(member) for name, member in value.items() if name not in new}


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5.5"])
def test_accumulated_stream_is_the_response_that_is_sent_whole(client, llm, reply, model):
    llm.reply(reply, times=2)
    asked = {"model": model, "input": "hi", "tools": TOOLS, "include": ["reasoning.encrypted_content"]}
    asked |= {"reasoning": {"summary": "auto"}}

    whole = client.responses.create(**asked)
    with client.responses.stream(**asked) as stream:
        events = list(stream)
        accumulated = stream.get_final_response()

    assert without_ids(accumulated.to_dict()) == without_ids(whole.to_dict())
    assert accumulated.output_text == whole.output_text
    texts = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(texts) == whole.output_text


def test_snapshots_of_the_accumulator_grow_by_its_deltas(client, llm):
    llm.reply(ToolCall("get_weather", {"city": "Paris"}))

    with client.responses.stream(model="gpt-4o", input="hi", tools=[FUNCTION]) as stream:
        deltas = [event for event in stream if event.type == "response.function_call_arguments.delta"]

    assert [event.delta for event in deltas] == ['{"', "city", '":"', "Paris", '"}']
    assert deltas[-1].snapshot == '{"city":"Paris"}'


def test_text_and_usage(client, llm):
    llm.reply("Rain.")

    response = client.responses.create(model="gpt-4o", input="What is the weather in Paris?", instructions="Be brief.")

    assert (response.output_text, response.status, response.error) == ("Rain.", "completed", None)
    assert response.usage.total_tokens == llm.calls[0].usage["total_tokens"]
    assert llm.calls[0].last_user == "What is the weather in Paris?"


def test_tool_loop_with_the_output_echoed_back(client, llm):
    llm.when(user="weather").reply(Reply(tool_calls=ToolCall("get_weather", {"city": "Paris"}), reasoning="Hm."))
    llm.when(tool_result="18").reply("18 degrees.")
    conversation = [{"role": "user", "content": "weather?"}]

    first = client.responses.create(model="gpt-5", input=conversation, tools=[FUNCTION])
    conversation += first.output
    conversation.append({"type": "function_call_output", "call_id": first.output[1].call_id, "output": "18"})
    second = client.responses.create(model="gpt-5", input=conversation, tools=[FUNCTION])

    assert second.output_text == "18 degrees."
    assert llm.calls[1].request.turn == 1


def test_parsed_object(client, llm):
    llm.reply(City(name="Paris"), times=2)

    parsed = client.responses.parse(model="gpt-4o", input="Which city?", text_format=City).output_parsed
    with client.responses.stream(model="gpt-4o", input="Which city?", text_format=City) as stream:
        streamed = stream.get_final_response().output_parsed

    assert parsed == streamed == City(name="Paris")


def test_async_stream(llm):
    llm.reply("Rain in Paris")

    async def ask():
        async with openai.AsyncOpenAI(api_key="sk-test") as client:
            stream = await client.responses.create(model="gpt-4o", input="hi", stream=True)
            return [event.delta async for event in stream if event.type == "response.output_text.delta"]

    assert asyncio.run(ask()) == ["Rain", " in", " Paris"]


def test_logprobs(client, llm):
    llm.reply("Hi there")
    include = ["message.output_text.logprobs"]

    [message] = client.responses.create(model="gpt-4o", input="hi", include=include, top_logprobs=1).output

    assert [(entry.token, len(entry.top_logprobs)) for entry in message.content[0].logprobs] == [
        ("Hi", 1),
        (" there", 1),
    ]


def test_incomplete(client, llm):
    llm.reply(Reply("one", finish_reason="content_filter"))

    response = client.responses.create(model="gpt-4o", input="hi")

    assert (response.status, response.incomplete_details.reason) == ("incomplete", "content_filter")


def test_error_is_retried(client, llm):
    llm.reply(ErrorReply.rate_limited(), "recovered")

    assert client.responses.create(model="gpt-4o", input="hi").output_text == "recovered"


def test_error_event_raises(client, llm):
    llm.reply(Reply("one two", fault=faults.error_event(after=2)))

    with pytest.raises(openai.APIError, match="The server had an error"):
        for _ in client.responses.create(model="gpt-4o", input="hi", stream=True):
            pass


def test_stream_without_its_end_has_no_final_response(client, llm):
    llm.reply("one", fault=faults.no_done())

    with (
        client.responses.stream(model="gpt-4o", input="hi") as stream,
        pytest.raises(RuntimeError, match=r"Didn't receive a `response\.completed` event"),
    ):
        stream.get_final_response()


def test_swallowed_unmatched_request_fails_the_test(client):
    unmatched = pytest.raises(UnmatchedRequestError, match=r"POST …/responses model='gpt-4o' user='hi'")
    with unmatched, FakeLLM(), contextlib.suppress(openai.BadRequestError):
        client.responses.create(model="gpt-4o", input="hi")


def test_unmatched_request_is_an_error_with_our_words(client):
    with FakeLLM(allow_unmatched=True), pytest.raises(openai.BadRequestError, match="no rule answers call 1"):
        client.responses.create(model="gpt-4o", input="hi")


def test_chain_and_look_ups(client, llm):
    llm.reply("one", "two")
    first = client.responses.create(model="gpt-4o", input="a")
    second = client.responses.create(model="gpt-4o", input="b", previous_response_id=first.id)

    assert client.responses.retrieve(second.id).to_dict() == second.to_dict()
    assert [item.content[0].text for item in client.responses.input_items.list(first.id)] == ["a"]
    assert [message["content"] for message in llm.calls[1].messages] == ["a", "one", "b"]
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)
    with pytest.raises(openai.BadRequestError, match="Previous response") as caught:
        client.responses.create(model="gpt-4o", input="c", previous_response_id=first.id)
    assert caught.value.code == "previous_response_not_found"
    llm.reset()


def test_background_is_polled_and_cancelled(client, llm):
    llm.reply("done", times=2)
    response = client.responses.create(model="gpt-4o", input="a", background=True)
    seen = [response.status]
    while response.status in ("queued", "in_progress"):
        response = client.responses.retrieve(response.id)
        seen.append(response.status)

    assert (seen, response.output_text) == (["queued", "in_progress", "completed"], "done")
    other = client.responses.create(model="gpt-4o", input="a", background=True)
    assert client.responses.cancel(other.id).status == "cancelled"


def test_stream_is_resumed(client, llm):
    llm.reply("one two three")
    with client.responses.stream(model="gpt-4o", input="a", background=True) as stream:
        events = list(stream)
    name = events[0].response.id

    with client.responses.stream(response_id=name, starting_after=5) as stream:
        resumed = list(stream)
        final = stream.get_final_response()
    plain = list(client.responses.retrieve(name, stream=True, starting_after=5))

    assert [event.sequence_number for event in resumed] == [event.sequence_number for event in events[6:]]
    assert [event.sequence_number for event in plain] == [event.sequence_number for event in events[6:]]
    assert final.output_text == "one two three"


def test_conversation_is_kept(client, llm):
    llm.reply("one", "two")
    conversation = client.conversations.create(items=[{"role": "user", "content": "before"}], metadata={"a": "b"})

    for text in ("a", "b"):
        response = client.responses.create(model="gpt-4o", input=text, conversation=conversation.id)

    assert response.conversation.id == conversation.id
    items = list(client.conversations.items.list(conversation.id, order="asc"))
    assert [item.content[0].text for item in items] == ["before", "a", "one", "b", "two"]
    assert client.conversations.items.retrieve(items[0].id, conversation_id=conversation.id) == items[0]
    assert client.conversations.update(conversation.id, metadata={"c": "d"}).metadata == {"c": "d"}
    assert client.conversations.delete(conversation.id).deleted
    assert len(llm.calls[1].messages) == 4


@pytest.mark.skipif(openai.VERSION < "2", reason="SDK 1.x has no compact()")
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # the SDK knows no messages of users in an output
def test_conversation_is_compacted(client, llm):
    llm.reply("after")
    compacted = client.responses.compact(model="gpt-4o", input=[{"role": "user", "content": "a"}])
    response = client.responses.create(model="gpt-4o", input=compacted.output)

    assert [item.type for item in compacted.output] == ["message", "compaction"]
    assert (response.output_text, llm.calls[0].rule) == ("after", None)
