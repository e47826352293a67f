"""What experiments need of the engine: to begin again, to have a reply back, to come in between."""

from __future__ import annotations

import pytest
from chat_wire import asking, wire
from engines import ask, replaying, scripted, when

from fakellm._exploring.control import Control
from fakellm._script.journal import Outcome
from fakellm._script.rule import Fallback


def contents(engine, count):
    return [ask(engine).content for _ in range(count)]


def test_engine_is_restored():
    engine = scripted("a", "b", "c")
    engine.set_fallback(Fallback(where="test.py:1").reply("more"))
    first = contents(engine, 1)

    snapshot = Control(engine).snapshot()
    when(engine, user="hi").reply("of the trial")
    once = contents(engine, 4)
    Control(engine).restore(snapshot)

    assert (first, once) == (["a"], ["b", "c", "of the trial", "more"])
    assert (len(engine.rules), len(engine.journal)) == (1, 1)
    assert contents(engine, 3) == ["b", "c", "more"]


def test_other_traffic_is_restored():
    engine = scripted()
    models = wire(method="GET", url="https://api.openai.com/v1/models")
    ask(engine, models)
    snapshot = Control(engine).snapshot()

    ask(engine, models)
    Control(engine).restore(snapshot)

    assert len(engine.other_traffic) == 1


def test_ids_after_a_restore_are_those_before():
    engine = scripted("a", times=None)
    snapshot = Control(engine).snapshot()

    before = [ask(engine).body for _ in range(2)]
    Control(engine).restore(snapshot)

    assert [ask(engine).body for _ in range(2)] == before


def test_rule_without_replies_stays_one():
    engine = scripted()
    rule = when(engine, user="hi")
    snapshot = Control(engine).snapshot()

    rule.reply("now")
    Control(engine).restore(snapshot)

    assert not rule.has_replies
    rule.reply("then")
    assert contents(engine, 1) == ["then"]


def test_recording_is_restored():
    engine = replaying(asking(), asking())
    ask(engine)
    snapshot = Control(engine).snapshot()

    ask(engine)
    Control(engine).restore(snapshot)

    assert [ask(engine).body, ask(engine).status] == [b"recorded", 400]


def test_recording_that_nothing_asked_is_restored():
    engine = replaying(asking())
    snapshot = Control(engine).snapshot()

    ask(engine)
    Control(engine).restore(snapshot)

    assert ask(engine).body == b"recorded"


@pytest.mark.parametrize("count", [1, 2])
def test_reply_that_was_given_back_comes_next(count):
    engine = scripted("a", "b")
    contents(engine, count)

    Control(engine).give_back(engine.journal[-1])

    assert contents(engine, 1) == ["ab"[count - 1]]


def test_recorded_answer_that_was_given_back_comes_next():
    engine = replaying(asking())
    ask(engine)

    Control(engine).give_back(engine.journal[0])

    assert ask(engine).body == b"recorded"


def test_reply_that_was_given_back_can_be_used_up_again():
    engine = scripted("a", "b")
    contents(engine, 2)
    call = engine.journal[-1]

    Control(engine).give_back(call)
    Control(engine).use_up(call)
    Control(engine).use_up(call)  # there is nothing left

    assert ask(engine).status == 400


def test_recorded_answer_can_be_used_up_again():
    engine = replaying(asking())
    ask(engine)
    Control(engine).give_back(engine.journal[0])

    Control(engine).use_up(engine.journal[0])

    assert ask(engine).status == 400


def test_call_that_nothing_answered_has_nothing_to_give_back():
    engine = scripted()
    ask(engine)

    Control(engine).give_back(engine.journal[0])
    Control(engine).use_up(engine.journal[0])

    assert engine.journal[0].outcome is Outcome.UNMATCHED


def test_interference_comes_before_and_over_each_answer():
    seen = []

    class Interfering:
        def before(self, request):
            seen.append(("before", len(engine.journal)))

        def over(self, call, play):
            seen.append(("over", call.number))
            return play

    engine = scripted("a", "b")
    engine.hooks = Interfering()

    assert contents(engine, 2) == ["a", "b"]
    assert seen == [("before", 0), ("over", 1), ("before", 1), ("over", 2)]


def test_answer_goes_back_to_the_recording_that_gave_it():
    engine = replaying(asking("a"))
    second = replaying(asking("b")).sources[0]
    engine.sources.append(second)
    ask(engine, asking("b"))

    Control(engine).give_back(engine.journal[0])

    assert [len(source.unplayed) for source in engine.sources] == [1, 1]
    assert ask(engine, asking("b")).body == b"recorded"
    assert [len(source.unplayed) for source in engine.sources] == [1, 0]
