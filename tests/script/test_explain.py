import pytest
from asking import read
from chat_wire import asking, wire
from engines import ask, make_engine

from fakellm import ErrorReply, Reply, ToolCall, faults
from fakellm._dialects.table import DIALECTS
from fakellm._script import explain
from fakellm._script.journal import Call, Outcome
from fakellm._script.match import Condition, Matcher
from fakellm._script.rule import Rule
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import ErrorBody

TYPE_HI = "  to answer it, type:\n    fake_llm.when(user='hi').reply('...')"


def rule(*replies, number=1, given=0, **conditions):
    found = Rule(Matcher(tuple(Condition(*item) for item in conditions.items())), number=number, where="test_a.py:3")
    if replies:
        found.reply(*replies)
    for _ in range(given):
        found.next_reply()
    return found


def unmatched(*rules, messages=None, retry_of=None):
    fields = {} if messages is None else {"messages": messages}
    return explain.unmatched(read(asking(**fields), Strictness(strict=False)), rules, number=4, retry_of=retry_of)


def test_unmatched_without_rules_says_that_nothing_is_scripted():
    assert unmatched() == (
        "no rule answers call 4: POST …/chat/completions model='gpt-4o' user='hi'\n  nothing is scripted\n" + TYPE_HI
    )


def test_unmatched_names_the_nearest_rules_with_what_differs():
    far = rule("a", number=1, user="Rome", model="o3")
    near = rule("b", number=2, user="Paris")

    assert unmatched(far, near) == (
        "no rule answers call 4: POST …/chat/completions model='gpt-4o' user='hi'\n"
        "  nearest:\n"
        "    rule 2 when(user='Paris') at test_a.py:3\n"
        "      user: expected a question containing 'Paris', got 'hi'\n"
        "    rule 1 when(user='Rome', model='o3') at test_a.py:3\n"
        "      user: expected a question containing 'Rome', got 'hi'\n"
        "      model: expected a model like 'o3', got 'gpt-4o'\n" + TYPE_HI
    )


def test_rule_whose_text_stands_elsewhere_in_the_conversation_is_the_nearest():
    rules = [rule("a", number=n, user=text) for n, text in enumerate(["alpha", "beta", "gamma", "weather"], 1)]
    tool_loop = [
        {"role": "user", "content": "How is the weather?"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "tool_call_id": "call_1", "content": "18"},
    ]

    lines = unmatched(*rules, messages=tool_loop).split("\n")

    assert lines[2:4] == [
        "    rule 4 when(user='weather') at test_a.py:3",
        "      user: expected a question containing 'weather', got a user message 'How is the weather?' that was "
        "answered already (the last message has role 'tool')",
    ]


def test_rule_whose_text_a_system_message_holds_is_the_nearest():
    rules = [rule("a", number=n, user=text) for n, text in enumerate(["alpha", "beta", "gamma", "planner"], 1)]

    lines = unmatched(
        *rules, messages=[{"role": "system", "content": "The planner."}, {"role": "user", "content": "hi"}]
    ).split("\n")

    assert lines[2:5] == [
        "    rule 4 when(user='planner') at test_a.py:3",
        "      user: expected a question containing 'planner', got 'hi'",
        "        a system message holds it; to look there: system='planner'",
    ]


def test_rule_whose_text_is_nearly_there_comes_before_those_that_are_far():
    rules = [rule("a", number=n, user=text) for n, text in enumerate(["alpha", "beta", "gamma", "wether"], 1)]

    lines = unmatched(*rules, messages=[{"role": "user", "content": "How is the weather?"}]).split("\n")

    assert lines[2] == "    rule 4 when(user='wether') at test_a.py:3"


def test_hint_stands_below_the_mismatch():
    lines = unmatched(rule("a", user="HI")).split("\n")

    assert lines[3:5] == [
        "      user: expected a question containing 'HI', got 'hi'",
        "        differs in case alone; to pass that over: user=re.compile('HI', re.I)",
    ]


def test_unmatched_says_that_a_rule_is_used_up():
    assert unmatched(rule("a", given=1)) == (
        "no rule answers call 4: POST …/chat/completions model='gpt-4o' user='hi'\n"
        "  nearest:\n"
        "    rule 1 reply() at test_a.py:3 would have answered, but it is used up (1 reply given)\n"
        "      add another reply, or times=None to give it for ever\n" + TYPE_HI
    )


def test_used_up_rule_counts_its_replies():
    assert "it is used up (2 replies given)" in unmatched(rule("a", "b", given=2))


def test_unmatched_says_that_a_rule_has_no_reply():
    assert unmatched(rule(user="h")) == (
        "no rule answers call 4: POST …/chat/completions model='gpt-4o' user='hi'\n"
        "  nearest:\n"
        "    rule 1 when(user='h') at test_a.py:3 has no reply; add .reply(...)\n" + TYPE_HI
    )


def test_three_near_misses_are_enough():
    text = unmatched(*(rule("a", number=n, user="Rome") for n in range(1, 6)))

    assert [n for n in range(1, 6) if f"rule {n} " in text] == [1, 2, 3]


def test_predicate_that_raises_is_told_in_the_near_miss():
    def is_number(text):
        return int(text)

    assert "got ValueError: invalid literal for int() with base 10: 'hi'" in unmatched(rule("a", user=is_number))


def test_retry_of_a_scripted_error_says_what_to_add():
    before = Call(3, asking(), Outcome.ANSWERED, 429, reply=ErrorReply.rate_limited())

    assert unmatched(retry_of=before) == (
        "no rule answers call 4: POST …/chat/completions model='gpt-4o' user='hi'\n"
        "  it is the SDK's retry of call 3, which got the scripted 429: every HTTP request\n"
        "  uses up a reply. To recover, add one: reply(ErrorReply(429), 'ok');\n"
        "  to let the SDK give up: reply(ErrorReply(429), times=None)\n"
        "  nothing is scripted\n" + TYPE_HI
    )


def test_retry_after_a_fault_says_what_to_add():
    before = Call(3, asking(), Outcome.ANSWERED, 200, reply=Reply("a", fault=faults.connect_error()))

    assert unmatched(retry_of=before) == (
        "no rule answers call 4: POST …/chat/completions model='gpt-4o' user='hi'\n"
        "  it is the SDK's retry of call 3, which got the fault connect_error(): every HTTP request\n"
        "  uses up a reply. To recover, add one: reply('ok');\n"
        "  to let the SDK give up: reply('...', fault=faults.connect_error(), times=None)\n"
        "  nothing is scripted\n" + TYPE_HI
    )


def test_retry_of_a_plain_reply_says_nothing_of_it():
    before = Call(3, asking(), Outcome.ANSWERED, 200, reply=Reply("a"))

    assert unmatched(retry_of=before) == unmatched()


def test_retry_of_something_else_says_nothing_of_it():
    before = Call(3, asking(), Outcome.UNMATCHED, 400)

    assert unmatched(retry_of=before) == unmatched()


USER = {"role": "user", "content": "hi"}
TOOL = {"role": "tool", "tool_call_id": "call_1", "content": "18"}


@pytest.mark.parametrize(
    ("messages", "asked", "to_type"),
    [
        ([USER, TOOL, {**TOOL, "content": "it's 19"}], '''tool_result="it's 19"''', """when(tool_result="it's 19")."""),
        ([USER, {"role": "assistant", "content": "yes"}], "user='hi'", ""),
        ([{"role": "system", "content": "be kind"}], "system='be kind'", "when(system='be kind')."),
        ([{"role": "assistant", "content": "Well?"}], "user=''", ""),
        ([{"role": "user", "content": "a\nb"}], r"user='a\nb'", r"when(user='a\nb')."),
        ([{"role": "user", "content": "x" * 61}], f"user='{'x' * 61}'", f"when(user='{'x' * 60}')."),
        ([{"role": "user", "content": "x" * 121}], f"user='{'x' * 60} … {'x' * 60}'", f"when(user='{'x' * 60}')."),
    ],
)
def test_what_to_type_answers_the_request(messages, asked, to_type):
    first, *_, last = unmatched(messages=messages).splitlines()

    assert (first, last) == (
        f"no rule answers call 4: POST …/chat/completions model='gpt-4o' {asked}",
        f"    fake_llm.{to_type}reply('...')",
    )


@pytest.mark.parametrize(
    ("conditions", "to_type"),
    [
        ({"system": "writer"}, "when(system='You are the planner.', user='hi')."),
        ({"user": "bye"}, "when(user='hi')."),
    ],
)
def test_what_to_type_names_the_agent_where_rules_do(conditions, to_type):
    messages = [{"role": "system", "content": "You are the planner."}, USER]

    last = unmatched(rule("a", **conditions), messages=messages).splitlines()[-1]

    assert last == f"    fake_llm.{to_type}reply('...')"


def test_near_misses_are_ordered_by_mismatches_then_by_registration():
    rules = [rule("a", number=1, user="Rome"), rule("a", number=2), rule("a", number=3, user="Rome", model="x")]
    rules.append(rule("a", number=4, user="Oslo"))

    found = explain.near_misses(read(asking()), rules)

    assert [(near.number, len(mismatches)) for near, mismatches in found] == [(2, 0), (1, 1), (4, 1)]


@pytest.mark.parametrize(
    ("error", "details"),
    [
        (ErrorBody("No.", param="messages", code="empty_array"), "No. (param='messages', code='empty_array')"),
        (ErrorBody("No.", param="stream"), "No. (param='stream')"),
        (ErrorBody("No."), "No."),
    ],
)
def test_rejected_says_what_the_api_says_and_how_to_allow_it(error, details):
    assert explain.rejected(asking(), error, name="call 2", status=400) == (
        "the real API rejects call 2 with 400: POST /v1/chat/completions\n"
        f"  {details}\n"
        "  if the test means it: @pytest.mark.fake_llm(allow_rejected=True) or FakeLLM(allow_rejected=True)\n"
        "  to accept whatever is well-formed: @pytest.mark.fake_llm(strict=False) or FakeLLM(strict=False)"
    )


def test_rejected_does_not_advise_what_is_set_already():
    text = explain.rejected(asking(), ErrorBody("No."), name="call 2", status=400, is_strict=False)

    assert "strict=False" not in text


@pytest.mark.parametrize(("headers", "is_told"), [({}, True), ({"authorization": "Bearer x"}, False)])
def test_rejected_says_how_a_missing_key_is_sent(headers, is_told):
    asked = wire(b"{}")._replace(headers=headers)

    text = explain.rejected(asked, ErrorBody("No key."), name="call 2", status=401)

    assert ('\n  to send a key, type: headers={"authorization": "Bearer sk-fakellm"}\n' in text) is is_told


def told_of(request):
    engine = make_engine()
    ask(engine, request)
    return engine.journal[0].explanation


SPOKEN = ", ".join(DIALECTS.spoken_at)


def test_not_spoken_says_that_the_call_was_stopped_here():
    assert told_of(wire(url="https://api.anthropic.com/v1/messages")) == (
        "call 1 is a model call that fakellm cannot answer: POST https://api.anthropic.com/v1/messages\n"
        f"  it was stopped here and did not reach the network; scripts answer {SPOKEN}, recordings anything:\n"
        "  record it once (@pytest.mark.llm_cassette, pytest --llm-record=once); it plays beside fake_llm as well\n"
        "  if the test means it: @pytest.mark.fake_llm(allow_unmatched=True) or FakeLLM(allow_unmatched=True)"
    )


def test_not_spoken_call_that_may_be_a_users_own_service_says_how_it_is_reached():
    text = told_of(wire({"model": "m"}, url="http://localhost:8000/api/chat"))

    assert (
        "\n  it counts as one since its body names a model; if this is a service of your own, ask it in the process:\n"
        "  type: httpx.Client(transport=httpx.WSGITransport(app=...)), "
        "AsyncClient(transport=httpx.ASGITransport(app=...))\n"
    ) in text


def crash():
    raise KeyError("city")


def test_broken_callable_is_told_with_its_place():
    with pytest.raises(KeyError) as caught:
        crash()

    # The first frame outside the package is the one that the engine called.
    assert explain.broken(caught.value, name="call 5") == (
        "a callable of the script raised on call 5: KeyError: 'city'\n"
        f"  at test_explain.py:{caught.traceback[0].lineno + 1} in test_broken_callable_is_told_with_its_place"
    )


def test_broken_callable_that_had_returned_has_no_place():
    assert (
        explain.broken(ValueError("no"), name="call 5") == "a callable of the script raised on call 5: ValueError: no"
    )


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            rule("a"),
            "1 scripted reply never asked for: rule 1 reply() at test_a.py:3, 0 given\n  the next one was to be 'a'\n",
        ),
        (
            rule("a", ToolCall("f", {}), "c", given=1, user="x"),
            "2 scripted replies never asked for: rule 1 when(user='x') at test_a.py:3, 1 given\n"
            "  the next one was to be a call of f\n",
        ),
        (
            rule(ErrorReply(503)),
            "1 scripted reply never asked for: rule 1 reply() at test_a.py:3, 0 given\n"
            "  the next one was to be the error 503\n",
        ),
        (
            rule(lambda request: "a"),
            "1 scripted reply never asked for: rule 1 reply() at test_a.py:3, 0 given\n"
            "  the next one was to be a reply of a callable's\n",
        ),
        (
            rule(Reply(finish_reason="stop")),
            "1 scripted reply never asked for: rule 1 reply() at test_a.py:3, 0 given\n"
            "  the next one was to be an empty reply\n",
        ),
    ],
)
def test_unused_reply_is_named_with_its_place(found, text):
    assert explain.unused(found, []) == text + (
        "  delete it, or if the test means it: @pytest.mark.fake_llm(allow_unused=True) or FakeLLM(allow_unused=True)"
    )


def test_rule_that_came_first_is_named():
    engine = make_engine()
    engine.register(engine.new_rule(Matcher())).reply("first", times=None)
    late = engine.register(engine.new_rule(Matcher())).reply("late")
    ask(engine, asking())

    text = explain.unused(late, engine.journal)

    assert "\n  call 1 would have asked for it, but rule 1 reply() at " in text


def test_unfinished_rule_is_told():
    assert explain.unused(rule(user="x"), []) == (
        "rule 1 when(user='x') at test_a.py:3 was given no reply\n  add .reply(...), or delete it"
    )
