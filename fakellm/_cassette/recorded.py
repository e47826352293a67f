"""What was recorded, made fit for a file: redacted, readable, its pieces counted anew."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate, pairwise
from urllib.parse import parse_qsl

from fakellm._cassette.interaction import Interaction, RecordedResponse
from fakellm._cassette.redact import Redactor
from fakellm._cassette.redact_stream import redact_stream
from fakellm._cassette.write import readable
from fakellm._secret_names import is_secret_name, is_secret_parameter
from fakellm._wire.events import WireRequest, split_url

__all__ = ["credentials", "fit_for_file", "redacted"]


def fit_for_file(interactions: Iterable[Interaction], redactor: Redactor) -> list[Interaction]:
    """Return interactions as they are written, numbered in their order; doing it twice changes nothing."""
    return [_fit(replace(one, number=number), redactor) for number, one in enumerate(interactions, 1)]


def redacted(interaction: Interaction, redactor: Redactor) -> Interaction:
    """Return an interaction without secrets, and with no more headers than a replay needs."""
    response = interaction.response
    clean = RecordedResponse(
        response.status,
        redactor.text(response.reason),
        redactor.response_headers(response.headers, number=interaction.number),
        _body_without_secrets(response.body, redactor),
    )
    return replace(interaction, request=redactor.request(interaction.request), response=clean)


def _body_without_secrets(body: bytes, redactor: Redactor) -> bytes:
    """Return a body without secrets, whole or in pieces.

    Names that are secrets lead to pieces of one text as soon as they are black alike, so it is looked at until nothing
    changes: with each look there are fewer secrets.
    """
    while (clean := redactor.body(redact_stream(body, redactor.string))) != body:
        body = clean
    return body


def _fit(interaction: Interaction, redactor: Redactor) -> Interaction:
    clean = redacted(interaction, redactor)
    request = clean.request._replace(body=readable(clean.request.body))
    response = replace(clean.response, body=readable(clean.response.body))
    chunks = _counted_anew(interaction.trace.chunks, interaction.response.body, response.body)
    return replace(interaction, request=request, response=response, trace=replace(interaction.trace, chunks=chunks))


def _counted_anew(chunks: tuple[tuple[float, int], ...], before: bytes, after: bytes) -> tuple[tuple[float, int], ...]:
    """Return the chunks of a body that has become another: each ends in the line, and where in it, it ended."""
    if before == after or not chunks:
        return chunks
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = (old, new) if len(old) == len(new) else ([before], [after])
    old_ends, new_ends = ([0, *accumulate(map(len, side))] for side in lines)
    ends = [_moved(end, old_ends, new_ends) for end in accumulate(size for _, size in chunks)]
    return tuple((seconds, now - then) for (seconds, _), (then, now) in zip(chunks, pairwise([0, *ends]), strict=True))


def _moved(place: int, old: list[int], new: list[int]) -> int:
    """Return where a place between the old line ends is between the new ones; inside a line, in proportion."""
    line = min(bisect_left(old, place), len(old) - 1)
    if not line or old[line] <= place:
        return new[line]
    share = (place - old[line - 1]) / (old[line] - old[line - 1])
    return new[line - 1] + round(share * (new[line] - new[line - 1]))


_SHORTEST = 8


def credentials(requests: Iterable[WireRequest]) -> tuple[str, ...]:
    """Return what requests were authorised with, since answers may echo it."""
    return tuple(
        dict.fromkeys(found for request in requests for found in _presented(request) if len(found) >= _SHORTEST)
    )


def _presented(request: WireRequest) -> Iterator[str]:
    for name, value in request.headers.items():
        if is_secret_name(name):
            yield value.rpartition(" ")[2].rpartition("=")[2] or value
    url = split_url(request.url)
    yield from filter(None, (url.username, url.password))
    for name, value in parse_qsl(url.query):
        if is_secret_parameter(name):
            yield value
