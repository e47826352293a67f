"""The recordings of the project: as fakellm writes them, without secrets, and good for plain vcrpy."""

from pathlib import Path

import httpx
import pytest
import vcr

from fakellm._cassette.file import read_cassette
from fakellm._cassette.recorded import fit_for_file
from fakellm._cassette.redact import Redactor
from fakellm._cassette.scan import check_no_secrets
from fakellm._cassette.write import write_interactions

FOLDER = Path(__file__).parent.parent.parent / "cassettes"
OWN = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "weather_tool_loop.yaml")


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_file_is_as_it_is_written(path):
    held = read_cassette(path)

    assert write_interactions(fit_for_file(held, Redactor())) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_file_holds_no_secret(path):
    text = path.read_text(encoding="utf-8")

    check_no_secrets(text, path=path.name)
    assert "sk-test-of-the-project" not in text


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_plain_vcrpy_replays_the_file(path, no_network):
    held = read_cassette(path)

    with vcr.use_cassette(str(path), record_mode="none", match_on=["method", "uri", "raw_body"]) as cassette:
        got = [httpx.request(i.request.method, i.request.url, content=i.request.body) for i in held]

    assert cassette.all_played
    assert [(answer.status_code, answer.content) for answer in got] == [
        (i.response.status, i.response.body) for i in held
    ]


def test_stream_that_was_cut_is_marked():
    (held,) = read_cassette(FOLDER / "cut_stream.yaml")

    assert held.trace.cut
    assert [size for _, size in held.trace.chunks] == [221, 208]
