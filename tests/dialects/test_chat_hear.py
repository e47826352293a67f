import json

import pytest

from fakellm._dialects.chat.hear import hear
from fakellm._wire.voice import Heard

TOOL_STREAM = b"""\
: PROCESSING

data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"One "}}]}

data: {"choices":[{"index":0,"delta":{"content":"moment"}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":""}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"name":"g","arguments":"{}"}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"a\\":1}"}}]}}]}

data: {"choices":[],"usage":{"prompt_tokens":1}}

data: [DONE]

"""


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b'{"choices":[{"message":{"content":"Hello"}}]}', Heard("Hello")),
        (b'{"choices":[{"message":{"content":null}}]}', Heard()),
        (b'{"choices":[]}', Heard()),
        (b'{"choices":null}', Heard()),
        (
            b'{"choices":[{"message":{"tool_calls":[{"id":"x","function":{"name":"f","arguments":"{}"}},'
            b'{"function":{"name":"g","arguments":null}}]}}]}',
            Heard(tool_calls=[("f", "{}"), ("g", "")]),
        ),
        (b'{"error":{"message":"Rate limit reached"}}', Heard(error="Rate limit reached")),
        (b'{"error":{"message":null}}', Heard()),
        (b'{"error":"text"}', Heard()),
        (TOOL_STREAM, Heard("One moment", [("f", '{"a":1}'), ("g", "{}")], usage={"prompt_tokens": 1})),
        (b'{"choices":[],"usage":{"total_tokens":3}}', Heard(usage={"total_tokens": 3})),
        (b'{"choices":[],"usage":"none"}', Heard()),
        (
            b'{"choices":[{"message":{"content":null,"refusal":"No.","reasoning_content":"Hm."}}]}',
            Heard(refusal="No.", reasoning="Hm."),
        ),
        (b'{"choices":[{"message":{"reasoning":"Hm."}}]}', Heard(reasoning="Hm.")),
        (
            b'{"choices":[{"message":{"tool_calls":[{"custom":{"name":"sql","input":"select 1"}}]}}]}',
            Heard(tool_calls=[("sql", "select 1")]),
        ),
        (
            b'{"choices":[{"message":{"function_call":{"name":"f","arguments":"{}"}}}]}',
            Heard(tool_calls=[("f", "{}")]),
        ),
        (
            b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"error":{"message":"no"}}\n\n',
            Heard("a", [], "no"),
        ),
    ],
)
def test_answer_is_read_back(body, answer):
    assert hear(body) == answer


def test_first_choice_is_the_one_with_index_zero():
    body = (
        b'data: {"choices":[{"index":1,"delta":{"content":"other"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":"first"}}]}\n\n'
    )

    assert hear(body) == Heard("first")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"data":[]}', b"data: [DONE]\n\n", b"data: x\n\n", b"\xff\xfe", b"[" * 100_000],
    ids=lambda body: f"{len(body)} bytes {body[:8]!r}",
)
def test_body_that_is_no_answer_is_none(body):
    assert hear(body) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices":[1,{"message":5}]}',
        b'{"choices":[{"message":{"tool_calls":[1,{"function":5}]}}]}',
        b'{"choices":[{"message":{"content":[{"type":"text"}]}}]}',
    ],
)
def test_odd_answer_is_passed_over(body):
    assert hear(body).text == ""


def test_usage_holds_the_counts_that_providers_have_in_common():
    usage = {"prompt_tokens": 1, "queue_time": 0.1, "cost": 3, "prompt_tokens_details": {"cached_tokens": 0}}

    heard = hear(json.dumps({"choices": [], "usage": usage}).encode())

    assert heard.usage == {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 0}}
