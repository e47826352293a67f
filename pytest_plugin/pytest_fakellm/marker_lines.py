"""Where a marker was written; looked for only when something is wrong with it."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ["place_of"]


def place_of(mark: pytest.Mark, item: pytest.Item) -> str:
    """Return ``path:line`` of a marker of a test, relative to rootdir; the test's own line where it is not found."""
    own = (item.reportinfo()[1] or 0) + 1
    return f"{os.path.relpath(item.path, item.config.rootpath)}:{_line(mark, item.path, own)}"


def _line(mark: pytest.Mark, path: Path, own: int) -> int:
    """Return the line of the marker that looks like it: the last one before the body, or else the first."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):  # a test that comes from no Python file
        return own
    lines = sorted(node.lineno for node in _sites(tree, mark.name) if _looks_like(node, mark))
    # Decorators of the test, of its class, pytestmark: whichever it is, it is the last one before the body.
    nearest = [line for line in lines if line <= _head_end(tree, own)]
    return nearest[-1] if nearest else lines[0] if lines else own


def _head_end(tree: ast.AST, own: int) -> int:
    """Return the line of the ``def`` whose decorators begin at a line."""
    defs = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return next((node.lineno for node in defs if own in [d.lineno for d in node.decorator_list]), own)


def _sites(tree: ast.AST, name: str) -> Iterator[ast.Attribute | ast.Call]:
    """Yield the places where a marker of a name is written, with its arguments where it has any."""
    called = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_mark(node.func, name):
            called.add(node.func)
            yield node
        elif isinstance(node, ast.Attribute) and _is_mark(node, name) and node not in called:
            yield node


def _is_mark(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name and getattr(node.value, "attr", None) == "mark"


def _looks_like(node: ast.Attribute | ast.Call, mark: pytest.Mark) -> bool:
    """Whether the arguments are written as the marker has them: as many, and of the same names."""
    if isinstance(node, ast.Attribute):
        return not mark.args and not mark.kwargs
    keywords = [keyword.arg for keyword in node.keywords]
    return None in keywords or (len(node.args) == len(mark.args) and sorted(map(str, keywords)) == sorted(mark.kwargs))
