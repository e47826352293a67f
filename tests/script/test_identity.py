import dataclasses
import re

import pytest

from fakellm._script.identity import CREATED, Identity

FIRST = Identity(0, "test_a", b"{}", 0)


@pytest.mark.parametrize(
    ("ids", "pattern"),
    [
        (lambda identity: identity.completion_id, r"chatcmpl-[0-9A-Za-z]{29}"),
        (lambda identity: identity.request_id, r"req_[0-9a-f]{32}"),
        (lambda identity: identity.system_fingerprint, r"fp_[0-9a-f]{10}"),
        (lambda identity: identity.call_id(0), r"call_[0-9A-Za-z]{24}"),
    ],
)
def test_id_has_the_form_of_the_real_api(ids, pattern):
    assert re.fullmatch(pattern, ids(FIRST))


@pytest.mark.parametrize("change", [{"seed": 1}, {"test_id": "test_b"}, {"request": b"[]"}, {"seen": 1}])
def test_every_origin_changes_the_ids(change):
    other = dataclasses.replace(FIRST, **change)

    assert not {other.completion_id, other.request_id, other.call_id(0)} & {
        FIRST.completion_id,
        FIRST.request_id,
        FIRST.call_id(0),
    }


def test_equal_origins_give_equal_ids():
    again = Identity(0, "test_a", b"{}", 0)

    assert (again.completion_id, again.call_id(3)) == (FIRST.completion_id, FIRST.call_id(3))


def test_calls_of_one_answer_have_ids_of_their_own():
    assert len({FIRST.call_id(n) for n in range(50)}) == 50


@pytest.mark.parametrize("change", [{"test_id": "test_b"}, {"request": b"[]"}, {"seen": 1}])
def test_fingerprint_depends_on_the_seed_alone(change):
    assert dataclasses.replace(FIRST, **change).system_fingerprint == FIRST.system_fingerprint


def test_another_seed_has_another_fingerprint():
    assert dataclasses.replace(FIRST, seed=1).system_fingerprint != FIRST.system_fingerprint


def test_answers_are_created_at_the_start_of_2025():
    assert CREATED == 1735689600
