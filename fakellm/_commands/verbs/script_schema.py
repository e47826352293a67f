"""``fakellm script schema``, for editors."""

from __future__ import annotations

import sys
from argparse import Namespace

from fakellm._commands.parser import Parser

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Add the verb."""
    parser.add_verb(
        "schema",
        help="print the JSON Schema of script files, for editors",
        description="Print the JSON Schema of script files. With it an editor completes the keys and marks mistakes: "
        "in YAML, write the line '# yaml-language-server: $schema=script.schema.json' at the top of the script.",
        examples=["fakellm script schema > script.schema.json"],
        run=run,
    )


def run(options: Namespace) -> int:
    """Print the schema."""
    from fakellm._script.files.format import schema_text
    from fakellm.scenarios._files import SCENARIO

    sys.stdout.write(schema_text(SCENARIO))
    return 0
