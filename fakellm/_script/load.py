"""Script files on the disk, and the schema that editors check them with."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

from fakellm._errors import ScriptFormatError, UsageError
from fakellm._script.format import LoadedScript, MakeTransform, read_script

__all__ = ["load_script", "schema_text"]


def load_script(path: str | os.PathLike[str], *, faults: ModuleType, framings: ModuleType) -> LoadedScript:
    """Read a script file. faults, framings: the modules of fakellm, which stand on this package.

    Raises:
        ScriptFormatError: it is no script; with the line.
        UsageError: it cannot be opened.
    """
    shown = os.fspath(path)
    try:
        data = Path(path).read_bytes()
    except OSError as err:
        raise UsageError(f"the script {shown} cannot be opened: {err.strerror}") from err
    except ValueError as err:  # a NUL
        raise UsageError(f"{shown!r} cannot be the path of a script: {err}") from err
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        raise ScriptFormatError("not UTF-8 text", path=shown, line=line) from err
    return read_script(text, path=shown, faults=_makers(faults), framings=_makers(framings))


def _makers(module: ModuleType) -> dict[str, MakeTransform]:
    return {name: getattr(module, name) for name in module.__all__ if name.islower()}


def schema_text() -> str:
    """Return the JSON Schema of script files."""
    return (Path(__file__).parent / "script.schema.json").read_text(encoding="utf-8")
