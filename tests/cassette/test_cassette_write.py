"""What a cassette file looks like, and that nothing is lost in it."""

import io
import os
from pathlib import Path

import httpx
import pytest
import vcr
import yaml
from hypothesis import given
from hypothesis import strategies as st
from vcr.serialize import deserialize
from vcr.serializers import yamlserializer

from fakellm._cassette.file import read_cassette
from fakellm._cassette.format import read_interactions
from fakellm._cassette.interaction import Interaction, RecordedResponse, Trace
from fakellm._cassette.write import readable, write_interactions
from fakellm._wire.canonical import canonical_body
from fakellm._wire.events import WireRequest

CHAT = "https://api.openai.com/v1/chat/completions"


def exchange(sent=b"", got=b"", *, url=CHAT, headers=(), trace=None, status=200, reason="OK", number=1):
    request = WireRequest("POST", url, {"content-type": "application/json"}, sent)
    return Interaction(number, None, request, RecordedResponse(status, reason, headers, got), trace or Trace())


def test_file_reads_like_this():
    sse = b'data: {"id":"chatcmpl-1","choices":[{"delta":{"content":"Hi \xf0\x9f\x91\x8b"}}]}\n\ndata: [DONE]\n\n'
    stream = exchange(
        readable(b'{"model":"gpt-4o-mini","temperature":1.10,"messages":[]}'),
        sse,
        headers=(("content-type", "text/event-stream; charset=utf-8"),),
        trace=Trace("2026-11-20", ((0.21, 70), (0.035, 14))),
    )
    image = exchange(b"", b"\x89PNG\xff", headers=(("content-type", "image/png"), ("x-ratelimit-limit-tokens", "9")))

    assert write_interactions([stream, image]) == (
        """\
interactions:
- request:
    method: POST
    uri: https://api.openai.com/v1/chat/completions
    headers: {content-type: [application/json]}
    body: |-
      {
        "model": "gpt-4o-mini",
        "temperature": 1.10,
        "messages": []
      }
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [text/event-stream; charset=utf-8]}
    body:
      string: |+
        data: {"id":"chatcmpl-1","choices":[{"delta":{"content":"Hi 👋"}}]}

        data: [DONE]

  x-fakellm: {recorded: "2026-11-20", chunks: [[0.210, 70], [0.035, 14]], cut: false}
- request:
    method: POST
    uri: https://api.openai.com/v1/chat/completions
    headers: {content-type: [application/json]}
    body: ''
  response:
    status: {code: 200, message: OK}
    headers:
      content-type: [image/png]
      x-ratelimit-limit-tokens: ["9"]
    body:
      string: !!binary |
        iVBOR/8=
version: 1
"""
    )


def test_file_without_interactions_is_one():
    assert write_interactions([]) == "interactions: []\nversion: 1\n"
    assert read_interactions(write_interactions([]), path="x") == []


def test_stream_with_carriage_returns_is_one_line_an_event():
    text = write_interactions([exchange(b"", b"data: 1\r\n\r\n data: 2\r\n\r\n")])

    assert '      string: "data: 1\\r\\n\\\n        \\r\\n\\\n        \\ data: 2\\r\\n\\\n        \\r\\n"\n' in text


@pytest.mark.parametrize("body", ["\tname\tage\n", "\t", "\t\n\tx", " x", "\n\tx"])
def test_text_that_begins_with_a_blank_is_read_by_every_loader(body):
    text = write_interactions([exchange(body.encode(), body.encode())])

    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        held = yaml.load(text, loader)["interactions"][0]
        assert (held["request"]["body"], held["response"]["body"]["string"]) == (body, body)


def test_long_list_of_chunks_is_broken_into_lines():
    trace = Trace("2026-11-20", ((0.001, 100),) * 40, cut=True)

    text = write_interactions([exchange(trace=trace)])

    assert max(map(len, text.splitlines())) <= 100
    assert read_interactions(text, path="x")[0].trace == trace


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"b":1.0,"a":[1e5,{}]}', b'{\n  "b": 1.0,\n  "a": [\n    1e5,\n    {}\n  ]\n}'),
        (b"[]", b"[]"),
        (b'{"t":"\\u00e9\\u2028\\ud83d\\ude00\\ud800\\u0007"}', '{\n  "t": "é\\u2028😀\\ud800\\u0007"\n}'.encode()),
        (b"{broken", b"{broken"),
        (b'"text"', b'"text"'),
        (b"12", b"12"),
        (b"{\xff}", b"{\xff}"),
        (b"[" * 5000, b"[" * 5000),
        (b"data: {}\n\n", b"data: {}\n\n"),
    ],
)
def test_json_is_laid_out_and_nothing_else(body, shown):
    assert readable(body) == shown
    assert readable(shown) == shown


# What comes out of a file has lower-case names, no header twice in two places, and none that the reader drops.
TEXT = st.text(max_size=20)
LINES = st.lists(
    st.sampled_from(["", " ", "\t", "a", " a", "a ", "# c", "😀", "\u2028", "\x85", "\ufeff", "{}", "---", "x: y"]),
    max_size=6,
)  # fmt: skip
BREAK = st.sampled_from(["\n", "\r\n", "\n\n", "\r"])
BODY = (
    st.binary(max_size=40)
    | TEXT.map(str.encode)
    | st.builds(lambda lines, line_end, end: (line_end.join(lines) + end).encode(), LINES, BREAK, BREAK | st.just(""))
)
NAME = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.: #", min_size=1, max_size=12).map(lambda name: f"h{name}")
VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20) | st.sampled_from(
    ["yes", "12", "~", "null"]
)
URL = st.builds("https://api.openai.com/{}".format, st.text("abc:?&=%#[]{},'\"!@ -", max_size=12))
TRACE = st.builds(
    Trace,
    st.sampled_from(["", "2026-11-20"]),
    st.lists(
        st.tuples(st.integers(0, 90_000).map(lambda n: n / 1000), st.integers(0, 9_999)), max_size=30
    ).map(tuple),
    st.booleans(),
)  # fmt: skip
INTERACTION = st.builds(
    Interaction,
    st.just(1),
    st.just(2),
    st.builds(WireRequest, st.sampled_from(["GET", "POST"]), URL, st.dictionaries(NAME, VALUE, max_size=4), BODY),
    st.builds(
        RecordedResponse,
        st.integers(200, 599),
        TEXT,
        st.dictionaries(NAME, st.lists(VALUE, min_size=1, max_size=3), max_size=4).map(
            lambda headers: tuple((name, value) for name, values in headers.items() for value in values)
        ),
        BODY,
    ),
    TRACE,
)


@given(INTERACTION)
def test_what_is_written_is_what_is_read(interaction):
    text = write_interactions([interaction])

    assert read_interactions(text, path="x") == [interaction]


@given(INTERACTION)
def test_every_loader_reads_what_is_written(interaction):
    text = write_interactions([interaction])

    by_libyaml = yaml.load(text, yaml.CSafeLoader)
    assert by_libyaml == yaml.load(text, yaml.SafeLoader) == yaml.load(io.BytesIO(text.encode()), yaml.CSafeLoader)
    body = by_libyaml["interactions"][0]["response"]["body"]["string"]
    assert (body if isinstance(body, bytes) else body.encode()) == interaction.response.body


@given(st.lists(INTERACTION, max_size=3))
def test_several_are_kept_in_order(interactions):
    text = write_interactions(interactions)

    read = read_interactions(text, path="x")
    assert [(i.request, i.response, i.trace) for i in read] == [(i.request, i.response, i.trace) for i in interactions]
    assert write_interactions(read) == text


REAL = Path(os.environ.get("FAKELLM_REAL_CASSETTES", "/nonexistent"))
SESSIONS = sorted(REAL.glob("*.yaml"))


def contents(interactions):
    return [(i.request, i.response, i.trace) for i in interactions]


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_real_session_survives_being_written(path):
    interactions = read_cassette(path)

    written = read_interactions(write_interactions(interactions), path="x")

    assert contents(written) == contents(interactions)


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_real_session_that_was_written_is_replayed_by_vcrpy(path, tmp_path, no_network):
    interactions = read_cassette(path)
    written = tmp_path / "session.yaml"
    written.write_text(write_interactions(interactions), encoding="utf-8")

    with vcr.use_cassette(str(written), record_mode="none", match_on=["method", "uri", "raw_body"]) as cassette:
        got = [
            httpx.request(i.request.method, i.request.url, content=i.request.body, headers=plain(i.request))
            for i in interactions
        ]

    assert cassette.all_played
    assert no_network == []
    assert [answer.status_code for answer in got] == [i.response.status for i in interactions]
    assert [answer.content for answer in got] == [i.response.body for i in interactions]


def plain(request):
    return {name: value for name, value in request.headers.items() if name == "content-type"}


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_real_session_stays_the_same_request_when_laid_out(path):
    for interaction in read_cassette(path):
        body = interaction.request.body

        assert canonical_body(readable(body)) == canonical_body(body)


@given(INTERACTION)
def test_vcrpy_reads_what_is_written(interaction):
    requests, responses = deserialize(write_interactions([interaction]), yamlserializer)

    assert responses[0]["body"]["string"] == interaction.response.body
    assert (requests[0].body or b"") == interaction.request.body
