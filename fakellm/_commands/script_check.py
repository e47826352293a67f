"""``fakellm script check``: whether every script file can be read."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from fakellm import faults, framings
from fakellm._errors import UsageError
from fakellm._script.files.load import load_script

__all__ = ["run_check"]


def run_check(files: Sequence[str]) -> int:
    """Read files and print a line about each; return 0 where all is well, 1 otherwise."""
    console = Console(emoji=False)
    broken = 0
    for path in files:
        try:
            found, style = f"{path}: {_described(path)}", ""
        except UsageError as err:
            found, style = str(err), "red"
            broken += 1
        console.print(found, style=style, markup=False, highlight=False, soft_wrap=True)
    return 1 if broken else 0


def _described(path: str) -> str:
    script = load_script(path, faults=faults, framings=framings)
    rules = "1 rule" if len(script.rules) == 1 else f"{len(script.rules)} rules"
    return f"{rules} and otherwise" if script.fallback else rules
