import inspect

import pytest

from fakellm import ErrorReply, FakeLLM, Reply, ToolCall, UsageError
from fakellm._script.match import Condition, Matcher
from fakellm._script.rule import Rule, caller, is_own


def new_rule():
    return Rule(Matcher((Condition("user", "Paris"),)), number=2, where="test_trip.py:7")


def complaint(*replies, **fields):
    with pytest.raises(UsageError) as caught:
        new_rule().reply(*replies, **fields)
    return str(caught.value)


def given(rule, count):
    return [rule.next_reply().text for _ in range(count)]


def test_replies_are_given_in_turn():
    rule = new_rule().reply("a", "b", Reply("c"))

    assert given(rule, 3) == ["a", "b", "c"]


def test_times_repeats_the_whole_sequence():
    rule = new_rule().reply("a", "b", times=2)

    assert given(rule, 4) == ["a", "b", "a", "b"]


@pytest.mark.parametrize(
    ("times", "given", "is_live"), [(1, 1, True), (1, 2, False), (2, 3, True), (2, 4, False), (None, 9, True)]
)
def test_rule_is_live_while_it_owes_a_reply(times, given, is_live):
    rule = new_rule().reply("a", "b", times=times)

    for _ in range(given):
        rule.next_reply()

    assert rule.is_live is is_live


@pytest.mark.parametrize(
    ("times", "given", "unused"), [(1, 0, 2), (1, 1, 1), (2, 3, 1), (1, 2, 0), (None, 0, 0), (None, 3, 0)]
)
def test_unused_counts_what_nothing_asked_for(times, given, unused):
    rule = new_rule().reply("a", "b", times=times)

    for _ in range(given):
        rule.next_reply()

    assert (rule.unused, rule.given) == (unused, given)


def test_upcoming_is_the_reply_given_next():
    rule = new_rule().reply("a", "b", times=2)

    upcoming = [rule.upcoming] + [rule.next_reply() and rule.upcoming for _ in range(3)]

    assert upcoming == [Reply("a"), Reply("b"), Reply("a"), Reply("b")]


def test_rule_without_replies_is_not_live():
    rule = new_rule()

    assert (rule.is_live, rule.has_replies, rule.unused) == (False, False, 0)


def test_reply_returns_the_rule():
    rule = new_rule()

    assert rule.reply("a") is rule


def test_fields_apply_to_each_reply():
    rule = new_rule().reply("a", ToolCall("f", {}), ErrorReply(500), finish_reason="length")

    assert [getattr(rule.next_reply(), "finish_reason", None) for _ in range(3)] == ["length", "length", None]


def test_fields_alone_are_a_reply():
    rule = new_rule().reply(finish_reason="content_filter")

    assert rule.next_reply() == Reply(finish_reason="content_filter")


def test_rule_reads_as_it_was_typed_and_where():
    assert str(new_rule()) == repr(new_rule()) == "rule 2 when(user='Paris') at test_trip.py:7"


def test_second_reply_is_a_usage_error():
    rule = new_rule().reply("a")

    with pytest.raises(UsageError) as caught:
        rule.reply("b")

    assert str(caught.value) == (
        "rule 2 when(user='Paris') at test_trip.py:7 has its replies already; give all of them in one reply(...) call"
    )


def test_when_without_a_condition_is_a_usage_error():
    with pytest.raises(UsageError) as caught:
        FakeLLM().when()

    assert str(caught.value) == "when() needs a condition: when(user='weather'); without one, type reply(...) alone"


def test_nothing_to_say_is_a_usage_error():
    assert complaint() == "reply() needs something to say: reply('Hello!') or reply(ToolCall('name', {}))"


@pytest.mark.parametrize("times", [0, -1, 1.5, "2", True])
def test_times_that_is_no_count_is_a_usage_error(times):
    assert complaint("a", times=times) == (
        f"times is how often the replies are given, 1 or more, or None for ever; got {times!r}"
    )


def test_fields_for_errors_alone_are_a_usage_error():
    assert (
        complaint(ErrorReply(500), finish_reason="stop") == "an ErrorReply takes no finish_reason=; give it to a Reply"
    )


def test_failed_reply_leaves_the_rule_without_replies():
    rule = new_rule()

    with pytest.raises(UsageError):
        rule.reply("a", 5)

    assert not rule.has_replies


def test_caller_is_the_line_that_asked():
    line = inspect.currentframe().f_lineno + 1
    where = caller()

    assert where == f"test_rule.py:{line}"


def test_caller_skips_frames_of_the_package():
    namespace = {"__name__": "fakellm._inner", "caller": caller}
    exec("def ask():\n    return caller()", namespace)

    where = namespace["ask"]()

    assert where.startswith("test_rule.py:")


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [("fakellm", True), ("fakellm._script.rule", True), ("fakellm_extra", False), ("tests", False), (None, False)],
)
def test_own_frames_are_told_by_their_module(name, is_ours):
    namespace = {"__name__": name, "inspect": inspect}
    exec("frame = inspect.currentframe()", namespace)

    assert is_own(namespace["frame"]) is is_ours
