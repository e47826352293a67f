from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from fakellm.models import ModelFamily, ModelInfo, validate_model_info

FULL: ModelInfo = {
    "vision": True,
    "function_calling": True,
    "json_output": True,
    "family": "gpt-4o",
    "structured_output": True,
}


def without(*fields: str) -> Any:
    return {key: value for key, value in FULL.items() if key not in fields}


def test_family_is_never_instantiated() -> None:
    with pytest.raises(TypeError, match=r"ModelFamily only holds names.*ModelFamily\.GPT_4O"):
        ModelFamily()


def test_any_lists_every_constant() -> None:
    constants = [value for name, value in vars(ModelFamily).items() if name.isupper() and name != "ANY"]

    assert list(get_args(ModelFamily.ANY)) == constants


@pytest.mark.parametrize(
    ("family", "vendor"),
    [
        (ModelFamily.GPT_5, "openai"),
        (ModelFamily.O1, "openai"),
        (ModelFamily.GPT_35, "openai"),
        (ModelFamily.GEMINI_2_5_PRO, "gemini"),
        (ModelFamily.CLAUDE_4_SONNET, "claude"),
        (ModelFamily.LLAMA_4_SCOUT, "llama"),
        (ModelFamily.CODESRAL, "mistral"),
        (ModelFamily.PIXTRAL, "mistral"),
        (ModelFamily.R1, None),
        (ModelFamily.UNKNOWN, None),
        ("gpt-4o-mini", None),
        ("GPT-4O", None),
    ],
)
def test_predicates_test_exact_membership(family: str, vendor: str | None) -> None:
    vendors = ["openai", "gemini", "claude", "llama", "mistral"]

    assert [name for name in vendors if getattr(ModelFamily, f"is_{name}")(family)] == ([vendor] if vendor else [])


def test_full_info_is_valid() -> None:
    validate_model_info(FULL)


def test_other_keys_are_allowed() -> None:
    validate_model_info({**FULL, "context_length": 128000})  # type: ignore[typeddict-unknown-key]


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (("vision",), "vision"),
        (("function_calling", "family"), "function_calling"),
        (("json_output", "vision"), "vision"),
        (("family", "structured_output"), "family"),
    ],
)
def test_first_missing_field_is_named(missing: tuple[str, ...], named: str) -> None:
    with pytest.raises(ValueError, match=rf"lacks the required field '{named}' \(enforced since AutoGen v0\.4\.7\)"):
        validate_model_info(without(*missing))


def test_message_shows_what_is_there_and_what_to_add() -> None:
    with pytest.raises(ValueError, match=r"it has \['family'\]; add 'vision' to it"):
        validate_model_info({"family": "gpt-4o"})  # type: ignore[typeddict-item]


def test_missing_structured_output_is_only_warned_about() -> None:
    with pytest.warns(UserWarning, match="lacks the field 'structured_output'"):
        validate_model_info(without("structured_output"))


def test_info_can_be_a_field_of_a_model() -> None:
    assert TypeAdapter(ModelInfo).validate_python(FULL) == FULL
