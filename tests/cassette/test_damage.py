"""Damaged files are told with file and line, whatever the damage; nothing of them is played or lost in silence."""

import base64
import gzip
import json
import re
import subprocess
import sys
import zlib

import httpx
import pytest
from cassette_text import cassette, chat_exchange, interaction
from hypothesis import given
from hypothesis import strategies as st
from provider_server import provider

from fakellm import CassetteError, CassetteFormatError, UsageError, use_cassette
from fakellm._cassette.format import read_interactions
from fakellm._cassette.interaction import Interaction, RecordedResponse
from fakellm._cassette.save import change_cassette
from fakellm._wire.events import WireRequest

GOOD = """\
interactions:
- request:
    method: POST
    uri: https://h/v1
    headers: {accept: [a/b]}
    body: '{}'
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [application/json]}
    body:
      string: '{}'
  x-fakellm: {recorded: "2026-11-20", chunks: [[0.1, 2]], cut: false}
version: 1
"""


def changed(before, after):
    assert GOOD.count(before) == 1
    return GOOD.replace(before, after)


def told(text):
    """Return what reading a text is refused with."""
    with pytest.raises(CassetteFormatError) as caught:
        read_interactions(text, path="s.yaml")
    return str(caught.value)


def test_second_list_of_interactions_is_told_with_both_lines():
    assert told(GOOD + GOOD) == (
        "s.yaml:14: 'interactions' is given twice, first in line 1; merges leave that\n"
        "  to have both read, put the items of the second list behind those of the first, and delete the second key"
    )


@pytest.mark.parametrize(
    ("text", "key", "first", "second"),
    [
        (changed("    method: POST\n", "    method: POST\n    method: GET\n"), "method", 3, 4),
        (changed("    method: POST\n", "    method: POST\n    uri: https://other/\n"), "uri", 4, 5),
        (changed("    body: '{}'\n", "    body: '{}'\n    body: '[]'\n"), "body", 6, 7),
        (changed("      string: '{}'\n", "      string: '{}'\n      string: '[]'\n"), "string", 11, 12),
        (changed("  response:\n", "  request: {}\n  response:\n"), "request", 2, 7),
        (changed("{accept: [a/b]}", "{accept: [a/b],\n      accept: [c/d]}"), "accept", 5, 6),
        (changed("code: 200", "code: 200, code: 500"), "code", 8, 8),
        (changed("cut: false", "cut: false, chunks: []"), "chunks", 12, 12),
        (changed("version: 1", "version: 1\nversion: 1"), "version", 13, 14),
        (changed("string: '{}'", "parsed_body: {a: 1, b: [{c: 1,\n        c: 2}]}"), "c", 11, 12),
        (changed("string: '{}'", "string: !!python/unicode x\n      string: y"), "string", 11, 12),
        (changed("string: '{}'", "string: !!python/str x\n      string: y"), "string", 11, 12),
    ],
)
def test_key_that_is_given_twice_is_told_with_both_lines(text, key, first, second):
    assert told(text) == (
        f"s.yaml:{second}: '{key}' is given twice, first in line {first}; merges leave that\n"
        "  keep the right one, and delete the other"
    )


def as_json(**more):
    item = {
        "request": {"method": "POST", "uri": "https://h/v1", "headers": {}, "body": "{}"},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "{}"}},
        **more,
    }
    return json.dumps({"interactions": [item], "version": 1}, indent=1)


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        (
            '"uri": "https://h/v1"',
            '"uri": "https://h/v1",\n"uri": "https://other/"',
            "s.yaml:7: 'uri' is given twice, ",
        ),
        ('"version": 1', '"version": 1,\n"version": 1', "s.yaml:23: 'version' is given twice, first in line 22"),
        ('"code": 200', '"\\u0063ode": 500, "code": 200', "s.yaml:12: 'code' is given twice, first in line 12"),
    ],
)
def test_key_that_is_given_twice_in_a_json_file_is_told(before, after, place):
    text = as_json()
    assert text.count(before) == 1

    assert told(text.replace(before, after)).startswith(place)


def test_key_that_is_given_twice_in_braces_that_are_yaml_is_told():
    text = "{interactions: [{request: {method: GET, uri: 'http://h/'},\n response: {status: 204, status: 200}}]}"

    assert told(text).startswith("s.yaml:2: 'status' is given twice, first in line 2")


def test_key_that_a_recorded_text_gives_twice_is_its_own():
    text = changed("string: '{}'", """string: '{"a": 1, "a": 2}'""")

    assert read_interactions(text, path="s.yaml")[0].response.body == b'{"a": 1, "a": 2}'


def test_body_with_a_key_given_twice_is_written_as_it_is(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(changed("string: '{}'", """string: '{"a": 1, "a": 2}'"""))

    change_cassette(str(path), lambda held: [*held, *held])

    assert [one.response.body for one in read_interactions(path.read_text(), path="")] == [b'{"a": 1, "a": 2}'] * 2


def test_second_list_is_not_deleted_by_a_recording(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(GOOD + GOOD)

    with pytest.raises(CassetteFormatError):
        use_cassette(path, mode="new_episodes")

    assert path.read_text() == GOOD + GOOD


@pytest.mark.parametrize(
    ("text", "line", "shown"),
    [
        (changed("    uri", "<<<<<<< HEAD\n    uri: https://a/\n=======\n    uri"), 4, "<<<<<<< HEAD"),
        # Between quotes, YAML takes the lines for text.
        (changed("string: '{}'", "string: '{\n<<<<<<< ours\n}'"), 12, "<<<<<<< ours"),
        (changed("version", ">>>>>>> topic\nversion"), 13, ">>>>>>> topic"),
        (changed("version", "<<<<<<<\r\nversion"), 13, "<<<<<<<"),
        ('{\n<<<<<<< HEAD\n"interactions": []\n}', 2, "<<<<<<< HEAD"),
    ],
)
def test_merge_conflict_is_told_as_such(text, line, shown):
    assert told(text) == (
        f"s.yaml:{line}: a merge conflict: {shown}\n"
        "  keep what belongs to the file, and delete the lines with <<<<<<<, ======= and >>>>>>>"
    )


def test_marks_of_a_conflict_inside_a_recorded_text_are_its_own():
    text = changed("string: '{}'", "string: |\n        <<<<<<< HEAD\n        a\n")

    assert read_interactions(text, path="s.yaml")[0].response.body == b"<<<<<<< HEAD\na\n"


def packed(body, encoding="gzip", kind="application/json"):
    stored = base64.b64encode(body).decode()
    return GOOD.replace("[application/json]", f"[{kind}], content-encoding: [{encoding}]").replace(
        "'{}'\n  x-fakellm", f"!!binary {stored}\n  x-fakellm"
    )


def foreign(text):
    """Return a text as another recorder has written it."""
    return re.sub(r"  x-fakellm: .*\n", "", text)


GZIP = gzip.compress(b'{"a": 1}' * 50, mtime=0)
ENDS = "interaction 1: the {} of the body ends before its end"
WRONG = "interaction 1: the body does not decode as its content-encoding says"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (changed("string: '{}'", "base64_string: '@@@'"), 11, "interaction 1: a binary body does not decode: "),
        (changed("string: '{}'", "base64_string: 'aGk=x'"), 11, "interaction 1: a binary body does not decode: "),
        (changed("string: '{}'", "string: !!binary 'aGVsbG8@@@@'"), 11, "not valid YAML: broken !!binary: "),
        (changed("string: '{}'", "string: !!binary aGk=aGk="), 11, "not valid YAML: broken !!binary: "),
        (foreign(packed(GZIP[:-4])), 11, ENDS.format("gzip")),
        (foreign(packed(GZIP[:12])), 11, ENDS.format("gzip")),
        (foreign(packed(zlib.compress(b"{}" * 50)[:-5], "deflate")), 11, ENDS.format("deflate")),
        (foreign(packed(b"\x1e" + GZIP[1:])), 11, WRONG),
        (foreign(packed(GZIP[:-8] + b"\x00" * 8)), 11, WRONG),
        (foreign(packed(b"\x1e" + GZIP[1:], kind="text/event-stream")), 11, WRONG),
        (foreign(packed(b"\x1e" + GZIP[1:], kind="application/problem+json; charset=utf-8")), 11, WRONG),
    ],
)
def test_binary_body_that_is_damaged_is_told(text, line, message):
    assert told(text).startswith(f"s.yaml:{line}: {message}")


def test_base64_may_be_broken_into_lines():
    text = changed("string: '{}'", "base64_string: 'aGVs\n        bG8='")

    assert read_interactions(text, path="s.yaml")[0].response.body == b"hello"


def test_body_that_was_recorded_undecodable_stays_so():
    [held] = read_interactions(packed(b"\x1e" + GZIP[1:]), path="s.yaml")

    assert (held.response.body, held.response.headers[-1]) == (b"\x1e" + GZIP[1:], ("content-encoding", "gzip"))


@pytest.mark.parametrize("code", ["-5", "0", "99", "100", "101", "199", "600", "999", "99999", "200.0", "20 0", "ok"])
def test_status_that_no_answer_has_is_told(code):
    assert told(changed("code: 200", f"code: {code}")) == (
        f"s.yaml:8: interaction 1: a response needs a status code from 200 to 599, got {code!r}"
    )


@pytest.mark.parametrize("code", [200, 299, 404, 529, 599])
def test_status_that_an_answer_has_is_read(code):
    assert read_interactions(changed("code: 200", f"code: {code}"), path="s.yaml")[0].response.status == code


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("[a/b]", '["a/b\\r\\nx: y"]', 5, r"the header 'accept' holds '\r'"),
        ("[a/b]", '[ok, "a\\nb"]', 5, r"the header 'accept' holds '\n'"),
        ("[application/json]", '"a\\0b"', 9, r"the header 'content-type' holds '\x00'"),
        ("{accept: [a/b]}", '{accept: [a/b],\n      "X\\r\\nY": [b]}', 6, r"the header 'x\r\ny' holds '\r'"),
        ("method: POST", 'method: "POST\\r\\nx: y"', 3, r"a method is a word such as POST, got 'POST\r\nx: y'"),
        ("method: POST", "method: P OST", 3, "a method is a word such as POST, got 'P OST'"),
        ("uri: https://h/v1", 'uri: "https://h/v1\\n"', 4, r"'https://h/v1\n' is no URL: it holds '\n'"),
        ("uri: https://h/v1", 'uri: "https://h/\\0v1"', 4, r"'https://h/\x00v1' is no URL: it holds '\x00'"),
    ],
)
def test_character_that_breaks_http_is_told(before, after, line, message):
    assert told(changed(before, after)) == f"s.yaml:{line}: interaction 1: {message}"


@pytest.mark.parametrize("value", ["é", "\t", "\x85", "'"])
def test_odd_header_that_breaks_nothing_is_read(value):
    text = changed("[a/b]", json.dumps([value]))

    assert read_interactions(text, path="s.yaml")[0].request.headers == {"accept": value}


@pytest.mark.parametrize(
    "chunks",
    ["[[1, .inf]]", "[[.inf, 1]]", "[[.nan, 1]]", "[[-1, 1]]", "[[1, -1]]", "[[1]]", "[[1, 2, 3]]", "5", "{a: b}"],
)
def test_chunks_that_cannot_be_are_told(chunks):
    assert told(changed("[[0.1, 2]]", chunks)) == (
        "s.yaml:12: interaction 1: the chunks of x-fakellm are pairs [seconds, bytes], neither below 0"
    )


def test_chunks_of_a_body_that_was_changed_by_hand_are_read():
    [held] = read_interactions(changed("[[0.1, 2]]", "[[0.1, 900]]"), path="s.yaml")

    assert held.trace.chunks == ((0.1, 900),)


def test_cut_that_is_no_truth_value_is_told():
    assert told(changed("cut: false", "cut: maybe")) == (
        "s.yaml:12: interaction 1: cut of x-fakellm is true or false, got 'maybe'"
    )


@pytest.mark.parametrize(
    ("version", "shown"), [("2", "2"), ("1.1", "1.1"), ("one", "one"), ("", "NoneType"), ("[1]", "list")]
)
def test_other_version_is_told(version, shown):
    text = changed("version: 1", f"version: {version}")

    assert told(text) == f"s.yaml:13: version is 1 in what is read here, got {shown}"


@pytest.mark.parametrize("version", ["", "version: '1'\n"])
def test_version_that_is_missing_or_quoted_is_read(version):
    assert len(read_interactions(changed("version: 1\n", version), path="s.yaml")) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("interactions: [null]\n", "s.yaml:1: interaction 1: an interaction is a mapping, got NoneType"),
        (
            GOOD.replace("version: 1\n", "- null\n"),
            "s.yaml:13: interaction 2: an interaction is a mapping, got NoneType",
        ),
        (
            as_json(more=None).replace('"https://h/v1"', '"https://[h/v1"'),
            "s.yaml:6: interaction 1: 'https://[h/v1' is no URL: Invalid IPv6 URL",
        ),
        (
            as_json().replace("200", "20"),
            "s.yaml:12: interaction 1: a response needs a status code from 200 to 599, got '20'",
        ),
        (as_json().replace('"version": 1', '"version": 2'), "s.yaml:22: version is 1 in what is read here, got 2"),
        # The rest of the file is read by vcrpy, for the sake of the tag.
        (
            changed("body: '{}'", "body: !!python/str x").replace("code: 200", "code: 2"),
            "s.yaml:8: interaction 1: a response needs a status code from 200 to 599, got 2",
        ),
        (changed("code: 200", "{a: 1}: 200"), "s.yaml:8: not valid YAML: a key is a mapping or a list"),
        (
            changed("string: '{}'", "parsed_body: 2\n      b: !!binary '@'\n"),
            "s.yaml:12: not valid YAML: broken !!binary: Only base64 data is allowed",
        ),
    ],
)
def test_every_error_has_its_line(text, message):
    assert told(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "interactions:\n- " + "[" * 900 + "]" * 900 + "\n",
        '{"interactions": [\n' + "[" * 50_000 + "]" * 50_000 + "\n]}",
        '{"interactions": [\n' + "[" * 50_000,
    ],
    ids=["yaml", "json", "cut"],
)
def test_deep_nesting_is_told_with_its_line(text):
    # PyYAML has a bound of its own since 6.0.4, which it may meet before Python's.
    assert told(text) in ("s.yaml:2: nested too deeply", "s.yaml:2: not valid YAML: exceeded maximum nesting depth")


def test_body_too_deep_to_be_written_is_told():
    text = as_json().replace('"string": "{}"', '"string": ' + "[" * 600 + "]" * 600)

    assert told(text) == "s.yaml:17: interaction 1: a body that is nested too deeply"


def chain(first, link, count):
    """Return lines, each an anchor whose value holds the one before. link: with {} for that."""
    return f"b0: &b0 {first}\n" + "".join(f"b{n}: &b{n} {link.format(f'*b{n - 1}')}\n" for n in range(1, count))


BOMB = chain("[lol]", "[{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}]", 9)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("string: '{}'", "parsed_body: *b8"),
        ("[a/b]", "*b8"),
        ("    body: '{}'", "    body: {a: *b8}"),
        ("[[0.1, 2]]", "*b8"),
        ("code: 200", "code: *b8"),
    ],
)
def test_aliases_that_multiply_are_told(before, after):
    assert re.fullmatch(
        r"s\.yaml:11: the aliases up to here stand for 21,\d{3},\d{3},\d{3} characters, more than any recording holds; "
        "write out what is meant",
        told(BOMB + changed(before, after)),
    )


@pytest.mark.parametrize("text", [BOMB + GOOD, BOMB + changed("[a/b]", "*b2"), GOOD.replace("[a/b]", "&a [a/b]")])
def test_aliases_that_do_no_harm_are_read(text):
    assert len(read_interactions(text, path="s.yaml")) == 1


def test_many_interactions_may_share_what_they_hold():
    body = "x" * 1_000_000
    first = GOOD.replace("version: 1\n", "").replace("string: '{}'", f"string: &body '{body}'")
    more = GOOD.replace("version: 1\n", "").replace("interactions:\n", "").replace("string: '{}'", "string: *body")

    held = read_interactions(first + more * 20, path="s.yaml")

    assert {one.response.body for one in held} == {body.encode()}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("interactions: &a [*a]\n", 1),
        (changed("string: '{}'", "parsed_body: &a {a: *a}"), 2),
        (changed("[a/b]", "&a [*a]"), 2),
    ],
)
def test_alias_that_stands_for_what_holds_it_is_told(text, line):
    assert told(text) == f"s.yaml:{line}: an alias stands for what holds it; write out what is meant"


def test_depth_that_aliases_make_is_told():
    text = chain("x", "[{}]", 3000) + changed("string: '{}'", "parsed_body: *b2999")

    assert told(text) == "s.yaml:3002: nested too deeply"


def test_merging_that_multiplies_is_told():
    text = chain("{a: b}", "{{x{0}: {0}, <<: [{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}]}}", 12)
    code = "import sys; from fakellm._cassette.format import read_interactions as r; r(sys.stdin.read(), path='s.yaml')"

    done = subprocess.run(
        [sys.executable, "-c", code], input=text + GOOD, capture_output=True, text=True, timeout=60, check=False
    )

    assert "more than any recording holds" in done.stderr


@pytest.mark.parametrize("path", ["a\0b.yaml", "\ud800\0.yaml"])
@pytest.mark.parametrize("mode", ["none", "once", "rewrite"])
def test_path_that_cannot_be_one_is_told(path, mode):
    with pytest.raises(UsageError, match="cannot be the path of a cassette: "):
        use_cassette(path, mode=mode)


def test_what_could_not_be_read_again_is_not_saved(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(GOOD)
    odd = Interaction(1, None, WireRequest("GET", "https://h/", {}, b""), RecordedResponse(999, "", (), b""))

    with pytest.raises(CassetteError) as caught:
        change_cassette(str(path), lambda held: [odd])

    assert str(caught.value) == (
        f"{path} was not saved, since it could not be read again: {path}:8: "
        "interaction 1: a response needs a status code from 200 to 599, got '999'"
    )
    assert path.read_text() == GOOD


ALL = cassette(
    chat_exchange("hi", "hello"),
    interaction(response="headers: {x-a: [b, c]}\nbody: {string: !!binary //4A}") + "x-fakellm: {chunks: [[0.1, 3]]}\n",
    interaction(response="parsed_body: {a: [1, 'b', \"c\"]}"),
    interaction(request="body: &a {a: b}", response="body: *a"),
)
FILES = [ALL, GOOD, as_json(), changed("body: '{}'", "body: !!python/unicode x")]


@st.composite
def damaged(draw):
    """Draw a good file with one change."""
    text = draw(st.sampled_from(FILES))
    place = draw(st.integers(0, len(text) - 1))
    odd = st.characters(codec="utf-8") | st.sampled_from("'\"{}[]:,&*!|>%@`\\#-?<=\n\t\r\0 0123456789")
    match draw(st.sampled_from(["delete", "insert", "change", "double"])):
        case "delete":
            return text[:place] + text[place + 1 :]
        case "insert":
            return text[:place] + draw(odd) + text[place:]
        case "change":
            return text[:place] + draw(odd) + text[place + 1 :]
    lines = text.splitlines(keepends=True)
    line = place % len(lines)
    return "".join([*lines[: line + 1], *lines[line:]])


def outcome(read):
    """Return (what was read, None) or (None, the error that was told)."""
    try:
        return read(), None
    except CassetteFormatError as err:
        return None, err


@given(damaged())
def test_damaged_file_is_read_or_told_with_its_line(text):
    held, err = outcome(lambda: read_interactions(text, path="s.yaml"))

    if err is None:
        assert all(isinstance(one, Interaction) for one in held)
    else:
        assert re.match(r"s\.yaml:\d+: .", str(err))
        assert 1 <= err.line <= text.count("\n") + 2


@given(st.sampled_from([ALL, as_json()]).map(str.encode), st.integers(0, 10**6), st.integers(0, 255))
def test_file_with_any_byte_changed_is_read_or_told(tmp_path_factory, data, place, byte):
    path = tmp_path_factory.mktemp("damage") / "s.yaml"
    at = place % len(data)
    path.write_bytes(data[:at] + bytes([byte]) + data[at + 1 :])

    _, err = outcome(lambda: use_cassette(path))

    assert err is None or re.match(rf"{re.escape(str(path))}:\d+: .", str(err))


def test_answer_that_no_file_can_hold_is_told_when_it_was_recorded(tmp_path):
    path = tmp_path / "s.yaml"
    session = use_cassette(path, mode="once")

    with (
        provider(lambda exchange: exchange.answer(b"{}", status=799)) as url,
        pytest.raises(CassetteError, match="was not saved, since it could not be read again"),
        session,
    ):
        httpx.post(f"{url}/v1/chat/completions", json={})

    assert not path.exists()
