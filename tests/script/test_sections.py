"""Text of a script to values: scalars as YAML 1.2 has them, mappings that know their lines."""

import pytest

from fakellm import ScriptFormatError
from fakellm._script.sections import Section, read_sections


def read(text, name="s.yaml"):
    return read_sections(text, path=name)


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
    assert str(found["b"][0].error("no", "c")) == "s.json:3: no"


def test_json_may_be_indented_by_tabs():
    assert read('{\n\t"a":\t1\n}', "s.json") == {"a": 1}


def test_anchors_are_read():
    assert read("a: &x {b: 1}\nc: *x\n") == {"a": {"b": 1}, "c": {"b": 1}}


def test_error_is_told_at_its_key():
    section = read("a: 1\nb: 2\n")

    assert [str(section.error("no", key)) for key in ("b", "other", None)] == [
        "s.yaml:2: no",
        "s.yaml:1: no",
        "s.yaml:1: no",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "s.yaml:4: 'c' is given twice; a list item of its own begins with '- '"),
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
        ("\na: \x01", "s.yaml:2: not valid YAML: special characters are not allowed"),
        ("a: &x [*x]", "s.yaml:1: not valid YAML: found unconstructable recursive node"),
        (
            "--- 1\n--- 2\n",
            "s.yaml:2: not valid YAML: expected a single document in the stream, but found another document",
        ),
        ("a: !!int x", "s.yaml: not valid YAML: invalid literal for int() with base 10: 'x'"),
        ("[" * 100_000, "s.yaml: nested too deeply"),
    ],
    ids=range(12),
)
def test_damaged_yaml_is_told_with_its_line(text, message):
    with pytest.raises(ScriptFormatError) as caught:
        read(text)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a":\n {"b": 1,\n  "b": 2}}', "s.json:2: 'b' is given twice; a list item of its own begins with '- '"),
        ('{"a"\n', "s.json:2: not valid JSON: Expecting ':' delimiter"),
        ('{"a": NaN}', "s.json: not valid JSON: NaN is no value"),
        ("", "s.json:1: not valid JSON: Expecting value"),
        ("[" * 100_000, "s.json: nested too deeply"),
    ],
    ids=range(5),
)
def test_damaged_json_is_told_with_its_line(text, message):
    with pytest.raises(ScriptFormatError) as caught:
        read(text, "s.json")

    assert str(caught.value) == message


def test_section_is_a_dict():
    assert isinstance(read("a: 1"), Section)
    assert read("a: 1") == {"a": 1}
