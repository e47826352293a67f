import copy
import inspect
import pickle
from dataclasses import replace

import pytest

from fakellm import ErrorReply, FakeLLM, Pace, Reply, ToolCall, UsageError, faults, framings, use_cassette


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: ToolCall("f", city="Paris"),
            "ToolCall has no field 'city'; it takes name=, arguments=, id=\n"
            "  the arguments of the call are one mapping: ToolCall('get_weather', {'city': 'Paris'})",
        ),
        (
            lambda: ToolCall("f", argument={}),
            "ToolCall has no field 'argument'; did you mean 'arguments'?\n"
            "  it takes name=, arguments=, id=\n"
            "  the arguments of the call are one mapping: ToolCall('get_weather', {'city': 'Paris'})",
        ),
        (
            lambda: Reply("a", finsh_reason="stop"),
            "Reply has no field 'finsh_reason'; did you mean 'finish_reason'?\n"
            "  it takes text=, tool_calls=, refusal=, reasoning=, parts=, finish_reason=, usage=, logprobs=, choices=, "
            "parsed=, vectors=, chunks=, raw=, pace=, framing=, fault=, headers=, extra=, deliberate=",
        ),
        (
            lambda: ErrorReply(429, mesage="slow down"),
            "ErrorReply has no field 'mesage'; did you mean 'message'?\n"
            "  it takes status=, message=, code=, type=, param=, retry_after=, retry_after_ms=, headers=",
        ),
        (
            lambda: Pace(token_per_second=50),
            "Pace has no field 'token_per_second'; did you mean 'tokens_per_second'?\n"
            "  it takes ttft=, tokens_per_second=, jitter=, seed=",
        ),
    ],
    ids=["an argument of the tool", "ToolCall", "Reply", "ErrorReply", "Pace"],
)
def test_misspelt_field_is_told_with_the_nearest(make, text):
    with pytest.raises(UsageError) as caught:
        make()

    assert str(caught.value) == text


@pytest.mark.parametrize("value", [ToolCall("f", {"a": 1}), Reply("a"), ErrorReply(429), Pace(ttft=1)], ids=repr)
def test_values_are_still_values(value):
    assert value == copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == replace(value)


def test_signature_is_still_that_of_the_fields():
    assert list(inspect.signature(ToolCall).parameters) == ["name", "arguments", "id"]


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda: FakeLLM(stric=False), "FakeLLM has no argument 'stric'; did you mean 'strict'?\n  it takes strict=, "),
        (
            lambda: use_cassette("a.yaml", record="once"),
            "use_cassette() has no argument 'record'; it takes path=, mode=, ",
        ),
        (lambda: use_cassette("a.yaml", mod="once"), "use_cassette() has no argument 'mod'; did you mean 'mode'?\n"),
    ],
)
def test_misspelt_argument_is_told_with_those_that_there_are(act, text):
    with pytest.raises(UsageError) as caught:
        act()

    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(("module", "name", "near"), [(faults, "dropp", "drop"), (framings, "crfl", "crlf")])
def test_misspelt_fault_or_framing_is_told_with_the_nearest(module, name, near):
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)

    assert str(caught.value) == f"{module.__name__} has no {name!r}; did you mean {near!r}?"
