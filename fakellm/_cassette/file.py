"""Cassette files on the disk."""

from __future__ import annotations

import os
from pathlib import Path

from fakellm._cassette.format import read_interactions
from fakellm._cassette.interaction import Interaction
from fakellm._errors import CassetteFormatError, CassetteNotFoundError

__all__ = ["read_cassette"]


def read_cassette(path: str | os.PathLike[str]) -> list[Interaction]:
    """Read a cassette file.

    Raises:
        CassetteNotFoundError: there is none at this path.
        CassetteFormatError: it cannot be read.
    """
    shown = os.fspath(path)
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise CassetteNotFoundError(f"there is no cassette at {shown}") from None
    except OSError as err:
        raise CassetteFormatError(f"cannot be read: {err.strerror}", path=shown) from err
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        raise CassetteFormatError("not UTF-8 text", path=shown, line=line) from err
    return read_interactions(text, path=shown)
