import pytest
from chat_wire import asking, play
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm import Reply, ToolCall, UsageError, faults
from fakellm._script.engine import Engine
from fakellm._script.match import Matcher
from fakellm._wire.events import Data, Disconnect, Head, Wait

STREAM = Head(200, (("content-type", "text/event-stream"),))
WHOLE = Head(200, (("content-type", "application/json"),))
CHUNKS = [Data(b"a"), Data(b"b"), Data(b"c"), Data(b"[DONE]", chunks=0)]


def dropped(after, *events):
    return list(faults.drop(after=after)(iter(events)))


def answered(request, reply):
    engine = Engine()
    engine.register(engine.new_rule(Matcher())).reply(reply)
    return play(engine.handle(request))


def test_connection_is_lost_after_so_many_chunks():
    assert dropped(2, STREAM, *CHUNKS) == [STREAM, *CHUNKS[:2], Disconnect()]


def test_zero_chunks_lose_even_the_head():
    assert dropped(0, STREAM, *CHUNKS) == [Disconnect()]


def test_stream_with_fewer_chunks_is_a_usage_error():
    with pytest.raises(UsageError, match=r"drop\(after=9\) can never take effect: the stream has \d chunks"):
        dropped(9, STREAM, *CHUNKS)


def test_answer_that_is_no_stream_loses_half_its_body():
    assert dropped(1, WHOLE, Data(b"12345")) == [WHOLE, Data(b"12", chunks=0), Disconnect()]


def test_pieces_of_a_chunk_do_not_count():
    pieces = [Data(b"a", chunks=0), Data(b"a"), Data(b"b", chunks=0), Data(b"b"), Data(b"c")]

    assert dropped(2, STREAM, *pieces) == [STREAM, *pieces[:4], Disconnect()]


def test_chunks_in_one_piece_count_each():
    assert dropped(2, STREAM, Data(b"ab", chunks=2), Data(b"c")) == [STREAM, Data(b"ab", chunks=2), Disconnect()]


def test_waits_are_kept():
    assert dropped(1, Wait(1), STREAM, Wait(2), *CHUNKS) == [Wait(1), STREAM, Wait(2), CHUNKS[0], Disconnect()]


def test_first_chunk_of_a_chat_stream_carries_the_role_alone():
    answer = answered(asking(stream=True), Reply("Hello there", fault=faults.drop(after=2)))

    assert [chunk["choices"][0]["delta"].get("content") for chunk in answer.chunks] == ["", "Hello"]


def test_fault_is_named():
    assert faults.drop(after=3).__name__ == "drop(after=3)"


@pytest.mark.parametrize("after", [-1, 1.0, "2", None, True])
def test_count_of_another_type_is_a_usage_error(after):
    with pytest.raises(UsageError) as caught:
        faults.drop(after=after)

    assert str(caught.value) == f"drop(after=...) takes the number of chunks to send first, 0 or more; got {after!r}"


@given(
    reply=st.sampled_from([Reply("Hello there, world"), Reply(tool_calls=ToolCall("f", {"a": 1})), Reply("")]),
    after=st.integers(0, 20),
    stream=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_dropped_answer_is_the_start_of_the_whole_one(reply, after, stream):
    request = asking(stream=stream)
    whole = answered(request, reply)

    cut = answered(request, Reply(reply.text, tool_calls=reply.tool_calls, fault=faults.drop(after=after)))

    # play() holds both to the law: at most one Head, nothing after a Disconnect.
    takes_effect = not stream or after <= whole.body.count(b"data: {")
    assert cut.is_cut
    assert whole.body.startswith(cut.body)
    assert cut.status == (200 if after and takes_effect else None)
