"""The command ``fakellm``.

Exit codes: 0 all is well, 1 something was found, 2 the command line is wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import metadata
from io import BufferedWriter, FileIO, TextIOWrapper, UnsupportedOperation
from typing import Any

from fakellm._errors import FakeLLMError, did_you_mean

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that cannot show a character shows a question mark
            stream.reconfigure(errors="replace")
    with _read_or_not():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
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


class _Pipe(FileIO):
    """A pipe that takes what its reader, such as ``head``, does not want any more."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return len(data)


@contextmanager
def _read_or_not() -> Iterator[None]:
    """Print into a pipe, if standard output is one, in such a way that a command runs to its end and exit code."""
    try:
        number = sys.stdout.fileno()
    except UnsupportedOperation:  # a test holds it
        yield
        return
    if sys.stdout.isatty():
        yield
        return
    sys.stdout.flush()
    pipe = BufferedWriter(_Pipe(number, "w", closefd=False))
    with TextIOWrapper(pipe, sys.stdout.encoding, errors="replace") as stream, redirect_stdout(stream):
        yield


class _Parser(argparse.ArgumentParser):
    """A parser that knows the nearest command of a misspelt one.

    examples: lines at the end of its help, each a command as it is typed.
    """

    def __init__(self, *, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._examples = examples
        self.set_defaults(run=self._run_alone)

    def format_help(self) -> str:
        examples = "".join(f"  {example}\n" for example in self._examples)
        return super().format_help() + (f"\nexamples:\n{examples}" if examples else "")

    def _run_alone(self, options: argparse.Namespace) -> int:
        self.print_help()
        return 2

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # of argparse, which knows no public way
        if action.choices is not None and value not in action.choices:
            hint = did_you_mean(value, action.choices, then=f"there are {', '.join(action.choices)}")
            raise argparse.ArgumentError(None, f"there is no {str(action.metavar).lower()} {value!r}{hint}")


def _version() -> str:
    try:
        return metadata.version("fakellm-toolkit")
    except metadata.PackageNotFoundError:
        return "unknown (run from a source tree that is not installed)"


def _parser() -> _Parser:
    parser = _Parser(
        prog="fakellm",
        description="Test code that talks to language models, offline.",
        examples=["fakellm demo", "fakellm cassette check tests", "fakellm COMMAND --help"],
    )
    parser.add_argument("-V", "--version", action="version", version=f"fakellm-toolkit {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_demo(commands)
    _add_cassette(commands)
    _add_tokens(commands)
    _add_script(commands)
    return parser


_Commands = argparse._SubParsersAction  # noqa: SLF001  # the type that add_subparsers returns has no other name


def _add_demo(commands: _Commands[_Parser]) -> None:
    demo = commands.add_parser(
        "demo",
        help="show what a test can do: a tool loop, a stream, a fault, a replay",
        description="Run a small agent in six tests, offline, and print each test with what came of it: a tool loop, "
        "a stream, a lost connection, a rule that is misspelt, an exploration of faults, a replayed recording.",
        examples=["fakellm demo"],
    )
    demo.set_defaults(run=_demo)


def _add_cassette(commands: _Commands[_Parser]) -> None:
    cassette = commands.add_parser(
        "cassette",
        help="look after recorded sessions",
        description="Look after cassettes, the files of recorded sessions that tests replay: YAML or JSON, recorded by "
        "fakellm or vcrpy. A folder stands for the cassettes in it and below.",
        examples=["fakellm cassette show tests/cassettes", "fakellm cassette check --max-age 90 tests/cassettes"],
    )
    verbs = cassette.add_subparsers(title="verbs", metavar="VERB")
    check = verbs.add_parser(
        "check",
        help="replay every recorded request of each file and compare; look for secrets",
        description="Replay every recorded request of each file through httpx and httpx2, sync and async, and "
        "compare status and body with the recording; then send a request that is not in the file, which has to "
        "be refused. Look for what looks like a secret, and for recordings that are too old. Exits with 1 where "
        "anything differs or is found.",
        examples=["fakellm cassette check tests/cassettes", "fakellm cassette check --max-age 90 session.yaml"],
    )
    check.add_argument("files", nargs="+", metavar="FILE", help="a cassette, or a folder")
    check.add_argument("--max-age", type=_days, metavar="DAYS", help="find files with an older recording")
    check.set_defaults(run=_cassette_check)
    show = verbs.add_parser(
        "show",
        help="print what was asked and answered, with tokens and timing",
        description="Print each file as a conversation: what each request added, what was answered, tokens, and "
        "how long it took where the file knows. Exits with 1 where a file cannot be read.",
        examples=[
            "fakellm cassette show session.yaml",
            "fakellm cassette show --full session.yaml | less",
        ],
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
        examples=["fakellm cassette redact --check tests/cassettes", "fakellm cassette redact tests/cassettes"],
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
        examples=["fakellm cassette prune", "fakellm cassette prune --delete"],
    )
    prune.add_argument("--delete", action="store_true", help="remove them")
    prune.add_argument("--root", default=".", metavar="FOLDER", help="the root of the tests (default: this folder)")
    prune.set_defaults(run=_cassette_prune)


def _add_tokens(commands: _Commands[_Parser]) -> None:
    tokens = commands.add_parser(
        "tokens",
        help="count the tokens of files, a text or standard input",
        description="Count the tokens of each file, of a text, or of standard input where neither is given, "
        "offline and exactly as the model's tokenizer cuts them.",
        examples=[
            'fakellm tokens --model gpt-4o --text "Hello, world!"',
            "fakellm tokens --encoding cl100k_base README.md CHANGELOG.md",
            "git diff | fakellm tokens",
        ],
    )
    tokenizer = tokens.add_mutually_exclusive_group()
    tokenizer.add_argument("--model", help="count as this model does")
    tokenizer.add_argument("--encoding", metavar="NAME", help="count in this encoding (default: o200k_base)")
    tokens.add_argument("--text", help="count this text")
    tokens.add_argument("files", nargs="*", metavar="FILE", help="a file of UTF-8 text")
    tokens.set_defaults(run=_tokens)


def _add_script(commands: _Commands[_Parser]) -> None:
    script = commands.add_parser(
        "script",
        help="look after script files",
        description="Look after script files: rules in YAML or JSON that say what the model answers to what. A test "
        "reads one with fake_llm.load(FILE).",
        examples=["fakellm script check weather.yaml", "fakellm script schema > script.schema.json"],
    )
    verbs = script.add_subparsers(title="verbs", metavar="VERB")
    check = verbs.add_parser(
        "check",
        help="read each script file and say what is wrong with it",
        description="Read each script file, YAML or JSON, and say of each how many rules it has, or all that is wrong "
        "with it, by file and line. Exits with 1 where one cannot be read.",
        examples=["fakellm script check weather.yaml"],
    )
    check.add_argument("files", nargs="+", metavar="FILE", help="a script: a mapping with rules: or otherwise:")
    check.set_defaults(run=_script_check)
    schema = verbs.add_parser(
        "schema",
        help="print the JSON Schema of script files, for editors",
        description="Print the JSON Schema of script files. With it an editor completes the keys and marks mistakes: "
        "in YAML, write the line '# yaml-language-server: $schema=script.schema.json' at the top of the script.",
        examples=["fakellm script schema > script.schema.json"],
    )
    schema.set_defaults(run=_script_schema)


def _demo(options: argparse.Namespace) -> int:
    from fakellm._commands.demo import run_demo

    return run_demo()


def _cassette_check(options: argparse.Namespace) -> int:
    from fakellm._commands.cassette_check import run_check

    return run_check(options.files, max_age=options.max_age)


def _cassette_show(options: argparse.Namespace) -> int:
    from fakellm._commands.cassette_show import run_show

    return run_show(options.files, full=options.full)


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"a number of days, got {text!r}")
    return int(text)


def _cassette_redact(options: argparse.Namespace) -> int:
    from fakellm._commands.cassette_redact import run_redact

    return run_redact(options.files, check=options.check)


def _cassette_prune(options: argparse.Namespace) -> int:
    from fakellm._commands.cassette_prune import run_prune

    return run_prune(options.root, delete=options.delete)


def _tokens(options: argparse.Namespace) -> int:
    from fakellm._commands.count_tokens import run_count

    return run_count(options.files, text=options.text, model=options.model, encoding=options.encoding)


def _script_check(options: argparse.Namespace) -> int:
    from fakellm._commands.script_check import run_check

    return run_check(options.files)


def _script_schema(options: argparse.Namespace) -> int:
    from fakellm._script.files.load import schema_text

    sys.stdout.write(schema_text())
    return 0
