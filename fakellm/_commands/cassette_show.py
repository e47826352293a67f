"""``fakellm cassette show``: a recording as a conversation that a person can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from fakellm._cassette.file import find_cassettes
from fakellm._cassette.interaction import Interaction
from fakellm._cassette.lint import recorded_on
from fakellm._commands.console import print_problems
from fakellm._errors import CassetteError
from fakellm._script.journal import Call
from fakellm._script.transcript import transcript
from fakellm._use_cassette import Cassette

__all__ = ["run_show"]

_LINES = 12  # of what one interaction says, unless all is asked for
_LETTERS = 600  # of one line


def run_show(places: Sequence[str], *, full: bool) -> int:
    """Print the cassettes of files and folders; return 0, or 1 where one cannot be read or is missing.

    full: show long texts to their end.
    """
    console = Console(emoji=False, highlight=False)
    files, problems = find_cassettes(places)
    print_problems(problems, console)
    code = 1 if problems else 0
    for number, path in enumerate(files):
        if number:
            console.print()
        try:
            cassette = Cassette(path)
        except CassetteError as err:
            print_problems([str(err)], console)
            code = 1
        else:
            _show(cassette, console, full=full)
    return code


def _show(cassette: Cassette, console: Console, *, full: bool) -> None:
    count = len(cassette.interactions)
    console.print(Text(f"{cassette.path}: {count} interaction{'' if count == 1 else 's'}", style="bold underline"))
    calls = [_played(cassette, interaction) for interaction in cassette.interactions]
    for interaction, call, (head, *told) in zip(cassette.interactions, calls, _told(calls), strict=True):
        console.print()
        console.print(Text(head.removeprefix("call "), style="bold"))
        console.print(Text(f"  {', '.join(_facts(interaction, call))}", style="dim"))
        for line in _shortened(_said(interaction, told), full=full):
            indent = len(line) - len(line.lstrip())
            style = "green" if line.startswith("  => ") else ""
            console.print(Padding(Text(line[indent:], style=style), (0, 0, 0, indent), expand=False))


def _played(cassette: Cassette, interaction: Interaction) -> Call:
    """Return the call that an interaction answers, numbered as it; equal requests come in the order of the file."""
    call = cassette._engine.handle(interaction.request).call  # noqa: SLF001  # both are the project
    call.number = interaction.number
    return call


def _told(calls: Sequence[Call]) -> Iterator[list[str]]:
    """Yield the lines of the transcript, call by call."""
    lines: list[str] = []
    for line in transcript(calls).split("\n"):
        if line.startswith("call ") and lines:
            yield lines
            lines = []
        lines.append(line)
    if calls:
        yield lines


def _facts(interaction: Interaction, call: Call) -> Iterator[str]:
    """Yield the facts beside the words: host, day, tokens, timing."""
    yield interaction.request.host or interaction.request.shown_url
    if (day := recorded_on(interaction)) is not None:
        yield day.isoformat()
    if usage := call.usage:
        asked, answered = usage.get("prompt_tokens", "?"), usage.get("completion_tokens", "?")
        yield f"{asked} + {answered} tokens"
    trace = interaction.trace
    if trace.chunks:
        seconds = sum(pause for pause, _ in trace.chunks)
        yield f"{seconds:.2f} s in {len(trace.chunks)} piece{'' if len(trace.chunks) == 1 else 's'}"
    if trace.cut:
        yield "cut off"


def _said(interaction: Interaction, told: list[str]) -> list[str]:
    """Return the lines of question and answer: the transcript's, or the body where it has none."""
    answer = next((n for n, line in enumerate(told) if line.startswith("  => ")), len(told))
    asked, answered = told[:answer], told[answer:]
    if not answered or answered[0].endswith("bytes from the cassette"):
        answered = _lines(interaction.response.body, "  => ")
    return [*(asked or _lines(interaction.request.body, "  ")), *answered]


def _lines(body: bytes, start: str) -> list[str]:
    """Return a body that is text, its lines indented behind start."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = f"{len(body)} bytes"
    return f"{start}{text}".replace("\n", "\n     ").split("\n") if text else []


def _shortened(lines: Sequence[str], *, full: bool) -> Iterator[str]:
    if full:
        yield from lines
        return
    shown = [line if len(line) <= _LETTERS else f"{line[:_LETTERS]} …" for line in lines]
    if len(shown) <= _LINES:
        yield from shown
        return
    # The question begins and the answer ends what is said.
    yield from shown[: _LINES // 2]
    yield f"     … {len(shown) - _LINES} lines, all with --full …"
    yield from shown[-(_LINES // 2) :]
