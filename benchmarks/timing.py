"""Figures that hold on a busy machine, and the table they stand in.

Contenders take turns, and every round begins with another one. CPU time counts. A figure compares what two of them took
in one round; the median over rounds is printed with its noise, twice its standard error. A goal is missed where the
figure is above it by more than the noise.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

__all__ = ["Clock", "Row", "Run", "Spent", "own_share", "ratio", "repeat", "report", "row", "take_turns"]

Run = Callable[[], object]
Clock = Callable[[], float]
"""Does what is measured; returns the seconds of CPU time that it took."""
Spent = Mapping[str, Sequence[float]]
"""Contender -> what it took in each round, in seconds."""

MOCK_TRANSPORT = {"httpx": 85, "httpx2": 53}
"""The microseconds that a call answered by MockTransport takes on the machine that goals are written for."""


class Row(NamedTuple):
    """One line of a table.

    noise: how far the figure may be off, either way. goal: the most it may be. over_floor: the whole over its floor.
    limit: the figure of what does no more than is unavoidable.
    """

    what: str
    figure: float
    noise: float
    unit: str
    goal: float | None = None
    over_floor: float | None = None
    limit: float | None = None

    @property
    def is_missed(self) -> bool:
        """Whether the figure is above its goal, noise aside."""
        return self.goal is not None and self.figure - self.noise > self.goal

    def __str__(self) -> str:
        digits = 1 if abs(self.figure) >= 10 else 2 if self.unit != "×" else 3
        over, limit, goal = _cell(self.over_floor, 2), _cell(self.limit, digits), _cell(self.goal, digits)
        figure = f"{self.figure:9.{digits}f} {self.unit:2} ±{self.noise:<7.{digits}f}"
        verdict = "" if self.goal is None else "MISSED" if self.is_missed else "met"
        return f"  {self.what:<48}{figure}{over}{limit}{goal}  {verdict}".rstrip()


def _cell(number: float | None, digits: int) -> str:
    return f"{'':9}" if number is None else f"{number:9.{digits}f}"


def repeat(run: Run, calls: int = 50) -> Clock:
    """Return a clock of one call, the mean of so many."""

    def clock() -> float:
        gc.collect(1)  # nobody pays for what another one left
        start = time.process_time()
        for _ in range(calls):
            run()
        return (time.process_time() - start) / calls

    return clock


def take_turns(clocks: Mapping[str, Clock], *, rounds: int = 40) -> Spent:
    """Measure contenders in turns, after a round that does not count."""
    names = list(clocks)
    spent: dict[str, list[float]] = {name: [] for name in names}
    for clock in clocks.values():
        clock()
    for turn in range(rounds):
        for place in range(len(names)):
            name = names[(place + turn) % len(names)]
            spent[name].append(clocks[name]())
    return spent


def own_share(
    spent: Spent,
    name: str,
    *,
    floor: str,
    call: str,
    goal: float | None = None,
    limit: str | None = None,
    module: str = "httpx",
    parts: int = 1,
    unit: str = "µs",
) -> Row:
    """Return what a contender takes beyond its floor, in microseconds (or ms) as on the machine of the goals.

    call: the contender that is one call of 100 bytes answered by MockTransport. limit: the one that does the least.
    module: what the call went through. parts: how many of them the figure is shared by, as chunks of a stream.
    """
    scale = MOCK_TRANSPORT[module] / parts / {"µs": 1, "ms": 1000}[unit]

    def shares(own: str) -> list[float]:
        return [
            (all_of_it - base) / one * scale
            for all_of_it, base, one in zip(spent[own], spent[floor], spent[call], strict=True)
        ]

    found = row(name, shares(name), unit, goal)
    over = ratio(spent, name, floor=floor).figure
    return found._replace(over_floor=over, limit=None if limit is None else median(shares(limit)))


def ratio(
    spent: Spent, name: str, *, floor: str, goal: float | None = None, limit: str | None = None, what: str = ""
) -> Row:
    """Return what a contender takes, over its floor. limit: the contender that does the least. what: the row's name."""

    def ratios(own: str) -> list[float]:
        return [all_of_it / base for all_of_it, base in zip(spent[own], spent[floor], strict=True)]

    found = row(what or name, ratios(name), "×", goal)
    return found if limit is None else found._replace(limit=median(ratios(limit)))


def row(what: str, figures: Sequence[float], unit: str, goal: float | None = None) -> Row:
    """Return the median of figures, one from each round, as a line."""
    middle = median(figures)
    spread = median(abs(figure - middle) for figure in figures)
    # 1.4826: from the median deviation to the standard one; 1.2533: the error of a median beside that of a mean.
    return Row(what, middle, 2 * 1.4826 * 1.2533 * spread / len(figures) ** 0.5, unit, goal)


def report(title: str, rows: Iterable[Row]) -> bool:
    """Print a table; return whether a goal was missed."""
    rows = list(rows)
    print(f"{title:<50}{'figure':>9}    {'noise':<8}{'× floor':>9}{'limit':>9}{'goal':>9}", *rows, sep="\n", flush=True)
    return any(one.is_missed for one in rows)
