"""The rule that answers is the first live one in order of registration, however rules are looked up."""

import pytest
from asking import read
from chat_wire import asking, play
from hypothesis import example, given
from hypothesis import strategies as st

from fakellm import FakeLLM
from fakellm._script.match import Condition, Matcher, conditions
from fakellm._script.rule import Rule
from fakellm._script.script import Script
from fakellm._wire.dialect import Strictness

TEXTS = st.text(alphabet="ab ", max_size=6)
NEEDLES = st.text(alphabet="ab ", max_size=5)
NAMES = st.sampled_from(["a", "b", "ab"])
MESSAGES = st.lists(
    st.builds(
        lambda role, content: {"role": role, "content": content},
        st.sampled_from(["user", "system", "assistant", "tool"]),
        TEXTS,
    ),
    min_size=1,
    max_size=4,
)
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "user": NEEDLES,
        "system": NEEDLES,
        "tool_result": NEEDLES,
        "tool": NAMES,
        "model": st.sampled_from(["a", "b", "a*", "[ab]", "?b"]),
        "turn": st.integers(0, 2),
        "stream": st.booleans(),
    },
)
REQUESTS = st.builds(
    lambda messages, model, tools, stream: asking(
        messages=messages, model=model, stream=stream, tools=[{"function": {"name": name}} for name in tools]
    ),
    MESSAGES,
    NAMES,
    st.lists(NAMES, max_size=2),
    st.booleans(),
)


def naive(rules, request):
    """The law as it is written, without any index."""
    for rule in rules:
        if rule.is_live and all(condition.mismatch(request) is None for condition in rule.matcher.conditions):
            return rule
    return None


def rule(matcher, *, times):
    return Rule(matcher, number=0, where="").reply("x", times=times)


@given(
    st.lists(st.tuples(CONDITIONS, st.sampled_from([1, 2, None])), max_size=12),
    st.lists(REQUESTS, min_size=1, max_size=8),
    st.booleans(),
)
@example([({"user": "aa"}, 1), ({}, None)], [asking("aaa"), asking("aaa")], True)
def test_lookup_equals_the_law(scripts, sent, many):
    script = Script()
    for number in range(200 if many else 0):  # so many needles that they are looked up by their grams
        script.add(rule(Matcher((Condition("user", f"xyz{number}"),)), times=None))
    for given_conditions, times in scripts:
        script.add(rule(Matcher(conditions(given_conditions)), times=times))

    for wire in sent:
        request = read(wire, Strictness(strict=False))
        expected = naive(script.rules, request)
        found = script.find(request, {})

        assert found is expected
        if found is not None:
            found.next_reply()
            if not found.is_live:
                script.retire(found)


def test_rule_without_replies_does_not_answer_yet():
    llm = FakeLLM()
    unfinished = llm.when(user="hi")
    llm.when(user="hi").reply("second")

    first = play(llm._engine.handle(asking())).content
    unfinished.reply("first")

    assert (first, play(llm._engine.handle(asking())).content) == ("second", "first")


def test_conditions_of_later_rules_are_not_asked():
    llm = FakeLLM()
    llm.when(user="hi").reply("a", times=None)
    llm.when(lambda request: 1 / 0).reply("b")
    llm.when(model="gpt-4o", user=lambda text: 1 / 0).reply("c")

    assert play(llm._engine.handle(asking())).content == "a"


def test_conditions_of_used_up_rules_are_not_asked():
    asked = []
    llm = FakeLLM()
    llm.when(lambda request: asked.append(1) or True).reply("a")
    llm.reply("b")

    answers = [play(llm._engine.handle(asking())).content for _ in range(2)]

    assert (answers, len(asked)) == (["a", "b"], 1)


def test_predicate_may_script_more_rules():
    llm = FakeLLM()
    llm.when(lambda request: llm.when(user="hi").reply("later") and False).reply("never")
    llm.reply("there")

    assert [play(llm._engine.handle(asking())).content for _ in range(2)] == ["there", "later"]


@pytest.mark.parametrize("count", [3, 300])
def test_equal_conditions_answer_one_after_the_other(count):
    llm = FakeLLM()
    for number in range(count):
        llm.when(user="hi").reply(str(number))

    assert [play(llm._engine.handle(asking())).content for _ in range(count)] == [str(n) for n in range(count)]


def test_used_up_rules_are_taken_off_their_shelves():
    llm = FakeLLM()
    for number in range(200):
        llm.when(user=f"question {number}.").reply("a")
        llm.when(tool=f"tool_{number}").reply("a")
        llm.when(user=lambda text: False).reply("never")
        llm.when(user="?").reply("short")
        llm.reply("b")
    script = llm._engine.script

    for number in range(200):
        play(llm._engine.handle(asking(f"question {number}.")))
        play(llm._engine.handle(asking("x", tools=[{"type": "function", "function": {"name": f"tool_{number}"}}])))
        play(llm._engine.handle(asking("?")))
        play(llm._engine.handle(asking("x")))

    assert {call.status for call in llm.calls} == {200}
    assert len(script.rules) == 1000
    assert len(script._rest) == 200  # those that never hold
    assert script._indexes == {}


def test_used_up_rules_are_taken_out_of_an_index_that_others_are_in():
    llm = FakeLLM()
    for number in range(200):
        llm.when(user=f"question {number}.").reply("a")
    llm.when(user="?").reply("short", times=None)

    for number in range(200):
        play(llm._engine.handle(asking(f"question {number}.")))

    index = llm._engine.script._indexes["user"]
    assert list(index._buckets) == ["?"]
    assert index._by_gram._needles == {None: ["?"]}
    assert index._by_gram._grams == {"?": None}
