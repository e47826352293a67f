"""A folder of script files, each of them a scenario."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from fakellm import _errors
from fakellm._errors import APIError, ScriptFormatError, UsageError
from fakellm._fake import FakeLLM
from fakellm._script.files.format import LoadedScript
from fakellm._script.files.hints import arguments_of, kind_of
from fakellm._script.files.load import load_script
from fakellm._script.scripted import Scripted
from fakellm._yaml.kinds import Either, Several, Shorthand, constants
from fakellm.scenarios._expected import Expected
from fakellm.scenarios._scenario import Scenario, expected_of

__all__ = ["SCENARIO", "load"]

_SUFFIXES = frozenset({".json", ".yaml", ".yml"})

_CLASSES = {name: cls for name, cls in vars(_errors).items() if isinstance(cls, type) and issubclass(cls, APIError)}

_EXPECTED = arguments_of(
    Expected,
    name="expected",
    besides=("create_result",),  # made of the others
    more={"error": Shorthand(constants(sorted(_CLASSES)), _CLASSES.get)},
)

SCENARIO = arguments_of(
    Scenario,
    dict,
    name="a scenario",
    besides=("name", "script", "messages"),  # the file's name, its rules, and what is made of the request
    more={"expected": _EXPECTED, "elsewhere": Several(Either(_EXPECTED, kind_of(NoneType)), container=dict)},
)
"""What ``scenario:`` holds in a file."""


def load(folder: str | os.PathLike[str]) -> list[Scenario]:
    """Return a scenario for each script file of a folder, in order of their names; nothing is registered.

    A file is a script as ``FakeLLM.load`` takes it, YAML or JSON. Its name is that of the scenario; its mapping
    ``scenario:`` says what is not in the script: families (create and stream by default), description, request,
    expected.

    Raises:
        UsageError: there is no such folder.
        ScriptFormatError: a file is no script, or does not say what a client reports; with file and line.
    """
    __tracebackhide__ = True
    path = Path(folder)
    if not path.is_dir():
        raise UsageError(f"there is no folder of scenarios {os.fspath(folder)!r}")
    return [_scenario(file) for file in sorted(path.iterdir()) if file.suffix in _SUFFIXES]


def _scenario(path: Path) -> Scenario:
    script = load_script(path, scenario=SCENARIO)
    said = {"families": ["create", "stream"], "request": _request(script), **script.scenario}
    try:
        expected = said.pop("expected", None) or _expected_of_only_reply(path, script)
        # The code under test may change the working directory.
        return Scenario(path.stem, _loading(path.absolute()), expected=expected, **said)
    except UsageError as err:
        raise ScriptFormatError(str(err), path=str(path), line=script.scenario_line) from err


def _loading(path: Path) -> Any:
    def script(llm: FakeLLM) -> None:
        llm.load(path)

    return script


def _request(script: LoadedScript) -> Mapping[str, Any]:
    """Return the request where the file gives none: a question that the first rule asks for."""
    conditions = script.rules[0].matcher.conditions if script.rules else ()
    asked = next((c.wanted for c in conditions if c.field == "user" and isinstance(c.wanted, str)), None)
    return {} if asked is None else {"messages": [{"role": "user", "content": asked}]}


def _expected_of_only_reply(path: Path, script: LoadedScript) -> Expected:
    replies: list[Scripted] = [reply for rule in script.rules for reply in rule.replies]
    replies += script.fallback.replies if script.fallback else ()
    if len(replies) == 1:
        return expected_of(path.stem, replies[0])
    raise UsageError(
        "a script with several replies does not say what a client reports; add scenario: {expected: {...}}"
    )
