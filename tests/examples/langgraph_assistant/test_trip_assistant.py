import openai
import pytest
from trip_assistant import ask, build_graph, stream

from fakellm import ErrorReply, ToolCall


@pytest.fixture(scope="module")
def agent():
    """Built once, as in production; each test has a thread of its own."""
    return build_graph()


@pytest.fixture
def graph():
    return build_graph()


def test_looks_up_train_and_hotel_one_after_the_other(fake_llm, graph):
    fake_llm.when(user="Rome").reply(ToolCall("find_train", {"to": "Rome"}))
    fake_llm.when(tool_result="9:05").reply(ToolCall("find_hotel", {"city": "Rome", "stars": 4}))
    fake_llm.when(tool_result="has rooms").reply("Train at 9:05, then the hotel.")
    fake_llm.when(model="gpt-4o-mini").reply("To Rome by train.")

    trip = ask(graph, "Take me to Rome.")

    assert trip["summary"] == "To Rome by train."
    assert [message.type for message in trip["messages"]] == ["human", "ai", "tool", "ai", "tool", "ai"]
    fake_llm.calls.assert_order("find_train", "find_hotel")


def test_looks_up_both_at_once(fake_llm, graph):
    fake_llm.when(user="Rome").reply([ToolCall("find_train", {"to": "Rome"}), ToolCall("find_hotel", {"city": "Rome"})])
    fake_llm.when(tool_result="9:05").reply("Train at 9:05, then the hotel.")
    fake_llm.when(system="sum up").reply("To Rome by train.")

    assert ask(graph, "Take me to Rome.")["summary"] == "To Rome by train."


def test_tells_the_model_what_a_tool_refuses(fake_llm, graph):
    fake_llm.when(user="Rome").reply(ToolCall("find_hotel", {"city": "Rome", "stars": 7}))
    fake_llm.when(tool_result="stars go from 1 to 5").reply("There is no such hotel.")
    fake_llm.when(system="sum up").reply("No trip.")

    assert ask(graph, "Take me to Rome.")["summary"] == "No trip."


def test_remembers_the_thread(fake_llm, agent):
    fake_llm.when(user="Rome").reply("Rome it is.")
    fake_llm.when(user="hotel").reply("I remember: Rome.")
    fake_llm.when(system="sum up").reply("A trip.", times=None)

    ask(agent, "Take me to Rome.", thread="anna")
    ask(agent, "And a hotel?", thread="anna")

    follow_up = next(call for call in fake_llm.calls if call.last_user == "And a hotel?")
    assert [message["role"] for message in follow_up.messages] == ["system", "user", "assistant", "user"]


def test_streams_what_each_node_writes(fake_llm, graph):
    fake_llm.when(user="Rome", system="plan trips").reply("By train.", chunks=["By ", "train."])
    fake_llm.when(system="sum up").reply("To Rome.", chunks=["To ", "Rome."])

    pieces = list(stream(graph, "Take me to Rome."))

    assert pieces == [("plan", "By "), ("plan", "train."), ("write", "To "), ("write", "Rome.")]


def test_recovers_from_a_rate_limit(fake_llm, llm_clock, graph):
    fake_llm.when(user="Rome", system="plan trips").reply(ErrorReply.rate_limited(retry_after=40), "Rome it is.")
    fake_llm.when(system="sum up").reply(ErrorReply.overloaded(), "To Rome.")

    assert ask(graph, "Take me to Rome.")["summary"] == "To Rome."
    assert [call.status for call in fake_llm.calls] == [429, 200, 503, 200]
    assert 40.37 <= llm_clock.elapsed <= 40.51  # as asked, then the SDK's own first back-off: 0.375 to 0.5 s


def test_rate_limit_that_stays_is_an_error(fake_llm, graph):
    fake_llm.reply(ErrorReply.rate_limited(), times=None)

    with pytest.raises(openai.RateLimitError):
        ask(graph, "Take me to Rome.")


@pytest.mark.llm_cassette
def test_recorded_session(gateway, graph):
    assert (
        ask(graph, "Plan a trip to Vienna.", thread="vienna")["summary"] == "By the train at 9:05 to a hotel in Vienna."
    )
    assert list(stream(graph, "What should I pack?")) == [
        ("plan", "Pack "),
        ("plan", "a coa"),
        ("plan", "t."),
        ("write", "A coa"),
        ("write", "t it "),
        ("write", "is."),
    ]
