"""Vectors are the same everywhere, near for texts that share words, far for others."""

import os
import subprocess
import sys
from hashlib import sha256
from math import sqrt
from struct import pack, unpack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm._dialects.embeddings.vectors import vector


def embed(text, dimensions=1536, *, seed=0, model="text-embedding-3-small"):
    return vector(text, seed=seed, model=model, dimensions=dimensions)


def similarity(one, other, dimensions=1536):
    return sum(a * b for a, b in zip(embed(one, dimensions), embed(other, dimensions), strict=True))


@pytest.mark.parametrize(
    ("text", "fingerprint"),
    [
        ("What is the weather in Paris?", "cebe558e98099dbb"),
        ("", "df59c0889a35b3f0"),
        ("今天天气怎么样 😀", "931ea07f84668e21"),
        ("word " * 3000, "6674236e40d82713"),
    ],
)
def test_bytes_are_the_same_on_every_machine(text, fingerprint):
    assert sha256(pack("<1536f", *embed(text))).hexdigest()[:16] == fingerprint


def test_first_numbers_are_written_out():
    assert embed("hello", 4) == (-0.7219069600105286, 0.4890337586402893, -0.20958589017391205, 0.4424591064453125)


def test_another_process_makes_the_same_vector():
    code = (
        "from fakellm._dialects.embeddings.vectors import vector; print(vector('a b', seed=1, model='m', dimensions=8))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True)
        for seed in "12"
    ]

    assert runs[0].stdout.decode().strip() == str(vector("a b", seed=1, model="m", dimensions=8))
    assert runs[0].stdout == runs[1].stdout


NEAR = [
    ("What is the weather in Paris?", "Paris weather today"),
    ("How do I reset my password?", "I forgot my password, how can I reset it?"),
    ("Our refund policy allows returns within 30 days.", "Can I return it for a refund within 30 days?"),
    ("Either party may end the contract with thirty days notice.", "The contract ends on thirty days' notice."),
    ("sorting a list in Python", "python list sort"),
    ("今天天气怎么样", "今天的天气如何"),
]
FAR = [
    ("What is the weather in Paris?", "What is the meaning of life?"),
    ("How do I reset my password?", "What is the capital of France?"),
    ("Our refund policy allows returns within 30 days.", "The stadium holds forty thousand people."),
    ("The cat sat on the mat", "Quarterly revenue grew by ten percent"),
    ("hello", "world"),
    ("今天天气怎么样", "我喜欢吃苹果"),
]


@pytest.mark.parametrize("dimensions", [3072, 1536, 512])
@pytest.mark.parametrize(("one", "other"), NEAR)
def test_texts_that_share_their_words_are_near(one, other, dimensions):
    assert similarity(one, other, dimensions) > 0.6


@pytest.mark.parametrize("dimensions", [3072, 1536, 512])
@pytest.mark.parametrize(("one", "other"), FAR)
def test_texts_about_other_things_are_far(one, other, dimensions):
    assert abs(similarity(one, other, dimensions)) < 0.2


@pytest.mark.parametrize(("one", "other"), [("man bites dog", "dog bites man"), ("Hello", "hello"), ("a", "a!")])
def test_texts_that_differ_have_vectors_that_differ(one, other):
    assert embed(one) != embed(other)
    assert similarity(one, other) > 0.9


@pytest.mark.parametrize("other", [{"seed": 1}, {"model": "text-embedding-3-large"}])
def test_seed_and_model_turn_the_space(other):
    assert abs(sum(a * b for a, b in zip(embed("hello"), embed("hello", **other), strict=True))) < 0.1


def test_fewer_dimensions_are_the_beginning_brought_to_length_one():
    whole, short = embed("What is the weather in Paris?"), embed("What is the weather in Paris?", 100)

    length = sqrt(sum(number * number for number in whole[:100]))

    assert short == pytest.approx([number / length for number in whole[:100]], rel=1e-6)


@given(text=st.text(max_size=30), dimensions=st.integers(1, 40), seed=st.integers())
@settings(max_examples=200, deadline=None)
def test_any_text_has_a_vector_of_length_one(text, dimensions, seed):
    numbers = vector(text, seed=seed, model="m", dimensions=dimensions)

    assert len(numbers) == dimensions
    assert sum(number * number for number in numbers) == pytest.approx(1, abs=1e-5)


def test_numbers_are_those_of_single_precision():
    numbers = embed("hello")

    assert unpack("<1536f", pack("<1536f", *numbers)) == numbers
