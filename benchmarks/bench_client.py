"""What the client costs, over AutoGen's (0.7.5) and over the least there is. `make bench-client`.

All ask the same httpx.MockTransport, which hands out prebuilt bytes. The floor is one httpx request whose answer is
validated by a pydantic model of the fields that are used; for streams, all chunks read that way. Memory is the peak
during a stream of as many chunks.
"""

import asyncio
import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from functools import partial
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import httpx
from autogen_core import CancellationToken as TheirToken
from autogen_core.models import UserMessage as TheirMessage
from autogen_ext.models.openai import OpenAIChatCompletionClient as TheirClient
from pydantic import BaseModel
from timing import Clock, Row, Spent, ratio, report, take_turns

from fakellm.client import OpenAIChatCompletionClient
from fakellm.models import CancellationToken, UserMessage

ROUNDS = 15
CALLS = 60
CHUNKS = 400
IMPORT_ROUNDS = 11
AUTOGEN, LEAST = "AutoGen", "httpx and pydantic"
Action = Callable[[], Awaitable[None]]
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


def clocks(loop: asyncio.AbstractEventLoop, actions: dict[str, Action], calls: int) -> dict[str, Clock]:
    """Return the clock of each action, run by a loop."""

    def clock(action: Action) -> float:
        async def repeated() -> None:
            for _ in range(calls):
                await action()

        gc.collect(1)
        started = process_time()
        loop.run_until_complete(repeated())
        return (process_time() - started) / calls

    return {what: partial(clock, action) for what, action in actions.items()}


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


def import_clock(code: str, bytecode: str) -> Clock:
    """Return the clock of imports in a fresh process."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    code = f"import time; start = time.process_time(); {code}; print(time.process_time() - start)"
    command = [sys.executable, "-c", code]
    return lambda: float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def imports() -> list[Row]:
    codes = {
        "import": "import fakellm.client",
        AUTOGEN: "import autogen_ext.models.openai",
        LEAST: "import httpx; from pydantic import BaseModel; type('A', (BaseModel,), {})",
    }
    with TemporaryDirectory() as bytecode:
        spent = take_turns({what: import_clock(code, bytecode) for what, code in codes.items()}, rounds=IMPORT_ROUNDS)
    return over(spent, "import", {AUTOGEN: 0.20, LEAST: None})


def over(spent: Spent, what: str, goals: dict[str, float | None]) -> list[Row]:
    """Return what one takes over each of the others."""
    return [ratio(spent, what, floor=other, goal=goal, what=f"{what}, over {other}") for other, goal in goals.items()]


def uses(loop: asyncio.AbstractEventLoop) -> list[Row]:
    creates = {"create": my_create, AUTOGEN: their_create, LEAST: floor_create}
    streams = {"stream": my_stream, AUTOGEN: their_stream, LEAST: floor_stream}
    tokens = {"stream with a CancellationToken": my_token_stream, AUTOGEN: their_token_stream}
    create, stream, token = (
        take_turns(clocks(loop, actions, calls), rounds=ROUNDS)
        for actions, calls in ((creates, CALLS), (streams, 1), (tokens, 1))
    )
    memory = {what: [loop.run_until_complete(peak(action))] for what, action in streams.items()}
    memory["peak memory of a stream"] = memory.pop("stream")
    return [
        *over(create, "create", {LEAST: 1.6, AUTOGEN: 0.18}),
        *over(stream, "stream", {LEAST: 1.6, AUTOGEN: 0.08}),
        *over(token, "stream with a CancellationToken", {AUTOGEN: None}),
        *over(memory, "peak memory of a stream", {AUTOGEN: 0.4, LEAST: None}),
    ]


def main() -> int:
    with asyncio.Runner() as runner:
        rows = uses(runner.get_loop())
    return int(report("client", [*rows, *imports()]))


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # nothing here is about what the clients say
    sys.exit(main())
