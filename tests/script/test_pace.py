import math

import pytest
from chat_wire import asking
from engines import scripted

from fakellm import FakeLLM, Pace, Reply, ToolCall, UsageError, faults, framings
from fakellm._script.pace import paced
from fakellm._wire.events import Disconnect, Head, Wait


def timed(reply, *, stream=True, **options):
    """The events of an answer: "head", seconds of pauses, and for Data how many chunks end in it."""
    events = scripted(reply, **options).handle(asking(stream=stream))
    return ["head" if isinstance(e, Head) else e.seconds if isinstance(e, Wait) else e.chunks for e in events]


# "Rain in Paris" streams as: role, "Rain", " in", " Paris", finish reason, [DONE].
@pytest.mark.parametrize(
    ("pace", "events"),
    [
        (Pace(), ["head", 1, 1, 1, 1, 1, 0]),
        (Pace(ttft=0.5), ["head", 0.5, 1, 1, 1, 1, 1, 0]),
        (Pace(tokens_per_second=50), ["head", 1, 0.02, 1, 0.02, 1, 0.02, 1, 0.02, 1, 0]),
        (Pace(ttft=2, tokens_per_second=4), ["head", 2, 1, 0.25, 1, 0.25, 1, 0.25, 1, 0.25, 1, 0]),
    ],
)
def test_stream_waits_before_its_chunks(pace, events):
    assert timed(Reply("Rain in Paris", pace=pace)) == events


def test_answer_that_is_no_stream_waits_for_all_its_tokens():
    reply = Reply("Rain in Paris", pace=Pace(ttft=1, tokens_per_second=2), usage={"completion_tokens": 8})

    assert timed(reply, stream=False) == [5.0, "head", 1]


@pytest.mark.parametrize("count", [None, "many", -3])
def test_answer_whose_usage_counts_no_tokens_waits_for_the_first(count):
    reply = Reply("Rain", pace=Pace(ttft=1, tokens_per_second=2), usage={"completion_tokens": count})

    assert timed(reply, stream=False) in ([1.0, "head", 1], ["head", 1])


@pytest.mark.parametrize("jitter", [0, 0.5])
def test_answer_that_claims_any_number_of_tokens_waits_for_them(jitter):
    reply = Reply("x", usage={"completion_tokens": 10**9}, pace=Pace(tokens_per_second=10, jitter=jitter))

    wait, *_ = timed(reply, stream=False)

    assert wait == pytest.approx(10**8, rel=0.01)


def test_block_comes_when_its_last_chunk_would():
    reply = Reply("Rain in Paris", pace=Pace(ttft=2, tokens_per_second=4), framing=framings.one_block())

    assert timed(reply) == ["head", 3.0, 5]


def test_pieces_of_a_chunk_come_together():
    reply = Reply("", pace=Pace(ttft=1, tokens_per_second=1), framing=framings.comments())

    assert timed(reply) == ["head", 1, 0, 1, 1.0, 0, 1, 0, 0]


def test_fault_comes_on_top_of_the_pace():
    reply = Reply("Rain in Paris", pace=Pace(ttft=2, tokens_per_second=4), fault=faults.stall(30, after=1))

    assert timed(reply) == ["head", 2, 1, 30, 0.25, 1, 0.25, 1, 0.25, 1, 0.25, 1, 0]


def waits(reply, **options):
    return [
        event.seconds for event in scripted(reply, **options).handle(asking(stream=True)) if isinstance(event, Wait)
    ]


def test_jitter_makes_pauses_longer_and_shorter_within_its_bounds():
    found = waits(Reply("one two three four five six", pace=Pace(ttft=2, tokens_per_second=10, jitter=0.5)))

    assert 1 <= found[0] <= 3
    assert all(0.05 <= seconds <= 0.15 for seconds in found[1:])
    assert min(found[1:]) < 0.1 < max(found[1:])


def test_jitter_is_the_same_on_every_run():
    reply = Reply("a", pace=Pace(ttft=1, tokens_per_second=1, jitter=0.25))

    assert waits(reply) == waits(reply) == [0.9590816111486669, 1.1189725554358383, 0.9693138487187096]


@pytest.mark.parametrize("options", [{"seed": 1}, {"test_id": "test_b"}])
def test_jitter_depends_on_the_fake(options):
    reply = Reply("a", pace=Pace(ttft=1, jitter=0.25))

    assert waits(reply) != waits(reply, **options)


def test_jitter_depends_on_the_seed_of_the_pace():
    assert waits(Reply("a", pace=Pace(ttft=1, jitter=0.25))) != waits(
        Reply("a", pace=Pace(ttft=1, jitter=0.25, seed=1))
    )


def test_full_jitter_never_waits_less_than_nothing():
    found = waits(Reply("one two three four " * 50, pace=Pace(ttft=1, tokens_per_second=1, jitter=1)))

    assert min(found) >= 0


def test_pace_of_the_fake_is_that_of_replies_without_their_own():
    pace = Pace(ttft=1)

    assert timed(Reply(tool_calls=ToolCall("f", {}), deliberate=True), pace=pace, stream=False) == [1.0, "head", 1]
    assert timed(Reply("a", pace=Pace()), pace=pace, stream=False) == ["head", 1]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"ttft": -1}, "Pace ttft is a number of seconds, 0 or more; got -1"),
        ({"ttft": math.inf}, "Pace ttft is a number of seconds, 0 or more; got inf"),
        ({"ttft": "1"}, "Pace ttft is a number of seconds, 0 or more; got '1'"),
        ({"tokens_per_second": 0}, "Pace tokens_per_second is a number above 0, or None for no pause; got 0"),
        ({"tokens_per_second": -5}, "Pace tokens_per_second is a number above 0, or None for no pause; got -5"),
        ({"jitter": 1.5}, "Pace jitter is a part of each pause, from 0 to 1; got 1.5"),
        ({"jitter": None}, "Pace jitter is a part of each pause, from 0 to 1; got None"),
        ({"seed": 1.0}, "Pace seed is an int, got 1.0"),
        ({"seed": True}, "Pace seed is an int, got True"),
    ],
)
def test_pace_of_another_kind_is_a_usage_error(fields, text):
    with pytest.raises(UsageError) as caught:
        Pace(**fields)

    assert str(caught.value) == text


@pytest.mark.parametrize("make", [lambda pace: Reply("a", pace=pace), lambda pace: FakeLLM(pace=pace)])
def test_pace_that_is_none_is_a_usage_error_where_it_is_given(make):
    with pytest.raises(UsageError, match=r"pace is a Pace, such as Pace\(ttft=0.2, tokens_per_second=50\); got 50"):
        make(50)


def test_events_that_never_start_are_not_paced():
    assert list(paced(iter([Disconnect()]), Pace(ttft=1), identity=0, tokens=5)) == [Disconnect()]
