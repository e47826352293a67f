"""What an answer of the fake costs beyond httpx.MockTransport handing out the same bytes, and how much is unavoidable.

`make bench-fake`. The fake checks, counts, renders and writes down; MockTransport does nothing of it. The limit is the
share of the transport of unlayered.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import httpx
import httpx2
import openai
from asked import ANSWER, CHAT, KEY, PROMPT, agent, body, fake, floor
from texts import ALL_KNOWN, known_words, prose
from timing import Clock, own_share, ratio, repeat, report, take_turns
from unlayered import Unlayered

from fakellm import FakeLLM

ROUNDS, CALLS = 40, 40
MANY = (ROUNDS + 1) * CALLS  # of what each contender asks: one round warms up
CALL = "MockTransport"
AGENTS = {"agent, 8 messages and 3 tools, 500 B new": (8, 3), "agent, 20 messages and 5 tools, 500 B new": (20, 5)}

Texts = Callable[[], str]


def new(length: int, make: Callable[..., Any] = prose) -> Texts:
    """Return a function that gives another text of so many bytes each time."""
    return make(length, MANY).__next__


def unlayered(module: ModuleType) -> Any:
    """Return a client of the transport that does no more than is unavoidable."""
    llm = Unlayered(module)
    llm.reply(ANSWER, times=None)
    return module.Client(transport=llm.transport(), headers=KEY)


def asking(client: Any, prompt: Texts = lambda: PROMPT, make: Callable[[str], Any] = body) -> Clock:
    """Return the clock of a request."""
    return repeat(lambda: client.post(CHAT, json=make(prompt())), CALLS)


def fresh(make: Callable[[], Any], client: Any, reply: Texts, prompt: Texts) -> Clock:
    """Return the clock of what a test does: make a fake, say what it replies, ask once."""

    def test() -> None:
        llm = make()
        llm.reply(reply())
        with llm:
            client.post(CHAT, json=body(prompt()))

    return repeat(test, CALLS)


def bench_first_answers() -> bool:
    """Print what the answer of a fresh fake costs."""
    client, long_reply = httpx.Client(headers=KEY), next(prose(500, 1))
    rows = {
        "fresh fake, prompt and reply known": (CALL, None, lambda: lambda: ANSWER, lambda: lambda: PROMPT),
        "fresh fake, prompt and reply new, 100 B each": (CALL, 120, lambda: new(100), lambda: new(100)),
        "fresh fake, new 500 B reply": ("floor of 500 B", 170, lambda: new(500), lambda: lambda: PROMPT),
    }
    clocks = {CALL: asking(floor(httpx)), "floor of 500 B": asking(floor(httpx, long_reply))}
    for what, (_, _, reply, prompt) in rows.items():
        clocks[what] = fresh(FakeLLM, client, reply(), prompt())
        clocks[f"limit, {what}"] = fresh(lambda: Unlayered(httpx), client, reply(), prompt())
    spent = take_turns(clocks, rounds=ROUNDS)
    return report(
        "first answers, httpx",
        [
            own_share(spent, what, floor=under, call=CALL, goal=goal, limit=f"limit, {what}")
            for what, (under, goal, _, _) in rows.items()
        ],
    )


def bench_answers(module: ModuleType, goals: dict[str, float], agents: Mapping[str, tuple[int, int]]) -> bool:
    """Print what answers of a fake cost that has answered before."""
    rows: dict[str, tuple[str, Callable[[Any], Clock]]] = {
        "answer seen before": (CALL, asking),
        "new prompt of known words": (CALL, lambda client: asking(client, new(100, known_words))),
        "new prompt of prose": (CALL, lambda client: asking(client, new(100))),
    }
    for what, size in agents.items():
        rows[what] = (f"floor, {what}", lambda client, size=size: asking(client, new(500), agent(*size)))
    plain, faked, least = floor(module), fake(module), unlayered(module)
    clocks = {CALL: asking(plain)}
    for what, (under, clock) in rows.items():
        if under != CALL:
            clocks[under] = clock(plain)
        clocks[what], clocks[f"limit, {what}"] = clock(faked), clock(least)
    spent, name = take_turns(clocks, rounds=ROUNDS), module.__name__
    share = [
        own_share(
            spent, what, floor=under, call=CALL, goal=goals.get(what), limit=f"limit, {what}", module=module.__name__
        )
        for what, (under, _) in rows.items()
    ]
    return report(f"answers, {name}", share)


def bench_sdk() -> bool:
    """Print what answers cost through the openai SDK, over the same through MockTransport."""

    def ask(client: Any, prompt: Texts = lambda: PROMPT) -> Clock:
        sdk = openai.OpenAI(api_key="sk-fakellm", http_client=client)
        return repeat(lambda: sdk.chat.completions.create(**body(prompt())), CALLS)

    prompts: dict[str, tuple[float | None, Callable[[], Texts]]] = {
        "answer seen before": (1.03, lambda: lambda: PROMPT),
        "new prompt of known words": (1.10, lambda: new(100, known_words)),
        "new prompt of prose": (None, lambda: new(100)),
    }
    clocks, faked, least = {CALL: ask(floor(httpx))}, fake(httpx), unlayered(httpx)
    for what, (_, prompt) in prompts.items():
        clocks[what], clocks[f"limit, {what}"] = ask(faked, prompt()), ask(least, prompt())
    spent = take_turns(clocks, rounds=ROUNDS)
    rows = [ratio(spent, what, floor=CALL, goal=goal, limit=f"limit, {what}") for what, (goal, _) in prompts.items()]
    return report(f"answers, openai {openai.__version__}", rows)


def main() -> int:
    fake(httpx, ALL_KNOWN).post(CHAT, json=body(ALL_KNOWN))
    of_agents = dict(zip(AGENTS, (120, 180), strict=True))
    goals = {"answer seen before": 10, "new prompt of known words": 35, "new prompt of prose": 50, **of_agents}
    missed = [
        bench_first_answers(),
        bench_answers(httpx, goals, AGENTS),
        bench_answers(httpx2, {"answer seen before": 10}, {}),
        bench_sdk(),
    ]
    return int(any(missed))


if __name__ == "__main__":
    sys.exit(main())
