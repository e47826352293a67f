"""Secrets that a body spells over several events or tokens."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakellm._cassette.redact import Redactor
from fakellm._cassette.redact_stream import redact_stream
from fakellm._wire.sse import SSEDecoder

SECRET = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz0123456789"
PIECES = ["your key: ", "sk-", "proj-01234", "56789abcdefghijklmnopqrstuvwxyz", "0123456789", " keep it", "!"]
REDACTED = ["your key: ", "REDACTED", "", "", "", " keep it", "!"]
OTHER = ["The ", "wea", "ther", " in ", "Par", "is", " is fine."]


def as_events(values):
    return "".join(f"data: {json.dumps(value)}\n\n" for value in values).encode() + b"data: [DONE]\n\n"


def as_lines(values):
    return "".join(f"{json.dumps(value)}\n" for value in values).encode()


def as_list(values):
    return json.dumps(list(values), indent=2).encode()


def events_of(body):
    return [json.loads(event.data) for event in SSEDecoder().feed(body) if event.data != "[DONE]"]


def lines_of(body):
    return [json.loads(line) for line in body.splitlines()]


def delta(content, **members):
    return {"choices": [{"index": 0, "delta": {"content": content}} | members]}


def stream(*pieces):
    """An event for each piece of an answer, as chat completions stream them."""
    return as_events({"id": "chatcmpl-1"} | delta(piece) for piece in pieces)


def told(body):
    return [event["choices"][0]["delta"]["content"] for event in events_of(body)]


def redacted(body):
    return redact_stream(body, Redactor().string)


def both(one, other):
    """Events of two texts by turns. one, other: make an event of a piece."""
    return [event for pair in zip(PIECES, OTHER, strict=True) for event in (one(pair[0]), other(pair[1]))]


def test_secret_in_pieces_is_found():
    assert told(redacted(stream(*PIECES))) == REDACTED


def test_secret_that_each_event_holds_is_left_to_the_redaction_of_each():
    body = stream(SECRET, SECRET)

    assert redacted(body) is body


def test_text_around_it_in_the_same_events_is_kept():
    body = stream("a sk-pr", "oj-0123456789abcdefghijklmnopqrstuvw", "xyz0123456789 b", " c")

    assert told(redacted(body)) == ["a REDACTED", "", " b", " c"]


def test_several_secrets_leave_what_is_between_them_in_its_pieces():
    body = stream("one ", SECRET[:9], SECRET[9:] + " two ", "three", " " + SECRET[:20], SECRET[20:], ".")

    assert told(redacted(body)) == ["one ", "REDACTED", " two ", "three", " REDACTED", "", "."]


def test_secret_of_equal_pieces_is_found():
    body = stream("wxyzwxyz", "wxyzwxyz")

    assert told(redact_stream(body, Redactor(["wxyzwxyzwxyzwxyz"]).string)) == ["REDACTED", ""]


def test_arguments_of_a_call_are_joined():
    body = stream('{"pass', 'word": "hun', "ter", '2xyz", "n": 1}')

    assert json.loads("".join(told(redacted(body)))) == {"password": "REDACTED", "n": 1}


def test_pieces_become_what_the_whole_text_becomes():
    arguments = json.dumps({"city": "Paris", "api_key": SECRET, "n": [1, {"clientSecret": "s3cr3t-s3cr3t"}]}, indent=1)

    whole = json.loads(Redactor().body(json.dumps({"arguments": arguments}).encode()))["arguments"]

    assert "".join(told(redacted(stream(*arguments)))) == whole


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        pytest.param(
            lambda text: {"choices": [{"index": 0, "delta": {"content": text}}]},
            lambda text: {"choices": [{"index": 1, "delta": {"content": text}}]},
            lambda event: event["choices"][0]["delta"]["content"],
            id="choices",
        ),
        pytest.param(
            lambda text: {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": text}}]}}]},
            lambda text: {"choices": [{"delta": {"tool_calls": [{"index": 1, "function": {"arguments": text}}]}}]},
            lambda event: event["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"],
            id="tool calls",
        ),
        pytest.param(
            lambda text: {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": text},
            lambda text: {"type": "response.output_text.delta", "output_index": 0, "content_index": 1, "delta": text},
            lambda event: event["delta"],
            id="content_index",
        ),
        pytest.param(
            lambda text: {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "delta": text},
            lambda text: {"type": "response.function_call_arguments.delta", "item_id": "fc_2", "delta": text},
            lambda event: event["delta"],
            id="item_id",
        ),
        pytest.param(
            lambda text: {"type": "response.output_text.delta", "output_index": 0, "delta": text},
            lambda text: {"type": "response.reasoning_text.delta", "output_index": 0, "delta": text},
            lambda event: event["delta"],
            id="type",
        ),
        pytest.param(
            lambda text: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
            lambda text: {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": text}},
            lambda event: event["delta"]["text"],
            id="text_delta",
        ),
        pytest.param(
            lambda text: {"index": 1, "delta": {"type": "input_json_delta", "partial_json": text}},
            lambda text: {"index": 2, "delta": {"type": "input_json_delta", "partial_json": text}},
            lambda event: event["delta"]["partial_json"],
            id="input_json_delta",
        ),
        pytest.param(
            lambda text: {"index": 0, "delta": {"type": "thinking_delta", "thinking": text}},
            lambda text: {"index": 1, "delta": {"type": "text_delta", "thinking": text}},
            lambda event: event["delta"]["thinking"],
            id="thinking_delta",
        ),
        pytest.param(
            lambda text: {"candidates": [{"content": {"parts": [{"text": text}]}}]},
            lambda text: {"candidates": [{"content": {"parts": [{"text": text}]}, "index": 1}]},
            lambda event: event["candidates"][0]["content"]["parts"][0]["text"],
            id="candidates of which the first tells no index",
        ),
    ],
)
def test_texts_that_come_by_turns_are_joined_apart(one, other, found):
    events = [found(event) for event in events_of(redacted(as_events(both(one, other))))]

    assert (events[::2], events[1::2]) == (REDACTED, OTHER)


def test_texts_side_by_side_in_a_list_are_told_by_their_position():
    body = as_events({"choices": [{"text": one}, {"text": other}]} for one, other in zip(OTHER, PIECES, strict=True))

    choices = [event["choices"] for event in events_of(redacted(body))]

    assert [[one["text"], other["text"]] for one, other in choices] == list(
        map(list, zip(OTHER, REDACTED, strict=True))
    )


def test_index_counts_more_than_the_position():
    calls = [[{"index": 3, "text": PIECES[1]}], [{"index": 1, "text": "x"}, {"index": 3, "text": PIECES[2]}]]
    calls += [[{"index": 3, "text": "".join(PIECES[3:])}]]

    found = [event["calls"] for event in events_of(redacted(as_events({"calls": some} for some in calls)))]

    assert [[call["text"] for call in some] for some in found] == [["REDACTED"], ["x", ""], [" keep it!"]]


def test_piece_without_an_index_stands_at_its_position():
    calls = [{"index": 0, "id": "call_1", "arguments": PIECES[1]}, *({"arguments": text} for text in PIECES[2:5])]

    found = [event["calls"][0]["arguments"] for event in events_of(redacted(as_events({"calls": [c]} for c in calls)))]

    assert found == REDACTED[1:5]


@pytest.mark.parametrize("ids", [[1] * 7, [1, 2, 3, 4, 5, 6, 7], [1] + [0] * 6, [1, 1, 2, 2, 2, 2, 2]])
def test_ids_are_not_needed(ids):
    events = [{"text": text} | ({"id": f"call_{n}"} if n else {}) for n, text in zip(ids, PIECES, strict=True)]

    assert [event["text"] for event in events_of(redacted(as_events(events)))] == REDACTED


def token(text, **members):
    return {"token": text, "logprob": -0.5, "bytes": list(text.encode())} | members


def test_tokens_are_joined_with_their_bytes_and_what_they_might_have_been():
    others = [{"token": "x", "logprob": -2, "bytes": [120]}]
    tokens = [token(text, top_logprobs=[*others, token(text)]) for text in PIECES]
    body = as_events(delta(one["token"], logprobs={"content": [one]}) for one in tokens)

    events = events_of(redacted(body))

    found = [event["choices"][0]["logprobs"]["content"][0] for event in events]
    assert found == [token(text, top_logprobs=[*others, token(text)]) for text in REDACTED]


def test_tokens_of_a_whole_answer_are_joined():
    body = json.dumps({"choices": [{"logprobs": {"content": [token(text) for text in PIECES]}}]}).encode()

    found = json.loads(redacted(body))

    assert found == {"choices": [{"logprobs": {"content": [token(text) for text in REDACTED]}}]}


def test_tokens_several_an_event_are_joined():
    tokens = [token(text) for text in PIECES]
    body = as_events({"delta": "", "logprobs": some} for some in (tokens[:2], tokens[2:5], tokens[5:]))

    found = [one for event in events_of(redacted(body)) for one in event["logprobs"]]

    assert found == [token(text) for text in REDACTED]


def test_bytes_of_a_secret_that_is_one_token_are_redacted():
    body = json.dumps({"content": [token(SECRET)]}).encode()

    assert json.loads(redacted(body)) == {"content": [token("REDACTED")]}


def test_tokens_in_a_list_of_their_own_are_joined():
    body = as_events(
        [
            {"logprobs": {"tokens": PIECES[:2], "token_logprobs": [-1, -1]}},
            {"logprobs": {"tokens": PIECES[2:], "token_logprobs": [-1] * 5}},
        ]
    )

    found = [event["logprobs"]["tokens"] for event in events_of(redacted(body))]

    assert found == [REDACTED[:2], REDACTED[2:]]


def test_texts_of_an_ordinary_list_are_not_joined():
    body = json.dumps({"urls": ["https://a.example/?api_key=0123456789abcdef", "https://b.example/"]}).encode()

    assert redacted(body) is body


def test_lines_of_json_are_a_stream():
    body = as_lines({"model": "llama3", "message": {"role": "assistant", "content": text}} for text in PIECES)

    assert [line["message"]["content"] for line in lines_of(redacted(body))] == REDACTED


def test_json_list_is_a_stream():
    body = as_list([{"candidates": [{"content": {"parts": [{"text": text}]}}]} for text in PIECES])

    found = [one["candidates"][0]["content"]["parts"][0]["text"] for one in json.loads(redacted(body))]

    assert found == REDACTED


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda text: f"data: {json.dumps(delta(text))}\r\n\r\n", id="CR LF"),
        pytest.param(lambda text: f"data: {json.dumps(delta(text))}\r\r", id="CR"),
        pytest.param(lambda text: f"data:{json.dumps(delta(text))}\n\n", id="no blank"),
        pytest.param(lambda text: f"event: x\ndata: {json.dumps(delta(text))}\nid: 1\n\n: ping\n\n", id="other fields"),
        pytest.param(
            lambda text: "".join(f"data: {line}\n" for line in json.dumps(delta(text), indent=1).split("\n")) + "\n",
            id="several lines",
        ),
    ],
)  # fmt: skip
def test_stream_is_read_in_any_form(form):
    body = "".join(map(form, PIECES)).encode()

    once = redacted(body)

    assert told(once) == REDACTED
    assert len(once.splitlines()) == len(body.splitlines())


def test_events_without_a_blank_line_between_them_are_read():
    body = "".join(f"data: {json.dumps(delta(text))}\n" for text in PIECES).encode()

    assert told(redacted(body).replace(b"\n", b"\n\n")) == REDACTED


def test_stream_behind_a_byte_order_mark_is_read():
    body = b"\xef\xbb\xbf" + stream(*PIECES[1:])

    assert told(redacted(body)) == REDACTED[1:]


def test_events_that_hold_no_part_of_a_secret_keep_their_bytes():
    first, last = b'data: {"choices" : [{"delta":{"content":"\\u0061"}}], "n": 1.0}\n\n', b": bye \xff\n\n"
    body = first + stream(*PIECES) + last

    once = redacted(body)

    assert (once[: len(first)], once[-len(last) :]) == (first, last)
    assert SECRET[8:12].encode() not in once


@pytest.mark.parametrize("cut", range(1, 40))
@pytest.mark.parametrize("form", [as_events, as_lines, as_list], ids=["events", "lines", "list"])
def test_secret_is_found_where_the_stream_is_cut(form, cut):
    whole = form([delta("key: "), delta("sk-"), delta(SECRET[3:] + "é")]).removesuffix(b"data: [DONE]\n\n")
    body = whole[:-cut]

    once = redacted(body)

    assert b"proj-0123456789" not in once
    assert body.startswith(once[:60])


def test_cut_piece_of_a_stream_stays_cut_in_the_same_place():
    body = (
        stream("key: sk-").removesuffix(b"data: [DONE]\n\n")
        + b'data: {"choices":[{"index":0,"delta":{"content":"proj-0123456789abcdefghijklmnopqrstuvwxyz01 b\\u00'
    )

    assert redacted(body).endswith(b'data: {"choices":[{"index":0,"delta":{"content":" b\\u00')


def test_stream_without_secrets_is_the_same_object():
    body = stream("hello ", "world", "\ud83d\ude00")

    assert redacted(body) is body


@pytest.mark.parametrize(
    "body",
    [b"", b"data: {\n\n", b"data: {}\n\ndata: []\n\n", b"\xff", b"text", b'{"a": "b"}', b"{", b"[", b"]", b'"',
     b'{"a": "\\', b"data:", b"data: \n\n", b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000],
    ids=lambda body: str(body[:12]),
)  # fmt: skip
def test_any_body_is_taken(body):
    assert redacted(body) == body


def test_bytes_that_are_no_text_hide_nothing():
    body = b"data: \xff\n\n" + stream(*PIECES)

    assert told(redacted(body).removeprefix(b"data: \xff\n\n")) == REDACTED


@pytest.mark.parametrize("is_secret", [False, True])
def test_long_streams_are_read_once(is_secret):
    asked = []

    def redact(text):
        asked.append(len(text))
        return text.replace(SECRET, "REDACTED") if is_secret else text

    body = as_events(delta(piece) for _ in range(500) for piece in PIECES)

    once = redact_stream(body, redact)

    assert sum(asked) < 3 * len(body)
    assert (SECRET not in "".join(told(once))) == is_secret


@given(st.text(max_size=8), st.lists(st.integers(0, 70), max_size=6), st.text(max_size=8))
def test_secret_cut_anywhere_is_found(before, cuts, after):
    text = f"{before} {SECRET} {after}"
    places = [0, *sorted(place for place in cuts if place < len(text)), len(text)]
    body = stream(*(text[a:b] for a, b in pairwise(places)))

    once = Redactor().body(redacted(body))

    assert "".join(told(once)) == f"{before} REDACTED {after}"
    assert Redactor().body(redacted(once)) == once


TURNS = [
    lambda n, text: {"choices": [{"index": n, "delta": {"content": text}}]},
    lambda n, text: {"delta": {"tool_calls": [{"index": n, "function": {"arguments": text}}]}},
    lambda n, text: {"output_index": n, "delta": text},
    lambda n, text: {"item_id": f"item_{n}", "delta": text},
    lambda n, text: {"index": n, "delta": {"type": "text_delta", "text": text}},
]  # fmt: skip
WORDS = st.lists(
    st.sampled_from(["the", "weather", "in", "Paris,", "é", "😀", "is:", "task-12", '"key"', "{"]), max_size=6
)


@st.composite
def turns(draw, texts):
    """Cut texts into pieces and mix these: a list of (number of the text, piece), and the texts."""
    drawn = draw(st.lists(texts, min_size=1, max_size=3))
    queues = []
    for text in drawn:
        places = sorted({0, len(text), *draw(st.lists(st.integers(0, len(text)), max_size=8))})
        queues.append([text[a:b] for a, b in pairwise(places)])
    mixed = []
    while any(queues):
        number = draw(st.sampled_from([n for n, queue in enumerate(queues) if queue]))
        mixed.append((number, queues[number].pop(0)))
    return mixed, drawn


FORMS = st.sampled_from([(as_events, events_of), (as_lines, lines_of), (as_list, json.loads)])


def piece_of(value):
    """Return the one text of an event that `TURNS` made."""
    while not isinstance(value, str):
        members = [value] if isinstance(value, list) else [held for name, held in value.items() if name in HOLDERS]
        value = members[0][0] if isinstance(value, list) else members[0]
    return value


HOLDERS = ("choices", "delta", "content", "tool_calls", "function", "arguments", "text")
SECRET_AMONG_WORDS = st.tuples(WORDS, WORDS).map(lambda both: " ".join([*both[0], "", SECRET, "", *both[1]]))


@given(turns(SECRET_AMONG_WORDS), st.sampled_from(TURNS), FORMS)
def test_secret_cut_anywhere_among_other_texts_is_found(given, event, form):
    pieces, texts = given
    write, read = form

    once = Redactor().body(redacted(write(event(n, text) for n, text in pieces)))

    kept = [(n, piece_of(value)) for (n, _), value in zip(pieces, read(once), strict=True)]
    joined = ["".join(text for n, text in kept if n == number) for number in range(len(texts))]
    assert joined == [text.replace(SECRET, "REDACTED") for text in texts]


@given(turns(WORDS.map(" ".join)), st.sampled_from(TURNS), FORMS)
def test_texts_by_turns_without_secrets_stay_byte_for_byte(given, event, form):
    body = form[0](event(n, text) for n, text in given[0])

    assert redacted(body) is body


@pytest.mark.parametrize("secret", ["q7-Zx9-Lm2-Pk4D", "R7-Zx9-Lm2-Pk4v", "RE-Zx9-Lm2-Pk4ED"])
def test_stand_in_stays_whole_where_json_is_written_anew_and_letters_agree(secret):
    arguments = json.dumps({"url": f"https://h.test/?sig={secret}"})
    events = [json.dumps({"arguments": arguments[n : n + 3]}) for n in range(0, len(arguments), 3)]
    redactor = Redactor()

    redacted = redactor.body(redact_stream("".join(f"data: {e}\n\n" for e in events).encode(), redactor.string))

    pieces = [json.loads(line[6:])["arguments"] for line in redacted.decode().splitlines() if line]
    assert json.loads("".join(pieces)) == {"url": "https://h.test/?sig=REDACTED"}
