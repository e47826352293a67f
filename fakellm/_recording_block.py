"""The recording side of a cassette: what a block that may record does at its end."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import Any, NamedTuple

from fakellm._answering import Answering
from fakellm._clock import Clock
from fakellm._errors import UsageError
from fakellm._io.cassette_recorder import CassetteRecorder
from fakellm._script.engine import Engine
from fakellm._script.journal import Outcome

__all__ = ["Counts", "Place", "RecordingBlock"]


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a session: requests played, recorded and missed; interactions of the file left unplayed."""

    played: int
    recorded: int
    missed: int
    unused: int


class Place(NamedTuple):
    """A host with a port; None for the scheme's own."""

    host: str
    port: int | None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


class RecordingBlock(Answering):
    """Base of Cassette: records what is to be recorded, and saves it where the block succeeds.

    A block that ends in an exception, or whose check fails, leaves the file as it was.
    """

    def __init__(self, engine: Engine, clock: Clock, recorder: CassetteRecorder | None) -> None:
        super().__init__(engine, clock)
        self._recorder = recorder
        if recorder is not None:
            engine.recorder = recorder

    @property
    def is_recording(self) -> bool:
        """Whether requests that the file does not answer are sent on and recorded."""
        return self._recorder is not None

    def save(self) -> bool:
        """Write what was recorded to the file, redacted; return whether it has changed.

        A ``with`` block does that at its end, unless it fails. Who uses ``intercept`` calls it where all went well.

        Raises:
            UnredactedSecretError: something that looks like a secret is left; nothing is written.
            CassetteFormatError: the file was damaged meanwhile; it is left as it is.
        """
        __tracebackhide__ = True
        return self._recorder is not None and self._recorder.save()

    def discard(self) -> None:
        """Forget what was recorded, so that nothing is saved."""
        if self._recorder is not None:
            self._recorder.clear()

    def check(self) -> None:
        """Fail for requests that the recording does not hold, and for those that could not be recorded.

        Raises:
            CassetteMismatchError: a request that the recording does not hold.
            UsageError: a request was to be recorded with the key that stands in where none is set.
        """
        __tracebackhide__ = True
        if self._recorder is not None and self._recorder.refusals:
            raise UsageError(self._recorder.refusals[0])
        super().check()

    def transport(self, module: ModuleType) -> Any:
        """Return a transport for one client: ``httpx.Client(transport=cassette.transport(httpx))``.

        Raises:
            UsageError: another module than httpx and httpx2, or the cassette records.
        """
        if self.is_recording:
            raise UsageError(
                "cassette.transport(...) answers from the file alone, and this cassette records\n"
                "  type: with cassette: … and give the client the transport that it has without fakellm"
            )
        return super().transport(module)

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        super().__exit__(exc_type, exc, tb)
        if exc is None and not self._ends:
            self.save()
            for place, count in self.left_out.items():
                warnings.warn(_left_out_text(place, count), stacklevel=2)

    @property
    def left_out(self) -> Mapping[Place, int]:
        """Ports of this machine whose traffic is not recorded, as no model is asked there, with how many requests."""
        requests = self._recorder.left_out if self._recorder is not None else []
        return Counter(Place(request.host, request.port) for request in requests)

    def _counts(self, *, unused: int) -> Counts:
        outcomes = [call.outcome for call in (*self.calls, *self.other_traffic)]
        return Counts(
            played=outcomes.count(Outcome.REPLAYED),
            recorded=outcomes.count(Outcome.RECORDED) - sum(self.left_out.values()),
            missed=outcomes.count(Outcome.UNMATCHED),
            unused=unused,
        )


def _left_out_text(place: Place, count: int) -> str:
    were = "request was" if count == 1 else "requests were"
    return (
        f"{count} {were} not recorded: no model was asked at {place}\n"
        "  of this machine, ports are recorded where a request asks a model by its path, or by a member 'model' of\n"
        "  its JSON body; a replay leaves the others to the network\n"
        f"  if that is meant: allowed_hosts=[{place.host!r}]"
    )
