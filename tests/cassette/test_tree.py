"""Text to values: the same as libyaml's safe loader gives, with number text and lines kept."""

import json
import math
from contextlib import suppress

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm._cassette.tree import Number, UnknownTag, load_json, load_yaml, write_json
from fakellm._errors import CassetteFormatError
from fakellm._yaml.events import LinedMapping

SAFE = yaml.CSafeLoader


def plain(value):
    """Return a value without what the reader adds to it."""
    match value:
        case Number():
            return json.loads(value)
        case dict():
            return {plain(key): plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
    return value


@pytest.mark.parametrize("text", ["1.10", "1e-05", "3.11e-05", "0", "-0", "-0.0", "12345678901234567890123", "1.0e+5"])
def test_number_keeps_its_text_in_yaml(text):
    value = load_yaml(f"a: {text}", path="p")

    assert write_json(value) == f'{{"a":{text if text != "1e-05" else json.dumps(text)}}}'


@pytest.mark.parametrize("text", ["1.10", "1e-05", "1E5", "3.11e-05", "-0", "12345678901234567890123"])
def test_number_keeps_its_text_in_json(text):
    value = load_json(f'{{"a": {text}}}', path="p")

    assert write_json(value) == f'{{"a":{text}}}'


def test_number_of_more_digits_than_int_takes_is_kept():
    digits = "7" * 5000

    assert write_json(load_yaml(f"[{digits}]", path="p")) == f"[{digits}]"


def test_quoted_number_is_text():
    assert write_json(load_yaml("['1.10', \"2\"]", path="p")) == '["1.10","2"]'


def test_members_keep_their_order():
    assert write_json(load_yaml("{b: x, a: x, c: x}", path="p")) == '{"b":"x","a":"x","c":"x"}'


ODDITIES = [
    "yes", "no", "on", "off", "Yes", "NO", "On", "OFF", "true", "False", "TRUE", "y", "n", "Y", "N", "tRuE",
    "~", "null", "Null", "NULL", "nil", "''", "''' '",
    "1:60", "0o17", "017", "08", "0x1F", "0xZ", "0b11", "0b2", "1_000", "+1",
    "-1", ".5", "-.5", "1.", "1e5", "1.0e+5", "1.5e5", ".inf", "-.inf", "+.INF", ".Inf", "1__2", "_1", "-", "- a",
    "--", "...x", "<", "<=", "==", "1.2.3", "192.168.0.1", "12e03", "6.8523015e+5", "685.230_15e+03", "é", "#x", "a#b",
    "!!str 12", "!!str yes", "!!int '12'", "!!int '0x1F'", "!!float '1.5'", "!!null ''", "!!bool 'yes'",
    "!!binary aGk=", "! 12", '"\\u00e9\\x41\\n\\0"', "|\n   a\n   b", ">-\n   a\n   b",
]  # fmt: skip


@pytest.mark.parametrize("text", ["1:30", "-1:30", "190:20:30", "1:30.5", "12:30:45"])
def test_time_of_day_is_text(text):
    assert load_yaml(f"a: {text}", path="p") == {"a": text}


@pytest.mark.parametrize("text", ODDITIES)
def test_scalar_means_what_libyaml_makes_of_it(text):
    document = f"a: {text}"
    try:
        expected = yaml.load(document, SAFE)
    except yaml.YAMLError:
        with pytest.raises(CassetteFormatError):
            load_yaml(document, path="p")
        return

    value = plain(load_yaml(document, path="p"))

    assert value == expected
    assert type(value["a"]) is type(expected["a"])


def test_not_a_number_is_nan():
    assert math.isnan(load_yaml(".nan", path="p"))


@pytest.mark.parametrize("text", ["2024-01-01", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00.5 +2"])
def test_timestamp_stays_text(text):
    assert load_yaml(f"a: {text}", path="p") == {"a": text}


@pytest.mark.parametrize("text", ["=", "<<"])
def test_sign_that_libyaml_refuses_as_a_value_is_text(text):
    assert load_yaml(f"a: {text}", path="p") == {"a": text}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("dumper", [yaml.SafeDumper, yaml.CSafeDumper], ids=["python", "libyaml"])
@given(value=JSON_VALUES, flow=st.booleans(), style=st.sampled_from([None, '"', "'"]))
@settings(max_examples=60, deadline=None)
def test_what_yaml_dumps_loads_as_libyaml_loads_it(dumper, value, flow, style):
    text = yaml.dump(value, Dumper=dumper, default_flow_style=flow, default_style=style, sort_keys=False)

    loaded = plain(load_yaml(text, path="p"))

    # json.dumps tells apart what is equal in Python: 1, 1.0 and True.
    assert json.dumps(loaded) == json.dumps(yaml.load(text, SAFE))


@given(value=JSON_VALUES)
@settings(max_examples=100, deadline=None)
def test_json_is_written_as_it_was_read(value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    assert write_json(load_json(text, path="p")) == text


@given(text=st.text(alphabet="ab:-[]{},&*!|>'\"%@`#?~<=.0123456789 \n\t\\", max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_text_loads_or_is_refused(text):
    with suppress(CassetteFormatError, UnknownTag):
        load_yaml(text, path="p")


@given(text=st.text(alphabet='ab:[]{},"0123456789 \n\\u-.eE', max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_json_text_loads_or_is_refused(text):
    with suppress(CassetteFormatError):
        load_json(text, path="p")


def test_anchor_is_what_its_aliases_mean():
    value = load_yaml("a: &x {k: v}\nb: *x\nc: &y text\nd: *y\ne: &z [1]\nf: *z", path="p")

    assert plain(value) == {"a": {"k": "v"}, "b": {"k": "v"}, "c": "text", "d": "text", "e": [1], "f": [1]}


def test_mapping_knows_the_line_where_it_begins():
    value = load_yaml("# comment\na: 1\nb:\n  c: 2\n", path="p")

    assert (value.line, value["b"].line) == (2, 4)


def test_json_mapping_knows_no_line():
    value = load_json('{"a": 1}', path="p")

    assert isinstance(value, LinedMapping)
    assert value.line is None


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n...\n"])
def test_empty_document_is_none(text):
    assert load_yaml(text, path="p") is None


@pytest.mark.parametrize(
    ("text", "tag", "line"),
    [
        ("a: 1\nb: !foo x", "!foo", 2),
        ("a: !foo {b: 1}", "!foo", 1),
        ("a:\n- !foo [b]", "!foo", 2),
        ("a: !!python/name:os.system ''", "tag:yaml.org,2002:python/name:os.system", 1),
        ("a: !!set {b}", "tag:yaml.org,2002:set", 1),
        ("x: &x {k: v}\na:\n  <<: *x", "<<", 3),
    ],
)
def test_unknown_tag_is_left_to_another_reader(text, tag, line):
    with pytest.raises(UnknownTag) as caught:
        load_yaml(text, path="p")

    assert (str(caught.value), caught.value.line) == (tag, line)


@pytest.mark.parametrize("text", ["a: !!map {b: c}", "a: ! {b: c}"])
def test_tag_of_a_mapping_that_says_mapping_is_known(text):
    assert load_yaml(text, path="p") == {"a": {"b": "c"}}


def test_quoted_merge_sign_is_a_key():
    assert load_yaml("{'<<': a}", path="p") == {"<<": "a"}


def test_alias_of_a_merge_sign_is_a_key():
    assert load_yaml("- &m '<<'\n- {*m : a}", path="p") == ["<<", {"<<": "a"}]


DAMAGED = [
    ("a: 1\nb: [1, 2\n", 3, "did not find expected ',' or ']'"),
    ("a: 1\nb: {c: 1\n", 3, "did not find expected ',' or '}'"),
    ("a: 1\n\tb: 2\n", 2, "found a tab character that violates indentation"),
    ("a: 1\nb: 'x\n", 3, "found unexpected end of stream"),
    ("a: 1\n  b: 2\n", 2, "mapping values are not allowed in this context"),
    ("a: 1\nb: *nowhere\n", 2, "undefined alias 'nowhere'"),
    ("a: 1\nb: !!binary abc\n", 2, "broken !!binary: Incorrect padding"),
    ("a: 1\nb: !!binary é\n", 2, "broken !!binary: string argument should contain only ASCII characters"),
    ("a: 1\nb: !!int foo\n", 2, "not a number: 'foo'"),
    ("a: 1\nb: !!float ''\n", 2, "not a number: ''"),
    ("a: 1\n? [b]\n: 2\n", 2, "a key is a mapping or a list"),
    ("a: 1\n---\nb: 2\n", 2, "a second document begins here"),
    ("a: 1\n...\n}{\n", 3, "did not find expected <document start>"),
    ("é: 1\nb: x\x00y\n", 2, "character #x0000 is not allowed"),
    ('a: 1\nb: "\\q"\n', 2, "found unknown escape character"),
    ('a: 1\nb: "\\ud800"\n', 2, "found invalid Unicode character escape code"),
    ("a: 1\nb: @x\n", 2, "found character that cannot start any token"),
    ("%YAML 9.9\n---\na: 1\n", 1, "found incompatible YAML document"),
]


@pytest.mark.parametrize(("text", "line", "message"), DAMAGED)
def test_damaged_yaml_is_refused_with_its_line(text, line, message):
    with pytest.raises(CassetteFormatError) as caught:
        load_yaml(text, path="some/session.yaml")

    assert str(caught.value) == f"some/session.yaml:{line}: not valid YAML: {message}"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{"a": 1,\n "b" 2}', 2, "Expecting ':' delimiter"),
        ('{"a": 1\n', 2, "Expecting ',' delimiter"),
        ('{"a": 1}\n{', 2, "Extra data"),
        ('{"a": "x\ny"}', 1, "Invalid control character at"),
        ("{\n'a': 1}", 2, "Expecting property name enclosed in double quotes"),
    ],
)
def test_damaged_json_is_refused_with_its_line(text, line, message):
    with pytest.raises(CassetteFormatError) as caught:
        load_json(text, path="session.json")

    assert str(caught.value) == f"session.json:{line}: not valid JSON: {message}"


@pytest.mark.parametrize("load", [load_yaml, load_json])
def test_bottomless_nesting_is_refused(load):
    # PyYAML has a bound of its own since 6.0.4, which it meets before Python's.
    told = r"^p:1: nested too deeply$|^p:1: not valid YAML: exceeded maximum nesting depth$"

    with pytest.raises(CassetteFormatError, match=told):
        load("[" * 20_000 + "]" * 20_000, path="p")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({True: 1, None: 2, 3: 4, "k": 5}, '{"true":1,"null":2,"3":4,"k":5}'),
        ([None, True, False, 1, 1.5], "[null,true,false,1,1.5]"),
        ('é"\n', '"é\\"\\n"'),
    ],
)
def test_value_is_written_as_json(value, text):
    assert write_json(value) == text


@pytest.mark.parametrize("value", [b"x", {"a": {1}}, [object()]])
def test_value_that_is_no_json_is_refused(value):
    with pytest.raises(TypeError, match="is no JSON value"):
        write_json(value)
