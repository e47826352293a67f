"""Ranges of numbers."""

from math import inf, nan

import pytest

from fakellm._numbers import COUNT, DURATION, Numbers


@pytest.mark.parametrize("value", [0, 1, 10**400])
def test_count_is_a_whole_number(value):
    assert value in COUNT


@pytest.mark.parametrize("value", [-1, 1.0, True, False, "1", None, nan])
def test_anything_else_is_no_count(value):
    assert value not in COUNT


@pytest.mark.parametrize("value", [0, 0.0, 0.25, 3])
def test_duration_is_a_number(value):
    assert value in DURATION


@pytest.mark.parametrize("value", [-0.1, inf, -inf, nan, True, "1", None])
def test_anything_else_is_no_duration(value):
    assert value not in DURATION


@pytest.mark.parametrize(
    ("numbers", "inside", "outside", "words"),
    [
        (Numbers(0, above=True), 0.001, 0, "a number above 0"),
        (Numbers(0, 1), 1, 1.001, "a number from 0 to 1"),
        (Numbers(400, 599, whole=True), 599, 600, "a whole number from 400 to 599"),
        (Numbers(most=0), 0, 0.1, "a number, 0 or less"),
        (Numbers(1, whole=True), 1, 0, "a whole number, 1 or more"),
        (Numbers(), -1e300, inf, "a number"),
        (Numbers(whole=True), -5, 0.5, "a whole number"),
    ],
)
def test_ends_are_those_that_the_words_say(numbers, inside, outside, words):
    assert (inside in numbers, outside in numbers, str(numbers)) == (True, False, words)
