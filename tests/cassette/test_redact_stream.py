"""Secrets that a stream spells over several events."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakellm._cassette.redact import Redactor
from fakellm._cassette.redact_stream import redact_stream
from fakellm._wire.sse import SSEDecoder

SECRET = "sk-proj-0123456789abcdef"


def stream(*pieces):
    """An event for each piece of an answer, as chat completions stream them."""
    events = [{"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode() + b"data: [DONE]\n\n"


def told(body):
    events = [json.loads(event.data) for event in SSEDecoder().feed(body) if event.data != "[DONE]"]
    return [event["choices"][0]["delta"]["content"] for event in events]


def redacted(body):
    return redact_stream(body, Redactor().text)


def test_secret_in_pieces_is_found():
    body = stream("your key: ", "sk-", "proj-01234", "56789abcdef", " keep it", "!")

    assert told(redacted(body)) == ["your key: ", "REDACTED", "", "", " keep it", "!"]


def test_secret_that_each_event_holds_is_left_to_the_redaction_of_each():
    body = stream(SECRET, SECRET)

    assert redacted(body) is body


def test_text_around_it_in_the_same_events_is_kept():
    body = stream("a sk-pr", "oj-0123456789abc", "def b", " c")

    assert told(redacted(body)) == ["a REDACTED", "", " b", " c"]


def test_arguments_of_a_call_are_joined():
    body = stream('{"pass', 'word": "hun', "ter", '2", "n": 1}')

    assert "".join(told(redacted(body))) == '{"password": "REDACTED", "n": 1}'


def test_stream_without_secrets_is_the_same_object():
    body = stream("hello ", "world", "\ud83d\ude00")

    assert redacted(body) is body


@pytest.mark.parametrize("body", [b"", b"data: {\n\n", b"data: {}\n\ndata: []\n\n", b"\xff", b"text", b'{"a": "b"}'])
def test_any_body_is_taken(body):
    assert redacted(body) == body


@given(st.text(max_size=8), st.lists(st.integers(0, 40), max_size=6), st.text(max_size=8))
def test_secret_cut_anywhere_is_found(before, cuts, after):
    text = f"{before} {SECRET} {after}"
    places = [0, *sorted(place for place in cuts if place < len(text)), len(text)]
    body = stream(*(text[a:b] for a, b in pairwise(places)))

    once = Redactor().body(redacted(body))

    assert "".join(told(once)) == f"{before} REDACTED {after}"
    assert Redactor().body(redacted(once)) == once
