"""What a cassette costs: the block around it, an answer from it, loading it, holding it; vcrpy in the same tables.

Run by hand: ``make bench``. FAKELLM_REAL_CASSETTES names a folder of recorded sessions; without it, those are
left out.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import vcr
import yaml
from timing import ratios, table
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

from fakellm import use_cassette
from fakellm._cassette.file import read_cassette
from fakellm._cassette.redact import Redactor

CHAT = "https://api.openai.com/v1/chat/completions"
PROMPT = "Summarise the weather of the last week in Paris in two sentences, and say whether to take an umbrella."
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "gpt-4o",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "It rained on five days out of seven. Take one."},
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


def body(n: int) -> dict[str, object]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": f"{n} {PROMPT}"}]}


def interaction(n: int) -> dict[str, object]:
    return {
        "request": {"method": "POST", "uri": CHAT, "body": json.dumps(body(n)), "headers": HEADERS},
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


def bench_block(folder: Path) -> None:
    path = session(folder, 1)

    def with_vcrpy() -> None:
        with vcr.use_cassette(str(path), record_mode="none"):
            pass

    def with_fakellm() -> None:
        with use_cassette(path):
            pass

    # vcrpy takes about 1.1 ms, so 0.2 ms are 0.18 of it.
    found = ratios({"vcrpy": with_vcrpy, "use_cassette": with_fakellm}, rounds=20, calls=50)
    print(table("enter and leave a block, 1 interaction", found, {"use_cassette": 0.18}))


def asking(client: httpx.Client, count: int) -> Callable[[], object]:
    """Return a function that sends one of so many requests after the other, the last first."""
    numbers = itertools.cycle(range(count - 1, -1, -1))
    return lambda: client.post(CHAT, json=body(next(numbers)))


def bench_answers(folder: Path) -> None:
    content, headers = json.dumps(ANSWER).encode(), {"content-type": "application/json"}
    plain = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=content))
    contenders = {"MockTransport, prebuilt bytes": asking(httpx.Client(transport=plain), 10)}
    for count in (10, 5000):
        cassette = use_cassette(session(folder, count), repeat="cycle")
        client = httpx.Client(transport=cassette.transport(httpx))
        contenders[f"use_cassette, {count} interactions"] = asking(client, count)
    goals = dict.fromkeys(list(contenders)[1:], 1.15)
    print(table("an answer", ratios(contenders), goals))


def bench_answers_of_vcrpy(folder: Path) -> None:
    """The same with vcrpy, which cannot be asked beside others: its patch reaches the floor as well."""
    plain = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER))
    floor = spent(asking(httpx.Client(transport=plain), 10), 200)
    parts = ["method", "scheme", "host", "port", "path", "query", "body"]
    found = {}
    for count, calls in ((10, 50), (500, 2)):
        options = {"match_on": parts, "allow_playback_repeats": True, "record_mode": "none"}
        with vcr.use_cassette(str(session(folder, count)), **options), httpx.Client() as client:
            found[f"vcrpy with body, {count} interactions"] = spent(asking(client, count), calls) / floor
    print(table("an answer of vcrpy", found, {}))


def spent(run: Callable[[], object], calls: int) -> float:
    """Return the seconds of CPU time of a call, the median of five rounds."""
    rounds = []
    run()
    for _ in range(5):
        start = time.process_time()
        for _ in range(calls):
            run()
        rounds.append((time.process_time() - start) / calls)
    return statistics.median(rounds)


def bench_loading(folder: Path) -> None:
    path = session(folder, 500)
    contenders = {"vcrpy": lambda: load_with_vcrpy(path), "fakellm": lambda: read_cassette(path)}
    print(table("cold load, 500 chat calls", ratios(contenders, rounds=5, calls=1), {"fakellm": 0.25}))


def bench_real_sessions(folder: Path) -> None:
    found = []
    for path in real_sessions():
        written = as_vcrpy_writes(path, folder)
        contenders = {
            "vcrpy": lambda path=written: load_with_vcrpy(path),
            "the same file": lambda path=written: read_cassette(path),
            "the file as it is": lambda path=path: read_cassette(path),
        }
        found.append(ratios(contenders, rounds=5, calls=5))
    medians = {name: statistics.median(one[name] for one in found) for name in found[0]}
    print(table(f"cold load, median of {len(found)} real sessions", medians, {"the same file": 0.5}))


def real_sessions() -> Iterator[Path]:
    folder = os.environ.get("FAKELLM_REAL_CASSETTES")
    yield from sorted(Path(folder).glob("*.yaml")) if folder else ()


def bench_redaction() -> None:
    """Bodies as they are redacted before they are written and compared, beside reading and writing them as JSON."""
    recorded = [body for path in (*real_sessions(), *own_sessions()) for body in bodies_of(path)]
    prose = "The weather in Paris is fine, and so is the mood. " * 200
    ordinary = [json.dumps({"messages": [{"role": "user", "content": prose}] * 100}).encode()]
    secret = [json.dumps({"messages": [{"role": "user", "content": f'{prose} api_key="x"'}] * 100}).encode()]
    # The goals are what the redaction took that knew fewer names and shapes: 374, 31 and 158 ms a MB on the same day.
    for what, bodies, goal in (("recorded", recorded, 64), ("ordinary", ordinary, 8), ("with secrets", secret, 33)):
        redactor = Redactor(["Correct/Horse+Battery9"])
        contenders = {
            "JSON, read and written": lambda bodies=bodies: [
                json.dumps(json.loads(one)) for one in bodies if is_json(one)
            ],
            "redacted": lambda bodies=bodies, redactor=redactor: [redactor.body(one) for one in bodies],
        }
        megabytes = sum(map(len, bodies)) / 1e6
        milliseconds = spent(contenders["redacted"], 1) * 1000 / megabytes
        title = f"redaction, {what}, {megabytes:.1f} MB: {milliseconds:.0f} ms a MB"
        print(table(title, ratios(contenders, rounds=5, calls=1), {"redacted": goal}))


def own_sessions() -> list[Path]:
    return sorted(Path(__file__).parent.parent.joinpath("cassettes").rglob("*.yaml"))


def bodies_of(path: Path) -> Iterator[bytes]:
    for recorded in read_cassette(path):
        yield from (body for body in (recorded.request.body, recorded.response.body) if body)


def is_json(body: bytes) -> bool:
    return body[:1] in (b"{", b"[")


def bench_memory(folder: Path) -> None:
    path = session(folder, 500)
    vcrpy, fakellm = held(lambda: load_with_vcrpy(path)), held(lambda: read_cassette(path))
    found = {"vcrpy": 1.0, "fakellm, held": fakellm[0] / vcrpy[0], "fakellm, peak": fakellm[1] / vcrpy[1]}
    print(table("memory, 500 chat calls", found, {"fakellm, held": 1.0, "fakellm, peak": 1.0}))


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


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        bench_block(place)
        bench_answers(place)
        bench_answers_of_vcrpy(place)
        bench_loading(place)
        if next(real_sessions(), None):
            bench_real_sessions(place)
        bench_redaction()
        bench_memory(place)
