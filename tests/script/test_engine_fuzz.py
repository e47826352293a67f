"""The fuzz promise: whatever is sent gets a well-formed answer, never an exception."""

import json

from chat_wire import CHAT_URL, asking, wire
from engines import ask, make_engine, replaying, when
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fakellm import ErrorReply, Reply, ToolCall
from fakellm._script.match import Matcher
from fakellm._wire.dialect import Strictness

ELSEWHERE = "http://localhost:8080/v1/chat/completions"
OPENROUTER = "https://openrouter.ai/api/v1/chat/completions"
API = "https://api.openai.com/v1"
MODELS_URL = f"{API}/models"
MESSAGES_URL = "https://api.anthropic.com/v1/messages"


def crash(request):
    raise KeyError("city")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FULL = {
    "model": "gpt-4o",
    "messages": [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {
            "role": "assistant",
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "a", "content": "18"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "stream": True,
    "stream_options": {"include_usage": True},
}
PARAMETERS = {
    "n": 2,
    "stop": ["x", "ü"],
    "max_completion_tokens": 3,
    "logprobs": True,
    "top_logprobs": 2,
    "service_tier": "auto",
    "parallel_tool_calls": False,
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
    "functions": [{"name": "f", "parameters": {}}],
    "function_call": {"name": "f"},
    "metadata": {"a": "b"},
}
RESPONSE = {
    "model": "gpt-5.2",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}, {"type": "input_image", "image_url": "x"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAAB"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "One moment"}]},
        {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": [{"type": "input_text", "text": "18"}]},
        {"type": "shell_call", "call_id": "b", "action": {"commands": ["ls"]}},
        {"type": "shell_call_output", "call_id": "b", "output": [{"stdout": "a", "stderr": "", "outcome": {}}]},
        {"type": "compaction", "encrypted_content": "gAAAAAB"},
        {"type": "item_reference", "id": "msg_1"},
    ],
    "instructions": "Be brief.",
    "tools": [
        {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False},
        {"type": "custom", "name": "g"},
        {"type": "mcp", "server_label": "s", "server_url": "https://example.com/a", "headers": {"a": "b"}},
        {"type": "web_search", "user_location": {"type": "approximate", "city": "Paris"}},
    ],
    "tool_choice": {"type": "function", "name": "f"},
    "text": {"format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}}, "verbosity": "low"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
    "top_logprobs": 2,
    "max_output_tokens": 16,
    "temperature": 1,
    "service_tier": "flex",
    "conversation": {"id": "conv_1"},
    "previous_response_id": "resp_1",
    "background": True,
    "store": False,
    "stream": True,
    "stream_options": {"include_obfuscation": False},
    "metadata": {"a": "b"},
}
OTHERS = {
    "embeddings": {
        "model": "text-embedding-3-small",
        "input": ["hi", "ü"],
        "dimensions": 5,
        "encoding_format": "base64",
        "user": "me",
    },
    "moderations": {
        "model": "omni-moderation-latest",
        "input": [
            {"type": "text", "text": "hi"},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        ],
    },
    "completions": {
        "model": "gpt-3.5-turbo-instruct",
        "prompt": [[15339, 1917], [15339]],
        "best_of": 3,
        "echo": True,
        "logit_bias": {"50256": -100},
        "logprobs": 2,
        "max_tokens": 3,
        "n": 2,
        "stop": ["x"],
        "stream": True,
        "stream_options": {"include_usage": True},
        "suffix": "b",
    },
    "chat/completions/chatcmpl-1": {"metadata": {"a": "b"}},
    "responses": RESPONSE,
    "responses/compact": RESPONSE,
    "responses/input_tokens": RESPONSE,
    "conversations": {"metadata": {"a": "b"}, "items": RESPONSE["input"]},
    "conversations/conv_1/items": {"items": RESPONSE["input"]},
}
"""Requests to other endpoints, by the ends of their paths."""


def places(value, path=()):
    """The paths to every value inside a JSON value."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@st.composite
def mutated_values(draw, full, parameters):
    """A valid request with up to two of its values replaced by others. parameters: some are added."""
    body = {**full, **{name: parameters[name] for name in draw(st.sets(st.sampled_from(sorted(parameters))))}}
    for _ in range(draw(st.integers(0, 2))):
        body = replaced(body, draw(st.sampled_from(list(places(body)))), draw(json_values))
    return json.dumps(body).encode()


@st.composite
def mutated_bytes(draw, full):
    """A valid request with a few bytes replaced, added or taken away."""
    body = json.dumps(full).encode()
    start = draw(st.integers(0, len(body)))
    return body[:start] + draw(st.binary(max_size=4)) + body[start + draw(st.integers(0, 4)) :]


def fuzzed_engine(reply, **options):
    engine = make_engine(**options)
    when(engine, user="hi", tool_result="18", model="gpt*").reply("never", times=None)
    when(engine, tool_result=lambda text: int(text) > 30).reply("hot", times=None)
    if reply:
        engine.register(engine.new_rule(Matcher())).reply(reply, times=None)
    return engine


REPLIES = [
    None,
    "Hello 😀",
    ToolCall("f", {"a": "ü"}),
    Reply("Hello", tool_calls=ToolCall("f", "{"), deliberate=True),
    Reply(refusal="No.", reasoning="Hm."),
    Reply(choices=["a", Reply("b", extra={"c": 1})], deliberate=True),
    Reply(parsed={"a": 1}),
    Reply(chunks=["a", {"content": "b"}]),
    ErrorReply(503),
    lambda request: request.last_user,
    crash,
]


def assert_well_formed(answer):
    """Hold an answer to what every client relies on; play() has held it to the law of the wire."""
    headers = dict(answer.headers)
    assert len(headers) == len(answer.headers)
    if "content-length" in headers:
        assert int(headers["content-length"]) == len(answer.body)
    if answer.status == 200:
        is_stream = headers["content-type"].startswith("text/event-stream")
        assert answer.body.endswith(b"\n\n") if is_stream else isinstance(answer.json, dict)
    else:
        assert isinstance(answer.error["message"], str)


BODIES = st.one_of(mutated_values(FULL, PARAMETERS), mutated_bytes(FULL), st.binary(max_size=40))


@given(body=BODIES, reply=st.sampled_from(REPLIES), url=st.sampled_from([CHAT_URL, ELSEWHERE, OPENROUTER]))
@settings(max_examples=300, deadline=None)
def test_any_body_gets_a_well_formed_answer_where_nothing_is_rejected(body, reply, url):
    engine = fuzzed_engine(reply, strictness=Strictness(strict=False))

    assert_well_formed(ask(engine, wire(body, url=url)))


@given(body=BODIES, reply=st.sampled_from(REPLIES))
@example(body=b"[" * 100_000, reply="a")
@example(body=json.dumps({**FULL, "seed": 10**4000}).encode(), reply="a")
@example(body=json.dumps(FULL).encode().replace(b"true", b"9" * 5000), reply="a")
@example(body=json.dumps({**FULL, "x": float("inf")}).encode().replace(b"Infinity", b"1e999"), reply="a")
@example(body=json.dumps({**FULL, "model": "\ud800"}).encode(), reply="a")
@settings(max_examples=300, deadline=None)
def test_any_body_gets_a_well_formed_answer(body, reply):
    assert_well_formed(ask(fuzzed_engine(reply), wire(body)))


@st.composite
def requests_to_others(draw):
    """A request to another endpoint: (the end of its path, its body)."""
    path = draw(st.sampled_from(sorted(OTHERS)))
    full = OTHERS[path]
    needed = {name: full[name] for name in ("model", "input", "prompt", "metadata") if name in full}
    is_broken = draw(st.integers(0, 4)) == 4
    return path, draw(mutated_bytes(full) if is_broken else mutated_values(needed, full))


SCRIPTED = [
    None,
    "Hello 😀",
    Reply(vectors=[[0.5, -0.5], [1, 0]]),
    Reply(extra={"flagged": True, "categories": {"violence": True}}),
    Reply(choices=["a", "b"], deliberate=True),
    Reply(chunks=["a", ""]),
    ErrorReply(503),
    crash,
]


@given(
    request=requests_to_others(),
    reply=st.sampled_from(SCRIPTED),
    host=st.sampled_from([API, "http://localhost:8080/v1", "https://r.openai.azure.com/openai/v1"]),
    strict=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_any_body_gets_a_well_formed_answer_at_any_endpoint(request, reply, host, strict):
    path, body = request
    engine = fuzzed_engine(None, strictness=Strictness(strict=strict))
    if reply:
        when(engine, endpoint="tokens" if path.endswith("tokens") else path.partition("/")[0]).reply(reply, times=None)

    assert_well_formed(ask(engine, wire(body, url=f"{host}/{path}")))


LOOKED_UP = st.builds(
    "{}/{}{}?{}".format,
    st.sampled_from([f"{API}/models", f"{API}/chat/completions", f"{API}/responses", f"{API}/conversations"]),
    st.sampled_from(["", "gpt-4o", "ft:gpt-4o:me::1", "chatcmpl-1", "resp_1"]) | st.text("a/?#%é\ud800", max_size=8),
    st.sampled_from(["", "/", "/messages", "//", "/cancel", "/input_items", "/items", "/items/msg_1"]),
    st.sampled_from(["limit=1&order=desc", "after=chatcmpl-1", "metadata[a]=b&model=gpt-4o", "stream=true"])
    | st.text("a[]=&;%é\ud800", max_size=8),
)


@given(url=LOOKED_UP, method=st.sampled_from(["GET", "POST", "DELETE"]), strict=st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_look_up_gets_a_well_formed_answer(url, method, strict):
    engine = fuzzed_engine("a", strictness=Strictness(strict=strict))
    stored = ask(engine, asking(store=True)).json["id"]
    response = ask(engine, wire({"model": "gpt-4o", "input": "hi"}, url=f"{API}/responses")).json["id"]
    url = url.replace("chatcmpl-1", stored).replace("resp_1", response)
    request = wire({"metadata": {}}, url=url, method=method)

    assert_well_formed(ask(engine, request))


URLS = st.one_of(
    st.sampled_from(
        [CHAT_URL, MESSAGES_URL, MODELS_URL, "http://[/v1/chat/completions", "", "//", "https://x.test:99999/v1"]
    ),
    st.text(max_size=20).map("https://x.test/{}/chat/completions".format),
    st.text(max_size=20),
)


@given(
    url=URLS,
    method=st.sampled_from(["POST", "GET", "post", "", "BREW"]),
    headers=st.dictionaries(st.sampled_from(["x-stainless-retry-count", "content-type"]), st.text(max_size=5)),
    body=st.sampled_from([b"", b"{}", json.dumps(FULL).encode()]),
    is_replaying=st.booleans(),
)
@example(
    url=CHAT_URL, method="POST", headers={"x-stainless-retry-count": "9" * 5000}, body=asking().body, is_replaying=False
)
@example(url="https://x.test/\ud800/v1/responses", method="POST", headers={}, body=b"", is_replaying=False)
@example(url="https://x.test:99999/v1/responses?\ud800=\udc00", method="POST", headers={}, body=b"", is_replaying=True)
@settings(max_examples=150, deadline=None)
def test_any_request_gets_a_well_formed_answer(url, method, headers, body, is_replaying):
    engine = replaying(asking()) if is_replaying else make_engine()

    assert_well_formed(ask(engine, wire(body, url=url, method=method, headers=headers)))
