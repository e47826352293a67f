"""Byte-pair encoding in Python: tiktoken's tokens, and an end to its patience."""

from __future__ import annotations

import math
import random

import pytest
from generated_texts import generated_texts

from fakellm.tokens._merging import Merging
from fakellm.tokens._pieces import PATTERNS, cutter
from fakellm.tokens._tiktoken import build
from fakellm.tokens._vocabulary import Vocabulary, read_shipped

GIVEN_UP = [-1]


def merging(name: str, effort: float) -> Merging:
    vocabulary = Vocabulary(read_shipped(f"{name}.vocabulary"), name)
    return Merging(vocabulary, cutter(PATTERNS[name]), effort=effort, otherwise=lambda text: GIVEN_UP)


@pytest.mark.parametrize("name", PATTERNS)
def test_both_engines_give_the_same_tokens(name):
    vocabulary = Vocabulary(read_shipped(f"{name}.vocabulary"), name)
    core = build(name, PATTERNS[name], vocabulary.tokens())
    python = merging(name, math.inf)
    texts = (text.encode(errors="replace").decode() for text in generated_texts(8000, seed=5))

    assert [text for text in texts if python.encode(text) != core.encode_ordinary(text)] == []


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("hello world", [15339, 1917]),
        ("tokenization", [5963, 2065]),
        ("<|endoftext|>", [27, 91, 8862, 728, 428, 91, 29]),
        ("你好", [57668, 53901]),
    ],
)
def test_tokens_of_cl100k_base(text, tokens):
    assert merging("cl100k_base", math.inf).encode(text) == tokens


def test_it_gives_up_a_text_that_takes_more_than_its_effort():
    engine = merging("cl100k_base", 20)

    assert engine.encode("hello world") == [15339, 1917]
    assert engine.encode("quite different words") is GIVEN_UP


def test_words_that_were_seen_take_no_effort():
    engine = merging("cl100k_base", 20)

    assert len(engine.encode(" hello world" * 1000)) == 2000


def test_long_piece_takes_an_effort_of_its_length():
    assert merging("cl100k_base", 5000).encode("ab" * 2500) is not GIVEN_UP
    assert merging("cl100k_base", 5000).encode("ab" * 2501) is GIVEN_UP


@pytest.mark.parametrize("letters", ["a", "ab", "etaoinshrdlu", "-=_", " ", "\n", "你好世界的"])
@pytest.mark.parametrize("length", [26, 27, 79, 80, 81, 500, 3000])
def test_both_engines_give_the_same_tokens_of_a_long_piece(core, length, letters):
    piece = "".join(random.Random(length).choices(letters, k=length))

    assert merging("o200k_base", math.inf).encode(piece) == core.encode_ordinary(piece)


@pytest.fixture(scope="module")
def core():
    """tiktoken's engine of o200k_base."""
    name = "o200k_base"
    vocabulary = Vocabulary(read_shipped(f"{name}.vocabulary"), name)
    return build(name, PATTERNS[name], vocabulary.tokens())
