"""``fakellm cassette redact``, for recordings of vcrpy's making as well: takes the secrets out."""

from __future__ import annotations

from argparse import Namespace

from fakellm._commands.parser import Parser

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Add the verb."""
    redact = parser.add_verb(
        "redact",
        help="take keys, cookies and their like out of recordings",
        description="Take secrets out of each file, and of each cassette in a folder and below: keys, cookies and "
        "names of organisations in headers; keys, tokens and passwords in URLs and bodies; values of secret-looking "
        "environment variables. A file that has any is written anew in fakellm's layout, with no more headers than "
        "a replay needs; others are left as they are. Exits with 1 where a file cannot be read or, with --check, "
        "has something to take out.",
        examples=["fakellm cassette redact --check tests/cassettes", "fakellm cassette redact tests/cassettes"],
        run=run,
    )
    redact.add_argument("files", nargs="+", metavar="FILE", help="a cassette, or a folder")
    redact.add_argument("--check", action="store_true", help="say what would be taken out; write nothing")


def run(options: Namespace) -> int:
    """Redact the files, or only look with ``--check``, and print a table of what was found."""
    from fakellm._commands.cassette_redact import run_redact

    return run_redact(options.files, check=options.check)
