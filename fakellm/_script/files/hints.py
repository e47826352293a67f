"""The kinds of what a script says, made of the type hints of what is made of it.

A field of Reply, an argument of a fault and a condition need nothing here, since their hints say it; a hint with a type
that no file could say before gets a line in one of the tables.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from functools import partial
from inspect import getdoc, signature
from math import inf
from types import MappingProxyType, ModuleType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from fakellm import faults, framings
from fakellm._errors import UsageError
from fakellm._numbers import Numbers
from fakellm._script.reply import ErrorReply, Reasoning, Reply, ToolCall
from fakellm._yaml.kinds import Either, Kind, Members, Named, Plain, Row, Several, Shorthand, constants

__all__ = ["TEXT", "arguments_of", "kind_of"]

TEXT = Plain("a text", {"type": "string"}, lambda value: isinstance(value, str))


def kind_of(hint: Any) -> Kind:
    """Return the kind of what a type hint names; of a union, callables and moments are left out.

    Raises:
        TypeError: no file can say it.
    """
    if make := _OF_ORIGINS.get(get_origin(hint)):
        return make(*get_args(hint))
    if make := _OF_TYPES.get(hint):
        return make()
    if is_dataclass(hint) and isinstance(hint, type):
        return arguments_of(hint, name=_name_of(hint))
    raise TypeError(f"no script file can say {hint}; tables in {__name__} give types their kinds")


def arguments_of(
    taker: Callable[..., Any],
    make: Callable[..., Any] | None = None,
    *,
    besides: Collection[str] = (),
    more: Mapping[str, Kind] = MappingProxyType({}),
    **words: Any,
) -> Members:
    """Return the kind of a mapping of the arguments that a class or a function takes.

    make: what is called with them; taker by default. besides: those that a file does not say. more: other members, or
    other kinds of some. words: further arguments of Members.
    """
    parameters = [one for one in signature(taker).parameters.values() if one.name not in {*besides, *more}]

    def kinds() -> Mapping[str, Kind]:
        hints = get_type_hints(vars(taker)["__init__"] if isinstance(taker, type) else taker, include_extras=True)
        own = {one.name: _OF_NAMES.get(one.name) or kind_of(hints[one.name]) for one in parameters}
        return {**own, **more}

    words["needed"] = [one.name for one in parameters if one.default is one.empty]
    summary = (getdoc(taker) or "").partition("\n")[0]
    return Members(make or taker, kinds, summary=summary, says=partial(_descriptions, taker), **words)


def _name_of(cls: type) -> str:
    """Return how messages call an object of a class: a tool call."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).lower()
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _descriptions(make: Callable[..., Any]) -> Mapping[str, str]:
    """Return what a docstring says of arguments: the first sentence behind ``name:``, or behind ``name, other:``."""
    listed = "|".join(signature(make).parameters) or "-"
    text = " ".join((getdoc(make) or "").split())
    _, *parts = re.split(rf"(?<![\w.])((?:{listed})(?:, (?:{listed}))*): ", text)
    sentences = [re.split(r"[.;] (?=[A-Z>])", part)[0].rstrip(". ").replace("``", "") for part in parts[1::2]]
    return {name: said for names, said in zip(parts[::2], sentences, strict=True) for name in names.split(", ")}


def _number(numbers: Numbers) -> Plain:
    least = "exclusiveMinimum" if numbers.above else "minimum"
    ends = {least: numbers.least, "maximum": numbers.most}
    schema = {"type": "integer" if numbers.whole else "number"} | {k: v for k, v in ends.items() if abs(v) < inf}
    return Plain(str(numbers), schema, numbers.__contains__)


def _narrowed(base: Any, limit: Any) -> Kind:
    """Return the kind of a hint with a limit: which numbers it takes, or how many items, or which texts."""
    if not isinstance(limit, Numbers):
        return constants(limit)
    kind = kind_of(base)
    return kind.at_least(int(limit.least)) if isinstance(kind, Several) else _number(limit)


def _either(*hints: Any) -> Kind:
    sayable = [hint for hint in hints if get_origin(hint) is not Callable and hint is not datetime]
    return Either(*map(kind_of, sayable if sayable != [NoneType] else hints))


def _list(*items: Any) -> Kind:
    return Several(kind_of(items[0]))


def _mapping(_: Any, item: Any) -> Kind:
    return Several(kind_of(item), container=dict)


def _tuple(*items: Any) -> Kind:
    return _list(*items) if ... in items else Row([*map(kind_of, items)])


def _reply() -> Kind:
    return Either(Shorthand(TEXT, Reply), arguments_of(Reply, name="a choice"))


def _error() -> Kind:
    said = arguments_of(ErrorReply, name="error")
    names = sorted(name for name, member in vars(ErrorReply).items() if isinstance(member, classmethod))
    named = Named("named error", {name: arguments_of(getattr(ErrorReply, name), name=name) for name in names})
    return Either(Shorthand(said.kinds["status"], ErrorReply), named, said)


def _functions(what: str, module: ModuleType) -> Named:
    names = [name for name in module.__all__ if name.islower()]
    return Named(what, {name: arguments_of(getattr(module, name), name=name) for name in names})


def _pattern(regex: str) -> re.Pattern[str]:
    """Return a pattern. regex: a regular expression, as Python has them."""
    try:
        return re.compile(regex)
    except re.error as err:
        raise UsageError(f"{regex!r} is no regular expression: {err}") from err


def _decoded(base64: str) -> bytes:
    try:
        return b64decode("".join(base64.split()), validate=True)
    except ValueError as err:
        raise UsageError(f"no base64: {err}") from err


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as err:
        raise UsageError(f"a lone surrogate at {err.start}, which UTF-8 cannot carry") from err


_OF_ORIGINS: Mapping[Any, Callable[..., Kind]] = MappingProxyType(
    {
        Annotated: _narrowed,
        Union: _either,
        UnionType: _either,
        Literal: lambda *values: constants(values),
        list: _list,
        Sequence: _list,
        Iterable: _list,
        tuple: _tuple,
        dict: _mapping,
        Mapping: _mapping,
        re.Pattern: lambda _: arguments_of(_pattern, name="a pattern"),
    }
)

_OF_TYPES: Mapping[Any, Callable[[], Kind]] = MappingProxyType(
    {
        Any: lambda: Plain("anything", {}, lambda value: True),
        NoneType: lambda: Plain("null", {"type": "null"}, lambda value: value is None),
        str: lambda: TEXT,
        bytes: lambda: Either(Shorthand(TEXT, _encoded), arguments_of(_decoded, name="bytes")),
        bool: lambda: Plain("true or false", {"type": "boolean"}, lambda value: isinstance(value, bool)),
        int: lambda: _number(Numbers(whole=True)),
        float: lambda: _number(Numbers()),
        Reply: _reply,
        ErrorReply: _error,
    }
)


def _parts() -> Kind:
    """Texts, calls and reasoning by name, and mappings as on the wire, which say their type."""
    wire = Plain("a mapping with type:", {"type": "object", "required": ["type"]}, lambda value: "type" in _keys(value))
    calls, thoughts = arguments_of(ToolCall, name="tool_call"), arguments_of(Reasoning, name="reasoning")
    part = Either(TEXT, wire, Named("part", {"tool_call": calls, "reasoning": thoughts}))
    return Either(Several(part), kind_of(NoneType))


def _keys(value: object) -> Collection[object]:
    return value.keys() if isinstance(value, dict) else ()


_OF_NAMES: Mapping[str, Kind] = MappingProxyType(
    {"fault": _functions("fault", faults), "framing": _functions("framing", framings), "parts": _parts()}
)
"""Name of an argument -> its kind, where the hint does not tell which functions make it, or which mapping is which."""
