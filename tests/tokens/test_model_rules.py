"""Which encoding a model has is what tiktoken says."""

from __future__ import annotations

from itertools import combinations

import pytest
import tiktoken
from tiktoken import model as theirs

from fakellm.tokens import _models
from fakellm.tokens._models import encoding_name_for_model

pytestmark = pytest.mark.skipif(
    tuple(map(int, tiktoken.__version__.split(".")[:2])) < (0, 14), reason="the rules are those of tiktoken 0.14"
)


def test_rules_are_those_of_the_installed_tiktoken():
    assert dict(_models._NAMES) == theirs.MODEL_TO_ENCODING
    assert dict(_models._PREFIXES) == theirs.MODEL_PREFIX_TO_ENCODING


def test_tiktoken_asks_for_the_longer_of_two_beginnings_first_as_is_done_here():
    order = list(theirs.MODEL_PREFIX_TO_ENCODING)

    assert [(a, b) for a, b in combinations(order, 2) if b.startswith(a)] == []


KNOWN = (
    "gpt-4o gpt-4o-mini gpt-4.1 gpt-4.1-nano gpt-4.5-preview gpt-5 gpt-5-mini gpt-4 gpt-4-32k gpt-35-turbo-16k o1 "
    "o1-mini o3-pro o4-mini o4-mini-high chatgpt-4o-latest ft:gpt-4o-mini:me ft:gpt-4:me gpt-oss-20b davinci gpt2 gpt-2"
)
UNKNOWN = "qwen/qwen3-14b:free o4 o1x gpt-4.1x Gpt-4o claude-sonnet-4 gpt- text-davinci"


@pytest.mark.parametrize("model", [*KNOWN.split(), *UNKNOWN.split(), ""])
def test_model_has_the_encoding_that_tiktoken_gives_it(model):
    try:
        expected = theirs.encoding_name_for_model(model)
    except KeyError:
        expected = None

    assert encoding_name_for_model(model) == expected
