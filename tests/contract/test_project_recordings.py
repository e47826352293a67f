"""The project's own recordings, replayed by the official SDK that made them."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

openai = pytest.importorskip("openai")
if int(openai.__version__.partition(".")[0]) < 3:
    pytest.skip("recorded by openai 3", allow_module_level=True)

ROOT = Path(__file__).parent.parent.parent

GOT = {
    "chat": ["Rain taps the roof of a small café 😀."],
    "chat_stream": [["", "one ", "two ", "thre", "e fo", "ur f", "ive", ""], True],
    "tool_loop": [['{"city":"Paris"}', '{"city":"Rome"}'], "Paris: 18 °C. Rome: 24 °C."],
    "tool_stream": [{0: '{"city":"Paris"}', 1: '{"city":"Rome"}'}],
    "errors": ["Here I am.", "invalid_api_key"],
    "cut_stream": [["", "this a"], "APIConnectionError"],
    "embeddings": [[0.25, -0.5, 0.125]],
    "responses": ["Rain taps the roof of a small café 😀.", "one two three four five"],
    "concurrent": ["answer number 1", "answer number 2", "answer number 3"],
    "audio": ["The rain has stopped.", b"ID3"],
}


@pytest.fixture(scope="module")
def sessions():
    spec = spec_from_file_location("record_sessions", ROOT / "tools" / "record_sessions.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_session_is_listed(sessions):
    assert list(GOT) == list(sessions.SESSIONS)


@pytest.mark.parametrize("name", GOT)
def test_session_replays(sessions, name):
    assert sessions.run(name, mode="none") == GOT[name]
