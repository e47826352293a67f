"""The demo runs offline and prints its six scenes, and a first test."""

import re
import socket

import pytest

from fakellm._commands.demo import run_demo

SCENES = [
    "Script a tool loop; the agent runs unchanged.",
    "Stream an answer, one token a chunk.",
    "Lose the connection after three chunks, and see that the agent recovers.",
    "Misspell a rule: the test fails, though the agent swallows the error.",
    "Try every trouble on every call, in no time.",
    "Replay a session that was recorded once: no key, no network.",
]


@pytest.fixture
def shown(capsys, monkeypatch):
    """Return what the demo prints at 80 columns, where nothing can connect."""

    def connect(self, address):
        raise AssertionError(f"the demo connected to {address}")

    monkeypatch.setattr(socket.socket, "connect", connect)
    for name, value in {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    assert run_demo() == 0
    return capsys.readouterr().out


def scenes(text):
    """Return the text of each scene, by its title."""
    parts = re.split(r"^(\S.*[.:]) ─+$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


NEXT = "All six ran offline. A first test of yours:"


def test_six_scenes_are_shown_in_order(shown):
    assert list(scenes(shown)) == [*SCENES, NEXT]


@pytest.mark.parametrize(
    ("scene", "code"),
    [
        (SCENES[0], 'llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))'),
        (SCENES[1], 'for piece in WeatherAgent().stream("Tell me a story"):'),
        (SCENES[2], 'llm.reply("It is going to r", fault=faults.drop(after=3))'),
        (SCENES[3], 'llm.when(user="wether").reply("It is 18 °C in Paris.")'),
        (SCENES[4], "framings=[framings.bytewise()],"),
        (SCENES[5], 'with use_cassette(recording("weather_tool_loop.yaml")) as cassette:'),
    ],
)
def test_scene_shows_the_test_that_does_it(shown, scene, code):
    assert code in scenes(shown)[scene]


def test_scene_does_not_show_what_belongs_to_the_demo(shown):
    assert [scene for scene in SCENES if "return" in scenes(shown)[scene]] == []


def came_of(shown, scene):
    """Return the lines of a scene behind its code, which ends before an empty line at the margin."""
    lines = [line.rstrip() for line in scenes(shown)[scene].strip("\n").splitlines()]
    end = next(n for n, line in enumerate(lines) if not line and not lines[n + 1].startswith("    "))
    return lines[end + 1 :]


def test_tool_loop_is_told(shown):
    assert came_of(shown, SCENES[0]) == [
        "call 1: POST /v1/chat/completions gpt-4o-mini [200]",
        "  user: What is the weather in Paris?",
        '  => calls get_weather({"city":"Paris"})',
        "call 2: POST /v1/chat/completions gpt-4o-mini [200]",
        '  assistant calls get_weather({"city":"Paris"})',
        "  tool: 18 °C, clear",
        "  => It is 18 °C in Paris.",
    ]


def test_stream_is_printed(shown):
    assert came_of(shown, SCENES[1]) == ["Once upon a time it rained in Paris, and everybody stayed in."]


def test_what_arrived_before_the_connection_was_lost_is_printed(shown):
    assert came_of(shown, SCENES[2]) == ["It is … RemoteProtocolError", "It is going to rain."]


def test_near_miss_is_told(shown):
    told = [re.sub(r"py:\d+", "py:N", line) for line in came_of(shown, SCENES[3])]

    assert told == [
        "no rule answers call 1: POST …/chat/completions model='gpt-4o-mini' user='What",
        "is the weather in Paris?'",
        "  nearest:",
        "    rule 1 when(user='wether') at demo.py:N",
        "      user: expected a question containing 'wether', got 'What is the weather in",
        "Paris?'",
        "  to answer it, type:",
        "    fake_llm.when(user='What is the weather in Paris?').reply('...')",
    ]


def test_exploration_is_told_as_a_table(shown):
    assert came_of(shown, SCENES[4]) == [
        "2 of 4 trials on 1 call survived",
        "call 1: user='Will it rain?'",
        "                    call 1",
        "drop(after=2)       survived",
        "read_timeout()      ReadTimeout",
        "bad_chunk(after=0)  KeyError",
        "bytewise()          survived",
    ]


def test_recorded_session_is_replayed(shown):
    assert came_of(shown, SCENES[5]) == [
        "It is 18 °C and clear in Paris right now.",
        "Paris under blue,",
        "eighteen degrees and no cloud,",
        "the Seine holds the light.",
    ]


def test_stream_takes_its_time_in_a_terminal(capsys, monkeypatch):
    waited = []
    monkeypatch.setattr("time.sleep", waited.append)
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal

    run_demo()

    assert 0.4 < sum(waited) < 0.6  # a token each 1/30 s
    assert "\x1b[36mOnce\x1b[0m" in capsys.readouterr().out


def test_stream_does_not_wait_in_a_pipe(monkeypatch):
    waited = []
    monkeypatch.setattr("time.sleep", waited.append)

    run_demo()

    assert waited == []


def test_first_test_that_is_printed_passes(shown, pytester):
    code, _, what_to_do = scenes(shown)[NEXT].partition("\n\nWrite it to ")
    pytester.mkdir("tests")
    (pytester.path / "tests" / "test_first.py").write_text(code, encoding="utf-8")

    result = pytester.runpytest_inprocess("tests/test_first.py", "--strict-markers", "-p", "no:asyncio")

    result.assert_outcomes(passed=1)
    assert what_to_do == "tests/test_first.py and type pytest tests/test_first.py.\n"


def test_output_fits_into_80_columns(shown):
    assert [line for line in shown.splitlines() if len(line) > 80] == []
