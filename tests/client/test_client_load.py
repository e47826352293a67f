"""Long answers and many calls at once: correct, and no memory is kept."""

from __future__ import annotations

import asyncio
import gc
import json
import tracemalloc

import httpx
import pytest
from provider_bytes import HI, chunk, client, completion

from fakellm.models import CreateResult, RequestUsage, UserMessage

pytestmark = pytest.mark.asyncio

CHUNKS = 10_000
CALLS = 1_000


class Long(httpx.AsyncByteStream):
    async def __aiter__(self):
        for number in range(CHUNKS):
            yield chunk({"content": f"{number} "})
        yield chunk({}, "stop") + b"data: [DONE]\n\n"


async def read(model_client) -> CreateResult:
    count, last = 0, None
    async for last in model_client.create_stream(HI):  # noqa: B007  # the last one is the result
        count += 1
    assert count == CHUNKS + 1
    assert isinstance(last, CreateResult)
    return last


async def test_ten_thousand_chunks():
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Long()))
    model_client = client(http_client=httpx.AsyncClient(transport=transport))
    expected = "".join(f"{number} " for number in range(CHUNKS))
    assert (await read(model_client)).content == expected  # warms up

    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = await read(model_client)
        _, peak = tracemalloc.get_traced_memory()
        assert result.content == expected
        del result
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 200_000  # nothing is kept
    assert peak - before < 4_000_000  # its pieces, their list and the joined text; chunks as objects would be 30 MB


async def test_a_thousand_calls_at_once():
    async def answer(request: httpx.Request) -> httpx.Response:
        question = json.loads(request.content)["messages"][0]["content"]
        await asyncio.sleep(0)
        return completion(f"answer to {question}")

    model_client = client(http_client=httpx.AsyncClient(transport=httpx.MockTransport(answer)))

    results = await asyncio.gather(
        *(model_client.create([UserMessage(content=str(number), source="user")]) for number in range(CALLS))
    )

    assert [result.content for result in results] == [f"answer to {number}" for number in range(CALLS)]
    assert model_client.total_usage() == RequestUsage(8 * CALLS, 2 * CALLS)
