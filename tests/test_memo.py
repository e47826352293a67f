"""Results are kept by their text, within bounds."""

from __future__ import annotations

from fakellm._memo import _PER_ENTRY, Memo


def counting(limit: int) -> tuple[Memo[str, int], list[str]]:
    computed: list[str] = []

    def compute(text: str) -> int:
        computed.append(text)
        return len(text)

    return Memo(compute, limit=limit), computed


def test_result_is_computed_once():
    memo, computed = counting(1000)

    assert [memo["abc"], memo["abc"]] == [3, 3]
    assert computed == ["abc"]


def test_all_is_forgotten_when_the_limit_is_reached():
    memo, computed = counting(2 * (_PER_ENTRY + 1))

    for text in "abca":
        assert memo[text] == 1

    assert computed == ["a", "b", "c", "a"]
    assert dict(memo) == {"c": 1, "a": 1}


def test_text_beyond_the_limit_is_not_kept():
    memo, _ = counting(1000)

    assert [memo["a"], memo["b" * 1000]] == [1, 1000]
    assert dict(memo) == {"a": 1}
