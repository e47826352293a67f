"""The table of APIs in the docs says what the code does."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from fakellm._dialects.table import DIALECTS

TOOL = runpy.run_path(str(Path(__file__).parent.parent / "tools" / "spoken.py"))


def test_table_of_the_docs_is_the_one_that_the_code_gives():
    page = TOOL["PAGE"].read_text(encoding="utf-8")

    assert TOOL["table"]() in page, "type: python tools/spoken.py"


def test_every_api_that_is_spoken_is_in_the_table():
    requests = [request for _, request in TOOL["REQUESTS"]]

    for place in DIALECTS.spoken_at:
        assert any(request.endswith(place.removeprefix("…")) for request in requests), place


@pytest.mark.parametrize(
    ("request_line", "state"),
    [
        ("POST https://api.openai.com/v1/chat/completions", "SPOKEN"),
        ("POST https://a.test/v1/images/generations", "RECORDED"),
        ("POST https://api.openai.com/v1/files", "NOT"),
        ("GET https://api.openai.com/v1/batches", "NOT"),
    ],
)
def test_state_is_what_a_fake_does_with_a_request(request_line, state):
    assert TOOL["state"](request_line) == TOOL[state]


def test_table_that_is_out_of_date_is_replaced():
    head = TOOL["HEAD"]

    page = TOOL["with_table"](f"before\n\n{head}| old | `x` | y |\n\nafter | b |\n")

    assert page == f"before\n\n{TOOL['table']()}\nafter | b |\n"
