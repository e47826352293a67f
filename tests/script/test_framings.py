import pytest

from fakellm import Reply, UsageError, framings
from fakellm._dialects.chat.say import DONE
from fakellm._wire.events import Data, Disconnect, Head, Wait

STREAM = Head(200, (("content-type", "text/event-stream"),))
WHOLE = Head(200, (("content-type", "application/json"),))
RAIN = 'data: {"a": "Zü, \\"x\\""}\n\n'.encode()
SUN = b'data: {"b": [1, 2]}\n\n'
END = Data(DONE, chunks=0)

ALL = [
    framings.per_event(),
    framings.one_block(),
    framings.bytewise(),
    framings.split_utf8(),
    framings.crlf(),
    framings.multi_line_data(),
    framings.comments(),
    framings.bom(),
    framings.recorded([66, 14]),
    framings.recorded([(0.21, 66), (0.035, 14)]),
]


def framed(framing, *events):
    """What a framing makes of the body of a stream."""
    head, *body = framing(iter([STREAM, *(events or (Data(RAIN), Data(SUN), END))]))
    assert head == STREAM
    return body


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (framings.per_event(), [Data(RAIN), Data(SUN), END]),
        (framings.one_block(), [Data(RAIN + SUN + DONE, 2)]),
        (framings.split_utf8(), [Data(RAIN[:15], 0), Data(RAIN[15:], 1), Data(SUN), END]),
        (framings.crlf(), [
            Data('data: {"a": "Zü, \\"x\\""}\r\n\r\n'.encode()),
            Data(b'data: {"b": [1, 2]}\r\n\r\n'),
            Data(b"data: [DONE]\r\n\r\n", 0),
        ]),
        (framings.multi_line_data(), [Data(RAIN), Data(b'data: {"b": [1,\ndata:  2]}\n\n'), END]),
        (framings.comments(), [
            Data(b": keep-alive\n\n", 0), Data(RAIN),
            Data(b": keep-alive\n\n", 0), Data(SUN),
            Data(b": keep-alive\n\n", 0), END,
        ]),
        (framings.bom(), [Data(b"\xef\xbb\xbf" + RAIN), Data(SUN), END]),
        (framings.recorded([10, 20]), [Data(RAIN[:10], 0), Data(RAIN[10:] + SUN[:3], 1), Data(SUN[3:] + DONE, 1)]),
        (framings.recorded([(0.5, 10), (0, 999)]), [Wait(0.5), Data(RAIN[:10], 0), Data(RAIN[10:] + SUN + DONE, 2)]),
        (framings.recorded([]), [Data(RAIN + SUN + DONE, 2)]),
    ],
    ids=lambda value: getattr(value, "name", "body"),
)  # fmt: skip
def test_stream_is_cut_so(framing, body):
    assert framed(framing) == body


def test_bytes_come_one_at_a_time_and_the_last_ends_the_chunk():
    body = framed(framings.bytewise())

    assert b"".join(data.data for data in body) == RAIN + SUN + DONE
    assert {len(data.data) for data in body} == {1}
    assert [n for n, data in enumerate(body, 1) if data.chunks] == [len(RAIN), len(RAIN + SUN)]


@pytest.mark.parametrize("framing", ALL, ids=repr)
def test_what_is_no_stream_passes(framing):
    events = [Wait(1), WHOLE, Data("Zü\n".encode())]

    assert list(framing(iter(events))) == events


@pytest.mark.parametrize("framing", ALL, ids=repr)
@pytest.mark.parametrize("events", [[], [Wait(1)], [Disconnect()]])
def test_what_never_starts_passes(framing, events):
    assert list(framing(iter(events))) == events


@pytest.mark.parametrize("framing", ALL, ids=repr)
def test_stream_without_a_body_has_none(framing):
    assert list(framing(iter([STREAM]))) == [STREAM]


@pytest.mark.parametrize("framing", [framings.one_block(), framings.recorded([9999, 5])], ids=repr)
def test_pieces_are_not_joined_over_a_pause(framing):
    events = [Data(RAIN), Wait(1), Data(SUN), END, Disconnect()]

    assert framed(framing, *events) in (
        [Data(RAIN), Wait(1), Data(SUN + DONE, 1), Disconnect()],
        [Data(RAIN), Wait(1), Data(SUN[:5], 0), Data(SUN[5:] + DONE, 1), Disconnect()],
    )


@pytest.mark.parametrize("framing", ALL, ids=repr)
def test_pauses_and_ends_are_kept(framing):
    body = framed(framing, Data(RAIN), Wait(7), Data(SUN), Disconnect())

    assert Wait(7) in body
    assert body[-1] == Disconnect()


def test_recording_longer_than_the_stream_is_used_as_far_as_it_goes():
    assert framed(framings.recorded([4, 999, 999]), Data(SUN)) == [Data(SUN[:4], 0), Data(SUN[4:], 1)]


def test_framing_that_is_none_is_a_usage_error():
    with pytest.raises(UsageError) as caught:
        Reply("a", framing="crlf")

    assert str(caught.value) == "Reply framing is one of fakellm.framings, such as framings.crlf(); got 'crlf'"


@pytest.mark.parametrize("chunks", [[0], [True], [1.5], ["66"], [(1,)], [(-1, 5)], [(1, 2, 3)], [(0.1, 0)], 66.5, "ab"])
def test_sizes_that_are_none_are_a_usage_error(chunks):
    with pytest.raises(UsageError, match=r"recorded\(chunks\) takes byte counts, 1 or more, or pairs"):
        framings.recorded(chunks)


def test_message_of_wrong_sizes_says_what_to_type():
    with pytest.raises(UsageError) as caught:
        framings.recorded([66, 0])

    assert str(caught.value) == (
        "recorded(chunks) takes byte counts, 1 or more, or pairs (seconds, byte count): "
        "recorded([66, 14]) or recorded([(0.21, 66), (0.035, 14)]); got 0"
    )


@pytest.mark.parametrize("framing", ALL, ids=repr)
def test_framing_is_named_as_it_is_typed(framing):
    assert repr(framing) == framing.name
    assert repr(eval(f"framings.{framing.name}")) == framing.name
