"""The command ``fakellm``.

Exit codes: 0 all is well, 1 something was found, 2 the command line is wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import BufferedWriter, FileIO, TextIOWrapper, UnsupportedOperation
from typing import Any, NoReturn

from fakellm._commands.parser import Parser, Verb
from fakellm._commands.verbs import cassette, demo, script, tokens
from fakellm._errors import FakeLLMError

__all__ = ["main"]

COMMANDS: tuple[Verb, ...] = (demo, cassette, tokens, script)
"""In the order of the help."""


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
    """A pipe that drops output once its reader, such as ``head``, is gone."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return len(data)


@contextmanager
def _read_or_not() -> Iterator[None]:
    """Let a command run to its end and exit code where the reader of its output is gone, as in ``… | head``."""
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


class _Version(argparse.Action):
    """Prints the version. Only then is it looked up: that takes as long as everything else before a command runs."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        sys.stdout.write(f"fakellm-toolkit {_version()}\n")
        parser.exit()


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("fakellm-toolkit")
    except metadata.PackageNotFoundError:
        return "unknown (run from a source tree that is not installed)"


def _parser() -> Parser:
    parser = Parser(
        prog="fakellm",
        description="Test code that talks to language models, offline.",
        examples=["fakellm demo", "fakellm cassette check tests", "fakellm COMMAND --help"],
    )
    parser.add_argument("-V", "--version", action=_Version, nargs=0, help="show program's version number and exit")
    parser.collect(COMMANDS, "command")
    return parser
