"""explore(): the same code, once for each trouble that each of its model calls can meet."""

from __future__ import annotations

import asyncio
import io
import time
from contextlib import suppress

import httpx
import pytest
import rich

from fakellm import ErrorReply, FakeLLM, Reply, ToolCall, UsageError, explore, faults, framings
from fakellm._exploring.explore import FAULTS, FRAMINGS

CHAT = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}


def post(*messages, **more):
    sent = [{"role": "user", "content": one} if isinstance(one, str) else one for one in messages]
    return httpx.post(CHAT, json={"model": "gpt-4o", "messages": sent, **more}, headers=KEY)


def ask(*messages, **more):
    return post(*messages, **more).raise_for_status().json()["choices"][0]["message"]["content"]


def ask_twice(*messages):
    """Ask, and once more after a failure."""
    try:
        return ask(*messages)
    except Exception:
        return ask(*messages)


@pytest.fixture
def llm():
    return FakeLLM()


def names(trials):
    return [trial.name for trial in trials]


def outcomes(trials):
    return {trial.name: None if trial.survived else type(trial.error).__name__ for trial in trials}


def test_other_traffic_between_two_calls_changes_no_trial(llm):
    llm.reply("one", "two")

    def body():
        with suppress(Exception):
            ask("first")
        httpx.post("https://api.openai.com/v1/traces/ingest", json={"data": []})
        assert ask_twice("first", {"role": "assistant", "content": "one"}, "second") == "two"

    trials = explore(body, llm=llm, faults=[faults.empty_body()], framings=())

    assert outcomes(trials) == {"1:empty_body()": None, "2:empty_body()": None}


def test_each_fault_meets_each_call(llm):
    llm.reply("one", "two")

    def body():
        assert [ask("first"), ask("second")] == ["one", "two"]

    trials = explore(body, llm=llm, faults=[faults.connect_error(), faults.empty_body()], framings=())

    assert outcomes(trials) == {
        "1:connect_error()": "ConnectError",
        "1:empty_body()": "JSONDecodeError",
        "2:connect_error()": "ConnectError",
        "2:empty_body()": "JSONDecodeError",
    }


def test_retry_gets_the_reply_that_was_replaced(llm):
    llm.reply("one", "two")

    def body():
        assert [ask_twice("first"), ask_twice("second")] == ["one", "two"]

    trials = explore(body, llm=llm, faults=[faults.drop(after=0), ErrorReply.rate_limited()], framings=())

    assert outcomes(trials) == dict.fromkeys(
        ["1:drop(after=0)", "1:429 rate_limit_exceeded", "2:drop(after=0)", "2:429 rate_limit_exceeded"]
    )
    assert [len(trial.calls) for trial in trials] == [3, 3, 3, 3]


def test_retry_that_asks_otherwise_gets_it_too(llm):
    llm.reply("one", "two")

    def body():
        try:
            first = ask("first")
        except httpx.ConnectError:
            first = ask("first", temperature=0)
        assert [first, ask("second")] == ["one", "two"]

    trials = explore(body, llm=llm, faults=[faults.connect_error()], framings=())

    assert outcomes(trials) == {"1:connect_error()": None, "2:connect_error()": "ConnectError"}


def test_answer_that_arrives_all_the_same_is_used_up(llm):
    llm.reply("one", "two")

    def body():
        assert [ask("same"), ask("same")] == ["one", "two"]

    trials = explore(body, llm=llm, faults=[faults.stall(1), faults.wrong_content_type("text/plain")], framings=())

    assert [trial.survived for trial in trials] == [True] * 4


def test_body_that_goes_on_without_an_answer_gets_the_next_one(llm):
    llm.reply("one", "two")

    def body():
        with suppress(ValueError):
            ask("first")
        assert ask("second") == "two"

    trials = explore(body, llm=llm, faults=[faults.empty_body()], framings=())

    assert outcomes(trials) == {"1:empty_body()": None, "2:empty_body()": "JSONDecodeError"}


def test_body_that_goes_on_with_half_an_answer_gets_the_next_one(llm):
    llm.reply("Once upon a time", "The end")

    def body():
        text = post("Tell me a story.", stream=True).text
        assert ask("Tell me a story.", {"role": "assistant", "content": str(len(text))}, "More.") == "The end"

    trials = explore(body, llm=llm, faults=[faults.truncate(200)], framings=())

    assert outcomes(trials)["1:truncate(200)"] is None


def test_rules_and_journal_are_as_they_were_before_each_trial(llm):
    llm.reply("before", times=2)
    with llm.intercept():
        ask("before")
    seen = []

    def body():
        seen.append((len(llm.calls), len(llm._engine.rules)))
        llm.reply("inside")
        assert [ask("1"), ask("2")] == ["before", "inside"]

    explore(body, llm=llm, faults=[faults.connect_error()], framings=())

    assert seen == [(1, 1)] * 3


def test_fake_is_left_as_the_clean_run_left_it(llm):
    llm.reply("one")
    llm.otherwise("more")
    with llm.intercept():
        ask("hm")

    def body():
        llm.reply("two")
        ask("hi")

    explore(body, llm=llm, faults=[faults.connect_error()], framings=())

    assert [call.last_user for call in llm.calls] == ["hm", "hi"]
    assert [call.status for call in llm.calls] == [200, 200]
    llm.check()


def test_reply_that_the_clean_run_does_not_use_is_unused(llm):
    llm.reply("one", "two")

    explore(lambda: ask("hi"), llm=llm, faults=[faults.connect_error()], framings=())

    with pytest.raises(AssertionError, match="rule 1"):
        llm.check()


def test_each_framing_meets_each_stream(llm):
    llm.reply("é", "two")

    def body():
        assert '"content":"é"' in post("first", stream=True).text
        assert ask("second") == "two"

    trials = explore(body, llm=llm, faults=(), framings=[framings.bytewise(), framings.split_utf8(), framings.crlf()])

    assert outcomes(trials) == dict.fromkeys(["1:bytewise()", "1:split_utf8()", "1:crlf()"])


def test_framing_reaches_the_client(llm):
    llm.reply("Hi")

    def body():
        assert "\r\n" not in post("hi", stream=True).text

    [trial] = explore(body, llm=llm, faults=(), framings=[framings.crlf()])

    assert isinstance(trial.error, AssertionError)


def test_what_cannot_take_effect_is_left_out(llm):
    llm.reply("Hi")

    trials = explore(
        lambda: post("hi", stream=True),
        llm=llm,
        faults=[faults.drop(after=99), faults.drop(after=1)],
        framings=[framings.per_event(), framings.split_utf8()],
    )

    assert names(trials) == ["1:drop(after=1)"]


def test_usual_troubles(llm):
    llm.reply("Hi é")

    trials = explore(lambda: post("hi", stream=True), llm=llm)

    assert [trial.trouble for trial in trials] == [
        "429 rate_limit_exceeded", "500", "connect_error()", "read_timeout()", "drop(after=0)", "drop(after=2)",
        "truncate(200)", "malformed_json(after=0)", "bad_chunk(after=0)", "error_event(after=0)", "html_page(502)",
        "empty_body()", "no_done()", "one_block()", "bytewise()", "split_utf8()", "crlf()", "multi_line_data()",
        "comments()", "bom()",
    ]  # fmt: skip
    assert len(trials) == len(FAULTS) + len(FRAMINGS)


def test_same_seed_same_trials():
    def run():
        llm = FakeLLM(seed=7)
        llm.when(tool_result="18").reply("18 °C")
        llm.reply(ToolCall("get_weather", {"city": "Paris"}))
        return explore(lambda: tool_loop(), llm=llm)

    first, second = run(), run()

    assert str(first) == str(second)
    assert [trial.calls[0].wire.body for trial in first] == [trial.calls[0].wire.body for trial in second]


def tool_loop():
    tools = [{"type": "function", "function": {"name": "get_weather"}}]
    message = post("Weather?", tools=tools).raise_for_status().json()["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "18"}
    return ask("Weather?", message, result, tools=tools)


def test_calls_that_the_script_breaks_itself_are_no_targets(llm):
    llm.reply(ErrorReply.server_error(), Reply("lost", fault=faults.empty_body()), "ok")

    def body():
        post("1")
        post("2")
        ask("3")

    trials = explore(body, llm=llm, faults=[faults.connect_error()], framings=())

    assert [(trial.name, trial.calls[-1].number) for trial in trials] == [("1:connect_error()", 3)]


def test_body_may_be_async(llm):
    llm.reply("Hi")

    async def body():
        async with httpx.AsyncClient() as client:
            await client.post(
                CHAT, json={"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}, headers=KEY
            )

    trials = explore(body, llm=llm, faults=[faults.connect_error()], framings=())

    assert outcomes(trials) == {"1:connect_error()": "ConnectError"}


def test_async_body_in_a_running_loop_is_awaited(llm):
    llm.reply("Hi")

    async def body():
        await asyncio.sleep(600)
        ask("hi")

    async def main():
        pending = explore(body, llm=llm, faults=[faults.connect_error()], framings=())
        with pytest.raises(UsageError, match=r"trials = await explore\(\.\.\.\)"):
            len(pending)
        return await pending

    trials = asyncio.run(main())

    assert outcomes(trials) == {"1:connect_error()": "ConnectError"}
    assert trials[0].elapsed == 600


def test_sync_body_in_a_running_loop(llm):
    llm.reply("Hi")

    async def main():
        return await explore(lambda: ask("hi"), llm=llm, faults=[faults.connect_error()], framings=())

    assert names(asyncio.run(main())) == ["1:connect_error()"]


def test_lambda_around_a_coroutine_in_a_running_loop(llm):
    async def body():
        pass

    async def main():
        coroutine = body()
        try:
            explore(lambda: coroutine, llm=llm)
        finally:
            coroutine.close()

    with pytest.raises(UsageError, match="returned something to await inside a running event loop"):
        asyncio.run(main())


def test_time_is_virtual(llm):
    llm.reply("Hi")

    def body():
        try:
            ask("hi")
        except httpx.ReadTimeout:
            time.sleep(3600)
            ask("hi")

    [trial] = explore(body, llm=llm, faults=[faults.read_timeout()], framings=())

    assert (trial.survived, trial.elapsed) == (True, 3605)


def test_what_the_clean_run_raises_is_raised(llm):
    llm.reply("Hi")

    def body():
        ask("hi")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        explore(body, llm=llm)


def test_outcome_of_pytest_is_a_result(llm):
    llm.reply("Hi")

    def body():
        if post("hi").status_code != 200:
            pytest.fail("no answer")

    [trial] = explore(body, llm=llm, faults=[ErrorReply.overloaded()], framings=())

    assert str(trial.error) == "no answer"


def test_interrupt_is_none(llm):
    llm.reply("Hi")

    def body():
        if post("hi").status_code != 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(body, llm=llm, faults=[ErrorReply.overloaded()], framings=())
    assert llm._engine.hooks is None


def test_journal_of_a_trial_tells_the_trouble(llm):
    llm.reply("Hi")

    trials = explore(
        lambda: ask_twice("hi"), llm=llm, faults=[faults.drop(after=0), ErrorReply.overloaded()], framings=()
    )

    assert trials[0].calls[0].fault.name == "drop(after=0)"
    assert trials[1].calls[0].reply == ErrorReply.overloaded()
    assert [call.status for call in trials[1].calls] == [503, 200]


def test_recorded_answers_are_explored(llm, tmp_path):
    def line(question, answer):
        return f"""
- request:
    method: POST
    uri: {CHAT}
    body: '{{"model": "gpt-4o", "messages": [{{"role": "user", "content": "{question}"}}]}}'
    headers: {{}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{content-type: [application/json]}}
    body: {{string: '{{"choices": [{{"message": {{"content": "{answer}"}}}}]}}'}}
"""

    path = tmp_path / "session.yaml"
    path.write_text(f"interactions:{line('hi', 'one')}{line('hi', 'two')}version: 1\n")
    llm.replay(path)

    def body():
        assert [ask_twice("hi"), ask_twice("hi")] == ["one", "two"]

    trials = explore(body, llm=llm, faults=[faults.connect_error(), faults.stall(1)], framings=())

    assert outcomes(trials) == dict.fromkeys(
        ["1:connect_error()", "1:stall(1, after=0)", "2:connect_error()", "2:stall(1, after=0)"]
    )


def test_own_fault_is_named_by_its_function(llm):
    llm.reply("Hi")

    def slow(events):
        return faults.stall(2)(events)

    trials = explore(lambda: ask("hi"), llm=llm, faults=[slow, slow], framings=())

    assert names(trials) == ["1:slow", "1:slow #2"]


def test_table(llm, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    llm.reply("one", "two")

    def body():
        ask("first")
        ask_twice("second")

    trials = explore(body, llm=llm, faults=[faults.connect_error(), faults.empty_body()], framings=())

    assert str(trials) == (
        "2 of 4 trials on 2 calls survived\n"
        "call 1: user='first'\n"
        "call 2: user='second'\n"
        "                 call 1           call 2\n"
        "connect_error()  ConnectError     survived\n"
        "empty_body()     JSONDecodeError  survived\n"
        "call 1, connect_error(): ConnectError: All connection attempts failed\n"
        "  to replay it: FAKELLM_TRIAL='1:connect_error()'\n"
        "call 1, empty_body(): JSONDecodeError: Expecting value: line 1 column 1 (char 0)\n"
        "  to replay it: FAKELLM_TRIAL='1:empty_body()'"
    )
    assert repr(trials) == "<Trials: 2 of 4 trials on 2 calls survived>"


def test_rich_prints_the_table(llm):
    llm.reply("one")
    trials = explore(lambda: ask("hi"), llm=llm, faults=[faults.connect_error(), faults.stall(1)], framings=())
    console = rich.get_console().__class__(file=io.StringIO(), width=80)

    console.print(trials)

    text = console.file.getvalue()
    assert "1 of 2 trials on 1 call survived" in text
    assert "│ connect_error()   │ ConnectError │" in text
    assert "│ stall(1, after=0) │ survived     │" in text


def test_survivors_and_failures(llm):
    llm.reply("one")

    trials = explore(lambda: ask("hi"), llm=llm, faults=[faults.connect_error(), faults.stall(1)], framings=())

    assert names(trials.failed) == ["1:connect_error()"]
    assert names(trials.survived) == ["1:stall(1, after=0)"]
    assert names(trials[1:]) == ["1:stall(1, after=0)"]
    with pytest.raises(AssertionError, match="1 of 2 trials on 1 call survived"):
        trials.assert_survived()


def test_all_survived_asserts_nothing(llm):
    llm.reply("one")

    explore(lambda: ask("hi"), llm=llm, faults=[faults.stall(1)], framings=()).assert_survived()


def test_line_that_replays_a_trial_in_a_test(llm, monkeypatch):
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "tests/test_a.py::test_x[a b] (call)")
    llm.reply("one")

    [trial] = explore(lambda: ask("hi"), llm=llm, faults=[faults.drop(after=0)], framings=())

    assert trial.replay == "pytest 'tests/test_a.py::test_x[a b]' --llm-trial='1:drop(after=0)'"


def test_environment_names_the_one_trial_to_run(llm, monkeypatch):
    monkeypatch.setenv("FAKELLM_TRIAL", "2:connect_error()")
    llm.reply("one", "two")

    def body():
        ask("first")
        ask("second")

    trials = explore(body, llm=llm, faults=[faults.connect_error(), faults.empty_body()], framings=())

    assert names(trials) == ["2:connect_error()"]


def test_trial_that_is_not_there(llm, monkeypatch):
    monkeypatch.setenv("FAKELLM_TRIAL", "3:connect_error()")
    llm.reply("one")

    with pytest.raises(UsageError) as caught:
        explore(lambda: ask("hi"), llm=llm, faults=[faults.connect_error()], framings=())

    assert str(caught.value) == (
        "there is no trial '3:connect_error()', which FAKELLM_TRIAL asks for; there are: 1:connect_error()"
    )


def test_body_that_asks_nothing(llm):
    with pytest.raises(UsageError) as caught:
        explore(lambda: None, llm=llm)

    assert str(caught.value) == (
        "the body of explore() asked this fake nothing, so there is nothing to explore\n"
        "  does it ask at all, through httpx, httpx2, requests or aiohttp, and while no other fake answers?"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"faults": [faults.drop]}, "call it: faults.drop(...)"),
        ({"framings": [framings.crlf]}, "call it: framings.crlf(...)"),
        ({"faults": [ErrorReply.overloaded]}, "call it: ErrorReply.overloaded()"),
        (
            {"faults": faults.drop(after=1)},
            "faults takes a list, such as faults=[faults.drop(after=2)]; got drop(after=1)",
        ),
        ({"framings": "crlf"}, "framings takes a list, such as framings=[framings.crlf()]; got 'crlf'"),
        (
            {"faults": ["drop"]},
            "faults takes those of fakellm.faults, such as faults.drop(after=2), or an ErrorReply; got 'drop'",
        ),
        (
            {"framings": [7]},
            "framings takes those of fakellm.framings, such as framings.crlf(); got 7",
        ),
        ({"llm": "gpt-4o"}, "explore(llm=...) takes the FakeLLM that answers the body, got 'gpt-4o'"),
    ],
)
def test_wrong_arguments(llm, arguments, said):
    with pytest.raises(UsageError) as caught:
        explore(lambda: None, **{"llm": llm, **arguments})

    assert str(caught.value) == said


def test_transcript_of_a_trial_tells_what_the_body_got(llm):
    llm.reply("Rain in Paris.")

    trials = explore(
        lambda: post("hi", stream=True),
        llm=llm,
        faults=[faults.drop(after=3), faults.connect_error(), ErrorReply(503, message="busy")],
        framings=[framings.bytewise()],
    )

    assert [trial.transcript().splitlines()[2:] for trial in trials] == [
        ["  => Rain in", "  => fault: drop(after=3)"],
        ["  => fault: connect_error()"],
        ["  => error 503: busy"],
        ["  => Rain in Paris."],
    ]
    assert llm.transcript().endswith("  user: hi\n  => Rain in Paris.")


@pytest.mark.parametrize("given", [(), (FakeLLM(),)], ids=["none", "by position"])
def test_missing_fake_is_told_with_what_to_type(given):
    with pytest.raises(UsageError) as caught:
        explore(lambda: ask("hi"), *given)

    assert str(caught.value) == (
        "explore() needs the fake that answers the body\n"
        "  type: explore(body, llm=fake_llm) with the fixture, or llm=llm with llm = FakeLLM()"
    )


def test_hooks_that_were_there_before_are_there_again(llm):
    class Passing:
        def before(self, request):
            """Nothing."""

        def over(self, call, play):
            return play

    llm.reply("Hi")
    llm._engine.hooks = hooks = Passing()

    explore(lambda: post("hi"), llm=llm, faults=[faults.drop(after=0)], framings=())

    assert llm._engine.hooks is hooks
