"""A CancellationToken, and plain cancellation of the task."""

from __future__ import annotations

import asyncio
import threading

import anyio
import httpx
import pytest
from provider_bytes import HI, chunk, client, completion, text_chunks

from fakellm.models import CancellationToken

pytestmark = pytest.mark.asyncio


class Slow(httpx.AsyncByteStream):
    """Sends one chunk at once, and the others when the test lets it."""

    def __init__(self) -> None:
        self.waits = asyncio.Event()
        self.goes_on = asyncio.Event()

    async def __aiter__(self):
        yield chunk({"content": "a"})
        self.waits.set()
        await self.goes_on.wait()
        for part in text_chunks("b"):
            yield part


def on(handler, **settings):
    return client(http_client=httpx.AsyncClient(transport=httpx.MockTransport(handler)), **settings)


async def never(request):
    await asyncio.Event().wait()


async def test_a_token_that_was_cancelled_before_stops_the_call():
    asked = []
    token = CancellationToken()
    token.cancel()

    with pytest.raises(asyncio.CancelledError):
        await on(lambda request: asked.append(request)).create(HI, cancellation_token=token)

    assert asked == []


async def test_a_token_that_is_cancelled_meanwhile_stops_the_call():
    token = CancellationToken()
    asyncio.get_running_loop().call_later(0.01, token.cancel)

    with pytest.raises(asyncio.CancelledError):
        await on(never).create(HI, cancellation_token=token)


async def test_a_token_stops_a_call_that_only_lets_others_run():
    async def busy(request):
        for _ in iter(int, 1):  # without end
            await asyncio.sleep(0)

    token = CancellationToken()
    asyncio.get_running_loop().call_later(0.01, token.cancel)

    with pytest.raises(asyncio.CancelledError):
        await on(busy).create(HI, cancellation_token=token)


async def test_cleaning_up_after_a_token_is_not_disturbed():
    cleaned = []

    async def careful(request):
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
            cleaned.append(True)

    token = CancellationToken()
    asyncio.get_running_loop().call_later(0.01, token.cancel)

    with pytest.raises(asyncio.CancelledError):
        await on(careful).create(HI, cancellation_token=token)
    assert cleaned == [True]


async def test_the_task_itself_is_not_cancelled_by_a_token():
    token = CancellationToken()
    asyncio.get_running_loop().call_later(0.01, token.cancel)

    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await on(never).create(HI, cancellation_token=token)

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_token_may_be_cancelled_in_another_thread():
    token = CancellationToken()
    timer = threading.Timer(0.01, token.cancel)
    timer.start()

    with pytest.raises(asyncio.CancelledError):
        await on(never).create(HI, cancellation_token=token)

    timer.join()


async def test_a_stream_ends_where_the_token_is_cancelled():
    body, token, pieces = Slow(), CancellationToken(), []

    async def cancel() -> None:
        await body.waits.wait()
        token.cancel()

    canceller = asyncio.ensure_future(cancel())
    with pytest.raises(asyncio.CancelledError):
        async for piece in on(lambda _: httpx.Response(200, stream=body)).create_stream(HI, cancellation_token=token):
            pieces.append(piece)

    await canceller
    assert pieces == ["a"]


async def test_a_stream_that_is_read_meanwhile_ends_at_the_next_part():
    token = CancellationToken()
    answer = on(lambda _: httpx.Response(200, stream=Slow())).create_stream(HI, cancellation_token=token)

    assert await anext(answer) == "a"
    token.cancel()

    with pytest.raises(asyncio.CancelledError):
        await anext(answer)


async def test_a_stream_with_a_token_that_is_not_used_is_the_same():
    body = Slow()
    body.goes_on.set()

    answer = on(lambda _: httpx.Response(200, stream=body)).create_stream(HI, cancellation_token=CancellationToken())

    assert [piece async for piece in answer][:-1] == ["a", "b"]


async def test_the_client_stays_usable():
    token = CancellationToken()
    answers = iter([never, lambda _: completion()])

    async def answer(request):
        found = next(answers)(request)
        return await found if asyncio.iscoroutine(found) else found

    model_client = on(answer)
    asyncio.get_running_loop().call_later(0.01, token.cancel)
    with pytest.raises(asyncio.CancelledError):
        await model_client.create(HI, cancellation_token=token)

    assert (await model_client.create(HI)).content == "Hello!"


async def test_a_cancelled_task_is_cancelled():
    task = asyncio.ensure_future(on(never).create(HI, cancellation_token=CancellationToken()))
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_a_token_keeps_one_link_for_a_whole_stream():
    token = CancellationToken()
    handler = lambda _: httpx.Response(200, content=b"".join(text_chunks(*"abcdefgh")))  # noqa: E731

    async for _ in on(handler).create_stream(HI, cancellation_token=token):
        pass

    assert len(token._callbacks) <= 2


class Connecting(httpx.AsyncBaseTransport):
    """Connects as httpcore does, by tasks of a task group one of which is waited for; the server never answers."""

    async def handle_async_request(self, request):
        connected = anyio.Event()

        async def connect() -> None:
            for _ in range(4):
                await asyncio.sleep(0)
            connected.set()

        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(connect)
            with anyio.move_on_after(5):
                await connected.wait()
        with anyio.fail_after(5):
            await anyio.sleep(5)


async def asked(streams, transport, *tokens):
    model_client = client(http_client=httpx.AsyncClient(transport=transport), max_retries=0)
    for token in tokens[:-1]:  # of calls that are over before
        with pytest.raises(asyncio.CancelledError):
            await model_client.create(HI, cancellation_token=token)
    if not streams:
        return await model_client.create(HI, cancellation_token=tokens[-1])
    return [piece async for piece in model_client.create_stream(HI, cancellation_token=tokens[-1])]


async def turns_of_the_loop(count):
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("streams", [False, True], ids=["create", "create_stream"])
@pytest.mark.parametrize("turns", range(16))
async def test_a_token_is_heard_at_every_turn_of_the_loop(turns, streams):
    token = CancellationToken()
    task = asyncio.ensure_future(asked(streams, Connecting(), token))
    await turns_of_the_loop(turns)

    token.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 1)


@pytest.mark.parametrize("streams", [False, True], ids=["create", "create_stream"])
@pytest.mark.parametrize("turns", range(0, 16, 5))
async def test_a_token_is_heard_after_others_were(turns, streams):
    before, token = CancellationToken(), CancellationToken()
    before.cancel()
    task = asyncio.ensure_future(asked(streams, Connecting(), before, token))
    await turns_of_the_loop(turns)

    token.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 1)


@pytest.mark.parametrize("turns", range(0, 16, 3))
async def test_one_token_calls_off_all_that_wait(turns):
    token = CancellationToken()
    tasks = [asyncio.ensure_future(asked(streams, Connecting(), token)) for streams in (False, True, False)]
    await turns_of_the_loop(turns)

    token.cancel()

    ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 1)
    assert [type(end) for end in ends] == [asyncio.CancelledError] * 3


@pytest.mark.parametrize("streams", [False, True], ids=["create", "create_stream"])
async def test_a_token_of_another_call_calls_nothing_off(streams):
    other = CancellationToken()
    handler = lambda _: httpx.Response(200, content=b"".join(text_chunks("a"))) if streams else completion()  # noqa: E731
    task = asyncio.ensure_future(asked(streams, httpx.MockTransport(handler), CancellationToken()))

    other.cancel()

    assert await task


@pytest.mark.parametrize("streams", [False, True], ids=["create", "create_stream"])
async def test_a_token_that_the_transport_cancels_in_its_last_step_counts(streams):
    token, body = CancellationToken(), Slow()

    def handler(_):
        token.cancel()
        return httpx.Response(200, stream=body) if streams else completion()

    with pytest.raises(asyncio.CancelledError):
        await asked(streams, httpx.MockTransport(handler), token)

    await asyncio.sleep(0)  # the cancellation is over: what is awaited next is not called off
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_failure_that_comes_of_cancelling_is_the_cancelling():
    token = CancellationToken()

    async def answer(request):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise httpx.ReadError("closed") from None

    asyncio.get_running_loop().call_soon(token.cancel)

    with pytest.raises(asyncio.CancelledError):
        await on(answer, max_retries=0).create(HI, cancellation_token=token)


async def test_a_deadline_around_a_call_is_told_from_its_token():
    token = CancellationToken()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await on(never).create(HI, cancellation_token=token)

    assert not token.is_cancelled()
