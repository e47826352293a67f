"""Which interaction answers a request."""

import re

import pytest

from fakellm._cassette.interaction import Interaction, RecordedResponse
from fakellm._cassette.key import Keys
from fakellm._cassette.match import Index, check_repeat
from fakellm._errors import UsageError
from fakellm._wire.events import WireRequest

ALL = ("method", "scheme", "host", "port", "path", "query", "body")
URL = "https://api.openai.com/v1/chat/completions"


def request(body=b"{}", *, method="POST", url=URL):
    return WireRequest(method, url, {}, body)


def recorded(*requests):
    response = RecordedResponse(200, "OK", (), b"")
    return [Interaction(number, None, one, response) for number, one in enumerate(requests, 1)]


def index(*requests, repeat=None, **keys):
    return Index(recorded(*requests), Keys(**keys), repeat)


def take(waiting, asked):
    """Use up the interaction that answers a request; return its number."""
    before = waiting.next(asked)
    found = waiting.take(asked)
    assert found is before
    return None if found is None else found.number


def test_equal_requests_are_taken_first_in_first_out():
    waiting = index(request(b"a"), request(b"b"), request(b"a"))

    taken = [take(waiting, request(b"a")) for _ in range(3)]

    assert taken == [1, 3, None]


def test_other_request_is_not_taken():
    assert index(request(b"a")).next(request(b"b")) is None


@pytest.mark.parametrize(
    "other",
    [
        request(method="GET"),
        request(url="http://api.openai.com:443/v1/chat/completions"),
        request(url="https://api.groq.com/v1/chat/completions"),
        request(url="https://api.openai.com:8443/v1/chat/completions"),
        request(url="https://api.openai.com/v2/chat/completions"),
        request(url=URL + "?api-version=1"),
        request(b'{"a": 1}'),
    ],
)
def test_each_part_tells_requests_apart(other):
    assert index(request()).next(other) is None


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (request(b'{"a": 1, "b": [1, 2]}'), request(b'{"b":[1,2],"a":1}')),
        (request(url=URL + "?a=1&b=2"), request(url=URL + "?b=2&a=1")),
        (request(url=URL), request(url="https://API.openai.com:443/v1/chat/completions#stream")),
        (request(url="https://h"), request(url="https://h/")),
        (request(method="post"), request(method="POST")),
    ],
)
def test_equal_requests_may_be_written_differently(before, now):
    assert take(index(before), now) == 1


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (b'{"a": 1}', b'{"a": 1.0}'),
        (b'{"a": 1}', b'{"a": true}'),
        (b'{"a": [1, 2]}', b'{"a": [2, 1]}'),
        (b'{"a": null}', b"{}"),
        (b"plain", b"Plain"),
    ],
)
def test_different_bodies_are_told_apart(before, now):
    assert index(request(before)).next(request(now)) is None


def test_part_that_is_not_asked_for_does_not_matter():
    waiting = index(request(b"a"), parts=("method", "path"))

    assert take(waiting, request(b"b", url="http://localhost:1/v1/chat/completions?x=1")) == 1


def test_what_was_not_played_is_listed_in_the_order_of_the_file():
    waiting = index(request(b"a"), request(b"b"), request(b"a"), request(b"c"))

    take(waiting, request(b"a"))
    take(waiting, request(b"c"))

    assert [one.number for one in waiting.unplayed] == [2, 3]


def test_nothing_was_played_of_what_nothing_asked_for():
    assert [one.number for one in index(request(b"a"), request(b"b")).unplayed] == [1, 2]


def test_equal_requests_are_known_after_they_were_played():
    waiting = index(request(b"a"), request(b"b"), request(b"a"))
    take(waiting, request(b"a"))

    assert [one.number for one in waiting.equal(request(b"a"))] == [1, 3]
    assert waiting.equal(request(b"c")) == []


@pytest.mark.parametrize(
    ("repeat", "taken"), [(None, [1, 3, None, None, None]), ("last", [1, 3, 3, 3, 3]), ("cycle", [1, 3, 1, 3, 1])]
)
def test_used_up_request_is_answered_again_where_that_is_asked_for(repeat, taken):
    waiting = index(request(b"a"), request(b"b"), request(b"a"), repeat=repeat)

    assert [take(waiting, request(b"a")) for _ in range(5)] == taken
    assert [one.number for one in waiting.unplayed] == [2]


@pytest.mark.parametrize("repeat", ["first", True, ""])
def test_unknown_repeat_is_refused(repeat):
    with pytest.raises(UsageError) as caught:
        check_repeat(repeat)

    assert str(caught.value) == f"repeat= takes 'last', 'cycle', or None for each once; got {repeat!r}"


def test_everything_is_played_again_after_a_rewind():
    waiting = index(request(b"a"))
    take(waiting, request(b"a"))

    waiting.rewind()

    assert take(waiting, request(b"a")) == 1


def blacked_out(asked):
    """Take digits out of a request, as if they were secrets."""
    body = re.sub(rb"\d+", b"REDACTED", asked.body)
    return asked if body == asked.body else request(body)


@pytest.mark.parametrize("before", [b"key 123", b"key REDACTED"])
@pytest.mark.parametrize("now", [b"key 456", b"key REDACTED"])
def test_requests_are_compared_without_their_secrets(before, now):
    assert take(index(request(before), redact=blacked_out), request(now)) == 1


def test_secrets_do_not_make_other_requests_equal():
    assert take(index(request(b"key 1"), redact=blacked_out), request(b"token 1")) is None
