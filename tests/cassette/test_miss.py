"""What somebody is told whose request is not in the recording."""

import json

import pytest

from fakellm._cassette.interaction import Interaction, RecordedResponse
from fakellm._cassette.key import Keys, check_parts
from fakellm._cassette.miss import Advice, closest, differences, explain_miss
from fakellm._wire.canonical import KEY_PARTS
from fakellm._wire.events import WireRequest

URL = "https://api.openai.com/v1/chat/completions"


def request(body=b"{}", *, method="POST", url=URL, **headers):
    return WireRequest(method, url, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def recorded(*requests, lines=True):
    response = RecordedResponse(200, "OK", (), b"")
    return [Interaction(n, n * 10 if lines else None, one, response) for n, one in enumerate(requests, 1)]


def nearest(asked, *requests, played=()):
    interactions = recorded(*requests)
    unplayed = [one for one in interactions if one.number not in played]
    return [one.number for one in closest(asked, interactions, unplayed, Keys())]


def test_closest_shares_most_parts():
    assert nearest(request(b"abc"), request(b"zzz"), request(b"abc", method="GET", url="http://h/")) == [1]


def test_closest_was_not_played_before():
    assert nearest(request(b"abcde"), request(b"abcd"), request(b"abcx"), played=[1]) == [2, 1]


def test_closest_has_the_likest_body():
    asked = request(b'{"q": "the weather in Rome"}')

    assert nearest(asked, request(b'{"q": "cats"}'), request(b'{"q": "the weather in Paris"}')) == [2]


def test_at_most_three_are_close():
    assert nearest(request(b"abcdx"), *[request(b"abcd%d" % n) for n in range(9)]) == [1, 2, 3]


def test_nothing_is_closest_in_an_empty_file():
    assert nearest(request()) == []


def chat(*contents):
    messages = ",".join(f'{{"role": "user", "content": "{content}"}}' for content in contents)
    return f'{{"model": "gpt-4o", "messages": [{messages}]}}'.encode()


@pytest.mark.parametrize(
    ("before", "now", "text"),
    [
        (request(), request(method="GET"), 'method: recorded "POST", sent "GET"'),
        (
            request(b"a", url="https://g/"),
            request(b"b", url="http://h/"),
            'scheme: recorded "https", sent "http"',
        ),
        (request(url="https://g/"), request(url="https://h/"), 'host: recorded "g", sent "h"'),
        (request(url="http://h:1/"), request(url="http://h/"), 'port: recorded "1", sent "80"'),
        (request(url="http://h/a"), request(url="http://h/b"), 'path: recorded "/a", sent "/b"'),
        (request(url="http://h/?a=1"), request(url="http://h/"), 'query: recorded "a=1", sent ""'),
        (request(b"one"), request(b"other"), 'body: recorded "one", sent "other"'),
        (request(b"\xff"), request(b"{}"), "body: recorded 1 bytes, sent 2 bytes that are not the same"),
        (request(b"\xff["), request(b"[" * 99_999), "body: recorded 2 bytes, sent 99999 bytes that are not the same"),
        (request(b'{"a": 0.0}'), request(b'{"a": -0.0}'), "body: recorded bytes of the same value, sent other bytes"),
        (request(b'{"a": 1}'), request(b'{"a": 1.0}'), "a: recorded 1, sent 1.0"),
        (request(b'{"a": [1], "b": 2}'), request(b'{"a": [1], "b": 3}'), "b: recorded 2, sent 3"),
        (request(b'{"a": 1}'), request(b'{"a": true}'), "a: recorded 1, sent true"),
        (request(b'{"a": 1}'), request(b"{}"), "a: recorded 1, sent nothing"),
        (request(b"{}"), request(b'{"a": null}'), "a: recorded nothing, sent null"),
        (request(b"[1]"), request(b"[1, 2]"), "[1]: recorded nothing, sent 2"),
        (request(b"[]"), request(b"{}"), "body: recorded [], sent {}"),
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
        (
            request(chat("a\\nb\\nc")),
            request(chat("a\\nB\\nc")),
            'messages[0].content, line 2: recorded "b", sent "B"',
        ),
        (
            request(chat("a\\nb")),
            request(chat("a")),
            'messages[0].content, line 2: recorded "b", sent nothing',
        ),
        (request(b"a=1\nb=2"), request(b"a=1\nb=3"), 'body, line 2: recorded "b=2", sent "b=3"'),
        (request(b'{"q": "\\ud800"}'), request(b'{"q": "\xc3\xa9"}'), 'q: recorded "\\ud800", sent "é"'),
    ],
)
def test_first_difference_is_told(before, now, text):
    keys = Keys()

    first = next(differences(keys.of(before), keys.of(now), KEY_PARTS))

    assert first.lines() == [text]


def first_difference(before, now, parts=KEY_PARTS):
    keys = Keys(parts)
    return next(differences(keys.of(before), keys.of(now), parts)).lines()


def test_every_difference_is_told():
    keys = Keys()
    before = request(b'{"a": 1, "b": [1, 2], "c": 3}', url="http://h/a")
    now = request(b'{"a": 2, "b": [1, 3], "c": 3}', url="http://h/b")

    assert [found.where for found in differences(keys.of(before), keys.of(now), KEY_PARTS)] == ["path", "a", "b[1]"]


def test_equal_requests_do_not_differ():
    keys = Keys()

    assert list(differences(keys.of(request()), keys.of(request()), KEY_PARTS)) == []


def test_difference_is_looked_for_where_requests_are_matched():
    before, now = request(b"a", url="http://h/"), request(b"bc")

    assert first_difference(before, now, ("method", "body")) == ['body: recorded "a", sent "bc"']


def test_difference_far_inside_a_long_text_is_shown():
    same = "x" * 500

    lines = first_difference(request(chat(same + "Paris" + same)), request(chat(same + "Rome" + same)))

    assert lines == [
        "messages[0].content:",
        f'  recorded … "{"x" * 53}Paris{"x" * 102}" …',
        f'  sent     … "{"x" * 53}Rome{"x" * 103}" …',
    ]


def test_difference_at_the_end_of_a_long_text_is_shown():
    same = "x" * 200

    lines = first_difference(request(chat(same)), request(chat(same + "!")))

    assert lines == [f'messages[0].content: recorded … "{"x" * 53}", sent … "{"x" * 53}!"']


def test_difference_at_the_start_of_a_long_text_is_shown():
    lines = first_difference(request(chat("a" + "x" * 200)), request(chat("b")))

    assert lines == ["messages[0].content:", f'  recorded "a{"x" * 159}" …', '  sent     "b"']


def test_long_value_is_shown_by_its_ends():
    lines = first_difference(request(b"{}"), request(b'{"a": [' + b",".join([b"1234567"] * 40) + b"]}"))

    start, end = "[" + "1234567, " * 8 + "1234567", "67, " + "1234567, " * 8 + "1234567]"
    assert lines == ["a:", "  recorded nothing", f"  sent     {start[:80]} … {end[-80:]}"]


def explained(asked, *requests, played=(), equal=(), lines=True, **keys):
    interactions = recorded(*requests, lines=lines)
    return explain_miss(
        asked,
        path="session.yaml",
        interactions=interactions,
        unplayed=[one for one in interactions if one.number not in played],
        equal=[one for one in interactions if one.number in equal],
        keys=Keys(**keys),
        off="recording is off",
        advice=Advice(record="pytest --llm-record=rewrite"),
    )


def test_changed_prompt_is_told_with_what_to_type():
    turn = chat("Be brief.", "What is the weather\\nin Paris?\\nBe exact.")
    changed = chat("Be brief.", "What is the weather\\nin Rome?\\nBe exact.")

    assert explained(request(changed), request(chat("Hi")), request(turn), played=[1]) == (
        "  session.yaml holds no such request; recording is off\n"
        "  closest is interaction 2 (line 20), not played yet:\n"
        '    messages[1].content, line 2: recorded "in Paris?", sent "in Rome?"\n'
        "  not played yet: interaction 2 of 2\n"
        "  the request was not sent anywhere\n"
        "  to record again: pytest --llm-record=rewrite"
    )


def test_what_is_new_on_each_run_is_told_as_not_compared():
    keyed = chat("hi").replace(b"{", b'{"prompt_cache_key": "agents-sdk:run:%s", ' % (b"0" * 32), 1)

    assert explained(request(keyed), request(chat("bye"))).splitlines()[3:5] == [
        "  not compared, as it is new on each run: prompt_cache_key",
        "  not played yet: interaction 1 of 1",
    ]


def test_up_to_three_are_told_and_three_differences_of_the_first():
    asked = request(b'{"a": 0, "b": 0, "c": 0, "d": 0, "text": "the same in all of them"}')
    others = [
        request(b'{"a": %d, "b": 1, "c": 1, "d": 1, "text": "the same in all of them"}' % n) for n in (1, 2, 3, 4)
    ]

    assert explained(asked, *others, lines=False) == (
        "  session.yaml holds no such request; recording is off\n"
        "  closest is interaction 1, not played yet:\n"
        "    a: recorded 1, sent 0\n"
        "    b: recorded 1, sent 0\n"
        "    c: recorded 1, sent 0\n"
        "    and 1 more\n"
        "  then interaction 2, not played yet:\n"
        "    a: recorded 2, sent 0\n"
        "    and 3 more\n"
        "  then interaction 3, not played yet:\n"
        "    a: recorded 3, sent 0\n"
        "    and 3 more\n"
        "  not played yet: interaction 1, 2, 3, 4 of 4\n"
        "  the request was not sent anywhere\n"
        "  to record again: pytest --llm-record=rewrite"
    )


def test_request_that_is_used_up_is_told_so():
    asked = request(b"a")

    assert explained(asked, asked, request(b"b"), asked, played=[1, 3], equal=[1, 3]) == (
        "  session.yaml holds it 2 times (interaction 1, 3), all played already; recording is off\n"
        "  not played yet: interaction 2 of 3\n"
        "  the request was not sent anywhere\n"
        "  to play it again: repeat='last' or repeat='cycle'\n"
        "  to record again: pytest --llm-record=rewrite"
    )


def test_retry_of_a_client_is_told_so():
    asked = request(b"a", x_stainless_retry_count="1")

    assert explained(asked, asked, played=[1], equal=[1]).splitlines()[:2] == [
        "  session.yaml holds it once (interaction 1), all played already; recording is off",
        "  it is retry 1 of the client's, which the recorded session did not need",
    ]


@pytest.mark.parametrize("count", ["0", ""])
def test_first_attempt_is_no_retry(count):
    asked = request(b"a", x_stainless_retry_count=count)

    assert "retry" not in explained(asked, asked, played=[1], equal=[1])


def test_empty_file_is_told_so():
    assert explained(request()) == (
        "  session.yaml holds no request at all; recording is off\n"
        "  not played yet: nothing\n"
        "  the request was not sent anywhere\n"
        "  to record again: pytest --llm-record=rewrite"
    )


@pytest.mark.parametrize(
    ("before", "now", "hint"),
    [
        (
            request(url="http://h:1/"),
            request(url="http://h:2/"),
            "match=['method', 'scheme', 'host', 'path', 'query', 'body']",
        ),
        (request(url="http://h:1/"), request(b"x", url="http://h:2/"), None),
        (request(b"one"), request(b"two"), None),
        (request(b'{"user": 1}'), request(b"{}"), "ignore=['user']"),
        (request(b"[1]"), request(b"{}"), None),
        (request(b"[1]"), request(b"[2]"), None),
        (request(chat("Paris?")), request(chat("Rome?")), None),
        (
            request(chat("at 2026-11-20 08:00")),
            request(chat("at 2026-11-21 09:30")),
            "normalize=['timestamps']",
        ),
        (
            request(chat("id 00000000-0000-0000-0000-000000000001")),
            request(chat("id 00000000-0000-0000-0000-000000000002")),
            "normalize=['uuids']",
        ),
    ],
)
def test_what_to_type_fits_the_difference(before, now, hint):
    lines = explained(now, before).splitlines()

    assert [line.partition(": ")[2] for line in lines if "does not matter" in line] == ([hint] if hint else [])


def test_difference_is_told_as_it_is_compared():
    asked, before = request(chat("b"), url="http://other/"), request(chat("a"))

    text = explained(asked, before, parts=check_parts(["path", "body"]), ignore=(("model",),))

    assert "host" not in text


def test_report_has_at_most_40_lines():
    long = {"messages": [{"role": "user", "content": f"{n} " * 500} for n in range(99)]}
    other = {"messages": [{"role": "user", "content": f"{n + 1} " * 500} for n in range(99)], "x": list(range(999))}
    requests = [request(json.dumps({**long, "n": n}).encode()) for n in range(40)]

    assert len(explained(request(json.dumps(other).encode()), *requests).splitlines()) <= 40
