"""Every layout of a cassette file gives the same interactions."""

import base64
import gzip
import json
import zlib

import pytest
from cassette_text import CHAT, cassette, interaction

from fakellm._cassette.format import read_interactions
from fakellm._cassette.interaction import RecordedResponse, Trace
from fakellm._errors import CassetteFormatError
from fakellm._wire.events import WireRequest


def read(text):
    return read_interactions(text, path="session.yaml")


def read_one(**parts):
    [found] = read(cassette(interaction(**parts)))
    return found


def request_body(lines):
    return read_one(request=lines).request.body


def response_body(lines):
    return read_one(response=lines).response.body


VCRPY = """\
interactions:
- request:
    body: '{"model": "gpt-4o"}'
    headers:
      Content-Type: [application/json]
      accept: ['*/*', text/plain]
    method: POST
    uri: https://api.openai.com/v1/chat/completions
  response:
    body:
      string: '{"n": 1.10}'
    headers:
      Content-Type: [application/json]
      x-request-id: [req_1]
    status: {code: 201, message: Created}
version: 1
"""


def test_vcrpy_request_is_read():
    [found] = read(VCRPY)

    assert found.request == WireRequest(
        "POST", CHAT, {"content-type": "application/json", "accept": "*/*, text/plain"}, b'{"model": "gpt-4o"}'
    )


def test_vcrpy_response_is_read():
    [found] = read(VCRPY)

    assert found.response == RecordedResponse(
        201, "Created", (("content-type", "application/json"), ("x-request-id", "req_1")), b'{"n": 1.10}'
    )


def test_vcrpy_json_file_is_read_as_its_yaml():
    document = {
        "version": 1,
        "interactions": [
            {
                "request": {
                    "body": '{"model": "gpt-4o"}',
                    "headers": {"Content-Type": ["application/json"], "accept": ["*/*", "text/plain"]},
                    "method": "POST",
                    "uri": CHAT,
                },
                "response": {
                    "body": {"string": '{"n": 1.10}'},
                    "headers": {"Content-Type": ["application/json"], "x-request-id": ["req_1"]},
                    "status": {"code": 201, "message": "Created"},
                },
            }
        ],
    }

    [from_json], [from_yaml] = read(json.dumps(document, indent=4)), read(VCRPY)

    assert (from_json.request, from_json.response) == (from_yaml.request, from_yaml.response)


def test_yaml_in_flow_style_is_read():
    text = "{interactions: [{request: {method: GET, uri: 'http://h/'}, response: {status: 204}}], version: 1}"

    [found] = read(text)

    assert (found.request.url, found.response.status) == ("http://h/", 204)


def test_legacy_httpx_response_is_read():
    found = read_one(status="status_code: 203\n  http_version: HTTP/1.1", response="content: '{\"a\": 1}'")

    assert (found.response.status, found.response.reason, found.response.body) == (203, "", b'{"a": 1}')


def test_structured_body_of_a_request_is_json():
    body = request_body(
        "parsed_body:\n  model: gpt-4o\n  temperature: 0.70\n  stop: null\n  stream: true\n  n: [1, '2']"
    )

    assert body == b'{"model":"gpt-4o","temperature":0.70,"stop":null,"stream":true,"n":[1,"2"]}'


def test_structured_body_of_a_response_is_json():
    assert response_body("parsed_body: {b: 1e-05, a: 3.11e-05}") == b'{"b":"1e-05","a":3.11e-05}'


def test_body_as_a_mapping_is_json():
    assert request_body("body: {model: gpt-4o, messages: []}") == b'{"model":"gpt-4o","messages":[]}'


def test_body_as_a_list_is_json():
    assert request_body("body: [1, two]") == b'[1,"two"]'


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        ("body: {type: json, content: {a: 1.0}}", b'{"a":1.0}'),
        ("body: {type: json, content: [null]}", b"[null]"),
        ("body: {type: text, content: héllo}", "héllo".encode()),
        ("body:\n  type: text\n  content: |+\n    data: x\n\n    data: [DONE]\n", b"data: x\n\ndata: [DONE]\n\n"),
        ("body: {type: text, content: ''}", b""),
        ("body: {type: binary, content: fffe00}", b"\xff\xfe\x00"),
        ("body: {type: binary, content: '0123'}", b"\x01\x23"),
        ("body: {type: none}", b""),
    ],
)
@pytest.mark.parametrize("read_body", [request_body, response_body])
def test_cassetter_body_is_read(read_body, lines, body):
    assert read_body(lines) == body


@pytest.mark.parametrize("body", ["{type: ping}", "{type: text, content: x, more: 1}", "{type: image, content: x}"])
def test_mapping_with_a_type_of_its_own_is_json(body):
    assert json.loads(request_body(f"body: {body}"))["type"] in ("ping", "text", "image")


def test_cassetter_status_is_a_number():
    assert read_one(status="status: 418").response.status == 418


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        ("body: {string: hi}", b"hi"),
        ("body: {string: 'é'}", "é".encode()),
        ("body: {string: !!binary //4A}", b"\xff\xfe\x00"),
        ("body: {string: ''}", b""),
        ("body: {string: null}", b""),
        ("body: {string: 12}", b"12"),
        ("body: {encoding: utf-8, string: hi}", b"hi"),
        ("body: {base64_string: aGk=}", b"hi"),
        ("body: null", b""),
        ("body: hi", b"hi"),
        ("headers: {}", b""),
        ("body: {string: {a: 1}}", b'{"a":1}'),
        ("body: {string: !!python/unicode hi}", b"hi"),
    ],
)
def test_vcrpy_body_is_read(lines, body):
    assert response_body(lines) == body


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        ("body: !!python/str hi", b"hi"),
        ("body: !!python/object/new:_io.BytesIO\n  state: !!python/tuple [!!binary aGk=, 0, null]", b"hi"),
        ("body: !!python/object/apply:builtins.iter\n  args:\n  - [!!binary aGk=, !!binary IQ==]", b"hi!"),
        ("x: &x {body: hi}\n<<: *x", b"hi"),
    ],
)
def test_what_only_vcrpy_reads_is_read_by_vcrpy(lines, body):
    assert request_body(lines) == body


def test_header_values_that_only_vcrpy_reads_are_several():
    found = read_one(response="headers: {x-a: !!python/tuple [b, c]}")

    assert found.response.headers == (("x-a", "b"), ("x-a", "c"))


def test_escaped_surrogate_pair_in_a_json_file_is_one_character():
    [found] = read(cassette_json(body={"string": "\N{GRINNING FACE}"}))

    assert found.response.body == "\N{GRINNING FACE}".encode()


def test_half_a_surrogate_pair_in_json_stays_an_escape():
    [found] = read(cassette_json(parsed_body={"a": "\ud800"}))

    assert found.response.body == b'{"a":"\\ud800"}'


def cassette_json(**response):
    request = {"method": "GET", "uri": "http://h/"}
    return json.dumps({"interactions": [{"request": request, "response": {"status": {"code": 200}, **response}}]})


@pytest.mark.parametrize("method", ["post", "Post", "POST"])
def test_method_is_read_in_upper_case(method):
    assert read_one(method=method).request.method == "POST"


def test_url_is_read_where_there_is_no_uri():
    [found] = read("interactions: [{request: {method: GET, url: 'http://h/'}, response: {status: 200}}]")

    assert found.request.url == "http://h/"


@pytest.mark.parametrize(
    ("headers", "read_as"),
    [
        ("{X-A: b}", (("x-a", "b"),)),
        ("{X-A: [b, c]}", (("x-a", "b"), ("x-a", "c"))),
        ("{x-a: 12}", (("x-a", "12"),)),
        ("{x-a: !!binary 6Q==}", (("x-a", "é"),)),
        ("{x-a: null, x-b: [null]}", ()),
        ("{x-a: 2024-01-01}", (("x-a", "2024-01-01"),)),
        ("null", ()),
    ],
)
def test_header_is_read(headers, read_as):
    assert read_one(response=f"headers: {headers}").response.headers == read_as


@pytest.mark.parametrize("name", ["content-length", "Transfer-Encoding", "Content-Encoding"])
def test_header_that_no_longer_holds_is_dropped(name):
    found = read_one(response=f"headers: {{{name}: ['x'], a: [b]}}\nbody: {{string: hi}}")

    assert found.response.headers == (("a", "b"),)


def deflated(data):
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeeze.compress(data) + squeeze.flush()


TEXT = b'{"long": "' + b"text " * 20 + b'"}'


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("GZIP", gzip.compress(TEXT, mtime=0)),
        ("x-gzip", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", deflated(TEXT)),
    ],
)
def test_compressed_body_is_decoded(encoding, data):
    stored = base64.b64encode(data).decode()

    found = read_one(response=f"headers: {{content-encoding: [{encoding}]}}\nbody: {{string: !!binary {stored}}}")

    assert (found.response.body, found.response.headers) == (TEXT, ())


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity"])
def test_body_that_the_recorder_decoded_is_left(encoding):
    found = read_one(response=f"headers: {{content-encoding: [{encoding}]}}\nbody: {{string: hi}}")

    assert (found.response.body, found.response.headers) == (b"hi", ())


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
def test_image_that_the_recorder_decoded_is_left(encoding):
    png = b"\x89PNG\r\n\x1a\n\x00\x00"
    stored = base64.b64encode(png).decode()

    found = read_one(response=f"headers: {{content-encoding: [{encoding}]}}\nbody: {{string: !!binary {stored}}}")

    assert (found.response.body, found.response.headers) == (png, ())


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br"])
def test_body_of_another_encoding_is_left_to_the_client(encoding):
    found = read_one(response=f"headers: {{content-encoding: ['{encoding}']}}\nbody: {{string: !!binary CwKAaGkD}}")

    assert found.response.headers == (("content-encoding", encoding),)


def test_interaction_knows_its_number_and_line():
    found = read(cassette(interaction(), interaction()))

    assert [(one.number, one.line) for one in found] == [(1, 2), (2, 9)]


def test_file_without_interactions_holds_none():
    assert read("interactions: []\nversion: 1\n") == []


def test_what_stands_beside_request_and_response_is_passed_over():
    [found] = read(cassette(interaction() + "recorded_at: 2026-01-01\n"))

    assert found.response.body == b"ok"


def trace(text):
    [found] = read(cassette(interaction() + f"x-fakellm: {text}\n"))
    return found.trace


def test_recording_without_traces_has_an_empty_one():
    assert read_one().trace == Trace("", (), cut=False)


def test_day_pieces_and_cut_are_read():
    assert trace('{recorded: "2026-11-20", chunks: [[0.210, 66], [0, 14]], cut: true}') == Trace(
        "2026-11-20", ((0.21, 66), (0.0, 14)), cut=True
    )


def test_any_part_of_a_trace_may_be_missing():
    assert trace("{recorded: 2026-11-20}") == Trace("2026-11-20")


WRONG = [
    ("", "session.yaml:1: not a cassette: there is no list of interactions"),
    ("hello", "session.yaml:1: not a cassette: there is no list of interactions"),
    ("[]", "session.yaml:1: not a cassette: there is no list of interactions"),
    ("version: 1\n", "session.yaml:1: not a cassette: there is no list of interactions"),
    (
        "rules: []\n",
        "session.yaml:1: not a cassette: there is no list of interactions; it is a script: type fake_llm.load(FILE), "
        "or fakellm script check FILE",
    ),
    ("interactions: {}\n", "session.yaml:1: not a cassette: there is no list of interactions"),
    ('{"a": 1', "session.yaml:1: not valid JSON: Expecting ',' delimiter"),
    ('{"interactions": !foo []}', "session.yaml:1: not valid JSON: Expecting value"),
    ("interactions: [\n", "session.yaml:2: not valid YAML: did not find expected node content"),
    ("interactions: [foo]", "session.yaml:1: interaction 1: an interaction is a mapping, got str"),
    ("interactions:\n- a: b", "session.yaml:2: interaction 1: request is a mapping, got NoneType"),
    ("interactions:\n- request: {}\n", "session.yaml:2: interaction 1: response is a mapping, got NoneType"),
    (
        "interactions:\n- request: {method: GET}\n  response: {}\n",
        "session.yaml:2: interaction 1: a request needs a method and a uri",
    ),
    (
        cassette(interaction(), interaction(uri="'http://[h/'")),
        "session.yaml:11: interaction 2: 'http://[h/' is no URL: Invalid IPv6 URL",
    ),
    (
        cassette(interaction(uri="http://h:99999/")),
        "session.yaml:4: interaction 1: 'http://h:99999/' is no URL: Port out of range 0-65535",
    ),
    (
        cassette(interaction(status="status: {message: OK}")),
        "session.yaml:7: interaction 1: a response needs a status code from 200 to 599, got None",
    ),
    (
        cassette(interaction(status="status: fine")),
        "session.yaml:7: interaction 1: a response needs a status code from 200 to 599, got 'fine'",
    ),
    (
        cassette(interaction(response="headers: [a, b]")),
        "session.yaml:8: interaction 1: headers is a mapping, got list",
    ),
    (
        cassette(interaction(response="body: true")),
        "session.yaml:8: interaction 1: a body is text, bytes or JSON, got bool",
    ),
    (
        cassette(interaction(response="body: {base64_string: abc}")),
        "session.yaml:8: interaction 1: a binary body does not decode: Incorrect padding",
    ),
    (
        cassette(interaction(response="body: {type: binary, content: xyz}")),
        "session.yaml:8: interaction 1: a binary body does not decode: "
        "non-hexadecimal number found in fromhex() arg at position 0",
    ),
    (
        cassette(interaction(response="parsed_body: {a: !!binary aGk=}")),
        "session.yaml:8: interaction 1: a body that is no JSON: bytes is no JSON value",
    ),
    (
        cassette(interaction(response="headers: {content-encoding: gzip}\nbody: {string: !!binary H4sAAA==}")),
        "session.yaml:9: interaction 1: the body does not decode as its content-encoding says",
    ),
    (
        cassette(interaction() + "x-fakellm: [1]\n"),
        "session.yaml:9: interaction 1: x-fakellm is a mapping, got list",
    ),
    (
        cassette(interaction() + "x-fakellm: {chunks: [66, 14]}\n"),
        "session.yaml:9: interaction 1: the chunks of x-fakellm are pairs [seconds, bytes], neither below 0",
    ),
    (
        cassette(interaction() + "x-fakellm: {chunks: [[a, b]]}\n"),
        "session.yaml:9: interaction 1: the chunks of x-fakellm are pairs [seconds, bytes], neither below 0",
    ),
    (cassette(interaction(response="body: {string: !foo hi}")), "session.yaml:8: unknown YAML tag !foo"),
    (
        cassette(interaction(request="body: !!python/object/apply:os.getcwd []")),
        "session.yaml:5: unknown YAML tag tag:yaml.org,2002:python/object/apply:os.getcwd",
    ),
    (
        cassette_json(body={"string": "a\ud800"}),
        "session.yaml:1: interaction 1: a body holds a character that is none: '\\ud800'",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_file_that_cannot_be_read_is_refused_with_its_line(text, message):
    with pytest.raises(CassetteFormatError) as caught:
        read(text)

    assert str(caught.value) == message


@pytest.mark.parametrize("line", [None, 7])
def test_format_error_knows_file_and_line(line):
    error = CassetteFormatError("broken", path="a.yaml", line=line)

    assert (error.path, error.line) == ("a.yaml", line)
