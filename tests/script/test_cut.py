import pytest

from fakellm._script.cut import Cutter, to_byte, to_chunk, to_half, to_head
from fakellm._wire.events import Data, Disconnect, Head, Wait

STREAM = Head(200, (("content-type", "text/event-stream"),))
ONE, TWO, DONE = b"data: 1\n\n", b"data: 2\n\n", b"data: [DONE]\n\n"


def split(cut):
    """What a cut yields, and what it returns."""
    before = []
    while True:
        try:
            before.append(next(cut))
        except StopIteration as stop:
            return before, list(stop.value)


def test_head_is_returned_and_not_yielded():
    events = iter([Wait(1), STREAM, Data(ONE)])
    cut = to_head(events)

    assert next(cut) == Wait(1)
    with pytest.raises(StopIteration) as stopped:
        next(cut)
    assert (stopped.value.value, list(events)) == (STREAM, [Data(ONE)])


def test_events_without_a_head_pass():
    cut = to_head(iter([Disconnect()]))

    assert list(cut) == [Disconnect()]


@pytest.mark.parametrize(
    ("events", "wanted", "before", "behind"),
    [
        ([Data(ONE), Data(TWO)], 0, [], [Data(ONE), Data(TWO)]),
        ([Data(ONE), Data(TWO)], 1, [Data(ONE)], [Data(TWO)]),
        ([Data(ONE), Wait(1), Data(TWO)], 1, [Data(ONE)], [Wait(1), Data(TWO)]),
        ([Data(ONE), Data(TWO)], 3, [Data(ONE), Data(TWO)], []),
        ([Data(ONE + TWO + DONE, 2)], 1, [Data(ONE, 1)], [Data(TWO + DONE, 1)]),
        ([Data(ONE + TWO + DONE, 2)], 2, [Data(ONE + TWO, 2)], [Data(DONE, 0)]),
        ([Data(b"dat", 0), Data(b"a: 1\n\ndata", 1), Data(b": 2\n\n", 1)], 1,
         [Data(b"dat", 0), Data(b"a: 1\n\n", 1)], [Data(b"data", 0), Data(b": 2\n\n", 1)]),
        ([Data(b"", 1), Data(ONE)], 1, [Data(b"", 1)], [Data(ONE)]),
        ([Data(b"no events", 2), Data(ONE)], 1, [Data(b"no events", 2)], [Data(ONE)]),
    ],
)  # fmt: skip
def test_stream_is_cut_where_a_chunk_ends(events, wanted, before, behind):
    assert split(to_chunk(iter(events), wanted)) == (before, behind)


@pytest.mark.parametrize(
    ("events", "wanted", "before", "behind"),
    [
        ([Data(b"abcd")], 0, [], [Data(b"abcd")]),
        ([Data(b"abcd")], 1, [Data(b"a", 0)], [Data(b"bcd", 1)]),
        ([Data(b"abcd")], 4, [Data(b"abcd")], []),
        ([Data(b"ab", 0), Wait(1), Data(b"cd")], 3, [Data(b"ab", 0), Wait(1), Data(b"c", 0)], [Data(b"d", 1)]),
        ([Data(b"abcd")], 9, [Data(b"abcd")], []),
        ([Data(ONE + TWO, 2)], 12, [Data(ONE + b"dat", 1)], [Data(b"a: 2\n\n", 1)]),
    ],
)
def test_body_is_cut_at_a_byte(events, wanted, before, behind):
    assert split(to_byte(iter(events), wanted)) == (before, behind)


def test_half_of_a_body_counts_all_its_pieces():
    assert split(to_half(iter([Data(b"abc", 0), Data(b"defg")]))) == ([Data(b"abc", 0)], [Data(b"defg")])


def test_pieces_know_which_chunks_end_in_them():
    cutter = Cutter()

    assert cutter.cut(Data(ONE + TWO, 2), [4, 9, 9, 18]) == [Data(b"data", 0), Data(b": 1\n\n", 1), Data(TWO, 1)]
