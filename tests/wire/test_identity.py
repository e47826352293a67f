import re

import pytest

from fakellm._wire.identity import CREATED, Identity

FIRST = Identity(0, "test_a", b"{}", 0)


@pytest.mark.parametrize(
    ("ids", "pattern"),
    [
        (lambda identity: identity.id("chatcmpl-", 29), r"chatcmpl-[0-9A-Za-z]{29}"),
        (lambda identity: identity.request_id, r"req_[0-9a-f]{32}"),
        (lambda identity: identity.call_id(0, "toolu_", 22), r"toolu_[0-9A-Za-z]{22}"),
        (lambda identity: identity.call_id(0), r"call_[0-9A-Za-z]{24}"),
    ],
)
def test_id_has_the_form_of_the_real_api(ids, pattern):
    assert re.fullmatch(pattern, ids(FIRST))


@pytest.mark.parametrize("change", [{"seed": 1}, {"test_id": "test_b"}, {"request": b"[]"}, {"seen": 1}])
def test_every_origin_changes_the_ids(change):
    other = Identity(**{"seed": 0, "test_id": "test_a", "request": b"{}", "seen": 0, **change})

    assert not {other.id("a", 29), other.request_id, other.call_id(0)} & {
        FIRST.id("a", 29),
        FIRST.request_id,
        FIRST.call_id(0),
    }


def test_equal_origins_give_equal_ids():
    again = Identity(0, "test_a", b"{}", 0)

    assert (again.id("a", 29), again.call_id(3)) == (FIRST.id("a", 29), FIRST.call_id(3))


def test_calls_of_one_answer_have_ids_of_their_own():
    assert len({FIRST.call_id(n) for n in range(50)}) == 50


def test_answers_are_created_at_the_start_of_2025():
    assert CREATED == 1735689600
