"""aiohttp under a fake: what its users do with it, beyond the suite that runs over all clients."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import suppress

import aiohttp
import pytest
import pytest_asyncio
import uvloop
from aiohttp import web
from aioresponses import aioresponses
from asking import KEY

from fakellm import ErrorReply, FakeLLM, MockClock, Pace, UnmatchedRequestError, faults
from fakellm._wire.events import Head, Wait

CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**QUESTION, "stream": True}


@pytest_asyncio.fixture
async def session():
    """A session that is there before anything answers."""
    async with aiohttp.ClientSession(headers=KEY) as session:
        yield session


class Server:
    """A real server on loopback; hits: how many requests it got. is_slow: sends a head, the rest when it may go on."""

    def __init__(self):
        self.url = ""
        self.hits = 0
        self.is_slow = False
        self.go_on = asyncio.Event()

    async def answer(self, request):
        self.hits += 1
        if self.is_slow:
            await web.StreamResponse().prepare(request)
            await self.go_on.wait()
        return web.json_response({"from": "the server"})


@pytest_asyncio.fixture
async def server():
    served = Server()
    runner = web.ServerRunner(web.Server(served.answer), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/chat/completions"
    yield served
    await runner.cleanup()


def text_of(answer):
    return answer["choices"][0]["message"]["content"]


async def asked(session, body=QUESTION, **options):
    async with session.post(CHAT, json=body, **options) as response:
        return text_of(await response.json())


@pytest.mark.asyncio
async def test_session_made_before_is_answered(session):
    with FakeLLM() as llm:
        llm.reply("Hello!", times=2)

        assert await asked(session) == "Hello!"
        async with aiohttp.request("POST", CHAT, json=QUESTION, headers=KEY) as response:
            assert (response.status, response.reason, response.ok) == (200, "OK", True)
            assert response.content_type == "application/json"
            assert text_of(json.loads(await response.text())) == "Hello!"


@pytest.mark.asyncio
async def test_open_connection_of_the_session_is_not_used(session, server):
    async def ask():
        async with session.post(server.url, json=QUESTION) as response:
            return await response.json()

    before = await ask()
    with FakeLLM() as llm:
        llm.reply("Hello!")
        meanwhile = await ask()
    after = await ask()

    assert before == after == {"from": "the server"}
    assert text_of(meanwhile) == "Hello!"
    assert server.hits == 2


@pytest.mark.asyncio
async def test_connection_to_a_fake_is_not_used_when_it_is_over(session, server):
    async def ask():
        async with session.post(server.url, json=QUESTION) as response:
            return await response.json()

    with FakeLLM() as llm:
        llm.reply("Hello!")
        await ask()

    assert [await ask() for _ in range(2)] == [{"from": "the server"}] * 2


async def lines(content):
    return b"".join([line async for line in content])


async def in_pieces(content):
    return b"".join([piece async for piece in content.iter_chunked(7)])


async def as_they_come(content):
    return b"".join([piece async for piece in content.iter_any()])


async def in_chunks_of_http(content):
    chunks = [chunk async for chunk, is_end in content.iter_chunks() if is_end and chunk]
    assert len(chunks) == 5  # the role, two words, the end, [DONE]
    return b"".join(chunks)


async def to_the_end(content):
    read = b""
    while not content.at_eof():
        read += await content.readany()
    return read


async def by_separator(content):
    read = b""
    while not read.endswith(b"[DONE]\n\n"):
        read += await content.readuntil(b"\n\n")
    return read


@pytest.mark.asyncio
@pytest.mark.parametrize("read", [lines, in_pieces, as_they_come, in_chunks_of_http, to_the_end, by_separator])
async def test_stream_is_read_in_any_way(session, read):
    with FakeLLM() as llm:
        llm.reply("one two", times=2)
        async with session.post(CHAT, json=STREAM) as response:
            whole = await response.read()

        async with session.post(CHAT, json=STREAM) as response:
            got = await read(response.content)

    assert (len(got), got[-14:]) == (len(whole), b"data: [DONE]\n\n")


@pytest.mark.asyncio
async def test_lines_come_as_they_are_played(session):
    clock = MockClock()
    with FakeLLM(clock=clock) as llm:
        llm.reply("one two", pace=Pace(ttft=1, tokens_per_second=1))

        async with session.post(CHAT, json=STREAM) as response:
            waited = [len(clock.sleeps) async for line in response.content if line.strip()]

    assert waited == [1, 2, 3, 4, 4]


def waiting(*, before_head=0, in_body=0):
    def wait(events):
        head, *body = events
        yield Wait(before_head)
        yield head
        yield Wait(in_body)
        yield from body

    return wait


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "fault",
    [
        faults.read_timeout(),
        waiting(before_head=11),
        waiting(in_body=11),
        waiting(before_head=6, in_body=6),
        waiting(before_head=4, in_body=1000),
    ],
)
async def test_timeout_for_the_whole_ends_it_after_just_that_long(session, fault):
    clock = MockClock()
    with FakeLLM(clock=clock) as llm:
        llm.reply("Hello!", fault=fault)

        with pytest.raises(TimeoutError) as caught:
            await asked(session, timeout=aiohttp.ClientTimeout(total=10))

    assert type(caught.value) is TimeoutError
    assert clock.elapsed == llm.calls[0].duration == 10


@pytest.mark.asyncio
async def test_nothing_comes_after_a_timeout(session):
    with FakeLLM() as llm:
        llm.reply("Hello!", fault=waiting(in_body=30))

        async with session.post(CHAT, json=STREAM, timeout=aiohttp.ClientTimeout(total=10)) as response:
            with pytest.raises(TimeoutError):
                await response.content.readany()
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.content.readany()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("patience", "error", "elapsed"),
    [
        ({"total": 10, "sock_connect": 3}, aiohttp.ConnectionTimeoutError, 3),
        ({"total": 10, "connect": 4, "sock_connect": 30}, aiohttp.ConnectionTimeoutError, 4),
        ({"total": 10, "sock_connect": 30}, TimeoutError, 10),
        ({"total": 0, "sock_connect": 0}, aiohttp.ConnectionTimeoutError, 0),
    ],
)
async def test_connection_that_is_never_taken_times_out_by_what_comes_first(session, patience, error, elapsed):
    clock = MockClock()
    with FakeLLM(clock=clock) as llm:
        llm.reply("Hello!", fault=faults.connect_timeout())

        with pytest.raises(TimeoutError) as caught:
            await asked(session, timeout=aiohttp.ClientTimeout(**patience))

    assert type(caught.value) is error
    assert clock.elapsed == elapsed


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("patience", "error"),
    [({"total": 10}, TimeoutError), ({"total": None, "sock_read": 10}, aiohttp.SocketTimeoutError)],
)
async def test_timeouts_are_the_same_on_virtual_time(session, patience, error):
    with FakeLLM() as llm, llm.virtual_time() as clock:
        llm.reply("Hello!", fault=waiting(in_body=30))

        with pytest.raises(TimeoutError) as caught:
            await asked(session, timeout=aiohttp.ClientTimeout(**patience))

        assert type(caught.value) is error
        assert clock.elapsed == 10


@pytest.mark.asyncio
async def test_time_that_the_client_takes_is_no_silence_of_the_server(session):
    with FakeLLM() as llm, llm.virtual_time():
        llm.reply("one two", pace=Pace(ttft=1, tokens_per_second=1))
        patience = aiohttp.ClientTimeout(total=None, sock_read=10)

        async with session.post(CHAT, json=STREAM, timeout=patience) as response:
            async for _ in response.content:
                await asyncio.sleep(60)

    assert llm.calls[0].chunks == 4


@pytest.mark.asyncio
async def test_reader_that_gives_up_and_reads_again_waits_for_the_rest(session):
    with FakeLLM() as llm, llm.virtual_time() as clock:
        llm.reply("Hello!", fault=faults.stall(30, after=1))
        async with session.post(CHAT, json=STREAM) as response:
            await response.content.readany()
            for _ in range(2):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(response.content.readany(), 12)

            assert b"Hello" in await response.content.readany()

        assert clock.elapsed == 30


class NeverClock(MockClock):
    """A clock whose pauses never end."""

    def __init__(self):
        super().__init__()
        self.is_waiting = asyncio.Event()

    async def sleep_async(self, seconds):
        await super().sleep_async(seconds)
        self.is_waiting.set()
        await asyncio.Event().wait()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "expected"), [(faults.stall(30), (200, 0, True)), (faults.stall(30, after=2), (200, 2, True))], ids=repr
)
async def test_task_that_is_cancelled_while_it_waits_cancels_the_call(session, fault, expected):
    with FakeLLM(clock=NeverClock()) as llm:
        llm.reply("Rain in Paris", fault=fault)
        task = asyncio.create_task(asked(session, STREAM, timeout=aiohttp.ClientTimeout(total=None)))
        await llm.clock.is_waiting.wait()

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    call = llm.calls[0]
    assert (call.status, call.chunks, call.cancelled) == expected


@pytest.mark.asyncio
async def test_response_that_was_closed_reads_no_more(session):
    with FakeLLM() as llm:
        llm.reply("one two")
        response = await session.post(CHAT, json=STREAM)
        await response.content.readany()

        response.close()

        with pytest.raises(aiohttp.ClientConnectionError, match="Connection closed"):
            await response.read()
    assert (llm.calls[0].chunks, llm.calls[0].cancelled) == (1, True)


async def left_behind(url):
    """What comes of a response that is read after its session was closed."""
    async with aiohttp.ClientSession(headers=KEY) as session:
        response = await session.post(url, json=STREAM)
    try:
        return await response.read()
    except Exception as err:
        return type(err), str(err)


@pytest.mark.asyncio
async def test_response_that_outlives_its_session_is_closed_as_a_real_one_is(server):
    server.is_slow = True
    real = await left_behind(server.url)
    server.go_on.set()

    with FakeLLM() as llm:
        llm.reply("one two")
        played = await left_behind(CHAT)

    assert played == real == (RuntimeError, "Connection closed.")
    assert (llm.calls[0].chunks, llm.calls[0].cancelled) == (0, True)


@pytest.mark.asyncio
@pytest.mark.parametrize("where", ["method", "call", "session"])
async def test_error_is_raised_for_its_status(where):
    options = {"raise_for_status": True}
    with FakeLLM() as llm:
        llm.reply(ErrorReply.rate_limited())
        async with aiohttp.ClientSession(headers=KEY, **(options if where == "session" else {})) as session:
            with pytest.raises(aiohttp.ClientResponseError, match="429, message='Too Many Requests'"):
                async with session.post(CHAT, json=QUESTION, **(options if where == "call" else {})) as response:
                    response.raise_for_status()

    assert [call.status for call in llm.calls] == [429]


async def generated():
    yield json.dumps(QUESTION)[:20].encode()
    yield json.dumps(QUESTION)[20:].encode()


def body_of(kind, tmp_path):
    data = json.dumps(QUESTION).encode()
    path = tmp_path / "question.json"
    path.write_bytes(data)
    kinds = {"bytes": data, "str": data.decode(), "generator": generated(), "buffer": io.BytesIO(data)}
    return path.open("rb") if kind == "file" else kinds[kind]


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["bytes", "str", "generator", "buffer", "file"])
@pytest.mark.parametrize("compress", [None, "deflate"])
async def test_body_of_any_kind_is_read(session, tmp_path, kind, compress):
    with FakeLLM() as llm:
        llm.reply("Hello!")

        async with session.post(CHAT, data=body_of(kind, tmp_path), compress=compress) as response:
            assert response.status == 200

    assert llm.calls[0].last_user == "hi"


@pytest.mark.asyncio
async def test_large_body_is_read_without_a_warning(session):
    question = {"model": "gpt-4o", "messages": [{"role": "user", "content": "a " * 1_000_000}]}
    with FakeLLM(strict=False) as llm:
        llm.reply("Hello!")

        async with session.post(CHAT, data=io.BytesIO(json.dumps(question).encode())) as response:
            assert response.status == 200


def redirected(url):
    """A fault that sends the client elsewhere, with a cookie."""
    head = Head(307, (("location", url), ("set-cookie", "a=1"), ("content-length", "0")))
    return lambda _: iter([head])


@pytest.mark.asyncio
async def test_cookies_and_redirects_are_those_of_aiohttp(session):
    with FakeLLM() as llm:
        llm.reply("", fault=redirected("/v1/chat/completions?again=1"))
        llm.reply("Hello!")

        async with session.post(CHAT, json=QUESTION) as response:
            assert text_of(await response.json()) == "Hello!"

    assert [before.status for before in response.history] == [307]
    assert str(response.url) == llm.calls[1].wire.url == f"{CHAT}?again=1"
    assert llm.calls[1].headers["cookie"] == "a=1"
    assert llm.calls[1].last_user == "hi"


@pytest.mark.asyncio
async def test_lost_connection_names_the_host(session):
    with FakeLLM() as llm:
        llm.reply("lost", fault=faults.connect_error())

        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await asked(session)

    assert (caught.value.host, caught.value.port, caught.value.os_error.errno) == ("api.openai.com", 443, 111)
    assert str(caught.value) == (
        "Cannot connect to host api.openai.com:443 ssl:default [Connect call failed ('api.openai.com', 443)]"
    )


TRACED = ("request_start", "connection_create_start", "connection_create_end", "request_headers_sent",
          "request_chunk_sent", "response_chunk_received", "request_end", "request_exception")  # fmt: skip


async def traced(url):
    """What is told of a request, in order."""
    told = []
    tracing = aiohttp.TraceConfig()
    for name in TRACED:

        async def tell(session, context, parameters, name=name):
            told.append(name)

        getattr(tracing, f"on_{name}").append(tell)
    async with aiohttp.ClientSession(headers=KEY, trace_configs=[tracing]) as session:
        with suppress(aiohttp.ClientError):
            async with session.post(url, json=QUESTION) as response:
                await response.read()
    return told


@pytest.mark.asyncio
async def test_tracing_tells_what_it_tells_of_a_real_request(server):
    real = await traced(server.url)

    with FakeLLM() as llm:
        llm.reply("Hello!")
        played = await traced(CHAT)
        llm.reply("lost", fault=faults.drop(after=0))
        lost = await traced(CHAT)

    assert played == real
    assert (lost[0], lost[-1]) == ("request_start", "request_exception")


@pytest.mark.asyncio
async def test_own_response_class_and_middlewares_still_run():
    class Own(aiohttp.ClientResponse):
        pass

    seen = []

    async def middleware(request, handler):
        seen.append(request.url.host)
        return await handler(request)

    with FakeLLM() as llm:
        llm.reply("Hello!")
        async with (
            aiohttp.ClientSession(headers=KEY, response_class=Own, middlewares=[middleware]) as session,
            session.post(CHAT, json=QUESTION) as response,
        ):
            assert type(response) is Own

    assert seen == ["api.openai.com"]


@pytest.mark.asyncio
async def test_proxies_of_the_environment_are_not_asked(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    with FakeLLM() as llm:
        llm.reply("Hello!", times=2)
        async with aiohttp.ClientSession(headers=KEY, trust_env=True) as session:
            assert await asked(session) == await asked(session, proxy="http://proxy.invalid:3128") == "Hello!"


@pytest.mark.asyncio
async def test_limit_of_a_connector_keeps_nobody_out():
    with FakeLLM() as llm:
        llm.reply("Hello!", times=8)
        async with aiohttp.ClientSession(headers=KEY, connector=aiohttp.TCPConnector(limit=1)) as session:
            answers = await asyncio.gather(*(asked(session) for _ in range(8)))

    assert answers == ["Hello!"] * 8


@pytest.mark.asyncio
async def test_aioresponses_keeps_its_requests_and_lets_through_what_it_is_told_to(session):
    with FakeLLM() as llm:
        llm.reply("Hello!")
        with aioresponses() as double:
            double.post(
                CHAT, exception=aiohttp.ClientConnectionError("the double's")
            )  # its answers need aiohttp < 3.14
            with pytest.raises(aiohttp.ClientConnectionError, match="the double's"):
                await asked(session)
        with aioresponses(passthrough=["https://api.openai.com"]):
            assert await asked(session) == "Hello!"


@pytest.mark.asyncio
async def test_other_traffic_gets_its_404_and_head_no_body(session):
    with FakeLLM() as llm:
        async with session.head("https://api.openai.com/v1/models/gpt-4o") as response:
            assert (response.status, await response.read()) == (404, b"")
            assert "transfer-encoding" not in response.headers
        with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
            await session.ws_connect("wss://api.openai.com/v1/realtime")

    assert len(llm.other_traffic) == 2


@pytest.mark.asyncio
async def test_call_of_an_api_that_is_not_spoken_says_so(session):
    url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"
    with pytest.raises(UnmatchedRequestError), FakeLLM():
        async with session.post(url, json={"contents": []}) as response:
            answer = await response.text()

    assert response.status == 404
    assert "call 1 is a model call that fakellm cannot answer" in answer


@pytest.mark.asyncio
async def test_patched_name_is_there_and_is_put_back():
    before = vars(aiohttp.BaseConnector)["connect"]

    with FakeLLM(), FakeLLM():
        assert vars(aiohttp.BaseConnector)["connect"] is not before

    assert vars(aiohttp.BaseConnector)["connect"] is before


def test_client_on_uvloop_is_answered():
    async def ask():
        async with aiohttp.ClientSession(headers=KEY) as session:
            return await asked(session)

    with FakeLLM() as llm:
        llm.reply("Hello!")

        assert uvloop.run(ask()) == "Hello!"
