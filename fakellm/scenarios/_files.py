"""A folder of script files, each of them a scenario."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fakellm import _errors, faults, framings
from fakellm._errors import APIError, ScriptFormatError, UsageError
from fakellm._fake import FakeLLM
from fakellm._script.files.format import LoadedScript, check_keys, plain, read_tool_calls, section_of, told
from fakellm._script.files.load import load_script
from fakellm._script.files.parse import ScriptMapping
from fakellm._script.scripted import Scripted
from fakellm.scenarios._expected import Expected
from fakellm.scenarios._scenario import Scenario, expected_of

__all__ = ["load"]

_SUFFIXES = frozenset({".json", ".yaml", ".yml"})
_KEYS = ("families", "description", "request", "expected")
_TEXTS = ("content", "refusal", "reasoning", "finish_reason", "error", "description")
_EXPECTED = ("content", "chunks", "tool_calls", "refusal", "reasoning", "usage", "finish_reason", "error")


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
    script = load_script(path, faults=faults, framings=framings)
    said = script.scenario if script.scenario is not None else ScriptMapping(str(path), 1)
    check_keys(said, "a scenario", _KEYS)
    expected, request = _expected(said, script), _request(said, script)
    with told(said, "families"):
        return Scenario(
            path.stem,
            _loading(path.absolute()),  # the code under test may change the working directory
            expected=expected,
            request=request,
            families=plain(said.get("families", ["create", "stream"])),
            description=said.get("description", ""),
        )


def _loading(path: Path) -> Any:
    def script(llm: FakeLLM) -> None:
        llm.load(path)

    return script


def _request(said: ScriptMapping, script: LoadedScript) -> dict[str, Any]:
    """Return the request; where none is given, a question that the first rule asks for."""
    if "request" in said:
        request: dict[str, Any] = plain(section_of(said["request"], said, "request", "request"))
        return request
    conditions = script.rules[0].matcher.conditions if script.rules else ()
    asked = next((c.wanted for c in conditions if c.field == "user" and isinstance(c.wanted, str)), None)
    return {} if asked is None else {"messages": [{"role": "user", "content": asked}]}


def _expected(said: ScriptMapping, script: LoadedScript) -> Expected:
    if "expected" not in said:
        return _expected_of_only_reply(said, script)
    expected = section_of(said["expected"], said, "expected", "expected")
    check_keys(expected, "expected", _EXPECTED)
    values: dict[str, Any] = {name: plain(value) for name, value in expected.items()}
    for name in _TEXTS:
        if not isinstance(values.get(name), str | None):
            raise expected.error(f"{name} takes a text, got {values[name]!r}", name)
    if "chunks" in values and not _are_texts(values["chunks"]):
        raise expected.error(f"chunks takes a list of texts, got {values['chunks']!r}", "chunks")
    if "tool_calls" in values:
        values["tool_calls"] = read_tool_calls(expected["tool_calls"], expected)
    if not isinstance(values.get("usage"), dict | None):
        raise expected.error(f"usage takes a mapping, got {values['usage']!r}", "usage")
    if "error" in values:
        values["error"] = _error_class(values["error"], expected)
    return Expected(**values)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _error_class(name: str, expected: ScriptMapping) -> type[Exception]:
    found = getattr(_errors, name, None)
    if not isinstance(found, type) or not issubclass(found, APIError):
        raise expected.error(
            f"error takes an exception class of fakellm, such as RateLimitError; got {name!r}", "error"
        )
    return found


def _expected_of_only_reply(said: ScriptMapping, script: LoadedScript) -> Expected:
    replies: list[Scripted] = [reply for rule in script.rules for reply in rule.replies]
    replies += script.fallback.replies if script.fallback else ()
    if len(replies) == 1:
        with told(said, None):
            return expected_of(Path(said.path).stem, replies[0])
    raise ScriptFormatError(
        "a script with several replies does not say what a client reports; add scenario: {expected: {...}}",
        path=said.path,
        line=said.line,
    )
