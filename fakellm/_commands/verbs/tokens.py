"""``fakellm tokens``: how many tokens texts have."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fakellm._commands.parser import Parser
from fakellm._errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["add", "run"]

_PROMPT = "type the text to count, then Enter and Ctrl-D (Windows: Ctrl-Z and Enter)"


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
    """Print the tokens of a text, of each file, or of standard input where neither is named."""
    from rich.console import Console

    from fakellm.tokens import count

    files, text, model = options.files, options.text, options.model
    if text is not None and files:
        raise UsageError("count either files or a --text, not both")
    texts = [text] if text is not None else [_decode(*source) for source in _sources(files)]
    encoding = options.encoding or "o200k_base"
    counts = [count(each, encoding=encoding) if model is None else count(each, model=model) for each in texts]
    console = Console()
    if len(files) > 1:
        console.print(_table(files, counts))
    else:
        console.print(counts[0], highlight=False)
    return 0


def _sources(files: Sequence[str]) -> list[tuple[str, bytes]]:
    """Return (name, bytes) of each file, or of standard input."""
    from pathlib import Path

    if not files:
        if sys.stdin.isatty():
            print(_PROMPT, file=sys.stderr)  # noqa: T201
        return [("standard input", sys.stdin.buffer.read())]
    try:
        return [(file, Path(file).read_bytes()) for file in files]
    except OSError as err:
        raise UsageError(f"{err.filename}: {err.strerror}") from err


def _decode(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as err:
        raise UsageError(f"{name}: byte {err.start} is not UTF-8, which tokens are made of") from err


def _table(files: Sequence[str], counts: Sequence[int]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(show_footer=True)
    table.add_column("file", "total", overflow="fold")
    table.add_column("tokens", str(sum(counts)), justify="right")
    for file, tokens in zip(files, counts, strict=True):
        table.add_row(Text(file), str(tokens))
    return table
