"""The files of the package and of what it imports, also in a test whose file system is a fake one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["real_files"]


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
