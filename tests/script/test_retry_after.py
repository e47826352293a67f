"""How long headers ask a client to wait, multiplied."""

import pytest

from fakellm._script.retry_after import may_make_wait, multiplied_waits

DATE = "Thu, 20 Nov 2026 08:00:00 GMT"


def multiplied(status, factor, **headers):
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return dict(multiplied_waits(status, given, factor))


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (429, {"retry_after": "4"}, {"retry-after": "0", "retry-after-ms": "1"}),
        (503, {"retry_after": "1.5", "retry_after_ms": "1500"}, {"retry-after": "0", "retry-after-ms": "1"}),
        (429, {"retry_after": DATE}, {"retry-after": DATE, "retry-after-ms": "1"}),
        (500, {}, {"retry-after-ms": "1"}),
        (409, {"x_should_retry": "true"}, {"x-should-retry": "true", "retry-after-ms": "1"}),
        (400, {"x_should_retry": "true"}, {"x-should-retry": "true", "retry-after-ms": "1"}),
        (429, {"x_should_retry": "false"}, {"x-should-retry": "false"}),
        (202, {"retry_after": "30"}, {"retry-after": "0"}),
        (200, {"x_request_id": "4"}, {"x-request-id": "4"}),
    ],
)
def test_factor_of_nothing_makes_nobody_wait(status, headers, expected):
    assert multiplied(status, 0.0, **headers) == expected


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (429, {"retry_after": "5"}, {"retry-after": "3", "retry-after-ms": "2500"}),
        (429, {"retry_after": "4", "retry_after_ms": "3500"}, {"retry-after": "2", "retry-after-ms": "1750"}),
        (429, {"retry_after": DATE}, {"retry-after": DATE}),
        (429, {"retry_after": "-4"}, {"retry-after": "-4"}),
        (429, {"retry_after": "inf"}, {"retry-after": "inf"}),
        (500, {}, {}),
        (202, {"retry_after": "30"}, {"retry-after": "15"}),
    ],
)
def test_wait_that_was_asked_for_is_multiplied(status, headers, expected):
    assert multiplied(status, 0.5, **headers) == expected


def test_factor_of_one_leaves_all_as_it_is():
    assert multiplied(500, 1.0, retry_after="4.50") == {"retry-after": "4.50"}


def test_headers_that_are_there_twice_stay_so():
    twice = (("set-cookie", "a"), ("set-cookie", "b"), ("retry-after", "1"))

    assert multiplied_waits(202, twice, 0.0) == (("set-cookie", "a"), ("set-cookie", "b"), ("retry-after", "0"))


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, (), False),
        (404, (("content-type", "text/plain"),), False),
        (429, (), True),
        (529, (), True),
        (202, (("retry-after", "1"),), True),
        (400, (("x-should-retry", "true"),), True),
    ],
)
def test_answer_that_clients_may_wait_for_is_known(status, headers, expected):
    assert may_make_wait(status, headers) is expected
