"""What is public, and that it is there."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import fakellm

PUBLIC_MODULES = [
    "fakellm",
    "fakellm.client",
    "fakellm.faults",
    "fakellm.framings",
    "fakellm.messages",
    "fakellm.models",
    "fakellm.scenarios",
    "fakellm.tokens",
]


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_all_is_sorted(name):
    names = import_module(name).__all__

    assert list(names) == sorted(set(names))


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_every_name_of_all_is_there(name):
    module = import_module(name)

    assert [public for public in module.__all__ if not hasattr(module, public)] == []


def test_every_public_name_is_documented():
    undocumented = [name for name in fakellm.__all__ if not getattr(fakellm, name).__doc__]

    assert undocumented == []


def test_error_tree_is_the_one_that_is_drawn():
    bases = {
        "UsageError": "FakeLLMError",
        "ScriptFormatError": "UsageError",
        "UnmatchedRequestError": "FakeLLMError",
        "UnusedReplyError": "FakeLLMError",
        "CassetteError": "FakeLLMError",
        "CassetteNotFoundError": "CassetteError",
        "CassetteFormatError": "CassetteError",
        "CassetteMismatchError": "CassetteError",
        "UnredactedSecretError": "CassetteError",
        "APIError": "FakeLLMError",
        "APIConnectionError": "APIError",
        "APITimeoutError": "APIConnectionError",
        "APIStatusError": "APIError",
        "BadRequestError": "APIStatusError",
        "AuthenticationError": "APIStatusError",
        "PermissionDeniedError": "APIStatusError",
        "NotFoundError": "APIStatusError",
        "ConflictError": "APIStatusError",
        "UnprocessableEntityError": "APIStatusError",
        "RateLimitError": "APIStatusError",
        "InternalServerError": "APIStatusError",
        "LengthFinishReasonError": "APIError",
        "ContentFilterFinishReasonError": "APIError",
    }

    found = {name: getattr(fakellm, name).__bases__[0].__name__ for name in bases}

    assert found == bases


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = fakellm.nothing


def test_dir_lists_public_names():
    assert set(fakellm.__all__) <= set(dir(fakellm))


def test_tokens_load_nothing_before_they_are_asked_for():
    code = "import fakellm.tokens, sys; print([name for name in sys.modules if name.startswith('fakellm.tokens.')])"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"


def test_client_and_table_of_models_load_nothing_that_counts_tokens():
    code = "import fakellm.client, sys; print(*(name for name in sys.modules if name.startswith('fakellm.tokens.')))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert sorted(loaded.split()) == [
        "fakellm.tokens._image_prices",
        "fakellm.tokens._model_table",
        "fakellm.tokens._models",
    ]


def test_unknown_name_of_tokens_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'fakellm\.tokens' has no attribute 'nothing'"):
        _ = fakellm.tokens.nothing


def test_import_loads_nothing_heavy():
    heavy = {"httpx", "pydantic", "rich", "tiktoken", "vcr", "yaml"}
    code = f"import fakellm, sys; print(sorted({heavy} & set(sys.modules)))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"
