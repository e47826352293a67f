"""When a rule answers: conditions on a request that can say why they do not hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, NamedTuple

from fakellm._errors import UsageError
from fakellm._script.callables import checked, refuse_async
from fakellm._script.fields import FIELDS, NO_HEADERS, Field, Headers, header_field
from fakellm._secret_names import REDACTED, is_secret_name
from fakellm._wire.asked import ChatRequest

__all__ = ["Condition", "Matcher", "Mismatch", "Wanted", "conditions"]

_PLACES = {"user": "the question", "system": "a system message", "tool_result": "a tool result"}
"""The conditions that look at messages, and how a message says what they look at."""

Wanted = str | re.Pattern[str] | Callable[[str], object]
"""What a condition looks for: a substring (a glob for the model, a whole name for tool and endpoint), a
pattern to search, or a predicate."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a rule did not answer: the field, what the rule expected there, what the request has.

    hint: what the author of the rule probably meant; empty where nothing nearly held. nearness: how much of what was
    expected is there, from 0 to 1, 2 for all of it, in another place or another case.
    """

    field: str
    expected: str
    got: str
    hint: str = ""
    nearness: float = 0.0

    def __str__(self) -> str:
        return f"{self.field}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True, repr=False)
class Condition:
    """One condition of a rule: the named part of the request is as wanted. header: the name of a header."""

    field: str
    wanted: Any
    header: str = ""
    _part: Field = dataclass_field(init=False, repr=False, compare=False)
    _test: Callable[[Any], object] = dataclass_field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        part = header_field(self.header.lower()) if self.header else FIELDS[self.field]
        object.__setattr__(self, "_part", part)
        object.__setattr__(self, "_test", _tester(self._argument, self.wanted, self._told, part))

    def holds(self, request: ChatRequest, headers: Headers = NO_HEADERS) -> bool:
        """Whether it holds for one of the values that the request has there."""
        for value in self._part.values(request, headers):  # noqa: SIM110  # any() costs twice as much
            if self._test(value):
                return True
        return False

    def mismatch(self, request: ChatRequest, headers: Headers = NO_HEADERS) -> Mismatch | None:
        """Return why the condition does not hold, or None where it does."""
        values = self._part.values(request, headers)
        results = [self._test(value) for value in values]
        if any(results):
            return None
        got = ", ".join(map(self._part.got, values, results)) if values else self._part.absent(request)
        return Mismatch(self._label, self._expected, got, self._hint(request, values), self._nearness(request, values))

    def explain(self, request: ChatRequest, headers: Headers = NO_HEADERS) -> Mismatch | None:
        """Return the mismatch, where a predicate that raises is one: it may never have been asked before."""
        try:
            return self.mismatch(request, headers)
        except Exception as err:  # noqa: BLE001  # from a predicate of the test's, told in the message
            return Mismatch(self._label, self._expected, f"{type(err).__name__}: {err}")

    def __str__(self) -> str:
        if self.field == "predicate":
            return _name(self.wanted)
        if self.header:
            return f"header={{{self.header!r}: {_name(self._told)}}}"
        return f"{self.field}={_name(self.wanted)}"

    def __repr__(self) -> str:
        return f"<Condition {self}>"

    def _hint(self, request: ChatRequest, values: tuple[Any, ...]) -> str:
        """Return what a text was probably meant to be where it nearly holds: another case, a pattern, another place."""
        text = self.wanted
        if not isinstance(text, str) or not self._part.has_text or self._told is not text:
            return ""
        if any(isinstance(value, str) and self._part.tester(text.lower())(value.lower()) for value in values):
            return f"differs in case alone; to pass that over: {self._typed(_escaped(text), ', re.I')}"
        if any(_is_pattern_of(text, value) for value in values):
            return f"a str is looked for as it is; to search for a pattern: {self._typed(text)}"
        return self._other_place(text, request)

    def _other_place(self, text: str, request: ChatRequest) -> str:
        """Return where else in the conversation a text stands, as words of its own, and how to look there."""
        if self.field not in _PLACES:
            return ""
        words = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
        for name, place in _PLACES.items():
            if name != self.field and any(map(words.search, FIELDS[name].values(request, NO_HEADERS))):
                return f"{place} holds it; to look there: {name}={text!r}"
        # The newest question is told by what it has there, answered or not.
        earlier = [said for said in self._part.elsewhere(request) if said != request.last_user]
        if any(map(words.search, earlier)):
            return f"an earlier message holds it, where {self.field} does not look"
        return ""

    def _nearness(self, request: ChatRequest, values: tuple[Any, ...]) -> float:
        if isinstance(self.wanted, re.Pattern):
            return 2.0 if any(map(self.wanted.search, self._part.elsewhere(request))) else 0.0
        if not isinstance(self.wanted, str) or not self._part.has_text:
            return 0.0
        anywhere = [*self._part.elsewhere(request), *(value for value in values if isinstance(value, str))]
        wanted = self.wanted.lower()
        if any(wanted in text.lower() for text in anywhere):
            return 2.0
        return max((_shared(wanted, text.lower()) for text in anywhere), default=0.0)

    def _typed(self, pattern: str, flags: str = "") -> str:
        """Return the condition with a pattern, as it is typed."""
        typed = f"re.compile({_literal(pattern)}{flags})"
        return f"header={{{self.header!r}: {typed}}}" if self.header else f"{self.field}={typed}"

    @property
    def _argument(self) -> str:
        """How the condition is typed, without its value."""
        if self.field == "predicate":
            return "when(...)"
        return f"when(header={{{self.header!r}: ...}})" if self.header else f"when({self.field}=...)"

    @property
    def _label(self) -> str:
        return f"header {self.header}" if self.header else self.field

    @property
    def _expected(self) -> str:
        if isinstance(self._told, re.Pattern):
            return f"a match of {self._told.pattern!r}"
        if self._part.is_plain(self._told):
            return self._part.expected(self._told)
        return f"{_name(self._told)} to hold"

    @property
    def _told(self) -> Any:
        """What the condition looks for, as it may be printed: the test may have written a key into it."""
        if not self.header or not is_secret_name(self.header) or callable(self.wanted):
            return self.wanted
        match self.wanted:
            case str():
                return REDACTED
            case re.Pattern():
                return re.compile(REDACTED)
        return type(self.wanted)


class Matcher(NamedTuple):
    """All conditions of a rule; without any it accepts every request."""

    conditions: tuple[Condition, ...] = ()

    def accepts(self, request: ChatRequest, headers: Headers = NO_HEADERS) -> bool:
        """Whether every condition holds."""
        for condition in self.conditions:  # noqa: SIM110  # all() costs as much as a condition
            if not condition.holds(request, headers):
                return False
        return True

    def mismatches(self, request: ChatRequest, headers: Headers = NO_HEADERS) -> list[Mismatch]:
        """Return why the request is not accepted; empty where it is."""
        return [found for c in self.conditions if (found := c.explain(request, headers)) is not None]

    @property
    def names_endpoint(self) -> bool:
        """Whether there is a condition on the endpoint."""
        return any(condition.field == "endpoint" for condition in self.conditions)

    def __str__(self) -> str:
        return f"when({', '.join(map(str, self.conditions))})" if self.conditions else "reply()"


def conditions(given: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Return the conditions that are given by name; None is none.

    Raises:
        UsageError: one looks for something of another type.
    """
    found = [Condition(name, wanted) for name, wanted in given.items() if wanted is not None and name != "header"]
    headers = given.get("header")
    if headers is not None and (not isinstance(headers, Mapping) or not headers):
        raise UsageError(f"when(header=...) takes a mapping, such as {{'x-team': 'a'}}; got {headers!r}")
    for name, wanted in (headers or {}).items():
        if not isinstance(name, str) or not name:
            raise UsageError(f"when(header=...) takes names of headers as keys, got {name!r}")
        found.append(Condition("header", wanted, name))
    return tuple(found)


def _tester(argument: str, wanted: object, told: object, part: Field) -> Callable[[Any], object]:
    """Return what says of one value whether it is as wanted; a UsageError where wanted is of another type.

    told: wanted as it may be printed.
    """
    if part.is_plain(wanted):
        return part.tester(wanted)
    if isinstance(wanted, re.Pattern):
        if part.has_text and isinstance(wanted.pattern, str):
            return wanted.search
    elif callable(wanted) and "callable" in part.takes:
        refuse_async(wanted, argument)
        return checked(wanted)
    raise UsageError(f"{argument} takes {part.takes}, got {told!r}")


def _is_pattern_of(text: str, value: object) -> bool:
    """Whether a text that does not occur in a value would be found there as a pattern."""
    try:
        return isinstance(value, str) and re.search(text, value) is not None
    except re.error:
        return False


def _escaped(text: str) -> str:
    return re.escape(text).replace("\\ ", " ")


def _shared(wanted: str, text: str) -> float:
    """Return how much of a text occurs in another, from 0 to 1, by its runs of three characters."""
    runs = {wanted[n : n + 3] for n in range(max(len(wanted) - 2, 1))}
    return sum(run in text for run in runs) / len(runs)


def _literal(pattern: str) -> str:
    """Return a pattern as people type it: raw where that is possible."""
    return f'r"{pattern}"' if "\\" in pattern and '"' not in pattern and "\n" not in pattern else repr(pattern)


def _name(wanted: object) -> str:
    match wanted:
        case re.Pattern():
            return f"re.compile({wanted.pattern!r})"
        case _ if callable(wanted):
            return getattr(wanted, "__qualname__", repr(wanted))
        case _:
            return repr(wanted)
