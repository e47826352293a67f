"""Texts are cut where tiktoken's patterns cut them."""

from __future__ import annotations

import itertools

import pytest
import regex
from generated_texts import generated_texts
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm.tokens._pieces import _MOST_STAND_INS, PATTERNS, _stand_ins, cutter

# One of each sort that the patterns tell apart, and every letter of the contractions.
SIGNS = "aS'1 \n\r\t/!\x1c"
LETTERS = "'sdmtlverSDMTLVERx "
ENDS = "a,.! \n/"


def by_regex(name: str, text: str) -> list[str]:
    """Cut by the pattern as it is, with the package that knows Unicode's categories."""
    return regex.findall(PATTERNS[name], text)


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize(
    ("alphabet", "longest"), [(SIGNS, 5), (LETTERS, 4), (ENDS, 5)], ids=["sorts", "contractions", "ends"]
)
def test_all_short_ascii_texts_are_cut_by_the_pattern(name, alphabet, longest):
    cut = cutter(PATTERNS[name])
    texts = map("".join, itertools.product(alphabet, repeat=longest))

    assert [text for text in texts if cut(text) != by_regex(name, text)] == []


@settings(max_examples=500, deadline=None)
@given(text=st.text(st.characters(max_codepoint=127)))
@pytest.mark.parametrize("name", PATTERNS)
def test_ascii_text_is_cut_by_the_pattern(name, text):
    assert cutter(PATTERNS[name])(text) == by_regex(name, text)


# Assigned for decades, so that every edition of Unicode agrees on their kinds.
OLD = st.characters(min_codepoint=0x20, max_codepoint=0x24F) | st.sampled_from("ſǅªʰ你のक्ि٣Ⅻ½\u0301\u2028\u3000\xa0😀‍🇦")


@settings(max_examples=500, deadline=None)
@given(text=st.text(OLD))
@pytest.mark.parametrize("name", PATTERNS)
def test_other_text_is_cut_by_the_pattern(name, text):
    assert cutter(PATTERNS[name])(text) == by_regex(name, text)


@pytest.mark.parametrize("name", PATTERNS)
def test_pieces_make_the_text_again(name):
    cut = cutter(PATTERNS[name])

    assert [text for text in generated_texts(2000) if "".join(cut(text)) != text] == []


def test_stand_ins_are_bounded():
    stand_ins = _stand_ins()

    shadow = "".join(map(chr, range(0x4E00, 0x4E00 + _MOST_STAND_INS + 100))).translate(stand_ins)

    assert set(shadow) == {"ª"}
    assert len(stand_ins) <= _MOST_STAND_INS + 1
    assert "ſ".translate(stand_ins) == "s"
