"""``fakellm tokens``, as a model's tokenizer counts."""

from __future__ import annotations

from argparse import Namespace

from fakellm._commands.parser import Parser

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Add the verb."""
    tokens = parser.add_verb(
        "tokens",
        help="count the tokens of files, a text or standard input",
        description="Count the tokens of each file, of a text, or of standard input where neither is given, "
        "offline and exactly as the model's tokenizer cuts them.",
        examples=[
            'fakellm tokens --model gpt-4o --text "Hello, world!"',
            "fakellm tokens --encoding cl100k_base README.md CHANGELOG.md",
            "git diff | fakellm tokens",
        ],
        run=run,
    )
    tokenizer = tokens.add_mutually_exclusive_group()
    tokenizer.add_argument("--model", help="count as this model does")
    tokenizer.add_argument("--encoding", metavar="NAME", help="count in this encoding (default: o200k_base)")
    tokens.add_argument("--text", help="count this text")
    tokens.add_argument("files", nargs="*", metavar="FILE", help="a file of UTF-8 text")


def run(options: Namespace) -> int:
    """Print one count, or a table of several files."""
    from fakellm._commands.count_tokens import run_count

    return run_count(options.files, text=options.text, model=options.model, encoding=options.encoding)
