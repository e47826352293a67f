"""A recording as a source of answers: what it claims, gives, and says where it has nothing."""

import pytest

from fakellm._cassette.interaction import Interaction, RecordedResponse
from fakellm._cassette.replay import Recording
from fakellm._wire.events import WireRequest

ALL = ("method", "scheme", "host", "port", "path", "query", "body")
URL = "https://api.openai.com/v1/chat/completions"


def request(question, url=URL):
    return WireRequest("POST", url, {}, f'{{"q": "{question}"}}'.encode())


def recording(*questions, parts=ALL, url=URL, lines=True):
    interactions = [
        Interaction(n, n * 10 if lines else None, request(question, url), RecordedResponse(200, "", (), b"%d" % n))
        for n, question in enumerate(questions, 1)
    ]
    return Recording(interactions, path="session.yaml", parts=parts)


@pytest.mark.parametrize(
    ("host", "claimed"),
    [
        ("api.openai.com", True),
        ("example.org", True),
        ("localhost", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("app.localhost", False),
    ],
)
def test_all_but_unknown_loopback_hosts_are_claimed(host, claimed):
    assert recording("a").claims(host) is claimed


def test_loopback_host_that_the_file_knows_is_claimed():
    assert recording("a", url="http://127.0.0.1:4010/v1").claims("127.0.0.1")


def test_response_is_taken_once():
    source = recording("a", "b")

    assert [source.take(request(q)) and source.take(request(q)) for q in "ab"] == [None, None]


def test_response_of_an_equal_request_is_given():
    assert recording("a", "b").take(request("b")).body == b"2"


def test_what_was_not_taken_is_unplayed():
    source = recording("a", "b")

    source.take(request("a"))

    assert [one.number for one in source.unplayed] == [2]


def test_miss_names_reason_closest_difference_and_rest():
    assert recording("Paris", "Rome").explain(request("Pari")) == (
        "  session.yaml holds no such request\n"
        "  closest is interaction 1 (line 10); it differs in\n"
        '    q: recorded "Paris", sent "Pari"\n'
        "  not played yet: interaction 1, 2 of 2\n"
        "  the request was not sent anywhere\n"
        "  if the change is meant, record again; to look at less of a request: match=['path', 'body']"
    )


def test_miss_names_no_line_where_none_is_known():
    text = recording("Paris", lines=False).explain(request("Pari"))

    assert text.splitlines()[1] == "  closest is interaction 1; it differs in"


def test_request_that_is_used_up_is_told_so():
    source = recording("Paris", "Rome")
    source.take(request("Paris"))

    assert source.explain(request("Paris")) == (
        "  session.yaml holds it, but every recording of it was played already\n"
        "  not played yet: interaction 2 of 2\n"
        "  the request was not sent anywhere"
    )


def test_miss_after_everything_was_played_leaves_nothing():
    source = recording("Paris")
    source.take(request("Paris"))

    assert "  not played yet: nothing\n" in source.explain(request("Rome"))


def test_miss_in_an_empty_file_has_nothing_closest():
    assert recording().explain(request("Paris")) == (
        "  session.yaml holds no such request\n  not played yet: nothing\n  the request was not sent anywhere"
    )


def test_miss_tells_a_difference_in_what_is_matched():
    text = recording("Paris", parts=("method", "body")).explain(request("Rome", "http://127.0.0.1:1/"))

    assert '    q: recorded "Paris", sent "Rome"\n' in text
