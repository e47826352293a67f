"""What the client costs beside AutoGen's, and beside the least there is: `python benchmarks/bench_client.py`.

Needs autogen-ext[openai] 0.7.5. All ask the same httpx.MockTransport, which hands out prebuilt bytes. The floor is
one httpx request whose answer is validated by a pydantic model of the fields that are used; for a chunk, its share
of a stream read that way. CPU time, measured in turns in one run, medians; memory is the peak during a stream of
as many chunks. Exits with 1 when a figure is above its goal.
"""

import asyncio
import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, NamedTuple

import httpx
from autogen_core import CancellationToken as TheirToken
from autogen_core.models import UserMessage as TheirMessage
from autogen_ext.models.openai import OpenAIChatCompletionClient as TheirClient
from pydantic import BaseModel

from fakellm.client import OpenAIChatCompletionClient
from fakellm.models import CancellationToken, UserMessage

ROUNDS = 15
CALLS = 60
CHUNKS = 400
IMPORT_ROUNDS = 11
URL = "https://api.openai.com/v1/chat/completions"
HEAD = {"id": "chatcmpl-1", "created": 1, "model": "gpt-4o-2024-08-06", "service_tier": "default"}
COMPLETION = json.dumps(
    {
        **HEAD,
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "message": {"role": "assistant", "content": "Hello there!", "refusal": None},
            }
        ],
        "usage": {"prompt_tokens": 8, "completion_tokens": 3, "total_tokens": 11},
    }
).encode()
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "name": "user", "content": "hi"}]}


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int


class Message(BaseModel):
    role: str | None = None
    content: str | None = None


class Choice(BaseModel):
    index: int
    finish_reason: str | None = None
    message: Message | None = None
    delta: Message | None = None


class Answer(BaseModel):
    """What the floor reads."""

    model: str
    choices: list[Choice]
    usage: Usage | None = None


def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
    choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]
    return b"data: " + json.dumps({**HEAD, "object": "chat.completion.chunk", "choices": choices}).encode() + b"\n\n"


PARTS = [
    *(chunk({"content": f" word{number % 10}"}) for number in range(CHUNKS)),
    chunk({}, "stop"),
    b"data: [DONE]\n\n",
]


class Body(httpx.AsyncByteStream):
    async def __aiter__(self):
        for part in PARTS:
            yield part


def answer(request: httpx.Request) -> httpx.Response:
    if b'"stream":true' in request.content:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Body())
    return httpx.Response(200, headers={"content-type": "application/json"}, content=COMPLETION)


def http_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


HTTP = http_client()
SETTINGS = {"model": "gpt-4o", "api_key": "sk-none"}
MINE = OpenAIChatCompletionClient(**SETTINGS, http_client=http_client())
THEIRS = TheirClient(**SETTINGS, http_client=http_client())
MY_HI, THEIR_HI = [UserMessage(content="hi", source="user")], [TheirMessage(content="hi", source="user")]
HEADERS = {"authorization": "Bearer sk-none"}


async def floor_create() -> None:
    response = await HTTP.post(URL, json=BODY, headers=HEADERS)
    Answer.model_validate_json(response.content)


async def my_create() -> None:
    await MINE.create(MY_HI)


async def their_create() -> None:
    await THEIRS.create(THEIR_HI)


async def floor_stream() -> None:
    rest, texts = b"", []
    async with HTTP.stream("POST", URL, json={**BODY, "stream": True}, headers=HEADERS) as response:
        async for data in response.aiter_bytes():
            *events, rest = (rest + data).split(b"\n\n")
            for event in events:
                if event != b"data: [DONE]":
                    texts.append(Answer.model_validate_json(event[6:]).choices[0].delta.content or "")
    "".join(texts)


async def my_stream() -> None:
    async for _ in MINE.create_stream(MY_HI):
        pass


async def their_stream() -> None:
    async for _ in THEIRS.create_stream(THEIR_HI):
        pass


async def my_token_stream() -> None:
    async for _ in MINE.create_stream(MY_HI, cancellation_token=CancellationToken()):
        pass


async def their_token_stream() -> None:
    async for _ in THEIRS.create_stream(THEIR_HI, cancellation_token=TheirToken()):
        pass


class Figure(NamedTuple):
    """One row: ours beside something; goal for the ratio."""

    what: str
    ours: float
    other: float
    unit: str
    goal: float | None

    @property
    def is_missed(self) -> bool:
        return self.goal is not None and self.ours / self.other > self.goal

    def __str__(self) -> str:
        goal = "" if self.goal is None else f"{self.goal:7.2f}"
        missed = "  MISSED" if self.is_missed else ""
        return (
            f"{self.what:44}{self.ours:9.2f}{self.other:9.2f} {self.unit:3}{self.ours / self.other:6.2f}{goal}{missed}"
        )


async def timed(actions: list[Callable[[], Awaitable[None]]], calls: int) -> list[float]:
    """Give the median CPU microseconds of a call of each, measured in turns."""
    spent: list[list[float]] = [[] for _ in actions]
    for action in actions:
        await action()
    for turn in range(ROUNDS):
        for place in range(len(actions)):
            place = (place + turn) % len(actions)
            started = process_time()
            for _ in range(calls):
                await actions[place]()
            spent[place].append((process_time() - started) / calls * 1e6)
    return [median(each) for each in spent]


async def peak(action: Callable[[], Awaitable[None]]) -> float:
    """Give the most KB that a call holds."""
    await action()
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    await action()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (most - before) / 1000


def import_cpu(code: str, bytecode: str) -> float:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    code = f"import time; start = time.process_time(); {code}; print((time.process_time() - start) * 1000)"
    return float(
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
    )


def imports() -> list[Figure]:
    codes = {
        "ours": "import fakellm.client",
        "theirs": "import autogen_ext.models.openai",
        "floor": "import httpx; from pydantic import BaseModel; type('A', (BaseModel,), {})",
    }
    with TemporaryDirectory() as bytecode:
        spent = [[import_cpu(code, bytecode) for code in codes.values()] for _ in range(IMPORT_ROUNDS + 1)]
    mine, theirs, floor = (median(each) for each in zip(*spent[1:], strict=True))  # the first round compiles
    return [
        Figure("import beside AutoGen", mine, theirs, "ms", 0.20),
        Figure("import beside httpx and one pydantic class", mine, floor, "ms", None),
    ]


async def uses() -> list[Figure]:
    mine, theirs, floor = await timed([my_create, their_create, floor_create], CALLS)
    streams = [my_stream, their_stream, floor_stream, my_token_stream, their_token_stream]
    chunk_mine, chunk_theirs, chunk_floor, token_mine, token_theirs = (
        each / CHUNKS for each in await timed(streams, 1)
    )
    memory_mine, memory_theirs, memory_floor = [await peak(action) for action in streams[:3]]
    return [
        Figure("create beside httpx and pydantic", mine, floor, "µs", 1.6),
        Figure("create beside AutoGen", mine, theirs, "µs", 0.18),
        Figure("a streamed chunk beside httpx and pydantic", chunk_mine, chunk_floor, "µs", 1.6),
        Figure("a streamed chunk beside AutoGen", chunk_mine, chunk_theirs, "µs", 0.08),
        Figure("the same, with a CancellationToken each", token_mine, token_theirs, "µs", None),
        Figure("peak memory of a stream beside AutoGen", memory_mine, memory_theirs, "KB", 0.4),
        Figure("peak memory beside httpx and pydantic", memory_mine, memory_floor, "KB", None),
    ]


def main() -> int:
    figures = [*asyncio.run(uses()), *imports()]
    print(f"{'':44}{'ours':>9}{'other':>9}    {'ratio':>6}{'goal':>7}")
    for figure in figures:
        print(figure)
    return int(any(figure.is_missed for figure in figures))


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # nothing here is about what the clients say
    sys.exit(main())
