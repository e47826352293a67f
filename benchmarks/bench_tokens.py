"""What counting tokens costs, over tiktoken. `make bench-tokens`.

tiktoken reads its lists from a cache on disk, unpacked from what ships.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import tiktoken
from timing import Clock, Row, ratio, repeat, report, take_turns

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

Count = Callable[[str], object]


def fresh_clock(setup: str, code: str) -> Clock:
    """Return the clock of code in a fresh process, after its setup."""
    script = f"{setup}\nimport time; text = {KILOBYTE!r}; started = time.process_time()\n{code}\n"
    command = [sys.executable, "-c", script + "print(time.process_time() - started)"]
    return lambda: float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def fresh(what: str, setup: str, ours: str, theirs: str, goal: float) -> Row:
    clocks = {"theirs": fresh_clock(setup, theirs), what: fresh_clock(setup, ours)}
    return ratio(take_turns(clocks, rounds=FRESH_ROUNDS), what, floor="theirs", goal=goal)


def using(what: str, ours: Count, theirs: Count, texts: Callable[[], Iterator[str]]) -> Row:
    mine, other = texts(), texts()
    clocks = {
        "theirs": repeat(lambda: theirs(next(other)), CALLS),
        what: repeat(lambda: ours(next(mine)), CALLS),
    }
    return ratio(take_turns(clocks, rounds=ROUNDS), what, floor="theirs")


def unseen(length: int) -> Iterator[str]:
    """Yield texts of known words, none of them seen before."""
    words = PROSE.split()
    for n in count():
        yield f"{n} " + " ".join(words[n % 40 :] + words)[: length - len(str(n)) - 1]


def rows(name: str) -> Iterator[Row]:
    first = {"cl100k_base": 0.2, "o200k_base": 0.1}[name]
    yield fresh("fresh process: import, load, count 1 KB", "", OURS.format(name=name), THEIRS.format(name=name), first)
    yield fresh("full encoding built", IMPORTS, OURS_FULL.format(name=name), THEIRS_FULL.format(name=name), 0.75)
    their = tiktoken.get_encoding(name).encode_ordinary
    python, core = (Encoding(name, ShippedEngine(name)) for _ in range(2))
    core._engine.promote()
    seen = [f"{n} {KILOBYTE}" for n in range(CALLS)]
    yield using("1 KB seen before (memo)", python.count, their, lambda: cycle(seen))
    yield using("100 B not seen before, in Python", python.count, their, partial(unseen, 100))
    yield using("100 B not seen before, promoted", core.count, their, partial(unseen, 100))
    yield using("1 KB not seen before, in Python", python.count, their, partial(unseen, 1024))
    assert not python._engine.is_promoted


def fill_cache(folder: str) -> None:
    """Lay tiktoken's lists where it looks for them."""
    for name in SHA256:
        cached_as = hashlib.sha1(URL.format(name).encode()).hexdigest()
        Path(folder, cached_as).write_bytes(unpack_list((VOCABULARIES / f"{name}.vocabulary").read_bytes()))


def main() -> int:
    with TemporaryDirectory() as cache:
        fill_cache(cache)
        # Both from bytecode: an installed package has it, a checkout need not.
        os.environ |= {"TIKTOKEN_CACHE_DIR": cache, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        missed = [report(f"{name}, over tiktoken", rows(name)) for name in SHA256]
    return int(any(missed))


if __name__ == "__main__":
    sys.exit(main())
