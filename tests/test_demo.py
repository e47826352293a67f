"""The demo runs offline and prints its four scenes."""

import re
import socket

import pytest

from fakellm._demo import run_demo

SCENES = [
    "Script a tool loop; the agent runs unchanged.",
    "Stream an answer, one token a chunk.",
    "Lose the connection after three chunks, and see that the agent recovers.",
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
    parts = re.split(r"^(\S.*\.) ─+$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_four_scenes_are_shown_in_order(shown):
    assert list(scenes(shown)) == SCENES


@pytest.mark.parametrize(
    ("scene", "code"),
    [
        (SCENES[0], 'llm.when(user="weather").reply(ToolCall("get_weather", {"city": "Paris"}))'),
        (SCENES[1], 'for piece in WeatherAgent().stream("Tell me a story"):'),
        (SCENES[2], 'llm.reply("It is going to r", fault=faults.drop(after=3))'),
        (SCENES[3], 'with use_cassette(recording("weather_tool_loop.yaml")) as cassette:'),
    ],
)
def test_scene_shows_the_test_that_does_it(shown, scene, code):
    assert code in scenes(shown)[scene]


def test_scene_does_not_show_what_belongs_to_the_demo(shown):
    assert "return" not in shown


def transcript(shown, scene):
    text = scenes(shown)[scene]
    return [line.rstrip() for line in text[text.index("call 1:") :].splitlines() if line.strip()]


def test_tool_loop_is_told(shown):
    assert transcript(shown, SCENES[0]) == [
        "call 1: POST /v1/chat/completions gpt-4o-mini [200]",
        "  user: What is the weather in Paris?",
        '  => calls get_weather({"city":"Paris"})',
        "call 2: POST /v1/chat/completions gpt-4o-mini [200]",
        '  assistant calls get_weather({"city":"Paris"})',
        "  tool: 18 °C, clear",
        "  => It is 18 °C in Paris.",
    ]


def test_stream_is_printed(shown):
    text = scenes(shown)[SCENES[1]]

    assert text.count("Once upon a time it rained in Paris, and everybody stayed in.") == 3


def test_dropped_connection_and_recovery_are_told(shown):
    told = transcript(shown, SCENES[2])

    assert [line for line in told if line.startswith("  =>")] == [
        "  => It is going to r",
        "  => fault: drop(after=3)",
        "  => It is going to rain.",
    ]


def test_recorded_session_is_replayed(shown):
    text = scenes(shown)[SCENES[3]]

    assert "It is 18 °C and clear in Paris right now.\n" in text
    assert "Paris under blue,\neighteen degrees and no cloud,\nthe Seine holds the light.\n" in text


def test_next_step_is_named(shown):
    assert "All four ran offline. Next: put fake_llm into a test of yours (README.md).\n" in shown


def test_output_fits_into_80_columns(shown):
    assert [line for line in shown.splitlines() if len(line) > 80] == []
