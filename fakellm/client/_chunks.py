"""From the bytes of a streamed answer to its chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fakellm._errors import APIConnectionError, APIError
from fakellm._wire.sse import ServerSentEvent, SSEDecoder
from fakellm.client._answer import Answer
from fakellm.client._failures import chunk_failure, is_json, parse_chunk, parse_completion
from fakellm.client._unpacking import LONGEST_BODY, too_long

__all__ = ["ChunkReader"]

_SIGNS_OF_LIFE = frozenset({"", "null", "{}", "[]", '""'})
"""Data that carries nothing: some servers send it while a model thinks, as others send comments."""

_PINGS = frozenset({"ping", "heartbeat", "keepalive", "keep-alive"})
"""Names of events that say that a server is there, whatever their data."""


class ChunkReader:
    """Reads one answer. response: where it comes from, for errors. is_done: whether the end marker has come."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._decoder = SSEDecoder()
        self._before = bytearray()  # what came before the first event, in case there is none
        self._has_events = False
        self.is_done = False

    def feed(self, data: bytes) -> Iterator[Answer]:
        """Take the next bytes and yield the chunks completed by them.

        Raises:
            APIError: an error object, or something that is no chunk; an event, or what is no stream, without end.
        """
        events = self._decoder.feed(data)
        if not self._has_events:
            self._before += data
            self._has_events = bool(events)
        if self._decoder.pending_size > LONGEST_BODY or (not self._has_events and len(self._before) > LONGEST_BODY):
            raise too_long(self._response, "an event of the stream has")
        return self._chunks(events)

    def end(self) -> Iterator[Answer]:
        """Yield what follows the last blank line, if it is complete: some servers leave the blank line out.

        A server that does not know of streams sends a whole completion: one chunk.

        Raises:
            APIConnectionError: the body ends inside an event.
            APIError: an error object, or an answer that is neither a stream nor a completion.
        """
        if self.is_done:
            return
        events = self._decoder.feed(b"\n\n") if self._decoder.pending else []
        try:
            yield from self._chunks(events)
        except APIError as err:
            if is_json(events[-1].data):
                raise
            raise APIConnectionError(f"The answer ends inside an event: {events[-1].data[-40:]!r}.") from err
        if not (self._has_events or events):
            yield parse_completion(self._response, bytes(self._before))

    def _chunks(self, events: Iterable[ServerSentEvent]) -> Iterator[Answer]:
        for event in events:
            data = event.data if event.data[:1] == "{" else event.data.strip()
            if data.startswith("[DONE]"):
                self.is_done = True
                return
            if event.event == "error":
                raise chunk_failure(self._response, data)
            if data not in _SIGNS_OF_LIFE and event.event not in _PINGS:
                yield parse_chunk(self._response, data)
