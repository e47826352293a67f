"""What the official OpenAI SDK, 1.x to 3.x, reports for every scenario, and AutoGen's client where it is installed."""

from __future__ import annotations

import asyncio

import pytest

openai = pytest.importorskip("openai")

from fakellm import scenarios  # noqa: E402

# What has begun to stream and breaks is not wrapped by the SDK before 3.
RAW_IN_OLD_SDKS = {"stream_dropped": "RemoteProtocolError"}

# AutoGen passes over the reason in a chunk that carries usage.
REASON_LOST_BY_AUTOGEN = {"usage_on_every_chunk"}


def members(*families):
    return [
        pytest.param(scenario, id=f"{family}-{scenario.name}")
        for family in families
        for scenario in scenarios.family(family)
    ]


@pytest.fixture
def client():
    with openai.OpenAI(api_key="sk-test") as client:
        yield client


def create(client, request):
    completion = client.chat.completions.create(**request)
    return reported(completion.choices[0], completion.usage)


def reported(choice, usage):
    message = choice.message
    return {
        "content": message.content,
        "refusal": message.refusal,
        "tool_calls": [(c.id, c.function.name, c.function.arguments) for c in message.tool_calls or ()],
        "finish_reason": choice.finish_reason,
        "usage": usage and usage.to_dict(),
    }


def wanted(expected):
    return {
        "content": expected.content,
        "refusal": expected.refusal,
        "tool_calls": [(call.id, call.name, call.arguments_text) for call in expected.tool_calls],
        "finish_reason": expected.finish_reason,
        "usage": expected.usage,
    }


@pytest.mark.parametrize("scenario", members("create", "usage", "finish_reason"))
def test_create(client, scenario):
    with scenario.play() as played:
        got = create(client, played.request)

    assert got == wanted(played.expected)


@pytest.mark.parametrize("scenario", members("stream"))
def test_stream(client, scenario):
    with scenario.play() as played:
        chunks = list(client.chat.completions.create(**played.request))

    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert [delta.content for delta in deltas if delta.content] == played.expected.chunks
    assert "".join(delta.refusal or "" for delta in deltas) == (played.expected.refusal or "")
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert (usages[-1].to_dict() if usages else None) == played.expected.usage


@pytest.mark.parametrize("scenario", members("stream"))
def test_stream_put_together_by_the_sdk(client, scenario):
    helper = getattr(client.chat.completions, "stream", None) or client.beta.chat.completions.stream

    with scenario.play() as played:
        request = played.request
        del request["stream"]
        with helper(**request) as stream:
            completion = stream.get_final_completion()

    got, expected = reported(completion.choices[0], completion.usage), wanted(played.expected)
    got["content"] = got["content"] or None  # the SDK has "" or None where nothing was said
    expected["content"] = expected["content"] or None
    assert got == expected


@pytest.mark.parametrize("scenario", members("create"))
def test_parse(client, scenario):
    completions = getattr(client.chat.completions, "parse", None) or client.beta.chat.completions.parse

    with scenario.play() as played:
        completion = completions(**played.request)

    assert completion.choices[0].message.content == played.expected.content


@pytest.mark.parametrize("scenario", members("create"))
def test_async_create(scenario):
    async def ask(request):
        async with openai.AsyncOpenAI(api_key="sk-test") as client:
            return await client.chat.completions.create(**request)

    with scenario.play() as played:
        completion = asyncio.run(ask(played.request))

    assert reported(completion.choices[0], completion.usage) == wanted(played.expected)


@pytest.mark.parametrize("scenario", members("error"))
def test_errors(client, scenario):
    def ask(request):
        return list(client.chat.completions.create(**request)) if request.get("stream") else create(client, request)

    with scenario.play() as played:
        if played.expected.error is None:
            assert ask(played.request) == wanted(played.expected)
            return
        with pytest.raises(Exception) as caught:  # noqa: PT011  # its class is what is looked at
            ask(played.request)

    names = {played.expected.error.__name__}
    if int(openai.__version__.partition(".")[0]) < 3:
        names.add(RAW_IN_OLD_SDKS.get(played.name, ""))
    assert type(caught.value).__name__ in names


@pytest.mark.filterwarnings("ignore")  # AutoGen warns of what it does not know
@pytest.mark.parametrize("scenario", members("create", "stream", "usage", "finish_reason"))
def test_autogen(scenario):
    autogen = pytest.importorskip("autogen_ext.models.openai")
    models = pytest.importorskip("autogen_core.models")
    message = {type(each).__name__: getattr(models, type(each).__name__) for each in scenario.messages}

    async def ask(played):
        client = autogen.OpenAIChatCompletionClient(model=played.request["model"], api_key="sk-test")
        messages = [message[each.type].model_validate(each.model_dump()) for each in played.messages]
        arguments = {"tools": played.tools, "extra_create_args": played.extra_create_args}
        if not played.request.get("stream"):
            return await client.create(messages, **arguments)
        return [piece async for piece in client.create_stream(messages, **arguments)][-1]

    with scenario.play() as played:
        result = asyncio.run(ask(played))

    expected = played.expected.create_result.model_dump()
    if played.name in REASON_LOST_BY_AUTOGEN:
        expected["finish_reason"] = "unknown"
    assert result.model_dump() == expected
