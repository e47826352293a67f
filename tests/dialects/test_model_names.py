import json
import os
from pathlib import Path

import pytest
from chat_wire import asking
from engines import ask, scripted

from fakellm._dialects.providers import PROVIDERS
from fakellm.client._known_models import _ALIASES, resolve_model
from fakellm.tokens._models import _DATED, answering_model


@pytest.mark.parametrize(
    ("model", "dated"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06"),  # recorded
        ("gpt-4o-audio-preview", "gpt-4o-audio-preview-2024-12-17"),  # recorded
        ("gpt-5", "gpt-5-2025-08-07"),  # recorded
        ("gpt-5.5", "gpt-5.5-2026-04-23"),
        ("gpt-4o-2024-11-20", "gpt-4o-2024-11-20"),
        ("gpt-9", "gpt-9"),
        ("ft:gpt-4o:mine::abc", "ft:gpt-4o:mine::abc"),
    ],
)
def test_openai_answers_an_alias_with_the_dated_name(model, dated):
    assert answering_model(model) == dated


@pytest.mark.parametrize("name", PROVIDERS)
def test_other_providers_answer_with_the_name_asked_for(name):
    dated = {"openai": "gpt-4o-2024-08-06", "azure": "gpt-4o-2024-08-06"}

    assert PROVIDERS[name].model_name("gpt-4o") == dated.get(name, "gpt-4o")


def test_answer_carries_the_dated_name_and_the_journal_the_one_asked_for():
    engine = scripted("hi")

    assert ask(engine).json["model"] == "gpt-4o-2024-08-06"
    assert engine.journal[0].model == "gpt-4o"


def test_stream_carries_the_dated_name():
    assert {chunk["model"] for chunk in ask(scripted("hi"), asking(stream=True)).chunks} == {"gpt-4o-2024-08-06"}


def test_later_models_are_no_aliases_of_autogen():
    assert resolve_model("gpt-5.1") == "gpt-5.1"


def test_dated_names_of_later_models_are_in_the_document():
    if not (path := os.environ.get("FAKELLM_OPENAPI")):
        pytest.skip("FAKELLM_OPENAPI names no OpenAPI document")
    file = Path(path)
    schemas = json.loads((file / "openapi-subset.json" if file.is_dir() else file).read_text())["components"]["schemas"]
    named = json.dumps([schema for name, schema in schemas.items() if "Model" in name])

    later = [dated for name, dated in _DATED.items() if name not in _ALIASES]
    assert [name for name in later if f'"{name}"' not in named] == []
