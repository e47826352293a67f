"""``fakellm cassette redact`` and ``prune``: what they change, what they print, how they exit."""

import json

import pytest
from cassette_text import cassette, interaction
from rich.console import Console

from fakellm._cassette.file import find_cassettes, read_cassette
from fakellm._cassette.leftovers import CACHE_KEY, Leftovers, leftovers_of
from fakellm._commands.console import shown_progress
from fakellm._commands.main import main

LEAKY = interaction(
    uri="https://api.openai.com/v1/chat/completions?api_key=abc",
    request='headers: {authorization: [Bearer sk-1], host: [api.openai.com]}\nbody: \'{"password": "x"}\'',
    response="headers: {Set-Cookie: [a=1], openai-organization: [acme], date: [today]}\n"
    "body: {string: 'key sk-proj-0123456789abcdef'}",
)
KEPT = interaction(response="body: {string: kept}")
CLEAN = interaction(response="headers: {date: [today]}\nbody: {string: ok}")


@pytest.fixture(autouse=True)
def width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_redact_takes_secrets_out(root, capsys):
    (root / "a.yaml").write_text(cassette(LEAKY, CLEAN))

    code = main(["cassette", "redact", "a.yaml"])

    leaky, _ = read_cassette("a.yaml")
    assert code == 0
    assert leaky.request.url == "https://api.openai.com/v1/chat/completions?api_key=REDACTED"
    assert (dict(leaky.request.headers), leaky.response.headers) == ({}, ())
    assert json.loads(leaky.request.body) == {"password": "REDACTED"}
    assert leaky.response.body == b"key REDACTED"
    assert capsys.readouterr().out == (
        """\
taken out, and of how many interactions                                         
┏━━━━━━━━━━┳━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ cassette ┃ of ┃ taken out                                                    ┃
┡━━━━━━━━━━╇━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩
│ a.yaml   │  2 │ authorization 1, set-cookie 1, openai-organization 1, URL 1, │
│          │    │ request body 1, response body 1                              │
└──────────┴────┴──────────────────────────────────────────────────────────────┘
files: 1, redacted: 1, with problems: 0
"""  # noqa: W291  # a title is as wide as its table
    )


def test_redacting_again_finds_nothing(root, capsys):
    (root / "a.yaml").write_text(cassette(LEAKY))
    main(["cassette", "redact", "a.yaml"])
    capsys.readouterr()
    before = (root / "a.yaml").stat()

    code = main(["cassette", "redact", "--check", "a.yaml"])

    assert (code, capsys.readouterr().out) == (0, "files: 1, to redact: 0, with problems: 0\n")
    assert (root / "a.yaml").stat().st_mtime_ns == before.st_mtime_ns


def test_file_without_secrets_is_left_as_it_is(root):
    (root / "a.yaml").write_text(text := cassette(CLEAN))

    assert main(["cassette", "redact", "a.yaml"]) == 0
    assert (root / "a.yaml").read_text() == text


def test_secret_that_a_stream_delivers_in_pieces_is_taken_out(root, capsys):
    stream = 'data: {"delta": "sk-abcdefg"}\n\ndata: {"delta": "hijklmnop1234"}\n\n'
    (root / "a.yaml").write_text(cassette(interaction(response=f"body: {{string: {json.dumps(stream)}}}")))

    assert main(["cassette", "redact", "--check", "a.yaml"]) == 1
    assert main(["cassette", "redact", "a.yaml"]) == 0

    assert read_cassette("a.yaml")[0].response.body == b'data: {"delta":"REDACTED"}\n\ndata: {"delta":""}\n\n'


def test_key_in_a_header_of_another_name_is_taken_out(root, capsys):
    request = "headers: {x-custom: [sk-abcdefghijklmnop1234], date: [today]}\nbody: ''"
    (root / "a.yaml").write_text(cassette(interaction(request=request)))

    assert main(["cassette", "redact", "a.yaml"]) == 0

    assert dict(read_cassette("a.yaml")[0].request.headers) == {}
    assert "│ x-custom 1 " in capsys.readouterr().out


def test_redact_can_only_look(root, capsys):
    (root / "a.yaml").write_text(text := cassette(LEAKY))

    code = main(["cassette", "redact", "--check", "."])

    assert code == 1
    assert (root / "a.yaml").read_text() == text
    assert "files: 1, to redact: 1, with problems: 0" in capsys.readouterr().out


def test_redact_goes_on_behind_a_file_that_it_cannot_take(root, capsys):
    (root / "a.yaml").write_text("interactions: [")
    (root / "b.yaml").write_text(cassette(LEAKY))
    (root / "c.json").write_text(json.dumps({"interactions": [leaky_json()], "version": 1}))

    code = main(["cassette", "redact", ".", "nowhere.yaml"])

    out = capsys.readouterr().out
    assert code == 1
    assert "a.yaml:2: not valid YAML" in out
    assert "c.json: only YAML files are written; record it again as .yaml" in out
    assert "there is no cassette at nowhere.yaml" in out
    assert "files: 4, redacted: 1, with problems: 3" in out


def leaky_json():
    return {
        "request": {"method": "GET", "uri": "https://x/?token=abc", "headers": {}, "body": None},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "ok"}},
    }


def test_values_of_the_environment_are_taken_out(root, monkeypatch):
    monkeypatch.setenv("OWN_PASSWORD", "Tr0ub4dor&3")
    (root / "a.yaml").write_text(cassette(interaction(response="body: {string: 'it is Tr0ub4dor&3'}")))

    assert main(["cassette", "redact", "a.yaml"]) == 0
    assert read_cassette("a.yaml")[0].response.body == b"it is REDACTED"


def test_cassettes_of_a_folder_are_found(root):
    for name in ("b/x.yaml", "b/y.yml", "b/z.json", "b/notes.md", "a.yaml"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text('{"interactions": []}' if name.endswith("z.json") else "")
    (root / "b" / "fixtures.json").write_text("{}")

    assert find_cassettes(["b", "c.yaml", "."]) == (
        ["b/x.yaml", "b/y.yml", "b/z.json", "c.yaml", "a.yaml", "b/x.yaml", "b/y.yml", "b/z.json"],
        [],
    )


@pytest.mark.parametrize("verb", ["check", "show", "redact"])
@pytest.mark.parametrize("more", [[], ["good.yaml"]])
def test_folder_without_cassettes_is_told(root, capsys, verb, more):
    (root / "empty" / "deep.yaml").mkdir(parents=True)
    (root / "empty" / "fixtures.json").write_text("{}")
    (root / "good.yaml").write_text(cassette(CLEAN))

    code = main(["cassette", verb, "empty", *more])

    out = capsys.readouterr().out
    assert code == 1
    assert (
        'there is no cassette in empty or below: looked for *.yaml, *.yml, and *.json with "interactions"\n'
        "  type the folder that they are in: by default, cassettes/ beside the tests\n"
    ) in out
    assert ("good.yaml" in out or "files: 1" in out) == bool(more)


@pytest.fixture
def session(root):
    """A session of all tests that left an orphan and two interactions."""
    (root / "gone.yaml").write_text(cassette(CLEAN))
    (root / "used.yaml").write_text(cassette(CLEAN, KEPT, CLEAN))
    note(root, orphans=["gone.yaml"], unused={"used.yaml": [1, 3]})
    return root


def note(root, *, orphans=(), unused=None):
    place = root / ".pytest_cache" / "v" / CACHE_KEY
    place.parent.mkdir(parents=True, exist_ok=True)
    found = leftovers_of(orphans=orphans, unused=unused or {}, read=lambda path: (root / path).read_bytes())
    place.write_text(json.dumps(found))


def test_prune_shows_what_is_left_over(session, capsys):
    code = main(["cassette", "prune"])

    assert code == 1
    assert (session / "gone.yaml").exists()
    assert capsys.readouterr().out == (
        "orphaned: gone.yaml\n"
        "unused: used.yaml: interaction 1, 3\n"
        "orphaned files: 1, unused interactions: 2; to remove them: fakellm cassette prune --delete\n"
    )


def test_prune_removes_what_is_left_over(session, capsys):
    code = main(["cassette", "prune", "--delete", "--root", str(session)])

    assert code == 0
    assert not (session / "gone.yaml").exists()
    assert [one.response.body for one in read_cassette(session / "used.yaml")] == [b"kept"]
    assert capsys.readouterr().out.endswith("orphaned files: 1, unused interactions: 2, left alone: 0\n")


def test_prune_leaves_alone_what_has_changed_since(session, capsys):
    (session / "gone.yaml").write_text("other")
    (session / "used.yaml").unlink()

    code = main(["cassette", "prune", "--delete"])

    assert code == 1
    assert (session / "gone.yaml").read_text() == "other"
    assert capsys.readouterr().out == (
        "orphaned: gone.yaml: left alone: it has changed since the tests ran; run them again\n"
        "unused: used.yaml: interaction 1, 3: left alone: No such file or directory\n"
        "orphaned files: 1, unused interactions: 2, left alone: 2\n"
    )


def test_prune_leaves_a_damaged_file_alone(root, capsys):
    (root / "used.yaml").write_text("interactions: [\n")
    note(root, unused={"used.yaml": [1]})

    assert main(["cassette", "prune", "--delete"]) == 1
    assert "left alone: used.yaml:2: not valid YAML" in capsys.readouterr().out
    assert (root / "used.yaml").read_text() == "interactions: [\n"


def test_prune_finds_nothing(root, capsys):
    note(root)

    assert (main(["cassette", "prune"]), capsys.readouterr().out) == (0, "orphaned files: 0, unused interactions: 0\n")


@pytest.mark.parametrize("text", ["{", "{}", '{"orphans": 1, "unused": {}}', '{"orphans": {}, "unused": {"a": 1}}'])
def test_prune_needs_a_note_that_can_be_read(root, capsys, text):
    note(root)
    (root / ".pytest_cache" / "v" / CACHE_KEY).write_text(text)

    code = main(["cassette", "prune"])

    err = capsys.readouterr().err
    assert code == 2
    assert err.startswith(
        "fakellm: nothing is known about what tests use: .pytest_cache/v/fakellm/leftovers cannot be read: "
    )
    assert "type pytest, without -k, -m or a list of tests, and then this again" in err


def test_prune_needs_a_session_of_all_tests(root, capsys):
    code = main(["cassette", "prune"])

    assert code == 2
    assert capsys.readouterr().err == (
        "fakellm: nothing is known about what tests use: there is no .pytest_cache/v/fakellm/leftovers\n"
        "  a session of all tests notes it: type pytest, without -k, -m or a list of tests, and then this again\n"
        "  in another folder than the root of the tests: fakellm cassette prune --root FOLDER\n"
    )


def test_note_that_cannot_be_opened_is_told_in_words(root, capsys):
    (root / ".pytest_cache" / "v" / CACHE_KEY).mkdir(parents=True)

    main(["cassette", "prune"])

    assert ".pytest_cache/v/fakellm/leftovers cannot be read: Is a directory\n" in capsys.readouterr().err


def test_file_that_cannot_be_removed_is_told_in_words(root, capsys, monkeypatch):
    (root / "gone.yaml").write_text(cassette(CLEAN))
    note(root, orphans=["gone.yaml"])

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.unlink", refuse)

    main(["cassette", "prune", "--delete"])

    assert "orphaned: gone.yaml: left alone: Permission denied\n" in capsys.readouterr().out


def test_leftovers_survive_json():
    found = leftovers_of(orphans=["a"], unused={"b": [2]}, read=lambda path: path.encode())

    assert Leftovers.from_json(json.loads(json.dumps(found))) == Leftovers(
        found["orphans"], {"b": (found["unused"]["b"][0], (2,))}
    )


@pytest.mark.parametrize("verb", ["redact", "prune"])
def test_help_tells_the_exit_codes(verb, capsys):
    with pytest.raises(SystemExit) as left:
        main(["cassette", verb, "--help"])

    assert left.value.code == 0
    assert "Exits with" in capsys.readouterr().out


def test_many_files_have_a_bar_in_a_terminal(capsys):
    terminal = Console(force_terminal=True, width=80)

    assert list(shown_progress(range(6), "looking", terminal)) == [0, 1, 2, 3, 4, 5]
    assert "looking" in capsys.readouterr().out
    assert shown_progress([1, 2], "looking", terminal) == [1, 2]
    assert shown_progress(range(6), "looking", Console()) == range(6)
