"""Calls that forked children answered, told to the process that forked them.

A child holds a copy of every engine: a reply that it gives is still to be given in the parent, and a request that
nothing answers there fails nobody. So each call of a child is written to a file without a name that both hold open;
the parent takes note of it when the fake is checked, or its calls are looked at. A file, not a pipe: it never fills up,
whether or not the parent reads. Processes that are spawned or started as programs hold nothing of this one.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakSet, finalize

from fakellm._script.engine import Engine
from fakellm._script.journal import Call, Outcome, Play
from fakellm._script.reply import ErrorReply, Reply
from fakellm._script.rule import Rule
from fakellm._wire.events import WireEvent, WireRequest

__all__ = ["Ledger", "hear_children", "watch_forks"]

_HEAD = struct.Struct("I")  # the size of a record
_FALLBACK = 0  # rules count from 1


class _Told(NamedTuple):
    """A call as a child tells it. rule: the number and the name of the one that answered."""

    wire: WireRequest
    outcome: Outcome
    status: int
    rule: tuple[int, str] | None
    explanation: str


class Ledger:
    """The file that a process and its children share. Appending is atomic, so children need no lock between them."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("a+b", buffering=0)  # noqa: SIM115  # open as long as the engine lives
        finalize(self, self._file.close)
        self._read = 0

    def append(self, told: object) -> None:
        import pickle  # most processes fork none

        data = pickle.dumps(told)
        self._file.write(_HEAD.pack(len(data)) + data)

    def take(self) -> Iterator[Any]:
        """Yield what was appended since the last time; a record that a killed child left unfinished is the last.

        Read by place: the file's own position is shared with the children, and moves when one of them appends.
        """
        import pickle

        file, place = self._file.fileno(), self._read
        while len(head := os.pread(file, _HEAD.size, place)) == _HEAD.size:
            (size,) = _HEAD.unpack(head)
            if len(data := os.pread(file, size, place + _HEAD.size)) < size:
                return
            self._read = place = place + _HEAD.size + size
            yield pickle.loads(data)  # written by this process's own children, in a file without a name


class _Telling(NamedTuple):
    """Comes between requests and answers in a child, and tells of each."""

    ledger: Ledger

    def before(self, request: WireRequest) -> None:
        """Nothing is told before it is answered."""

    def over(self, call: Call, play: Play) -> Play:
        """Return what plays the same answer and tells of the call as it begins, when its outcome is known."""

        def told() -> Iterator[WireEvent]:
            for number, event in enumerate(play()):
                if number == 0:
                    rule = (call.rule.number, str(call.rule)) if call.rule is not None else None
                    self.ledger.append(_Told(call.wire, call.outcome, call.status, rule, call.explanation))
                yield event

        return told


_engines: WeakSet[Engine] = WeakSet()
_hooked: list[bool] = []  # not empty once the hooks are there, which cannot be taken away


def watch_forks(engine: Engine) -> None:
    """Have children that are forked from now on tell what they ask an engine."""
    _engines.add(engine)
    if not _hooked and hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_open_ledgers, after_in_child=_begin_to_tell)
        _hooked.append(True)


def hear_children(engine: Engine) -> None:
    """Write down what children asked since the last time, and use up what answered them."""
    if (ledger := engine.ledger) is None or _is_telling(engine):
        return
    with engine.lock:  # threads that look at the same time would read the same records
        for told in ledger.take():
            _write_down(engine, told)


def _write_down(engine: Engine, told: _Told) -> None:
    from fakellm._exploring.control import Control  # most processes hear no child

    request = partial(engine.read, told.wire, is_rejected=told.outcome is Outcome.REJECTED)
    voice = engine.dialects.voice(told.wire)
    call = Call(len(engine.journal) + 1, told.wire, told.outcome, told.status, request, voice=voice)
    call.explanation = told.explanation
    if told.rule is not None and (rule := _rule_of(engine, *told.rule)) is not None:
        call.rule, upcoming = rule, rule.upcoming if rule.is_live else None
        call.reply = upcoming if isinstance(upcoming, Reply | ErrorReply) else None
    Control(engine).use_up(call)
    engine.journal.append(call)


def _rule_of(engine: Engine, number: int, name: str) -> Rule | None:
    """Return the rule that a child names; None where it wrote that itself, or a reset has taken it away since."""
    if number == _FALLBACK:
        rule: Rule | None = engine.fallback
    else:
        rule = next((one for one in engine.rules if one.number == number), None)
    return rule if str(rule) == name else None


def _is_telling(engine: Engine) -> bool:
    """Whether this process is a child that tells another one; what it forks tells the same."""
    return isinstance(engine.hooks, _Telling)


def _open_ledgers() -> None:
    for engine in list(_engines):
        if not _is_telling(engine) and engine.ledger is None:
            engine.ledger = Ledger()


def _begin_to_tell() -> None:
    for engine in list(_engines):
        engine.renew_lock()
        if engine.hooks is None:  # explore counts what it asks itself
            engine.hooks = _Telling(engine.ledger)
