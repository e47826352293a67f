"""What an answer of the fake costs, over httpx.MockTransport handing out the same prebuilt bytes.

Run by hand: ``make bench``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import ModuleType

import httpx
import httpx2
from timing import ratios, table

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


def body(prompt: str) -> dict[str, object]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]}


def agent_body(prompt: str) -> dict[str, object]:
    history = [{"role": role, "content": PROMPT} for role in ("user", "assistant")] * 3
    messages = [{"role": "system", "content": PROMPT}, *history, {"role": "user", "content": prompt * 5}]
    return {"model": "gpt-4o", "messages": messages, "tools": [TOOL] * 3}


def floor(module: ModuleType) -> httpx.Client:
    llm = FakeLLM()
    llm.reply(ANSWER)
    with httpx.Client(transport=llm.transport(httpx), headers=KEY) as client:
        content = client.post(CHAT, json=body(PROMPT)).content
    headers = {"content-type": "application/json"}
    return module.Client(
        transport=module.MockTransport(lambda _: module.Response(200, headers=headers, content=content)), headers=KEY
    )


def fake(module: ModuleType) -> tuple[FakeLLM, httpx.Client]:
    llm = FakeLLM()
    llm.reply(ANSWER, times=None)
    return llm, module.Client(transport=llm.transport(module), headers=KEY)


def bench_answers(module: ModuleType) -> None:
    plain, (llm, client) = floor(module), fake(module)
    fresh = (f"{n} {PROMPT}" for n in itertools.count())
    contenders = {
        "MockTransport, prebuilt bytes": lambda: plain.post(CHAT, json=body(PROMPT)),
        "fake, prompt seen before": lambda: client.post(CHAT, json=body(PROMPT)),
        "fake, prompt not seen before": lambda: client.post(CHAT, json=body(next(fresh))),
        "MockTransport, agent request": lambda: plain.post(CHAT, json=agent_body(PROMPT)),
        "fake, agent request": lambda: client.post(CHAT, json=agent_body(next(fresh))),
    }
    found = ratios(contenders)
    goals = {"fake, prompt seen before": 1.05, "fake, prompt not seen before": 1.30, "fake, agent request": 1.9}
    print(table(f"answers through {module.__name__}", found, goals))
    llm.reset()


# Kind of rule -> (condition of rule n, which the request does not fulfil; goal for 1,000 rules).
RULES = {
    "model": (lambda n: {"model": f"never-{n}"}, 1.05),
    "tool": (lambda n: {"tool": f"never_{n}"}, 1.05),
    "substring": (lambda n: {"user": f"whether to take {n} coats"}, 1.25),
}


def many_rules(count: int, condition: Callable[[int], dict[str, str]]) -> httpx.Client:
    """A client of a fake whose last rule answers."""
    llm = FakeLLM()
    for n in range(count - 1):
        llm.when(**condition(n)).reply(ANSWER, times=None)
    llm.reply(ANSWER, times=None)
    return httpx.Client(transport=llm.transport(httpx), headers=KEY)


def used_up_rules(count: int) -> httpx.Client:
    """A client of a fake that has used up all rules but the last."""
    llm = FakeLLM()
    client = httpx.Client(transport=llm.transport(httpx), headers=KEY)
    for _ in range(count - 1):
        llm.when(user="Summarise").reply(ANSWER)
        client.post(CHAT, json=body(PROMPT))
    llm.calls.clear()
    llm.reply(ANSWER, times=None)
    return client


def bench_rules() -> None:
    asked = {**body(PROMPT), "tools": [TOOL]}
    tables = {kind: (lambda n, c=condition: many_rules(n, c), goal) for kind, (condition, goal) in RULES.items()}
    for kind, (make, goal) in {**tables, "used up": (used_up_rules, 1.05)}.items():
        clients = {count: make(count) for count in (1, 10, 100, 1000)}
        contenders = {f"{count} rules": (lambda c=c: c.post(CHAT, json=asked)) for count, c in clients.items()}
        print(table(f"rules: {kind}", ratios(contenders, calls=100), {"1000 rules": goal}))


if __name__ == "__main__":
    bench_answers(httpx)
    bench_answers(httpx2)
    bench_rules()
