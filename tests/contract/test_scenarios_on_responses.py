"""What the official OpenAI SDK reports for every scenario that is asked at the Responses API."""

from __future__ import annotations

import asyncio

import pytest

openai = pytest.importorskip("openai")
if not hasattr(openai.OpenAI, "responses"):
    pytest.skip("an SDK from before Responses", allow_module_level=True)

from fakellm import scenarios  # noqa: E402

# What has begun to stream and breaks is not wrapped by the SDK before 3.
RAW_IN_OLD_SDKS = {"stream_dropped": "RemoteProtocolError"}

# What chat calls the end of an answer -> status, and the reason why a response is incomplete.
ENDS = {
    "stop": ("completed", None),
    "tool_calls": ("completed", None),
    "length": ("incomplete", "max_output_tokens"),
    "content_filter": ("incomplete", "content_filter"),
    "insufficient_system_resource": ("incomplete", "insufficient_system_resource"),
}


def members(*families):
    return [
        pytest.param(scenario, id=f"{family}-{scenario.name}")
        for family in families
        for scenario in scenarios.family(family, endpoint="responses")
    ]


@pytest.fixture
def client():
    with openai.OpenAI(api_key="sk-test") as client:
        yield client


def reported(response):
    parts = [part for item in response.output if item.type == "message" for part in item.content]
    details, usage = response.incomplete_details, response.usage
    return {
        "content": response.output_text,
        "refusal": "".join(part.refusal for part in parts if part.type == "refusal"),
        "tool_calls": [(c.call_id, c.name, c.arguments) for c in response.output if c.type == "function_call"],
        "end": (response.status, details and details.reason),
        "usage": usage
        and (
            usage.input_tokens,
            usage.input_tokens_details.cached_tokens,
            usage.output_tokens,
            usage.output_tokens_details.reasoning_tokens,
        ),
    }


def wanted(expected):
    usage = expected.usage
    return {
        "content": expected.content or "",
        "refusal": expected.refusal or "",
        "tool_calls": [(call.id, call.name, call.arguments_text) for call in expected.tool_calls],
        "end": ENDS[expected.finish_reason],
        "usage": usage
        and (
            usage["prompt_tokens"],
            usage["prompt_tokens_details"]["cached_tokens"],
            usage["completion_tokens"],
            usage["completion_tokens_details"]["reasoning_tokens"],
        ),
    }


@pytest.mark.parametrize("scenario", members("create", "usage", "finish_reason"))
def test_create(client, scenario):
    with scenario.play() as played:
        response = client.responses.create(**played.request_for("responses"))

    assert reported(response) == wanted(played.expected)


@pytest.mark.parametrize("scenario", members("create"))
def test_async_create(scenario):
    async def ask(request):
        async with openai.AsyncOpenAI(api_key="sk-test") as client:
            return await client.responses.create(**request)

    with scenario.play() as played:
        response = asyncio.run(ask(played.request_for("responses")))

    assert reported(response) == wanted(played.expected)


@pytest.mark.parametrize("scenario", members("stream"))
def test_stream(client, scenario):
    with scenario.play() as played:
        events = list(client.responses.create(**played.request_for("responses")))

    texts = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert [text for text in texts if text] == played.expected.chunks
    assert reported(events[-1].response) == wanted(played.expected)


@pytest.mark.parametrize("scenario", members("stream"))
def test_stream_put_together_by_the_sdk(client, scenario):
    if not hasattr(client.responses, "stream"):
        pytest.skip("an SDK from before its own accumulator")
    with scenario.play() as played:
        request = played.request_for("responses")
        del request["stream"]
        with client.responses.stream(**request) as stream:
            response = stream.get_final_response()

    assert reported(response) == wanted(played.expected)


@pytest.mark.parametrize("scenario", members("error"))
def test_errors(client, scenario):
    def ask(request):
        asked = client.responses.create(**request)
        return list(asked) if request.get("stream") else reported(asked)

    with scenario.play() as played:
        request = played.request_for("responses")
        if played.expected.error is None:
            assert ask(request) == wanted(played.expected)
            return
        with pytest.raises(Exception) as caught:  # noqa: PT011  # its class is what is looked at
            ask(request)

    names = {played.expected.error.__name__}
    if int(openai.__version__.partition(".")[0]) < 3:
        names.add(RAW_IN_OLD_SDKS.get(played.name, ""))
    assert type(caught.value).__name__ in names
