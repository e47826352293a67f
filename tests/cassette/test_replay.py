"""A recording as a source of answers: what it claims, gives, and says where it has nothing."""

import pytest

from fakellm import faults
from fakellm._cassette.interaction import Interaction, RecordedResponse
from fakellm._cassette.replay import Recording
from fakellm._cassette.settings import make_settings
from fakellm._dialects.table import DIALECTS
from fakellm._script.reply import ErrorReply
from fakellm._wire.events import Data, Head, WireRequest

URL = "https://api.openai.com/v1/chat/completions"


def take(source, request):
    return source.take(request, lambda: DIALECTS.speaker(request))


def request(question, url=URL):
    return WireRequest("POST", url, {}, f'{{"q": "{question}"}}'.encode())


def recording(*questions, url=URL, **settings):
    interactions = [
        Interaction(n, n * 10, request(question, url), RecordedResponse(200, "", (), b"%d" % n))
        for n, question in enumerate(questions, 1)
    ]
    return Recording(interactions, path="session.yaml", settings=make_settings(**settings))


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
    assert recording("a").claims(host, None) is claimed


def test_loopback_host_that_the_file_knows_is_claimed():
    source = recording("a", url="http://127.0.0.1:4010/v1")

    assert [source.claims("127.0.0.1", port) for port in (4010, 4011, None)] == [True, False, False]


@pytest.mark.parametrize("url", ["http://localhost/v1", "http://localhost:80/v1", "https://localhost:443/v1"])
def test_usual_port_of_a_loopback_host_may_be_left_out(url):
    source = recording("a", url=url)

    assert [source.claims("localhost", port) for port in (None, 8080)] == [True, False]


def test_port_does_not_count_where_requests_are_found_without_it():
    source = recording("a", url="http://127.0.0.1:4010/v1", match=["host", "path"])

    assert [source.claims(host, 5000) for host in ("127.0.0.1", "localhost")] == [True, False]


def test_response_is_taken_once():
    source = recording("a", "b")

    assert [take(source, request(q)) and take(source, request(q)) for q in "ab"] == [None, None]


def test_response_of_an_equal_request_is_given():
    assert take(recording("a", "b"), request("b")).body == b"2"


def test_what_was_not_taken_is_unplayed():
    source = recording("a", "b")

    take(source, request("a"))

    assert [one.number for one in source.unplayed] == [2]


def taken(source, question):
    """Return (status, body) of the next answer."""
    found = take(source, request(question))
    return found and (found.status, found.body)


def test_fault_comes_before_the_recorded_answer():
    source = recording("a", "b")
    source.inject(2, faults.read_timeout(), times=2)

    found = [take(source, request("b")) for _ in range(4)]

    assert [one and repr(one.fault) for one in found] == ["read_timeout()", "read_timeout()", "None", None]


def test_error_comes_before_the_recorded_answer():
    source = recording("a")
    source.inject(1, ErrorReply(429, message="slow down"), times=1)

    first, second = take(source, request("a")), take(source, request("a"))

    assert (first.status, second.status) == (429, 200)
    assert first.body == (
        b'{\n  "error": {\n    "message": "slow down",\n    "type": "requests",\n    "param": null,\n'
        b'    "code": "rate_limit_exceeded"\n  }\n}'
    )


def test_error_that_is_injected_is_retried_at_once():
    source = recording("a")
    source.inject(1, ErrorReply(500), times=1)

    head, data = take(source, request("a")).events()

    assert (head.is_retried_at_once, dict(head.headers)["x-request-id"]) == (True, "req_fakellm_1")
    assert isinstance(data, Data)


@pytest.mark.parametrize(
    ("host", "body"),
    [
        ("openrouter.ai", b'{\n  "error": {\n    "message": "no",\n    "code": 429\n  }\n}'),
        ("gw.test", b'{\n  "error": {\n    "message": "no",\n    "type": "requests",\n    "param": null,\n'
                    b'    "code": "rate_limit_exceeded"\n  }\n}'),
    ],
)  # fmt: skip
def test_injected_error_is_in_the_envelope_of_the_provider(host, body):
    url = f"https://{host}/api/v1/chat/completions"
    source = recording("a", url=url)
    source.inject(1, ErrorReply(429, message="no"), times=1)

    assert take(source, request("a", url)).body == body


def test_injected_error_names_the_model_asked_for():
    asked = WireRequest("POST", URL, {}, b'{"model": "o9-nano"}')
    source = Recording([Interaction(1, 10, asked, RecordedResponse(200, "", (), b""))], path="session.yaml")
    source.inject(1, ErrorReply.model_not_found(), times=1)

    assert b"The model `o9-nano` does not exist" in take(source, asked).body


@pytest.mark.parametrize("body", [b"no JSON", b"[1]", b"", b"{}"])
def test_injected_error_needs_no_model(body):
    asked = WireRequest("POST", URL, {}, body)
    source = Recording([Interaction(1, 10, asked, RecordedResponse(200, "", (), b""))], path="session.yaml")
    source.inject(1, ErrorReply.model_not_found(), times=1)

    assert b"The model `gpt-x` does not exist" in take(source, asked).body


def test_injected_fault_speaks_as_the_provider():
    url = "https://openrouter.ai/api/v1/chat/completions"
    source = recording("a", url=url)
    source.inject(1, faults.error_event(error=ErrorReply(429, message="no")), times=1)
    broken = take(source, request("a", url))

    pieces = [event.data for event in broken.fault(iter(broken.events())) if isinstance(event, Data)]

    assert b"".join(pieces) == b'{"error":{"message":"no","code":429}}'


def test_interaction_that_was_broken_counts_as_played():
    source = recording("a", "b")
    source.inject(1, faults.connect_error(), times=1)

    take(source, request("a"))

    assert [one.number for one in source.unplayed] == [2]


def test_answer_in_whose_place_a_rule_stood_is_there_and_not_missing():
    source = recording("a", "b")

    source.excuse(request("a"))
    source.excuse(request("c"))

    assert [one.number for one in source.unplayed] == [2]
    assert taken(source, "a") == (200, b"1")


def test_rewound_recording_has_all_answers_and_no_faults():
    source = recording("a")
    source.inject(1, faults.connect_error(), times=3)
    take(source, request("a"))

    source.rewind()

    assert [one.number for one in source.unplayed] == [1]
    assert take(source, request("a")).fault is None


def test_answers_are_played_in_the_manner_of_the_settings():
    found = take(recording("a", chunking=1), request("a"))

    assert list(found.events()) == [Head(200, ()), Data(b"1")]


def test_miss_is_explained():
    assert recording("Paris").explain(request("Rome")).startswith("  session.yaml holds no such request; recording is")
