"""The contents of reports of single tests: a line for each call, and figures for the summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from fakellm._errors import shown
from fakellm._script.journal import Outcome
from fakellm._script.reply import Reply

if TYPE_CHECKING:
    from fakellm import Call, Cassette, FakeLLM
    from pytest_fakellm.tapes import Tape

__all__ = ["hints", "journal_lines", "other_lines", "tally"]

_BY = {
    Outcome.ITSELF: "itself",
    Outcome.REPLAYED: "the recording",
    Outcome.RECORDED: "the network, and recorded",
    Outcome.UNMATCHED: "nothing",
    Outcome.REJECTED: "a rejection",
    Outcome.OTHER: "nothing, as it is no model call",
}

_REFUSED = (Outcome.UNMATCHED, Outcome.REJECTED)


def journal_lines(answering: FakeLLM | Cassette) -> Iterator[str]:
    """Yield a line for each call: what was asked, what answered, and for how many tokens."""
    for call in answering.calls:
        streamed = _streamed(call)
        yield f"{_line(call)}; it has {streamed}, and no stream was asked for" if streamed else _line(call)


def hints(answering: FakeLLM | Cassette) -> Iterator[str]:
    """Yield likely reasons of a failure: replies that are made to be streamed, and were not."""
    for call in answering.calls:
        if streamed := _streamed(call):
            yield (
                f"call {call.number} asked for no stream, but its reply has {streamed}: {call.rule}\n"
                "  if the code reads a stream, let it ask for one: stream=True"
            )


def _streamed(call: Call) -> str:
    """Return the fields of a reply that say how it is streamed, as typed, where no stream was asked for."""
    if call.stream or not isinstance(call.reply, Reply):
        return ""
    return ", ".join(f"{name}=" for name in ("chunks", "pace", "framing") if getattr(call.reply, name) is not None)


def other_lines(answering: FakeLLM | Cassette) -> Iterator[str]:
    """Yield a line for each request that asked no model; without numbers, as they come at their own time."""
    for call in answering.other_traffic:
        asked = f"{call.wire.method} {call.wire.host}{call.wire.path}"
        yield f"other traffic: {asked} [{call.status}], answered by {_by(call)}"


def _line(call: Call) -> str:
    subject = f" {call.model}" if call.model else ""
    stream = ", stream" if call.stream else ""
    usage = call.shared_usage or {}
    tokens = f", {usage['prompt_tokens']}+{usage['completion_tokens']} tokens" if _is_counted(usage) else ""
    head = f"call {call.number}: {call.wire.method} {call.wire.path}{subject} [{call.status}{stream}]"
    return f"{head}{_asked(call)}, answered by {_by(call)}{tokens}"


def _asked(call: Call) -> str:
    """Return the question and, where nothing answered it, the tools that were offered."""
    question = "" if call.last_user is None else f" user={shown(call.last_user, 40)}"
    names = call.request.tool_names if call.request and call.outcome in _REFUSED else ()
    return f"{question} tools={', '.join(names)}" if names else question


def _by(call: Call) -> str:
    if call.outcome is Outcome.ANSWERED:
        return str(call.rule)
    failed = f", as {call.rule} failed" if call.cause is not None and call.rule is not None else ""
    return _BY[call.outcome] + failed


def _is_counted(usage: Any) -> bool:
    return isinstance(usage.get("prompt_tokens"), int) and isinstance(usage.get("completion_tokens"), int)


def tally(
    answering: Sequence[FakeLLM | Cassette],
    tapes: Sequence[Tape],
    *,
    refused: list[str],
    has_passed: bool,
    with_lines: bool,
) -> dict[str, Any] | None:
    """Return the figures of a test as JSON can hold them, so that they travel from a worker to the terminal; or None.

    refused: for each connection, where to and in which test. with_lines: a line per call, too.
    """
    calls = [call for one in answering for call in one.calls]
    others = [call for one in answering for call in one.other_traffic]
    if not (tapes or refused or calls or others):
        return None
    prompt = completion = 0
    for call in calls:
        if _is_counted(usage := call.shared_usage or {}):
            prompt += usage["prompt_tokens"]
            completion += usage["completion_tokens"]
    return {
        "calls": len(calls),
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "missed": sum(call.outcome is Outcome.UNMATCHED for call in (*calls, *others)) if tapes else 0,
        "cassettes": [_played(tape, has_passed=has_passed) for tape in tapes],
        "refused": refused,
        "lines": [*map(_line, calls), *chain.from_iterable(map(other_lines, answering))] if with_lines else [],
    }


def _played(tape: Tape, *, has_passed: bool) -> dict[str, Any]:
    cassette = tape.cassette
    left = {interaction.number for interaction in cassette.unplayed}
    # What is recorded anew is not played.
    numbers = [] if cassette.mode in ("all", "rewrite") else [one.number for one in cassette.interactions]
    return {
        "path": tape.path,
        "count": len(numbers),
        "played": [number for number in numbers if number not in left],
        "recorded": cassette.counts.recorded if cassette.is_recording and has_passed else 0,
        "left_out": [[str(place), place.host, count] for place, count in cassette.left_out.items()]
        if has_passed
        else [],
        "old": _too_old(cassette, tape.max_age) if numbers else None,
        "is_listed": not tape.must_play,
    }


def _too_old(cassette: Cassette, max_age: int | None) -> str | None:
    """Return the day of the oldest recording in a cassette where that is more than so many days ago."""
    days = [one.trace.recorded for one in cassette.interactions if one.trace.recorded]
    if max_age is None or not days:
        return None
    oldest = min(days)
    age = datetime.now(UTC).date() - date.fromisoformat(oldest)
    return oldest if age.days > max_age else None
