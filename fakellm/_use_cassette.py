"""use_cassette and Cassette: a recorded session, played again to whichever client asks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from functools import cache
from math import inf
from typing import Unpack

from fakellm._cassette.file import read_cassette
from fakellm._cassette.interaction import Interaction
from fakellm._cassette.miss import Advice
from fakellm._cassette.modes import make_plan, resolve_mode, why_off
from fakellm._cassette.redact import Redactor, check_redact, make_redactor
from fakellm._cassette.replay import Recording
from fakellm._cassette.secrets import environment_secrets
from fakellm._cassette.settings import ReplayOptions, Settings, make_settings
from fakellm._clock import Clock, MockClock
from fakellm._dialects.table import dialects_with
from fakellm._errors import CassetteNotFoundError, UsageError
from fakellm._io.cassette_recorder import CassetteRecorder
from fakellm._io.fast_path import is_time_real
from fakellm._named_arguments import naming_arguments
from fakellm._numbers import AT_LEAST_ONE
from fakellm._recording_block import Counts, RecordingBlock
from fakellm._script.engine import Engine
from fakellm._script.reply import ErrorReply
from fakellm._script.transform import Fault
from fakellm._wire.dialect import Dialect, Strictness
from fakellm._wire.events import WireRequest
from fakellm._wire.table import Table

__all__ = ["Cassette", "replay_settings", "use_cassette"]


class Cassette(RecordingBlock):
    """A recording that answers instead of the network; what ``use_cassette`` and ``FakeLLM.replay`` give.

    path: the file. mode: the record mode, ``auto`` resolved. interactions: what the file holds, in order. Each is
    played once, equal requests in the order of the file; what the session itself records is not played in it.
    rewrites_before: ``rewrite`` adds to what was written at this moment (seconds since 1970) or later. dialects:
    further APIs to hear, unless an engine is given, which has its own.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        mode: str = "none",
        redact: Sequence[str | re.Pattern[str]] = (),
        settings: Settings | None = None,
        clock: Clock | None = None,
        engine: Engine | None = None,
        rewrites_before: float = inf,
        dialects: Iterable[Dialect] = (),
    ) -> None:
        self.path = os.fspath(path)
        self.mode = resolve_mode(mode, os.environ)
        held = _held(path, mode=self.mode)
        plan = make_plan(self.mode, has_file=held is not None)
        self.interactions: list[Interaction] = held or []
        # What was recorded was accepted, or its rejection is recorded: nothing is left to judge.
        engine = engine or Engine(
            dialects_with(dialects, given_to="use_cassette()"), strictness=Strictness(strict=False)
        )
        before = rewrites_before if plan.replaces else None
        recorder = self._make_recorder(redact, before, engine.dialects) if plan.records else None
        replayed = self.interactions if plan.replays else []
        settings = settings or replay_settings(path)
        off = why_off(mode, self.mode)
        self._recording = Recording(replayed, path=self.path, settings=settings, off=off, is_time_real=is_time_real)
        super().__init__(engine, clock or MockClock(), recorder)
        self._engine.sources.append(self._recording)
        self._engine.allowed_hosts += settings.allowed_hosts
        self._announce()

    def _make_recorder(
        self, redact: Sequence[str | re.Pattern[str]], before: float | None, dialects: Table
    ) -> CassetteRecorder:
        places = {(interaction.request.host, interaction.request.port) for interaction in self.interactions}
        return CassetteRecorder(self.path, dialects=dialects, places=places, replaces_before=before, redact=redact)

    @property
    def unplayed(self) -> list[Interaction]:
        """The interactions that nothing has asked for yet, in the order of the file."""
        return self._recording.unplayed

    @property
    def counts(self) -> Counts:
        """How many requests were played, recorded and missed, and how many interactions are left."""
        return self._counts(unused=len(self.unplayed))

    def inject(self, injection: Fault | ErrorReply, *, into: int, times: int = 1) -> None:
        """Let an interaction be answered with a fault or an error first, as a network does.

        injection: a fault of ``fakellm.faults``, laid over the recorded answer, or an ErrorReply sent instead.
        into: the number of the interaction, 1 for the first of the file. times: how many requests for it get
        that; the next one gets the recorded answer whole.

        Raises:
            UsageError: neither a fault nor an ErrorReply, no such interaction, or a number of times below 1.
        """
        __tracebackhide__ = True
        if not isinstance(injection, ErrorReply) and not callable(injection):
            raise UsageError(
                f"inject() takes a fault such as faults.drop(after=2), or an ErrorReply; got {injection!r}"
            )
        if into not in AT_LEAST_ONE or into > len(self.interactions):
            raise UsageError(f"into= takes the number of an interaction, 1 to {len(self.interactions)}; got {into!r}")
        if times not in AT_LEAST_ONE:
            raise UsageError(f"times= takes how many requests to break, 1 or more; got {times!r}")
        self._recording.inject(into, injection, times=times)

    def __repr__(self) -> str:
        return f"<Cassette {self.path}: {len(self.interactions)} interactions, {len(self.unplayed)} not played>"


def _held(path: str | os.PathLike[str], *, mode: str) -> list[Interaction] | None:
    """Return what a file holds; None where there is none, which ``none`` does not put up with."""
    try:
        return read_cassette(path)
    except CassetteNotFoundError:
        if mode == "none":
            raise
        return None


@naming_arguments("use_cassette()")
def use_cassette(
    path: str | os.PathLike[str],
    *,
    mode: str = "none",
    redact: Iterable[str | re.Pattern[str]] = (),
    match: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    normalize: Iterable[str | re.Pattern[str]] = (),
    repeat: str | None = None,
    chunking: str | int = "event",
    timing: str | float = "none",
    allowed_hosts: str | re.Pattern[str] | Iterable[str | re.Pattern[str]] = (),
    clock: Clock | None = None,
    dialects: Iterable[Dialect] = (),
) -> Cassette:
    """Replay a recorded session, or record one, while a ``with`` or ``async with`` block runs.

    path: a cassette file of vcrpy, pytest-recording or fakellm. mode: what is recorded: ``none`` nothing;
    ``once`` everything where there is no file; ``new_episodes`` what the file does not hold; ``all`` everything,
    behind what the file holds; ``rewrite`` everything, instead of it; ``auto`` is ``none`` when CI is set, ``once``
    otherwise. redact: texts and compiled patterns to black out besides what looks like a secret. match: the parts of a
    request that it is found by, any of method, scheme, host, port, path, query, body; all by default.
    ignore: paths of members of a JSON body that do not count, such as ``user`` or ``messages[*].name``.
    normalize: what does not count in texts: ``uuids``, ``timestamps``, compiled patterns. repeat: what answers a
    request when all equal ones were played: None nothing, ``last`` the last of them, ``cycle`` all once more.
    chunking: in which pieces a body is played: ``event`` by event of a stream, as ``recorded``, in ``one``, or
    so many bytes each. timing: ``none``, as ``recorded``, or what to multiply the recorded pauses by. clock:
    waits for these pauses; the default never really waits, ``SystemClock()`` does. Without timing, no recorded
    retry-after makes a client wait either, unless virtual time is on, where waiting takes no time. allowed_hosts:
    names of hosts such as ``*.langchain.com``, or compiled patterns; what goes there is neither played nor recorded but
    left to the network, unless its path asks a model. dialects: further APIs to hear, as ``FakeLLM`` takes them.

    Every request that goes through httpx, httpx2, requests or aiohttp is answered from the file, except to ports of
    loopback hosts that it does not know. A model call that the file does not hold gets a 400 that says what came
    closest; it is sent nowhere, and fails the block when it ends, even where the code under test swallowed the error.
    So does another request to a host and path that the file holds; any other gets a 404, stands in ``other_traffic``
    and fails nothing.

    While it records, the real answers go to the client as they arrive. The file is written when the block
    ends, and only if it succeeds; keys, cookies and their like do not get into it.

    Raises:
        CassetteNotFoundError: there is no file at path, and nothing is to be recorded.
        CassetteFormatError: it cannot be read.
        CassetteMismatchError: at the end of the block, for requests that the file does not hold.
        UsageError: an unknown mode, part, path, pattern, repeat, chunking, timing or host, or a dialect that is none.
    """
    __tracebackhide__ = True
    blacked_out = check_redact(redact)
    settings = replay_settings(
        path,
        redact=blacked_out,
        match=match,
        ignore=ignore,
        normalize=normalize,
        repeat=repeat,
        chunking=chunking,
        timing=timing,
        allowed_hosts=allowed_hosts,
    )
    return Cassette(path, mode=mode, redact=blacked_out, settings=settings, clock=clock, dialects=dialects)


def replay_settings(
    path: str | os.PathLike[str],
    *,
    redact: Sequence[str | re.Pattern[str]] = (),
    **options: Unpack[ReplayOptions],
) -> Settings:
    """Return the settings for replaying a file, which holds no secrets; for the arguments see ``use_cassette``."""
    __tracebackhide__ = True

    @cache
    def redactor() -> Redactor:
        return make_redactor(redact, environment_secrets(os.environ))

    def redacted(request: WireRequest) -> WireRequest:
        return redactor().asked(request)

    advice = Advice(record=f"use_cassette({os.fspath(path)!r}, mode='rewrite')")
    return make_settings(**options, redact=redacted, advice=advice)
