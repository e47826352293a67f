import pytest

from fakellm._dialects.chat.hear import ReadAnswer, read_answer

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
        (b'{"choices":[{"message":{"content":"Hello"}}]}', ReadAnswer("Hello")),
        (b'{"choices":[{"message":{"content":null}}]}', ReadAnswer()),
        (b'{"choices":[]}', ReadAnswer()),
        (b'{"choices":null}', ReadAnswer()),
        (
            b'{"choices":[{"message":{"tool_calls":[{"id":"x","function":{"name":"f","arguments":"{}"}},'
            b'{"function":{"name":"g","arguments":null}}]}}]}',
            ReadAnswer(tool_calls=[("f", "{}"), ("g", "")]),
        ),
        (b'{"error":{"message":"Rate limit reached"}}', ReadAnswer(error="Rate limit reached")),
        (b'{"error":{"message":null}}', ReadAnswer()),
        (b'{"error":"text"}', ReadAnswer()),
        (TOOL_STREAM, ReadAnswer("One moment", [("f", '{"a":1}'), ("g", "{}")], usage={"prompt_tokens": 1})),
        (b'{"choices":[],"usage":{"total_tokens":3}}', ReadAnswer(usage={"total_tokens": 3})),
        (b'{"choices":[],"usage":"none"}', ReadAnswer()),
        (
            b'{"choices":[{"message":{"content":null,"refusal":"No.","reasoning_content":"Hm."}}]}',
            ReadAnswer(refusal="No.", reasoning="Hm."),
        ),
        (b'{"choices":[{"message":{"reasoning":"Hm."}}]}', ReadAnswer(reasoning="Hm.")),
        (
            b'{"choices":[{"message":{"tool_calls":[{"custom":{"name":"sql","input":"select 1"}}]}}]}',
            ReadAnswer(tool_calls=[("sql", "select 1")]),
        ),
        (
            b'{"choices":[{"message":{"function_call":{"name":"f","arguments":"{}"}}}]}',
            ReadAnswer(tool_calls=[("f", "{}")]),
        ),
        (
            b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"error":{"message":"no"}}\n\n',
            ReadAnswer("a", [], "no"),
        ),
    ],
)
def test_answer_is_read_back(body, answer):
    assert read_answer(body) == answer


def test_first_choice_is_the_one_with_index_zero():
    body = (
        b'data: {"choices":[{"index":1,"delta":{"content":"other"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":"first"}}]}\n\n'
    )

    assert read_answer(body) == ReadAnswer("first")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"data":[]}', b"data: [DONE]\n\n", b"data: x\n\n", b"\xff\xfe", b"[" * 100_000],
    ids=lambda body: f"{len(body)} bytes {body[:8]!r}",
)
def test_body_that_is_no_answer_is_none(body):
    assert read_answer(body) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices":[1,{"message":5}]}',
        b'{"choices":[{"message":{"tool_calls":[1,{"function":5}]}}]}',
        b'{"choices":[{"message":{"content":[{"type":"text"}]}}]}',
    ],
)
def test_odd_answer_is_passed_over(body):
    assert read_answer(body).text == ""
