"""``fakellm script``, the verbs of script files."""

from __future__ import annotations

from fakellm._commands.parser import Parser, Verb
from fakellm._commands.verbs import script_check, script_schema

__all__ = ["add"]

VERBS: tuple[Verb, ...] = (script_check, script_schema)
"""In the order of the help."""


def add(parser: Parser) -> None:
    """Add the command with its verbs."""
    script = parser.add_verb(
        "script",
        help="look after script files",
        description="Look after script files: rules in YAML or JSON that say what the model answers to what. A test "
        "reads one with fake_llm.load(FILE).",
        examples=["fakellm script check weather.yaml", "fakellm script schema > script.schema.json"],
    )
    script.collect(VERBS, "verb")
