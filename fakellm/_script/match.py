"""When a rule answers: conditions on a request that can say why they do not hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from fakellm._errors import UsageError
from fakellm._wire.chat import ChatRequest

__all__ = ["Condition", "Matcher", "Mismatch", "Wanted"]

Wanted = str | re.Pattern[str] | Callable[[Any], object]
"""What a condition looks for: a substring (a glob for the model), a pattern to search, or a predicate."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a rule did not answer: the field, what the rule expected there, what the request has."""

    field: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.field}: expected {self.expected}, got {self.got}"


def _question(request: ChatRequest) -> tuple[str, ...]:
    return () if request.question is None else (request.question,)


def _missing_question(request: ChatRequest) -> str:
    if request.last_user is None:
        return "no user message"
    return f"a user message {shown(request.last_user)} that was answered already ({_end(request)})"


def _end(request: ChatRequest) -> str:
    return f"the last message has role {request.messages[-1].get('role')!r}"


@dataclass(frozen=True, slots=True)
class _Field:
    """A part of a request: its texts, how a plain str is looked for, and what to say where there is none."""

    texts: Callable[[ChatRequest], tuple[str, ...]]
    holds: Callable[[str, str], bool]
    wording: str
    absent: Callable[[ChatRequest], str]


def _contains(text: str, wanted: str) -> bool:
    return wanted in text


_FIELDS = {
    "user": _Field(_question, _contains, "a question containing", _missing_question),
    "tool_result": _Field(
        lambda request: request.tool_results,
        _contains,
        "a tool result containing",
        lambda request: f"no tool result at the end ({_end(request)})",
    ),
    "model": _Field(lambda request: (request.model,), fnmatchcase, "a model like", lambda request: "no model"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a rule: the named part of the request is as wanted."""

    field: str
    wanted: Wanted

    def __post_init__(self) -> None:
        is_text = isinstance(self.wanted.pattern if isinstance(self.wanted, re.Pattern) else self.wanted, str)
        if not is_text and not callable(self.wanted):
            raise UsageError(
                f"when({self.field}=...) takes a str, a compiled pattern of str or a callable, got {self.wanted!r}"
            )

    def mismatch(self, request: ChatRequest) -> Mismatch | None:
        """Return why the condition does not hold, or None where it does."""
        field = _FIELDS[self.field]
        texts = field.texts(request)
        if any(self._holds(text, field) for text in texts):
            return None
        got = ", ".join(map(shown, texts)) if texts else field.absent(request)
        return Mismatch(self.field, self._expected(field), got)

    def explain(self, request: ChatRequest) -> Mismatch | None:
        """Return the mismatch, where a predicate that raises is one: it may never have been asked before."""
        try:
            return self.mismatch(request)
        except Exception as err:  # noqa: BLE001  # from a predicate of the test's, told in the message
            return Mismatch(self.field, self._expected(_FIELDS[self.field]), f"{type(err).__name__}: {err}")

    def __str__(self) -> str:
        return f"{self.field}={_name(self.wanted)}"

    def _holds(self, text: str, field: _Field) -> bool:
        match self.wanted:
            case str():
                return field.holds(text, self.wanted)
            case re.Pattern():
                return self.wanted.search(text) is not None
            case predicate:
                return bool(predicate(text))

    def _expected(self, field: _Field) -> str:
        match self.wanted:
            case str():
                return f"{field.wording} {self.wanted!r}"
            case re.Pattern():
                return f"a match of {self.wanted.pattern!r}"
            case predicate:
                return f"{_name(predicate)} to hold"


@dataclass(frozen=True, slots=True)
class Matcher:
    """All conditions of a rule; without any it accepts every request."""

    conditions: tuple[Condition, ...] = ()

    def accepts(self, request: ChatRequest) -> bool:
        """Whether every condition holds."""
        return all(condition.mismatch(request) is None for condition in self.conditions)

    def mismatches(self, request: ChatRequest) -> list[Mismatch]:
        """Return why the request is not accepted; empty where it is."""
        return [found for c in self.conditions if (found := c.explain(request)) is not None]

    def __str__(self) -> str:
        return f"when({', '.join(map(str, self.conditions))})" if self.conditions else "reply()"


def shown(text: str, limit: int = 120) -> str:
    """Return a text as it reads in a message: quoted, on one line, cut in the middle where it is long."""
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]} … {text[-half:]}"
    return repr(text)


def _name(wanted: object) -> str:
    match wanted:
        case str():
            return repr(wanted)
        case re.Pattern():
            return f"re.compile({wanted.pattern!r})"
        case _:
            return getattr(wanted, "__qualname__", repr(wanted))
