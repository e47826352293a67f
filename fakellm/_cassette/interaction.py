"""What a cassette holds: requests with the responses that were recorded for them."""

from __future__ import annotations

from dataclasses import dataclass

from fakellm._wire.events import WireRequest

__all__ = ["Interaction", "RecordedResponse", "Trace"]


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """A response as it was recorded. body: decoded from gzip and deflate. reason: the status text."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Trace:
    """What fakellm's own recordings know beyond vcrpy's, under the key ``x-fakellm``.

    recorded: the day, as in ``2026-11-20``; empty where unknown. chunks: (seconds since the one before, bytes)
    of each piece in which the body arrived. cut: the body ended abnormally.
    """

    recorded: str = ""
    chunks: tuple[tuple[float, int], ...] = ()
    cut: bool = False


NO_TRACE = Trace()


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request with its response. number: place in the file, from 1. line: where it begins, or None."""

    number: int
    line: int | None
    request: WireRequest
    response: RecordedResponse
    trace: Trace = NO_TRACE
