"""How large a document gets when its aliases are written out."""

import pytest

from fakellm._yaml.aliases import expanded_size


@pytest.mark.parametrize(
    ("value", "size"), [("abc", 103), (b"abc", 103), (1, 100), (["a", None], 301), ({"k": ["v"]}, 402), (("a",), 201)]
)
def test_size_is_that_of_the_texts_and_of_each_value(value, size):
    assert expanded_size(value, {}) == size


def test_what_is_held_several_times_counts_as_often():
    value = ["x" * 900]
    for _ in range(50):
        value = [value, value]

    assert expanded_size(value, {}) > 10**18


def test_value_that_holds_itself_is_refused():
    value = [[]]
    value[0].append(value)

    with pytest.raises(ValueError, match="an alias stands for what holds it"):
        expanded_size(value, {})
