import openai
import pytest
from order_desk import Complaint, answer, answer_or_apologise, read_complaint, stream_answer, stream_answer_async

from fakellm import ErrorReply, ToolCall, faults


def test_looks_up_the_order_before_it_answers(fake_llm):
    fake_llm.when(user="A-17").reply(ToolCall("look_up_order", {"order_id": "A-17"}))
    fake_llm.when(tool_result="shipped").reply("It was shipped on Monday.")

    assert answer("Where is my order A-17?") == "It was shipped on Monday."
    fake_llm.calls.assert_tool_called("look_up_order", order_id="A-17")


def test_looks_up_two_orders_at_once(fake_llm):
    fake_llm.when(user="orders").reply(
        [ToolCall("look_up_order", {"order_id": "A-17"}), ToolCall("look_up_order", {"order_id": "B-42"})]
    )
    fake_llm.when(tool_result="saddle").reply("One is shipped, one waits for a saddle.")

    assert answer("Where are my orders?") == "One is shipped, one waits for a saddle."
    assert [message["content"] for message in fake_llm.calls[1].messages[-2:]] == [
        "shipped on Monday",
        "waiting for a saddle",
    ]


def test_tells_the_model_of_broken_arguments(fake_llm):
    fake_llm.when(turn=0).reply(ToolCall("look_up_order", '{"order_id": '))
    fake_llm.when(tool_result="error").reply(ToolCall("look_up_order", {"order_id": "A-17"}))
    fake_llm.when(tool_result="shipped").reply("It was shipped on Monday.")

    assert answer("Where is my order A-17?") == "It was shipped on Monday."


def test_gives_up_on_a_model_that_never_stops_to_look_up(fake_llm):
    fake_llm.reply(ToolCall("look_up_order", {"order_id": "A-17"}), times=5)

    assert answer("Where is my order A-17?") == "Please call the shop."


def test_streams_an_answer(fake_llm):
    fake_llm.reply("It was shipped on Monday.", chunks=["It was ", "shipped ", "on Monday."])

    assert list(stream_answer("Where is A-17?")) == ["It was ", "shipped ", "on Monday."]
    assert fake_llm.calls[0].stream


@pytest.mark.anyio
async def test_streams_an_answer_to_a_web_handler(fake_llm):
    fake_llm.reply("It was shipped on Monday.")

    pieces = [piece async for piece in stream_answer_async("Where is A-17?")]

    assert "".join(pieces) == "It was shipped on Monday."


def test_stream_that_breaks_off_keeps_what_came(fake_llm):
    fake_llm.reply(
        "It was shipped on Monday.", chunks=["It was ", "shipped ", "on Monday."], fault=faults.drop(after=2)
    )
    pieces = []

    with pytest.raises(openai.APIConnectionError):
        for piece in stream_answer("Where is A-17?"):
            pieces.append(piece)

    assert pieces == ["It was "]


def test_recovers_from_a_rate_limit(fake_llm, llm_clock):
    fake_llm.reply(ErrorReply.rate_limited(retry_after=20), "It was shipped on Monday.")

    assert answer("Where is A-17?") == "It was shipped on Monday."
    assert llm_clock.elapsed == 20
    assert [call.status for call in fake_llm.calls] == [429, 200]


def test_apologises_when_the_rate_limit_stays(fake_llm):
    fake_llm.reply(ErrorReply.rate_limited(), times=None)

    assert answer_or_apologise("Where is A-17?") == "We are sorry, please try again later."
    assert len(fake_llm.calls) == 3


def test_reads_a_complaint(fake_llm):
    fake_llm.reply(Complaint(order_id="B-42", is_urgent=True))

    assert read_complaint("B-42 is late, I need it today!") == Complaint(order_id="B-42", is_urgent=True)


def test_model_that_declines_reads_no_complaint(fake_llm):
    fake_llm.reply(refusal="I cannot read this.")

    assert read_complaint("...") is None


@pytest.mark.llm_cassette
def test_recorded_session():
    assert answer("Where is my order A-17?") == "Your order A-17 was shipped on Monday."
    assert "".join(stream_answer("When are you open?")) == "We are open from nine to six, Monday to Saturday."
