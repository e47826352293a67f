import pytest
from asking import read, tools
from chat_wire import asking, wire
from engines import ask, scripted

from fakellm import Call, Journal
from fakellm._script.journal import Ending, Outcome


def call(number=1, outcome=Outcome.ANSWERED, **fields):
    return Call(number, asking(), outcome, 200, **fields)


def test_call_tells_what_was_asked():
    sent = asking("hello", stream=True, tools=tools("f"), headers={"x-team": "a"})

    found = Call(1, sent, Outcome.ANSWERED, 200, read(sent))

    assert (found.model, found.messages, found.last_user, found.tools, found.stream, found.headers["x-team"]) == (
        "gpt-4o",
        [{"role": "user", "content": "hello"}],
        "hello",
        [{"type": "function", "function": {"name": "f"}}],
        True,
        "a",
    )


def test_headers_of_a_call_hold_the_key_and_do_not_print_it():
    sent = asking("hello", headers={"authorization": "Bearer sk-0123", "x-team": "a"})

    found = Call(1, sent, Outcome.ANSWERED, 200)

    assert found.headers["authorization"] == "Bearer sk-0123"
    assert repr(found.headers) == "{'authorization': 'REDACTED', 'x-team': 'a'}"


def test_call_that_could_not_be_decoded_is_empty():
    found = Call(1, wire(b"?"), Outcome.REJECTED, 400)

    assert (found.model, found.messages, found.last_user, found.tools, found.stream) == ("", [], None, [], False)


@pytest.mark.parametrize(
    ("count", "attempt"),
    [("0", 0), ("2", 2), ("", 0), ("two", 0), ("-1", 0), ("²", 0), ("٣", 0), ("9" * 9, 999_999_999), ("9" * 5000, 0)],
    ids=lambda value: str(value)[:12],
)
def test_attempt_is_the_retry_count_of_the_sdk(count, attempt):
    assert Call(1, asking(headers={"x-stainless-retry-count": count}), Outcome.ANSWERED, 200).attempt == attempt


def test_first_attempt_needs_no_header():
    assert call().attempt == 0


@pytest.mark.parametrize("outcome", Outcome)
def test_rejected_is_what_the_api_refuses(outcome):
    assert call(outcome=outcome).rejected is (outcome is Outcome.REJECTED)


def test_journal_is_a_sequence_of_calls():
    first, second = call(1), call(2)
    journal = Journal([first])

    journal.append(second)

    assert (len(journal), journal[0], journal[-1], list(journal), second in journal) == (
        2,
        first,
        second,
        [first, second],
        True,
    )


def test_slice_of_a_journal_is_a_journal():
    journal = Journal([call(1), call(2), call(3)])

    assert isinstance(journal[1:], Journal)
    assert [found.number for found in journal[1:]] == [2, 3]


def test_cleared_journal_is_empty():
    journal = Journal([call()])

    journal.clear()

    assert list(journal) == []


def test_call_added_while_iterating_is_not_seen():
    journal = Journal([call(1)])

    numbers = [journal.append(call(2)) or found.number for found in journal]

    assert numbers == [1]


def test_journal_is_shown_by_its_length():
    assert repr(Journal([call(), call()])) == "<Journal of 2 calls>"


def test_call_tells_how_it_ended():
    found = call(ending=Ending(200, 3, 1.5, cancelled=True))

    assert (found.duration, found.chunks, found.cancelled) == (1.5, 3, True)


def test_call_that_has_not_ended_tells_so():
    assert (call().duration, call().chunks, call().cancelled) == (None, 0, False)


def test_journal_shows_what_was_sent_whatever_a_callable_does_to_it():
    engine = scripted(lambda request: str(len(request.messages.pop()["content"])))

    ask(engine, asking("four"))

    assert engine.journal[0].last_user == "four"
    assert engine.journal[0].request is engine.journal[0].request


def test_rejected_call_shows_what_was_asked():
    engine = scripted()

    ask(engine, asking("hot?", temperature=3, stream=True, tools=tools("look")))

    rejected = engine.journal[0]
    assert rejected.rejected
    assert (rejected.model, rejected.last_user, rejected.stream) == ("gpt-4o", "hot?", True)
    assert list(engine.journal.with_tool("look")) == [rejected]


@pytest.mark.parametrize("body", [b"?", b"[]", {"messages": []}, {"model": "gpt-4o", "messages": [5]}])
def test_rejected_call_that_is_not_well_formed_shows_nothing(body):
    engine = scripted()

    ask(engine, wire(body))

    rejected = engine.journal[0]
    assert (rejected.request, rejected.model, rejected.messages, rejected.last_user) == (None, "", [], None)


def test_equal_answers_share_one_usage_that_the_journal_adds_up():
    engine = scripted("Hello!", times=None)
    ask(engine)
    ask(engine)

    first, second = engine.journal

    assert first.shared_usage is second.shared_usage
    assert engine.journal.usage["total_tokens"] == 20


def test_usage_that_a_test_changes_is_not_that_of_another_call():
    engine = scripted("Rain.", "Rain.")
    for _ in range(2):
        ask(engine, asking("hello"))

    engine.journal[0].usage["completion_tokens_details"]["reasoning_tokens"] = 5

    assert [call.usage["completion_tokens_details"]["reasoning_tokens"] for call in engine.journal] == [0, 0]


def test_what_a_callable_does_to_its_request_is_neither_said_nor_written_down():
    def change(request):
        request.messages.clear()
        request.body["service_tier"] = "flex"
        return "Rain."

    engine = scripted(change)
    answer = ask(engine, asking("hello"))

    assert answer.json["service_tier"] == "default"
    assert engine.journal[0].last_user == "hello"
