"""``fakellm cassette``, the verbs of recorded sessions."""

from __future__ import annotations

from fakellm._commands.parser import Parser, Verb
from fakellm._commands.verbs import cassette_check, cassette_prune, cassette_redact, cassette_show

__all__ = ["add"]

VERBS: tuple[Verb, ...] = (cassette_check, cassette_show, cassette_redact, cassette_prune)
"""In the order of the help."""


def add(parser: Parser) -> None:
    """Add the command with its verbs."""
    cassette = parser.add_verb(
        "cassette",
        help="look after recorded sessions",
        description="Look after cassettes, the files of recorded sessions that tests replay: YAML or JSON, recorded by "
        "fakellm or vcrpy. A folder stands for the cassettes in it and below.",
        examples=["fakellm cassette show tests/cassettes", "fakellm cassette check --max-age 90 tests/cassettes"],
    )
    cassette.collect(VERBS, "verb")
