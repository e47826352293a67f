from itertools import pairwise
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fakellm._dialects.chat.say import DONE
from fakellm._wire.sse import EventEnds, ServerSentEvent, SSEDecoder, encode_event

# (events, bytes): read from the bytes, and written as them.
BOTH_WAYS = [
    ((b"{}", None), b"data: {}\n\n"),
    ((b'{"a": 1}', "response.created"), b'event: response.created\ndata: {"a": 1}\n\n'),
    ((b"", None), b"data: \n\n"),
    (("日本 \u2028 😀".encode(), None), b"data: \xe6\x97\xa5\xe6\x9c\xac \xe2\x80\xa8 \xf0\x9f\x98\x80\n\n"),
    ((b"[DONE]", None), DONE),
]

# Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, sections 9.2.5 and 9.2.6.
READ = {
    "LF": (b"data: a\n\n", [("a", "message")]),
    "CRLF": (b"data: a\r\n\r\n", [("a", "message")]),
    "CR": (b"data: a\r\r", [("a", "message")]),
    "mixed line ends": (b"data: a\rdata: b\r\ndata: c\n\r", [("a\nb\nc", "message")]),
    "several data lines": (b"data: YHOO\ndata: +2\ndata: 10\n\n", [("YHOO\n+2\n10", "message")]),
    "no space": (b"data:a\n\n", [("a", "message")]),
    "only one space removed": (b"data:  a \n\n", [(" a ", "message")]),
    "colon in value": (b"data: a: b:c\n\n", [("a: b:c", "message")]),
    "no colon": (b"data\n\ndata\ndata\n\ndata:", [("", "message"), ("\n", "message")]),
    "comments": (b": PROCESSING\n\n:\n\ndata: a\n: x\n\n", [("a", "message")]),
    "event": (b"event: error\ndata: a\n\ndata: b\n\n", [("a", "error"), ("b", "message")]),
    "last event name counts": (b"event: a\nevent: b\ndata: x\n\n", [("x", "b")]),
    "empty event name": (b"event:\ndata: x\n\n", [("x", "message")]),
    "event without data": (b"event: error\n\ndata: a\n\n", [("a", "message")]),
    "id and retry": (b"id: 1\nretry: 100\ndata: a\n\n", [("a", "message")]),
    "unknown fields": (b"Data: x\n data: y\ndatas: z\ndata: a\n\n", [("a", "message")]),
    "BOM": (b"\xef\xbb\xbfdata: a\n\n", [("a", "message")]),
    "second BOM": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [("b", "message")]),
    "BOM in data": (b"data: \xef\xbb\xbfa\n\n", [("\ufeffa", "message")]),
    "unfinished event": (b"data: a\n\ndata: b\n", [("a", "message")]),
    "blank lines": (b"\n\n\r\n\rdata: a\n\n\n\n", [("a", "message")]),
    "no UTF-8": (b"data: \xff\xc3\n\n", [("\ufffd\ufffd", "message")]),
    "line separators of Unicode": ("data: a\u2028b\x85c\x0cd\n\n".encode(), [("a\u2028b\x85c\x0cd", "message")]),
    "NUL": (b"data: a\x00b\n\n", [("a\x00b", "message")]),
    "nothing": (b"", []),
}

lines = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12)


@st.composite
def streams(draw):
    """The text of a stream whose events all have data; without a BOM, id and retry."""
    text = ""
    for _ in range(draw(st.integers(0, 4))):
        fields = [f"data:{draw(lines)}", *draw(st.lists(st.builds(": {}".format, lines), max_size=2))]
        fields += draw(st.lists(st.builds("event: {}".format, lines), max_size=1))
        for field in [*draw(st.permutations(fields)), ""]:
            text += field + draw(st.sampled_from(["\n", "\r\n", "\r"]))
    return text


def decode(*parts):
    decoder = SSEDecoder()
    return [event for part in parts for event in decoder.feed(part)]


@pytest.mark.parametrize(("event", "data"), BOTH_WAYS)
def test_event_is_written_as_these_bytes(event, data):
    assert encode_event(event[0], event=event[1]) == data


@pytest.mark.parametrize(("event", "data"), BOTH_WAYS)
def test_written_event_is_read_back(event, data):
    assert decode(data) == [ServerSentEvent(event[0].decode(), event[1] or "message")]


@pytest.mark.parametrize(("data", "events"), READ.values(), ids=READ)
def test_stream_is_read_as_the_standard_says(data, events):
    assert [(event.data, event.event) for event in decode(data)] == events


@pytest.mark.parametrize(("data", "events"), READ.values(), ids=READ)
def test_stream_cut_at_every_byte_gives_the_same_events(data, events):
    for cut in range(len(data) + 1):
        assert [(event.data, event.event) for event in decode(data[:cut], data[cut:])] == events


@pytest.mark.parametrize(("data", "events"), READ.values(), ids=READ)
def test_stream_fed_bytewise_gives_the_same_events(data, events):
    assert [(e.data, e.event) for e in decode(*(data[n : n + 1] for n in range(len(data))))] == events


@given(data=st.one_of(streams().map(str.encode), st.binary(max_size=60)), cuts=st.lists(st.integers(0, 60), max_size=5))
@example(data=b"data: a\r\n\r\n", cuts=[8, 8, 9, 10])
@settings(max_examples=150, deadline=None)
def test_cuts_change_no_event(data, cuts):
    places = [0, *sorted(cuts), len(data)]

    events = decode(*(data[start:end] for start, end in pairwise(places)))

    assert events == decode(data)


@given(text=streams())
@settings(max_examples=150, deadline=None)
def test_events_are_those_of_httpx_sse(text):
    oracle = pytest.importorskip("httpx_sse._decoders")
    splitter, reader = oracle.SSELineDecoder(), oracle.SSEDecoder()
    lines = [*splitter.decode(text), *splitter.flush()] if text else []
    expected = [event for line in lines if (event := reader.decode(line)) is not None]

    found = decode(text.encode())

    # Its name for an event without one is empty until it is dispatched.
    assert [(e.event, e.data) for e in found] == [(e.event or "message", e.data) for e in expected]


@pytest.mark.parametrize(
    ("data", "is_pending"),
    [
        (b"", False),
        (b"data: a\n\n", False),
        (b"data: a\n", True),
        (b"data: a", True),
        (b"d", True),
        (b"event: x\n", True),
        (b"data: a\n\n\xf0\x9f", True),
        (b"data: a\r\r", False),
    ],
)
def test_pending_tells_a_stream_that_was_cut(data, is_pending):
    decoder = SSEDecoder()

    decoder.feed(data)

    assert decoder.pending is is_pending


def test_line_feed_after_a_cut_carriage_return_is_no_line():
    decoder = SSEDecoder()
    decoder.feed(b"data: a\r\n\r")

    decoder.feed(b"\n")

    assert not decoder.pending


ENDS = {
    "LF": (b"data: a\n\ndata: b\n\n", [9, 18]),
    "CRLF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [11, 22]),
    "CR": (b"data: a\r\rdata: b\r\r", [9, 18]),
    "several data lines": (b"data: a\ndata: b\n\n", [17]),
    "comment": (b": x\n\ndata: a\n\n", [14]),
    "comment inside": (b"data: a\n: x\n\n", [13]),
    "blank lines": (b"\n\n\ndata: a\n\n\n", [12]),
    "unfinished": (b"data: a\n\ndata: b\n", [9]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("data", "ends"), ENDS.values(), ids=ENDS)
def test_ends_of_events_are_found(data, ends):
    assert EventEnds().feed(data) == ends


@pytest.mark.parametrize(("data", "ends"), ENDS.values(), ids=ENDS)
def test_ends_are_found_one_byte_at_a_time(data, ends):
    search = EventEnds()

    found = [n + end for n in range(len(data)) for end in search.feed(data[n : n + 1])]

    # A lone CR may be half of a CR LF, whose event it ends already.
    assert found == [end - 1 if data[end - 2 : end] == b"\r\n" else end for end in ends]


def test_line_feed_that_follows_a_carriage_return_belongs_to_it():
    search = EventEnds()

    assert (search.feed(b"data: a\r\n\r"), search.feed(b""), search.feed(b"\ndata: b\r\n\r\n")) == ([10], [], [12])


@given(streams())
@settings(max_examples=60, deadline=None)
def test_there_are_as_many_ends_as_events(text):
    assert len(EventEnds().feed(text.encode())) == len(SSEDecoder().feed(text.encode()))


@given(streams(), st.data())
@settings(max_examples=60, deadline=None)
def test_ends_are_the_same_behind_bytes_that_were_skipped(text, data):
    body = text.encode()
    cut = data.draw(st.integers(0, len(body)))
    skipping, feeding = EventEnds(), EventEnds()

    skipping.skip(body[:cut])
    feeding.feed(body[:cut])

    assert skipping.feed(body[cut:]) == feeding.feed(body[cut:])


LONG = b"data: " + b"x" * 4_000_000
CUT_LINES = b"".join(b"data: %d\r" % number for number in range(100_000))


@pytest.mark.parametrize(
    ("data", "size", "count"),
    [
        (LONG + b"\n\n", 256, 1),
        (LONG + b"\r\r", 256, 1),
        (LONG, 256, 0),
        (CUT_LINES, 9, 0),
        (b": ping\n" * 150_000, 7, 0),
    ],
    ids=["long event", "ends in CR", "no end", "CR at the end of each part", "comments without end"],
)
def test_each_byte_is_looked_at_once(data, size, count):
    """Looking at all that is kept for each part that comes takes 10 to 100 times the seconds allowed."""
    parts = [data[place : place + size] for place in range(0, len(data), size)]
    began = process_time()

    events = decode(*parts)

    assert process_time() - began < 2
    assert len(events) == count


@pytest.mark.parametrize(
    ("data", "size"), [(b"", 0), (b"data: a\n\n", 0), (b"data: a\n\ndata: bc", 8), (b"x" * 99, 99)]
)
def test_pending_size_is_that_of_the_event_that_has_not_ended(data, size):
    decoder = SSEDecoder()

    decoder.feed(data)

    assert decoder.pending_size == size
