"""Figures that hold on a busy machine: every contender in each round, CPU time, the median over rounds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Contenders = Mapping[str, Callable[[], object]]


def ratios(contenders: Contenders, *, rounds: int = 40, calls: int = 200) -> dict[str, float]:
    """Return each contender's CPU time over that of the first, which is the floor."""
    spent = _cpu_times(contenders, rounds=rounds, calls=calls)
    return {name: _median(spent, name, lambda own, base: own / base) for name in spent}


def shares(contenders: Contenders, *, parts: int, rounds: int = 40, calls: int = 10) -> dict[str, float]:
    """Return the CPU time, in microseconds a part, that each contender takes beside the first, which is the floor.

    parts: how many of them one call has.
    """
    spent = _cpu_times(contenders, rounds=rounds, calls=calls)
    return {name: _median(spent, name, lambda own, base: own - base) / calls / parts * 1e6 for name in spent}


def table(title: str, found: Mapping[str, float], goals: Mapping[str, float]) -> str:
    """Return the figures as text, with the goal beside each that has one."""
    lines = [title]
    for name, figure in found.items():
        goal = f"  goal <= {goals[name]:.2f}" if name in goals else ""
        lines.append(f"  {name:<40} {figure:6.2f}{goal}")
    return "\n".join(lines)


def _cpu_times(contenders: Contenders, *, rounds: int, calls: int) -> dict[str, list[float]]:
    """Return what each contender took in each round, in seconds."""
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    for _ in range(rounds):
        for name, run in contenders.items():
            start = time.process_time()
            for _ in range(calls):
                run()
            spent[name].append(time.process_time() - start)
    return spent


def _median(spent: Mapping[str, list[float]], name: str, compare: Callable[[float, float], float]) -> float:
    floor = next(iter(spent.values()))
    return statistics.median(map(compare, spent[name], floor))
