"""use_cassette and Cassette: a recorded session, played again to whichever client asks."""

from __future__ import annotations

import os
from collections.abc import Iterable

from fakellm._answering import Answering
from fakellm._cassette.file import read_cassette
from fakellm._cassette.interaction import Interaction
from fakellm._cassette.manner import check_manner
from fakellm._cassette.match import check_parts
from fakellm._cassette.replay import Recording
from fakellm._clock import Clock, MockClock
from fakellm._errors import UsageError
from fakellm._script.engine import Engine
from fakellm._wire.strictness import Strictness

__all__ = ["Cassette", "use_cassette"]


class Cassette(Answering):
    """A recording that answers instead of the network; what ``use_cassette`` gives.

    path: the file. interactions: what it holds, in order. Each is played once, equal requests in the order
    of the file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        match: Iterable[str] | None = None,
        chunking: str | int = "event",
        timing: str | float = "none",
        clock: Clock | None = None,
        engine: Engine | None = None,
    ) -> None:
        parts = check_parts(match)
        manner = check_manner(chunking, timing)
        self.path = os.fspath(path)
        self.interactions: list[Interaction] = read_cassette(path)
        self._recording = Recording(self.interactions, path=self.path, parts=parts, manner=manner)
        # What was recorded was accepted, or its rejection is recorded: nothing is left to judge.
        super().__init__(engine or Engine(strictness=Strictness(strict=False)), clock or MockClock())
        self._engine.sources.append(self._recording)

    @property
    def unplayed(self) -> list[Interaction]:
        """The interactions that nothing has asked for yet, in the order of the file."""
        return self._recording.unplayed

    def __repr__(self) -> str:
        return f"<Cassette {self.path}: {len(self.interactions)} interactions, {len(self.unplayed)} not played>"


def use_cassette(
    path: str | os.PathLike[str],
    *,
    mode: str = "none",
    match: Iterable[str] | None = None,
    chunking: str | int = "event",
    timing: str | float = "none",
    clock: Clock | None = None,
) -> Cassette:
    """Replay a recorded session while a ``with`` or ``async with`` block runs.

    path: a cassette file of vcrpy, pytest-recording or fakellm. mode: ``none``, replay only. match: the parts
    of a request that it is found by, any of method, scheme, host, port, path, query, body; all by default.
    chunking: in which pieces a body is played: ``event`` by event of a stream, as ``recorded``, in ``one``, or
    so many bytes each. timing: ``none``, as ``recorded``, or what to multiply the recorded pauses by. clock:
    waits for these pauses; the default never really waits.

    Every request that goes through httpx or httpx2 is answered from the file, except to loopback hosts
    that it does not know. One that the file does not hold gets a 400 that says what came closest; it is sent
    nowhere, and fails the block when it ends, even where the code under test swallowed the error.

    Raises:
        CassetteNotFoundError: there is no file at path.
        CassetteFormatError: it cannot be read.
        CassetteMismatchError: at the end of the block, for requests that the file does not hold.
        UsageError: an unknown mode, part, chunking or timing.
    """
    if mode != "none":
        raise UsageError(f"mode={mode!r}: cassettes are only replayed so far, so the one mode is 'none'")
    return Cassette(path, match=match, chunking=chunking, timing=timing, clock=clock)
