"""What a cassette costs: the block around it, an answer from it, loading it, holding it; vcrpy in the same tables.

`make bench-cassette`. FAKELLM_REAL_CASSETTES names a folder of recorded sessions; without it, those are
left out.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import httpx
import vcr
import yaml
from asked import ANSWER as TEXT
from asked import CHAT, KEY, PROMPT, body, floor
from timing import Row, Run, own_share, ratio, repeat, report, row, take_turns
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

from fakellm import use_cassette
from fakellm._cassette.file import read_cassette
from fakellm._cassette.redact import Redactor

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "gpt-4o",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": TEXT},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 28, "completion_tokens": 12, "total_tokens": 40},
}
HEADERS = {
    "content-type": ["application/json"],
    "accept": ["application/json"],
    "accept-encoding": ["gzip, deflate"],
    "connection": ["keep-alive"],
    "host": ["api.openai.com"],
    "user-agent": ["OpenAI/Python 3.51.0"],
}


CALL = "MockTransport, prebuilt bytes"


def numbered(n: int) -> dict[str, object]:
    return body(f"{n} {PROMPT}")


def interaction(n: int) -> dict[str, object]:
    return {
        "request": {"method": "POST", "uri": CHAT, "body": json.dumps(numbered(n)), "headers": HEADERS},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["application/json"], "date": ["Fri, 20 Nov 2026 08:15:30 GMT"]},
            "body": {"string": json.dumps(ANSWER)},
        },
    }


def session(folder: Path, count: int) -> Path:
    """Write a session of chat calls, as vcrpy does."""
    path = folder / f"{count}.yaml"
    if not path.exists():
        path.write_text(
            yamlserializer.serialize({"version": 1, "interactions": [interaction(n) for n in range(count)]})
        )
    return path


def as_vcrpy_writes(path: Path, folder: Path) -> Path:
    """Write a session once more, its structured bodies as the text that vcrpy stores."""
    document = yaml.load(path.read_text(), yaml.CSafeLoader)
    for item in document["interactions"]:
        if "parsed_body" in item["request"]:
            item["request"]["body"] = json.dumps(item["request"].pop("parsed_body"))
        if "parsed_body" in item["response"]:
            item["response"]["body"] = {"string": json.dumps(item["response"].pop("parsed_body"))}
    written = folder / path.name
    written.write_text(yamlserializer.serialize(document))
    return written


def load_with_vcrpy(path: Path) -> object:
    return FilesystemPersister.load_cassette(path, yamlserializer)


def bench_block(folder: Path) -> bool:
    path = session(folder, 1)

    def with_vcrpy() -> None:
        with vcr.use_cassette(str(path), record_mode="none"):
            pass

    def with_fakellm() -> None:
        with use_cassette(path):
            pass

    spent = take_turns({"vcrpy": repeat(with_vcrpy), "use_cassette": repeat(with_fakellm)}, rounds=20)
    # vcrpy takes about 1.1 ms, so 0.2 ms are 0.18 of it.
    rows = [ratio(spent, "use_cassette", floor="vcrpy", goal=0.18)]
    return report("enter and leave a block of 1, over vcrpy", rows)


def bench_first_requests(folder: Path) -> bool:
    """Print what an interaction of a cassette costs in a test that sends one request: opening, loading, answering."""

    def once(path: Path) -> None:
        with httpx.Client(transport=use_cassette(path).transport(httpx), headers=KEY) as client:
            client.post(CHAT, json=numbered(0))

    rows = []
    for count, rounds in ((1000, 12), (5000, 4)):
        path, plain = session(folder, count), floor(httpx)
        clocks = {
            CALL: repeat(lambda plain=plain: plain.post(CHAT, json=body(PROMPT)), 200),
            f"first request, {count} interactions": repeat(lambda path=path: once(path), 1),
        }
        what = list(clocks)[1]
        rows.append(own_share(take_turns(clocks, rounds=rounds), what, floor=CALL, call=CALL, goal=82, parts=count))
    return report("cassette, an interaction, load included", [one._replace(over_floor=None) for one in rows])


def asking(client: httpx.Client, count: int) -> Run:
    """Return a function that sends one of so many requests after the other, the last first."""
    numbers = itertools.cycle(range(count - 1, -1, -1))
    return lambda: client.post(CHAT, json=numbered(next(numbers)))


def bench_answers(folder: Path) -> bool:
    content, headers = json.dumps(ANSWER).encode(), {"content-type": "application/json"}
    plain = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=content))
    clocks = {CALL: repeat(asking(httpx.Client(transport=plain), 10), 200)}
    for count in (10, 5000):
        cassette = use_cassette(session(folder, count), repeat="cycle")
        client = httpx.Client(transport=cassette.transport(httpx))
        clocks[f"use_cassette, {count} interactions"] = repeat(asking(client, count), 200)
    spent = take_turns(clocks)
    return report("an answer", [ratio(spent, what, floor=CALL, goal=1.15) for what in list(clocks)[1:]])


def bench_answers_of_vcrpy(folder: Path) -> bool:
    """The same with vcrpy, which cannot be asked beside others: its patch reaches the floor as well."""
    plain = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER))
    base = median(alone(asking(httpx.Client(transport=plain), 10), 200))
    parts = ["method", "scheme", "host", "port", "path", "query", "body"]
    rows = []
    for count, calls in ((10, 50), (500, 2)):
        options = {"match_on": parts, "allow_playback_repeats": True, "record_mode": "none"}
        with vcr.use_cassette(str(session(folder, count)), **options), httpx.Client() as client:
            taken = alone(asking(client, count), calls)
        rows.append(row(f"vcrpy with body, {count} interactions", [one / base for one in taken], "×"))
    return report("an answer of vcrpy", rows)


def alone(run: Run, calls: int) -> list[float]:
    """Return the seconds of CPU time of a call, in each of five rounds."""
    return list(take_turns({"alone": repeat(run, calls)}, rounds=5)["alone"])


def bench_loading(folder: Path) -> bool:
    path = session(folder, 500)
    clocks = {
        "vcrpy": repeat(lambda: load_with_vcrpy(path), 1),
        "cold load, 500 chat calls": repeat(lambda: read_cassette(path), 1),
    }
    rows = [ratio(take_turns(clocks, rounds=7), "cold load, 500 chat calls", floor="vcrpy", goal=0.25)]
    return report("cold load, over vcrpy", rows)


def bench_real_sessions(folder: Path) -> bool:
    """Print what it costs to load what was recorded in earnest: the figures are medians over sessions, not rounds."""
    found: dict[str, list[float]] = {"the same file": [], "the file as it is": []}
    for path in real_sessions():
        written = as_vcrpy_writes(path, folder)
        clocks = {
            "vcrpy": repeat(lambda path=written: load_with_vcrpy(path), 5),
            "the same file": repeat(lambda path=written: read_cassette(path), 5),
            "the file as it is": repeat(lambda path=path: read_cassette(path), 5),
        }
        spent = take_turns(clocks, rounds=5)
        for what, figures in found.items():
            figures.append(ratio(spent, what, floor="vcrpy").figure)
    goals = {"the same file": 0.5}
    rows = [row(what, figures, "×", goals.get(what)) for what, figures in found.items()]
    return report(f"cold load of {len(found['the same file'])} real sessions, over vcrpy", rows)


def real_sessions() -> Iterator[Path]:
    folder = os.environ.get("FAKELLM_REAL_CASSETTES")
    yield from sorted(Path(folder).glob("*.yaml")) if folder else ()


def bench_redaction() -> bool:
    """Bodies as they are redacted before they are written and compared, beside reading and writing them as JSON."""
    recorded = [body for path in (*real_sessions(), *own_sessions()) for body in bodies_of(path)]
    prose = "The weather in Paris is fine, and so is the mood. " * 200
    ordinary = [json.dumps({"messages": [{"role": "user", "content": prose}] * 100}).encode()]
    secret = [json.dumps({"messages": [{"role": "user", "content": f'{prose} api_key="x"'}] * 100}).encode()]
    rows = []
    # The goals are what the redaction took that knew fewer names and shapes: 374, 31 and 158 ms a MB on the same day.
    for what, bodies, goal in (("recorded", recorded, 64), ("ordinary", ordinary, 8), ("with secrets", secret, 33)):
        redactor = Redactor(["Correct/Horse+Battery9"])
        clocks = {
            "JSON": repeat(lambda bodies=bodies: [json.dumps(json.loads(one)) for one in bodies if is_json(one)], 1),
            "redacted": repeat(lambda bodies=bodies, redactor=redactor: [redactor.body(one) for one in bodies], 1),
        }
        name = f"{what}, {sum(map(len, bodies)) / 1e6:.1f} MB"
        rows.append(ratio(take_turns(clocks, rounds=7), "redacted", floor="JSON", goal=goal, what=name))
    return report("redaction, over JSON read and written", rows)


def own_sessions() -> list[Path]:
    return sorted(Path(__file__).parent.parent.joinpath("cassettes").rglob("*.yaml"))


def bodies_of(path: Path) -> Iterator[bytes]:
    for recorded in read_cassette(path):
        yield from (body for body in (recorded.request.body, recorded.response.body) if body)


def is_json(body: bytes) -> bool:
    return body[:1] in (b"{", b"[")


def bench_memory(folder: Path) -> bool:
    path = session(folder, 500)
    vcrpy, fakellm = held(lambda: load_with_vcrpy(path)), held(lambda: read_cassette(path))
    shares = dict(
        zip(("held", "at the peak"), (own / base for own, base in zip(fakellm, vcrpy, strict=True)), strict=True)
    )
    return report("memory of 500 chat calls, over vcrpy", [Row(what, one, 0, "×", 1.0) for what, one in shares.items()])


def held(load: Callable[[], object]) -> tuple[int, int]:
    """Return the bytes that a loaded session holds, and those at the peak of loading it."""
    gc.collect()
    tracemalloc.start()
    loaded = load()
    gc.collect()
    sizes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del loaded
    return sizes


def main() -> int:
    benches = [bench_first_requests, bench_block, bench_answers, bench_answers_of_vcrpy, bench_loading, bench_memory]
    if next(real_sessions(), None):
        benches.append(bench_real_sessions)
    with tempfile.TemporaryDirectory() as name:
        missed = [bench(Path(name)) for bench in benches]
    return int(any([*missed, bench_redaction()]))


if __name__ == "__main__":
    sys.exit(main())
