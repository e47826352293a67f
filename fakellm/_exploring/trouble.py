"""What an experiment lays over one answer: a fault, an error in its place, or a framing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fakellm._errors import UsageError
from fakellm._script.journal import Call
from fakellm._script.render import error_events
from fakellm._script.reply import ErrorReply
from fakellm._script.transform import Fault, Framing, at_speaker, name_of
from fakellm._wire.events import Data, Disconnect, Head, WireEvent
from fakellm._wire.voice import Marks, Voice

__all__ = ["Trouble", "delivers", "troubles"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault, error or framing under a name of its own. is_framing: whether it is the latter, and the answer whole."""

    name: str
    cause: Fault | Framing | ErrorReply
    is_framing: bool

    def over(self, call: Call, events: Iterable[WireEvent]) -> list[WireEvent]:
        """Return what is played of an answer.

        Raises:
            UsageError: it can never take effect on this answer.
        """
        clean = list(events)
        if call.request is None:
            return clean
        if isinstance(self.cause, ErrorReply):
            return list(error_events(self.cause, call.request.speaker, _request_id(clean, call.voice)))
        return list(at_speaker(self.cause, call.request.speaker)(iter(clean)))

    def note(self, call: Call) -> None:
        """Write on a call what answered it."""
        if isinstance(self.cause, ErrorReply):
            call.reply, call.completion, call.status = self.cause, None, self.cause.status
        elif not self.is_framing:
            call.fault = self.cause


def troubles(faults: Iterable[object], framings: Iterable[object]) -> list[Trouble]:
    """Return each with a name of its own.

    Raises:
        UsageError: something is neither a fault nor a framing.
    """
    __tracebackhide__ = True
    given = [
        *((one, False) for one in _listed(faults, "faults")),
        *((one, True) for one in _listed(framings, "framings")),
    ]
    seen: Counter[str] = Counter()
    found = []
    for cause, is_framing in given:
        checked = _checked(cause, is_framing=is_framing)
        name = _name(checked)
        seen[name] += 1
        found.append(Trouble(f"{name} #{seen[name]}" if seen[name] > 1 else name, checked, is_framing))
    return found


def delivers(clean: Iterable[WireEvent], played: Iterable[WireEvent], marks: Marks) -> bool:
    """Whether a client that is patient enough gets all of the answer all the same, but for a mere end mark."""
    clean, played = list(clean), list(played)
    if _status(clean) != _status(played) or any(isinstance(event, Disconnect) for event in played):
        return False
    body, got = _body(clean), _body(played)
    return got == body or (not marks.has_answer and got == marks.without_end(body))


def _listed(given: Iterable[object], what: str) -> Iterable[object]:
    if callable(given) or isinstance(given, str | ErrorReply) or not isinstance(given, Iterable):
        raise UsageError(f"{what} takes a list, such as {what}=[{_EXAMPLES[what]}]; got {given!r}")
    return given


_EXAMPLES = {"faults": "faults.drop(after=2)", "framings": "framings.crlf()"}


def _checked(cause: Any, *, is_framing: bool) -> Any:
    what = "framings" if is_framing else "faults"
    if getattr(cause, "__module__", "") == f"fakellm.{what}":
        raise UsageError(f"call it: {what}.{getattr(cause, '__name__', '')}(...)")
    if getattr(cause, "__self__", None) is ErrorReply:
        raise UsageError(f"call it: ErrorReply.{getattr(cause, '__name__', '')}()")
    if not callable(cause) and (is_framing or not isinstance(cause, ErrorReply)):
        or_error = "" if is_framing else ", or an ErrorReply"
        raise UsageError(f"{what} takes those of fakellm.{what}, such as {_EXAMPLES[what]}{or_error}; got {cause!r}")
    return cause


def _name(cause: Callable[[Iterator[WireEvent]], Iterator[WireEvent]] | ErrorReply) -> str:
    if isinstance(cause, ErrorReply):
        return f"{cause.status} {cause.code or cause.type or ''}".strip()
    return name_of(cause)


def _status(events: list[WireEvent]) -> int | None:
    return next((event.status for event in events if isinstance(event, Head)), None)


def _body(events: list[WireEvent]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Data))


def _request_id(events: list[WireEvent], voice: Voice) -> str:
    heads = [dict(event.headers) for event in events if isinstance(event, Head)]
    return heads[0].get(voice.request_id_header, "req_fakellm") if heads else "req_fakellm"
