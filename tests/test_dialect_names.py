"""Outside ``_dialects/``, nothing decides by an API's name: a new API is one folder and a line in the table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "fakellm"

# Names of APIs and of companies, as a branch would compare with.
NAMES = {"chat", "responses", "completions", "embeddings", "moderations", "anthropic", "gemini", "openai", "azure"}

# What is about one API on purpose: its client, the vocabulary of AutoGen, ready-made situations, the demonstration;
# and the rules of names of models, which hold such words.
OF_ONE_API = ("client", "models", "messages", "scenarios", "_commands/demo.py", "tokens/_models.py")

# Of the dialects, what others may import: the table, and facts about hosts.
OPEN = {"fakellm._dialects.table", "fakellm._dialects.providers"}

MODULES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if not str(path.relative_to(PACKAGE)).startswith(("_dialects", *OF_ONE_API))
]


def literals(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield the constants of a module, without those that stand alone: docstrings."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in alone)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_outside_decides_by_the_name_of_an_api(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))

    named = {f"line {node.lineno}: {node.value!r}" for node in literals(tree) if node.value in NAMES}

    assert not named


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_outside_imports_a_dialect(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    dialects = {name for name in modules if name.startswith("fakellm._dialects")}

    below = {"_wire": set(), "_script": {"fakellm._dialects.providers"}}

    assert dialects <= below.get(path.relative_to(PACKAGE).parts[0], OPEN)
