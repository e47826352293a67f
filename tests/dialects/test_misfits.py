"""Each misfit is told in OpenAI's words; those of chat requests are in test_chat_schema."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from fakellm._dialects.openai import misfits
from fakellm._dialects.shapes import (
    BOOLEAN,
    OBJECT,
    TEXT,
    Also,
    AnyOf,
    Choice,
    Either,
    Later,
    ListOf,
    MapOf,
    Members,
    Misfit,
    Number,
    Quick,
    Remembered,
    Tagged,
    Text,
)

PACKAGE = Path(misfits.__file__).parent.parent.parent


def kinds():
    """Yield the kind of every misfit that the package makes, with the file."""
    for file in (PACKAGE / "_dialects").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Misfit":
                yield ast.literal_eval(node.args[0]), file.name


def test_every_kind_has_a_sentence():
    assert {kind for kind, _ in kinds()} == set(misfits._SENTENCES)


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (BOOLEAN, "a boolean"),
        (OBJECT, "an object"),
        (TEXT, "a string"),
        (Text(maximum=3), "a string"),
        (Number(), "a decimal"),
        (Number("integer"), "an integer"),
        (Members({}), "an object"),
        (Tagged("type", {}), "an object"),
        (MapOf(TEXT), "an object"),
        (Choice(("a",)), "one of 'a'"),
        (Choice(("a", "b")), "one of 'a' or 'b'"),
        (Choice(("a", "b", "c")), "one of 'a', 'b', or 'c'"),
        (ListOf(TEXT), "an array of strings"),
        (ListOf(Number("integer")), "an array of integers"),
        (ListOf(Choice(("a", "b"))), "an array of one of 'a' or 'b'"),
        (ListOf(ListOf(OBJECT)), "an array of arrays of objects"),
        (Either({str: TEXT, list: ListOf(OBJECT)}), "one of a string or array of objects"),
        (Either({list: ListOf(OBJECT), str: TEXT, bool: BOOLEAN}), "one of an array of objects, string, or boolean"),
        (Either({int: Number(), float: Number(), str: TEXT}), "one of a decimal or string"),
        (AnyOf((ListOf(TEXT), ListOf(OBJECT))), "an array of strings"),
        (Also(Quick(Remembered(Later(lambda: TEXT)), bool), bool), "a string"),
    ],
)
def test_what_was_expected_is_named(expected, words):
    error = misfits.sentence(Misfit("type", ("a",), {"expected": expected, "got": 1.5}))

    assert error.message == f"Invalid type for 'a': expected {words}, but got a decimal number instead."


@pytest.mark.parametrize(
    ("path", "param"),
    [((), ""), (("a",), "a"), (("a", 0, "b", 1, 2, "c"), "a[0].b[1][2].c"), (("metadata", "a.b"), "metadata.a.b")],
)
def test_place_is_written_as_the_api_does(path, param):
    assert misfits.sentence(Misfit("missing", path)).param == param


@pytest.mark.parametrize(
    ("kind", "minimum", "length", "words", "code"),
    [
        ("array", 1, 0, "empty array. Expected an array with minimum length 1, but got an empty array instead.",
         "empty_array"),
        ("string", 3, 0, "empty string. Expected a string with minimum length 3, but got an empty string instead.",
         "empty_string"),
        ("array", 3, 2, "array too short. Expected an array with minimum length 3, but got an array with length 2 "
         "instead.", "array_below_min_length"),
        ("string", 2, 1, "string too short. Expected a string with minimum length 2, but got a string with length 1 "
         "instead.", "string_below_min_length"),
    ],
)  # fmt: skip
def test_what_is_too_short_is_told_by_its_length(kind, minimum, length, words, code):
    error = misfits.sentence(Misfit("short", ("a",), {"kind": kind, "minimum": minimum, "length": length}))

    assert (error.message, error.code, error.param) == (f"Invalid 'a': {words}", code, "a")


def test_long_name_is_told_with_the_object_that_has_it():
    name = "long." * 20

    error = misfits.sentence(Misfit("name", ("a", 0, "map", name), {"name": name, "maximum": 64}))

    assert error.message == (
        "Invalid property name in 'a[0].map': 'lon...ng.' is too long. Expected a string with maximum length 64, but "
        "got a string with length 100 instead."
    )
