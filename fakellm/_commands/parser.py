"""The parser of the command line: examples at the end of each help, the nearest verb of a misspelt one."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from fakellm._errors import did_you_mean

__all__ = ["Parser", "Verb"]


class Verb(Protocol):
    """A module of ``_commands/verbs``."""

    def add(self, parser: Parser, /) -> None:
        """Add the verb to the parser above it, by ``parser.add_verb``."""
        ...


class Parser(argparse.ArgumentParser):
    """A parser whose verbs are modules.

    examples: lines at the end of its help, each a command as it is typed. run: what runs a parsed command line and
    returns the exit code; None prints the help, as where a verb is missing.
    """

    def __init__(
        self, *, examples: Sequence[str], run: Callable[[argparse.Namespace], int] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._examples = examples
        self.set_defaults(run=run or self._run_alone)

    def collect(self, verbs: Iterable[Verb], noun: str) -> None:
        """Add verbs, in the order of the help. noun: what help and errors call one of them, such as ``command``."""
        self._verbs = self.add_subparsers(title=f"{noun}s", metavar=noun.upper())
        for verb in verbs:
            verb.add(self)

    def add_verb(
        self,
        name: str,
        *,
        help: str,
        description: str,
        examples: Sequence[str],
        run: Callable[[argparse.Namespace], int] | None = None,
    ) -> Parser:
        """Return the parser of a new verb. help: its line in the list of verbs. description: of its own help."""
        return self._verbs.add_parser(name, help=help, description=description, examples=examples, run=run)

    def format_help(self) -> str:
        examples = "".join(f"  {example}\n" for example in self._examples)
        return f"{super().format_help()}\nexamples:\n{examples}"

    def _run_alone(self, options: argparse.Namespace) -> int:
        self.print_help()
        return 2

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # of argparse, which knows no public way
        if action.choices is not None and value not in action.choices:
            hint = did_you_mean(value, action.choices, then=f"there are {', '.join(action.choices)}")
            raise argparse.ArgumentError(None, f"there is no {str(action.metavar).lower()} {value!r}{hint}")
