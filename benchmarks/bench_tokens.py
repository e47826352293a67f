"""What counting tokens costs beside tiktoken: `python benchmarks/bench_tokens.py`.

Everything is CPU time, measured alternately in one run; the figures are medians, and the ratio is that of each
round, ours to theirs. tiktoken reads its lists from a cache on disk, unpacked from what ships. Exits with 1 when
a ratio is above its goal.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import NamedTuple

import tiktoken

from fakellm.tokens import Encoding
from fakellm.tokens._shipped import ShippedEngine

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from pack_vocabularies import SHA256, VOCABULARIES, unpack_list  # noqa: E402

URL = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
PROSE = (
    "Bridges that carry both trains and people age unevenly. Inspectors measure the deck every spring, note where "
    "rust has crept under the paint, and decide which of 14 spans can wait. Last year's report, 212 pages long, "
    "recommended new bearings (about $3.1 million) before anything else; the council didn't agree, and asked for a "
    "second opinion. It arrived in June.\n\n"
)
KILOBYTE = (PROSE * 4)[:1024]
FRESH_ROUNDS = 15
ROUNDS = 41
CALLS = 200

OURS = "from fakellm import tokens; tokens.get_encoding({name!r}).count(text)"
THEIRS = "import tiktoken; len(tiktoken.get_encoding({name!r}).encode_ordinary(text))"
OURS_FULL = "engine = ShippedEngine({name!r}); engine.promote()"
THEIRS_FULL = "encoding = tiktoken.get_encoding({name!r})"
IMPORTS = "import tiktoken, requests; from fakellm.tokens._shipped import ShippedEngine"


class Figure(NamedTuple):
    """One row of the table: medians in `unit`."""

    what: str
    ours: float
    theirs: float
    unit: str
    ratio: float
    goal: float | None


def figure(what: str, pairs: list[tuple[float, float]], unit: str, goal: float | None) -> Figure:
    ours, theirs = zip(*pairs, strict=True)
    ratio = median(mine / their for mine, their in pairs)
    return Figure(what, median(ours), median(theirs), unit, ratio, goal)


def fresh_cpu(setup: str, code: str) -> float:
    """Give the CPU milliseconds that code takes in a fresh process after its setup."""
    script = f"{setup}\nimport time; text = {KILOBYTE!r}; started = time.process_time()\n{code}\n"
    script += "print((time.process_time() - started) * 1000)"
    return float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)


def fresh(what: str, setup: str, ours: str, theirs: str, goal: float) -> Figure:
    # The first round compiles.
    pairs = [(fresh_cpu(setup, ours), fresh_cpu(setup, theirs)) for _ in range(FRESH_ROUNDS + 1)]
    return figure(what, pairs[1:], "ms", goal)


def microseconds(action: Callable[[str], object], texts: list[str]) -> float:
    started = process_time()
    for text in texts:
        action(text)
    return (process_time() - started) / len(texts) * 1e6


def using(
    what: str,
    ours: Callable[[str], object],
    theirs: Callable[[str], object],
    texts: Iterator[list[str]],
    goal: float | None,
) -> Figure:
    pairs = []
    for turn, batch in zip(range(ROUNDS + 1), texts, strict=False):
        if turn % 2:
            pairs.append((microseconds(ours, batch), microseconds(theirs, batch)))
        else:
            pairs.append((microseconds(theirs, batch), microseconds(ours, batch))[::-1])
    return figure(what, pairs[1:], "µs", goal)


def unseen(length: int) -> Iterator[list[str]]:
    """Yield batches of texts of known words, none of them seen before."""
    numbers = count()
    words = PROSE.split()
    while True:
        starts = [next(numbers) for _ in range(CALLS)]
        yield [f"{n} " + " ".join(words[n % 40 :] + words)[: length - len(str(n)) - 1] for n in starts]


def figures(name: str) -> Iterator[Figure]:
    first = {"cl100k_base": 0.2, "o200k_base": 0.1}[name]
    yield fresh("fresh process: import, load, count 1 KB", "", OURS.format(name=name), THEIRS.format(name=name), first)
    yield fresh("full encoding built", IMPORTS, OURS_FULL.format(name=name), THEIRS_FULL.format(name=name), 0.75)
    their = tiktoken.get_encoding(name).encode_ordinary
    python, core = (Encoding(name, ShippedEngine(name)) for _ in range(2))
    core._engine.promote()
    seen = [f"{n} {KILOBYTE}" for n in range(CALLS)]
    yield using("1 KB seen before (memo)", python.count, their, iter([seen] * (ROUNDS + 1)), None)
    yield using("100 B not seen before, in Python", python.count, their, unseen(100), None)
    yield using("100 B not seen before, promoted", core.count, their, unseen(100), None)
    yield using("1 KB not seen before, in Python", python.count, their, unseen(1024), None)
    assert not python._engine.is_promoted


def fill_cache(folder: str) -> None:
    """Lay tiktoken's lists where it looks for them."""
    for name in SHA256:
        cached_as = hashlib.sha1(URL.format(name).encode()).hexdigest()
        Path(folder, cached_as).write_bytes(unpack_list((VOCABULARIES / f"{name}.vocabulary").read_bytes()))


def main() -> int:
    is_missed = False
    with TemporaryDirectory() as cache:
        fill_cache(cache)
        # Both from bytecode: an installed package has it, a checkout need not.
        os.environ |= {"TIKTOKEN_CACHE_DIR": cache, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        for name in SHA256:
            print(f"{name:42}{'ours':>9}{'tiktoken':>10}    {'ratio':>6}{'goal':>7}")
            for row in figures(name):
                missed = row.goal is not None and row.ratio > row.goal
                goal = "" if row.goal is None else f"{row.goal:7.2f}"
                line = f"  {row.what:40}{row.ours:9.2f}{row.theirs:10.2f} {row.unit} {row.ratio:6.3f}{goal}"
                print(line + ("  MISSED" if missed else ""))
                is_missed |= missed
    return int(is_missed)


if __name__ == "__main__":
    sys.exit(main())
