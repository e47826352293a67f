"""``fakellm tokens``: how many tokens texts have."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fakellm._errors import UsageError
from fakellm.tokens import count

__all__ = ["run_count"]

_PROMPT = "type the text to count, then Enter and Ctrl-D (Windows: Ctrl-Z and Enter)"


def run_count(files: Sequence[str], *, text: str | None, model: str | None, encoding: str | None) -> int:
    """Print the tokens of a text, of each file, or of standard input where neither is named; return 0."""
    if text is not None and files:
        raise UsageError("count either files or a --text, not both")
    texts = [text] if text is not None else [_decode(*source) for source in _sources(files)]
    counts = [
        count(each, encoding=encoding or "o200k_base") if model is None else count(each, model=model) for each in texts
    ]
    console = Console()
    if len(files) > 1:
        console.print(_table(files, counts))
    else:
        console.print(counts[0], highlight=False)
    return 0


def _sources(files: Sequence[str]) -> list[tuple[str, bytes]]:
    """Return (name, bytes) of each file, or of standard input."""
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
    table = Table(show_footer=True)
    table.add_column("file", "total", overflow="fold")
    table.add_column("tokens", str(sum(counts)), justify="right")
    for file, tokens in zip(files, counts, strict=True):
        table.add_row(Text(file), str(tokens))
    return table
