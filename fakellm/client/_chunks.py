"""From the bytes of a streamed answer to its chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakellm._errors import APIConnectionError, APIError
from fakellm._wire.sse import ServerSentEvent, SSEDecoder
from fakellm.client._answer import Answer
from fakellm.client._failures import chunk_failure, is_json, parse_chunk, parse_completion

__all__ = ["ChunkReader"]


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
            APIError: an error object, or something that is no chunk.
        """
        events = self._decoder.feed(data)
        if not self._has_events:
            self._before += data
            self._has_events = bool(events)
        for event in events:
            if event.data.startswith("[DONE]"):
                self.is_done = True
                return
            yield self._parse(event)

    def end(self) -> Iterator[Answer]:
        """Yield what follows the last blank line, if it is complete: some servers leave the blank line out.

        A server that does not know of streams sends a whole completion: no chunks.

        Raises:
            APIConnectionError: the body ends inside an event.
            APIError: an error object, or an answer that is no stream at all.
        """
        if self.is_done:
            return
        for event in self._decoder.feed(b"\n\n") if self._decoder.pending else ():
            self._has_events = True
            if not event.data.startswith("[DONE]"):
                yield self._parse_last(event)
        if not self._has_events:
            parse_completion(self._response, bytes(self._before))

    def _parse(self, event: ServerSentEvent) -> Answer:
        if event.event == "error":
            raise chunk_failure(self._response, event.data)
        return parse_chunk(self._response, event.data)

    def _parse_last(self, event: ServerSentEvent) -> Answer:
        try:
            return self._parse(event)
        except APIError as err:
            if is_json(event.data):
                raise
            raise APIConnectionError(f"The answer ends inside an event: {event.data[-40:]!r}.") from err
