"""What forked children ask is asked of the fake in the parent, too."""

from __future__ import annotations

import json
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest
from plugin_project import write_cassette

from fakellm import CassetteMismatchError, FakeLLM, UnmatchedRequestError, UnusedReplyError, use_cassette

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning"),
]

CHAT = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}


def ask(text, **more):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}
    return httpx.post(CHAT, json=body, headers=KEY)


def in_child(*acts):
    """Run what is to be done in a child, and wait for it; the parent asserts that all went well there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, which a test runner has
        child = os.fork()
    if child == 0:
        try:
            for act in acts:
                act()
            os._exit(0)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status == 0


def test_reply_that_a_child_used_is_used():
    with FakeLLM() as llm:
        llm.reply("one", "two")

        in_child(lambda: ask("a").raise_for_status(), lambda: ask("b").raise_for_status())

    assert [(call.number, call.last_user, call.status, call.reply.text) for call in llm.calls] == [
        (1, "a", 200, "one"),
        (2, "b", 200, "two"),
    ]


def test_reply_that_no_child_asked_for_is_unused():
    with pytest.raises(UnusedReplyError, match="1 scripted reply never asked for"), FakeLLM() as llm:
        llm.reply("one", "two")

        in_child(lambda: ask("a"))


def test_parent_goes_on_where_the_child_left_off():
    with FakeLLM() as llm:
        llm.reply("one", "two")
        in_child(lambda: ask("a"))
        assert len(llm.calls) == 1

        assert ask("b").json()["choices"][0]["message"]["content"] == "two"


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda: ask("a"), "no rule answers call 1"),
        (lambda: ask("a", temperature=9), "the real API rejects call 1"),
        (lambda: httpx.post("https://api.openai.com/v1/audio/speech", json={}), "call 1 is a model call"),
    ],
    ids=["unmatched", "rejected", "not spoken"],
)
def test_request_that_nothing_answered_in_a_child_fails_in_the_parent(act, text):
    with pytest.raises(UnmatchedRequestError, match=text), FakeLLM():
        in_child(act)


def test_callable_that_raised_in_a_child_is_told():
    def broken(request):
        raise ValueError("mine")

    with pytest.raises(UnmatchedRequestError, match="raised on call 1: ValueError: mine"), FakeLLM() as llm:
        llm.otherwise(broken)

        in_child(lambda: ask("a"))


def test_fallback_that_answered_in_a_child_is_named():
    with FakeLLM() as llm:
        llm.otherwise("always")
        in_child(lambda: ask("a"))

        assert str(llm.calls[0].rule).startswith("otherwise() at test_forks.py:")


def test_recorded_answer_that_a_child_played_is_played(tmp_path):
    path = write_cassette(tmp_path / "session.yaml", "one", "two")

    with use_cassette(path) as cassette:
        in_child(lambda: ask("one").raise_for_status())

        assert [call.last_user for call in cassette.calls] == ["one"]
        assert [one.number for one in cassette.unplayed] == [2]


def test_miss_of_a_child_fails_in_the_parent(tmp_path):
    path = write_cassette(tmp_path / "session.yaml", "one")

    with pytest.raises(CassetteMismatchError, match="call 1 is not in the recording"), use_cassette(path):
        in_child(lambda: ask("another"))


def test_grandchildren_tell_the_one_that_checks():
    with FakeLLM() as llm:
        llm.reply("one")

        in_child(lambda: in_child(lambda: ask("a")))

        assert [call.last_user for call in llm.calls] == ["a"]


def test_calls_of_many_children_at_once_are_all_told():
    with FakeLLM() as llm:
        llm.otherwise("always")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            children = []
            for n in range(4):
                if (child := os.fork()) == 0:
                    for m in range(5):
                        ask(f"{n}-{m}")
                    os._exit(0)
                children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4

        assert {call.last_user for call in llm.calls} == {f"{n}-{m}" for n in range(4) for m in range(5)}


@pytest.mark.parametrize("script", ["reply", "otherwise"])
def test_rule_that_a_child_wrote_itself_uses_up_none_of_the_parents(script):
    with pytest.raises(UnusedReplyError, match="1 scripted reply never asked for"), FakeLLM() as llm:
        llm.when(user="parent").reply("one")

        def add_and_ask():
            getattr(llm, script)("of the child")
            ask("a").raise_for_status()

        in_child(add_and_ask)

        assert [(call.last_user, call.status, call.rule) for call in llm.calls] == [("a", 200, None)]


def test_call_of_a_child_that_outlives_a_reset_uses_up_no_new_rule():
    with pytest.raises(UnusedReplyError, match="1 scripted reply never asked for"), FakeLLM() as llm:
        llm.reply("old")
        readable, writable = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os.read(readable, 1)
            ask("a")
            os._exit(0)
        llm.reset()
        llm.reply("new")
        os.write(writable, b".")
        os.waitpid(child, 0)

        assert [(call.last_user, call.rule) for call in llm.calls] == [("a", None)]


def test_call_of_a_child_is_told_while_another_one_tells():
    """The position of a file is shared with children, and is at the end once one of them has written."""
    with FakeLLM() as llm:
        llm.otherwise("always")
        in_child(lambda: ask("a"))
        told = llm._engine.ledger.take()
        first = next(told)
        in_child(lambda: ask("b"))

        assert [json.loads(one.wire.body)["messages"][0]["content"] for one in (first, *told)] == ["a", "b"]


def test_child_sees_its_own_calls_alone():
    with FakeLLM() as llm:
        llm.otherwise("always")
        ask("before")

        def look():
            ask("in the child")
            assert [call.last_user for call in llm.calls] == ["before", "in the child"]

        in_child(look)


def test_calls_of_a_child_are_told_once_however_many_threads_look():
    with FakeLLM() as llm:
        llm.otherwise("always")
        in_child(*[lambda n=n: ask(str(n)) for n in range(20)])
        at_once = Barrier(8)

        def look(_):
            at_once.wait()
            return len(llm.calls)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(look, range(8)))

        assert [call.last_user for call in llm.calls] == [str(n) for n in range(20)]
        assert [call.number for call in llm.calls] == list(range(1, 21))
