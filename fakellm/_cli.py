"""The command ``fakellm``.

Exit codes: 0 all is well, 1 something was found, 2 the command line is wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import metadata
from io import TextIOWrapper

from fakellm._errors import FakeLLMError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that cannot show a character shows a question mark
            stream.reconfigure(errors="replace")
    parser = _parser()
    options = parser.parse_args(arguments)
    if "run" not in options:
        parser.print_help()
        return 2
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        return 130  # 128 and the number of the signal, as a shell reports it
    except FakeLLMError as err:
        from rich.console import Console

        console = Console(stderr=True, soft_wrap=True, emoji=False)
        console.print(f"fakellm: {err}", style="red", markup=False, highlight=False)
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fakellm", description="Test code that talks to language models, offline.")
    parser.add_argument("--version", action="version", version=f"fakellm-toolkit {metadata.version('fakellm-toolkit')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    demo = commands.add_parser("demo", help="show what a test can do: a tool loop, a stream, a fault, a replay")
    demo.set_defaults(run=_demo)

    cassette = commands.add_parser("cassette", help="look after recorded sessions")
    verbs = cassette.add_subparsers(title="verbs", required=True, metavar="VERB")
    check = verbs.add_parser(
        "check",
        help="replay every recorded request of each file and compare; look for secrets",
        description="Replay every recorded request of each file through httpx and httpx2, sync and async, and "
        "compare status and body with the recording; then send a request that is not in the file, which has to "
        "be refused. Look for what looks like a secret, and for recordings that are too old. Exits with 1 where "
        "anything differs or is found.",
    )
    check.add_argument("files", nargs="+", metavar="FILE", help="a cassette, or a folder")
    check.add_argument("--max-age", type=_days, metavar="DAYS", help="find files with an older recording")
    check.set_defaults(run=_cassette_check)
    show = verbs.add_parser(
        "show",
        help="print what was asked and answered, with tokens and timing",
        description="Print each file as a conversation: what each request added, what was answered, tokens, and "
        "how long it took where the file knows. Exits with 1 where a file cannot be read.",
    )
    show.add_argument("files", nargs="+", metavar="FILE", help="a cassette, or a folder")
    show.add_argument("--full", action="store_true", help="show long texts to their end")
    show.set_defaults(run=_cassette_show)

    redact = verbs.add_parser(
        "redact",
        help="take keys, cookies and their like out of recordings",
        description="Take secrets out of each file, and of each cassette in a folder and below: keys, cookies and "
        "names of organisations in headers; keys, tokens and passwords in URLs and bodies; values of secret-looking "
        "environment variables. A file that has any is written anew in fakellm's layout, with no more headers than "
        "a replay needs; others are left as they are. Exits with 1 where a file cannot be read or, with --check, "
        "has something to take out.",
    )
    redact.add_argument("files", nargs="+", metavar="FILE", help="a cassette, or a folder")
    redact.add_argument("--check", action="store_true", help="say what would be taken out; write nothing")
    redact.set_defaults(run=_cassette_redact)
    prune = verbs.add_parser(
        "prune",
        help="remove recordings that no test uses any more",
        description="Show the cassettes without a test and the interactions that no test played, as the last pytest "
        "session of all tests found them; with --delete, remove them. Files that have changed since are left alone. "
        "Exits with 1 where something is left.",
    )
    prune.add_argument("--delete", action="store_true", help="remove them")
    prune.add_argument("--root", default=".", metavar="FOLDER", help="the root of the tests (default: this folder)")
    prune.set_defaults(run=_cassette_prune)

    tokens = commands.add_parser(
        "tokens",
        help="count the tokens of files, a text or standard input",
        description="Count the tokens of each file, of a text, or of standard input where neither is given, "
        "offline and exactly as the model's tokenizer cuts them.",
    )
    tokenizer = tokens.add_mutually_exclusive_group()
    tokenizer.add_argument("--model", help="count as this model does")
    tokenizer.add_argument("--encoding", metavar="NAME", help="count in this encoding (default: o200k_base)")
    tokens.add_argument("--text", help="count this text")
    tokens.add_argument("files", nargs="*", metavar="FILE")
    tokens.set_defaults(run=_tokens)

    script = commands.add_parser("script", help="look after script files")
    verbs = script.add_subparsers(title="verbs", required=True, metavar="VERB")
    check = verbs.add_parser(
        "check",
        help="read each script file and say what is wrong with it",
        description="Read each script file, YAML or JSON. Exits with 1 where one cannot be read.",
    )
    check.add_argument("files", nargs="+", metavar="FILE")
    check.set_defaults(run=_script_check)
    schema = verbs.add_parser("schema", help="print the JSON Schema of script files, for editors")
    schema.set_defaults(run=_script_schema)
    return parser


def _demo(options: argparse.Namespace) -> int:
    from fakellm._demo import run_demo

    return run_demo()


def _cassette_check(options: argparse.Namespace) -> int:
    from fakellm._cassette_check import run_check

    return run_check(options.files, max_age=options.max_age)


def _cassette_show(options: argparse.Namespace) -> int:
    from fakellm._cassette_show import run_show

    return run_show(options.files, full=options.full)


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"a number of days, got {text!r}")
    return int(text)


def _cassette_redact(options: argparse.Namespace) -> int:
    from fakellm._cassette_redact import run_redact

    return run_redact(options.files, check=options.check)


def _cassette_prune(options: argparse.Namespace) -> int:
    from fakellm._cassette_prune import run_prune

    return run_prune(options.root, delete=options.delete)


def _tokens(options: argparse.Namespace) -> int:
    from fakellm._count_tokens import run_count

    return run_count(options.files, text=options.text, model=options.model, encoding=options.encoding)


def _script_check(options: argparse.Namespace) -> int:
    from fakellm._script_check import run_check

    return run_check(options.files)


def _script_schema(options: argparse.Namespace) -> int:
    from fakellm._script.load import schema_text

    sys.stdout.write(schema_text())
    return 0
