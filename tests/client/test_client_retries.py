"""When requests are sent again, and after how long; time stands still meanwhile."""

from __future__ import annotations

from email.utils import formatdate
from time import time

import httpx
import pytest
import respx
from provider_bytes import HI, URL, Parts, client, completion, pieces_of, stream, text_chunks

from fakellm import APIConnectionError, APIStatusError, APITimeoutError, MockClock, RateLimitError

pytestmark = pytest.mark.asyncio


@pytest.fixture
def api():
    with respx.mock(assert_all_called=False) as router:
        yield router.post(URL)


def refused(status=503, **headers):
    return httpx.Response(
        status, json={"error": {"message": "busy"}}, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


async def slept(api, *answers, **settings):
    api.mock(side_effect=[*answers, completion()])
    clock = MockClock()
    await client(clock=clock, **settings).create(HI)
    return clock.sleeps


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
async def test_these_are_retried(api, status):
    assert len(await slept(api, refused(status))) == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
async def test_these_are_not(api, status):
    with pytest.raises(APIStatusError):
        await slept(api, refused(status))

    assert api.call_count == 1


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("gone")]
)
async def test_lost_connections_are_retried(api, error):
    assert len(await slept(api, error, error)) == 2


async def test_the_delay_doubles_up_to_eight_seconds_less_jitter(api):
    delays = await slept(api, *[refused()] * 7, max_retries=7)

    for delay, full in zip(delays, [0.5, 1, 2, 4, 8, 8, 8], strict=True):
        assert 0.75 * full <= delay <= full


@pytest.mark.parametrize(
    ("headers", "delay"),
    [
        ({"retry_after": "3"}, 3.0),
        ({"retry_after": "0.25"}, 0.25),
        ({"retry_after": "120"}, 120.0),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.0),
    ],
)
async def test_the_server_says_how_long(api, headers, delay):
    assert await slept(api, refused(429, **headers)) == [delay]


@pytest.mark.parametrize(
    "headers",
    [
        {"retry_after": "0"},
        {"retry_after": "-5"},
        {"retry_after": "soon"},
        {"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"},
    ],
    ids=str,
)
async def test_what_makes_no_sense_is_not_honoured(api, headers):
    (delay,) = await slept(api, refused(429, **headers))

    assert 0.375 <= delay <= 0.5


async def test_a_date_is_meant_by_our_clock_where_the_server_does_not_tell_its_own(api):
    soon = formatdate(time() + 60, usegmt=True)

    (delay,) = await slept(api, refused(429, retry_after=soon))

    assert 50 < delay <= 60


async def test_time_is_real_unless_told_otherwise(api):
    api.mock(side_effect=[refused(429, retry_after_ms="1"), completion()])

    assert (await client(clock=None).create(HI)).content == "Hello!"


async def test_an_error_whose_body_is_lost_keeps_its_status(api):
    body = Parts([b'{"error"'], httpx.ReadError("gone"))
    api.mock(side_effect=lambda _: httpx.Response(503, stream=body))

    with pytest.raises(APIStatusError, match=r"^Error code: 503 - no text$"):
        await anext(client().create_stream(HI))


async def test_more_than_two_minutes_is_too_long(api):
    with pytest.raises(RateLimitError):
        await slept(api, refused(429, retry_after="121", x_should_retry="true"))

    assert api.call_count == 1


async def test_the_server_decides(api):
    assert len(await slept(api, refused(400, x_should_retry="true"))) == 1

    with pytest.raises(APIStatusError):
        await slept(api, refused(503, x_should_retry="false"))


async def test_two_retries_and_no_more(api):
    api.mock(return_value=refused(500))

    with pytest.raises(APIStatusError, match=r"^Error code: 500 - busy$"):
        await client().create(HI)

    assert [call.request.headers["x-stainless-retry-count"] for call in api.calls] == ["0", "1", "2"]


async def test_none_when_told_so(api):
    with pytest.raises(APIConnectionError):
        await slept(api, httpx.ConnectError("no"), max_retries=0)


async def test_a_stream_is_retried_until_it_opens(api):
    api.mock(side_effect=[refused(), stream(text_chunks("a"))])

    pieces, _ = await pieces_of(client().create_stream(HI))

    assert pieces == ["a"]


async def test_retries_are_logged_without_the_key(api, caplog):
    caplog.set_level("DEBUG")

    await slept(api, refused(429, retry_after="2"))

    logged = [record.getMessage() for record in caplog.records if record.name == "fakellm.client"]
    assert logged == ["retry 1 of 2 in 2.000 s: RateLimitError"]
    assert "sk-secret-key" not in caplog.text


@pytest.mark.parametrize(
    ("settings", "extra", "expected"),
    [
        ({}, {}, {"connect": 5.0, "read": 600.0, "write": 600.0, "pool": 600.0}),
        ({"timeout": 9}, {}, dict.fromkeys(("connect", "read", "write", "pool"), 9)),
        ({"timeout": None}, {}, dict.fromkeys(("connect", "read", "write", "pool"))),
        ({"timeout": 9}, {"timeout": 2.5}, dict.fromkeys(("connect", "read", "write", "pool"), 2.5)),
    ],
)
async def test_timeouts(api, settings, extra, expected):
    api.mock(return_value=completion())

    await client(**settings).create(HI, extra_create_args=extra)

    assert api.calls.last.request.extensions["timeout"] == expected
    assert b"timeout" not in api.calls.last.request.content


async def test_a_timeout_of_the_given_http_client_counts(api):
    api.mock(return_value=completion())

    await client(http_client=httpx.AsyncClient(timeout=7)).create(HI)

    assert api.calls.last.request.extensions["timeout"]["read"] == 7


async def test_a_timeout_says_so(api):
    api.mock(side_effect=httpx.ConnectTimeout("slow"))

    with pytest.raises(APITimeoutError, match=r"^Request timed out \(ConnectTimeout\)\.$"):
        await client().create(HI)
