"""What the engine asks beside its rules: something that holds answers, such as a cassette; what comes between."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from fakellm._script.journal import Call, Play
from fakellm._script.transform import Fault
from fakellm._wire.events import WireEvent, WireRequest
from fakellm._wire.voice import Speaker

__all__ = ["Hooks", "Recorded", "Recorder", "Source"]


class Hooks(Protocol):
    """What comes between model calls and their answers; asked under the engine's lock."""

    def before(self, request: WireRequest) -> None:
        """Take note of a request that is not answered yet."""
        ...

    def over(self, call: Call, play: Play) -> Play:
        """Return what plays the answer instead."""
        ...


class Recorded(Protocol):
    """An answer that a source holds."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def body(self) -> bytes:
        """The whole body, for the transcript."""
        ...

    @property
    def fault(self) -> Fault | None:
        """A break of the protocol to lay over it."""
        ...

    def events(self) -> Iterable[WireEvent]:
        """Yield the answer as it is played, without the fault."""
        ...


class Source(Protocol):
    """Something beside the rules that holds answers: a cassette."""

    def claims(self, host: str, port: int | None) -> bool:
        """Whether requests to this host, model calls aside, are this source's business. port: None for the usual."""
        ...

    def knows(self, request: WireRequest) -> bool:
        """Whether there is a request to the same host and path here, whatever else it asks."""
        ...

    def take(self, request: WireRequest, speaker: Callable[[], Speaker]) -> Recorded | None:
        """Use up the answer to a request and return it, or None where there is none. speaker: tells who answers."""
        ...

    def excuse(self, request: WireRequest) -> None:
        """Stop requiring the recorded answer: a rule answered instead."""
        ...

    def give_back(self, request: WireRequest) -> None:
        """Put back the answer last taken for this request."""
        ...

    def rewind(self) -> None:
        """Have all answers again."""
        ...

    @property
    def state(self) -> Any:
        """What was taken so far, for ``restore``."""
        ...

    def restore(self, state: Any) -> None:
        """Restore what ``state`` returned."""
        ...

    def explain(self, request: WireRequest) -> str:
        """Say why there is no answer, what came closest, and what to type."""
        ...


class Recorder(Protocol):
    """Something that has requests sent to the real thing and keeps the answers."""

    def refusal(self, request: WireRequest) -> str:
        """Say why a request cannot be recorded; nothing where it can."""
        ...

    def begin(self, call: Call) -> Any:
        """Return what takes the answer to a call, for the transport that sends the request on."""
        ...
