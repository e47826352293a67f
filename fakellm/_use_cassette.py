"""use_cassette and Cassette: a recorded session, played again to whichever client asks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache

from fakellm._answering import Answering
from fakellm._cassette.file import read_cassette
from fakellm._cassette.interaction import Interaction
from fakellm._cassette.miss import Advice
from fakellm._cassette.redact import Redactor
from fakellm._cassette.replay import Recording
from fakellm._cassette.secrets import environment_secrets
from fakellm._cassette.settings import Settings, make_settings
from fakellm._clock import Clock, MockClock
from fakellm._errors import UsageError
from fakellm._script.engine import Engine
from fakellm._script.reply import ErrorReply
from fakellm._script.transform import Fault
from fakellm._wire.events import WireRequest
from fakellm._wire.strictness import Strictness

__all__ = ["Cassette", "replay_settings", "use_cassette"]


class Cassette(Answering):
    """A recording that answers instead of the network; what ``use_cassette`` and ``FakeLLM.replay`` give.

    path: the file. interactions: what it holds, in order. Each is played once, equal requests in the order
    of the file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        settings: Settings | None = None,
        clock: Clock | None = None,
        engine: Engine | None = None,
    ) -> None:
        self.path = os.fspath(path)
        self.interactions: list[Interaction] = read_cassette(path)
        self._recording = Recording(self.interactions, path=self.path, settings=settings or replay_settings(path))
        # What was recorded was accepted, or its rejection is recorded: nothing is left to judge.
        super().__init__(engine or Engine(strictness=Strictness(strict=False)), clock or MockClock())
        self._engine.sources.append(self._recording)

    @property
    def unplayed(self) -> list[Interaction]:
        """The interactions that nothing has asked for yet, in the order of the file."""
        return self._recording.unplayed

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
        if not _is_count(into) or into > len(self.interactions):
            raise UsageError(f"into= takes the number of an interaction, 1 to {len(self.interactions)}; got {into!r}")
        if not _is_count(times):
            raise UsageError(f"times= takes how many requests to break, 1 or more; got {times!r}")
        self._recording.inject(into, injection, times=times)

    def __repr__(self) -> str:
        return f"<Cassette {self.path}: {len(self.interactions)} interactions, {len(self.unplayed)} not played>"


def use_cassette(
    path: str | os.PathLike[str],
    *,
    mode: str = "none",
    match: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    normalize: Iterable[str | re.Pattern[str]] = (),
    repeat: str | None = None,
    chunking: str | int = "event",
    timing: str | float = "none",
    clock: Clock | None = None,
) -> Cassette:
    """Replay a recorded session while a ``with`` or ``async with`` block runs.

    path: a cassette file of vcrpy, pytest-recording or fakellm. mode: ``none``, replay only. match: the parts
    of a request that it is found by, any of method, scheme, host, port, path, query, body; all by default.
    ignore: paths of members of a JSON body that do not count, such as ``user`` or ``messages[*].name``.
    normalize: what does not count in texts: ``uuids``, ``timestamps``, compiled patterns. repeat: what answers a
    request when all equal ones were played: None nothing, ``last`` the last of them, ``cycle`` all once more.
    chunking: in which pieces a body is played: ``event`` by event of a stream, as ``recorded``, in ``one``, or
    so many bytes each. timing: ``none``, as ``recorded``, or what to multiply the recorded pauses by. clock:
    waits for these pauses; the default never really waits, ``SystemClock()`` does.

    Every request that goes through httpx or httpx2 is answered from the file, except to loopback hosts
    that it does not know. One that the file does not hold gets a 400 that says what came closest; it is sent
    nowhere, and fails the block when it ends, even where the code under test swallowed the error.

    Raises:
        CassetteNotFoundError: there is no file at path.
        CassetteFormatError: it cannot be read.
        CassetteMismatchError: at the end of the block, for requests that the file does not hold.
        UsageError: an unknown mode, part, path, pattern, repeat, chunking or timing.
    """
    __tracebackhide__ = True
    if mode != "none":
        raise UsageError(f"mode={mode!r}: cassettes are only replayed so far, so the one mode is 'none'")
    settings = replay_settings(
        path, match=match, ignore=ignore, normalize=normalize, repeat=repeat, chunking=chunking, timing=timing
    )
    return Cassette(path, settings=settings, clock=clock)


def replay_settings(
    path: str | os.PathLike[str],
    *,
    match: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    normalize: Iterable[str | re.Pattern[str]] = (),
    repeat: str | None = None,
    chunking: str | int = "event",
    timing: str | float = "none",
) -> Settings:
    """Return the settings for replaying a file, which holds no secrets; for the arguments see ``use_cassette``."""
    __tracebackhide__ = True

    @cache
    def redactor() -> Redactor:
        return Redactor(environment_secrets(os.environ))

    def redact(request: WireRequest) -> WireRequest:
        return redactor().asked(request)

    return make_settings(
        match=match,
        ignore=ignore,
        normalize=normalize,
        repeat=repeat,
        chunking=chunking,
        timing=timing,
        redact=redact,
        advice=Advice(record=f"use_cassette({os.fspath(path)!r}, mode='rewrite')"),
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
