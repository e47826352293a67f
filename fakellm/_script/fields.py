"""The parts of a request that a condition can look at, and how each reads in a message.

A new condition is a property of ChatRequest, a line in ``FIELDS`` and an argument of ``FakeLLM.when``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import translate
from typing import Annotated, Any, NamedTuple

from fakellm._errors import cut, shown
from fakellm._numbers import AT_LEAST_ONE, COUNT, Count
from fakellm._secret_names import is_secret_name
from fakellm._wire.asked import ChatRequest, text_of

__all__ = ["CONDITIONS", "FIELDS", "NO_HEADERS", "Field", "Headers", "header_field"]

Headers = Mapping[str, str]
"""Request headers; looked up in lower case."""

NO_HEADERS: Headers = {}


class Field(NamedTuple):
    """A part of a request.

    wording: what comes before the wanted value in a message, and what editors show. hint: the values to compare with,
    and patterns. values: what the request has there; a condition holds where it does for one of them. takes: what a
    condition on it may look for, in words. is_plain: whether something is a value to compare with, rather than
    a pattern or a callable. tester: makes of a plain one what says whether a value is as wanted. expected: how
    a plain one reads. got: how a value reads, with what a callable made of it. absent: what to say where there
    is none. has_text: whether a pattern can be searched there. elsewhere: texts of the conversation that a condition
    passes over, in which an author may have seen what the condition looks for.
    """

    values: Callable[[ChatRequest, Headers], tuple[Any, ...]]
    takes: str
    is_plain: Callable[[object], bool]
    tester: Callable[[Any], Callable[[Any], object]]
    expected: Callable[[Any], str]
    got: Callable[[Any, object], str]
    absent: Callable[[ChatRequest], str] = lambda request: "nothing"
    wording: str = ""
    hint: Any = str | re.Pattern[str]
    has_text: bool = False
    elsewhere: Callable[[ChatRequest], tuple[str, ...]] = lambda request: ()


def header_field(name: str) -> Field:
    """Return the field of one header. name: in lower case.

    The value of a secret one is not shown, since a failure report ends up in the logs of a CI.
    """

    def values(request: ChatRequest, headers: Headers) -> tuple[str, ...]:
        value = headers.get(name)
        return () if value is None else (value,)

    field = FIELDS["header"]._replace(values=values)
    return field._replace(got=lambda text, result: "a value that is not shown") if is_secret_name(name) else field


def _text(
    values: Callable[[ChatRequest], tuple[str, ...]],
    tester: Callable[[str], Callable[[str], object]],
    wording: str,
    absent: Callable[[ChatRequest], str] = lambda request: "nothing",
    *,
    of_messages: bool = False,
) -> Field:
    """Return a field of texts, some messages' or not. wording: what comes before the text in ``expected``."""
    return Field(
        values=lambda request, headers: values(request),
        takes="a str, a compiled pattern of str or a callable",
        is_plain=lambda wanted: isinstance(wanted, str),
        tester=tester,
        expected=lambda wanted: f"{wording} {wanted!r}",
        got=lambda text, result: shown(text),
        absent=absent,
        wording=wording,
        has_text=True,
        elsewhere=lambda request: tuple(map(text_of, request.messages)) if of_messages else (),
    )


def _equal(wanted: object) -> Callable[[object], bool]:
    return lambda value: value == wanted


def _containing(wanted: str) -> Callable[[str], bool]:
    return lambda text: wanted in text


def _glob(wanted: str) -> Callable[[str], object]:
    return re.compile(translate(wanted)).match


def _question(request: ChatRequest) -> tuple[str, ...]:
    return () if (question := request.question) is None else (question,)


def _missing_question(request: ChatRequest) -> str:
    if request.last_user is None:
        return "no user message"
    return f"a user message {shown(request.last_user)} that was answered already ({_end(request)})"


def _end(request: ChatRequest) -> str:
    return f"the last message has role {request.messages[-1].get('role')!r}" if request.messages else "no message"


def _turn(number: int) -> str:
    before = f"{number or 'no'} assistant message{'' if number == 1 else 's'} before it"
    return f"turn {number} ({before})"


def _streaming(stream: bool) -> str:
    return "a request for a stream" if stream else "a request for a whole answer"


FIELDS: Mapping[str, Field] = {
    "predicate": Field(
        values=lambda request, headers: (request,),
        takes="a callable that takes the ChatRequest; a text belongs to a name, as in when(user='weather')",
        is_plain=lambda wanted: False,
        tester=_equal,
        expected=repr,
        got=lambda request, result: cut(repr(result)),
    ),
    "user": _text(_question, _containing, "a question containing", _missing_question, of_messages=True),
    "any_user": _text(
        lambda request: request.user_texts, _containing, "a user message containing", lambda request: "no user message"
    ),
    "system": _text(
        lambda request: request.system_texts,
        _containing,
        "a system message containing",
        lambda request: "no system message",
        of_messages=True,
    ),
    "model": _text(lambda request: (request.model,), _glob, "a model like"),
    "tool": _text(lambda request: request.tool_names, _equal, "an offered tool named", lambda request: "no tools"),
    "tool_result": _text(
        lambda request: request.tool_results,
        _containing,
        "a tool result containing",
        lambda request: f"no tool result at the end ({_end(request)})",
        of_messages=True,
    ),
    "turn": Field(
        wording="as many assistant messages before it, 0 in the first turn",
        hint=Count,
        values=lambda request, headers: (request.turn,),
        takes="a number, 0 for the first, or a callable",
        is_plain=COUNT.__contains__,
        tester=_equal,
        expected=_turn,
        got=lambda turn, result: _turn(turn),
    ),
    "stream": Field(
        wording="a request for a stream, or for a whole answer",
        hint=bool,
        values=lambda request, headers: (request.stream,),
        takes="True or False",
        is_plain=lambda wanted: isinstance(wanted, bool),
        tester=_equal,
        expected=_streaming,
        got=lambda stream, result: _streaming(stream),
    ),
    "endpoint": _text(lambda request: (request.endpoint,), _equal, "the endpoint"),
    "header": _text(lambda request: (), _containing, "a value containing", lambda request: "no such header")._replace(
        hint=Annotated[Mapping[str, str | re.Pattern[str]], AT_LEAST_ONE]
    ),
}

CONDITIONS = tuple(name for name in FIELDS if name != "predicate")
"""The conditions that are given by name."""
