"""Server-sent events, both ways.

``encode_event`` writes one event; ``SSEDecoder`` reads events from bytes cut anywhere: inside a line,
between CR and LF, inside a UTF-8 sequence.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html (section 9.2.5 and 9.2.6).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

__all__ = ["DONE", "SSEDecoder", "ServerSentEvent", "encode_event"]

DONE = b"data: [DONE]\n\n"
"""The marker with which OpenAI ends a chat stream; not part of the SSE standard."""

# "Lines must be separated by either a CRLF pair, a single LF, or a single CR": str.splitlines would
# also cut at U+2028, which occurs inside JSON strings.
_LINE_END = re.compile("\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One dispatched event. event: its type, "message" where the stream names none."""

    data: str
    event: str = "message"


def encode_event(data: bytes, *, event: str | None = None) -> bytes:
    """Write one event; data is a single line, as JSON without line breaks is."""
    name = b"" if event is None else b"event: " + event.encode() + b"\n"
    return name + b"data: " + data + b"\n\n"


class SSEDecoder:
    r"""Incremental decoder: feed bytes as they arrive, get the events that they complete.

    What follows the last blank line is no event (the standard discards it); ``pending`` says whether
    there is any, which tells a stream that was cut from one that ended.

    >>> decoder = SSEDecoder()
    >>> decoder.feed(b'data: {"a"')
    []
    >>> decoder.feed(b": 1}\n\n")
    [ServerSentEvent(data='{"a": 1}', event='message')]
    """

    def __init__(self) -> None:
        self._text = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest: list[str] = []
        self._at_start = True
        self._after_cr = False
        self._data: list[str] = []
        self._event = ""

    @property
    def pending(self) -> bool:
        """Whether bytes were fed that do not belong to a completed event."""
        return bool(any(self._rest) or self._data or self._event or self._text.getstate()[0])

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Take the next bytes and return the events completed by them, in order."""
        events: list[ServerSentEvent] = []
        for line in self._lines(self._text.decode(data)):
            event = self._take_line(line)
            if event is not None:
                events.append(event)
        return events

    def _lines(self, text: str) -> list[str]:
        if self._after_cr and text:
            text = text.removeprefix("\n")  # the second half of a CRLF that was cut in two
            self._after_cr = False
        if self._at_start and text:
            # "one leading U+FEFF BYTE ORDER MARK character must be ignored if any are present"
            text = text.removeprefix("\ufeff")
            self._at_start = False
        self._after_cr = self._after_cr or text.endswith("\r")
        first, *others = _LINE_END.split(text)
        self._rest.append(first)
        if not others:
            return []
        line, self._rest = "".join(self._rest), [others.pop()]
        return [line, *others]

    def _take_line(self, line: str) -> ServerSentEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
            case "event":
                self._event = value
            case _:
                pass  # a comment (empty name), id, retry, or a field that "must be ignored"
        return None

    def _dispatch(self) -> ServerSentEvent | None:
        data, event = self._data, self._event
        self._data, self._event = [], ""
        if not data:
            return None  # "If the data buffer is an empty string, set … and return"
        return ServerSentEvent("\n".join(data), event or "message")
