"""The format of script files: rules as YAML or JSON, and the JSON Schema with which editors check them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import Any

from fakellm._errors import ScriptFormatError, UsageError
from fakellm._numbers import AtLeastOne
from fakellm._script.fields import CONDITIONS, FIELDS
from fakellm._script.files.hints import TEXT, arguments_of, kind_of
from fakellm._script.match import Matcher, conditions
from fakellm._script.options import Options
from fakellm._script.reply import ErrorReply, Reply
from fakellm._script.rule import Fallback
from fakellm._yaml.handwritten import HandwrittenMapping, parse, told_deep
from fakellm._yaml.kinds import Either, Json, Kind, Members, Place, Several, Shorthand, constants, shown

__all__ = ["LoadedRule", "LoadedScript", "read_script", "schema_text"]


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """One rule of a file, or what it says for all other requests. times: None for ever. where: ``file:line``."""

    matcher: Matcher
    replies: Sequence[Reply | ErrorReply]
    times: int | None
    where: str = ""


@dataclass(frozen=True, slots=True)
class LoadedScript:
    """What a file says.

    rules: in order. fallback: what answers otherwise. options: of the fake, those that are given. scenario: what it
    says of itself as a scenario, as its kind reads it; scenario_line: where.
    """

    rules: tuple[LoadedRule, ...]
    fallback: Fallback | None
    options: Mapping[str, Any]
    scenario: Mapping[str, Any]
    scenario_line: int


def read_script(text: str, *, path: str, scenario: Kind | None = None) -> LoadedScript:
    """Read the text of a script.

    path: for messages, and ``.json`` at its end. scenario: the kind of what it says of itself as a scenario; None
    passes that over.

    Raises:
        ScriptFormatError: it is no script; with all mistakes and their lines.
    """
    with told_deep(text, path=path):
        root = parse(text, path=path)
        if not isinstance(root, HandwrittenMapping):
            raise ScriptFormatError(f"a script is a mapping with rules:, got {shown(root)}", path=path, line=1)
        if "interactions" in root and "rules" not in root:
            raise ScriptFormatError(_RECORDING, path=path, line=root.line)
        mistakes: list[tuple[str, int]] = []
        said = _script(scenario).read(root, Place(root, None, "a script", mistakes))
    if mistakes:
        (message, line), *further = sorted(mistakes, key=lambda mistake: mistake[1])
        raise ScriptFormatError(message, path=path, line=line, further=further)
    return _loaded(root, said, PurePath(path).name)


_RECORDING = "not a script but a recorded session; type fake_llm.replay(FILE), or fakellm cassette check FILE"


def _loaded(root: HandwrittenMapping, said: Mapping[str, Any], name: str) -> LoadedScript:
    fallback = None
    if "otherwise" in said:
        rule: LoadedRule = said["otherwise"]
        where = f"{name}:{root.line_of('otherwise')}"
        fallback = Fallback(where=where).reply(*rule.replies, times=rule.times)
    rules = zip(root.get("rules", []), said.get("rules", []), strict=True)
    return LoadedScript(
        tuple(replace(rule, where=f"{name}:{mapping.line}") for mapping, rule in rules),
        fallback,
        {option: value for option, value in said.items() if option in _OPTIONS.kinds},
        said.get("scenario", {}),
        root["scenario"].line if "scenario" in said else 1,
    )


def schema_text(scenario: Kind) -> str:
    """Return the JSON Schema of script files. scenario: the kind of what one says of itself as a scenario."""
    defs: Json = {}
    script = _script(scenario).own_schema(defs)
    return json.dumps({"$schema": _DRAFT, "title": "fakellm script", **script, "$defs": defs}, indent=2) + "\n"


_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _script(scenario: Kind | None) -> Members:
    kinds = {
        "$schema": TEXT,
        "scenario": scenario or kind_of(Mapping[str, Any]),
        "rules": Several(_RULE),
        "otherwise": _OTHERWISE,
    }
    at_least_one = [{"required": ["rules"], "properties": {"rules": {"minItems": 1}}}, {"required": ["otherwise"]}]
    says = {
        "$schema": "Where the editor finds this schema",
        "scenario": "What the file is as a scenario: its request, and what a correct client reports",
        "rules": "The first answers whose conditions hold and that has a reply left",
        "otherwise": "What is answered when no rule answers, for ever unless times says otherwise",
    }
    return Members(
        _with_replies,
        lambda: {**kinds, **_OPTIONS.kinds},
        says=lambda: {**says, **_OPTIONS.says()},
        rules={"anyOf": at_least_one},
    )


def _with_replies(**said: Any) -> Mapping[str, Any]:
    if not said.get("rules") and "otherwise" not in said:
        raise UsageError("a script needs rules: or otherwise:")
    return said


def _answer(**said: Any) -> Reply | ErrorReply:
    if "error" not in said:
        return Reply(**said)
    if len(said) > 1:
        raise UsageError(f"error stands alone; nothing else of a reply is sent with it, got {', '.join(said)}")
    error: ErrorReply = said["error"]
    return error


class _Answer(Either):
    """A reply, or the error that is sent instead."""

    def read(self, value: Any, at: Place) -> Any:
        if isinstance(value, list):
            return at.note("a reply is one reply; several that are given in turn are a list in replies:")
        return super().read(value, at._replace(name="a reply"))


_ANY = Matcher()


def _said(
    *,
    when: Matcher = _ANY,
    reply: Reply | ErrorReply | None = None,
    replies: Sequence[Reply | ErrorReply] = (),
    times: int | None,
) -> LoadedRule:
    if (reply is None) == (not replies):
        raise UsageError("a rule has either reply: or, for several that are given in turn, replies:")
    return LoadedRule(when, tuple(replies) if reply is None else (reply,), times)


_OPTIONS = arguments_of(Options)
_REPLY = _Answer(
    Shorthand(TEXT, Reply),
    arguments_of(
        Reply,
        _answer,
        more={"error": kind_of(ErrorReply)},
        name="a reply",
        empty="a reply says something, such as text: or tool_calls:",
        rules={"dependentSchemas": {"error": {"maxProperties": 1}}},
    ),
)
_WHEN = Members(
    lambda **given: Matcher(conditions(given)),
    lambda: {name: kind_of(FIELDS[name].hint) for name in CONDITIONS},
    name="when",
    says=lambda: {name: FIELDS[name].wording for name in CONDITIONS},
    empty="when needs a condition; leave it out for a rule that answers every request",
)
_TIMES = Either(kind_of(AtLeastOne), Shorthand(constants(["forever"]), lambda forever: None))
_REPLIES = {"reply": _REPLY, "replies": Several(_REPLY, least=1), "times": _TIMES}
_EITHER = {"oneOf": [{"required": ["reply"]}, {"required": ["replies"]}]}
_RULE = Members(partial(_said, times=1), lambda: {"when": _WHEN, **_REPLIES}, name="a rule", rules=_EITHER)
_OTHERWISE = Either(
    Shorthand(TEXT, lambda text: _said(reply=Reply(text), times=None)),
    Members(partial(_said, times=None), lambda: _REPLIES, name="otherwise", rules=_EITHER),
)
