"""Where values stand in a text, and what a merge has left in it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakellm._yaml.places import find_conflict, find_twice, json_tokens, line_of, line_of_deepest, yaml_tokens

YAML = """\
a: 1
b:
- c: [2,
    3]
  d: &x
    e: f
- *x
? [g, {h: i}]
: j
k: |
  l
"""
JSON = '{\n "a": "x\\"]{",\n "b\\u00e9": [1,\n  {"c": null}],\n "d": {}\n}'


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ([], 1),
        (["a"], 1),
        (["b"], 3),
        (["b", 0], 3),
        (["b", 0, "c", 1], 4),
        (["b", 0, "d"], 5),
        (["b", 1], 7),
        (["b", 0, "d", "e"], 6),
        (["b", 0, "d", "missing", 3], 5),
        (["k"], 10),
        (["missing"], 1),
    ],
)
def test_line_of_a_value_in_yaml(place, line):
    assert line_of(yaml_tokens(YAML), *place) == line


@pytest.mark.parametrize(
    ("place", "line"), [(["a"], 2), (["bé"], 3), (["bé", 1, "c"], 4), (["d"], 5), (["d", "e"], 5), ([], 1)]
)
def test_line_of_a_value_in_json(place, line):
    assert line_of(json_tokens(JSON), *place) == line


def test_line_of_what_stands_before_damage():
    assert line_of(yaml_tokens("a: 1\nb:\n  c: 2\n d: [\n"), "b", "c") == 3


@pytest.mark.parametrize(
    ("tokens", "found"),
    [
        (yaml_tokens("a: 1\nb:\n- a: 1\n- a: 2\n"), None),
        (yaml_tokens("a: 1\nb: {c: 1, d: 2,\n c: 3}\n"), ("c", 2, 3)),
        (json_tokens('{"a": [{"b": 1}, {"b": 2,\n"\\u0062":\n3}]}'), ("b", 1, 2)),
    ],
)
def test_key_that_is_given_twice_is_found(tokens, found):
    assert find_twice(tokens) == found


@pytest.mark.parametrize(("text", "line"), [("[1,\n[2, [3]],\n[[[4]]]]", 3), ("1", 1), ("[\n" * 30_000, 30_000)])
@pytest.mark.parametrize("tokens", [yaml_tokens, json_tokens])
def test_line_of_the_deepest(tokens, text, line):
    found = line_of_deepest(tokens(text))

    assert found == line or (tokens is yaml_tokens and line == 30_000 and found > 1)  # PyYAML may have a bound


@given(st.text('{}[]:,"\\ab \n1'))
def test_text_that_is_no_json_has_tokens(text):
    assert line_of_deepest(json_tokens(text)) <= text.count("\n") + 1


@given(st.recursive(st.text() | st.none(), lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=9))
def test_json_and_yaml_stand_alike(value):
    text = json.dumps(value, indent=1, ensure_ascii=True).replace("\\ud", "\\u0")  # YAML takes no surrogates

    assert line_of_deepest(json_tokens(text)) == line_of_deepest(yaml_tokens(text))


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\n<<<<<<< HEAD\nb", 2), ("<<<<<<<", 1), (">>>>>>> x\r\n", 1), ("a <<<<<<< b", None), ("<<<<<<<<\n", None)],
)
def test_conflict_is_found_where_a_line_begins_with_it(text, line):
    found = find_conflict(text)

    assert (found and found[1]) == line
