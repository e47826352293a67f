"""Script files on the disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from fakellm._errors import ScriptFormatError, UsageError
from fakellm._script.files.format import LoadedScript, read_script
from fakellm._yaml.kinds import Kind

__all__ = ["load_script"]


def load_script(
    path: str | os.PathLike[str], *, folders: Sequence[str | os.PathLike[str]] = (), scenario: Kind | None = None
) -> LoadedScript:
    """Read a script file.

    folders: where to look for it, in order, before the current one. scenario: the kind of what it says of itself as a
    scenario; None passes that over.

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
    return read_script(text, path=shown, scenario=scenario)
