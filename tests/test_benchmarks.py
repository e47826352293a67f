"""The arithmetic of benchmarks/timing.py, by which a benchmark fails, and the texts that are new."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from texts import WORDS, known_words, prose
from timing import Row, own_share, ratio, report, row, take_turns


def test_own_share_is_told_as_on_a_machine_where_mock_transport_takes_85_microseconds():
    spent = {"call": [170e-6], "floor": [200e-6], "fake": [400e-6]}

    found = own_share(spent, "fake", floor="floor", call="call")

    assert (found.figure, found.over_floor) == pytest.approx((100, 2))


def test_own_share_through_httpx2_is_told_by_its_53_microseconds():
    spent = {"call": [106e-6], "fake": [126e-6]}

    assert own_share(spent, "fake", floor="call", call="call", module="httpx2").figure == pytest.approx(10)


def test_own_share_of_parts_is_that_of_each():
    spent = {"call": [85e-6], "stream": [185e-6]}

    assert own_share(spent, "stream", floor="call", call="call", parts=50).figure == pytest.approx(2)


def test_limit_is_a_figure_in_the_unit_of_the_row():
    spent = {"call": [85e-6], "fake": [105e-6], "least": [80e-6]}

    assert own_share(spent, "fake", floor="call", call="call", limit="least").limit == pytest.approx(-5)


def test_ratio_is_the_median_of_those_of_each_round():
    spent = {"floor": [1.0, 2.0, 1.0], "fake": [1.5, 2.2, 9.0]}

    assert ratio(spent, "fake", floor="floor").figure == 1.5


def test_noise_is_twice_the_standard_error_of_the_median():
    # 2 * 1.4826 * 1.2533 * 1 / 2: the median deviation of these is 1.
    assert row("rounds", [9, 9, 11, 11], "µs").noise == pytest.approx(1.858, abs=0.001)


@pytest.mark.parametrize(("figure", "is_missed"), [(9, False), (10.9, False), (11.1, True)])
def test_goal_is_missed_by_more_than_the_noise(figure, is_missed):
    assert Row("a row", figure, 1, "µs", goal=10).is_missed is is_missed


def test_report_prints_verdicts_and_says_that_a_goal_was_missed(capsys):
    rows = [Row("quick", 5, 1, "µs", 10.0), Row("slow", 15, 1, "µs", 10.0, 1.2, 3.0), Row("free", 15, 1, "µs")]

    is_missed = report("a table", rows)

    assert is_missed
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["a", "table", "figure", "noise", "×", "floor", "limit", "goal"],
        ["quick", "5.00", "µs", "±1.00", "10.00", "met"],
        ["slow", "15.0", "µs", "±1.0", "1.20", "3.0", "10.0", "MISSED"],
        ["free", "15.0", "µs", "±1.0"],
    ]


def test_every_round_begins_with_another_contender():
    order = []

    take_turns({name: lambda name=name: order.append(name) or 0.0 for name in "abc"}, rounds=3)

    assert "".join(order[3:]) == "abcbcacab"


def test_first_round_does_not_count():
    seconds = iter([9.0, 1.0, 2.0])

    assert take_turns({"a": lambda: next(seconds)}, rounds=2) == {"a": [1.0, 2.0]}


@pytest.mark.parametrize("make", [known_words, prose])
def test_no_two_texts_are_alike(make):
    texts = [*make(100, 300), *make(100, 300)]

    assert len(set(texts)) == 600
    assert all(80 < len(text) <= 101 for text in texts)


def test_known_words_are_all_known():
    words = {word.strip(",.") for text in known_words(500, 50) for word in text.split()}

    assert words <= {"Then", *WORDS}


def test_prose_has_a_word_in_twelve_that_no_text_had():
    words = [word.strip(",.") for text in prose(500, 50) for word in text.split()]

    coined = [word for word in words if word not in {"Then", *WORDS}]

    assert len(set(coined)) == len(coined)
    assert len(words) / 14 < len(coined) < len(words) / 10
