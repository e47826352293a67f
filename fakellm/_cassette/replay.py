"""A recording as a source of answers for the engine."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from fakellm._cassette.interaction import Interaction
from fakellm._cassette.match import Index
from fakellm._cassette.miss import explain_miss
from fakellm._cassette.playing import Playing, play
from fakellm._cassette.settings import AS_RECORDED, Settings
from fakellm._script.render import error_events
from fakellm._script.reply import ErrorReply
from fakellm._script.transform import Fault, at_speaker
from fakellm._wire.events import Data, WireEvent, WireRequest
from fakellm._wire.hosts import is_loopback
from fakellm._wire.voice import Speaker

__all__ = ["Recording"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """An interaction as the answer to a request. fault: a break that is laid over it. is_time_real: see ``play``."""

    interaction: Interaction
    playing: Playing
    is_time_real: Callable[[], bool]
    fault: Fault | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.interaction.response.status

    @property
    def body(self) -> bytes:
        """The whole body."""
        return self.interaction.response.body

    def events(self) -> Iterable[WireEvent]:
        """Yield the answer, without the fault."""
        return play(self.interaction, self.playing, is_time_real=self.is_time_real)


@dataclass(frozen=True, slots=True)
class Injected:
    """An error that comes before the recorded answer. speaker: who says it. number: of the interaction."""

    error: ErrorReply
    speaker: Speaker
    number: int

    @property
    def fault(self) -> Fault | None:
        """Nothing is laid over it."""
        return None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.error.status

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(event.data for event in self.events() if isinstance(event, Data))

    def events(self) -> Iterable[WireEvent]:
        """Yield the answer."""
        return error_events(self.error, self.speaker, f"req_fakellm_{self.number}")


_State = tuple[list[int], dict[int, tuple[Fault | ErrorReply, ...]], frozenset[int]]


class Recording:
    """The interactions of one file, each played once unless settings say otherwise.

    path, off: for messages; the latter says why nothing is recorded. is_time_real: whether a client that waits now
    really does.
    """

    def __init__(
        self,
        interactions: Sequence[Interaction],
        *,
        path: str,
        settings: Settings = AS_RECORDED,
        off: str = "recording is off",
        is_time_real: Callable[[], bool] = lambda: True,
    ) -> None:
        self.path = path
        self._off = off
        self._is_time_real = is_time_real
        self._interactions = interactions
        self._settings = settings
        self._index = Index(interactions, settings.keys, settings.repeat)
        self._injections: defaultdict[int, deque[Fault | ErrorReply]] = defaultdict(deque)
        self._excused: set[int] = set()

    @property
    def unplayed(self) -> list[Interaction]:
        """What nothing has asked for yet, in the order of the file; what a rule or a fault answered was asked for."""
        return [one for one in self._index.unplayed if one.number not in self._excused]

    def inject(self, number: int, injection: Fault | ErrorReply, *, times: int) -> None:
        """Let an interaction be answered so many times with a fault or an error before it is played."""
        self._injections[number].extend([injection] * times)

    def claims(self, host: str, port: int | None) -> bool:
        """Whether requests to this host are to be answered from here: all but places on loopback unknown to the file.

        port: None for the scheme's own; it does not count where requests are found without theirs.
        """
        return not is_loopback(host) or (host, port if self._has_ports else None) in self._places

    def knows(self, request: WireRequest) -> bool:
        """Whether the file holds a request to the same host and path."""
        keys = self._settings.keys
        return keys.address(keys.redacted(request).url) in self._addresses

    def take(self, request: WireRequest, speaker: Callable[[], Speaker]) -> Replayed | Injected | None:
        """Use up the next answer recorded for a request, or return None. speaker: tells who answers."""
        if self._injections and (broken := self._take_injected(request, speaker)):
            return broken
        interaction = self._index.take(request)
        return None if interaction is None else Replayed(interaction, self._settings.playing, self._is_time_real)

    def excuse(self, request: WireRequest) -> None:
        """Take note that a rule answered a request: the recorded answer stays there, but need not be asked for."""
        if (interaction := self._index.next(request)) is not None:
            self._excused.add(interaction.number)

    def give_back(self, request: WireRequest) -> None:
        """Put back the recorded answer last taken for this request."""
        self._index.give_back(request)

    @property
    def state(self) -> _State:
        """What was played, what is to come before what is played, and what was excused."""
        injections = {number: tuple(waiting) for number, waiting in self._injections.items()}
        return self._index.state, injections, frozenset(self._excused)

    def restore(self, state: _State) -> None:
        """Have the answers that it had."""
        played, injections, excused = state
        self._index.restore(played)
        self._injections.clear()
        self._injections.update({number: deque(waiting) for number, waiting in injections.items()})
        self._excused = set(excused)

    def rewind(self) -> None:
        """Let everything be played again."""
        self._index.rewind()
        self._injections.clear()
        self._excused.clear()

    def explain(self, request: WireRequest) -> str:
        """Say why there is no answer, what came closest, what is left, and what to type."""
        return explain_miss(
            request,
            path=self.path,
            interactions=self._interactions,
            unplayed=self.unplayed,
            equal=self._index.equal(request),
            keys=self._settings.keys,
            off=self._off,
            advice=self._settings.advice,
        )

    def _take_injected(self, request: WireRequest, speaker: Callable[[], Speaker]) -> Replayed | Injected | None:
        """Use up what comes before the recorded answer, or return None."""
        interaction = self._index.next(request)
        if interaction is None or not (injections := self._injections.get(interaction.number)):
            return None
        self._excused.add(interaction.number)
        injection = injections.popleft()
        if isinstance(injection, ErrorReply):
            return Injected(injection, speaker(), interaction.number)
        fault = at_speaker(injection, speaker())
        return Replayed(interaction, self._settings.playing, self._is_time_real, fault)

    @property
    def _has_ports(self) -> bool:
        return "port" in self._settings.keys.parts

    @cached_property
    def _addresses(self) -> set[tuple[str, ...]]:
        keys = self._settings.keys
        return {keys.address(keys.redacted(interaction.request).url) for interaction in self._interactions}

    @cached_property
    def _places(self) -> set[tuple[str, int | None]]:
        requests = [interaction.request for interaction in self._interactions]
        return {(request.host, request.port if self._has_ports else None) for request in requests}
