"""What is sent holds to the OpenAPI document of the OpenAI API."""

import pytest
from asking import tools
from chat_wire import asking, wire
from engines import ask, make_engine, scripted
from openapi_document import needs_document, validate

from fakellm import ErrorReply, Reply, ToolCall

pytestmark = needs_document

CALL = ToolCall("get_weather", {"city": "Zürich 😀"})
CITATION = {"url": "https://example.com", "title": "Example", "start_index": 0, "end_index": 2}
REPLIES = {
    "text": "Hello there, world! 字 👩‍🔬",
    "empty": "",
    "nothing": Reply(),
    "one call": CALL,
    "calls": [CALL, ToolCall("g", "{broken", id="mine")],
    "text and call": Reply("One moment", tool_calls=CALL),
    "length": Reply("half an ans", finish_reason="length"),
    "content filter": Reply(finish_reason="content_filter"),
    "refusal": Reply(refusal="I cannot help with that."),
    "reasoning": Reply("4", reasoning="Two and two make four."),
    "object": Reply(parsed={"city": "Paris"}),
    "annotations": Reply("See", extra={"annotations": [{"type": "url_citation", "url_citation": CITATION}]}),
    "pieces": Reply(chunks=["He", "", "llo"]),
    "deltas": Reply(chunks=["He", {"content": "llo"}]),
    "usage": Reply(
        "a", usage={"completion_tokens": 9, "total_tokens": 17, "prompt_tokens_details": {"cached_tokens": 4}}
    ),
    "no usage": Reply("a", usage=False),
}
TOOLS = tools("get_weather", "g")
PARAMETERS = {
    "plain": {},
    "alternatives": {"n": 3},
    "logprobs": {"logprobs": True, "top_logprobs": 3},
    "limit": {"max_completion_tokens": 2},
    "stop": {"stop": ["o"]},
    "tier": {"service_tier": "flex", "store": True, "metadata": {"a": "b"}, "seed": 7},
}
ERRORS = {
    "rate_limited": ErrorReply.rate_limited(),
    "insufficient_quota": ErrorReply.insufficient_quota(),
    "invalid_api_key": ErrorReply.invalid_api_key(),
    "model_not_found": ErrorReply.model_not_found(),
    "context_length_exceeded": ErrorReply.context_length_exceeded(),
    "content_filter": ErrorReply.content_filter(),
    "server_error": ErrorReply.server_error(),
    "overloaded": ErrorReply.overloaded(),
    "bare": ErrorReply(418),
    "full": ErrorReply(400, message="m", code="c", type="t", param="p"),
}
REFUSED = {
    "unmatched": asking(),
    "no JSON": wire(b"?"),
    "no messages": wire({"model": "gpt-4o"}),
    "no model": wire({}),
    "images": wire({}, url="https://api.openai.com/v1/images/generations"),
    "files": wire(method="GET", url="https://api.openai.com/v1/files"),
}


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4", "my-model"])
@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS)
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_answer_holds_to_the_document(reply, parameters, model):
    answer = ask(scripted(reply), asking(model=model, tools=TOOLS, **parameters))

    assert answer.status == 200
    if reply == REPLIES["no usage"]:
        assert "usage" not in answer.json
    validate(answer.json, "CreateChatCompletionResponse")


@pytest.mark.parametrize("reply", [CALL, Reply("One moment", tool_calls=CALL)])
def test_call_of_the_older_functions_holds_to_the_document(reply):
    request = {"functions": [{"name": "get_weather"}]}

    validate(ask(scripted(reply), asking(**request)).json, "CreateChatCompletionResponse")
    for chunk in ask(scripted(reply), asking(stream=True, **request)).chunks:
        validate(chunk, "CreateChatCompletionStreamResponse")


@pytest.mark.parametrize("options", [None, {"include_usage": False}, {"include_usage": True}])
@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS)
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_every_chunk_holds_to_the_document(reply, parameters, options):
    answer = ask(scripted(reply), asking(stream=True, stream_options=options, tools=TOOLS, **parameters))

    assert answer.status == 200
    for chunk in answer.chunks:
        validate(chunk, "CreateChatCompletionStreamResponse")


@pytest.mark.parametrize("reply", ERRORS.values(), ids=ERRORS)
def test_error_holds_to_the_document(reply):
    validate(ask(scripted(reply)).json, "ErrorResponse")


@pytest.mark.parametrize("request_sent", REFUSED.values(), ids=REFUSED)
def test_refusal_holds_to_the_document(request_sent):
    validate(ask(make_engine(), request_sent).json, "ErrorResponse")


def test_document_would_find_a_mistake():
    jsonschema = pytest.importorskip("jsonschema")
    answer = ask(scripted("a")).json
    del answer["choices"][0]["finish_reason"]

    with pytest.raises(jsonschema.ValidationError):
        validate(answer, "CreateChatCompletionResponse")
