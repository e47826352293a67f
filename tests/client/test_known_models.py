"""What is known about models by their names, as in AutoGen 0.7.5."""

import json
import os
import re
from pathlib import Path

import pytest

from fakellm.client._known_models import known_model_info, resolve_model, token_limit
from fakellm.tokens._models import _PREFIXES, _ROWS

# alias, dated name, abilities (V vision, F functions, J JSON, S structured output), family, context in tokens
MODELS = [
    ("o4-mini", "o4-mini-2025-04-16", "VFJS", "o4", 200_000),
    ("o3", "o3-2025-04-16", "VFJS", "o3", 200_000),
    ("o3-mini", "o3-mini-2025-01-31", "FJS", "o3", 200_000),
    ("gpt-5", "gpt-5-2025-08-07", "VFJS", "gpt-5", 400_000),
    ("gpt-5-mini", "gpt-5-mini-2025-08-07", "VFJS", "gpt-5", 400_000),
    ("gpt-5-nano", "gpt-5-nano-2025-08-07", "VFJS", "gpt-5", 400_000),
    ("gpt-4.1", "gpt-4.1-2025-04-14", "VFJS", "gpt-41", 1_047_576),
    ("gpt-4.1-mini", "gpt-4.1-mini-2025-04-14", "VFJS", "gpt-41", 1_047_576),
    ("gpt-4.1-nano", "gpt-4.1-nano-2025-04-14", "VFJS", "gpt-41", 1_047_576),
    ("gpt-4o", "gpt-4o-2024-08-06", "VFJS", "gpt-4o", 128_000),
    ("gpt-4o-mini", "gpt-4o-mini-2024-07-18", "VFJS", "gpt-4o", 128_000),
    ("gpt-4o-2024-11-20", "gpt-4o-2024-11-20", "VFJS", "gpt-4o", 128_000),
    ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13", "VFJ", "gpt-4o", 128_000),
    ("gpt-4-turbo", "gpt-4-turbo-2024-04-09", "VFJ", "gpt-4", 128_000),
    ("gpt-4", "gpt-4-0613", "FJ", "gpt-4", 8_192),
    ("gpt-3.5-turbo", "gpt-3.5-turbo-0125", "FJ", "gpt-35", 16_385),
]
UNKNOWN = [
    "gpt-4o-minii",
    "gpt-4o-realtime-preview",
    "gpt-4o-transcribe",
    "text-embedding-3-small",
    "ft:davinci-002:o::i",
    "GPT-4O",
    "openai/gpt-4o",
    "gpt-4o-",
    "gpt",
    "",
    "qwen/qwen3-14b:free",
]


@pytest.mark.parametrize(("alias", "dated", "can", "family", "limit"), MODELS)
def test_alias_means_a_dated_model(alias, dated, can, family, limit):
    assert resolve_model(alias) == dated


@pytest.mark.parametrize("name", UNKNOWN)
def test_other_name_means_itself(name):
    assert resolve_model(name) == name


@pytest.mark.parametrize(("alias", "dated", "can", "family", "limit"), MODELS)
def test_abilities_are_known_by_both_names(alias, dated, can, family, limit):
    info = {
        "vision": "V" in can,
        "function_calling": "F" in can,
        "json_output": "J" in can,
        "family": family,
        "structured_output": "S" in can,
        "multiple_system_messages": True,
    }

    assert known_model_info(alias) == known_model_info(dated) == info


@pytest.mark.parametrize(("alias", "dated", "can", "family", "limit"), MODELS)
def test_context_is_known_by_both_names(alias, dated, can, family, limit):
    assert (token_limit(alias), token_limit(dated)) == (limit, limit)


def test_context_is_autogens_where_the_api_has_another():
    assert token_limit("gpt-3.5-turbo-0613") == token_limit("gpt-3.5-turbo-instruct") == 4_096  # the API: 4,097


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_model_says_what_to_pass(name):
    with pytest.raises(ValueError, match="model_info") as caught:
        known_model_info(name)

    assert str(caught.value) == (
        f"model_info is required when model name is not a valid OpenAI model; got model={name!r}. "
        "Pass model_info={'vision': ..., 'function_calling': ..., 'json_output': ..., 'family': ..., "
        "'structured_output': ...}"
    )


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_model_has_no_context(name):
    with pytest.raises(KeyError):
        token_limit(name)


def test_description_is_a_new_one_each_time():
    known_model_info("gpt-4o")["vision"] = False

    assert known_model_info("gpt-4o")["vision"] is True


# alias or dated name that AutoGen does not have, abilities, family, context in tokens
LATER = [
    ("gpt-5.1", "VFJS", "gpt-5", 400_000),
    ("gpt-5.1-2025-11-13", "VFJS", "gpt-5", 400_000),
    ("gpt-5.1-codex-max", "VFJS", "gpt-5", None),
    ("gpt-5.4", "VFJS", "gpt-5", 1_050_000),
    ("gpt-5.4-mini", "VFJS", "gpt-5", 400_000),
    ("gpt-5.5-pro", "VFJS", "gpt-5", None),
    ("gpt-5.6-sol", "VFJS", "gpt-5", None),
    ("gpt-5.6-luna-2027-01-01", "VFJS", "gpt-5", None),
    ("gpt-5.9-nano-2027-01-01", "VFJS", "gpt-5", None),
    ("gpt-4.1-mini-2026-01-01", "VFJS", "gpt-41", 1_047_576),
    ("gpt-4o-2026-01-01", "VFJS", "gpt-4o", 128_000),
    ("gpt-4o-audio-preview", "FJ", "gpt-4o", 128_000),
    ("gpt-4o-search-preview", "FJS", "gpt-4o", 128_000),
    ("chatgpt-4o-latest", "V", "gpt-4o", 128_000),
    ("gpt-4-32k-0314", "FJ", "gpt-4", 32_768),
    ("gpt-35-turbo-16k", "FJ", "gpt-35", 16_385),
    ("o1-pro", "VFJS", "o1", 200_000),
    ("o3-pro-2025-06-10", "VFJS", "o3", 200_000),
    ("gpt-oss-120b", "FJS", "unknown", None),
    ("ft:gpt-4o-mini-2024-07-18:org::id", "VFJS", "gpt-4o", 128_000),
]


@pytest.mark.parametrize(("name", "can", "family", "limit"), LATER)
def test_later_model_and_version_is_known(name, can, family, limit):
    info = known_model_info(name)

    assert "".join(letter for letter, ability in ABILITIES.items() if info[ability]) == can
    assert (info["family"], info["multiple_system_messages"]) == (family, True)
    if limit is None:
        with pytest.raises(KeyError):
            token_limit(name)
    else:
        assert token_limit(name) == limit


ABILITIES = {"V": "vision", "F": "function_calling", "J": "json_output", "S": "structured_output"}
NAMED = [name for name in _ROWS if "#" not in name]
NAMED += [f"{prefix.rstrip('-')}-2026-01-01" for prefix in _PREFIXES]
NO_CHAT = re.compile(r"(ft:)?(text|code)-|(ft:)?(davinci|curie|babbage|ada|cushman)|gpt-?2")
"""Models of embeddings and of completions, for which there is no chat."""


@pytest.mark.parametrize("name", sorted({name for name in NAMED if not NO_CHAT.match(name)}))
def test_every_chat_model_that_the_package_knows_is_known_to_the_client(name):
    assert known_model_info(name)["family"]


def test_every_chat_model_of_the_document_is_known_to_the_client():
    if not (path := os.environ.get("FAKELLM_OPENAPI")):
        pytest.skip("FAKELLM_OPENAPI names no OpenAPI document")
    file = Path(path)
    schemas = json.loads((file / "openapi-subset.json" if file.is_dir() else file).read_text())["components"]["schemas"]
    names = {name for kind in schemas["ModelIdsShared"]["anyOf"] for name in kind.get("enum", ())}

    unknown = {name for name in names if not _is_known(name)}

    assert unknown == {"codex-mini-latest"}  # listed there, but a model of the Responses API alone


def _is_known(name):
    try:
        return bool(known_model_info(name))
    except ValueError:
        return False
