"""What a fault does to a client in the process is what the same bytes do on a real socket."""

from __future__ import annotations

import re
import sys

import pytest
from engines import scripted
from loopback import PATH, never_accepting, refusing, serving

from fakellm import MockClock, Reply, faults, framings

QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is the weather in Paris?"}]}

# Fault, what happens to a stream, what happens to a plain answer; see ``ways.Errors``.
FAULTS = [
    (faults.read_timeout(), "silent", "silent"),
    (faults.drop(after=0), "dropped", "dropped"),
    (faults.drop(after=2), "cut", "cut"),
    (faults.drop(after=99), "dropped", "cut"),
    (faults.drop_at(0), "cut", "cut"),
    (faults.drop_at(100), "cut", "cut"),
    (faults.drop_at(99999), "cut", None),
    (faults.truncate(0), None, "cut"),
    (faults.truncate(100), None, "cut"),
    (faults.truncate(99999), None, None),
    (faults.stall(30), "silent", "silent"),
    (faults.stall(30, after=2), "silent_in_body", "silent_in_body"),
    (faults.stall(0.01, after=2), None, None),
    (faults.malformed_json(), None, None),
    (faults.malformed_json(after=2), None, None),
    (faults.malformed_sse(after=2), None, None),
    (faults.bad_chunk(after=2), None, None),
    (faults.error_event(after=2), None, None),
    (faults.html_page(), None, None),
    (faults.wrong_content_type(), None, None),
    (faults.empty_body(), None, None),
    (faults.no_done(), None, None),
]


PATIENCE = 0.2  # seconds really waited where a timeout is expected, enough for a busy machine to send a head


def outcome(way, url, *, stream=True, transport, timeout):
    """The exception (its class, and the text of those that are no timeout), and the bytes before it."""
    parts: list[bytes] = []
    try:
        way.stream(url, {**QUESTION, "stream": stream}, parts.append, transport=transport, timeout=timeout)
    except tuple(way.errors) as err:
        text = re.sub(r"port=\d+", "", str(err))
        return type(err), "" if TIMED_OUT.search(text) else text, b"".join(parts)
    return None, "", b"".join(parts)


TIMED_OUT = re.compile("time", re.IGNORECASE)  # where a timeout is told in other words


def played(way, reply, **kwargs):
    transport = way.playing(scripted(reply), MockClock())
    return outcome(way, f"http://127.0.0.1{PATH}", transport=transport, **kwargs)


def served(way, reply, **kwargs):
    with serving(scripted(reply)) as url:
        return outcome(way, url, transport=way.network(), **kwargs)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(("fault", "in_stream", "in_whole"), FAULTS, ids=[repr(fault) for fault, *_ in FAULTS])
def test_fault_is_the_same_as_on_a_socket(way, fault, in_stream, in_whole, stream):
    reply, expected = Reply("Rain in Paris", fault=fault), in_stream if stream else in_whole
    options = {"stream": stream, "timeout": PATIENCE if expected in ("silent", "silent_in_body") else 30}

    here, there = played(way, reply, **options), served(way, reply, **options)

    assert here == there
    assert here[0] is (expected and getattr(way.errors, expected))


def test_refused_connection_is_the_same_as_on_a_socket(way):
    with refusing() as url:
        error, _, body = outcome(way, url, transport=way.network(), timeout=30)

    assert (error, body) == (way.errors.refused, b"")
    assert played(way, Reply("Rain.", fault=faults.connect_error()), timeout=30)[0] is way.errors.refused


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
def test_connection_that_is_never_taken_is_the_same_as_on_a_socket(way):
    with never_accepting() as url:
        error, _, body = outcome(way, url, transport=way.network(), timeout=PATIENCE)

    assert (error, body) == (way.errors.never_taken, b"")
    assert played(way, Reply("Rain.", fault=faults.connect_timeout()), timeout=30)[0] is way.errors.never_taken


@pytest.mark.parametrize("framing", [framings.bytewise(), framings.crlf(), framings.one_block()], ids=repr)
def test_framed_stream_is_the_same_as_on_a_socket(way, framing):
    reply = Reply("Regen in Zürich", framing=framing, fault=faults.drop(after=3))

    here, there = played(way, reply, timeout=30), served(way, reply, timeout=30)

    assert here == there
    assert here[0] is way.errors.cut


def test_status_and_type_of_a_page_are_the_same_as_on_a_socket(way):
    with serving(scripted(Reply("Rain.", fault=faults.html_page(503)))) as url:
        response = way.post(url, QUESTION, transport=way.network())

    assert (response.status_code, response.headers["content-type"]) == (503, "text/html")
