"""Recorded answers are played as they came, or cut and timed otherwise."""

import pytest

from fakellm._cassette.interaction import Interaction, RecordedResponse, Trace
from fakellm._cassette.playing import check_playing, play
from fakellm._errors import UsageError
from fakellm._wire.events import Data, Disconnect, Head, Wait, WireRequest

SSE = (("content-type", "text/event-stream; charset=utf-8"),)
JSON = (("content-type", "application/json"),)
STREAM = b": hi\n\ndata: a\n\ndata: bc\n\ndata: [DONE]\n\n"


def played(body, *, headers=SSE, chunking="event", timing="none", chunks=(), cut=False):
    request = WireRequest("POST", "https://h/", {}, b"")
    interaction = Interaction(1, None, request, RecordedResponse(200, "", headers, body), Trace("", chunks, cut))
    return list(play(interaction, check_playing(chunking, timing)))


def pieces(*args, **kwargs):
    return [(event.data, event.chunks) for event in played(*args, **kwargs) if isinstance(event, Data)]


def test_stream_is_played_event_by_event():
    body = b": hello\n\ndata: a\r\n\r\ndata: b\ndata: c\n\n\ndata: cut"

    assert [data for data, _ in pieces(body)] == [
        b": hello\n\n",
        b"data: a\r\n\r\n",
        b"data: b\ndata: c\n\n",
        b"\n",
        b"data: cut",
    ]


def test_comments_and_the_end_of_a_stream_are_no_chunks():
    body = b": hello\n\ndata: a\n\n: x\ndata: b\n\nevent: c\ndata: c\n\ndata: [DONE]\n\n"

    assert [chunks for _, chunks in pieces(body)] == [0, 1, 1, 1, 0]


def test_stream_that_ends_with_a_blank_line_has_no_rest():
    assert played(b"data: a\n\n") == [Head(200, SSE), Data(b"data: a\n\n")]


def test_lines_may_end_with_a_carriage_return():
    assert [data for data, _ in pieces(b"data: a\r\rdata: b\r\r")] == [b"data: a\r\r", b"data: b\r\r"]


def test_other_body_is_played_in_one_piece():
    assert played(b"a\n\nb", headers=JSON) == [Head(200, JSON), Data(b"a\n\nb")]


@pytest.mark.parametrize(
    ("chunking", "expected"),
    [
        ("one", [(STREAM, 2)]),
        (16, [(STREAM[:16], 1), (STREAM[16:32], 1), (STREAM[32:], 0)]),
        (100, [(STREAM, 2)]),
        ("recorded", [(STREAM[:10], 0), (STREAM[10:30], 2), (STREAM[30:], 0)]),
    ],
)
def test_stream_is_cut_as_asked(chunking, expected):
    assert pieces(STREAM, chunking=chunking, chunks=((0.1, 10), (0.2, 20), (0.0, 10))) == expected


def test_body_that_is_no_stream_is_cut_as_well():
    assert [data for data, _ in pieces(b"abcdef", headers=JSON, chunking=4)] == [b"abcd", b"ef"]


def test_recording_without_pieces_is_played_event_by_event():
    assert pieces(STREAM, chunking="recorded") == pieces(STREAM)


@pytest.mark.parametrize("chunks", [((0, 10), (0, 99)), ((0, 10), (0, 0)), ((0, 10),)])
def test_pieces_that_do_not_add_up_lose_nothing(chunks):
    assert [data for data, _ in pieces(STREAM, chunking="recorded", chunks=chunks)] == [STREAM[:10], STREAM[10:]]


def test_recorded_times_of_a_stream_follow_its_head():
    events = played(STREAM, chunking="recorded", timing="recorded", chunks=((0.25, 15), (0.0, 10), (0.5, 99)))

    assert events == [
        Head(200, SSE),
        Wait(0.25),
        Data(STREAM[:15], 1),
        Data(STREAM[15:25], 1),
        Wait(0.5),
        Data(STREAM[25:], 0),
    ]


def test_event_comes_when_its_last_byte_had_come():
    events = played(STREAM, timing="recorded", chunks=((0.25, 20), (0.5, 1), (0.25, 20)))

    assert [event.seconds if isinstance(event, Wait) else event.data for event in events[1:]] == [
        0.25,
        b": hi\n\n",
        b"data: a\n\n",
        0.75,
        b"data: bc\n\n",
        b"data: [DONE]\n\n",
    ]


def test_recorded_time_of_another_body_comes_before_its_head():
    events = played(b"abcd", headers=JSON, timing="recorded", chunks=((0.5, 2), (0.25, 2)))

    assert events == [Wait(0.75), Head(200, JSON), Data(b"abcd")]


def test_times_are_multiplied():
    assert played(b"ab", headers=JSON, timing=0.5, chunks=((3.0, 2),))[0] == Wait(1.5)


def test_recording_without_times_is_played_at_once():
    assert played(STREAM, timing="recorded") == played(STREAM)


def test_stream_that_was_cut_ends_in_a_disconnect():
    assert played(b"data: a\n\ndata: b", cut=True) == [
        Head(200, SSE),
        Data(b"data: a\n\n"),
        Data(b"data: b"),
        Disconnect(),
    ]


@pytest.mark.parametrize("chunking", ["events", 0, -1, True, 1.5, None])
def test_unknown_chunking_is_refused(chunking):
    with pytest.raises(UsageError) as caught:
        check_playing(chunking, "none")

    assert str(caught.value) == (
        f"chunking= takes 'recorded', 'event', 'one' or a number of bytes, 1 or more; got {chunking!r}"
    )


@pytest.mark.parametrize("timing", ["real", -1, True, None, float("nan")])
def test_unknown_timing_is_refused(timing):
    with pytest.raises(UsageError) as caught:
        check_playing("event", timing)

    assert str(caught.value) == (
        f"timing= takes 'none', 'recorded' or what to multiply the recorded by; got {timing!r}"
    )
