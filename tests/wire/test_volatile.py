"""Members of requests that are new on each run."""

import pytest
from chat_wire import asking
from engines import ask, scripted

from fakellm._wire.volatile import volatile_members, without_volatile

RUN = f"agents-sdk:run:{'0123456789abcdef' * 2}"
CONVERSATION = "019ace1a-7f3c-7c11-8a4e-0123456789ab"


@pytest.mark.parametrize("key", [RUN, CONVERSATION])
def test_key_made_for_one_run_is_left_out(key):
    body = {"model": "m", "prompt_cache_key": key}

    assert (volatile_members(body), without_volatile(body)) == (["prompt_cache_key"], {"model": "m"})


@pytest.mark.parametrize(
    "body",
    [
        {"prompt_cache_key": "mine"},
        {"prompt_cache_key": f"{RUN}0"},
        {"prompt_cache_key": f"agents-sdk:session:{'0' * 32}"},
        {"prompt_cache_key": None},
        {"prompt_cache_key": [RUN]},
        {"user": RUN},
        {"metadata": {"prompt_cache_key": RUN}},
        [RUN],
        None,
    ],
)
def test_anything_else_counts(body):
    assert (volatile_members(body), without_volatile(body)) == ([], body)


def test_fake_answers_the_same_whatever_the_run():
    first, second = (
        ask(scripted("hi"), asking(prompt_cache_key=f"agents-sdk:run:{digit * 32}")) for digit in ("0", "1")
    )

    assert first.body == second.body
