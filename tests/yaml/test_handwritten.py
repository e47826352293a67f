"""Text of a script to values: scalars as YAML 1.2 has them, mappings that know their lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm import ScriptFormatError
from fakellm._yaml.handwritten import HandwrittenMapping, parse, told_deep

CONFLICT = (
    "a merge conflict: <<<<<<< HEAD\n"
    "  keep what belongs to the file, and delete the lines with <<<<<<<, ======= and >>>>>>>"
)


def read(text, name="s.yaml"):
    with told_deep(text, path=name):
        return parse(text, path=name)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("007", "007"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("0", 0),
        ("-3", -3),
        ("1.10", 1.1),
        ("1e5", 100000.0),
        ("2.5E-3", 0.0025),
        ("'3'", "3"),
        ("18 °C", "18 °C"),
        ("=", "="),
    ],
)
def test_scalar_is_what_yaml_1_2_says(text, value):
    found = read(f"a: {text}")["a"]

    assert (found, type(found)) == (value, type(value))


def test_mapping_knows_its_lines():
    found = read("\na: 1\nb:\n  - c: 2\n    d: 3\n")

    assert (found.line, found.lines) == (2, {"a": 2, "b": 3})
    assert (found["b"][0].line, found["b"][0].lines) == (4, {"c": 4, "d": 5})


def test_json_object_knows_its_line():
    found = read('{"a": 1,\n "b": [\n  {"c": "\\ud83d\\ude00"}]}', "s.json")

    assert (found, found.line, found["b"][0].line) == ({"a": 1, "b": [{"c": "😀"}]}, 1, 3)
    assert (found.lines, found["b"][0].lines) == ({"a": 1, "b": 2}, {"c": 3})


def test_json_may_be_indented_by_tabs():
    assert read('{\n\t"a":\t1\n}', "s.json") == {"a": 1}


def test_anchors_are_read():
    assert read("a: &x {b: 1}\nc: *x\n") == {"a": {"b": 1}, "c": {"b": 1}}


def test_anchor_may_be_given_anew():
    assert read("a: &x 1\nb: &x 2\nc: *x\n") == {"a": 1, "b": 2, "c": 2}


def test_line_of_a_key_is_its_own_and_else_that_of_the_mapping():
    found = read("a: 1\nb: 2\n")

    assert [found.line_of(key) for key in ("b", "other", None)] == [2, 1, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: 1\nb:\n  c: 1\n  c: 2\n",
            "s.yaml:4: 'c' is given twice, first in line 3; a list item of its own begins with '- '",
        ),
        ("1: a", "s.yaml:1: a key is a text, got 1"),
        ("? [a]\n: 1", "s.yaml:1: a key is a text, got ['a']"),
        ("<<: {a: 1}", "s.yaml:1: '<<' merges nothing here; write the keys out"),
        (
            "a: [\n",
            "s.yaml:2: not valid YAML: while parsing a flow node, expected the node content, but found '<stream end>'",
        ),
        ("\na: !foo 1", "s.yaml:2: not valid YAML: could not determine a constructor for the tag '!foo'"),
        (
            "a: !!binary aGk=",
            "s.yaml:1: not valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:binary'",
        ),
        ("a:\n  b: !foo {c: d}", "s.yaml:2: not valid YAML: could not determine a constructor for the tag '!foo'"),
        ("\na: \x01", "s.yaml:2: not valid YAML: special characters are not allowed"),
        ("a: &x 1\nb: &x [*x]", "s.yaml:2: not valid YAML: found unconstructable recursive node"),
        ("a: &x [*x]", "s.yaml:1: not valid YAML: found unconstructable recursive node"),
        (
            "--- 1\n--- 2\n",
            "s.yaml:2: not valid YAML: expected a single document in the stream, but found another document",
        ),
        ("\na: [!!int x]", "s.yaml:2: not valid YAML: no int: invalid literal for int() with base 10: 'x'"),
        ("\na: !!float x", "s.yaml:2: not valid YAML: no float: could not convert string to float: 'x'"),
        ("\na: !!bool x", "s.yaml:2: not valid YAML: no bool: 'x'"),
        ("\na: !!int ''", "s.yaml:2: not valid YAML: no int: string index out of range"),
        ("a: 1\nb: *x", "s.yaml:2: not valid YAML: found undefined alias 'x'"),
        (
            "a: 1\na: 2\nb: [",
            "s.yaml:3: not valid YAML: while parsing a flow node, expected the node content, but found '<stream end>'",
        ),
        ("a:\n- " + "[" * 2000 + "]" * 2000, "s.yaml:2: nested too deeply"),
        ("a: b\n<<<<<<< HEAD\nc: d", "s.yaml:2: " + CONFLICT),
        ("a: 'b\n<<<<<<< HEAD\nc'", "s.yaml:2: " + CONFLICT),
    ],
    ids=range(21),
)
def test_damaged_yaml_is_told_with_its_line(text, message):
    with pytest.raises(ScriptFormatError) as caught:
        read(text)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"a":\n {"b": 1,\n  "b": 2}}',
            "s.json:3: 'b' is given twice, first in line 2; a list item of its own begins with '- '",
        ),
        ('{"a"\n', "s.json:2: not valid JSON: Expecting ':' delimiter"),
        ('{"a":\n {"NaN": NaN}}', "s.json:2: not valid JSON: NaN is no value"),
        ('{"NaN":\n NaN}', "s.json:2: not valid JSON: NaN is no value"),
        ("-Infinity", "s.json:1: not valid JSON: -Infinity is no value"),
        ("", "s.json:1: not valid JSON: Expecting value"),
        ('{"a":\n' + "[" * 100_000, "s.json:2: nested too deeply"),
        ("{\n<<<<<<< HEAD\n", "s.json:2: " + CONFLICT),
    ],
    ids=range(8),
)
def test_damaged_json_is_told_with_its_line(text, message):
    with pytest.raises(ScriptFormatError) as caught:
        read(text, "s.json")

    assert str(caught.value) == message


def test_mapping_is_a_dict():
    assert isinstance(read("a: 1"), HandwrittenMapping)
    assert read("a: 1") == {"a": 1}


@pytest.mark.parametrize(("name", "line"), [("s.yaml", 2), ("s.json", 2)])
def test_number_of_too_many_digits_is_told(name, line):
    with pytest.raises(ScriptFormatError) as caught:
        read('{"a":\n {"b": ' + "1" * 5000 + "}}", name)

    assert str(caught.value).startswith(f"{name}:{line}: not valid ")


def test_aliases_that_multiply_are_told():
    links = "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 10)}]\n" for n in range(1, 9))

    with pytest.raises(ScriptFormatError) as caught:
        read(f"b0: &b0 [lol]\n{links}")

    assert str(caught.value) == "s.yaml:7: its aliases stand for more than any script says; write out what is meant"


@given(st.text("ab:- {}[],&*!|>'\"%#?<=.0123456789\n\t\\", max_size=40), st.sampled_from(["s.yaml", "s.json"]))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_told_with_its_line(text, name):
    line = line_told(text, name)

    assert line is None or 1 <= line <= text.count("\n") + 2


def line_told(text, name):
    try:
        read(text, name)
    except ScriptFormatError as err:
        return err.line or 0
    return None
