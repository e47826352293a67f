"""Answers that would never end: signs of life for ever, bodies that unpack to more than any answer has."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib
from itertools import chain, repeat

import brotli
import httpx
import httpx2
import pytest
import zstandard
from provider_bytes import HI, Parts, client, completion, pieces_of, text_chunks

from fakellm import APIError, APITimeoutError, InternalServerError

pytestmark = pytest.mark.asyncio

TOO_MUCH = 70 * 2**20
LONG = "x" * 2**16
PACKERS = {
    "gzip": lambda data: gzip.compress(data, 1),
    "deflate": lambda data: zlib.compress(data, 1),
    "br": lambda data: brotli.compress(data, quality=1),
    "zstd": lambda data: zstandard.compress(data, 1),
}


def on(response, **settings):
    transport = httpx.MockTransport(lambda _: response)
    return client(http_client=httpx.AsyncClient(transport=transport), max_retries=0, **settings)


def packed(packing, body, status=200, size=4096):
    data = PACKERS[packing](body)
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return httpx.Response(status, headers={"content-encoding": packing}, stream=Parts(parts))


async def ask(model_client, *, streams):
    if not streams:
        return await model_client.create(HI)
    return (await pieces_of(model_client.create_stream(HI)))[1]


@pytest.mark.parametrize("streams", [False, True], ids=["create", "create_stream"])
@pytest.mark.parametrize("packing", PACKERS)
async def test_packed_answer_is_unpacked(packing, streams):
    body = b"".join(text_chunks("Hello!")) if streams else completion().content

    assert (await ask(on(packed(packing, body, size=7)), streams=streams)).content == "Hello!"


@pytest.mark.parametrize("streams", [False, True], ids=["create", "create_stream"])
@pytest.mark.parametrize("packing", PACKERS)
async def test_body_that_unpacks_beyond_the_bound_is_an_error(packing, streams):
    response = packed(packing, text_chunks(LONG)[0] * (TOO_MUCH // len(LONG)) if streams else b" " * TOO_MUCH)

    with pytest.raises(APIError) as caught:
        await ask(on(response), streams=streams)

    assert str(caught.value) == (
        f"the answer unpacks to more than 64 MiB (status 200, content-encoding: {packing}), which is no answer of a "
        "model; look at the server, or at what stands between"
    )


async def test_bomb_is_not_unpacked_at_once():
    response = packed("gzip", b" " * 3 * TOO_MUCH, size=2**20)
    model_client = on(response)
    tracemalloc.start()

    with pytest.raises(APIError, match="unpacks to more than 64 MiB"):
        await model_client.create(HI)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * TOO_MUCH


async def test_bomb_that_the_transport_unpacked_already_is_an_error():
    response = httpx.Response(200, headers={"content-encoding": "gzip"}, content=gzip.compress(b" " * TOO_MUCH, 1))

    with pytest.raises(APIError, match="unpacks to more than 64 MiB"):
        await on(response).create(HI)


@pytest.mark.parametrize("streams", [False, True], ids=["create", "create_stream"])
async def test_error_with_a_bomb_keeps_its_status(streams):
    with pytest.raises(InternalServerError, match="Error code: 500 - no text"):
        await ask(on(packed("gzip", b" " * TOO_MUCH, status=500)), streams=streams)


async def test_httpx2_unpacks_up_to_the_bound():
    def answer(_):
        data = gzip.compress(b" " * TOO_MUCH, 1)
        return httpx2.Response(200, headers={"content-encoding": "gzip"}, content=chunks(data))

    async def chunks(data):
        yield data

    http_client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))

    with pytest.raises(APIError, match="unpacks to more than 64 MiB"):
        await client(http_client=http_client, max_retries=0).create(HI)


@pytest.mark.parametrize(
    "body", [b"data: " + b"x" * TOO_MUCH, b"x" * TOO_MUCH, f": {LONG}\n\n".encode() * (TOO_MUCH // len(LONG))]
)
async def test_stream_without_an_event_is_not_read_for_ever(body):
    response = httpx.Response(200, stream=Parts(body[start : start + 2**20] for start in range(0, len(body), 2**20)))

    with pytest.raises(APIError, match=r"^an event of the stream has more than 64 MiB \(status 200, "):
        await ask(on(response), streams=True)


async def test_large_event_that_is_not_packed_is_read():
    parts = [part for text in text_chunks("x" * 2**24) for part in (text[:1000], text[1000:])]

    assert len((await ask(on(httpx.Response(200, stream=Parts(parts))), streams=True)).content) == 2**24


async def test_response_of_an_error_that_was_packed_can_be_read():
    with pytest.raises(InternalServerError) as caught:
        await on(packed("gzip", b'{"error": {"message": "busy"}}', status=503)).create(HI)

    assert caught.value.response.json() == {"error": {"message": "busy"}}
    assert caught.value.message == "Error code: 503 - busy"


async def test_response_of_an_answer_that_is_no_completion_can_be_read():
    with pytest.raises(APIError, match="no chat completion") as caught:
        await on(packed("gzip", b'{"choices": []}')).create(HI)

    assert caught.value.response.json() == {"choices": []}


class Endless(httpx.AsyncByteStream):
    """Sends parts one after the other, and lets others run in between."""

    def __init__(self, parts):
        self._parts = parts
        self.is_closed = False

    async def __aiter__(self):
        for part in self._parts:
            await asyncio.sleep(0)
            yield part

    async def aclose(self):
        self.is_closed = True


SIGNS = {
    "comments": b": ping\n\n",
    "half a comment": b": ping",
    "null": b"data: null\n\n",
    "empty objects": b"data: {}\n\n",
    "pings": b"event: ping\ndata: 1\n\n",
    "chunks without choices": b'data: {"choices": []}\n\n',
    "chunks without a text": b'data: {"choices": [{"delta": {"content": ""}}]}\n\n',
    "blank lines": b"\n",
}
QUICK = httpx.Timeout(5, read=0.05)


@pytest.mark.filterwarnings("ignore:10 chunks in a row hold no choice")
@pytest.mark.parametrize("sign", SIGNS)
async def test_signs_of_life_for_ever_end_by_the_read_timeout(sign):
    body = Endless(chain(text_chunks("Hel")[:1], repeat(SIGNS[sign])))

    with pytest.raises(APITimeoutError) as caught:
        await ask(on(httpx.Response(200, stream=body), timeout=QUICK), streams=True)

    assert str(caught.value) == (
        "Request timed out: nothing but signs of life for 0.05 s. "
        "The stream broke off after 3 characters of text and 0 tool calls."
    )
    assert body.is_closed


async def test_blank_lines_for_ever_end_a_whole_answer_by_the_read_timeout():
    body = Endless(repeat(b"\n"))

    with pytest.raises(APITimeoutError, match=r"^Request timed out: nothing but signs of life for 0\.05 s\.$"):
        await on(httpx.Response(200, stream=body), timeout=QUICK).create(HI)

    assert body.is_closed


async def test_blank_lines_before_a_whole_answer_are_passed_over():
    body = Endless([b"\n", b"\r\n", b" ", completion().content])

    assert (await on(httpx.Response(200, stream=body)).create(HI)).content == "Hello!"


async def test_stream_that_goes_on_behind_its_end_is_left():
    body = Endless(chain(text_chunks("a"), repeat(b": ping\n\n")))

    assert (await ask(on(httpx.Response(200, stream=body), timeout=QUICK), streams=True)).content == "a"


async def test_time_between_parts_that_say_something_is_not_added_up():
    loop = asyncio.get_running_loop()
    began = loop.time()

    def parts():
        while loop.time() - began < 0.15:
            yield from (b": ping\n\n", text_chunks("a")[0])
        yield b"data: [DONE]\n\n"

    result = await ask(on(httpx.Response(200, stream=Endless(parts())), timeout=QUICK), streams=True)

    assert set(result.content) == {"a"}


async def test_without_a_read_timeout_signs_of_life_may_go_on():
    body = Endless(chain([b": ping\n\n"] * 500, text_chunks("a")))

    result = await ask(on(httpx.Response(200, stream=body), timeout=httpx.Timeout(5, read=None)), streams=True)

    assert result.content == "a"


async def test_whole_answer_is_the_same_however_it_arrives():
    content = completion().content
    split = httpx.Response(200, stream=Endless(content[place : place + 1] for place in range(len(content))))

    assert json.loads(content)["choices"]
    assert await on(split).create(HI) == await on(completion()).create(HI)
