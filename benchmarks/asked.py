"""What the benchmarks of the fake ask, and who answers: the fake, and the floor under it."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import httpx

from fakellm import FakeLLM

CHAT = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}
PROMPT = "Summarise the weather of the last week in Paris in two sentences, and say whether to take an umbrella."
ANSWER = "It rained on five days out of seven. Take one."


def body(prompt: str) -> dict[str, Any]:
    """Return a request of one message."""
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]}


def agent(messages: int, tools: int) -> Callable[[str], dict[str, Any]]:
    """Return what makes an agent's request of its last message: so many messages in all, and so many tools."""
    history = [{"role": "system", "content": " ".join([PROMPT] * 5)}]
    for n in range(messages // 4 - 1):
        history += _turn_with_tool(n)
    history += [{"role": "user", "content": PROMPT}, {"role": "assistant", "content": ANSWER}]
    described = [tool(n) for n in range(tools)]

    def asked(prompt: str) -> dict[str, Any]:
        return {"model": "gpt-4o", "messages": [*history, {"role": "user", "content": prompt}], "tools": described}

    return asked


def _turn_with_tool(n: int) -> list[dict[str, Any]]:
    """Return a question, the call that it made, its result and what was said of it."""
    called = {"name": "get_weather_0", "arguments": f'{{"city": "Paris", "country": "FR", "days": {n}}}'}
    result = json.dumps({"days": [{"rain": n, "wind": "south", "text": ANSWER}] * 3})
    return [
        {"role": "user", "content": f"{PROMPT} {PROMPT} {n}"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": f"call_{n}", "type": "function", "function": called}],
        },
        {"role": "tool", "tool_call_id": f"call_{n}", "content": result},
        {"role": "assistant", "content": f"{n} {ANSWER} {PROMPT}"},
    ]


def tool(n: int) -> dict[str, Any]:
    """Return a tool of four parameters."""
    properties = {
        "city": {"type": "string", "description": "The city, in English, as the map of the service has it."},
        "country": {"type": "string", "description": "Its country, by two letters, where the name is not enough."},
        "days": {"type": "integer", "description": "How many days back, today included."},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "description": "The unit of temperatures."},
    }
    parameters = {"type": "object", "properties": properties, "required": ["city"], "additionalProperties": False}
    described = "Get the weather of the last days in a city, one object for each day, oldest first."
    function = {"name": f"get_weather_{n}", "description": described, "parameters": parameters}
    return {"type": "function", "function": function}


def prebuilt(text: str = ANSWER) -> bytes:
    """Return the bytes of an answer as the fake gives it."""
    with fake(httpx, text) as client:
        return client.post(CHAT, json=body(PROMPT)).content


def floor(module: ModuleType, text: str = ANSWER) -> Any:
    """Return a client whose MockTransport hands out prebuilt bytes, in a new response each time.

    The headers are those that a test would give; the fake's own, x-request-id, is its own share.
    """
    headers, content = {"content-type": "application/json"}, prebuilt(text)
    transport = module.MockTransport(lambda _: module.Response(200, headers=headers, content=content))
    return module.Client(transport=transport, headers=KEY)


def fake(module: ModuleType, text: str = ANSWER) -> Any:
    """Return a client of a fake that always gives the same answer."""
    llm = FakeLLM()
    llm.reply(text, times=None)
    return module.Client(transport=llm.transport(module), headers=KEY)
