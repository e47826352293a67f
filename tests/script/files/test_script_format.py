"""The format of script files, and that schema and reader agree on it."""

import json
import re
from dataclasses import fields

import jsonschema
import pytest
import yaml

from fakellm import ErrorReply, Pace, Reasoning, Reply, ScriptFormatError, ToolCall, faults, framings
from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.providers import PROVIDERS
from fakellm._script.files.format import read_script, schema_text
from fakellm._script.match import Matcher, conditions
from fakellm._script.transform import at_speaker
from fakellm._wire.events import Data, Head
from fakellm._wire.voice import Speaker
from fakellm.scenarios._files import SCENARIO

SCHEMA = json.loads(schema_text(SCENARIO))


def read(text, name="s.yaml"):
    return read_script(text, path=name, scenario=SCENARIO)


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
            "{parts: [Wait., {tool_call: {name: now}}, {reasoning: {text: Hm., redacted: true}}, {type: x, a: [1]}]}",
            Reply(parts=["Wait.", ToolCall("now"), Reasoning("Hm.", redacted=True), {"type": "x", "a": [1]}]),
        ),
        (
            "{tool_calls: [{name: now}, {name: f, arguments: '{broken'}]}",
            Reply(tool_calls=(ToolCall("now", {}), ToolCall("f", "{broken"))),
        ),
        ("{error: rate_limited}", ErrorReply.rate_limited()),
        ("{error: 503}", ErrorReply(503)),
        ("{error: {rate_limited: {retry_after_ms: 20}}}", ErrorReply.rate_limited(retry_after_ms=20)),
        ("{error: {model_not_found: {model: gpt-9}}}", ErrorReply.model_not_found("gpt-9")),
        (
            "{error: {context_length_exceeded: {limit: 10, used: 11}}}",
            ErrorReply.context_length_exceeded(limit=10, used=11),
        ),
        ("{raw: '{}'}", Reply(raw=b"{}")),
        ("{raw: {base64: '/wA='}}", Reply(raw=b"\xff\x00")),
        ("{choices: [a, {text: b, finish_reason: length}]}", Reply(choices=["a", Reply("b", finish_reason="length")])),
        ("{parsed: {city: Paris, days: [1]}}", Reply(parsed={"city": "Paris", "days": [1]})),
        (
            "{chunks: [a, {content: b}], logprobs: [-0.5, {token: b}]}",
            Reply(chunks=["a", {"content": "b"}], logprobs=[-0.5, {"token": "b"}]),
        ),
        ("{usage: false, headers: full, deliberate: true}", Reply(usage=False, headers="full", deliberate=True)),
        ("{headers: {x-a: b}, extra: {note: [1]}}", Reply(headers={"x-a": "b"}, extra={"note": [1]})),
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


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("{drop: {after: 2}}", "drop(after=2)"),
        ("{stall: {seconds: 0.5, after: 1}}", "stall(0.5, after=1)"),
        ("html_page", "html_page(502)"),
        ("{html_page: {status: 200}}", "html_page(200)"),
        ("{wrong_content_type: {content_type: text/html}}", "wrong_content_type('text/html')"),
    ],
)
def test_fault_is_read(fault, name):
    text = f"rules:\n- reply: {{text: half, fault: {fault}}}\n"

    [reply] = only(text).replies

    assert reply.fault.name == name
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


def test_name_of_a_fault_alone_is_enough_where_it_needs_nothing():
    text = "rules: [{reply: {fault: empty_body}}, {reply: {fault: {stall: {seconds: 1}}}}]"

    found = read(text)

    assert [rule.replies[0].fault.name for rule in found.rules] == ["empty_body()", "stall(1, after=0)"]
    assert is_valid(text)


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


REPLY_KEYS = ", ".join(field.name for field in fields(Reply))
ERROR_KEYS = ", ".join(field.name for field in fields(ErrorReply) if field.init)
ERRORS = (
    "content_filter, context_length_exceeded, insufficient_quota, invalid_api_key, model_not_found, overloaded, "
    "rate_limited, server_error"
)
FAULTS = ", ".join(name for name in faults.__all__ if name.islower())
AN_ERROR = f"a whole number from 400 to 599, one of {ERRORS}, or {{status: ...}}"
SCENARIO_KEYS = "request, families, description, usage_unasked, expected, elsewhere"
PROVIDER_NAMES = "azure, deepseek, groq, openai, openrouter, plain, siliconflow"
QUOTES = "a text that looks like this goes in quotes"
FRAMINGS = ", ".join(name for name in framings.__all__ if name.islower())
WHEN_KEYS = "user, any_user, system, model, tool, tool_result, turn, stream, endpoint, header"


# What only the reader sees: what a class says of its values, beyond their types and bounds.
BEYOND_THE_SCHEMA = ("regex: '('", "base64: '='", "refusal: b", "ud800")


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
            "2: a script has no 'other'; did you mean 'otherwise'?\n  it takes $schema, scenario, rules, otherwise, "
            "strict, seed, pace, models, provider, headers, cache, allow_unmatched, allow_rejected, allow_unused",
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
        ("rules:\n- reply: {}", "2: a reply says something, such as text: or tool_calls:"),
        ("rules:\n- reply: {txt: a}", f"2: a reply has no 'txt'; did you mean 'text'?\n  it takes {REPLY_KEYS}, error"),
        (
            "rules:\n- reply:\n    finish_reason: stop\n    text: 5",
            "4: text takes a text, got 5; a text that looks like this goes in quotes",
        ),
        (
            "rules:\n- reply:\n    text: a\n    usage: 5",
            "4: usage takes a mapping or false, got 5",
        ),
        ("rules:\n- replies: a", '2: replies takes a list of 1 or more, got "a"'),
        ("rules:\n- replies: []", "2: replies takes a list of 1 or more, got an empty list"),
        ("rules:\n- replies:\n  - a\n  - text: b\n    tool_calls: f", '5: tool_calls takes a list, got "f"'),
        ("rules:\n- reply: {choices: []}", "2: choices takes a list of 1 or more, got an empty list"),
        ("rules:\n- reply: {chunks: [a, 5]}", "2: each of chunks takes a text or a mapping, got 5; QUOTES"),
        ("rules:\n- reply: {logprobs: [0.5]}", "2: each of logprobs takes a number, 0 or less, or a mapping; got 0.5"),
        ("rules:\n- reply: {logprobs: -0.5}", "2: logprobs takes a list, got -0.5"),
        ("rules:\n- reply: {headers: all}", '2: headers takes a mapping or full, got "all"'),
        ("rules:\n- reply: {headers: {x-a: 5}}", "2: x-a takes a text, got 5; QUOTES"),
        ("rules:\n- reply: {choices: [{error: 500}]}", f"2: a choice has no 'error'; it takes {REPLY_KEYS}"),
        ("rules:\n- reply: {raw: {base64: '='}}", "2: no base64: Leading padding not allowed"),
        ('rules:\n- reply: {raw: "\\ud800"}', "2: a lone surrogate at 0, which UTF-8 cannot carry"),
        ("rules:\n- reply: {raw: [a]}", "2: raw takes a text or {base64: ...}, got a list"),
        ("rules:\n- reply: {deliberate: 'yes'}", '2: deliberate takes true or false, got "yes"'),
        (
            "rules:\n- reply:\n    text: a\n    refusal: b",
            "3: a Reply has text or refusal, not both; one of them would be lost",
        ),
        (
            'rules:\n- reply:\n    text: a\n    reasoning: "\\ud800"',
            "4: Reply reasoning has a lone surrogate at 0, which UTF-8 cannot carry: '\\ud800'",
        ),
        (
            "rules:\n- reply: {parts: [{tool_cal: {name: f}}]}",
            "2: each of parts takes one of tool_call, reasoning; got \"tool_cal\"; did you mean 'tool_call'?",
        ),
        ("rules:\n- reply: {tool_calls: [f]}", '2: a tool call takes {name: ...}, got "f"'),
        ("rules:\n- reply: {tool_calls: [{arguments: {}}]}", "2: a tool call needs name:"),
        (
            "rules:\n- reply: {tool_calls: [{name: f, args: {}}]}",
            "2: a tool call has no 'args'; did you mean 'arguments'?\n  it takes name, arguments, id",
        ),
        ("rules:\n- reply: {tool_calls: [{name: 5}]}", "2: name takes a text, got 5; QUOTES"),
        (
            "rules:\n- reply:\n    tool_calls:\n    - name: f\n      arguments: 5",
            "5: arguments takes a mapping or a text, got 5; QUOTES",
        ),
        ("rules:\n- reply: {error: 200}", f"2: error takes {AN_ERROR}; got 200"),
        (
            "rules:\n- reply: {error: 429, text: a}",
            "2: error stands alone; nothing else of a reply is sent with it, got error, text",
        ),
        (
            "rules:\n- reply: {error: busy}",
            f'2: error takes {AN_ERROR}; got "busy"',
        ),
        (
            "rules:\n- reply: {error: true}",
            f"2: error takes {AN_ERROR}; got true",
        ),
        (
            "rules:\n- reply: {error: {state: 5}}",
            f"2: error has no 'state'; did you mean 'status'?\n  it takes {ERROR_KEYS}",
        ),
        ("rules:\n- reply: {error: {message: a}}", "2: error needs status:"),
        ("rules:\n- reply: {fault: drop}", "2: drop needs after:, as in {drop: {after: ...}}"),
        (
            "rules:\n- reply: {fault: {drop: {aftr: 1}}}",
            "2: drop has no 'aftr'; did you mean 'after'?\n  it takes after",
        ),
        ("rules:\n- reply: {framing: {crlf: {size: 1}}}", "2: crlf has no 'size'; it takes nothing"),
        (
            "rules:\n- reply: {fault: dropp}",
            f"2: fault takes one of {FAULTS}; got \"dropp\"; did you mean 'drop'?",
        ),
        (
            "rules:\n- reply: {error: rate_limitd}",
            f"2: error takes {AN_ERROR}; got \"rate_limitd\"; did you mean 'rate_limited'?",
        ),
        (
            "rules:\n- reply: {error: {rate_limitd: {retry_after: 2}}}",
            f"2: error takes one of {ERRORS}; got \"rate_limitd\"; did you mean 'rate_limited'?",
        ),
        (
            "rules:\n- reply: {error: {rate_limited: {retry: 2}}}",
            "2: rate_limited has no 'retry'; did you mean 'retry_after'?\n  it takes retry_after, retry_after_ms",
        ),
        (
            "rules:\n- reply: {fault: {drop: {after: x}}}",
            '2: after takes a whole number, 0 or more; got "x"',
        ),
        ("rules:\n- reply: {fault: {drop: 2}}", "2: drop takes {after: ...}, got 2"),
        ("rules:\n- reply: {fault: cut}", f'2: fault takes one of {FAULTS}; got "cut"'),
        (
            "rules:\n- reply: {fault: {drop: {after: 1}, cut: {}}}",
            f"2: fault takes one of {FAULTS}; got a mapping with drop, cut",
        ),
        ("rules:\n- reply: {framing: wide}", f'2: framing takes one of {FRAMINGS}; got "wide"'),
        ("rules:\n- reply: {pace: fast}", '2: pace takes a mapping, got "fast"'),
        (
            "rules:\n- reply: {pace: {speed: 5}}",
            "2: a pace has no 'speed'; did you mean 'seed'?\n  it takes ttft, tokens_per_second, jitter, seed",
        ),
        ("rules:\n- reply: {pace: {jitter: 2}}", "2: jitter takes a number from 0 to 1, got 2"),
        ("rules:\n- reply: a\n  times: 0", "3: times takes a whole number, 1 or more, or forever; got 0"),
        ("rules:\n- reply: a\n  times: true", "3: times takes a whole number, 1 or more, or forever; got true"),
        ("rules:\n- reply: a\n  times:", "3: times takes a whole number, 1 or more, or forever; got nothing"),
        (
            "rules:\n- reply: a\n  times: ever",
            "3: times takes a whole number, 1 or more, or forever; got \"ever\"; did you mean 'forever'?",
        ),
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
            "2: a pattern has no 'regexp'; did you mean 'regex'?\n  it takes regex",
        ),
        (
            "rules:\n- when: {user: {regex: 5}}\n  reply: a",
            "2: regex takes a text, got 5; QUOTES",
        ),
        (
            "rules:\n- when:\n    user:\n      regex: '('\n  reply: a",
            "4: '(' is no regular expression: missing ), unterminated subpattern at position 0",
        ),
        ("rules:\n- when: {turn: '1'}\n  reply: a", '2: turn takes a whole number, 0 or more; got "1"'),
        ("rules:\n- when: {stream: 1}\n  reply: a", "2: stream takes true or false, got 1"),
        ("rules:\n- when: {header: x-team}\n  reply: a", '2: header takes a mapping of 1 or more, got "x-team"'),
        ("rules:\n- when: {header: {}}\n  reply: a", "2: header takes a mapping of 1 or more, got an empty mapping"),
        (
            "rules:\n- when: {header: {x-a: 5}}\n  reply: a",
            "2: x-a takes a text or {regex: ...}, got 5; a text that looks like this goes in quotes",
        ),
        (
            "otherwise: 5",
            "1: otherwise takes a text or a mapping, got 5; a text that looks like this goes in quotes",
        ),
        (
            "otherwise: a\nprovider: openroutr",
            f"2: provider takes one of {PROVIDER_NAMES}; got \"openroutr\"; did you mean 'openrouter'?",
        ),
        ("otherwise: a\nheaders: all", '2: headers takes full, got "all"'),
        ("otherwise: a\npace: {ttft: -1}", "2: ttft takes a number, 0 or more; got -1"),
        ("otherwise: a\nmodels: gpt-4o", '2: models takes a list, got "gpt-4o"'),
        ("otherwise: a\nseed: x", '2: seed takes a whole number, got "x"'),
        (
            "otherwise: a\nscenario: {familys: [create]}",
            f"2: a scenario has no 'familys'; did you mean 'families'?\n  it takes {SCENARIO_KEYS}",
        ),
        ("otherwise: {text: a}", "1: otherwise has no 'text'; it takes reply, replies, times"),
    ],
    ids=lambda value: value if "\n" not in value and ": " not in value else "",
)
def test_mistake_is_told_with_its_line(text, message):
    assert complaint(text) == f"s.yaml:{message.replace('QUOTES', QUOTES)}"
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
        's.yaml:3: turn takes a whole number, 0 or more; got "x"',
        "s.yaml:3: x-a takes a text or {regex: ...}, got 5; a text that looks like this goes in quotes",
        "s.yaml:4: a rule has no 'replay'; did you mean 'reply'?",
        "s.yaml:5: a reply has no 'txt'; did you mean 'text'?",
        's.yaml:5: a tool call takes {name: ...}, got "f"',
        "s.yaml:5: a tool call has no 'nam'; did you mean 'name'?",
        's.yaml:5: pace takes a mapping, got "fast"',
        "s.yaml:6: times takes a whole number, 1 or more, or forever; got 0",
        "s.yaml:7: a reply takes a text or a mapping, got 5; a text that looks like this goes in quotes",
        f's.yaml:9: error takes {AN_ERROR}; got "busy"',
        f"s.yaml:10: text takes a text, got 5; {QUOTES}",
        "s.yaml:10: drop needs after:, as in {drop: {after: ...}}",
        f"s.yaml:12: a reply has no 'zzz'; it takes {REPLY_KEYS}, error",
        "s.yaml:12: otherwise has no 'when'; it takes reply, replies, times",
    ]


def test_error_of_several_mistakes_is_that_of_the_first():
    with pytest.raises(ScriptFormatError) as caught:
        read("rules:\n- reply: 5\n- reply: a\n  times: 0\n")

    assert (caught.value.path, caught.value.line) == ("s.yaml", 2)
    assert caught.value.mistakes == (
        ("a reply takes a text or a mapping, got 5; a text that looks like this goes in quotes", 2),
        ("times takes a whole number, 1 or more, or forever; got 0", 4),
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


@pytest.mark.parametrize("depth", [100, 700, 20_000])
def test_deep_document_is_read_or_told(depth):
    # 700: the parser of JSON takes it, and what reads its value does not.
    text = '{"rules":\n [{"reply":\n {"parsed": ' + "[" * depth + "]" * depth + "}}]}"

    assert line_of_complaint(text, "s.json") == (None if depth == 100 else 3)


def line_of_complaint(text, name):
    try:
        read(text, name)
    except ScriptFormatError as err:
        return err.line
    return None
