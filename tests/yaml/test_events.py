"""Values from YAML's events: what scripts and recordings read in one way."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm import CassetteFormatError, ScriptFormatError
from fakellm._cassette.tree import load_yaml
from fakellm._yaml.handwritten import parse

READERS = {"script": parse, "recording": load_yaml}

VALUES = st.recursive(
    st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(value=VALUES, flow=st.booleans())
@settings(max_examples=100, deadline=None)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_what_yaml_dumps_is_read(read, value, flow):
    text = yaml.safe_dump(value, default_flow_style=flow, default_style='"')

    assert read(text, path="s") == value


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("--- a\n", "a"),
        ("a: &x [b]\nc: *x\nd: {e: *x}", {"a": ["b"], "c": ["b"], "d": {"e": ["b"]}}),
        ("a: &x b\nc: &x d\ne: *x", {"a": "b", "c": "d", "e": "d"}),
        ("a: !!map {b: c}\nd: !!seq [e]\nf: ! [g]\n'<': h", {"a": {"b": "c"}, "d": ["e"], "f": ["g"], "<": "h"}),
    ],
)
def test_document_is_read(read, text, value):
    assert read(text, path="s") == value


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_mappings_know_where_they_begin(read):
    found = read("# first\na:\n  b: [{c: d}]\n", path="s")

    assert [found.line, found["a"].line, found["a"]["b"][0].line] == [2, 3, 3]


@pytest.mark.parametrize(
    ("read", "error", "second", "undefined"),
    [
        (
            parse,
            ScriptFormatError,
            "expected a single document in the stream, but found another document",
            "found undefined alias 'x'",
        ),
        (load_yaml, CassetteFormatError, "a second document begins here", "undefined alias 'x'"),
    ],
    ids=READERS,
)
def test_damage_is_told_in_the_words_of_its_reader(read, error, second, undefined):
    with pytest.raises(error) as of_second:
        read("a: b\n---\nc: d\n", path="s")
    with pytest.raises(error) as of_alias:
        read("a: b\nc: *x\n", path="s")

    assert (str(of_second.value), str(of_alias.value)) == (
        f"s:2: not valid YAML: {second}",
        f"s:2: not valid YAML: {undefined}",
    )
