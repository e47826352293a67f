"""The files of the package and of what it imports, also in a test whose file system is a fake one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

__all__ = ["late", "real_files", "real_module"]


@contextmanager
def real_files() -> Iterator[None]:
    """Lift the fake file system of pyfakefs while the block runs; nothing happens where there is none.

    For what is read once, late, and is none of the test's business: a vocabulary, a module that is imported when it
    is needed. Files that a user names are the test's.
    """
    pyfakefs = sys.modules.get("pyfakefs.fake_filesystem_unittest")
    patcher = None if pyfakefs is None else pyfakefs.Patcher.PATCHER
    if patcher is None or not patcher.is_patching:
        yield
        return
    patcher.pause()
    try:
        yield
    finally:
        patcher.resume()


def real_module(name: str) -> ModuleType | None:
    """Return a module, imported off the real files unless it is already; None where it is not installed."""
    if (module := sys.modules.get(name)) is not None or not _is_installed(name):
        return module
    with real_files():
        return import_module(name)


@cache
def late(module: str, name: str) -> Any:
    """Return what a module of the package holds under a name, imported off the real files when first asked for."""
    with real_files():
        return getattr(import_module(module), name)


@cache
def _is_installed(name: str) -> bool:
    """Whether there is a module; looked for once, since most processes lack the same ones all the time."""
    with real_files():
        return find_spec(name) is not None
