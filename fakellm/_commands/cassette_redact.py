"""``fakellm cassette redact``: takes the secrets out of recordings, of vcrpy's making as well."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fakellm._cassette.file import find_cassettes, read_cassette
from fakellm._cassette.interaction import Interaction
from fakellm._cassette.lint import redacted_places
from fakellm._cassette.recorded import credentials, fit_for_file, redacted
from fakellm._cassette.redact import Redactor
from fakellm._cassette.save import change_cassette
from fakellm._cassette.secrets import environment_secrets, is_telling_header
from fakellm._commands.console import print_problems, shown_progress
from fakellm._errors import CassetteError

__all__ = ["run_redact"]


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The findings in one file. found: name of what is taken out -> number of interactions that hold it."""

    path: str
    interactions: int = 0
    found: Counter[str] | None = None
    problem: str = ""


def run_redact(places: Sequence[str], *, check: bool) -> int:
    """Redact files and those in folders, and print a table; return the exit code.

    check: only look. 0 where all is well in the end, 1 where a file cannot be read, still holds a secret or,
    with check, has something to take out.
    """
    console = Console(emoji=False)
    files, problems = find_cassettes(places)
    verdicts = [_redact_file(path, check=check) for path in shown_progress(files, "redacting", console)]
    if any(verdict.found for verdict in verdicts):
        console.print(_table(verdicts, check=check))
    print_problems([*problems, *(verdict.problem for verdict in verdicts if verdict.problem)], console)
    touched = sum(bool(verdict.found) for verdict in verdicts)
    broken = sum(bool(verdict.problem) for verdict in verdicts)
    console.print(f"files: {len(verdicts)}, {'to redact' if check else 'redacted'}: {touched}, with problems: {broken}")
    return 1 if broken or problems or (check and touched) else 0


def _redact_file(path: str, *, check: bool) -> _Verdict:
    try:
        interactions = read_cassette(path)
        secrets = [*environment_secrets(os.environ), *credentials(one.request for one in interactions)]
        redactor = Redactor(secrets)
        found = Counter(what for one in interactions for what in _found(one, redactor))
        if found and not check:
            if not path.endswith((".yaml", ".yml")):
                return _Verdict(path, problem=f"{path}: only YAML files are written; record it again as .yaml")
            change_cassette(path, lambda held: fit_for_file(held, redactor), secrets=secrets)
    except (CassetteError, OSError) as err:
        return _Verdict(path, problem=str(err))
    return _Verdict(path, len(interactions), found)


def _found(interaction: Interaction, redactor: Redactor) -> Iterable[str]:
    """Return the names of what is to be taken out of an interaction, each once: ``cookie``, ``request body``."""
    clean, request, response = redacted(interaction, redactor), interaction.request, interaction.response
    gone = [held for held in request.headers.items() if held not in clean.request.headers.items()]
    gone += [held for held in response.headers if held not in clean.response.headers]
    headers = [name for name, value in gone if is_telling_header(name) or redactor.text(value) != value]
    return dict.fromkeys([*headers, *redacted_places(interaction, clean)])


def _table(verdicts: Sequence[_Verdict], *, check: bool) -> Table:
    title = "to take out" if check else "taken out"
    table = Table(title=f"{title}, and of how many interactions", title_justify="left")
    table.add_column("cassette", overflow="fold", ratio=2)
    table.add_column("of", justify="right")
    table.add_column(title, overflow="fold", ratio=3)
    for verdict in verdicts:
        if verdict.found:
            what = ", ".join(f"{name} {count}" for name, count in verdict.found.most_common())
            table.add_row(Text(verdict.path), str(verdict.interactions), Text(what))
    return table
