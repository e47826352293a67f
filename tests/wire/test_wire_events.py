import pytest

from fakellm._wire.events import (
    Data,
    Disconnect,
    Head,
    RequestHeaders,
    Wait,
    Whole,
    WireRequest,
    in_one_piece,
    shown_url,
)


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://api.openai.com/v1/chat/completions", "api.openai.com", "/v1/chat/completions"),
        ("https://API.OpenAI.com:443/v1?x=1#top", "api.openai.com", "/v1"),
        ("http://user:secret@localhost:8080/", "localhost", "/"),
        ("http://[::1]:8080/v1", "::1", "/v1"),
        ("https://x.test/a%2Fb/ü", "x.test", "/a%2Fb/ü"),
        ("https://x.test", "x.test", ""),
        ("/v1/chat/completions", "", "/v1/chat/completions"),
        ("http://[/v1", "", "http://[/v1"),
        ("", "", ""),
    ],
)
def test_host_and_path_are_read_from_the_url(url, host, path):
    request = WireRequest("POST", url, {}, b"")

    assert (request.host, request.path) == (host, path)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://x.test/v1/models?alt=sse&key=AIza0#top", "https://x.test/v1/models?alt=sse&key=REDACTED#top"),
        (
            "https://x.test/?api_key=a&api-key=b&pageToken=c",
            "https://x.test/?api_key=REDACTED&api-key=REDACTED&pageToken=c",
        ),
        ("https://x.test/?x%2Dapi%2Dkey=a&key=", "https://x.test/?x%2Dapi%2Dkey=REDACTED&key="),
        ("https://x.test/cb#access_token=a&state=b", "https://x.test/cb#access_token=REDACTED&state=b"),
        ("http://user:pa@ss@localhost:8080/v1", "http://REDACTED@localhost:8080/v1"),
        ("https://x.test/@user?model=gpt-4o", "https://x.test/@user?model=gpt-4o"),
        ("http://[/?key=a", "http://[/?key=REDACTED"),
        ("", ""),
    ],
)
def test_url_is_shown_without_its_secrets(url, shown):
    assert (shown_url(url), WireRequest("GET", url, {}, b"").shown_url) == (shown, shown)


def test_request_is_printed_without_its_secrets():
    request = WireRequest("POST", "https://x.test/v1?key=AIza0", {"x-goog-api-key": "AIza0"}, b'{"api_key": "AIza0"}')

    assert repr(request) == ("<WireRequest POST https://x.test/v1?key=REDACTED, headers ['x-goog-api-key'], 20 bytes>")


def test_headers_are_a_mapping_that_is_printed_without_its_secrets():
    sent = {"x-goog-api-key": "AIza0", "ocp-apim-subscription-key": "a", "x-team": "red"}

    headers = RequestHeaders(sent)

    assert (headers, len(headers), headers["x-goog-api-key"], headers.get("x")) == (sent, 3, "AIza0", None)
    assert repr(headers) == str(
        {"x-goog-api-key": "REDACTED", "ocp-apim-subscription-key": "REDACTED", "x-team": "red"}
    )


@pytest.mark.parametrize(
    ("headers", "is_stream"),
    [
        ([("content-type", "text/event-stream")], True),
        ([("x-a", "b"), ("content-type", "text/event-stream; charset=utf-8")], True),
        ([("content-type", "application/json")], False),
        ([("x-note", "text/event-stream")], False),
        ([], False),
    ],
)
def test_content_type_tells_a_stream(headers, is_stream):
    assert Head(200, tuple(headers)).is_stream is is_stream


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ([("content-length", "12")], 12),
        ([("content-type", "text/plain"), ("content-length", "0")], 0),
        ([("content-length", "-1")], None),
        ([("content-length", "٣")], None),
        ([], None),
    ],
)
def test_headers_tell_the_length_of_the_body(headers, length):
    assert Head(200, tuple(headers)).content_length == length


HEAD = Head(200, ())


def test_head_and_data_are_an_answer_in_one_piece():
    events = [HEAD, Data(b"a"), Data(b": comment", chunks=0), Data(b"bc", chunks=2)]

    whole = in_one_piece(iter(events))

    assert whole == Whole(HEAD, (b"a", b": comment", b"bc"), (1, 0, 2))
    assert list(whole) == events
    assert in_one_piece(whole) is whole


@pytest.mark.parametrize(
    "events", [[], [Data(b"a")], [Data(b"a"), HEAD], [HEAD, HEAD], [HEAD, Wait(1)], [HEAD, Data(b"a"), Disconnect()]]
)
def test_other_events_stay_as_they_are(events):
    assert in_one_piece(iter(events)) == events
