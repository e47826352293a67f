import math

import pytest
from chat_wire import asking
from engines import ask, scripted
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm import Reply
from fakellm._script.logprobs import token_logprobs
from fakellm.tokens import get_encoding

ENCODING = get_encoding("o200k_base")


def entries(text, *, top=0, seed=0, given=None, pieces=None):
    by_piece = token_logprobs(pieces or ENCODING.split(text), ENCODING, seed=seed, top=top, given=given)
    return [entry for piece in by_piece for entry in piece]


def sent(reply, **fields):
    return ask(scripted(reply), asking(**fields)).json["choices"][0]["logprobs"]


def test_no_logprobs_unless_asked_for():
    assert sent("Hello!") is None
    assert sent("Hello!", logprobs=False) is None


def test_one_entry_stands_for_each_token():
    found = sent("Hello!", logprobs=True)

    assert [entry["token"] for entry in found["content"]] == ["Hello", "!"]
    assert [entry["bytes"] for entry in found["content"]] == [[72, 101, 108, 108, 111], [33]]
    assert [entry["top_logprobs"] for entry in found["content"]] == [[], []]
    assert found["refusal"] is None


def test_half_a_character_is_shown_by_its_bytes():
    found = entries("👩\u200d🔬")

    assert b"".join(bytes(entry["bytes"]) for entry in found).decode() == "👩\u200d🔬"
    assert any(entry["token"].startswith("bytes:\\xf0\\x9f") for entry in found)


def test_logprobs_of_a_refusal_stand_beside_it():
    found = sent(Reply(refusal="No."), logprobs=True)

    assert found["content"] is None
    assert [entry["token"] for entry in found["refusal"]] == ["No", "."]


def test_logprobs_are_the_same_on_every_run():
    assert entries("Hello there", top=2) == entries("Hello there", top=2)
    assert entries("Hello there", top=2) != entries("Hello there", top=2, seed=1)


def test_logprobs_are_these():
    first = sent("Hello!", logprobs=True, top_logprobs=2)["content"][0]

    assert (first["token"], round(first["logprob"], 6)) == ("Hello", -0.323886)


@given(text=st.text(st.characters(codec="utf-8"), max_size=12), top=st.integers(0, 20), seed=st.integers(0, 2**64))
@settings(max_examples=60, deadline=None)
def test_probabilities_are_possible(text, top, seed):
    for entry in entries(text, top=top, seed=seed):
        ranked = entry["top_logprobs"]
        assert len(ranked) == top
        assert sum(math.exp(other["logprob"]) for other in ranked) <= 1
        assert [other["logprob"] for other in ranked] == sorted((o["logprob"] for o in ranked), reverse=True)
        assert len({tuple(other["bytes"]) for other in ranked}) == top
        if top:
            assert {name: entry[name] for name in ("token", "logprob", "bytes")} == ranked[0]


@given(text=st.text(st.characters(codec="utf-8"), max_size=12), cut=st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_every_token_belongs_to_one_piece(text, cut):
    found = entries(text, pieces=(text[:cut], text[cut:]))

    assert b"".join(bytes(entry["bytes"]) for entry in found) == text.encode()


def test_scripted_numbers_are_sent():
    found = sent(Reply("Hello!", logprobs=[-0.5, -2]), logprobs=True, top_logprobs=1)

    assert [entry["logprob"] for entry in found["content"]] == [-0.5, -2]


def test_unlikely_token_is_not_the_first_of_its_place():
    [entry] = entries("Hello", top=3, given=[-3.0])

    ranks = [other["token"] for other in entry["top_logprobs"]]
    assert ranks.index("Hello") > 0
    assert sum(math.exp(other["logprob"]) for other in entry["top_logprobs"]) <= 1


def test_certain_token_leaves_nothing_to_the_others():
    [entry] = entries("Hello", top=3, given=[0.0])

    assert [other["logprob"] for other in entry["top_logprobs"]] == [0.0, -9999.0, -9999.0]


def test_scripted_entries_are_sent_as_they_are():
    given_entry = {"token": "Hello", "logprob": -1.0, "bytes": None, "top_logprobs": []}

    assert sent(Reply("Hello", logprobs=[given_entry]), logprobs=True)["content"] == [given_entry]


def test_scripted_logprobs_are_not_sent_unasked():
    assert sent(Reply("Hello!", logprobs=[-0.5, -2])) is None


def test_too_few_logprobs_are_the_tests_mistake():
    answer = ask(scripted(Reply("Hello!", logprobs=[-0.5])), asking(logprobs=True))

    assert answer.status == 400
    assert answer.error["message"].startswith("call 1: the reply has 1 logprobs, its text 2 tokens: ['Hello', '!']\n")


@pytest.mark.parametrize("given", [0.5, "x", [True], ["x"]])
def test_what_is_no_logprob_is_a_usage_error(given):
    with pytest.raises(Exception, match="Reply logprobs holds a number, 0 or less, or an entry as on the wire"):
        Reply("a", logprobs=given)
