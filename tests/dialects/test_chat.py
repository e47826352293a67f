import json
import re

import pytest
from asking import read
from chat_wire import FixedIdentity, accumulated, asking, play, wire
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.providers import PROVIDERS
from fakellm._wire.answer import Choice, Completion, Pieces, WireToolCall
from fakellm._wire.asked import text_of
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import Rejected

TOOL = {"type": "function", "function": {"name": "f"}}
USER = {"role": "user", "content": "hi"}
VALID = {"model": "gpt-4o", "messages": [USER]}
USAGE = {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}
NO_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
    "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
)

pieces = st.lists(st.text(st.characters(codec="utf-8") | st.sampled_from('字é\u0301👩\u200d🔬\u2028\n"\\'), min_size=1))


def completion(*choices):
    return Completion(
        identity=FixedIdentity(),
        created=1_735_689_600,
        model="gpt-4o",
        choices=choices,
        bill=USAGE,
    )


def answered(*choices, **fields):
    """What a client sees of these choices when its request has these fields."""
    return play(CHAT.say(completion(*choices), read(asking(**fields))))


def decoded(*messages, **fields):
    return read(wire({"model": "gpt-4o", "messages": list(messages), **fields}), Strictness(strict=False))


def rejection(body):
    with pytest.raises(Rejected) as caught:
        read(wire(body))
    error = caught.value.error
    return caught.value.status, error.message, error.type, error.param, error.code


def test_request_is_read_from_its_body():
    tools = [{"type": "function", "function": {"name": "f"}}]

    request = read(asking("hello", stream=True, tools=tools, temperature=0.5))

    assert (request.model, request.messages, request.tools, request.stream, request.body["temperature"]) == (
        "gpt-4o",
        [{"role": "user", "content": "hello"}],
        tools,
        True,
        0.5,
    )


@pytest.mark.parametrize("fields", [{}, {"stream": None, "tools": None, "stream_options": None}])
def test_null_counts_as_absent(fields):
    request = read(asking(**fields))

    assert (request.stream, request.tools, request.endpoint) == (False, [], "chat")


@pytest.mark.parametrize(
    ("options", "include_usage"),
    [({"include_usage": True}, True), ({"include_usage": False}, False), ({"include_usage": None}, False), ({}, False)],
)
def test_stream_options_ask_for_usage(options, include_usage):
    chunks = answered(Choice(0, "stop", ("a",)), stream=True, stream_options=options).chunks

    assert ("usage" in chunks[-1]) is include_usage


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"{'model': 1}",
        b'{"a": NaN}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"model": "\\ud800"}',
        b'{"seed":' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: f"{len(body)} bytes {body[:12]!r}",
)
def test_body_that_is_no_json_object_is_rejected(body):
    assert rejection(body) == (400, NO_JSON, "invalid_request_error", None, None)


@pytest.mark.parametrize("model", [None, ""])
def test_request_without_a_model_is_rejected(model):
    assert rejection({**VALID, "model": model}) == (
        400,
        "you must provide a model parameter",
        "invalid_request_error",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "gpt-4o"}, "messages"),
        ({"model": "gpt-4o", "messages": None}, "messages"),
        ({**VALID, "messages": [USER, {"content": "hi"}]}, "messages[1].role"),
    ],
)
def test_missing_parameter_is_rejected(body, param):
    assert rejection(body) == (
        400,
        f"Missing required parameter: '{param}'.",
        "invalid_request_error",
        param,
        "missing_required_parameter",
    )


def test_empty_messages_are_rejected():
    assert rejection({**VALID, "messages": []}) == (
        400,
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        "invalid_request_error",
        "messages",
        "empty_array",
    )


@pytest.mark.parametrize(
    ("fields", "param", "expected", "got"),
    [
        ({"model": 5}, "model", "a string", "an integer"),
        ({"messages": "hi"}, "messages", "an array of objects", "a string"),
        ({"messages": {}}, "messages", "an array of objects", "an object"),
        ({"messages": [USER, "hi"]}, "messages[1]", "an object", "a string"),
        ({"messages": [None]}, "messages[0]", "an object", "null"),
        ({"stream": "yes"}, "stream", "a boolean", "a string"),
        ({"stream": 1}, "stream", "a boolean", "an integer"),
        ({"stream": 1.5}, "stream", "a boolean", "a decimal number"),
        ({"tools": {"type": "function"}}, "tools", "an array of objects", "an object"),
        ({"tools": [TOOL, "f"]}, "tools[1]", "an object", "a string"),
        ({"tools": ""}, "tools", "an array of objects", "a string"),
        ({"stream": 0}, "stream", "a boolean", "an integer"),
        ({"tools": True}, "tools", "an array of objects", "a boolean"),
        ({"stream": True, "stream_options": []}, "stream_options", "an object", "an array"),
    ],
)
def test_value_of_a_wrong_type_is_rejected(fields, param, expected, got):
    assert rejection({**VALID, **fields}) == (
        400,
        f"Invalid type for '{param}': expected {expected}, but got {got} instead.",
        "invalid_request_error",
        param,
        "invalid_type",
    )


def test_stream_options_without_stream_are_rejected():
    assert rejection({**VALID, "stream_options": {"include_usage": True}}) == (
        400,
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        "invalid_request_error",
        "stream_options",
        None,
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("hello", "hello"),
        ("", ""),
        (None, ""),
        (5, ""),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
        ([{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "a"}], "a"),
        ([{"type": "text", "text": None}, {"type": "text", "text": 5}, "loose", None], ""),
        ([], ""),
    ],
)
def test_text_of_a_message(content, text):
    assert text_of({"role": "user", "content": content}) == text


def test_text_of_a_message_without_content_is_empty():
    assert text_of({"role": "assistant"}) == ""


ASSISTANT = {"role": "assistant", "content": "yes?"}
SYSTEM = {"role": "system", "content": "be kind"}
DEVELOPER = {"role": "developer", "content": "be brief"}
TOOL = {"role": "tool", "tool_call_id": "call_1", "content": "18"}


@pytest.mark.parametrize(
    ("messages", "last_user", "question"),
    [
        ([USER], "hi", "hi"),
        ([SYSTEM, USER, DEVELOPER, SYSTEM], "hi", "hi"),
        ([USER, ASSISTANT], "hi", None),
        ([USER, ASSISTANT, TOOL], "hi", None),
        ([USER, ASSISTANT, {"role": "user", "content": "bye"}], "bye", "bye"),
        ([SYSTEM], None, None),
        ([ASSISTANT], None, None),
        ([USER, {"role": [], "content": "x"}], "hi", None),
    ],
)
def test_question_is_the_newest_user_message_until_it_was_answered(messages, last_user, question):
    request = decoded(*messages)

    assert (request.last_user, request.question) == (last_user, question)


@pytest.mark.parametrize(
    ("messages", "results"),
    [
        ([USER], ()),
        ([USER, ASSISTANT, TOOL], ("18",)),
        ([USER, ASSISTANT, TOOL, {**TOOL, "content": "19"}], ("18", "19")),
        ([USER, ASSISTANT, TOOL, USER], ()),
        ([TOOL], ("18",)),
    ],
)
def test_tool_results_are_the_tool_messages_at_the_end(messages, results):
    assert decoded(*messages).tool_results == results


def test_equal_requests_have_one_canonical_form():
    first = read(wire(b'{"model": "m", "messages": [{"role": "user", "content": "x"}]}'))

    second = read(wire(b'{"messages":[{"content":"\\u0078","role":"user"}],"model":"m"}'))

    assert first.facts.canonical == second.facts.canonical


def test_answer_is_one_json_object():
    answer = answered(Choice(0, "stop", ("Hel", "lo")))

    assert answer.json == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1735689600,
        "model": "gpt-4o",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": USAGE,
        "service_tier": "default",
        "system_fingerprint": "fp_6ceec681ac",
    }


def test_answer_names_type_length_and_request():
    answer = answered(Choice(0, "stop", ("é",)))

    assert answer.headers == [
        ("content-type", "application/json"),
        ("content-length", str(len(answer.body))),
        ("x-request-id", "req_1"),
    ]


def test_tool_calls_stand_beside_null_content():
    calls = (WireToolCall("call_1", "f", ("{}",)), WireToolCall("call_2", "g", ('{"a"', ":1}")))

    message = answered(Choice(0, "tool_calls", None, calls)).json["choices"][0]["message"]

    assert (message["content"], message["tool_calls"]) == (
        None,
        [
            {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": '{"a":1}'}},
        ],
    )


def test_stream_is_these_bytes():
    start = (
        b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1735689600,"model":"gpt-4o",'
        b'"service_tier":"default","system_fingerprint":"fp_6ceec681ac","choices":[{"index":0,"delta":'
    )

    plain = {"include_obfuscation": False}
    answer = answered(Choice(0, "stop", ("Hel", "lo")), stream=True, stream_options=plain)

    assert answer.body == (
        start
        + b'{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]}\n\n'
        + start
        + b'{"content":"Hel"},"logprobs":null,"finish_reason":null}]}\n\n'
        + start
        + b'{"content":"lo"},"logprobs":null,"finish_reason":null}]}\n\n'
        + start
        + b'{},"logprobs":null,"finish_reason":"stop"}]}\n\n'
        + b"data: [DONE]\n\n"
    )


# Lengths of recorded chunks of api.openai.com without their padding, and of the padding.
@pytest.mark.parametrize(("size", "padding"), [(322, 14), (291, 13), (296, 8), (289, 15), (278, 10), (464, 0)])
def test_recorded_chunks_are_padded_to_sixteen_bytes(size, padding):
    assert (size + padding) % 16 == 0


def test_every_chunk_is_padded_to_sixteen_bytes():
    answer = answered(Choice(0, "stop", ("Hel", "lo", " 字")), stream=True, stream_options={"include_usage": True})

    events = [event.removeprefix(b"data: ") for event in answer.body.split(b"\n\n")[:-2]]
    bare = [re.sub(rb',"obfuscation":"[A-Za-z0-9-]{0,15}"', b"", event) for event in events]
    paddings = [chunk["obfuscation"] for chunk in answer.chunks]
    assert len(paddings) == 6
    assert [(len(event) + len(padding)) % 16 for event, padding in zip(bare, paddings, strict=True)] == [0] * 6


def test_refusal_stands_in_place_of_the_text():
    choice = Choice(0, "stop", None, refusal=("I", " cannot"))

    message = answered(choice).json["choices"][0]["message"]
    deltas = [chunk["choices"][0]["delta"] for chunk in answered(choice, stream=True).chunks]

    assert (message["content"], message["refusal"]) == (None, "I cannot")
    assert deltas == [
        {"role": "assistant", "content": None, "refusal": ""},
        {"refusal": "I"},
        {"refusal": " cannot"},
        {},
    ]


def test_custom_call_carries_its_input():
    call = WireToolCall("call_1", "shell", ("ls", " -l"), "custom")
    choice = Choice(0, "tool_calls", None, (call,))

    message = answered(choice).json["choices"][0]["message"]
    deltas = [chunk["choices"][0]["delta"] for chunk in answered(choice, stream=True).chunks]

    assert message["tool_calls"] == [
        {"id": "call_1", "type": "custom", "custom": {"name": "shell", "input": "ls -l"}},
    ]
    assert deltas[1:4] == [
        {"tool_calls": [{"index": 0, "id": "call_1", "type": "custom", "custom": {"name": "shell", "input": ""}}]},
        {"tool_calls": [{"index": 0, "custom": {"input": "ls"}}]},
        {"tool_calls": [{"index": 0, "custom": {"input": " -l"}}]},
    ]


def test_call_of_the_older_functions_has_no_id():
    choice = Choice(0, "function_call", None, (WireToolCall("call_1", "f", ("{}",), "function_call"),))

    message = answered(choice).json["choices"][0]["message"]
    deltas = [chunk["choices"][0]["delta"] for chunk in answered(choice, stream=True).chunks]

    assert message["function_call"] == {"name": "f", "arguments": "{}"}
    assert "tool_calls" not in message
    assert deltas[1:3] == [{"function_call": {"name": "f", "arguments": ""}}, {"function_call": {"arguments": "{}"}}]


def test_own_deltas_are_sent_as_they_are():
    choice = Choice(0, "stop", ("a",), deltas=({"content": "a", "x": 1}, {"content": ""}))

    deltas = [chunk["choices"][0]["delta"] for chunk in answered(choice, stream=True).chunks]

    assert deltas == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "a", "x": 1},
        {"content": ""},
        {},
    ]


def test_own_role_is_not_sent_twice():
    choice = Choice(0, "stop", ("a",), deltas=({"role": "assistant", "content": "a"},))

    deltas = [chunk["choices"][0]["delta"] for chunk in answered(choice, stream=True).chunks]

    assert deltas == [{"role": "assistant", "content": "a"}, {}]


def test_further_members_come_before_the_end():
    choice = Choice(0, "stop", ("a",), extra={"annotations": [{"type": "x"}]})

    message = answered(choice).json["choices"][0]["message"]
    deltas = [chunk["choices"][0]["delta"] for chunk in answered(choice, stream=True).chunks]

    assert message["annotations"] == [{"type": "x"}]
    assert deltas[-2:] == [{"annotations": [{"type": "x"}]}, {}]


def test_logprobs_come_with_their_pieces():
    entries = ({"token": "Hel"},), ({"token": "lo"},)
    choice = Choice(0, "stop", ("Hel", "lo"), logprobs=entries)

    whole = answered(choice).json["choices"][0]["logprobs"]
    streamed = [chunk["choices"][0]["logprobs"] for chunk in answered(choice, stream=True).chunks]

    assert whole == {"content": [{"token": "Hel"}, {"token": "lo"}], "refusal": None}
    assert streamed == [
        {"content": [], "refusal": None},
        {"content": [{"token": "Hel"}], "refusal": None},
        {"content": [{"token": "lo"}], "refusal": None},
        None,
    ]


def test_logprobs_of_tool_calls_are_null():
    choice = Choice(0, "tool_calls", None, (WireToolCall("call_1", "f", ()),), logprobs=())

    assert answered(choice).json["choices"][0]["logprobs"] == {"content": None, "refusal": None}


def test_stream_head_has_no_length():
    answer = answered(Choice(0, "stop", ()), stream=True)

    assert (answer.status, answer.headers) == (
        200,
        [("content-type", "text/event-stream; charset=utf-8"), ("x-request-id", "req_1")],
    )


def test_stream_sends_tool_calls_in_pieces():
    calls = (WireToolCall("call_1", "f", ("{", "}")), WireToolCall("call_2", "g", ()))

    deltas = [
        chunk["choices"][0]["delta"] for chunk in answered(Choice(0, "tool_calls", None, calls), stream=True).chunks
    ]

    assert deltas == [
        {"role": "assistant", "content": None, "refusal": None},
        {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]},
        {"tool_calls": [{"index": 1, "id": "call_2", "type": "function", "function": {"name": "g", "arguments": ""}}]},
        {},
    ]


def test_pieces_are_sent_whatever_signs_they_have():
    pieces = ("a\x7f", "\x7f", '"\\', "\ue000\n", "字")

    chunks = answered(Choice(0, "stop", pieces), stream=True).chunks

    assert tuple(chunk["choices"][0]["delta"]["content"] for chunk in chunks[1:-1]) == pieces


def test_usage_comes_in_a_last_chunk_without_choices():
    chunks = answered(Choice(0, "stop", ("a",)), stream=True, stream_options={"include_usage": True}).chunks

    assert (chunks[-1]["choices"], chunks[-1]["usage"]) == ([], USAGE)


def test_usage_is_null_in_every_chunk_before_the_last():
    chunks = answered(Choice(0, "stop", ("a",)), stream=True, stream_options={"include_usage": True}).chunks

    assert [chunk["usage"] for chunk in chunks] == [None, None, None, USAGE]


def test_usage_is_absent_where_it_was_not_asked_for():
    chunks = answered(Choice(0, "stop", ("a",)), stream=True).chunks

    assert not any("usage" in chunk for chunk in chunks)


def test_done_marker_is_no_chunk():
    *_, last = CHAT.say(completion(Choice(0, "stop", ())), read(asking(stream=True)))

    assert (last.data, last.chunks) == (b"data: [DONE]\n\n", 0)


def test_comments_are_no_chunk():
    request = read(asking(stream=True), provider=PROVIDERS["openrouter"])
    _, first, second, *_ = CHAT.say(completion(Choice(0, "stop", ())), request)

    assert (first.data, first.chunks, second.chunks) == (b": OPENROUTER PROCESSING\n\n", 0, 1)


def never_cut(text):
    raise AssertionError(f"{text!r} was cut")


def test_whole_answer_cuts_no_text():
    choice = Choice(
        0,
        "tool_calls",
        Pieces("Hello", never_cut),
        (WireToolCall("call_1", "f", Pieces("{}", never_cut)),),
        reasoning=Pieces("hm", never_cut),
    )

    message = answered(choice).json["choices"][0]["message"]

    assert (message["content"], message["tool_calls"][0]["function"]["arguments"]) == ("Hello", "{}")


def test_usage_that_is_not_told_is_not_counted():
    def count():
        raise AssertionError("it was counted")

    said = Completion(FixedIdentity(), 1_735_689_600, "gpt-4o", (Choice(0, "stop", ("Hi",)),), count)

    assert play(CHAT.say(said, read(asking(stream=True)))).status == 200


def test_several_choices_keep_their_index():
    chunks = answered(Choice(0, "stop", ("a",)), Choice(1, "stop", ("b",)), stream=True).chunks

    assert [chunk["choices"][0]["index"] for chunk in chunks] == [0, 1, 0, 1, 0, 1]


@given(text=st.none() | pieces, calls=st.lists(st.tuples(st.text(min_size=1, max_size=5), pieces), max_size=3))
@settings(max_examples=80, deadline=None)
def test_chunks_add_up_to_the_whole_answer(text, calls):
    tool_calls = tuple(WireToolCall(f"call_{n}", name, tuple(parts)) for n, (name, parts) in enumerate(calls))
    choice = Choice(0, "stop", None if text is None else tuple(text), tool_calls)

    answer = answered(choice, stream=True)

    assert accumulated(answer.chunks) == (
        None if text is None else "".join(text),
        [(f"call_{n}", name, "".join(parts)) for n, (name, parts) in enumerate(calls)],
        "stop",
    )


@given(text=pieces)
@settings(max_examples=50, deadline=None)
def test_chunk_is_one_line(text):
    answer = answered(Choice(0, "stop", tuple(text)), stream=True)

    assert all(json.loads(line.removeprefix(b"data: ")) for line in answer.body.split(b"\n\n")[:-2])
