"""``fakellm demo``, the first thing that a newcomer types."""

from __future__ import annotations

from argparse import Namespace

from fakellm._commands.parser import Parser

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Add the verb."""
    parser.add_verb(
        "demo",
        help="show what a test can do: a tool loop, a stream, a fault, a replay",
        description="Run a small agent in six tests, offline, and print each test with what came of it: a tool loop, "
        "a stream, a lost connection, a rule that is misspelt, an exploration of faults, a replayed recording.",
        examples=["fakellm demo"],
        run=run,
    )


def run(options: Namespace) -> int:
    """Print the six scenes."""
    from fakellm._commands.demo import run_demo

    return run_demo()
