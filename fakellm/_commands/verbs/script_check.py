"""``fakellm script check``: whether every script file can be read."""

from __future__ import annotations

from argparse import Namespace

from fakellm._commands.parser import Parser
from fakellm._errors import UsageError

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Add the verb."""
    check = parser.add_verb(
        "check",
        help="read each script file and say what is wrong with it",
        description="Read each script file, YAML or JSON, and say of each how many rules it has, or all that is wrong "
        "with it, by file and line. Exits with 1 where one cannot be read.",
        examples=["fakellm script check weather.yaml"],
        run=run,
    )
    check.add_argument("files", nargs="+", metavar="FILE", help="a script: a mapping with rules: or otherwise:")


def run(options: Namespace) -> int:
    """Print a line about each file; return 0 where all is well, 1 otherwise."""
    from rich.console import Console

    console = Console(emoji=False)
    broken = 0
    for path in options.files:
        try:
            found, style = f"{path}: {_described(path)}", ""
        except UsageError as err:
            found, style = str(err), "red"
            broken += 1
        console.print(found, style=style, markup=False, highlight=False, soft_wrap=True)
    return 1 if broken else 0


def _described(path: str) -> str:
    """Return how many rules a script has; reads it."""
    from fakellm._script.files.load import load_script
    from fakellm.scenarios._files import SCENARIO

    script = load_script(path, scenario=SCENARIO)
    rules = "1 rule" if len(script.rules) == 1 else f"{len(script.rules)} rules"
    return f"{rules} and otherwise" if script.fallback else rules
