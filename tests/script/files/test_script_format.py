"""The format of script files, and that schema and reader agree on it."""

import json
import re

import jsonschema
import pytest
import yaml

from fakellm import ErrorReply, Pace, Reply, ScriptFormatError, ToolCall, faults, framings
from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.providers import PROVIDERS
from fakellm._script.files import format as script_format
from fakellm._script.files.format import read_script
from fakellm._script.files.load import schema_text
from fakellm._script.match import Matcher, conditions
from fakellm._script.transform import at_speaker
from fakellm._wire.events import Data, Head
from fakellm._wire.voice import Speaker

SCHEMA = json.loads(schema_text())
FAULTS = {"drop": faults.drop, "error_event": faults.error_event}
FRAMINGS = {"crlf": framings.crlf, "recorded": framings.recorded}


def read(text, name="s.yaml"):
    return read_script(text, path=name, faults=FAULTS, framings=FRAMINGS)


def is_valid(text):
    """Whether an editor with the schema has nothing to complain about."""
    value = yaml.safe_load(text)  # in these texts both kinds of YAML agree
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(value)


def complaint(text):
    with pytest.raises(ScriptFormatError) as caught:
        read(text)
    return str(caught.value)


def only(text):
    [rule] = read(text).rules
    return rule


def test_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("place", "names"),
    [
        (["when"], script_format.CONDITIONS),
        (["said"], script_format.REPLY_FIELDS),
    ],
)
def test_schema_knows_every_name(place, names):
    assert sorted(SCHEMA["$defs"][place[0]]["properties"]) == sorted(names)


def test_schema_knows_every_error():
    _, names, mapping = SCHEMA["$defs"]["error"]["oneOf"]

    assert names["enum"] == list(script_format.ERRORS)
    assert sorted(mapping["properties"]) == sorted(script_format.ERROR_FIELDS)


CALL = "{name: get_weather, arguments: {city: Paris, days: [1, 2]}}"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Hello!", Reply("Hello!")),
        ("''", Reply("")),
        ("{text: Hello!, finish_reason: length}", Reply("Hello!", finish_reason="length")),
        ("{finish_reason: content_filter}", Reply(finish_reason="content_filter")),
        ("{usage: {prompt_tokens: 3}}", Reply(usage={"prompt_tokens": 3})),
        (
            f"{{text: Wait., tool_calls: [{CALL}]}}",
            Reply("Wait.", tool_calls=(ToolCall("get_weather", {"city": "Paris", "days": [1, 2]}),)),
        ),
        (
            "{tool_calls: [{name: now}, {name: f, arguments: '{broken'}]}",
            Reply(tool_calls=(ToolCall("now", {}), ToolCall("f", "{broken"))),
        ),
        ("{error: rate_limited}", ErrorReply.rate_limited()),
        ("{error: 503}", ErrorReply(503)),
        (
            "{error: {status: 429, retry_after: 2.5, headers: {x-a: b}}}",
            ErrorReply(429, retry_after=2.5, headers={"x-a": "b"}),
        ),
        (
            "{error: {status: 503, retry_after: 'Wed, 21 Oct 2026 07:28:00 GMT', retry_after_ms: 20}}",
            ErrorReply(503, retry_after="Wed, 21 Oct 2026 07:28:00 GMT", retry_after_ms=20),
        ),
    ],
)
def test_reply_is_read(reply, expected):
    text = f"rules:\n- reply: {reply}\n"

    assert only(text).replies == (expected,)
    assert is_valid(text)


@pytest.mark.parametrize("error", ["rate_limited", "429", "{status: 429}"])
def test_error_in_a_stream_is_read(error):
    text = f"rules:\n- reply: {{text: half, fault: {{error_event: {{after: 1, error: {error}}}}}}}\n"

    [reply] = only(text).replies

    assert reply.fault.name == "error_event(after=1)"
    fault = at_speaker(reply.fault, Speaker(CHAT, PROVIDERS["openai"], "gpt-4o"))
    sent = list(fault(iter([Head(200, (("content-type", "text/event-stream"),)), Data(b"data: {}\n\n")])))
    assert b"rate_limit_exceeded" in sent[-1].data
    assert is_valid(text)


@pytest.mark.parametrize("fault", ["{drop: {after: 2}}"])
def test_fault_is_read(fault):
    text = f"rules:\n- reply: {{text: half, fault: {fault}}}\n"

    [reply] = only(text).replies

    assert reply.fault.name == "drop(after=2)"
    assert is_valid(text)


@pytest.mark.parametrize(
    ("framing", "name"), [("crlf", "crlf()"), ("{recorded: {chunks: [[0.2, 66], 14]}}", "recorded([[0.2, 66], 14])")]
)
def test_framing_is_read(framing, name):
    text = f"rules:\n- reply: {{text: half, framing: {framing}}}\n"

    [reply] = only(text).replies

    assert reply.framing.name == name
    assert is_valid(text)


def test_pace_is_read():
    text = "rules:\n- reply: {text: slow, pace: {ttft: 0.2, tokens_per_second: 50}}\n"

    assert only(text).replies == (Reply("slow", pace=Pace(ttft=0.2, tokens_per_second=50)),)
    assert is_valid(text)


def test_id_of_a_tool_call_is_read():
    [reply] = only("rules: [{reply: {tool_calls: [{name: f, id: call_x}]}}]").replies

    assert reply.tool_calls[0].id == "call_x"


def test_name_of_a_fault_alone_is_enough_where_it_takes_nothing():
    def cut():
        return lambda events: events

    found = read_script("rules: [{reply: {fault: cut}}]", path="s.yaml", faults={"cut": cut}, framings={})

    assert found.rules[0].replies[0].fault is not None


@pytest.mark.parametrize(
    ("when", "given"),
    [
        ("{user: weather}", {"user": "weather"}),
        ("{user: {regex: '(?i)^w'}}", {"user": re.compile("(?i)^w")}),
        ("{system: planner, tool: search}", {"system": "planner", "tool": "search"}),
        ("{model: gpt-4*, tool_result: '18'}", {"model": "gpt-4*", "tool_result": "18"}),
        ("{turn: 0, stream: false}", {"turn": 0, "stream": False}),
        ("{endpoint: chat}", {"endpoint": "chat"}),
        ("{header: {x-team: a, x-b: {regex: c}}}", {"header": {"x-team": "a", "x-b": re.compile("c")}}),
    ],
)
def test_condition_is_read(when, given):
    text = f"rules:\n- when: {when}\n  reply: a\n"

    assert only(text).matcher == Matcher(conditions(given))
    assert is_valid(text)


@pytest.mark.parametrize(("times", "expected"), [("", 1), ("times: 3", 3), ("times: forever", None)])
def test_times_is_read(times, expected):
    text = f"rules:\n- replies: [a, b]\n  {times}\n"

    rule = only(text)

    assert (rule.replies, rule.times) == ((Reply("a"), Reply("b")), expected)
    assert is_valid(text)


def test_rule_knows_its_place():
    found = read("rules:\n- reply: a\n\n- when: {user: b}\n  reply: b\n", "scripts/trip.yaml")

    assert [rule.where for rule in found.rules] == ["trip.yaml:2", "trip.yaml:4"]


@pytest.mark.parametrize(
    ("otherwise", "given"),
    [
        ("no idea", ["no idea"] * 3),
        ("{reply: no idea}", ["no idea"] * 3),
        ("{replies: [a, b]}", ["a", "b", "a"]),
        ("{reply: a, times: forever}", ["a", "a", "a"]),
        ("{replies: [a, b], times: 1}", ["a", "b"]),
    ],
)
def test_otherwise_is_read(otherwise, given):
    text = f"rules: []\notherwise: {otherwise}\n"

    fallback = read(text).fallback
    texts = [fallback.next_reply().text for _ in range(3) if fallback.is_live]

    assert (texts, str(fallback)) == (given, "otherwise() at s.yaml:2")
    assert is_valid(text)


def test_script_without_otherwise_has_no_fallback():
    assert read("rules: [{reply: a}]").fallback is None


def test_json_is_read():
    text = json.dumps({"$schema": "script.schema.json", "rules": [{"when": {"turn": 1}, "reply": "a"}]}, indent=1)

    [rule] = read(text, "s.json").rules

    assert (rule.where, str(rule.matcher), rule.replies) == ("s.json:4", "when(turn=1)", (Reply("a"),))
    assert is_valid(text)


REPLY_KEYS = ", ".join(script_format.REPLY_FIELDS)
ERRORS = ", ".join(script_format.ERRORS)
ERROR_KEYS = ", ".join(script_format.ERROR_FIELDS)
WHEN_KEYS = "user, any_user, system, model, tool, tool_result, turn, stream, endpoint, header"


# What only the reader sees: names and arguments of faults, and what a regular expression is.
BEYOND_THE_SCHEMA = ("fault: drop", "after: x", "aftr: 1", "size: 1", "fault: cut", "framing: wide", "regex: '('")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: a script is a mapping with rules:, got nothing"),
        ("- reply: a", "1: a script is a mapping with rules:, got a list"),
        (
            "interactions: []\nversion: 1",
            "1: not a script but a recorded session; type fake_llm.replay(FILE), or fakellm cassette check FILE",
        ),
        ("{}", "1: a script needs rules: or otherwise:"),
        ("rules: []", "1: a script needs rules: or otherwise:"),
        ("rules: {}", "1: rules takes a list, got an empty mapping"),
        (
            "rules: []\nother: a",
            "2: a script has no 'other'; did you mean 'otherwise'?\n  it takes $schema, scenario, rules, otherwise",
        ),
        ("rules:\n- a", '1: a rule takes a mapping, got "a"'),
        ("rules:\n- when: {user: a}\n  answer: a", "3: a rule has no 'answer'; it takes when, reply, replies, times"),
        (
            "rules:\n- when: {user: a}",
            "2: a rule has either reply: or, for several that are given in turn, replies:",
        ),
        (
            "rules:\n- reply: a\n  replies: [b]",
            "2: a rule has either reply: or, for several that are given in turn, replies:",
        ),
        ("rules:\n- reply: [a, b]", "2: a reply is one reply; several that are given in turn are a list in replies:"),
        ("rules:\n- reply:", "2: a reply takes a text or a mapping, got nothing"),
        (
            "rules:\n- reply: 18",
            "2: a reply takes a text or a mapping, got 18; a text that looks like this goes in quotes",
        ),
        (
            "rules:\n- reply: true",
            "2: a reply takes a text or a mapping, got true; a text that looks like this goes in quotes",
        ),
        ("rules:\n- reply: {}", f"2: a reply says something: {REPLY_KEYS} or error"),
        ("rules:\n- reply: {txt: a}", f"2: a reply has no 'txt'; did you mean 'text'?\n  it takes {REPLY_KEYS}, error"),
        ("rules:\n- reply:\n    finish_reason: stop\n    text: 5", "4: Reply text is a str, got 5"),
        (
            "rules:\n- reply:\n    text: a\n    usage: 5",
            "4: Reply usage is a mapping of wire names to what JSON can hold, or False; got 5 (int is no mapping)",
        ),
        ("rules:\n- replies: a", '2: replies takes a list of replies, got "a"'),
        ("rules:\n- replies: []", "2: replies takes a list of replies, got an empty list"),
        ("rules:\n- replies:\n  - a\n  - text: b\n    tool_calls: f", '5: tool_calls takes a list of calls, got "f"'),
        ("rules:\n- reply: {tool_calls: []}", "2: tool_calls takes a list of calls, got an empty list"),
        ("rules:\n- reply: {tool_calls: [f]}", '2: a tool call takes a mapping, got "f"'),
        ("rules:\n- reply: {tool_calls: [{arguments: {}}]}", "2: a tool call needs a name:"),
        (
            "rules:\n- reply: {tool_calls: [{name: f, args: {}}]}",
            "2: a tool call has no 'args'; did you mean 'arguments'?\n  it takes name, arguments, id",
        ),
        ("rules:\n- reply: {tool_calls: [{name: 5}]}", "2: ToolCall name is a str, got 5"),
        (
            "rules:\n- reply:\n    tool_calls:\n    - name: f\n      arguments: 5",
            "5: ToolCall('f') needs arguments that are JSON: a mapping, or a str that is sent as it is; "
            "got 5 (int is no mapping)",
        ),
        ("rules:\n- reply: {error: 200}", "2: ErrorReply status is an HTTP status from 400 to 599, got 200"),
        (
            "rules:\n- reply: {error: 429, text: a}",
            "2: error stands alone; nothing else of a reply is sent with it, got error, text",
        ),
        (
            "rules:\n- reply: {error: busy}",
            f'2: error takes a status, a mapping with status:, or one of {ERRORS}; got "busy"',
        ),
        (
            "rules:\n- reply: {error: true}",
            f"2: error takes a status, a mapping with status:, or one of {ERRORS}; got true",
        ),
        (
            "rules:\n- reply: {error: {state: 5}}",
            f"2: error has no 'state'; did you mean 'status'?\n  it takes {ERROR_KEYS}",
        ),
        ("rules:\n- reply: {error: {message: a}}", "2: error needs a status:"),
        ("rules:\n- reply: {fault: drop}", "2: drop needs after:, as in {drop: {after: ...}}"),
        (
            "rules:\n- reply: {fault: {drop: {aftr: 1}}}",
            "2: drop has no 'aftr'; did you mean 'after'?\n  it takes after",
        ),
        ("rules:\n- reply: {framing: {crlf: {size: 1}}}", "2: crlf has no 'size'; it takes nothing"),
        (
            "rules:\n- reply: {fault: dropp}",
            "2: fault takes one of drop, error_event, got \"dropp\"; did you mean 'drop'?",
        ),
        (
            "rules:\n- reply: {error: rate_limitd}",
            f'2: error takes a status, a mapping with status:, or one of {ERRORS}; got "rate_limitd"; '
            "did you mean 'rate_limited'?",
        ),
        (
            "rules:\n- reply: {fault: {drop: {after: x}}}",
            "2: drop(after=...) takes the number of chunks to send first, 0 or more; got 'x'",
        ),
        ("rules:\n- reply: {fault: {drop: 2}}", "2: drop takes a mapping of its arguments, got 2"),
        ("rules:\n- reply: {fault: cut}", '2: fault takes one of drop, error_event, got "cut"'),
        (
            "rules:\n- reply: {fault: {drop: {after: 1}, cut: {}}}",
            "2: fault takes one of drop, error_event, got a mapping with drop, cut",
        ),
        ("rules:\n- reply: {framing: wide}", '2: framing takes one of crlf, recorded, got "wide"'),
        ("rules:\n- reply: {pace: fast}", '2: pace takes a mapping, got "fast"'),
        (
            "rules:\n- reply: {pace: {speed: 5}}",
            "2: pace has no 'speed'; did you mean 'seed'?\n  it takes ttft, tokens_per_second, jitter, seed",
        ),
        ("rules:\n- reply: {pace: {jitter: 2}}", "2: Pace jitter is a part of each pause, from 0 to 1; got 2"),
        ("rules:\n- reply: a\n  times: 0", "3: times takes a number, 1 or more, or forever; got 0"),
        ("rules:\n- reply: a\n  times: true", "3: times takes a number, 1 or more, or forever; got true"),
        ("rules:\n- reply: a\n  times:", "3: times takes a number, 1 or more, or forever; got nothing"),
        ("rules:\n- reply: a\n  times: ever", '3: times takes a number, 1 or more, or forever; got "ever"'),
        ("rules:\n- when: weather\n  reply: a", '2: when takes a mapping, got "weather"'),
        (
            "rules:\n- when: {}\n  reply: a",
            "2: when needs a condition; leave it out for a rule that answers every request",
        ),
        (
            "rules:\n- when:\n    usr: a\n  reply: a",
            f"3: when has no 'usr'; did you mean 'user'?\n  it takes {WHEN_KEYS}",
        ),
        (
            "rules:\n- when:\n    model: a\n    tool_result: 18\n  reply: a",
            "4: tool_result takes a text or {regex: ...}, got 18; a text that looks like this goes in quotes",
        ),
        ("rules:\n- when: {user: [a]}\n  reply: a", "2: user takes a text or {regex: ...}, got a list"),
        (
            "rules:\n- when: {user: {regexp: a}}\n  reply: a",
            "2: user takes a text or {regex: ...}, got a mapping with regexp",
        ),
        (
            "rules:\n- when: {user: {regex: 5}}\n  reply: a",
            "2: user takes a text or {regex: ...}, got a mapping with regex",
        ),
        (
            "rules:\n- when:\n    user:\n      regex: '('\n  reply: a",
            "4: '(' is no regular expression: missing ), unterminated subpattern at position 0",
        ),
        ("rules:\n- when: {turn: '1'}\n  reply: a", '2: turn takes a number, 0 for the first, got "1"'),
        ("rules:\n- when: {stream: 1}\n  reply: a", "2: stream takes True or False, got 1"),
        ("rules:\n- when: {header: x-team}\n  reply: a", '2: header takes a mapping of names to texts, got "x-team"'),
        ("rules:\n- when: {header: {}}\n  reply: a", "2: header takes a mapping of names to texts, got an empty one"),
        (
            "rules:\n- when: {header: {x-a: 5}}\n  reply: a",
            "2: x-a takes a text or {regex: ...}, got 5; a text that looks like this goes in quotes",
        ),
        (
            "otherwise: 5",
            "1: otherwise takes a text, or a mapping with reply:, got 5; a text that looks like this goes in quotes",
        ),
        ("otherwise: {text: a}", "1: otherwise has no 'text'; it takes reply, replies, times"),
    ],
    ids=lambda value: value if "\n" not in value and ": " not in value else "",
)
def test_mistake_is_told_with_its_line(text, message):
    assert complaint(text) == f"s.yaml:{message}"
    assert is_valid(text) is any(part in text for part in BEYOND_THE_SCHEMA)


WRONG = """\
rulez: []
rules:
- when: {usr: a, turn: x, header: {x-a: 5}}
  replay: a
- reply: {txt: a, tool_calls: [f, {nam: g}], pace: fast}
  times: 0
- replies:
  - 5
  - {error: busy}
  - {choices: [{text: 5}, {fault: drop}]}
- reply: right
otherwise: {reply: {zzz: 1}, when: {user: a}}
"""


def test_all_mistakes_of_a_file_are_told_in_order():
    assert [line for line in complaint(WRONG).splitlines() if not line.startswith("  ")] == [
        "s.yaml:1: a script has no 'rulez'; did you mean 'rules'?",
        "s.yaml:3: when has no 'usr'; did you mean 'user'?",
        's.yaml:3: turn takes a number, 0 for the first, got "x"',
        "s.yaml:3: x-a takes a text or {regex: ...}, got 5; a text that looks like this goes in quotes",
        "s.yaml:4: a rule has no 'replay'; did you mean 'reply'?",
        "s.yaml:5: a reply has no 'txt'; did you mean 'text'?",
        's.yaml:5: a tool call takes a mapping, got "f"',
        "s.yaml:5: a tool call has no 'nam'; did you mean 'name'?",
        's.yaml:5: pace takes a mapping, got "fast"',
        "s.yaml:6: times takes a number, 1 or more, or forever; got 0",
        "s.yaml:7: a reply takes a text or a mapping, got 5; a text that looks like this goes in quotes",
        f's.yaml:9: error takes a status, a mapping with status:, or one of {ERRORS}; got "busy"',
        "s.yaml:10: Reply text is a str, got 5",
        "s.yaml:10: drop needs after:, as in {drop: {after: ...}}",
        "s.yaml:12: otherwise has no 'when'; it takes reply, replies, times",
        f"s.yaml:12: a reply has no 'zzz'; it takes {REPLY_KEYS}, error",
    ]


def test_error_of_several_mistakes_is_that_of_the_first():
    with pytest.raises(ScriptFormatError) as caught:
        read("rules:\n- reply: 5\n- reply: a\n  times: 0\n")

    assert (caught.value.path, caught.value.line) == ("s.yaml", 2)
    assert caught.value.mistakes == (
        ("a reply takes a text or a mapping, got 5; a text that looks like this goes in quotes", 2),
        ("times takes a number, 1 or more, or forever; got 0", 4),
    )


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("rulez: [{reply: a}]", "s.yaml:1: a script has no 'rulez'; did you mean 'rules'?"),
        ("rules:\n- replay: a", "s.yaml:2: a rule has no 'replay'; did you mean 'reply'?"),
        ("rules:\n- reply: {error: 429, txt: a}", "s.yaml:2: a reply has no 'txt'; did you mean 'text'?"),
        ("rules:\n- reply: {tool_calls: [{nam: f}]}", "s.yaml:2: a tool call has no 'nam'; did you mean 'name'?"),
    ],
)
def test_mistake_that_follows_from_another_is_not_told(text, only):
    assert [line for line in complaint(text).splitlines() if not line.startswith("  ")] == [only]
