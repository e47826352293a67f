"""What goes in and what comes out of the engine.

A WireRequest goes in. Out comes an iterator of WireEvents that keeps one law, whatever pace, fault or
framing was laid over it:

    at most one Head, and it comes before any Data; nothing follows a Disconnect.

A player (``_io``) turns events into a response; nothing here knows how.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from posixpath import normpath
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit

from fakellm._secret_names import REDACTED, is_secret_name, is_secret_parameter

__all__ = [
    "USUAL_PORTS",
    "Data",
    "Disconnect",
    "Head",
    "Loss",
    "RequestHeaders",
    "Wait",
    "Whole",
    "WireEvent",
    "WireRequest",
    "address_of",
    "in_one_piece",
    "shown_url",
    "split_url",
]


class WireRequest(NamedTuple):
    """One HTTP request as it was sent.

    url: absolute. headers: a mapping whose lookup takes names in lower case. body: the bytes, decoded
    from no content-encoding.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<WireRequest {self.method} {self.shown_url}, headers {sorted(self.headers)}, {len(self.body)} bytes>"

    @property
    def shown_url(self) -> str:
        """The URL as it may be printed, without the secrets in it."""
        return shown_url(self.url)

    @property
    def path(self) -> str:
        """The path of the URL, percent-encoded as sent."""
        return _host_and_path(self.url)[1]

    @property
    def host(self) -> str:
        """The host of the URL in lower case, without port; empty where there is none."""
        return _host_and_path(self.url)[0]

    @property
    def port(self) -> int | None:
        """The port of the URL; None where it is the scheme's own."""
        url = split_url(self.url)
        return None if url.port == USUAL_PORTS.get(url.scheme) else url.port


USUAL_PORTS = {"http": 80, "https": 443}


class RequestHeaders(Mapping[str, str]):
    """The headers of a request, which may be looked at; printed, the secret ones keep their values to themselves."""

    __slots__ = ("_headers",)

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        return self._headers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)

    def __repr__(self) -> str:
        return repr({name: REDACTED if is_secret_name(name) else value for name, value in self.items()})


# Not frozen, and neither is Whole: that would take three times as long to make, and every answer has one of each.
@dataclass(slots=True)
class Head:
    """Status and headers of the response; header names in lower case.

    is_retried_at_once: whether a client is to try again without a wait. The player says so in ``retry-after-ms: 1``
    where time is real; where it is virtual, a client's own back-off costs nothing and is what a test wants to see.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    is_retried_at_once: bool = False

    @property
    def is_stream(self) -> bool:
        """Whether the body is an event stream."""
        for name, value in self.headers:  # noqa: SIM110  # any() takes three times as long
            if name == "content-type" and "text/event-stream" in value:
                return True
        return False

    @property
    def content_length(self) -> int | None:
        """How many bytes of body the headers promise; None where they leave it open."""
        value = next((value for name, value in self.headers if name == "content-length"), "")
        return int(value) if value.isascii() and value.isdigit() else None


class Data(NamedTuple):
    """Bytes of the body; none are nothing to send, not a chunk of HTTP, which would end the body.

    chunks: how many streamed objects end within these bytes; a framing that cuts one object into
    pieces gives 0 to all but the last, so that faults can still count objects. An end marker and a
    comment are no objects. A tuple, as Wait, since one is made for every token of a stream.
    """

    data: bytes
    chunks: int = 1


class Wait(NamedTuple):
    """A pause before the next event, in seconds."""

    seconds: float


Loss = Literal["dropped", "connect_error", "connect_timeout", "read_timeout"]
"""How a connection is lost: the peer closes it, refuses it, never takes it, or takes it and stays silent.

A timeout comes once the client's own patience has ended, at once where it would wait for ever.
"""


class Disconnect(NamedTuple):
    """The connection is lost here; the response never ends properly."""

    loss: Loss = "dropped"


WireEvent = Head | Data | Wait | Disconnect


@dataclass(slots=True)
class Whole:
    """An answer that is known to its end: nothing to wait for, nothing lost.

    parts: the bytes of each Data behind the head. chunks: for each part, how many chunks end within it. Iterated,
    it gives the events; a player may as well hand it out as it is.
    """

    head: Head
    parts: tuple[bytes, ...]
    chunks: tuple[int, ...]

    def __iter__(self) -> Iterator[WireEvent]:
        yield self.head
        # As Data(...) makes them, in half the time.
        yield from map(partial(tuple.__new__, Data), zip(self.parts, self.chunks, strict=False))


def in_one_piece(events: Iterable[WireEvent]) -> Iterable[WireEvent]:
    """Return the Whole that these events are, a head and data; any others as they are."""
    if isinstance(events, Whole):
        return events
    found = list(events)
    body = [event for event in found if isinstance(event, Data)]
    if len(found) != len(body) + 1 or not isinstance(head := found[0], Head):
        return found
    return Whole(head, tuple([event.data for event in body]), tuple([event.chunks for event in body]))


@lru_cache(maxsize=256)
def _host_and_path(url: str) -> tuple[str, str]:
    split = split_url(url)
    return split.hostname or "", split.path


def split_url(url: str) -> SplitResult:
    """Split a URL; text that is none, as a peer on a socket may send, is all path."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", url, "", "")


_SEGMENT_PARAMETERS = re.compile(r";[^/]*")


def address_of(host: str, path: str) -> str:
    """Return host and path as one text, the same for all spellings that a server may take for one path.

    Passed over: case, percent-encoding, doubled and trailing slashes, dots, parameters of a segment, and the dot at the
    end of a host.

    >>> address_of("api.openai.com.", "/V1//chat%2Fcompletions;v=1/")
    'api.openai.com/v1/chat/completions'
    """
    plain = _SEGMENT_PARAMETERS.sub("", unquote(path, errors="replace").lower())
    return host.rstrip(".") + normpath("/" + plain.lstrip("/")).rstrip("/")


_USER_INFO = r"(?<=://)[^/?#]*@"
_PARAMETER = r"(?<=[?&;#])([^=&;#]+)=[^&;#]+"


def shown_url(url: str) -> str:
    """Return a URL as it may be printed: without user info and the values of secret parameters.

    >>> shown_url("https://api.example/v1?key=AIza0123&alt=sse")
    'https://api.example/v1?key=REDACTED&alt=sse'
    """
    return re.sub(_PARAMETER, _shown_parameter, re.sub(_USER_INFO, f"{REDACTED}@", url))


def _shown_parameter(found: re.Match[str]) -> str:
    return f"{found[1]}={REDACTED}" if is_secret_parameter(unquote_plus(found[1])) else found[0]
