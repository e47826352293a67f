import inspect
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import pytest
from chat_wire import asking, wire
from engines import ask, make_engine, scripted, when

from fakellm import ErrorReply, RejectedRequestError, Reply, UnmatchedRequestError, UnusedReplyError, UsageError, faults
from fakellm._script.journal import Outcome
from fakellm._script.match import Matcher
from fakellm._wire.events import Data, Disconnect

FILES_URL = "https://api.openai.com/v1/files"
MESSAGES_URL = "https://api.anthropic.com/v1/messages"


def within(seconds, work):
    """Run work in a thread, and fail rather than hang where it never ends."""
    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it hangs"


def test_rule_answers():
    answer = ask(scripted("Hello!"))

    assert (answer.status, answer.content) == (200, "Hello!")


def test_first_live_rule_in_order_of_registration_answers():
    engine = make_engine()
    when(engine, user="hi").reply("first")
    when(engine, user="h").reply("second")

    assert [ask(engine).content, ask(engine).content] == ["first", "second"]


def test_rule_that_does_not_match_is_passed_over():
    engine = make_engine()
    when(engine, user="Rome").reply("no")
    when(engine, user="hi").reply("yes")

    assert ask(engine).content == "yes"


def test_error_reply_is_sent_with_its_status():
    answer = ask(scripted(ErrorReply.rate_limited(retry_after=3)))

    assert (answer.status, answer.error["code"], dict(answer.headers)["retry-after"]) == (
        429,
        "rate_limit_exceeded",
        "3",
    )


def test_error_that_was_asked_for_as_a_stream_is_no_stream():
    answer = ask(scripted(ErrorReply(500)), asking(stream=True))

    assert dict(answer.headers)["content-type"] == "application/json"


def test_fault_is_laid_over_the_answer():
    assert ask(scripted(Reply("a", fault=faults.drop(after=0)))).is_cut


def test_callable_computes_the_reply_from_the_request():
    engine = scripted(lambda request: request.last_user.upper())

    assert ask(engine, asking("hello")).content == "HELLO"


def test_callable_may_return_an_error():
    assert ask(scripted(lambda request: ErrorReply(503))).status == 503


def test_callable_may_script_the_next_reply():
    engine = make_engine()

    def first(request):
        engine.register(engine.new_rule(Matcher())).reply("second")
        return "first"

    engine.register(engine.new_rule(Matcher())).reply(first)
    contents = []
    within(10, lambda: contents.extend([ask(engine).content, ask(engine).content]))

    assert contents == ["first", "second"]


def test_callable_may_ask_the_model_itself():
    engine = make_engine()
    when(engine, user="outer").reply(lambda request: "<" + ask(engine, asking("inner")).content + ">")
    when(engine, user="inner").reply("deep")
    contents = []

    within(10, lambda: contents.append(ask(engine, asking("outer")).content))

    assert (contents, [call.number for call in engine.journal], engine.journal[0].last_user) == (
        ["<deep>"],
        [1, 2],
        "outer",
    )


def test_callable_may_wait_for_a_thread_that_asks_the_model():
    engine = make_engine()

    def delegated(request):
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: ask(engine, asking("inner")).content).result(timeout=10)

    when(engine, user="outer").reply(delegated)
    when(engine, user="inner").reply("deep")

    assert ask(engine, asking("outer")).content == "deep"


def test_fault_that_raises_loses_the_connection_and_fails_the_check():
    def broken(events):
        yield next(events)
        raise KeyError("city")

    engine = scripted(Reply("Hello!", fault=broken))

    events = list(engine.handle(asking()))

    assert events[1:] == [Disconnect()]
    with pytest.raises(UnmatchedRequestError, match="a callable of the script raised on call 1: KeyError: 'city'"):
        engine.check()


def test_framing_that_raises_loses_the_connection_and_fails_the_check():
    def broken(events):
        yield next(events)
        raise KeyError("city")

    engine = scripted(Reply("Hello!", framing=broken))

    events = list(engine.handle(asking()))

    assert events[1:] == [Disconnect()]
    with pytest.raises(UnmatchedRequestError, match="a callable of the script raised on call 1: KeyError: 'city'"):
        engine.check()


def test_fault_that_can_never_take_effect_fails_the_check():
    engine = scripted(Reply("Hello!", fault=faults.stall(30, after=99)))

    events = list(engine.handle(asking(stream=True)))

    assert events == [Disconnect()]
    with pytest.raises(UnmatchedRequestError) as caught:
        engine.check()
    first, by, advice = str(caught.value).split("\n")
    assert first == "call 1: stall(30, after=99) can never take effect: the stream has 4 chunks"
    assert by.startswith("  scripted by rule 1 reply() at ")
    assert advice == "  type after=4 or less, or script a longer answer"


def test_call_is_written_down_before_any_byte_goes_out():
    engine = scripted("Hello!")

    engine.handle(asking())

    assert [call.outcome for call in engine.journal] == [Outcome.ANSWERED]


def test_answered_call_knows_its_rule_and_reply():
    engine = scripted("Hello!")

    ask(engine)

    call = engine.journal[0]
    assert (call.number, call.status, call.rule, call.reply) == (1, 200, engine.rules[0], Reply("Hello!"))


def test_computed_reply_is_written_down_as_it_was_given():
    engine = scripted(lambda request: "computed")

    ask(engine)

    assert engine.journal[0].reply == Reply("computed")


def test_rule_knows_the_line_that_registered_it():
    line = inspect.currentframe().f_lineno + 1
    rule = make_engine().new_rule(Matcher())

    assert (rule.number, rule.where) == (1, f"test_engine.py:{line}")


def test_reset_forgets_rules_and_journal():
    engine = scripted("a", "b")
    ask(engine)

    engine.reset()

    assert (engine.rules, list(engine.journal), engine.check()) == ([], [], None)


def test_reset_brings_back_the_first_ids():
    engine = scripted("a")
    first = ask(engine)
    engine.reset()
    engine.register(engine.new_rule(Matcher())).reply("a")

    assert ask(engine).body == first.body


def test_unmatched_request_gets_a_400_that_is_not_retried():
    answer = ask(make_engine())

    assert (answer.status, dict(answer.headers)["x-should-retry"]) == (400, "false")


def test_unmatched_request_is_told_in_the_error_object():
    assert ask(make_engine()).error == {
        "message": (
            "no rule answers call 1: POST …/chat/completions model='gpt-4o' user='hi'\n  nothing is scripted\n"
            "  to answer it, type:\n    fake_llm.when(user='hi').reply('...')"
        ),
        "type": "invalid_request_error",
        "param": None,
        "code": "fakellm_unmatched",
    }


def test_unmatched_call_carries_its_explanation():
    engine = make_engine()

    answer = ask(engine)

    assert (engine.journal[0].outcome, engine.journal[0].explanation) == (Outcome.UNMATCHED, answer.error["message"])


def test_retry_after_a_scripted_error_says_how_to_recover():
    engine = scripted(ErrorReply.rate_limited())
    ask(engine)

    answer = ask(engine, asking(headers={"x-stainless-retry-count": "1"}))

    assert "it is the SDK's retry of call 1, which got the scripted 429" in answer.error["message"]


def test_new_call_after_a_scripted_error_is_no_retry():
    engine = scripted(ErrorReply.rate_limited())
    ask(engine)

    assert "retry" not in ask(engine).error["message"]


def test_retry_before_any_call_is_unmatched():
    assert ask(make_engine(), asking(headers={"x-stainless-retry-count": "1"})).status == 400


def test_rejected_request_gets_the_error_of_the_api():
    answer = ask(scripted("a"), asking(messages=[]))

    assert (answer.status, answer.error["code"], dict(answer.headers)["x-should-retry"]) == (
        400,
        "empty_array",
        "false",
    )


def test_rejected_request_uses_up_no_reply():
    engine = scripted("a")

    ask(engine, asking(messages=[]))

    assert ask(engine).content == "a"


def test_model_call_of_another_api_is_unmatched():
    engine = scripted("a")

    answer = ask(engine, wire({"model": "claude"}, url=MESSAGES_URL))

    assert (answer.status, answer.error["type"], engine.journal[0].outcome) == (
        404,
        "not_found_error",
        Outcome.UNMATCHED,
    )


def test_other_traffic_gets_a_404_and_passes_the_check():
    engine = make_engine()

    answer = ask(engine, wire(method="GET", url=FILES_URL))

    assert (answer.status, engine.other_traffic[0].outcome, engine.check()) == (404, Outcome.OTHER, None)


TRACES_URL = "https://api.openai.com/v1/traces/ingest"


def test_other_traffic_stands_in_a_list_of_its_own():
    engine = scripted("a", "b")

    for request in (asking(), wire({"data": []}, url=TRACES_URL), asking(), wire(method="GET", url=FILES_URL)):
        ask(engine, request)

    assert [(call.number, call.wire.path) for call in engine.journal] == [
        (1, "/v1/chat/completions"),
        (2, "/v1/chat/completions"),
    ]
    assert [(call.number, call.wire.path) for call in engine.other_traffic] == [
        (1, "/v1/traces/ingest"),
        (2, "/v1/files"),
    ]


def test_reset_forgets_other_traffic():
    engine = make_engine()
    ask(engine, wire(method="GET", url=FILES_URL))

    engine.reset()

    assert len(engine.other_traffic) == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://gateway.test/v1/messages/count_tokens",
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:countTokens",
    ],
)
def test_count_of_tokens_is_other_traffic(url):
    engine = make_engine()

    answer = ask(engine, wire({"model": "gpt-4o", "input": "hi"}, url=url))

    assert (answer.status, len(engine.journal), engine.other_traffic[0].outcome) == (404, 0, Outcome.OTHER)
    engine.check()


def test_request_whose_body_names_a_model_is_a_model_call_on_any_path_of_a_provider():
    engine = make_engine()

    answer = ask(engine, wire({"model": "rerank-v4", "texts": []}, url="https://api.cohere.com/v9/new"))

    assert (answer.status, engine.journal[0].outcome, len(engine.other_traffic)) == (404, Outcome.UNMATCHED, 0)


def test_other_traffic_is_told_that_it_was_stopped():
    assert ask(make_engine(), wire(method="GET", url=FILES_URL)).error["message"] == (
        "no model call, answered with 404 instead of by the network: GET https://api.openai.com/v1/files"
    )


@pytest.mark.parametrize("path", ["models", "models/gemini-2.0-flash:generateContent", "images/edits"])
def test_key_in_the_url_gets_into_no_message(path):
    engine = make_engine()
    sent = wire(method="POST", url=f"https://generativelanguage.googleapis.com/v1beta/{path}?key=AIza0123456789")

    answer = ask(engine, sent)

    [call] = [*engine.journal, *engine.other_traffic]
    assert f"/{path}?key=REDACTED" in call.explanation
    assert "AIza0123456789" not in f"{call.explanation}{answer.body}{call!r}{call.wire!r}"


def crash(request):
    raise KeyError("city")


CRASH_LINE = inspect.getsourcelines(crash)[1] + 1


def returns_none(request):
    return None


def test_callable_that_raises_is_told_with_its_place():
    answer = ask(scripted(crash))

    assert (answer.status, answer.error["message"]) == (
        400,
        f"a callable of the script raised on call 1: KeyError: 'city'\n  at test_engine.py:{CRASH_LINE} in crash",
    )


def test_callable_that_raises_fails_the_check_with_its_cause():
    engine = scripted(crash)
    ask(engine)

    with pytest.raises(UnmatchedRequestError, match="KeyError: 'city'") as caught:
        engine.check()

    assert repr(caught.value.__cause__) == "KeyError('city')"


def test_callable_that_returns_nothing_is_named():
    engine = scripted(returns_none)

    assert ask(engine).error["message"] == (
        "a callable of the script raised on call 1: UsageError: returns_none returned None, which is nothing that a "
        "model says; give a str, a Reply, a ToolCall, a list of ToolCall, an ErrorReply, a pydantic object, or a "
        "callable that takes the ChatRequest and returns one of these"
    )


def test_callable_that_returns_itself_does_not_hang():
    def again(request):
        return again

    engine = scripted(again)
    statuses = []

    within(10, lambda: statuses.append(ask(engine).status))

    assert statuses == [400]


def test_predicate_that_raises_is_told_with_its_place():
    engine = make_engine()
    when(engine, user=crash).reply("a")

    assert ask(engine).error["message"] == (
        f"a callable of the script raised on call 1: KeyError: 'city'\n  at test_engine.py:{CRASH_LINE} in crash"
    )


def test_predicate_that_raises_only_when_explained_is_a_mismatch():
    engine = make_engine()
    when(engine, user="Rome", model=crash).reply("a")

    assert "model: expected crash to hold, got KeyError: 'city'" in ask(engine).error["message"]


def test_message_of_an_exception_may_be_no_unicode():
    def fail(request):
        raise ValueError("\ud800")

    assert "ValueError: \\ud800\n" in ask(scripted(fail)).error["message"]


def test_outcome_of_pytest_passes_through_a_callable():
    engine = scripted(lambda request: pytest.fail("seen"))

    with pytest.raises(pytest.fail.Exception, match="seen"):
        engine.handle(asking())


def test_engine_answers_on_after_an_exception_passed_through():
    engine = scripted(lambda request: pytest.fail("seen"), "ok")
    with pytest.raises(pytest.fail.Exception):
        engine.handle(asking())

    assert ask(engine).content == "ok"


def test_check_passes_where_everything_was_asked_and_answered():
    engine = scripted("a")
    ask(engine)

    assert engine.check() is None


def test_check_fails_for_an_unmatched_request():
    engine = make_engine()
    answer = ask(engine)

    with pytest.raises(UnmatchedRequestError) as caught:
        engine.check()

    assert str(caught.value) == answer.error["message"]


def test_check_fails_for_a_rejected_request():
    engine = make_engine()
    ask(engine, wire(b"?"))

    with pytest.raises(
        UnmatchedRequestError, match=r"^the real API rejects call 1 with 400: POST /v1/chat/completions\n"
    ):
        engine.check()


def test_check_fails_for_an_unused_reply():
    engine = scripted("a", "b")
    ask(engine)

    with pytest.raises(
        UnusedReplyError, match=r"^1 scripted reply never asked for: rule 1 reply\(\) at engines\.py:\d+, 1 given\n"
    ):
        engine.check()


def test_check_fails_for_a_rule_that_was_given_no_reply():
    engine = make_engine()
    when(engine, user="hi")

    with pytest.raises(UnusedReplyError, match=r"^rule 1 when\(user='hi'\) at engines\.py:\d+ was given no reply\n"):
        engine.check()


def test_unused_replies_are_told_below_what_nothing_answered():
    engine = make_engine()
    for city in ("Rome", "Oslo", "Bern"):  # the three that are told as nearest
        when(engine, user=city).reply("a")
    when(engine, user="Paris", system="guide").reply("b")
    ask(engine)
    ask(engine, wire(b"?"))

    with pytest.raises(UnmatchedRequestError) as caught:
        engine.check()

    heads = [part.split(":")[0] for part in str(caught.value).split("\n\n")]
    rejected = "the real API rejects call 2 with 400"
    assert heads == ["no rule answers call 1", rejected, "1 scripted reply never asked for"]


def test_rule_that_was_told_as_a_near_miss_is_not_told_as_unused():
    engine = make_engine()
    when(engine, user="wether").reply("a")
    ask(engine, asking("weather"))

    with pytest.raises(UnmatchedRequestError) as caught:
        engine.check()

    assert "rule 1 when(user='wether')" in str(caught.value)
    assert "never asked for" not in str(caught.value)


@pytest.mark.parametrize(("user", "is_told"), [("hot", False), ("cold", True)])
def test_rule_that_a_rejected_request_would_have_asked_is_not_told_as_unused(user, is_told):
    engine = make_engine()
    when(engine, user=user).reply("a")
    ask(engine, asking("hot?", temperature=3))

    with pytest.raises(RejectedRequestError) as caught:
        engine.check()

    assert ("never asked for" in str(caught.value)) is is_told


def test_rule_without_a_reply_is_told_whatever_was_asked():
    engine = make_engine()
    when(engine, user="Rome")
    ask(engine)

    with pytest.raises(UnmatchedRequestError, match="was given no reply"):
        engine.check()


def test_rule_for_ever_owes_nothing():
    assert scripted("a", times=None).check() is None


@pytest.mark.parametrize(
    ("option", "request_sent"),
    [
        ("allow_unmatched", asking()),
        ("allow_unmatched", wire(url=MESSAGES_URL)),
        ("allow_rejected", wire(b"?")),
    ],
)
def test_allowed_request_passes_the_check(option, request_sent):
    engine = make_engine(**{option: True})

    ask(engine, request_sent)

    assert engine.check() is None


@pytest.mark.parametrize(
    ("option", "request_sent"),
    [("allow_rejected", asking()), ("allow_unmatched", wire(b"?")), ("allow_unused", asking())],
)
def test_option_allows_nothing_else(option, request_sent):
    engine = make_engine(**{option: True})
    ask(engine, request_sent)

    with pytest.raises(UnmatchedRequestError):
        engine.check()


def test_allowed_unused_reply_passes_the_check():
    assert scripted("a", allow_unused=True).check() is None


def test_any_usage_error_of_a_fault_is_told():
    def broken_fault(events):
        raise UsageError("not today")

    engine = scripted(Reply("a", fault=broken_fault))

    assert "UsageError: not today" in ask(engine).error["message"]


def test_fault_may_be_any_function_of_events():
    engine = scripted(Reply("a", fault=lambda events: (e for e in events if not isinstance(e, Data))))

    assert ask(engine).body == b""


def test_unused_replies_say_that_no_model_was_asked_at_all():
    engine = scripted("Hello!")
    when(engine, user="hi").reply("b")

    with pytest.raises(UnusedReplyError) as caught:
        engine.check()

    assert str(caught.value).endswith(
        "\n\nno model was asked at all: was something not awaited, skipped, or cached (dspy: cache=False)?\n"
        "  processes that were spawned or started as programs are not reached from here"
    )
    assert str(caught.value).count("no model was asked") == 1


def test_unused_replies_of_a_fake_that_was_asked_say_nothing_of_it():
    engine = scripted("Hello!", "again")
    ask(engine)

    with pytest.raises(UnusedReplyError, match=r"FakeLLM\(allow_unused=True\)$"):
        engine.check()


@pytest.mark.parametrize(
    ("first", "advice"),
    [
        ({}, "  to let it answer, put it before that rule, or make that one otherwise(...)\n"),
        ({"user": "h"}, "  to let it answer, put it before that rule\n"),
    ],
)
def test_rule_that_an_earlier_one_covers_is_told_what_to_do(first, advice):
    engine = make_engine()
    (when(engine, **first) if first else engine.register(engine.new_rule(Matcher()))).reply("a", times=None)
    when(engine, user="hi").reply("b")
    ask(engine)

    with pytest.raises(UnusedReplyError) as caught:
        engine.check()

    assert advice in str(caught.value)


def test_rejected_requests_alone_have_an_error_of_their_own():
    engine = make_engine()
    ask(engine, wire(b"{}"))

    with pytest.raises(RejectedRequestError):
        engine.check()


def test_rejected_request_beside_an_unmatched_one_is_told_as_unmatched():
    engine = make_engine()
    ask(engine, wire(b"{}"))
    ask(engine)

    with pytest.raises(UnmatchedRequestError) as caught:
        engine.check()

    assert type(caught.value) is UnmatchedRequestError
