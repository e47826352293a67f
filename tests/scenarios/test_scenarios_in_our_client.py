"""What OpenAIChatCompletionClient reports for every scenario: what the scenario says a correct client reports."""

from __future__ import annotations

import asyncio

import pytest

from fakellm import scenarios


async def create(scenario):
    async with scenario.llm.client(model=scenario.request["model"]) as client:
        arguments = {"tools": scenario.tools, "extra_create_args": scenario.extra_create_args}
        return await client.create(scenario.messages, **arguments)


async def create_stream(scenario):
    async with scenario.llm.client(model=scenario.request["model"]) as client:
        arguments = {"tools": scenario.tools, "extra_create_args": scenario.extra_create_args}
        return [piece async for piece in client.create_stream(scenario.messages, **arguments)]


def members(*families):
    return [
        pytest.param(scenario, id=f"{family}-{scenario.name}")
        for family in families
        for scenario in scenarios.family(family)
    ]


@pytest.mark.parametrize("scenario", members("create", "usage", "finish_reason"))
def test_create(scenario):
    with scenario.play() as played:
        result = asyncio.run(create(played))

    assert result == played.expected.create_result


@pytest.mark.filterwarnings("ignore:the stream held neither text nor tool calls")
@pytest.mark.parametrize("scenario", members("stream"))
def test_create_stream(scenario):
    with scenario.play() as played:
        *pieces, result = asyncio.run(create_stream(played))

    assert pieces == played.expected.chunks
    assert result == played.expected.create_result


@pytest.mark.filterwarnings("ignore:the stream held neither text nor tool calls")
@pytest.mark.parametrize(
    "scenario", [member for member in members("create", "usage", "finish_reason") if "function_call" not in member.id]
)
def test_every_answer_is_the_same_as_a_stream(scenario):
    with scenario.play() as played:
        *pieces, result = asyncio.run(create_stream(played))

    assert "".join(pieces) == (played.expected.content or "")
    assert result == played.expected.create_result


@pytest.mark.parametrize("scenario", members("error"))
def test_errors(scenario):
    ask = create_stream if scenario.request.get("stream") else create

    with scenario.play() as played:
        if played.expected.error is None:
            assert asyncio.run(ask(played)) == played.expected.create_result
        else:
            with pytest.raises(played.expected.error) as caught:
                asyncio.run(ask(played))
            assert type(caught.value) is played.expected.error


def test_stream_that_ends_in_a_function_call_is_refused():
    with scenarios.get("function_call").play() as played, pytest.raises(ValueError, match="ends in a function_call"):
        asyncio.run(create_stream(played))
