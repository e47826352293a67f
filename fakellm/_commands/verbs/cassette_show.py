"""``fakellm cassette show``, for reviewers: a recording as a conversation."""

from __future__ import annotations

from argparse import Namespace

from fakellm._commands.parser import Parser

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Add the verb."""
    show = parser.add_verb(
        "show",
        help="print what was asked and answered, with tokens and timing",
        description="Print each file as a conversation: what each request added, what was answered, tokens, and "
        "how long it took where the file knows. Exits with 1 where a file cannot be read.",
        examples=["fakellm cassette show session.yaml", "fakellm cassette show --full session.yaml | less"],
        run=run,
    )
    show.add_argument("files", nargs="+", metavar="FILE", help="a cassette, or a folder")
    show.add_argument("--full", action="store_true", help="show long texts to their end")


def run(options: Namespace) -> int:
    """Print the conversations."""
    from fakellm._commands.cassette_show import run_show

    return run_show(options.files, full=options.full)
