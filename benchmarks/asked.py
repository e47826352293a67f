"""What the benchmarks of the fake ask, and who answers: the fake, and the floor under it."""

from __future__ import annotations

import itertools
from types import ModuleType
from typing import Any

import httpx

from fakellm import FakeLLM

CHAT = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}
PROMPT = "Summarise the weather of the last week in Paris in two sentences, and say whether to take an umbrella."
ANSWER = "It rained on five days out of seven. Take one."
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
FRESH = (f"{n} {PROMPT}" for n in itertools.count())
"""Prompts that nobody asked before."""


def body(prompt: str) -> dict[str, Any]:
    """Return a request of one message of 100 bytes."""
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]}


def agent_body(prompt: str) -> dict[str, Any]:
    """Return a request of 8 messages, the last of 500 bytes, and 3 tools."""
    history = [{"role": role, "content": PROMPT} for role in ("user", "assistant")] * 3
    messages = [{"role": "system", "content": PROMPT}, *history, {"role": "user", "content": prompt * 5}]
    return {"model": "gpt-4o", "messages": messages, "tools": [TOOL] * 3}


def prebuilt() -> bytes:
    """Return the bytes of an answer as the fake gives it."""
    with fake(httpx) as client:
        return client.post(CHAT, json=body(PROMPT)).content


def floor(module: ModuleType) -> Any:
    """Return a client whose MockTransport hands out prebuilt bytes."""
    headers, content = {"content-type": "application/json"}, prebuilt()
    transport = module.MockTransport(lambda _: module.Response(200, headers=headers, content=content))
    return module.Client(transport=transport, headers=KEY)


def fake(module: ModuleType) -> Any:
    """Return a client of a fake that always gives the same answer."""
    llm = FakeLLM()
    llm.reply(ANSWER, times=None)
    return module.Client(transport=llm.transport(module), headers=KEY)
