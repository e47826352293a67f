"""The scripts that make the shipped data: what ships is what they make."""

from __future__ import annotations

import hashlib
import os
from importlib import import_module
from pathlib import Path

import pytest
import tiktoken

ROOT = Path(__file__).parent.parent.parent
VOCABULARIES = ROOT / "fakellm" / "tokens" / "vocabularies"


@pytest.fixture
def tool(monkeypatch):
    """The scripts of tools/, by name."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return import_module


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("cl100k_base", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
        ("o200k_base", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
    ],
)
def test_shipped_vocabulary_unpacks_to_the_list_that_tiktoken_expects(tool, name, sha256):
    packed = (VOCABULARIES / f"{name}.vocabulary").read_bytes()

    listed = tool("pack_vocabularies").unpack_list(packed)

    assert hashlib.sha256(listed).hexdigest() == sha256
    assert tool("pack_vocabularies").pack_list(listed) == packed


def test_packing_tiktokens_lists_writes_what_ships(tool, tmp_path, monkeypatch, capsys):
    if not (folder := os.environ.get("FAKELLM_ENCODINGS")):
        pytest.skip("FAKELLM_ENCODINGS names no folder of tiktoken's lists")
    script = tool("pack_vocabularies")
    monkeypatch.setattr(script, "VOCABULARIES", tmp_path)

    script.main(folder)

    assert capsys.readouterr().out == (
        "cl100k_base.vocabulary: 1,646,434 bytes\no200k_base.vocabulary: 3,397,694 bytes\n"
    )
    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (VOCABULARIES / path.name).read_bytes()


def test_list_that_is_not_tiktokens_is_refused(tool, tmp_path):
    (tmp_path / "cl100k_base.tiktoken").write_bytes(b"YQ== 0\n")

    with pytest.raises(SystemExit, match=r"cl100k_base: expected the list with sha256 223921b7.*, got 5cf7e7c1"):
        tool("pack_vocabularies").main(str(tmp_path))


@pytest.mark.skipif(not tiktoken.__version__.startswith("0.14."), reason="the characters are those of tiktoken 0.14")
def test_characters_are_of_the_kinds_that_tiktoken_sees(tool):
    assert tool("list_characters").list_characters() == (VOCABULARIES / "characters.txt").read_text()
