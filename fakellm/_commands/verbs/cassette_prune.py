"""``fakellm cassette prune``, after a session of all tests: removes the recordings that none of them used."""

from __future__ import annotations

from argparse import Namespace

from fakellm._commands.parser import Parser

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Add the verb."""
    prune = parser.add_verb(
        "prune",
        help="remove recordings that no test uses any more",
        description="Show the cassettes without a test and the interactions that no test played, as the last pytest "
        "session of all tests found them; with --delete, remove them. Files that have changed since are left alone. "
        "Exits with 1 where something is left.",
        examples=["fakellm cassette prune", "fakellm cassette prune --delete"],
        run=run,
    )
    prune.add_argument("--delete", action="store_true", help="remove them")
    prune.add_argument("--root", default=".", metavar="FOLDER", help="the root of the tests (default: this folder)")


def run(options: Namespace) -> int:
    """Print what is left over, and remove it with ``--delete``."""
    from fakellm._commands.cassette_prune import run_prune

    return run_prune(options.root, delete=options.delete)
