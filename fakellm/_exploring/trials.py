"""What came of an exploration: the trials, and a table of them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, overload

from fakellm._errors import UsageError
from fakellm._script.journal import Journal
from fakellm._script.transcript import transcript

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Trial", "Trials"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of the body in which one of its calls met one trouble.

    call: which of the body's calls, 1 first. asked: what it asked, for people. trouble: the name of the fault or
    framing. error: what the body raised, None where it returned. elapsed: seconds of virtual time. calls: what was
    asked in this run.
    """

    call: int
    asked: str
    trouble: str
    error: BaseException | None
    elapsed: float
    calls: Journal

    @property
    def survived(self) -> bool:
        """Whether the body returned."""
        return self.error is None

    @property
    def name(self) -> str:
        """Call and trouble, such as ``2:drop(after=2)``; what a replay asks for."""
        return f"{self.call}:{self.trouble}"

    @property
    def replay(self) -> str:
        """The line that runs this trial alone; in a test, a command."""
        test, _, _ = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")
        if test:
            return f"pytest {shlex.quote(test)} --llm-trial={shlex.quote(self.name)}"
        return f"FAKELLM_TRIAL={shlex.quote(self.name)}"

    def transcript(self) -> str:
        """Return the conversation of this run as readable text: what the body got where the trouble met it, too."""
        return transcript(self.calls)

    def explain(self) -> str:
        """Say what the body raised, and how to replay it."""
        text = " ".join(str(self.error).split())
        shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
        return f"call {self.call}, {self.trouble}: {_kind(self)}: {shown}\n  to replay it: {self.replay}"


class Trials(Sequence[Trial]):
    """The trials of an exploration, in order; ``str()`` is a table of them, as rich prints it."""

    def __init__(self) -> None:
        self._trials: list[Trial] = []
        self._run: Callable[[], Awaitable[Trials]] | None = None

    @classmethod
    def awaited(cls, run: Callable[[], Awaitable[Trials]]) -> Self:
        """Return trials that are run when they are awaited."""
        trials = cls()
        trials._run = run
        return trials

    def add(self, trial: Trial) -> None:
        """Add the newest trial."""
        self._trials.append(trial)

    @property
    def survived(self) -> list[Trial]:
        """Those in which the body returned."""
        return [trial for trial in self if trial.survived]

    @property
    def failed(self) -> list[Trial]:
        """Those in which it raised."""
        return [trial for trial in self if not trial.survived]

    def assert_survived(self) -> None:
        """Fail unless the body survived all.

        Raises:
            AssertionError: it did not; the text is the table, and how to replay each.
        """
        __tracebackhide__ = True
        if self.failed:
            raise AssertionError(str(self))

    def rows(self) -> list[list[str]]:
        """Return the table as texts: a row for each trouble, a column for each call, headings first."""
        cells = {(trial.trouble, trial.call): "survived" if trial.survived else _kind(trial) for trial in self}
        calls = sorted({trial.call for trial in self})
        names = dict.fromkeys(trial.trouble for trial in self)
        head = ["", *(f"call {call}" for call in calls)]
        return [head, *([name, *(cells.get((name, call), "-") for call in calls)] for name in names)]

    def headline(self) -> str:
        """Return the figures."""
        count = len({trial.call for trial in self})
        return f"{len(self.survived)} of {_counted(len(self), 'trial')} on {_counted(count, 'call')} survived"

    def asked(self) -> list[str]:
        """Return a line for each call: what it asked."""
        return [f"call {call}: {text}" for call, text in {trial.call: trial.asked for trial in self}.items()]

    def table(self) -> list[str]:
        """Return the lines of the table, headline first."""
        rows = self.rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        cells = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return [self.headline(), *self.asked(), *cells]

    def __str__(self) -> str:
        return "\n".join([*self.table(), *(trial.explain() for trial in self.failed)])

    def __rich__(self) -> Table:
        from rich.table import Table

        head, *rows = self.rows()
        table = Table(*head, title=self.headline(), caption="\n".join(self.asked()))
        for name, *cells in rows:
            table.add_row(name, *(f"[{_COLOURS.get(cell, 'red')}]{cell}" for cell in cells))
        return table

    def __repr__(self) -> str:
        return f"<Trials: {self.headline()}>"

    def __await__(self) -> Generator[Any, None, Trials]:
        if self._run is not None:
            done = yield from self._run().__await__()
            self._trials, self._run = list(done), None
        return self

    @overload
    def __getitem__(self, index: int) -> Trial: ...
    @overload
    def __getitem__(self, index: slice) -> list[Trial]: ...
    def __getitem__(self, index: int | slice) -> Trial | list[Trial]:
        return self._done()[index]

    def __len__(self) -> int:
        return len(self._done())

    def __iter__(self) -> Iterator[Trial]:
        return iter(tuple(self._done()))

    def _done(self) -> list[Trial]:
        if self._run is not None:
            raise UsageError("the trials of an async body are awaited in a running loop: trials = await explore(...)")
        return self._trials


_LONGEST = 160
_COLOURS = {"survived": "green", "-": "dim"}


def _kind(trial: Trial) -> str:
    return type(trial.error).__name__


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
