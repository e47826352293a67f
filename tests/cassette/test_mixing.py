"""A recording and rules together: script what it lacks, override an answer, break the third call."""

import httpx
import pytest
from cassette_text import CHAT, cassette, chat_body, chat_exchange
from ways import errors_of_all_ways

from fakellm import (
    CassetteMismatchError,
    CassetteNotFoundError,
    ErrorReply,
    FakeLLM,
    UnmatchedRequestError,
    UnusedReplyError,
    UsageError,
    faults,
    use_cassette,
)

KEY = {"authorization": "Bearer sk-fakellm"}


@pytest.fixture
def session(write):
    """A recording of three calls."""
    return write(cassette(*[chat_exchange(question, f"recorded {question}") for question in ("one", "two", "three")]))


def asked(question):
    response = httpx.post(CHAT, json=chat_body(question), headers=KEY)
    if response.headers["content-type"] == "text/plain":
        return response.text
    found = response.json()
    return found["choices"][0]["message"]["content"] if "choices" in found else response.status_code


def test_rule_says_what_the_recording_lacks(session):
    with FakeLLM() as llm:
        llm.replay(session)
        llm.when(user="four").reply("scripted four")

        answers = [asked(question) for question in ("one", "four", "two")]

    assert answers == ["recorded one", "scripted four", "recorded two"]


def test_rule_overrides_one_answer(session):
    with FakeLLM() as llm:
        recording = llm.replay(session)
        llm.when(user="two").reply("scripted two")

        answers = [asked(question) for question in ("one", "two", "three")]

    assert answers == ["recorded one", "scripted two", "recorded three"]
    assert recording.unplayed == []


def test_error_of_a_rule_comes_before_the_recorded_answer(session):
    with FakeLLM() as llm:
        llm.replay(session)
        llm.when(user="two").reply(ErrorReply.rate_limited())

        answers = [asked(question) for question in ("one", "two", "two")]

    assert answers == ["recorded one", 429, "recorded two"]


def test_otherwise_is_asked_after_the_recording(session):
    with FakeLLM() as llm:
        llm.replay(session)
        llm.otherwise("who knows")

        answers = [asked(question) for question in ("four", "one", "one")]

    assert answers == ["who knows", "recorded one", "who knows"]


def test_fault_breaks_the_third_call_of_a_recording(session, ask):
    with use_cassette(session) as recording:
        recording.inject(faults.connect_error(), into=3)

        answers = [ask("POST", CHAT, json=chat_body(question)).text for question in ("one", "two")]
        with pytest.raises(errors_of_all_ways("refused")):
            ask("POST", CHAT, json=chat_body("three"))
        answers.append(ask("POST", CHAT, json=chat_body("three")).text)

    assert answers == ["recorded one", "recorded two", "recorded three"]


def test_error_is_sent_as_often_as_asked(session):
    with FakeLLM() as llm:
        llm.replay(session).inject(ErrorReply.overloaded(), into=1, times=2)

        answers = [asked("one") for _ in range(3)]

    assert answers == [503, 503, "recorded one"]


def test_request_that_neither_holds_is_told_with_both(session):
    with pytest.raises(UnmatchedRequestError) as caught, FakeLLM() as llm:
        llm.replay(session)
        llm.when(user="four").reply("scripted four")
        asked("five")
        asked("four")

    text = str(caught.value)
    assert text.startswith(f"call 1 is not in the recording: POST {CHAT}\n  {session} holds no such request")
    assert "no rule answers call 1: POST …/chat/completions model='gpt-4o' user='five'" in text


def test_rule_that_nothing_asked_for_fails_beside_a_recording(session):
    with pytest.raises(UnusedReplyError), FakeLLM() as llm:
        llm.replay(session)
        llm.when(user="four").reply("scripted four")
        asked("one")


def test_recording_alone_on_a_fake_misses_as_a_cassette(session):
    with pytest.raises(CassetteMismatchError), FakeLLM() as llm:
        llm.replay(session)
        asked("five")


def test_recording_is_matched_and_played_as_asked(session):
    with FakeLLM() as llm:
        llm.replay(session, match=["path"], ignore=["user"], normalize=["uuids"], repeat="cycle", chunking=3, timing=1)

        answers = [asked(question) for question in "abcd"]

    assert answers == ["recorded one", "recorded two", "recorded three", "recorded one"]


def test_reset_begins_the_recording_anew(session):
    with FakeLLM() as llm:
        llm.replay(session)
        asked("one")
        llm.reset()

        assert asked("one") == "recorded one"


def test_missing_file_is_found_out_where_it_is_attached(tmp_path):
    with pytest.raises(CassetteNotFoundError):
        FakeLLM().replay(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("injection", "arguments", "message"),
    [
        (
            "timeout",
            {"into": 1},
            "inject() takes a fault such as faults.drop(after=2), or an ErrorReply; got 'timeout'",
        ),
        (faults.connect_error(), {"into": 4}, "into= takes the number of an interaction, 1 to 3; got 4"),
        (faults.connect_error(), {"into": 0}, "into= takes the number of an interaction, 1 to 3; got 0"),
        (faults.connect_error(), {"into": True}, "into= takes the number of an interaction, 1 to 3; got True"),
        (faults.connect_error(), {"into": 1, "times": 0}, "times= takes how many requests to break, 1 or more; got 0"),
    ],
)
def test_wrong_injection_is_refused(session, injection, arguments, message):
    with pytest.raises(UsageError) as caught:
        use_cassette(session).inject(injection, **arguments)

    assert str(caught.value) == message
