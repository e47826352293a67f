"""When a rule answers: conditions on a request that can say why they do not hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from fakellm._errors import UsageError
from fakellm._script.callables import checked, refuse_async
from fakellm._script.fields import FIELDS, NO_HEADERS, Field, Headers, header_field, shown
from fakellm._secret_names import REDACTED, is_secret_name
from fakellm._wire.chat import ChatRequest

__all__ = ["Condition", "Matcher", "Mismatch", "Wanted", "conditions", "shown"]

Wanted = str | re.Pattern[str] | Callable[[str], object]
"""What a condition looks for: a substring (a glob for the model, a whole name for tool and endpoint), a
pattern to search, or a predicate."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a rule did not answer: the field, what the rule expected there, what the request has."""

    field: str
    expected: str
    got: str

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
        return Mismatch(self._label, self._expected, got)

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
        if not is_secret_name(self.header) or callable(self.wanted):
            return self.wanted
        match self.wanted:
            case str():
                return REDACTED
            case re.Pattern():
                return re.compile(REDACTED)
        return type(self.wanted)


@dataclass(frozen=True, slots=True)
class Matcher:
    """All conditions of a rule; without any it accepts every request."""

    conditions: tuple[Condition, ...] = ()

    def accepts(self, request: ChatRequest, headers: Headers = NO_HEADERS) -> bool:
        """Whether every condition holds."""
        return all(condition.holds(request, headers) for condition in self.conditions)

    def mismatches(self, request: ChatRequest, headers: Headers = NO_HEADERS) -> list[Mismatch]:
        """Return why the request is not accepted; empty where it is."""
        return [found for c in self.conditions if (found := c.explain(request, headers)) is not None]

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


def _name(wanted: object) -> str:
    match wanted:
        case re.Pattern():
            return f"re.compile({wanted.pattern!r})"
        case _ if callable(wanted):
            return getattr(wanted, "__qualname__", repr(wanted))
        case _:
            return repr(wanted)
