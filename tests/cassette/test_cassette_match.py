"""Which interaction answers a request, and what is said where there is none."""

import pytest

from fakellm._cassette.interaction import Interaction, RecordedResponse
from fakellm._cassette.match import Index, check_parts, difference
from fakellm._errors import UsageError
from fakellm._wire.events import WireRequest

ALL = ("method", "scheme", "host", "port", "path", "query", "body")
URL = "https://api.openai.com/v1/chat/completions"


def request(body=b"{}", *, method="POST", url=URL):
    return WireRequest(method, url, {}, body)


def recorded(*requests):
    response = RecordedResponse(200, "OK", (), b"")
    return [Interaction(number, None, one, response) for number, one in enumerate(requests, 1)]


def index(*requests, parts=ALL):
    return Index(recorded(*requests), parts)


def number(found):
    return None if found is None else found.number


@pytest.mark.parametrize(
    ("match", "parts"),
    [
        (None, ALL),
        (["body", "method"], ("method", "body")),
        (("path",), ("path",)),
        ("host", ("host",)),
        (iter(["query", "query"]), ("query",)),
    ],
)
def test_parts_come_in_their_order(match, parts):
    assert check_parts(match) == parts


def test_no_parts_at_all_are_a_usage_error():
    with pytest.raises(UsageError, match=r"match=\[\] would take any recording for any request; name some of method, "):
        check_parts([])


@pytest.mark.parametrize("match", [["method", "headers"], "headers", {"headers"}])
def test_unknown_part_is_refused(match):
    with pytest.raises(UsageError) as caught:
        check_parts(match)

    assert str(caught.value) == ("match= takes any of method, scheme, host, port, path, query, body; got 'headers'")


def test_equal_requests_are_taken_first_in_first_out():
    waiting = index(request(b"a"), request(b"b"), request(b"a"))

    taken = [number(waiting.take(request(b"a"))) for _ in range(3)]

    assert taken == [1, 3, None]


def test_other_request_is_not_taken():
    assert index(request(b"a")).take(request(b"b")) is None


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
    assert index(request()).take(other) is None


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
    assert number(index(before).take(now)) == 1


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
    assert index(request(before)).take(request(now)) is None


def test_part_that_is_not_asked_for_does_not_matter():
    waiting = index(request(b"a"), parts=("method", "path"))

    assert number(waiting.take(request(b"b", url="http://localhost:1/v1/chat/completions?x=1"))) == 1


def test_request_is_used_up_when_all_of_its_kind_were_played():
    waiting = index(request(b"a"), request(b"a"))

    states = [waiting.is_used_up(request(b"a")) for _ in range(3) if waiting.take(request(b"a")) or True]

    assert states == [False, True, True]


def test_unknown_request_is_not_used_up():
    assert not index(request(b"a")).is_used_up(request(b"b"))


def test_what_was_not_played_is_listed_in_the_order_of_the_file():
    waiting = index(request(b"a"), request(b"b"), request(b"a"), request(b"c"))

    waiting.take(request(b"a"))
    waiting.take(request(b"c"))

    assert [one.number for one in waiting.unplayed] == [2, 3]


def test_closest_shares_most_parts():
    waiting = index(request(b"zzz"), request(b"abc", method="GET", url="http://h/"))

    assert number(waiting.closest(request(b"abc"))) == 1


def test_closest_was_not_played_before():
    waiting = index(request(b"abcd"), request(b"a"))
    waiting.take(request(b"abcd"))

    assert number(waiting.closest(request(b"abcde"))) == 2


def test_closest_has_the_likest_body():
    waiting = index(request(b'{"q": "cats"}'), request(b'{"q": "the weather in Paris"}'))

    assert number(waiting.closest(request(b'{"q": "the weather in Rome"}'))) == 2


def test_nothing_is_closest_in_an_empty_file():
    assert index().closest(request()) is None


def chat(*contents):
    messages = ",".join(f'{{"role": "user", "content": "{content}"}}' for content in contents)
    return f'{{"model": "gpt-4o", "messages": [{messages}]}}'.encode()


@pytest.mark.parametrize(
    ("before", "now", "text"),
    [
        (request(), request(method="GET"), "method: recorded 'POST', sent 'GET'"),
        (
            request(b"a", url="https://g/"),
            request(b"b", url="http://h/"),
            "scheme: recorded 'https', sent 'http'; host: recorded 'g', sent 'h'; port: recorded '443', sent '80'; "
            "and the body",
        ),
        (request(url="https://g/"), request(url="https://h/"), "host: recorded 'g', sent 'h'"),
        (request(url="http://h:1/"), request(url="http://h/"), "port: recorded '1', sent '80'"),
        (request(url="http://h/a"), request(url="http://h/b"), "path: recorded '/a', sent '/b'"),
        (request(url="http://h/?a=1"), request(url="http://h/"), "query: recorded 'a=1', sent ''"),
        (request(b"one"), request(b"other"), "body: recorded 3 bytes, sent 5 bytes that are not the same"),
        (request(b"\xff"), request(b"{}"), "body: recorded 1 bytes, sent 2 bytes that are not the same"),
        (request(b"["), request(b"[" * 99_999), "body: recorded 1 bytes, sent 99999 bytes that are not the same"),
        (request(b'{"a": 0.0}'), request(b'{"a": -0.0}'), "body: equal in value, other bytes"),
        (request(), request(), "they are equal"),
        (request(b'{"a": 1}'), request(b'{"a": 1.0}'), "a: recorded 1, sent 1.0"),
        (request(b'{"a": [1], "b": 2}'), request(b'{"a": [1], "b": 3}'), "b: recorded 2, sent 3"),
        (request(b'{"a": 1}'), request(b'{"a": true}'), "a: recorded 1, sent true"),
        (request(b'{"a": 1}'), request(b"{}"), "a: recorded 1, sent nothing"),
        (request(b"{}"), request(b'{"a": null}'), "a: recorded nothing, sent null"),
        (request(b"[1]"), request(b"[1, 2]"), "[1]: recorded nothing, sent 2"),
        (request(b"[]"), request(b"{}"), ": recorded [], sent {}"),
        (
            request(chat("hi", "Paris?")),
            request(chat("hi", "Rome?")),
            'messages[1].content: recorded "Paris?", sent "Rome?"',
        ),
        (
            request(chat("hi")),
            request(chat("hi", "more")),
            'messages[1]: recorded nothing, sent {"content": "more", "role": "user"}',
        ),
        (request(b'{"q": "\\ud800"}'), request(b'{"q": "\xc3\xa9"}'), 'q: recorded "\\ud800", sent "é"'),
    ],
)
def test_first_difference_is_told(before, now, text):
    assert difference(before, now) == text


def test_difference_is_looked_for_where_requests_are_matched():
    text = difference(request(b"a", url="http://h/"), request(b"bc"), ("method", "body"))

    assert text == "body: recorded 1 bytes, sent 2 bytes that are not the same"


def test_difference_far_inside_a_long_text_is_shown():
    same = "x" * 500

    text = difference(request(chat(same + "Paris" + same)), request(chat(same + "Rome" + same)))

    assert text == (
        f'messages[0].content: recorded … "{"x" * 53}Paris{"x" * 102}" …, sent … "{"x" * 53}Rome{"x" * 103}" …'
    )


def test_difference_at_the_end_of_a_long_text_is_shown():
    same = "x" * 200

    text = difference(request(chat(same)), request(chat(same + "!")))

    assert text == f'messages[0].content: recorded … "{"x" * 53}", sent … "{"x" * 53}!"'


def test_difference_at_the_start_of_a_long_text_is_shown():
    text = difference(request(chat("a" + "x" * 200)), request(chat("b")))

    assert text == f'messages[0].content: recorded "a{"x" * 159}" …, sent "b"'


def test_long_value_is_shown_by_its_ends():
    text = difference(request(b"{}"), request(b'{"a": [' + b",".join([b"1234567"] * 40) + b"]}"))

    start, end = "[" + "1234567, " * 8 + "1234567", "67, " + "1234567, " * 8 + "1234567]"
    assert text == f"a: recorded nothing, sent {start[:80]} … {end[-80:]}"
