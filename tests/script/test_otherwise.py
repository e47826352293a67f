"""otherwise(): asked last, owes nothing."""

import inspect

import pytest
from chat_wire import asking, play, wire
from engines import ask, replaying, scripted

from fakellm import ErrorReply, FakeLLM, Reply, UnmatchedRequestError, UsageError
from fakellm._script.rule import Fallback


def asked(llm, *args, **fields):
    return play(llm._engine.handle(asking(*args, **fields)))


def test_otherwise_answers_what_no_rule_answers():
    llm = FakeLLM()
    llm.otherwise("no idea")
    llm.when(user="hi").reply("Hello!")

    assert [asked(llm, q).content for q in ("hi", "hi", "bye", "bye")] == ["Hello!", "no idea", "no idea", "no idea"]


def test_otherwise_gives_its_replies_in_turn_for_ever():
    llm = FakeLLM()
    llm.otherwise("a", "b")

    assert [asked(llm).content for _ in range(5)] == ["a", "b", "a", "b", "a"]


def test_otherwise_takes_what_reply_takes():
    llm = FakeLLM()
    rule = llm.otherwise(lambda request: request.last_user, ErrorReply(429), finish_reason="length")

    assert asked(llm, "echo").json["choices"][0]["finish_reason"] == "length"
    assert asked(llm).status == 429
    assert (llm.calls[0].rule, llm.calls[0].reply) == (rule, Reply("echo", finish_reason="length"))


def test_otherwise_with_times_ends():
    llm = FakeLLM()
    line = inspect.currentframe().f_lineno + 1
    llm.otherwise("a", times=1)

    assert (asked(llm).content, asked(llm).status) == ("a", 400)
    assert llm.calls[1].explanation.splitlines()[1:4] == [
        "  nearest:",
        f"    otherwise() at test_otherwise.py:{line} would have answered, but it is used up (1 reply given)",
        "      add another reply, or times=None to give it for ever",
    ]


@pytest.mark.parametrize("times", [None, 3])
def test_otherwise_owes_nothing(times):
    llm = FakeLLM()

    rule = llm.otherwise("a", times=times)

    assert (rule.unused, llm.check()) == (0, None)


def test_request_that_otherwise_answers_passes_the_check():
    with FakeLLM() as llm:
        llm.otherwise("a")
        asked(llm)


def test_recording_is_asked_before_otherwise():
    engine = replaying(asking())
    engine.set_fallback(Fallback(where="here").reply("fallback", times=None))

    assert [ask(engine).body == b"recorded", ask(engine).content] == [True, "fallback"]


def test_rejected_request_is_rejected_all_the_same():
    llm = FakeLLM()
    llm.otherwise("a")

    assert (asked(llm, messages=[]).status, llm.calls[0].rejected) == (400, True)


def test_model_call_of_another_api_is_unmatched_all_the_same():
    llm = FakeLLM()
    llm.otherwise("a")

    assert play(llm._engine.handle(wire({}, url="https://api.anthropic.com/v1/messages"))).status == 404
    with pytest.raises(UnmatchedRequestError):
        llm.check()


def test_second_otherwise_is_a_usage_error():
    llm = FakeLLM()
    line = inspect.currentframe().f_lineno + 1
    llm.otherwise("a")

    with pytest.raises(UsageError) as caught:
        llm.otherwise("b")

    assert str(caught.value) == (
        f"there is otherwise() at test_otherwise.py:{line} already; give all replies in one otherwise(...) call"
    )


def test_otherwise_with_nothing_to_say_leaves_none():
    llm = FakeLLM()

    with pytest.raises(UsageError):
        llm.otherwise()

    assert asked(llm).status == 400


def test_reset_forgets_otherwise():
    llm = FakeLLM()
    llm.otherwise("a")

    llm.reset()

    assert asked(llm).status == 400
    assert "nothing is scripted" in llm.calls[0].explanation


def test_callable_of_otherwise_that_raises_is_explained():
    llm = FakeLLM()
    llm.otherwise(lambda request: 1 / 0)

    assert "a callable of the script raised on call 1: ZeroDivisionError" in asked(llm).error["message"]


def test_fallback_does_not_replace_rules_in_the_check():
    engine = scripted("never")
    engine.set_fallback(Fallback(where="here").reply("a"))

    with pytest.raises(AssertionError, match="1 scripted reply never asked for: rule 1"):
        engine.check()
