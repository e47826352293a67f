"""What recording changes for the client and leaves in the file: no recorder, fakellm and vcrpy in one table.

`make bench-recorders`. A provider on loopback streams ten chunks, 5 ms apart; each figure is the median of five runs.
"""

from __future__ import annotations

import gzip
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import httpx
import vcr
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from provider_server import provider

import fakellm
from fakellm._cassette.file import read_cassette

CHUNKS, PAUSE = 10, 0.005
KEY = "sk-live-0123456789abcdefghij"
EVENT = b'data: {"choices":[{"delta":{"content":"na\xc3\xafve"}}]}\n\n'

MATCH_ON = ["method", "uri", "raw_body"]
RECORDERS: dict[str, Callable[[Path], Any]] = {
    "none": lambda path: nullcontext(),
    "fakellm": lambda path: fakellm.use_cassette(path, mode="new_episodes"),
    "vcrpy": lambda path: vcr.use_cassette(str(path), record_mode="new_episodes", match_on=MATCH_ON),
}


def slowly(exchange):
    exchange.stream()
    for _ in range(CHUNKS):
        exchange.chunk(EVENT)
        time.sleep(PAUSE)
    exchange.chunk(b"")


def cut(exchange):
    exchange.stream()
    exchange.chunk(EVENT)
    exchange.cut()


def zipped(exchange):
    exchange.answer(gzip.compress(EVENT), content_type="text/event-stream", content_encoding="gzip", set_cookie="a=1")


def ask(url, path, name, read):
    with RECORDERS[name](path), httpx.Client() as client:
        began = time.perf_counter()
        with client.stream("POST", f"{url}/v1/chat/completions", json={}, headers={"authorization": KEY}) as response:
            return read(response, began)


def first_byte(name, path):
    def read(response, began):
        next(response.iter_raw())
        return 1000 * (time.perf_counter() - began)

    with provider(slowly) as url:
        return ask(url, path, name, read)


def chunks_seen(name, path):
    with provider(slowly) as url:
        return ask(url, path, name, lambda response, began: len(list(response.iter_raw())))


def leave_early(name, path):
    def read(response, began):
        next(response.iter_raw())
        response.close()
        return 1000 * (time.perf_counter() - began)

    with provider(slowly) as url:
        return ask(url, path, name, read)


def cut_recorded(name, path):
    lost = httpx.RemoteProtocolError
    with provider(cut) as url, suppress(lost), RECORDERS[name](path), suppress(lost):
        httpx.post(f"{url}/v1/chat/completions", json={})
    return held(path)


def text_of(name, path):
    with provider(zipped) as url:
        ask(url, path, name, lambda response, began: response.read())
    return path.read_text() if path.exists() else ""


def keys_kept(name, path):
    text = text_of(name, path)
    return sum(secret in text for secret in (KEY, "a=1"))


def is_readable(name, path):
    return "naïve" in text_of(name, path)


def one_worker(name, path, url, worker):
    with httpx.Client() as client:
        for number in range(25):
            with suppress(Exception), RECORDERS[name](path):  # vcrpy meets files that are half written
                client.post(f"{url}/v1/chat/completions", json={"worker": worker, "number": number})


def kept_of_hundred(name, path):
    with provider(lambda exchange: exchange.answer()) as url:
        spawn = multiprocessing.get_context("spawn")
        workers = [spawn.Process(target=one_worker, args=(name, path, url, worker)) for worker in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    return held(path)


def held(path):
    try:
        return len(read_cassette(path))
    except fakellm.CassetteError:
        return 0


FACTS: list[tuple[str, Callable[[str, Path], Any], bool]] = [
    ("first byte, ms", first_byte, True),
    ("chunks that the client sees", chunks_seen, False),
    ("left after the first chunk, ms", leave_early, True),
    ("cut streams recorded, of 1", cut_recorded, False),
    ("keys and cookies in the file, of 2", keys_kept, False),
    ("gzipped stream readable in the file", is_readable, False),
    ("recordings kept, of 4 processes x 25", kept_of_hundred, False),
]


def measure(fact, name, *, is_time):
    def once():
        with tempfile.TemporaryDirectory() as folder:
            return fact(name, Path(folder) / "session.yaml")

    return f"{statistics.median(once() for _ in range(5)):.1f}" if is_time else str(once())


def main():
    table = Table(title=f"recording beside vcrpy {vcr.__version__}", title_justify="left")
    table.add_column("")
    for name in RECORDERS:
        table.add_column(name, justify="right")
    for title, fact, is_time in FACTS:
        table.add_row(title, *(measure(fact, name, is_time=is_time) for name in RECORDERS))
    Console(width=80).print(table)


if __name__ == "__main__":
    main()
