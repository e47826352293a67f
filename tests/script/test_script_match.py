import re

import pytest
from asking import read
from chat_wire import wire

from fakellm import FakeLLM, Mismatch, UsageError
from fakellm._script.match import Condition, Matcher
from fakellm._wire.dialect import Strictness

USER = {"role": "user", "content": "Weather in Paris?"}
ASSISTANT = {"role": "assistant", "content": "Sunny."}
TOOL = {"role": "tool", "tool_call_id": "call_1", "content": "18 °C"}


def request(*messages, model="gpt-4o"):
    return read(wire({"model": model, "messages": list(messages) or [USER]}), Strictness(strict=False))


def is_hot(text):
    return int(text) > 30


@pytest.mark.parametrize(
    ("field", "wanted", "messages"),
    [
        ("user", "Paris", [USER]),
        ("user", "", [USER]),
        ("user", re.compile("^weather", re.IGNORECASE), [USER]),
        ("user", str.strip, [USER]),
        ("user", "Paris", [ASSISTANT, USER, {"role": "system", "content": "brief"}]),
        ("any_user", "Paris", [USER, ASSISTANT, TOOL]),
        ("any_user", re.compile("^Weather"), [{"role": "user", "content": "hi"}, USER, ASSISTANT]),
        ("any_user", str.istitle, [USER, {"role": "user", "content": "Hi"}]),
        ("tool_result", "18", [USER, ASSISTANT, TOOL]),
        ("tool_result", "18", [USER, ASSISTANT, TOOL, {**TOOL, "content": "19"}]),
        ("tool_result", re.compile(r"\d+ °C$"), [TOOL]),
        ("model", "gpt-4o", [USER]),
        ("model", "gpt-4*", [USER]),
        ("model", "gpt-[45]?", [USER]),
        ("model", re.compile("4o"), [USER]),
        ("model", lambda model: model.startswith("gpt"), [USER]),
    ],
)
def test_condition_holds(field, wanted, messages):
    assert Condition(field, wanted).mismatch(request(*messages)) is None


@pytest.mark.parametrize(
    ("field", "wanted", "messages", "text"),
    [
        ("user", "Rome", [USER], "user: expected a question containing 'Rome', got 'Weather in Paris?'"),
        ("user", "paris", [USER], "user: expected a question containing 'paris', got 'Weather in Paris?'"),
        ("user", re.compile("^Rome"), [USER], "user: expected a match of '^Rome', got 'Weather in Paris?'"),
        ("user", str.isdigit, [USER], "user: expected str.isdigit to hold, got 'Weather in Paris?'"),
        (
            "user",
            "Paris",
            [USER, ASSISTANT],
            "user: expected a question containing 'Paris', got a user message 'Weather in Paris?' that was answered "
            "already (the last message has role 'assistant')",
        ),
        ("any_user", "Rome", [ASSISTANT], "any_user: expected a user message containing 'Rome', got no user message"),
        (
            "any_user",
            "Rome",
            [USER, ASSISTANT, {"role": "user", "content": "hi"}],
            "any_user: expected a user message containing 'Rome', got 'Weather in Paris?', 'hi'",
        ),
        ("user", "Paris", [ASSISTANT], "user: expected a question containing 'Paris', got no user message"),
        (
            "tool_result",
            "18",
            [USER],
            "tool_result: expected a tool result containing '18', got no tool result at the end (the last message has "
            "role 'user')",
        ),
        (
            "tool_result",
            "20",
            [TOOL, {**TOOL, "content": "19"}],
            "tool_result: expected a tool result containing '20', got '18 °C', '19'",
        ),
        ("model", "o3*", [USER], "model: expected a model like 'o3*', got 'gpt-4o'"),
        ("model", "gpt", [USER], "model: expected a model like 'gpt', got 'gpt-4o'"),
    ],
)
def test_mismatch_tells_expected_and_actual(field, wanted, messages, text):
    assert str(Condition(field, wanted).mismatch(request(*messages))) == text


def test_mismatch_has_its_three_parts():
    assert Condition("model", "o3").mismatch(request()) == Mismatch("model", "a model like 'o3'", "'gpt-4o'")


def test_predicate_that_raises_raises_where_it_decides():
    with pytest.raises(ValueError, match="invalid literal"):
        Matcher((Condition("user", is_hot),)).accepts(request())


def test_predicate_that_raises_is_a_mismatch_where_it_explains():
    [mismatch] = Matcher((Condition("user", is_hot),)).mismatches(request())

    assert str(mismatch) == (
        "user: expected is_hot to hold, got ValueError: invalid literal for int() with base 10: 'Weather in Paris?'"
    )


@pytest.mark.parametrize("wanted", [5, b"Paris", ["Paris"], re.compile(b"Paris")])
def test_condition_of_another_type_is_a_usage_error(wanted):
    with pytest.raises(UsageError) as caught:
        Condition("user", wanted)

    assert str(caught.value) == f"when(user=...) takes a str, a compiled pattern of str or a callable, got {wanted!r}"


def test_matcher_without_conditions_accepts_everything():
    assert Matcher().accepts(request())


@pytest.mark.parametrize(("model", "accepts"), [("gpt-4o", True), ("o3", False)])
def test_all_conditions_must_hold(model, accepts):
    matcher = Matcher((Condition("user", "Paris"), Condition("model", "gpt-*")))

    assert matcher.accepts(request(model=model)) is accepts


def test_every_mismatch_is_told():
    matcher = Matcher((Condition("user", "Rome"), Condition("model", "gpt-*"), Condition("tool_result", "1")))

    assert [mismatch.field for mismatch in matcher.mismatches(request())] == ["user", "tool_result"]


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ((), "reply()"),
        ((Condition("user", "Pa'ris"),), """when(user="Pa'ris")"""),
        (
            (Condition("user", re.compile("a|b")), Condition("model", is_hot)),
            "when(user=re.compile('a|b'), model=is_hot)",
        ),
    ],
)
def test_matcher_reads_as_it_was_typed(conditions, text):
    assert str(Matcher(conditions)) == text


def test_nameless_callable_is_shown_by_its_repr():
    class Never:
        def __call__(self, text):
            return False

        def __repr__(self):
            return "<never>"

    assert str(Condition("user", Never())) == "user=<never>"


def test_misspelt_condition_is_told_with_those_that_there_are():
    with pytest.raises(UsageError) as caught:
        FakeLLM().when(usr="hi")

    assert str(caught.value) == (
        "when() has no condition 'usr'; did you mean 'user'?\n"
        "  it takes a callable, user=, any_user=, system=, model=, tool=, tool_result=, turn=, stream=, endpoint=, "
        "header="
    )


@pytest.mark.parametrize(
    ("field", "wanted", "messages", "hint"),
    [
        (
            "user",
            "weather",
            [{"role": "user", "content": "Weather in Paris"}],
            "differs in case alone; to pass that over: user=re.compile('weather', re.I)",
        ),
        (
            "user",
            "weather in (Rome)?",
            [{"role": "user", "content": "Weather In (Rome)?"}],
            'differs in case alone; to pass that over: user=re.compile(r"weather in \\(Rome\\)\\?", re.I)',
        ),
        (
            "tool_result",
            r"\d+ °C",
            [{"role": "tool", "content": "18 °C"}],
            'a str is looked for as it is; to search for a pattern: tool_result=re.compile(r"\\d+ °C")',
        ),
        (
            "user",
            "planner",
            [{"role": "system", "content": "You are the planner."}, {"role": "user", "content": "Go on."}],
            "a system message holds it; to look there: system='planner'",
        ),
        (
            "system",
            "Paris",
            [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How is Paris?"}],
            "the question holds it; to look there: user='Paris'",
        ),
        (
            "user",
            "18",
            [{"role": "user", "content": "How warm?"}, {"role": "tool", "content": "18 °C"}],
            "a tool result holds it; to look there: tool_result='18'",
        ),
        (
            "user",
            "first",
            [
                {"role": "user", "content": "The first."},
                {"role": "assistant", "content": "Yes?"},
                {"role": "user", "content": "The second."},
            ],
            "an earlier message holds it, where user does not look",
        ),
        (
            "user",
            "plan",
            [{"role": "system", "content": "You are the planner."}, {"role": "user", "content": "Go."}],
            "",
        ),
        ("model", "Paris", [{"role": "user", "content": "How is Paris?"}], ""),
        ("user", "(", [{"role": "user", "content": "()[]"[1:]}], ""),
        ("user", "Rome", [{"role": "user", "content": "Weather in Paris"}], ""),
    ],
)
def test_text_that_nearly_holds_is_told_with_what_was_meant(field, wanted, messages, hint):
    condition = Condition(field, wanted)

    assert condition.mismatch(request(*messages)).hint == hint
