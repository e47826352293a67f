"""Scenarios that only a stream has."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from fakellm._dialects.chat.say import DONE
from fakellm._fake import FakeLLM
from fakellm._script.pace import Pace
from fakellm._script.reply import Reply, ToolCall
from fakellm._wire.sse import encode_event
from fakellm.scenarios._conversations import PARIS, ROME, WEATHER, asks
from fakellm.scenarios._expected import Expected
from fakellm.scenarios._scenario import Scenario
from fakellm.scenarios._usage import usage

__all__ = ["STREAMS"]

_HELLO = ["Hello", ",", " world", "!"]
# The OpenAI SDK's own accumulator parses the arguments of strict tools when the index changes, too early here.
_LOOSE = {**WEATHER, "function": {name: value for name, value in WEATHER["function"].items() if name != "strict"}}
_ASKS_FOR_USAGE = {"stream_options": {"include_usage": True}}


def _begun(index: int, call: ToolCall) -> dict[str, Any]:
    """Return the delta that begins a call."""
    function = {"name": call.name, "arguments": ""}
    return {"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]}


def _went_on(index: int, arguments: str) -> dict[str, Any]:
    """Return a delta with the next part of a call's arguments."""
    return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}


def _chunk(delta: dict[str, Any], completion_tokens: int, finish_reason: str | None = None) -> bytes:
    """Return a chunk of a provider that sends the usage so far with each."""
    body = {
        "id": "chatcmpl-usage-on-every-chunk",
        "object": "chat.completion.chunk",
        "created": 1735689600,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}],
        "usage": {
            "prompt_tokens": 12,
            "completion_tokens": completion_tokens,
            "total_tokens": 12 + completion_tokens,
        },
    }
    return encode_event(to_json(body))


_RUNNING_TOTAL = b"".join(
    [
        _chunk({"role": "assistant", "content": ""}, 0),
        *(_chunk({"content": text}, n + 1) for n, text in enumerate(_HELLO)),
        _chunk({}, 4, "stop"),
        DONE,
    ]
)
_TOTAL = {"prompt_tokens": 12, "completion_tokens": 4, "total_tokens": 16}


def _bill_every_chunk(llm: FakeLLM) -> None:
    llm.when(stream=True).reply(Reply(raw=_RUNNING_TOTAL), times=None)
    llm.reply(Reply(chunks=_HELLO, usage=_TOTAL), times=None)


# Deltas of chat's own form have no place in Responses.
STREAMS = (
    Scenario(
        "tool_fragments",
        Reply(
            chunks=[
                _begun(0, PARIS),
                *(_went_on(0, part) for part in ("{", '"ci', "", 'ty": "', "Par", "is", '"', "}")),
            ],
            usage=usage(50, 15),
        ),
        request=asks("What is the weather in Paris?", tools=[WEATHER]),
        expected=Expected(
            tool_calls=[ToolCall("get_weather", '{"city": "Paris"}', id="call_paris")],
            finish_reason="tool_calls",
            usage=usage(50, 15),
        ),
        families="stream",
        elsewhere={"responses": None},
        description="the arguments of a call in fragments, cut inside names and values, one of them empty",
    ),
    Scenario(
        "interleaved_tools",
        Reply(
            chunks=[
                _begun(0, PARIS),
                _begun(1, ROME),
                _went_on(0, '{"city":'),
                _went_on(1, '{"city":"R'),
                _went_on(0, '"Paris"}'),
                _went_on(1, 'ome"}'),
            ],
            usage=usage(52, 44),
        ),
        request=asks("What is the weather in Paris and Rome?", tools=[_LOOSE]),
        expected=Expected(tool_calls=[PARIS, ROME], finish_reason="tool_calls", usage=usage(52, 44)),
        families="stream",
        elsewhere={"responses": None},
        description="two calls whose fragments take turns; their index tells them apart",
    ),
    Scenario(
        "usage_at_end",
        Reply(chunks=_HELLO, usage=usage(12, 4)),
        request=asks("Greet the world.", **_ASKS_FOR_USAGE),
        expected=Expected(content="Hello, world!", chunks=_HELLO, finish_reason="stop", usage=usage(12, 4)),
        families="stream",
        description="usage in a last chunk without choices, null in those before",
    ),
    Scenario(
        "usage_on_every_chunk",
        _bill_every_chunk,
        request=asks("Greet the world.", **_ASKS_FOR_USAGE),
        expected=Expected(content="Hello, world!", chunks=_HELLO, finish_reason="stop", usage=_TOTAL),
        families="stream",
        elsewhere={"responses": None},
        usage_unasked=True,
        description="the tokens so far in every chunk, asked for or not; the last count holds",
    ),
    Scenario(
        "usage_absent",
        Reply(chunks=_HELLO, usage=False),
        request=asks("Greet the world.", **_ASKS_FOR_USAGE),
        expected=Expected(content="Hello, world!", chunks=_HELLO, finish_reason="stop"),
        families="stream",
        description="usage was asked for, and none comes",
    ),
    Scenario(
        "slow",
        Reply(chunks=_HELLO, pace=Pace(ttft=3, tokens_per_second=0.5), usage=usage(12, 4)),
        request=asks("Greet the world."),
        expected=Expected(content="Hello, world!", chunks=_HELLO, finish_reason="stop", usage=usage(12, 4)),
        families="stream",
        description="3 s to the first chunk, 2 s between chunks",
    ),
    Scenario(
        "empty_deltas",
        Reply(
            chunks=[{}, {"content": ""}, "Hello", {}, {"content": None}, ",", "", " world", "!", {}], usage=usage(12, 4)
        ),
        request=asks("Greet the world."),
        expected=Expected(content="Hello, world!", chunks=_HELLO, finish_reason="stop", usage=usage(12, 4)),
        families="stream",
        elsewhere={"responses": None},
        description="chunks between the others that say nothing",
    ),
)
