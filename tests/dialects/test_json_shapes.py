"""A shape says nothing of a value that fits, and of any other what is wrong first, and where."""

from __future__ import annotations

import pytest

from fakellm._dialects.shapes import (
    ANY,
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
    Refused,
    Remembered,
    Tagged,
    Text,
)

INTEGER = Number("integer", 1, 3)
SHORT = Text(minimum=1, maximum=2, pattern="^[a-z]+$")
COLOUR = Choice(("red", "green"))
NO_IMAGES = Misfit("image", facts={"role": "system"})
PERSON = Members({"name": TEXT, "age": INTEGER, "tags": ListOf(SHORT)}, required=("name",))
CLOSED = Members({"a": TEXT}, closed=True)
PART = Tagged("type", {"text": Members({"text": TEXT}, ("text",)), "image": Refused(NO_IMAGES), "file": OBJECT})
ELSEWHERE = Tagged("type", {"text": ANY}, named=("text", "image", "audio"))
LOOSE = Tagged("type", {"text": ANY}, otherwise=Members({"id": TEXT}, ("id",)))
TEXT_OR_LIST = Either({str: TEXT, list: ListOf(TEXT)})
LISTS = AnyOf((ListOf(TEXT), ListOf(ListOf(INTEGER))))
EVEN = Also(Number(), lambda value: Misfit("odd") if value % 2 else None)
FIVE = Members(dict.fromkeys("edcba", INTEGER))


def wrong_type(shape, got, *path):
    return Misfit("type", path, {"expected": shape, "got": got})


def out_of_range(got, *path):
    return Misfit("range", path, {"kind": "integer", "minimum": 1, "maximum": 3, "got": got})


def wrong_tag(got, *supported):
    return Misfit("value", ("type",), {"supported": supported, "got": got})


FITS = [
    (BOOLEAN, True),
    (OBJECT, {}),
    (ANY, None),
    (INTEGER, 1),
    (INTEGER, 3),
    (Number(), 1),
    (Number(), 1.5),
    (SHORT, "ab"),
    (COLOUR, "green"),
    (ListOf(TEXT), []),
    (ListOf(TEXT, 1, 2), ["a", "b"]),
    (MapOf(INTEGER, key_length=2, maximum=1), {"ab": 1}),
    (PERSON, {"name": "Ada", "age": None, "shoe size": 39}),
    (CLOSED, {"a": None}),
    (PART, {"type": "text", "text": "x"}),
    (LOOSE, {"id": "x"}),
    (TEXT_OR_LIST, "a"),
    (TEXT_OR_LIST, ["a"]),
    (LISTS, [[1], [2]]),
    (EVEN, 2),
]
MISFITS = [
    (BOOLEAN, 1, wrong_type(BOOLEAN, 1)),
    (INTEGER, True, wrong_type(INTEGER, True)),
    (INTEGER, 1.0, wrong_type(INTEGER, 1.0)),
    (INTEGER, 0, out_of_range(0)),
    (INTEGER, 4, out_of_range(4)),
    (SHORT, 1, wrong_type(SHORT, 1)),
    (SHORT, "", Misfit("short", facts={"kind": "string", "minimum": 1, "length": 0})),
    (SHORT, "abc", Misfit("long", facts={"kind": "string", "maximum": 2, "length": 3})),
    (SHORT, "a\n", Misfit("pattern", facts={"pattern": "^[a-z]+$"})),
    (COLOUR, "blue", Misfit("value", facts={"supported": ("red", "green"), "got": "blue"})),
    (COLOUR, ["red"], wrong_type(COLOUR, ["red"])),
    (ListOf(TEXT, 1, 2), [], Misfit("short", facts={"kind": "array", "minimum": 1, "length": 0})),
    (ListOf(TEXT, 1, 2), ["a"] * 3, Misfit("long", facts={"kind": "array", "maximum": 2, "length": 3})),
    (ListOf(INTEGER), [1, 0, 0], out_of_range(0, 1)),
    (MapOf(INTEGER), {"a": 1, "b": 4}, out_of_range(4, "b")),
    (MapOf(INTEGER, maximum=1), {"a": 1, "b": 1}, Misfit("members", facts={"maximum": 1, "count": 2})),
    (MapOf(INTEGER, key_length=1), {"ab": 1}, Misfit("name", ("ab",), {"name": "ab", "maximum": 1})),
    (PERSON, {"name": None}, Misfit("missing", ("name",))),
    (PERSON, {"name": "Ada", "tags": ["a", "a1"]}, Misfit("pattern", ("tags", 1), {"pattern": "^[a-z]+$"})),
    (CLOSED, {"b": None}, Misfit("unknown", ("b",))),
    (PART, {}, Misfit("missing", ("type",))),
    (PART, {"type": "image"}, NO_IMAGES),
    (PART, {"type": "video"}, wrong_tag("video", "text", "file")),
    (ELSEWHERE, {"type": "video"}, wrong_tag("video", "text", "image", "audio")),
    (ELSEWHERE, {"type": "image"}, wrong_tag("image", "text")),
    (LOOSE, {}, Misfit("missing", ("id",))),
    (TEXT_OR_LIST, 1, wrong_type(TEXT_OR_LIST, 1)),
    (TEXT_OR_LIST, True, wrong_type(TEXT_OR_LIST, True)),
    (EVEN, 3, Misfit("odd")),
    (EVEN, "a", wrong_type(EVEN.shape, "a")),
]


@pytest.mark.parametrize(("shape", "value"), FITS, ids=lambda value: str(value)[:50])
def test_value_that_fits_has_no_misfit(shape, value):
    assert shape.misfit(value) is None


@pytest.mark.parametrize(("shape", "value", "misfit"), MISFITS, ids=lambda value: str(value)[:50])
def test_misfit_says_what_is_wrong_and_where(shape, value, misfit):
    assert shape.misfit(value) == misfit


def test_tag_that_is_no_text_is_held_to_the_tags_that_are_named():
    found = ELSEWHERE.misfit({"type": ["text"]})

    assert (found.kind, found.path, found.facts["got"]) == ("type", ("type",), ["text"])
    assert found.facts["expected"].values == ("text", "image", "audio")


@pytest.mark.parametrize("shape", [PERSON, CLOSED, PART, MapOf(ANY), ListOf(ANY), COLOUR, OBJECT, Number()])
def test_null_is_of_no_type_but_where_a_member_is_optional(shape):
    assert shape.misfit(None) == wrong_type(shape, None)


def test_first_misfit_is_that_of_the_table_whatever_the_order_of_the_value():
    assert FIVE.misfit({"a": 0, "c": 9, "d": 7}) == out_of_range(7, "d")


def test_member_that_is_missing_comes_before_one_that_is_unknown():
    shape = Members({"a": TEXT}, ("a", "not in the table"), closed=True)

    assert shape.misfit({"x": 1}) == Misfit("missing", ("a",))
    assert shape.misfit({"x": 1, "a": ""}) == Misfit("missing", ("not in the table",))


def test_place_in_an_array_is_that_of_the_first_wrong_item_though_it_stands_there_twice():
    wrong = {"name": None}

    assert ListOf(PERSON).misfit([{"name": "Ada"}, wrong, wrong]).path == (1, "name")


def test_misfit_of_many_is_that_of_the_shape_that_fits_furthest():
    assert LISTS.misfit([[1], [9]]) == out_of_range(9, 1, 0)
    assert LISTS.misfit("x") == wrong_type(LISTS.shapes[0], "x")


def test_shape_may_hold_itself():
    tree = Later(lambda: Members({"value": INTEGER, "parts": ListOf(tree)}))

    assert tree.misfit({"parts": [{"value": 1}, {"parts": []}]}) is None
    assert tree.misfit({"parts": [{"parts": [{"value": 0}]}]}) == out_of_range(0, "parts", 0, "parts", 0, "value")


def test_shape_is_made_when_a_value_is_looked_at_and_once():
    made = []
    later = Later(lambda: made.append(INTEGER) or INTEGER)

    assert not made
    assert later.misfit(1) is None
    assert later.misfit("x") == wrong_type(INTEGER, "x")
    assert made == [INTEGER]


def test_value_that_passes_the_quick_test_is_not_looked_at():
    assert Quick(TEXT, lambda value: value == 7).misfit(7) is None
    assert Quick(TEXT, lambda value: value == 7).misfit(8) == wrong_type(TEXT, 8)


def test_answers_for_equal_values_are_remembered():
    seen = []
    shape = Remembered(Also(ANY, seen.append))

    assert shape.misfit({"a": 1}) is shape.misfit({"a": 1}) is None
    assert seen == [{"a": 1}]


def test_remembered_misfits_are_those_of_the_value():
    shape = Remembered(PERSON)

    assert [shape.misfit({"name": "Ada", "age": age}) for age in (0, 4, 0)] == [
        out_of_range(0, "age"),
        out_of_range(4, "age"),
        out_of_range(0, "age"),
    ]
