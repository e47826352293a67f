"""Ratios that hold on a busy machine: every contender in each round, CPU time, the median over rounds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def ratios(contenders: Mapping[str, Callable[[], object]], *, rounds: int = 40, calls: int = 200) -> dict[str, float]:
    """Return each contender's CPU time over that of the first, which is the floor."""
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    for _ in range(rounds):
        for name, run in contenders.items():
            start = time.process_time()
            for _ in range(calls):
                run()
            spent[name].append(time.process_time() - start)
    floor = next(iter(spent))
    return {
        name: statistics.median(own / base for own, base in zip(times, spent[floor], strict=True))
        for name, times in spent.items()
    }


def table(title: str, found: Mapping[str, float], goals: Mapping[str, float]) -> str:
    """Return the ratios as text, with the goal beside each that has one."""
    lines = [title]
    for name, ratio in found.items():
        goal = f"  goal <= {goals[name]:.2f}" if name in goals else ""
        lines.append(f"  {name:<40} {ratio:6.2f}{goal}")
    return "\n".join(lines)
