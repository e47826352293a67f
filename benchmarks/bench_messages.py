"""What `fakellm.messages` costs beside `autogen_agentchat.messages`: `python benchmarks/bench_messages.py`.

Needs autogen-agentchat and autogen-core 0.7.5. Everything is CPU time, measured alternately in one run; the
figures are medians, and the ratio is ours to theirs. Exits with 1 when a ratio is above its goal.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, NamedTuple

import autogen_agentchat.messages as theirs

import fakellm.messages as ours

IMPORT_GOAL = 0.5
# "No more than there": both run the same pydantic core, and medians on a busy machine differ a little.
USE_GOAL = 1.05
IMPORT_ROUNDS = 15
USE_ROUNDS = 151
CALLS = 400

CALL = {"id": "c1", "arguments": '{"city": "Paris"}', "name": "weather"}
DATA: dict[str, dict[str, Any]] = {
    "TextMessage": {"content": "What is the weather in Paris?", "source": "user"},
    "HandoffMessage": {
        "content": "over to you",
        "source": "planner",
        "target": "writer",
        "context": [{"type": "UserMessage", "content": "hi", "source": "user"}],
    },
    "ToolCallRequestEvent": {"content": [CALL], "source": "assistant"},
    "ModelClientStreamingChunkEvent": {"content": "Hel", "source": "assistant"},
}


class Figure(NamedTuple):
    """One row of the table: medians in `unit`."""

    what: str
    ours: float
    theirs: float
    unit: str
    goal: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs


def import_cpu(module: str, bytecode: str) -> float:
    """Give the CPU milliseconds of a fresh process from its start to the end of the import."""
    code = f"import time, {module}; print(time.process_time() * 1000)"
    # Both from bytecode: an installed package has it, a checkout need not.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def importing() -> Figure:
    names = ("fakellm.messages", "autogen_agentchat.messages")
    with TemporaryDirectory() as bytecode:
        # The first round compiles.
        mine, real = zip(
            *([import_cpu(name, bytecode) for name in names] for _ in range(IMPORT_ROUNDS + 1)), strict=True
        )
    return Figure("import", median(mine[1:]), median(real[1:]), "ms", IMPORT_GOAL)


def using(what: str, mine: Callable[[], object], real: Callable[[], object]) -> Figure:
    microseconds(mine), microseconds(real)  # ours builds its validators on first use
    pairs = [
        (microseconds(mine), microseconds(real)) if turn % 2 else (microseconds(real), microseconds(mine))[::-1]
        for turn in range(USE_ROUNDS)
    ]
    return Figure(what, *medians(pairs), "µs", USE_GOAL)


def microseconds(action: Callable[[], object]) -> float:
    started = process_time()
    for _ in range(CALLS):
        action()
    return (process_time() - started) / CALLS * 1e6


def medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return median(mine for mine, _ in pairs), median(real for _, real in pairs)


def uses(name: str) -> list[Figure]:
    data = DATA[name]
    mine, real = getattr(ours, name), getattr(theirs, name)
    my_message, real_message = mine.load(data), real.load(data)
    my_dump, real_dump = my_message.dump(), real_message.dump()
    return [
        using(f"{name} build", lambda: mine(**data), lambda: real(**data)),
        using(f"{name} dump", my_message.dump, real_message.dump),
        using(f"{name} load", lambda: mine.load(my_dump), lambda: real.load(real_dump)),
    ]


def main() -> int:
    figures = [importing(), *(figure for name in DATA for figure in uses(name))]
    print(f"{'':40}{'ours':>9}{'theirs':>9}    {'ratio':>6}{'goal':>7}")
    for figure in figures:
        print(
            f"{figure.what:40}{figure.ours:9.2f}{figure.theirs:9.2f} {figure.unit}"
            f" {figure.ratio:6.2f}{figure.goal:7.2f}{'' if figure.ratio <= figure.goal else '  MISSED'}"
        )
    return int(any(figure.ratio > figure.goal for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
