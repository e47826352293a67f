"""Record modes: what is replayed, what is recorded, and what becomes of the file."""

import json

import httpx
import pytest
from cassette_text import cassette as file_with
from cassette_text import interaction
from provider_server import provider

from fakellm import CassetteFormatError, CassetteMismatchError, CassetteNotFoundError, UsageError, use_cassette
from fakellm._cassette.file import read_cassette
from fakellm._cassette.modes import Plan, make_plan, resolve_mode, why_off

RECORDING_MODES = ["once", "new_episodes", "all", "rewrite"]


@pytest.fixture
def world(tmp_path):
    """A provider that answers with a number, and a cassette that holds its answers to "a" and "a"."""

    class World:
        path = tmp_path / "session.yaml"
        asked = 0

        def script(self, exchange):
            self.asked += 1
            exchange.answer(json.dumps({"answer": self.asked, "to": json.loads(exchange.body)["q"]}).encode())

        def ask(self, *questions):
            return [
                httpx.post(f"{self.url}/v1/chat/completions", json={"q": q}).json().get("answer") for q in questions
            ]

        def held(self):
            bodies = [json.loads(i.response.body) for i in read_cassette(self.path)]
            return [(body["to"], body["answer"]) for body in bodies]

    made = World()
    with provider(made.script) as made.url:
        with use_cassette(made.path, mode="once"):
            made.ask("a", "a")
        yield made


def test_none_replays_and_misses(world):
    with pytest.raises(CassetteMismatchError), use_cassette(world.path) as cassette:
        assert world.ask("a", "b") == [1, None]

    assert world.held() == [("a", 1), ("a", 2)]
    assert (cassette.counts.played, cassette.counts.missed, cassette.counts.unused) == (1, 1, 1)


def test_once_replays_where_there_is_a_file(world):
    with pytest.raises(CassetteMismatchError), use_cassette(world.path, mode="once") as cassette:
        assert world.ask("a", "b") == [1, None]

    assert not cassette.is_recording
    assert world.held() == [("a", 1), ("a", 2)]


@pytest.mark.parametrize(
    ("asked", "meant", "why"),
    [
        ("none", "none", "recording is off"),
        ("once", "once", "mode 'once' records only where there is no file"),
        ("auto", "once", "mode 'once' records only where there is no file"),
        ("auto", "none", "mode 'auto' records nothing where CI is set"),
    ],
)
def test_miss_says_why_the_mode_records_nothing(world, monkeypatch, asked, meant, why):
    monkeypatch.setenv("CI", str(meant == "none"))

    with pytest.raises(CassetteMismatchError) as caught, use_cassette(world.path, mode=asked):
        world.ask("b")

    assert why_off(asked, meant) == why
    assert str(caught.value).split("\n")[1] == f"  {world.path} holds no such request; {why}"


def test_new_episodes_adds_what_is_not_there(world):
    with use_cassette(world.path, mode="new_episodes") as cassette:
        assert world.ask("a", "b", "a", "a") == [1, 3, 2, 4]

    assert world.held() == [("a", 1), ("a", 2), ("b", 3), ("a", 4)]
    assert (cassette.counts.played, cassette.counts.recorded, cassette.counts.unused) == (2, 2, 0)


def test_all_adds_everything(world):
    with use_cassette(world.path, mode="all"):
        assert world.ask("a", "b") == [3, 4]

    assert world.held() == [("a", 1), ("a", 2), ("a", 3), ("b", 4)]


def test_rewrite_replaces_everything(world):
    with use_cassette(world.path, mode="rewrite"):
        assert world.ask("b") == [3]

    assert world.held() == [("b", 3)]


@pytest.mark.parametrize("mode", RECORDING_MODES)
def test_session_never_replays_what_it_recorded(world, mode):
    path = world.path.with_name("new.yaml")

    with use_cassette(path, mode=mode):
        assert world.ask("a", "a") == [3, 4]


@pytest.mark.parametrize(
    ("mode", "held"),
    [
        ("new_episodes", [("a", 1), ("a", 2), ("b", 3)]),
        ("all", [("a", 1), ("a", 2), ("b", 3)]),
        ("rewrite", [("b", 3)]),
    ],
)
def test_relative_path_is_that_of_the_beginning(world, monkeypatch, mode, held):
    elsewhere = world.path.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / world.path.name).write_text("another file")
    monkeypatch.chdir(world.path.parent)

    with use_cassette(world.path.name, mode=mode) as cassette:
        world.ask("b")
        monkeypatch.chdir(elsewhere)

    assert (world.held(), cassette.path) == (held, world.path.name)
    assert (elsewhere / world.path.name).read_text() == "another file"


@pytest.mark.parametrize("mode", ["new_episodes", "all", "rewrite"])
def test_block_that_fails_does_not_change_the_file(world, mode):
    before = world.path.read_bytes()

    with pytest.raises(ZeroDivisionError), use_cassette(world.path, mode=mode):
        world.ask("new")
        raise ZeroDivisionError

    assert world.path.read_bytes() == before


def test_block_whose_check_fails_does_not_change_the_file(world):
    before = world.path.read_bytes()

    with pytest.raises(UsageError), use_cassette(world.path, mode="rewrite"):
        world.ask("new")
        httpx.post(f"{world.url}/v1/embeddings", headers={"api-key": "sk-fakellm"})

    assert world.path.read_bytes() == before


@pytest.mark.parametrize("mode", ["new_episodes", "rewrite"])
def test_nothing_recorded_writes_nothing(world, mode):
    before = world.path.stat()

    with use_cassette(world.path, mode=mode):
        world.ask("a") if mode == "new_episodes" else None

    after = world.path.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_intercepting_alone_saves_nothing_until_it_is_said(world):
    path = world.path.with_name("new.yaml")
    cassette = use_cassette(path, mode="once")

    with cassette.intercept():
        world.ask("a")
    assert not path.exists()

    assert (cassette.save(), cassette.save()) == (True, False)
    assert len(read_cassette(path)) == 1


def test_what_is_discarded_is_not_saved(world):
    path = world.path.with_name("new.yaml")

    with use_cassette(path, mode="once") as cassette:
        world.ask("a")
        cassette.discard()

    assert not path.exists()


@pytest.mark.parametrize("mode", ["none", *RECORDING_MODES])
@pytest.mark.parametrize("damaged", ["", "interactions: [\n", "interactions: 3\n", "\x00", "{"])
def test_damaged_file_is_an_error_and_is_left_alone(tmp_path, mode, damaged):
    path = tmp_path / "session.yaml"
    path.write_text(damaged)

    with pytest.raises(CassetteFormatError, match=r"session\.yaml"):
        use_cassette(path, mode=mode)

    assert path.read_text() == damaged


def test_file_that_is_damaged_meanwhile_is_left_alone(world):
    with pytest.raises(CassetteFormatError), use_cassette(world.path, mode="new_episodes"):
        world.ask("new")
        world.path.write_text("interactions: [\n")

    assert world.path.read_text() == "interactions: [\n"


def test_what_others_wrote_meanwhile_is_kept(world):
    with use_cassette(world.path, mode="new_episodes"):
        world.ask("b")
        with use_cassette(world.path, mode="new_episodes"):
            world.ask("c")

    assert world.held() == [("a", 1), ("a", 2), ("c", 4), ("b", 3)]


def test_recording_into_a_file_of_another_layout_makes_it_ours(world):
    world.path.write_text(file_with(interaction(response="headers: {Set-Cookie: [a=1]}\nbody: {string: '{\"a\":1}'}")))

    with use_cassette(world.path, mode="new_episodes"):
        world.ask("b")

    old, _ = read_cassette(world.path)
    assert (old.response.body, old.response.headers) == (b'{\n  "a": 1\n}', ())
    assert "x-fakellm: {recorded:" in world.path.read_text()


def test_missing_file_is_an_error_where_nothing_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setenv("CI", "true")

    with pytest.raises(CassetteNotFoundError):
        use_cassette(tmp_path / "session.yaml", mode="auto")


@pytest.mark.parametrize(
    ("environ", "mode"),
    [({}, "once"), ({"CI": ""}, "once"), ({"CI": "false"}, "once"), ({"CI": "true"}, "none"), ({"CI": "1"}, "none")],
)
def test_auto_looks_at_ci(environ, mode):
    assert resolve_mode("auto", environ) == mode
    assert resolve_mode("rewrite", environ) == "rewrite"


@pytest.mark.parametrize(
    ("mode", "without", "with_file"),
    [
        ("none", Plan(True, False), Plan(True, False)),
        ("once", Plan(False, True), Plan(True, False)),
        ("new_episodes", Plan(False, True), Plan(True, True)),
        ("all", Plan(False, True), Plan(False, True)),
        ("rewrite", Plan(False, True, True), Plan(False, True, True)),
    ],
)
def test_modes_are_these(mode, without, with_file):
    assert make_plan(mode, has_file=False) == without
    assert make_plan(mode, has_file=True) == with_file


def test_mode_of_the_cassette_is_what_is_meant(world, monkeypatch):
    monkeypatch.delenv("CI", raising=False)

    assert use_cassette(world.path, mode="auto").mode == "once"


@pytest.mark.parametrize("redact", ["abc", ["abc"], [3], [b"abcdef"]])
def test_what_to_redact_is_checked(world, redact):
    with pytest.raises(UsageError, match=r"^redact= takes texts of 4 characters or more, and compiled patterns; got "):
        use_cassette(world.path, redact=redact)
