"""The format of script files: rules as YAML or JSON.

``script.schema.json`` beside this file says the same for editors; a new key belongs in both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from inspect import signature
from pathlib import PurePath
from typing import Any

from fakellm._errors import ScriptFormatError, UsageError, did_you_mean
from fakellm._script.fields import CONDITIONS, FIELDS
from fakellm._script.files.mistakes import Mistakes
from fakellm._script.files.parse import ScriptMapping, parse
from fakellm._script.match import Condition, Matcher, conditions
from fakellm._script.pace import Pace
from fakellm._script.reply import ErrorReply, Reply, ToolCall
from fakellm._script.rule import Fallback
from fakellm._script.transform import Fault, Framing

__all__ = [
    "CONDITIONS",
    "ERRORS",
    "ERROR_FIELDS",
    "PACE_FIELDS",
    "REPLY_FIELDS",
    "LoadedRule",
    "LoadedScript",
    "MakeTransform",
    "check_keys",
    "plain",
    "read_script",
    "read_tool_calls",
    "section_of",
    "told",
]

MakeTransform = Callable[..., Fault | Framing]

Makers = Mapping[str, Mapping[str, MakeTransform]]
"""Field of a reply, ``fault`` or ``framing`` -> name -> what makes it."""

REPLY_FIELDS = tuple(field.name for field in fields(Reply))
PACE_FIELDS = tuple(field.name for field in fields(Pace))
ERROR_FIELDS = tuple(field.name for field in fields(ErrorReply) if field.init)
ERRORS = tuple(sorted(name for name, member in vars(ErrorReply).items() if isinstance(member, classmethod)))


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """One rule of a file. times: None for ever. where: ``file:line``."""

    matcher: Matcher
    replies: tuple[Reply | ErrorReply, ...]
    times: int | None
    where: str


@dataclass(frozen=True, slots=True)
class LoadedScript:
    """What a file says: its rules in order, what answers otherwise, and what it says of itself as a scenario."""

    rules: tuple[LoadedRule, ...]
    fallback: Fallback | None
    scenario: ScriptMapping | None


def read_script(
    text: str, *, path: str, faults: Mapping[str, MakeTransform], framings: Mapping[str, MakeTransform]
) -> LoadedScript:
    """Read the text of a script. path: for messages, and ``.json`` at its end.

    faults, framings: name -> what makes it.

    Raises:
        ScriptFormatError: it is no script; with all mistakes and their lines.
    """
    root = parse(text, path=path)
    if not isinstance(root, ScriptMapping):
        raise ScriptFormatError(f"a script is a mapping with rules:, got {_shown(root)}", path=path, line=1)
    if "interactions" in root and "rules" not in root:
        raise root.error(
            "not a script but a recorded session; type fake_llm.replay(FILE), or fakellm cassette check FILE"
        )
    makers = {"fault": faults, "framing": framings}
    mistakes = Mistakes()
    mistakes.note(check_keys, root, "a script", ("$schema", "scenario", "rules", "otherwise"))
    rules = mistakes.note(_rules, root, makers)
    fallback = mistakes.note(_fallback, root, makers) if "otherwise" in root else None
    scenario = mistakes.note(section_of, root["scenario"], root, "scenario", "scenario") if "scenario" in root else None
    mistakes.tell()
    if not rules and fallback is None:
        raise root.error("a script needs rules: or otherwise:")
    return LoadedScript(rules or (), fallback, scenario)


def _rules(root: ScriptMapping, makers: Makers) -> tuple[LoadedRule, ...]:
    rules = root.get("rules", [])
    if not isinstance(rules, list):
        raise root.error(f"rules takes a list, got {_shown(rules)}", "rules")
    mistakes = Mistakes()
    loaded = mistakes.note_each(lambda rule: _rule(section_of(rule, root, "rules", "a rule"), makers), rules)
    mistakes.tell()
    return tuple(loaded)


def _rule(rule: ScriptMapping, makers: Makers) -> LoadedRule:
    mistakes = Mistakes()
    found = mistakes.note(_when, rule) if "when" in rule else ()
    replies, times = _answers(rule, "a rule", makers, mistakes, also="when", times=1)
    mistakes.tell()
    return LoadedRule(Matcher(found or ()), replies, times, f"{PurePath(rule.path).name}:{rule.line}")


def _answers(
    rule: ScriptMapping, what: str, makers: Makers, mistakes: Mistakes, *, also: str = "", times: int | None
) -> tuple[tuple[Reply | ErrorReply, ...], int | None]:
    """Return (replies, times) of a rule. also: its key beside them. times: the default."""
    known = tuple(filter(None, (also, "reply", "replies", "times")))
    has_unknown = not rule.keys() <= set(known)
    mistakes.note(check_keys, rule, what, known)
    is_silent = has_unknown and not {"reply", "replies"} & rule.keys()  # since its reply: is misspelt
    replies = () if is_silent else mistakes.note(_replies, rule, makers)
    return replies or (), mistakes.note(_times, rule, default=times)


def _fallback(root: ScriptMapping, makers: Makers) -> Fallback:
    fallback = Fallback(where=f"{PurePath(root.path).name}:{root.lines.get('otherwise', root.line)}")
    if isinstance(given := root["otherwise"], str):
        fallback.reply(_reply(given, root, "otherwise", makers), times=None)
        return fallback
    section = section_of(given, root, "otherwise", "otherwise", "a text, or a mapping with reply:")
    mistakes = Mistakes()
    replies, times = _answers(section, "otherwise", makers, mistakes, times=None)
    mistakes.tell()
    fallback.reply(*replies, times=times)
    return fallback


def _when(rule: ScriptMapping) -> tuple[Condition, ...]:
    when = section_of(rule["when"], rule, "when", "when")
    if not when:
        raise when.error("when needs a condition; leave it out for a rule that answers every request")
    mistakes = Mistakes()
    mistakes.note(check_keys, when, "when", CONDITIONS)
    known = [name for name in when if name in CONDITIONS]
    wanted = mistakes.note_each(lambda name: (name, _wanted(name, when[name], when)), known)
    mistakes.tell()
    return conditions(dict(wanted))


def _wanted(name: str, value: object, when: ScriptMapping) -> Any:
    """Return what a condition looks for."""
    if name == "header":
        headers = section_of(value, when, name, "header", "a mapping of names to texts")
        if not headers:
            raise when.error("header takes a mapping of names to texts, got an empty one", name)
        return {header: _text_wanted(wanted, headers, header) for header, wanted in headers.items()}
    field = FIELDS[name]
    if field.has_text:
        return _text_wanted(value, when, name)
    if not field.is_plain(value):
        raise when.error(f"{name} takes {field.takes.removesuffix(', or a callable')}, got {_shown(value)}", name)
    return value


def _text_wanted(value: object, section: ScriptMapping, key: str) -> str | re.Pattern[str]:
    if isinstance(value, str):
        return value
    if not isinstance(value, ScriptMapping) or list(value) != ["regex"] or not isinstance(value["regex"], str):
        raise section.error(f"{key} takes a text or {{regex: ...}}, got {_shown(value)}{_quotes(value)}", key)
    try:
        return re.compile(value["regex"])
    except re.error as err:
        raise value.error(f"{value['regex']!r} is no regular expression: {err}", "regex") from err


def _times(rule: ScriptMapping, *, default: int | None) -> int | None:
    times = rule.get("times", default)
    if "times" not in rule or times == "forever":
        return default if "times" not in rule else None
    if not isinstance(times, int) or isinstance(times, bool) or times < 1:
        raise rule.error(f"times takes a number, 1 or more, or forever; got {_shown(times)}", "times")
    return times


def _replies(rule: ScriptMapping, makers: Makers) -> tuple[Reply | ErrorReply, ...]:
    if ("reply" in rule) == ("replies" in rule):
        raise rule.error("a rule has either reply: or, for several that are given in turn, replies:")
    if "reply" in rule:
        return (_reply(rule["reply"], rule, "reply", makers),)
    replies = rule["replies"]
    if not isinstance(replies, list) or not replies:
        raise rule.error(f"replies takes a list of replies, got {_shown(replies)}", "replies")
    mistakes = Mistakes()
    read = mistakes.note_each(lambda reply: _reply(reply, rule, "replies", makers), replies)
    mistakes.tell()
    return tuple(read)


def _reply(given: object, rule: ScriptMapping, key: str, makers: Makers) -> Reply | ErrorReply:
    if isinstance(given, list):
        raise rule.error("a reply is one reply; several that are given in turn are a list in replies:", key)
    with told(rule, key):
        if isinstance(given, str):
            return Reply(given)
    reply = section_of(given, rule, key, "a reply", "a text or a mapping")
    if not reply:
        raise reply.error(f"a reply says something: {', '.join(REPLY_FIELDS)} or error")
    if "error" in reply:
        check_keys(reply, "a reply", (*REPLY_FIELDS, "error"))
        if len(reply) > 1:
            raise reply.error(f"error stands alone; nothing else of a reply is sent with it, got {', '.join(reply)}")
        return _error(reply["error"], reply)
    return _said(reply, makers)


def _said(reply: ScriptMapping, makers: Makers) -> Reply:
    mistakes = Mistakes()
    mistakes.note(check_keys, reply, "a reply", (*REPLY_FIELDS, "error"))
    known = [name for name in reply if name in REPLY_FIELDS]
    values = mistakes.note_each(lambda name: (name, _reply_field(name, reply[name], reply, makers)), known)
    mistakes.tell()
    with told(reply, next(iter(reply))):
        return Reply(**dict(values))


def _reply_field(name: str, value: object, reply: ScriptMapping, makers: Makers) -> Any:
    match name:
        case "tool_calls":
            return read_tool_calls(value, reply)
        case "fault" | "framing":
            return _transform(name, value, reply, makers[name])
        case "pace":
            return _pace(value, reply)
        case "choices":
            return _choices(value, reply, makers)
        case "raw" if isinstance(value, str):
            return value.encode()
        case _:
            with told(reply, name):
                Reply(**{name: plain(value)})  # so that the mistake is told with its own line
            return plain(value)


def _choices(value: object, reply: ScriptMapping, makers: Makers) -> list[Reply]:
    if not isinstance(value, list) or not value:
        raise reply.error(f"choices takes a list of replies, one for each alternative; got {_shown(value)}", "choices")
    mistakes = Mistakes()
    choices = mistakes.note_each(lambda choice: _reply(choice, reply, "choices", makers), value)
    mistakes.tell()
    for choice in choices:
        if not isinstance(choice, Reply):
            raise reply.error("an error is no choice: it is the whole answer", "choices")
    return [choice for choice in choices if isinstance(choice, Reply)]


def read_tool_calls(value: object, reply: ScriptMapping) -> list[ToolCall]:
    """Return the tool calls that the section gives under ``tool_calls``."""
    if not isinstance(value, list) or not value:
        raise reply.error(f"tool_calls takes a list of calls, got {_shown(value)}", "tool_calls")
    mistakes = Mistakes()
    calls = mistakes.note_each(lambda call: _tool_call(section_of(call, reply, "tool_calls", "a tool call")), value)
    mistakes.tell()
    return calls


def _tool_call(call: ScriptMapping) -> ToolCall:
    check_keys(call, "a tool call", ("name", "arguments", "id"))
    if "name" not in call:
        raise call.error("a tool call needs a name:")
    with told(call, "arguments" if isinstance(call["name"], str) else "name"):
        return ToolCall(call["name"], plain(call.get("arguments", {})), id=call.get("id"))


def _transform(field: str, value: object, reply: ScriptMapping, makers: Mapping[str, MakeTransform]) -> Fault | Framing:
    names = sorted(makers)
    given = {value: {}} if isinstance(value, str) else value
    if not isinstance(given, dict) or len(given) != 1 or next(iter(given)) not in names:
        hint = did_you_mean(next(iter(given)), names) if isinstance(given, dict) and len(given) == 1 else ""
        raise reply.error(f"{field} takes one of {', '.join(names)}, got {_shown(value)}{hint}", field)
    [(name, arguments)] = given.items()
    if not isinstance(arguments, dict):
        raise reply.error(f"{name} takes a mapping of its arguments, got {_shown(arguments)}", field)
    _check_arguments(name, makers[name], arguments, reply, field)
    given_to_it = plain(arguments)
    if isinstance(arguments, ScriptMapping) and "error" in arguments:
        given_to_it["error"] = _error(arguments["error"], arguments)
    with told(reply, field):
        return makers[name](**given_to_it)


def _check_arguments(
    name: str, make: MakeTransform, arguments: Mapping[str, object], reply: ScriptMapping, field: str
) -> None:
    """Refuse arguments that a fault or a framing does not take, and none where it needs one."""
    takes = signature(make).parameters
    for given in arguments:
        if given not in takes:
            hint = did_you_mean(given, takes, then=f"it takes {', '.join(takes) or 'nothing'}")
            raise reply.error(f"{name} has no {given!r}{hint}", field)
    for needed, parameter in takes.items():
        if parameter.default is parameter.empty and needed not in arguments:
            raise reply.error(f"{name} needs {needed}:, as in {{{name}: {{{needed}: ...}}}}", field)


def _pace(value: object, reply: ScriptMapping) -> Pace:
    pace = section_of(value, reply, "pace", "pace")
    check_keys(pace, "pace", PACE_FIELDS)
    with told(reply, "pace"):
        return Pace(**plain(pace))


def _error(given: object, reply: ScriptMapping) -> ErrorReply:
    match given:
        case str() as name if name in ERRORS:
            make: Callable[[], ErrorReply] = getattr(ErrorReply, name)
            return make()
        case int() as status if not isinstance(status, bool):
            with told(reply, "error"):
                return ErrorReply(status)
        case ScriptMapping() as error:
            check_keys(error, "error", ERROR_FIELDS)
            if "status" not in error:
                raise error.error("error needs a status:")
            with told(error, None):
                return ErrorReply(**plain(error))
        case other:
            names = ", ".join(ERRORS)
            hint = did_you_mean(other, ERRORS)
            raise reply.error(
                f"error takes a status, a mapping with status:, or one of {names}; got {_shown(other)}{hint}"
            )


def section_of(value: object, parent: ScriptMapping, key: str, what: str, takes: str = "a mapping") -> ScriptMapping:
    """Return a value as a mapping. what: its name, and takes: what belongs there, for the message."""
    if not isinstance(value, ScriptMapping):
        raise parent.error(f"{what} takes {takes}, got {_shown(value)}{_quotes(value)}", key)
    return value


def check_keys(section: ScriptMapping, what: str, known: Sequence[str]) -> None:
    """Refuse keys that are not known. what: the name of the mapping."""
    mistakes = Mistakes()
    mistakes.note_each(lambda key: _check_key(key, section, what, known), section)
    mistakes.tell()


def _check_key(key: str, section: ScriptMapping, what: str, known: Sequence[str]) -> None:
    if key not in known:
        hint = did_you_mean(key, known, then=f"it takes {', '.join(known)}")
        raise section.error(f"{what} has no {key!r}{hint}", key)


@contextmanager
def told(section: ScriptMapping, key: str | None) -> Iterator[None]:
    """Tell a mistake that the script's own values report with the line of the file."""
    try:
        yield
    except (UsageError, TypeError) as err:
        raise section.error(str(err), key) from err


def plain(value: object) -> Any:
    """Return a value of a file as plain dicts and lists."""
    match value:
        case dict():
            return {key: plain(member) for key, member in value.items()}
        case list():
            return [plain(member) for member in value]
        case _:
            return value


def _shown(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return f"a mapping with {', '.join(value)}" if value else "an empty mapping"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _quotes(value: object) -> str:
    return "; a text that looks like this goes in quotes" if isinstance(value, int | float) else ""
