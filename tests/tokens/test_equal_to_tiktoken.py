"""The tokens of 100,000 texts are tiktoken's own, from its own lists."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

import pytest
import tiktoken
from generated_texts import generated_texts
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm.tokens import get_encoding
from fakellm.tokens._merging import Merging
from fakellm.tokens._pieces import PATTERNS, cutter
from fakellm.tokens._vocabulary import Vocabulary, read_shipped

TEXTS = 100_000
# Where tiktoken looks for them: the sha1 of the URL that it downloads them from.
CACHED_AS = {
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
}


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """tiktoken's encodings, loaded by tiktoken from the lists that it publishes."""
    if not (folder := os.environ.get("FAKELLM_ENCODINGS")):
        pytest.skip("FAKELLM_ENCODINGS names no folder of tiktoken's lists")
    cache = tmp_path_factory.mktemp("cache")
    for name, cached_as in CACHED_AS.items():
        shutil.copyfile(Path(folder, f"{name}.tiktoken"), cache / cached_as)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(cache))
        yield {name: tiktoken.get_encoding(name) for name in CACHED_AS}


def merging(name: str) -> Merging:
    """Byte-pair encoding in Python that never gives up."""
    vocabulary = Vocabulary(read_shipped(f"{name}.vocabulary"), name)
    return Merging(vocabulary, cutter(PATTERNS[name]), effort=math.inf, otherwise=list)


def joined_surrogates(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@pytest.mark.parametrize(("name", "seed"), [("cl100k_base", 1), ("o200k_base", 2)])
def test_python_engine_gives_the_tokens_of_tiktoken(theirs, name, seed):
    ours, their = merging(name), theirs[name]

    unequal = [
        text
        for text in map(joined_surrogates, generated_texts(TEXTS // 2, seed=seed))
        if ours.encode(text) != their.encode_ordinary(text)
    ]

    assert unequal == []


@pytest.mark.parametrize("name", CACHED_AS)
def test_encoding_gives_the_tokens_of_tiktoken(theirs, name):
    ours, their = get_encoding(name), theirs[name]

    unequal = [
        text
        for text in generated_texts(5000, seed=3)
        if ours.encode(text) != (tokens := their.encode_ordinary(text)) or ours.count(text) != len(tokens)
    ]

    assert unequal == []


@pytest.mark.parametrize("name", CACHED_AS)
def test_decoding_is_that_of_tiktoken(theirs, name):
    ours, their = get_encoding(name), theirs[name]

    for start in range(0, 100_000, 997):
        tokens = list(range(start, start + 7))
        assert ours.decode(tokens) == their.decode(tokens)
        assert ours.decode_bytes(tokens) == their.decode_bytes(tokens)


@settings(max_examples=400, deadline=None)
@given(text=st.text(max_size=60))
@pytest.mark.parametrize("name", CACHED_AS)
def test_any_text_has_the_tokens_of_tiktoken(theirs, name, text):
    assert get_encoding(name).encode(text) == theirs[name].encode_ordinary(text)


def test_o200k_harmony_is_that_of_tiktoken(theirs, monkeypatch):
    their, ours = tiktoken.get_encoding("o200k_harmony"), get_encoding("o200k_harmony")

    assert [t for t in generated_texts(1000, seed=4) if ours.encode(t) != their.encode_ordinary(t)] == []
