"""``fakellm cassette show``, and what ``check`` finds beside a replay that differs."""

from datetime import UTC, datetime, timedelta

import pytest
from cassette_text import cassette, interaction

from fakellm._commands.main import main

ASKED = """body: '{"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}'"""
ANSWERED = """\
headers: {content-type: [application/json], date: ["Fri, 20 Nov 2026 08:15:30 GMT"]}
body: '{"choices": [{"message": {"content": "hello"}}], "usage": {"prompt_tokens": 8, "completion_tokens": 2}}'"""
TALK = interaction(request=ASKED, response=ANSWERED)
STREAMED = (
    interaction(
        request="""body: '{"model": "gpt-4o", "messages": [{"role": "user", "content": "bye"}], "stream": true}'""",
        response='headers: {content-type: [text/event-stream]}\nbody:\n  string: |+\n    data: {"choices": '
        '[{"delta": {"content": "Hel"}}]}\n\n',
    )
    + 'x-fakellm: {recorded: "2026-11-21", chunks: [[0.25, 20], [0.5, 30]], cut: true}\n'
)


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    """Print as to a terminal of 80 columns without colours."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a cassette into the working directory; give its name."""
    monkeypatch.chdir(tmp_path)

    def write_text(*interactions, name="talk.yaml"):
        (tmp_path / name).write_text(cassette(*interactions), encoding="utf-8")
        return name

    return write_text


def shown(capsys):
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_recording_is_shown_as_a_conversation(write, capsys):
    code = main(["cassette", "show", write(TALK, STREAMED)])

    assert code == 0
    assert shown(capsys) == [
        "talk.yaml: 2 interactions",
        "",
        "1: POST /v1/chat/completions gpt-4o [200]",
        "  api.openai.com, 2026-11-20, 8 + 2 tokens",
        "  user: hi",
        "  => hello",
        "",
        "2: POST /v1/chat/completions gpt-4o [200, stream]",
        "  api.openai.com, 2026-11-21, 0.75 s in 2 pieces, cut off",
        "  user: bye",
        "  => Hel",
    ]


def test_request_that_is_no_chat_is_shown_by_its_bodies(write, capsys):
    other = interaction(
        uri="https://api.openai.com/v1/images/generations",
        request="""body: '{"input": "hi"}'""",
        response="""body: '{"data": [1, 2]}'""",
    )
    binary = interaction(method="GET", uri="https://h/a.png", request="body: ''", response="body: !!binary /9j/")

    main(["cassette", "show", write(other, binary)])

    assert shown(capsys) == [
        "talk.yaml: 2 interactions",
        "",
        "1: POST /v1/images/generations [200]",
        "  api.openai.com",
        '  {"input": "hi"}',
        '  => {"data": [1, 2]}',
        "",
        "2: GET /a.png [200]",
        "  h",
        "  => 3 bytes",
    ]


def test_usage_of_the_responses_api_is_shown(write, capsys):
    usage = '{"input_tokens": 3, "output_tokens": 4}'
    answer = f"""body: '{{"object": "response", "error": null, "output": [], "usage": {usage}}}'"""

    main(["cassette", "show", write(interaction(uri="https://api.openai.com/v1/responses", response=answer))])

    assert "  api.openai.com, 3 + 4 tokens" in shown(capsys)


LINES = r"\n".join(["line"] * 40)
LONG = interaction(request=ASKED, response="body: '" + '{"choices": [{"message": {"content": "' + LINES + '"}}]}' + "'")


def test_long_text_is_shortened(write, capsys):
    main(["cassette", "show", write(LONG)])

    lines = shown(capsys)
    assert len(lines) == 17
    assert lines[10] == "     … 29 lines, all with --full …"


def test_long_text_is_shown_to_its_end(write, capsys):
    main(["cassette", "show", "--full", write(LONG)])

    assert shown(capsys).count("     line") == 39


def test_long_line_is_shortened(write, capsys):
    answer = "body: " + repr('{"choices": [{"message": {"content": "' + "word " * 300 + '"}}]}')

    main(["cassette", "show", write(interaction(request=ASKED, response=answer))])

    assert " ".join(shown(capsys)[5:]).split() == ["=>", *["word"] * 119, "…"]


def test_file_that_cannot_be_read_is_told_and_the_others_are_shown(write, capsys):
    code = main(["cassette", "show", "nowhere.yaml", write(TALK)])

    assert code == 1
    lines = shown(capsys)
    assert lines[0] == "there is no cassette at nowhere.yaml"
    assert lines[2:4] == ["", "talk.yaml: 1 interaction"]


def test_cassettes_of_a_folder_are_shown(write, tmp_path, capsys):
    (tmp_path / "cassettes").mkdir()
    write(TALK, name="cassettes/a.yaml")
    write(TALK, name="cassettes/b.yaml")

    main(["cassette", "show", "cassettes"])

    assert [line for line in shown(capsys) if "interaction" in line] == [
        "cassettes/a.yaml: 1 interaction",
        "cassettes/b.yaml: 1 interaction",
    ]


def problems(capsys):
    lines = shown(capsys)
    end = next(n for n, line in enumerate(lines) if line.startswith("└"))
    return lines[end + 1 : -1]


@pytest.mark.parametrize(
    ("request_lines", "response_lines", "place"),
    [
        (
            "headers: {Authorization: [Bearer abcdefghijklmnop1]}\nbody: '{}'",
            "body: ok",
            "request header authorization",
        ),
        ('body: \'{"api_key": "abcdefghijklmnop1"}\'', "body: ok", "request body"),
        (
            "body: '{}'",
            "headers: {Set-Cookie: [sid=abcdefghijklmnop1; path=/]}\nbody: ok",
            "response header set-cookie",
        ),
        ("body: '{}'", "body: 'Incorrect API key provided: sk-abcdefghijklmnop1234'", "response body"),
        ("headers: {x-custom: [sk-abcdefghijklmnop1234]}\nbody: '{}'", "body: ok", "request header x-custom"),
        (
            "body: '{}'",
            'body:\n  string: |+\n    data: {"delta": "sk-abcdefg"}\n\n    data: {"delta": "hijklmnop1234"}\n\n',
            "response body",
        ),
    ],
)
def test_secret_is_found(write, capsys, request_lines, response_lines, place):
    code = main(["cassette", "check", write(interaction(request=request_lines, response=response_lines))])

    assert code == 1
    assert problems(capsys) == [f"talk.yaml: interaction 1: the {place} holds what looks like a secret"]


def test_value_of_the_environment_is_found(write, capsys, monkeypatch):
    monkeypatch.setenv("OWN_PASSWORD", "Tr0ub4dor&3")

    main(["cassette", "check", write(interaction(response="body: {string: 'it is Tr0ub4dor&3'}"))])

    assert problems(capsys) == ["talk.yaml: interaction 1: the response body holds what looks like a secret"]


def test_secret_in_a_url_is_found(write, capsys):
    main(["cassette", "check", write(interaction(uri="https://h/v1?key=abcdefghijklmnop1"))])

    assert problems(capsys) == ["talk.yaml: interaction 1: the URL holds what looks like a secret"]


@pytest.mark.parametrize(
    "value", ["Bearer sk-fakellm", "REDACTED", "'**'", "Bearer DUMMY", "REDACTED-abcdefghijklmnop1"]
)
def test_what_stands_in_for_a_secret_is_no_finding(write, value):
    request = f"headers: {{authorization: [{value}]}}\nbody: '{{}}'"

    assert main(["cassette", "check", write(interaction(request=request))]) == 0


def test_stream_that_was_cut_replays_as_recorded(write):
    assert main(["cassette", "check", write(TALK, STREAMED)]) == 0


@pytest.mark.parametrize(
    ("recorded", "replayed", "problem"),
    [
        ("false", "true", "the connection was lost, and recorded whole"),
        ("true", "false", "the connection was not lost as recorded"),
    ],
)
def test_connection_that_is_lost_otherwise_is_a_finding(write, capsys, recorded, replayed, problem):
    # Clients send both requests as the second is written, so its answer is given to the first.
    one = interaction(uri="https://h/a b") + f"x-fakellm: {{cut: {recorded}}}\n"
    other = interaction(uri="https://h/a%20b") + f"x-fakellm: {{cut: {replayed}}}\n"

    main(["cassette", "check", write(one, other)])

    assert f"talk.yaml: httpx sync: interaction 1: {problem}" in problems(capsys)


def test_other_json_in_a_folder_is_no_cassette(write, tmp_path, capsys):
    (tmp_path / "fixtures.json").write_text('{"fixtures": []}')
    (tmp_path / "cassette.json").write_text('{"interactions": [], "version": 1}')

    write(TALK)
    main(["cassette", "show", "."])

    assert [line for line in shown(capsys) if line.endswith("interactions")] == ["cassette.json: 0 interactions"]


def aged(days):
    day = (datetime.now(UTC).date() - timedelta(days=days)).isoformat()
    return TALK + f'x-fakellm: {{recorded: "{day}"}}\n', day


def test_old_recording_is_found(write, capsys):
    (old, day), (new, _) = aged(91), aged(1)

    code = main(["cassette", "check", "--max-age", "90", write(old, new)])

    assert code == 1
    assert problems(capsys) == [f"talk.yaml: recorded 91 days ago, on {day}; --max-age is 90"]


@pytest.mark.parametrize("arguments", [[], ["--max-age", "91"]])
def test_recording_that_is_not_too_old_is_well(write, arguments):
    old, _ = aged(91)

    assert main(["cassette", "check", *arguments, write(old)]) == 0


def test_recording_of_an_unknown_day_is_not_too_old(write):
    undated = interaction(response="headers: {date: [yesterday]}\nbody: ok")

    assert main(["cassette", "check", "--max-age", "0", write(undated)]) == 0


@pytest.mark.parametrize("days", ["-1", "soon", "1.5"])
def test_age_is_a_number_of_days(write, capsys, days):
    with pytest.raises(SystemExit) as caught:
        main(["cassette", "check", f"--max-age={days}", "talk.yaml"])

    assert caught.value.code == 2
    assert f"argument --max-age: a number of days, got '{days}'" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["check", "show"])
def test_verb_has_a_help(capsys, verb):
    with pytest.raises(SystemExit) as caught:
        main(["cassette", verb, "--help"])

    assert caught.value.code == 0
    assert f"usage: fakellm cassette {verb}" in capsys.readouterr().out
