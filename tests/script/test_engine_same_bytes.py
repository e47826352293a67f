import json
import os
import subprocess
import sys

import pytest
from chat_wire import asking, wire
from engines import ask, scripted
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm import Reply, ToolCall

SCRIPT = """
from fakellm import ErrorReply, ToolCall
from fakellm._dialects.table import DIALECTS
from fakellm._script.engine import Engine
from fakellm._script.match import Condition, Matcher
from fakellm._wire.events import Data, WireRequest

engine = Engine(DIALECTS, seed=7, test_id="test_same")
rule = engine.register(engine.new_rule(Matcher((Condition("user", "x"),))))
rule.reply("Hello", [ToolCall("f", {"b": 1, "a": 2})], ErrorReply(500))
body = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}], "tools": [%s], "stream": %s}'
tool = b'{"type": "function", "function": {"name": "f"}}'
chats = [("POST", "chat/completions", body % (tool, stream)) for stream in (b"true", b"false", b"true", b"true")]
others = [
    ("POST", "chat/completions", b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "y"}], "store": true}'),
    ("GET", "chat/completions", b""),
    ("POST", "completions", b'{"model": "gpt-3.5-turbo-instruct", "prompt": "z", "echo": true, "logprobs": 2}'),
    ("POST", "embeddings", b'{"model": "text-embedding-3-small", "input": ["Two words", "\\u00fc"]}'),
    ("POST", "moderations", b'{"input": "z"}'),
    ("GET", "models", b""),
    ("POST", "responses", b'{"model": "gpt-5", "input": "y", "stream": true, "store": false}'),
    ("POST", "responses/compact", b'{"model": "gpt-5", "input": "y"}'),
    ("POST", "responses/input_tokens", b'{"model": "gpt-5", "input": "y"}'),
    ("POST", "conversations", b'{"items": [{"role": "user", "content": "y"}]}'),
]
for user in ("y", "z"):
    engine.register(engine.new_rule(Matcher((Condition("user", user),)))).reply("Hi")
key = {"authorization": "Bearer k"}
for method, path, body in chats + others:
    for event in engine.handle(WireRequest(method, f"https://api.openai.com/v1/{path}", key, body)):
        print(event.data if isinstance(event, Data) else event)
"""


def test_another_process_sends_the_same_bytes():
    runs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "12"
    ]

    assert runs[0] == runs[1] != b""


@given(
    question=st.text(max_size=10),
    reply=st.text(max_size=20)
    | st.builds(ToolCall, st.text(min_size=1, max_size=5), st.dictionaries(st.text(), st.integers())),
    stream=st.booleans(),
    seed=st.integers(),
)
@settings(max_examples=50, deadline=None)
def test_same_script_gives_the_same_bytes(question, reply, stream, seed):
    request = asking(question, stream=stream)

    runs = [
        [list(engine.handle(request)) for _ in range(2)]
        for engine in (scripted(reply, times=2, seed=seed) for _ in "ab")
    ]

    assert runs[0] == runs[1]


def test_repeated_request_has_other_ids():
    engine = scripted("a", times=2)

    assert ask(engine).json["id"] != ask(engine).json["id"]


@pytest.mark.parametrize("options", [{"seed": 1}, {"test_id": "test_b"}])
def test_seed_and_test_change_the_ids(options):
    assert ask(scripted("a")).json["id"] != ask(scripted("a", **options)).json["id"]


def test_order_of_members_does_not_change_the_ids():
    first, second = scripted("a"), scripted("a")
    body = json.loads(asking().body)

    ids = [ask(first, wire(body)).json["id"], ask(second, wire(dict(reversed(body.items())))).json["id"]]

    assert ids[0] == ids[1]


def test_new_call_ids_of_the_sdk_do_not_change_the_ids():
    def with_id(call_id):
        call = {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        tool = {"role": "tool", "tool_call_id": call_id, "content": "1"}
        return asking(messages=[{"role": "assistant", "tool_calls": [call]}, tool])

    assert ask(scripted("a"), with_id("x1")).json["id"] == ask(scripted("a"), with_id("y2")).json["id"]


def test_other_requests_in_between_do_not_change_the_ids():
    alone, beside = scripted("a", times=None), scripted("a", times=None)
    ask(beside, asking("something else"))

    assert ask(alone).json["id"] == ask(beside).json["id"]


TOOL = {"type": "function", "function": {"name": "f"}}
OPENROUTER, GROQ, SILICONFLOW, OTHER = (
    f"https://{host}/v1/chat/completions"
    for host in ("openrouter.ai/api", "api.groq.com/openai", "api.siliconflow.cn", "models.example")
)


@pytest.mark.parametrize(
    "request_",
    [
        asking(),
        asking(stream=True),
        asking(stream=True, stream_options={"include_usage": True}),
        asking(n=2),
        asking(stop="or"),
        asking(max_completion_tokens=2),
        asking(logprobs=True, top_logprobs=1),
        asking(tools=[TOOL]),
        asking(tools=[TOOL], tool_choice="required"),
        asking(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "f"}}),
        asking(response_format={"type": "json_object"}),
        asking(service_tier="flex"),
        asking(store=True),
        asking(model="o3"),
        asking(model="\0fakellm: the text\0"),
        asking(model="gpt-3.5-turbo"),
        *(asking(url=url) for url in (OPENROUTER, GROQ, SILICONFLOW, OTHER)),
        wire({"model": "gpt-5", "input": "hi"}, url="https://api.openai.com/v1/responses"),
        wire({"model": "text-embedding-3-small", "input": "hi"}, url="https://api.openai.com/v1/embeddings"),
    ],
)
def test_text_is_answered_as_a_reply_that_holds_it(request_):
    """A text is said by a shorter way than a Reply of the same text, of which most fields are looked at."""
    for text in ("Hello, world", "", 'quotes " and \0fakellm: the text\0 %s é'):
        said, held = (
            [ask(engine, request_) for _ in range(2)] for engine in (scripted(text, text), scripted(*[Reply(text)] * 2))
        )

        assert said == held


def test_texts_of_two_fakes_differ_in_what_their_seeds_decide():
    first, second = (ask(scripted("Hello", seed=seed)).json for seed in (1, 2))

    assert first["system_fingerprint"] != second["system_fingerprint"]
    assert first["id"] != second["id"]


LONG = "What is it, and what is it for? " * 10
CALL = {"id": "call_a", "type": "function", "function": {"name": "f", "arguments": '{"x": "y"}'}}
HISTORY = [
    {"role": "system", "content": LONG},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_a", "content": LONG},
    {"role": "user", "content": [{"type": "text", "text": LONG}]},
]
DESCRIBED = {
    "type": "function",
    "function": {"name": "f", "description": LONG, "parameters": {"type": "object", "properties": {}}},
}


@pytest.mark.parametrize(
    ("request_", "made"),
    [
        (asking(), "chatcmpl-APoecm9Y1VVeEodpo1CkT4uxaVUq5"),
        (asking(LONG), "chatcmpl-mKz35eqLtwOzw3PaDoDaoV1iF4qRx"),
        (asking(messages=HISTORY), "chatcmpl-OnFuGw6GtvhGfuQiGGTpalJmK83CT"),
        (asking(messages=HISTORY, tools=[DESCRIBED]), "chatcmpl-dfOQ6yWt9KD9P1g2xxZ471KXotPEi"),
    ],
)
def test_ids_are_those_of_earlier_versions(request_, made):
    """Suites hold ids that were answered once."""
    answer = ask(scripted("a", seed=7, test_id="test_a"), request_)

    assert answer.json["id"] == made
