"""A CancellationToken, and plain cancellation of the task."""

from __future__ import annotations

import asyncio
import threading

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
