"""``fakellm cassette check``, for CI: whether every recording still replays."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace

from fakellm._commands.parser import Parser

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Add the verb."""
    check = parser.add_verb(
        "check",
        help="replay every recorded request of each file and compare; look for secrets",
        description="Replay every recorded request of each file through httpx and httpx2, sync and async, and "
        "compare status and body with the recording; then send a request that is not in the file, which has to "
        "be refused. Look for what looks like a secret, and for recordings that are too old. Exits with 1 where "
        "anything differs or is found.",
        examples=["fakellm cassette check tests/cassettes", "fakellm cassette check --max-age 90 session.yaml"],
        run=run,
    )
    check.add_argument("files", nargs="+", metavar="FILE", help="a cassette, or a folder")
    check.add_argument("--max-age", type=_days, metavar="DAYS", help="find files with an older recording")


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"a number of days, got {text!r}")
    return int(text)


def run(options: Namespace) -> int:
    """Print a table of how many interactions of each file replayed as recorded, and what is wrong."""
    from fakellm._commands.cassette_check import run_check

    return run_check(options.files, max_age=options.max_age)
