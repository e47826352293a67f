"""Callables of a test: plain functions, and what is said of others."""

import functools
from unittest.mock import AsyncMock

import pytest
from chat_wire import asking, play

from fakellm import FakeLLM, UsageError


async def answer(request):
    return "hi"


async def answers(request):
    yield "hi"


class Answering:
    async def __call__(self, request):
        return "hi"

    def __repr__(self):
        return "<answering>"


def asked(llm):
    return play(llm._engine.handle(asking()))


ADVICE = (
    ", an async function; fakellm calls it and does not await it, in sync and async clients alike\n"
    "  make it a plain def; what it needs to await, await before and let it return"
)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (answer, "answer"),
        (answers, "answers"),
        (functools.partial(answer), None),
        (Answering(), "<answering>"),
        (AsyncMock(), None),
    ],
    ids=["function", "generator", "partial", "object", "mock"],
)
def test_async_callable_is_a_usage_error_where_it_is_given(given, name):
    name = name or repr(given)

    for script, argument in [
        (lambda llm: llm.reply(given), "reply()"),
        (lambda llm: llm.otherwise(given), "reply()"),
        (lambda llm: llm.when(given), "when(...)"),
        (lambda llm: llm.when(user=given), "when(user=...)"),
        (lambda llm: llm.when(turn=given), "when(turn=...)"),
        (lambda llm: llm.when(header={"x-a": given}), "when(header={'x-a': ...})"),
    ]:
        with pytest.raises(UsageError) as caught:
            script(FakeLLM())

        assert str(caught.value) == f"{argument} got {name}{ADVICE}"


@pytest.mark.parametrize("field", ["predicate", "user"])
def test_predicate_that_returns_a_coroutine_does_not_hold_by_accident(field):
    llm = FakeLLM()
    llm.when(**{field: lambda value: answer(value)}).reply("x")

    got = asked(llm)

    assert got.status == 400
    assert got.error["message"].splitlines()[:2] == [
        "a callable of the script raised on call 1: UsageError: "
        "test_predicate_that_returns_a_coroutine_does_not_hold_by_accident.<locals>.<lambda> returned a coroutine, and "
        "fakellm does not await it",
        "  make it return the value itself",
    ]


def test_reply_that_computes_a_coroutine_is_explained():
    llm = FakeLLM()
    llm.reply(lambda request: answer(request))

    message = asked(llm).error["message"]

    assert "returned a coroutine, and fakellm does not await it\n  make it return the value itself" in message


def test_something_else_to_await_is_explained_as_well():
    class Later:
        def __await__(self):
            return iter(())

    llm = FakeLLM()
    llm.reply(lambda request: Later())

    assert "returned a Later, and fakellm does not await it" in asked(llm).error["message"]


def test_class_is_a_callable_like_any_other():
    llm = FakeLLM()
    llm.when(user=str).reply("x")

    assert asked(llm).content == "x"
