"""Whatever is laid over an answer, the law of the wire holds."""

import json

from chat_wire import asking, play
from engines import scripted
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm import Pace, Reply, ToolCall, faults, framings
from fakellm._wire.events import Data, Disconnect, Head, Wait
from fakellm._wire.sse import SSEDecoder

counts = st.integers(0, 12)
sizes = st.integers(0, 4000)
seconds = st.floats(0, 100)

FAULTS = st.one_of(
    st.sampled_from(
        [
            None,
            faults.connect_error(),
            faults.connect_timeout(),
            faults.read_timeout(),
            faults.html_page(),
            faults.wrong_content_type(),
            faults.empty_body(),
            faults.no_done(),
        ]
    ),
    st.builds(faults.drop, after=counts),
    st.builds(faults.drop_at, sizes),
    st.builds(faults.truncate, sizes),
    st.builds(faults.stall, seconds, after=counts),
    st.builds(faults.malformed_json, after=counts),
    st.builds(faults.malformed_sse, after=counts),
    st.builds(faults.bad_chunk, after=counts),
    st.builds(faults.error_event, after=counts),
)
FRAMINGS = st.one_of(
    st.sampled_from(
        [
            None,
            framings.per_event(),
            framings.one_block(),
            framings.bytewise(),
            framings.split_utf8(),
            framings.crlf(),
            framings.multi_line_data(),
            framings.comments(),
            framings.bom(),
        ]
    ),
    st.lists(st.integers(1, 300)).map(framings.recorded),
    st.lists(st.tuples(seconds, st.integers(1, 300))).map(framings.recorded),
)
PACES = st.none() | st.builds(Pace, seconds, st.none() | st.floats(0.1, 1000), st.floats(0, 1), st.integers())
REPLIES = st.sampled_from(
    [{"text": "Grüße aus Zürich, 😀"}, {"text": ""}, {"tool_calls": ToolCall("f", {"a": "é, ü"})}]
)


@given(said=REPLIES, fault=FAULTS, other=FAULTS, pace=PACES, framing=FRAMINGS, stream=st.booleans())
@settings(max_examples=300, deadline=None)
def test_law_of_the_wire_holds(said, fault, other, pace, framing, stream):
    both = (lambda events: other(fault(events))) if fault and other else fault
    reply = Reply(**said, fault=both, pace=pace, framing=framing)

    events = list(scripted(reply).handle(asking(stream=stream)))

    kinds = [type(event) for event in events]
    assert kinds.count(Head) <= 1
    assert Data not in kinds[: kinds.index(Head) if Head in kinds else None]
    assert Disconnect not in kinds[:-1]
    assert all(event.seconds >= 0 for event in events if isinstance(event, Wait))
    assert all(event.data for event in events if isinstance(event, Data))


def read(reply):
    """What a reader of the stream gets: the JSON values, and the text of what is none."""
    body = play(scripted(reply).handle(asking(stream=True))).body
    return [item.data if item.data == "[DONE]" else json.loads(item.data) for item in SSEDecoder().feed(body)]


@given(text=st.text(st.characters(codec="utf-8"), max_size=30), framing=FRAMINGS)
@settings(max_examples=100, deadline=None)
def test_framed_stream_says_what_the_plain_one_says(text, framing):
    assert read(Reply(text, framing=framing)) == read(Reply(text))


@given(said=REPLIES, pace=PACES, framing=FRAMINGS, stream=st.booleans())
@settings(max_examples=100, deadline=None)
def test_pace_and_framing_keep_the_number_of_chunks(said, pace, framing, stream):
    def count(**fields):
        events = scripted(Reply(**said, **fields)).handle(asking(stream=stream))
        return sum(event.chunks for event in events if isinstance(event, Data))

    assert count(pace=pace, framing=framing) == count()


@given(after=counts, framing=FRAMINGS)
@settings(max_examples=100, deadline=None)
def test_fault_counts_the_same_chunks_in_every_framing(after, framing):
    def sent(**fields):
        reply = Reply("Grüße aus Zürich, 😀", fault=faults.drop(after=after), **fields)
        return [event.chunks for event in scripted(reply).handle(asking(stream=True)) if isinstance(event, Data)]

    assert sum(sent(framing=framing)) == sum(sent())
