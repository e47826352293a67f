"""Scenarios that a model answers as it should, whole and as a stream."""

from __future__ import annotations

from typing import Any

from fakellm._fake import FakeLLM
from fakellm._script.reply import Reply, ToolCall
from fakellm.scenarios._expected import Expected
from fakellm.scenarios._scenario import Scenario
from fakellm.scenarios._usage import usage

__all__ = ["CONVERSATIONS", "PARIS", "ROME", "WEATHER", "asks"]

_BOTH = ("create", "stream")

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
PARIS = ToolCall("get_weather", {"city": "Paris"}, id="call_paris")
ROME = ToolCall("get_weather", {"city": "Rome"}, id="call_rome")

_CITY = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "river": {"type": "string"}},
    "required": ["name", "river"],
    "additionalProperties": False,
}


def asks(question: str, **more: Any) -> dict[str, Any]:
    """Return the request that asks one question. more: further parameters."""
    return {"messages": [{"role": "user", "content": question}], **more}


def _called(*calls: ToolCall) -> dict[str, Any]:
    """Return the message in which the model made calls."""
    wire = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments_text}}
        for call in calls
    ]
    return {"role": "assistant", "content": None, "tool_calls": wire}


def _calls(*calls: ToolCall, then: str, text: str | None = None, billed: dict[str, Any]) -> Any:
    """Return a script that calls tools and, once a result is there, answers."""

    def script(llm: FakeLLM) -> None:
        llm.when(tool_result=lambda _: True).reply(_weather(then), times=None)
        llm.reply(Reply(text, tool_calls=calls, usage=billed), times=None)

    return script


def _weather(text: str) -> Reply:
    return Reply(text, usage=usage(88, 11))


_PLAIN = ["Paris", " is", " the", " capital", " of", " France", "."]
_UNICODE = ["Grüße", " aus 東", "京 👩", "\u200d👧", " 🇫🇷 nai\u0308", "ve ﷽"]
_FOX = "The quick brown fox jumps over the lazy dog. "
_BERLIN = ["Berlin", ", on", " the", " Spree", "."]
_RESULT = ["It", " is", " ", "18", " °C", " in", " Paris", "."]


def _script_loop(llm: FakeLLM) -> None:
    answer = Reply(chunks=_RESULT, usage=usage(75, 10))
    llm.when(tool_result=lambda _: True).reply(answer, times=None)
    llm.reply(Reply(tool_calls=(PARIS,), usage=usage(50, 14)), times=None)


CONVERSATIONS = (
    Scenario(
        "plain",
        Reply(chunks=_PLAIN, usage=usage(14, 7)),
        request=asks("What is the capital of France?"),
        expected=Expected(
            content="Paris is the capital of France.", chunks=_PLAIN, finish_reason="stop", usage=usage(14, 7)
        ),
        families=_BOTH,
        description="one sentence",
    ),
    Scenario(
        "unicode",
        Reply(chunks=_UNICODE, usage=usage(21, 20)),
        request=asks("Say hello in many scripts: ß 東 👩‍👧"),
        expected=Expected(
            content="Grüße aus 東京 👩\u200d👧 🇫🇷 nai\u0308ve ﷽",
            chunks=_UNICODE,
            finish_reason="stop",
            usage=usage(21, 20),
        ),
        families=_BOTH,
        description="accents, CJK, right to left, joined emoji, cut between code points",
    ),
    Scenario(
        "empty",
        Reply("", usage=usage(10, 0)),
        request=asks("Say nothing."),
        expected=Expected(content="", finish_reason="stop", usage=usage(10, 0)),
        families=_BOTH,
        description="a text without a character",
    ),
    Scenario(
        "long",
        Reply(chunks=[_FOX] * 400, usage=usage(15, 4001)),
        request=asks("Repeat the pangram 400 times."),
        expected=Expected(content=_FOX * 400, chunks=[_FOX] * 400, finish_reason="stop", usage=usage(15, 4001)),
        families=_BOTH,
        description="18,000 characters in 400 chunks",
    ),
    Scenario(
        "multi_turn",
        Reply(chunks=_BERLIN, usage=usage(42, 7)),
        request={
            "messages": [
                {"role": "system", "content": "Answer in a few words."},
                {"role": "user", "content": "What is the capital of France?"},
                {"role": "assistant", "content": "Paris, on the Seine."},
                {"role": "user", "content": "And of Germany?"},
            ]
        },
        expected=Expected(content="Berlin, on the Spree.", chunks=_BERLIN, finish_reason="stop", usage=usage(42, 7)),
        families=_BOTH,
        description="instructions, a question, an answer, a second question",
    ),
    Scenario(
        "tool_call",
        _calls(PARIS, then="It is 18 °C in Paris.", billed=usage(50, 14)),
        request=asks("What is the weather in Paris?", tools=[WEATHER]),
        expected=Expected(tool_calls=[PARIS], finish_reason="tool_calls", usage=usage(50, 14)),
        families=_BOTH,
        description="the model calls a tool; sent a result, it answers",
    ),
    Scenario(
        "tool_loop",
        _script_loop,
        request={
            "messages": [
                {"role": "user", "content": "What is the weather in Paris?"},
                _called(PARIS),
                {"role": "tool", "tool_call_id": "call_paris", "content": "18 °C"},
            ],
            "tools": [WEATHER],
        },
        expected=Expected(content="It is 18 °C in Paris.", chunks=_RESULT, finish_reason="stop", usage=usage(75, 10)),
        families=_BOTH,
        description="the result is there and the model answers; asked the question alone, it calls the tool",
    ),
    Scenario(
        "parallel_tools",
        _calls(PARIS, ROME, then="It is 18 °C in Paris and 24 °C in Rome.", billed=usage(52, 44)),
        request=asks("What is the weather in Paris and Rome?", tools=[WEATHER]),
        expected=Expected(tool_calls=[PARIS, ROME], finish_reason="tool_calls", usage=usage(52, 44)),
        families=_BOTH,
        description="two calls in one answer",
    ),
    Scenario(
        "text_and_tool",
        _calls(PARIS, text="Let me look.", then="It is 18 °C in Paris.", billed=usage(50, 18)),
        request=asks("What is the weather in Paris?", tools=[WEATHER]),
        expected=Expected(
            content="Let me look.",
            chunks=["Let", " me", " look", "."],
            tool_calls=[PARIS],
            finish_reason="tool_calls",
            usage=usage(50, 18),
        ),
        families=_BOTH,
        description="a text, then a call",
    ),
    Scenario(
        "structured",
        Reply(parsed={"name": "Paris", "river": "Seine"}, usage=usage(43, 14)),
        request=asks(
            "Describe Paris.",
            response_format={"type": "json_schema", "json_schema": {"name": "City", "strict": True, "schema": _CITY}},
        ),
        expected=Expected(
            content='{"name":"Paris","river":"Seine"}',
            chunks=['{"', "name", '":"', "Paris", '","', "river", '":"', "Se", "ine", '"}'],
            finish_reason="stop",
            usage=usage(43, 14),
        ),
        families=_BOTH,
        description="an object that fits the schema asked for; by a tool, where that is how it is asked for",
    ),
    Scenario(
        "refusal",
        Reply(refusal="I can't help with that.", usage=usage(16, 6)),
        request=asks("How do I pick my neighbour's lock?"),
        expected=Expected(refusal="I can't help with that.", finish_reason="stop", usage=usage(16, 6)),
        families=_BOTH,
        description="the model declines: no text, a refusal",
    ),
    Scenario(
        "reasoning",
        Reply(
            chunks=["It", " is", " ", "42", "."],
            reasoning="Six times seven is forty-two.",
            usage=usage(12, 30, reasoning=7),
        ),
        request=asks("What is six times seven?", model="o4-mini"),
        expected=Expected(
            content="It is 42.",
            chunks=["It", " is", " ", "42", "."],
            reasoning="Six times seven is forty-two.",
            finish_reason="stop",
            usage=usage(12, 30, reasoning=7),
        ),
        families=_BOTH,
        description="the model thinks first: billed, and shown where the provider shows it",
    ),
)
