"""Script files on the disk, and the schema that editors check them with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from fakellm._errors import ScriptFormatError, UsageError
from fakellm._script.files.format import LoadedScript, MakeTransform, read_script

__all__ = ["load_script", "schema_text"]


def load_script(
    path: str | os.PathLike[str],
    *,
    faults: ModuleType,
    framings: ModuleType,
    folders: Sequence[str | os.PathLike[str]] = (),
) -> LoadedScript:
    """Read a script file. faults, framings: the modules of fakellm, which stand on this package.

    folders: where to look for it, in order, before the current one.

    Raises:
        ScriptFormatError: it is no script; with the line.
        UsageError: it cannot be opened.
    """
    shown = os.fspath(path)
    places = list(dict.fromkeys(Path(folder, path) for folder in (*folders, Path.cwd())))
    try:
        data = next((place for place in places if place.exists()), places[0]).read_bytes()
    except OSError as err:
        looked = "" if Path(path).is_absolute() else f"; looked for {' and '.join(map(str, places))}"
        raise UsageError(f"the script {shown} cannot be opened: {err.strerror}{looked}") from err
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
