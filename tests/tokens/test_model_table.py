"""The table of models: every name once, and nowhere else in the package."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import fakellm
from fakellm.models import ModelFamily
from fakellm.tokens._model_table import MODELS
from fakellm.tokens._models import answering_model, facts_of, facts_of_version

PACKAGE = Path(fakellm.__file__).parent
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
NAMES = [name for row in MODELS for name in (row.name, row.dated, *row.aliases) if name]
NAMED = re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, sorted(NAMES, key=len, reverse=True)))})(?![^\W_])")

# Where a literal may name models, which ones, and why.
ALLOWED = {
    "_commands/demo.py": {"gpt-4o", "gpt-4o-mini"},  # the demo asks one
    "_commands/verbs/tokens.py": {"gpt-4o"},  # an example in the help
    "_fake.py": {"gpt-4o"},  # the client's model, where a test names none
    "client/_arguments.py": {"gpt-4o"},  # an example in a message
    "client/_openai.py": {"gpt-4o"},  # an example in a message
    "models/_info.py": set(get_args(ModelFamily.ANY)) & set(NAMES),  # AutoGen's families, called as a model of them is
    "scenarios/_conversations.py": {"o4-mini"},  # a request
    "scenarios/_scenario.py": {"gpt-4o"},  # a request
    "scenarios/_streams.py": {"gpt-4o-2024-08-06"},  # an answer
    "tokens/_encodings.py": {"gpt-4o"},  # an example in a message
}


def models_named(source: str) -> set[str]:
    """Return the models that the literals of a module name: alone, in a pattern, or as the beginning of others."""
    return {name for text in literals(ast.parse(source)) for name in NAMED.findall(text)}


def literals(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of a module without its docstrings, which tell the code nothing."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            if isinstance(node.value, bytes):
                yield node.value.decode("latin-1")
            elif isinstance(node.value, str):
                yield node.value


@pytest.mark.parametrize("module", sorted(MODULES.keys() - {"tokens/_model_table.py"}))
def test_what_is_known_of_a_model_stands_in_the_table_alone(module):
    found = models_named(MODULES[module].read_text(encoding="utf-8")) - ALLOWED.get(module, set())

    assert not found, f"{module} names {sorted(found)}; what it knows of them is a field of tokens/_model_table.py"


@pytest.mark.parametrize("module", sorted(ALLOWED))
def test_no_module_is_allowed_more_than_it_names(module):
    assert ALLOWED[module] <= models_named(MODULES[module].read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('LIMITS = {"gpt-4o": 1}', {"gpt-4o"}),
        ('re.compile(r"o4-mini|gpt-5")', {"o4-mini", "gpt-5"}),
        ('model.startswith("gpt-5.")', {"gpt-5"}),
        ('x = f"openai/gpt-4o-mini-{date}"', {"gpt-4o-mini"}),
        ('x = b"claude-3-opus-20240229"', {"claude-3-opus-20240229"}),
        ('"""As gpt-4o does."""', set()),
        ("x = 1  # gpt-4o", set()),
        ('x = "gpt-x claude- gemini- davinci2 radar o1s"', set()),
    ],
)
def test_names_are_found_in_literals(source, found):
    assert models_named(source) == found


def test_every_name_has_one_row():
    assert [name for name, rows in Counter(NAMES).items() if rows > 1] == []


@pytest.mark.parametrize("row", MODELS, ids=lambda row: row.name)
def test_row_does_not_contradict_itself(row):
    facts = row.facts

    assert facts.reasons or facts.effort is None
    assert (row.encoding is None) == (not row.tiktoken)
    assert answering_model(row.name) == (row.dated or row.name)
    assert facts.context is None or max(facts.prompt or 0, facts.completion or 0) <= facts.context


@pytest.mark.parametrize(
    ("model", "like"),
    [
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("gpt-4o-mini-2027-01-01", "gpt-4o-mini"),
        ("ft:gpt-4.1-nano-2025-04-14:org::id", "gpt-4.1-nano"),
        ("gpt-4o:free", "gpt-4o"),
        ("gpt-35-turbo-0125", "gpt-3.5-turbo"),
        ("gpt-5-chat-latest", "gpt-5-chat"),
        ("gpt-5.9-nano", "gpt-5.#"),
        ("gpt-5.10", "gpt-5.#"),
        ("o5-mini", "o#"),
    ],
)
def test_name_without_a_row_is_as_the_longest_that_it_goes_on_from(model, like):
    [row] = [row for row in MODELS if row.name == like]

    assert facts_of(model) is row.facts


@pytest.mark.parametrize("model", ["", "gpt", "gpt-6", "gpt-5.", "gpt-40", "o", "ox", "openai/gpt-4o", "GPT-4O", ":"])
def test_of_any_other_name_nothing_is_known(model):
    assert facts_of(model) == facts_of("somebody-elses")
    assert facts_of_version(model) is None


@pytest.mark.parametrize("model", ["gpt-4o-minii", "gpt-4o-realtime-preview", "gpt-4o-", "gpt-4o:free", "gpt-4o--mini"])
def test_what_is_no_version_of_a_model_is_told_from_one(model):
    assert facts_of_version(model) is None
    assert facts_of_version("gpt-4o") is facts_of(model)
