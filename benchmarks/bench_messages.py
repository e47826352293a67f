"""What `fakellm.messages` costs, over `autogen_agentchat.messages` of AutoGen 0.7.5. `make bench-messages`."""

import os
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Any

import autogen_agentchat.messages as theirs
from timing import Clock, Row, Run, ratio, repeat, report, take_turns

import fakellm.messages as ours

IMPORT_GOAL = 0.5
# "No more than there": both run the same pydantic core.
USE_GOAL = 1.05
IMPORT_ROUNDS = 11
USE_ROUNDS = 41
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


def import_clock(module: str, bytecode: str) -> Clock:
    """Return the clock of a fresh process from its start to the end of the import."""
    command = [sys.executable, "-c", f"import time, {module}; print(time.process_time())"]
    # Both from bytecode: an installed package has it, a checkout need not.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    return lambda: float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def importing() -> Row:
    with TemporaryDirectory() as bytecode:
        names = {"theirs": "autogen_agentchat.messages", "import": "fakellm.messages"}
        clocks = {what: import_clock(name, bytecode) for what, name in names.items()}
        return ratio(take_turns(clocks, rounds=IMPORT_ROUNDS), "import", floor="theirs", goal=IMPORT_GOAL)


def using(what: str, mine: Run, real: Run) -> Row:
    mine()  # builds its validators on first use
    spent = take_turns({"theirs": repeat(real, CALLS), what: repeat(mine, CALLS)}, rounds=USE_ROUNDS)
    return ratio(spent, what, floor="theirs", goal=USE_GOAL)


def uses(name: str) -> list[Row]:
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
    return int(report("messages, over AutoGen", [importing(), *(row for name in DATA for row in uses(name))]))


if __name__ == "__main__":
    sys.exit(main())
