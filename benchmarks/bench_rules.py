"""What it costs to find the rule that answers, among 1,000, over one rule. `make bench-rules`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import httpx
from asked import ANSWER, CHAT, KEY, PROMPT, body, tool
from timing import Row, ratio, repeat, report, take_turns

from fakellm import FakeLLM

# Kind of rule -> (condition of rule n, which the request does not fulfil; goal for 1,000 rules). Exact: a text as
# long as the question, of which it is no part.
CONDITIONS: dict[str, tuple[Callable[[int], dict[str, str]], float]] = {
    "model": (lambda n: {"model": f"never-{n}"}, 1.05),
    "tool": (lambda n: {"tool": f"never_{n}"}, 1.05),
    "exact": (lambda n: {"user": f"{PROMPT[:-6]}{n:06}"}, 1.05),
    "substring": (lambda n: {"user": f"whether to take {n} coats"}, 1.25),
}


def many_rules(count: int, condition: Callable[[int], dict[str, str]]) -> httpx.Client:
    """Return a client of a fake whose last rule answers."""
    llm = FakeLLM()
    for n in range(count - 1):
        llm.when(**condition(n)).reply(ANSWER, times=None)
    llm.reply(ANSWER, times=None)
    return httpx.Client(transport=llm.transport(httpx), headers=KEY)


def used_up_rules(count: int) -> httpx.Client:
    """Return a client of a fake that has used up all rules but the last."""
    llm = FakeLLM()
    client = httpx.Client(transport=llm.transport(httpx), headers=KEY)
    for _ in range(count - 1):
        llm.when(user="Summarise").reply(ANSWER)
        client.post(CHAT, json=body(PROMPT))
    llm.calls.clear()
    llm.reply(ANSWER, times=None)
    return client


def bench_rules(kind: str, make: Callable[[int], httpx.Client], goal: float) -> Row:
    """Return what an answer costs among 1,000 rules of a kind, over one rule."""
    asked: dict[str, Any] = {**body(PROMPT), "tools": [tool(0)]}
    clients = {f"{count}": make(count) for count in (1, 1000)}
    clocks = {count: repeat(lambda c=c: c.post(CHAT, json=asked)) for count, c in clients.items()}
    return ratio(take_turns(clocks, rounds=60), "1000", floor="1", goal=goal, what=kind)


def main() -> int:
    rows = [
        bench_rules(kind, lambda count, condition=condition: many_rules(count, condition), goal)
        for kind, (condition, goal) in CONDITIONS.items()
    ]
    return int(report("1,000 rules, over one", [*rows, bench_rules("used up", used_up_rules, 1.05)]))


if __name__ == "__main__":
    sys.exit(main())
