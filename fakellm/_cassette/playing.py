"""How a recorded answer is played: cut as it came or otherwise, as fast as it came or at once."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from fakellm._cassette.interaction import Interaction
from fakellm._errors import UsageError
from fakellm._numbers import DURATION
from fakellm._script.cut import Cutter
from fakellm._script.retry_after import may_make_wait, multiplied_waits
from fakellm._wire.events import Data, Disconnect, Head, Wait, Whole, WireEvent

__all__ = ["AT_ONCE", "Playing", "check_playing", "play"]


@dataclass(frozen=True, slots=True)
class Playing:
    """Chunking and timing of recorded answers.

    chunking: ``event`` plays an event stream event by event and any other body in one piece; ``recorded`` in the
    pieces in which it arrived; ``one`` in a single one; a number in pieces of so many bytes. timing: what the
    recorded seconds are multiplied by, those that a header asks the client to wait included, 0 for no pause.
    """

    chunking: str | int = "event"
    timing: float = 0.0


AT_ONCE = Playing()


def check_playing(chunking: object, timing: object) -> Playing:
    """Return the way of playing that a test asks for.

    Raises:
        UsageError: there is no such chunking or timing.
    """
    __tracebackhide__ = True
    is_size = isinstance(chunking, int) and not isinstance(chunking, bool) and chunking > 0
    if not is_size and chunking not in ("recorded", "event", "one"):
        raise UsageError(
            f"chunking= takes 'recorded', 'event', 'one' or a number of bytes, 1 or more; got {chunking!r}"
        )
    factor = {"none": 0.0, "recorded": 1.0}.get(timing, timing) if isinstance(timing, str) else timing
    if factor not in DURATION:
        raise UsageError(f"timing= takes 'none', 'recorded' or what to multiply the recorded by; got {timing!r}")
    playing = Playing(chunking, float(factor))  # type: ignore[arg-type]
    return AT_ONCE if playing == AT_ONCE else playing


def play(
    interaction: Interaction, playing: Playing = AT_ONCE, *, is_time_real: Callable[[], bool] = lambda: True
) -> Iterable[WireEvent]:
    """Return the answer of an interaction; one that was cut when it was recorded ends in a Disconnect.

    What the recording does not know, the pieces or the times, is left at what ``event`` and no timing do. The
    first pause of a stream comes behind its head, of any other answer before it. is_time_real: whether a client that
    waits now really does; where it does not, headers ask for what they asked when they were recorded.
    """
    trace = interaction.trace
    head = _head(interaction, playing, is_time_real)
    if playing is AT_ONCE and not trace.cut and not head.is_stream:  # nearly every answer
        return Whole(head, (interaction.response.body,), (1,))
    pieces = _pieces(interaction, head, playing)
    is_timed = playing.timing and trace.chunks
    if not is_timed and not trace.cut:
        return Whole(head, tuple([piece.data for piece in pieces]), tuple([piece.chunks for piece in pieces]))
    events: list[WireEvent] = [head, *(_timed(interaction, pieces, playing.timing) if is_timed else pieces)]
    if len(events) > 1 and isinstance(events[1], Wait) and not head.is_stream:
        events[:2] = events[1], head
    return [*events, Disconnect()] if trace.cut else events


def _head(interaction: Interaction, playing: Playing, is_time_real: Callable[[], bool]) -> Head:
    status, headers = interaction.response.status, interaction.response.headers
    if not may_make_wait(status, headers):
        return Head(status, headers)
    factor = playing.timing or (0.0 if is_time_real() else 1.0)
    return Head(status, multiplied_waits(status, headers, factor))


def _pieces(interaction: Interaction, head: Head, playing: Playing) -> list[Data]:
    body = interaction.response.body
    match playing.chunking:
        case "recorded" if interaction.trace.chunks:
            return _cut(body, head, list(accumulate(size for _, size in interaction.trace.chunks)))
        case int(size):
            return _cut(body, head, range(size, len(body), size))
        case "one":
            return _cut(body, head, [])
    if not head.is_stream:
        return [Data(body)]
    return [Data(event, chunks=int(bool(_CHUNK.search(event)))) for event in _split_events(body)]


_CHUNK = re.compile(rb"^data:(?! ?\[)", re.MULTILINE)  # a comment has no data, and an end mark no object


def _split_events(body: bytes) -> list[bytes]:
    """Cut a stream behind each blank line; the pieces joined are the stream again, byte for byte."""
    ends = [match.end() for match in _BLANK_LINE.finditer(body)]
    return [body[start:end] for start, end in pairwise([0, *ends, len(body)]) if start < end]


_BLANK_LINE = re.compile(rb"(?:(?<=\n)|(?<=\r)(?!\n)|\A)(?:\r\n|\n|\r)")


def _cut(body: bytes, head: Head, offsets: Sequence[int]) -> list[Data]:
    """Cut a body at offsets; chunks of a stream are counted in the piece in which they end."""
    chunks = sum(bool(_CHUNK.search(event)) for event in _split_events(body)) if head.is_stream else 1
    return Cutter().cut(Data(body, chunks), [offset for offset in offsets if 0 < offset < len(body)])


def _timed(interaction: Interaction, pieces: list[Data], factor: float) -> list[WireEvent]:
    """Put a pause before each piece, which comes when its last byte had arrived."""
    chunks = interaction.trace.chunks
    sizes, times = list(accumulate(size for _, size in chunks)), list(accumulate(seconds for seconds, _ in chunks))
    ends = accumulate(len(piece.data) for piece in pieces)
    arrivals = [times[min(bisect_left(sizes, end), len(times) - 1)] for end in ends]
    events: list[WireEvent] = []
    for piece, (before, now) in zip(pieces, pairwise([0.0, *arrivals]), strict=True):
        events += [Wait((now - before) * factor), piece] if now > before else [piece]
    return events
