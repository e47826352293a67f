"""Deliberate breaks of the protocol, to see what the code under test makes of them.

A fault takes the events of an answer and gives those that are played instead; any callable of that shape
is one. Give it to a reply: ``fake_llm.reply("half an ans", fault=faults.drop(after=2))``.

``after`` counts chunks of the stream; the first chunk of a chat stream carries the role and no text. An
answer that is not streamed has none: there, a fault with ``after`` above 0 acts after half the body. A stream
that ends before there are so many chunks fails the test, since the fault can never take effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic_core import to_json

from fakellm._errors import UsageError, did_you_mean
from fakellm._numbers import COUNT, DURATION, Count, Duration
from fakellm._script.cut import Cut, to_byte, to_chunk, to_half, to_head
from fakellm._script.reply import ERROR_STATUS, ErrorReply
from fakellm._script.retry_after import is_retried
from fakellm._script.transform import Fault, Transform
from fakellm._wire.events import Data, Disconnect, Head, Loss, Wait, WireEvent
from fakellm._wire.sse import encode_event
from fakellm._wire.voice import SOMEBODY, Marks, Speaker

__all__ = [
    "Fault",
    "bad_chunk",
    "connect_error",
    "connect_timeout",
    "drop",
    "drop_at",
    "empty_body",
    "error_event",
    "html_page",
    "malformed_json",
    "malformed_sse",
    "no_done",
    "read_timeout",
    "stall",
    "truncate",
    "wrong_content_type",
]


def connect_error() -> Fault:
    """Refuse the connection."""
    return _lost("connect_error()", "connect_error")


def connect_timeout() -> Fault:
    """Let the client wait for a connection until its connect timeout; without one, it times out at once."""
    return _lost("connect_timeout()", "connect_timeout")


def read_timeout() -> Fault:
    """Take the request and stay silent until the client's read timeout; without one, it times out at once."""
    return _lost("read_timeout()", "read_timeout")


def drop(after: Count) -> Fault:
    """Lose the connection once ``after`` chunks of the stream were sent.

    0 loses it before the head, so that there is no response at all. An answer that is not streamed is
    lost after its head and half its body. The first chunk of a chat stream carries the role and no text.
    A stream that ends before there are so many chunks fails the test.
    """
    _check_after("drop", after)

    def lose(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        if after:
            yield from _to_place(events, after)
        yield Disconnect()

    return _counting(f"drop(after={after})", after, lose)


def drop_at(byte: Count) -> Fault:
    """Lose the connection once so many bytes of the body were sent; at its end where it has fewer."""
    _check_byte("drop_at", byte)

    def lose(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        yield from _cut_off(events, byte)
        yield Disconnect()

    return Transform(f"drop_at({byte})", lose)


def truncate(byte: Count) -> Fault:
    """End the body after so many bytes, as if that were all.

    A stream then ends properly, inside a chunk; an answer with a content-length is shorter than that, which
    clients see as a lost connection.
    """
    _check_byte("truncate", byte)
    return Transform(f"truncate({byte})", lambda events: _cut_off(events, byte))


def stall(seconds: Duration, *, after: Count = 0) -> Fault:
    """Pause for so many seconds once ``after`` chunks were sent, then go on; 0 pauses before the head."""
    if seconds not in DURATION:
        raise UsageError(f"stall(seconds) takes a number of seconds, 0 or more; got {seconds!r}")
    _check_after("stall", after)

    def pause(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        rest = (yield from _to_place(events, after)) if after else events
        yield Wait(seconds)
        yield from rest

    return _counting(f"stall({seconds}, after={after})", after, pause)


def malformed_json(*, after: Count = 0) -> Fault:
    """Send a chunk that is no JSON, then go on with the stream.

    Of an answer that is not streamed, only the first half is sent, with the content-length that it has.
    """
    _check_after("malformed_json", after)

    def spoil(speaker: Speaker) -> Fault:
        first, second, _ = speaker.voice.marks.chunk
        return _spoiled(after, _event(speaker, first + second), _first_half)

    return _speaking(f"malformed_json(after={after})", after, spoil)


def malformed_sse(*, after: Count = 0) -> Fault:
    """Send a chunk with a line break inside its data, which server-sent events forbid, then go on.

    An answer that is not streamed has that chunk as its body, or in place of its second half.
    """
    _check_after("malformed_sse", after)

    def spoil(speaker: Speaker) -> Fault:
        first, second, last = speaker.voice.marks.chunk
        chunk = _event(speaker, first + b"\n" + second.lstrip() + last)
        return _spoiled(after, chunk, _in_place(after, chunk))

    return _speaking(f"malformed_sse(after={after})", after, spoil)


def bad_chunk(*, after: Count = 0) -> Fault:
    """Send a chunk that is JSON and yet no chunk, ``{"unexpected": true}``, then go on.

    An answer that is not streamed has that object as its body, or in place of its second half.
    """
    _check_after("bad_chunk", after)
    item = b'{"unexpected": true}'

    def spoil(speaker: Speaker) -> Fault:
        return _spoiled(after, _event(speaker, item), _in_place(after, item))

    return _speaking(f"bad_chunk(after={after})", after, spoil)


def error_event(*, after: Count = 0, error: ErrorReply | None = None) -> Fault:
    """Send an error object in the stream, under the status 200 that was sent already, and end there.

    error: which one, worded as the provider words it; its status is not sent. An answer that is not streamed has
    the object as its body, or in place of its second half.
    """
    _check_after("error_event", after)
    if error is not None and not isinstance(error, ErrorReply):
        raise UsageError(f"error_event(error=...) takes an ErrorReply, such as ErrorReply(500); got {error!r}")
    said = error or ErrorReply.server_error()

    def spoil(speaker: Speaker) -> Fault:
        told = speaker.words(said, **said.facts)
        item = to_json(speaker.envelope(told, said.status))
        event = partial(speaker.voice.error_event, told, said.status, speaker.provider)
        return _spoiled(after, event, _in_place(after, item), is_last=True)

    return _speaking(f"error_event(after={after})", after, spoil)


def html_page(status: Literal[200] | Annotated[int, ERROR_STATUS] = 502) -> Fault:
    """Answer with a gateway's page instead.

    status: 200, or an error. One that clients retry says ``retry-after-ms: 1``, so that they do so at once; not on
    virtual time.
    """
    if status != 200 and status not in ERROR_STATUS:
        raise UsageError(f"html_page(status) takes an HTTP status, 200 or from 400 to 599; got {status!r}")
    head = Head(status, (("content-type", "text/html"),), is_retried_at_once=is_retried(status))

    def instead(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        if (yield from to_head(events)) is not None:
            yield from _sized(head, _page(status))

    return Transform(f"html_page({status})", instead)


def wrong_content_type(content_type: str = "text/plain; charset=utf-8") -> Fault:
    """Send the answer under another content type."""
    if not isinstance(content_type, str) or not content_type.isascii() or not content_type.isprintable():
        raise UsageError(f"wrong_content_type(...) takes a content type such as 'text/plain'; got {content_type!r}")

    def mislabel(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        if (head := (yield from to_head(events))) is not None:
            yield _with_header(head, "content-type", content_type)
            yield from events

    return Transform(f"wrong_content_type({content_type!r})", mislabel)


def empty_body() -> Fault:
    """Send the head alone, with a body of no bytes."""

    def empty(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        if (head := (yield from to_head(events))) is not None:
            yield from _sized(head, b"")

    return Transform("empty_body()", empty)


def no_done() -> Fault:
    """End the stream properly without its end mark, such as ``data: [DONE]``."""

    def unended(speaker: Speaker) -> Fault:
        return lambda events: _without_end(events, speaker.voice.marks)

    return _speaking("no_done()", 0, unended)


def _lost(name: str, loss: Loss) -> Fault:
    return Transform(name, lambda _: iter([Disconnect(loss)]))


def _speaking(name: str, after: int, at: Callable[[Speaker], Fault]) -> Transform:
    """Return a fault that says something in the name of who answers. at: makes it for a speaker."""
    return _counting(name, after, at(SOMEBODY), at=lambda speaker: _counting(name, after, at(speaker)))


def _event(speaker: Speaker, data: bytes) -> bytes:
    return encode_event(data, event=speaker.voice.marks.event)


def _counting(name: str, after: int, apply: Fault, *, at: Callable[[Speaker], Transform] | None = None) -> Transform:
    """Return a fault that acts after so many chunks, and raises for a stream that has fewer."""

    def checked(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        played = list(events)
        chunks = sum([event.chunks for event in played if isinstance(event, Data)])
        if chunks < after and _is_stream(played) and not _is_lost(played):
            raise UsageError(
                f"{name} can never take effect: the stream has {chunks} chunks\n"
                f"  type after={chunks} or less, or script a longer answer"
            )
        return apply(iter(played))

    return Transform(name, checked if after else apply, at=at)


def _is_stream(events: list[WireEvent]) -> bool:
    return any(isinstance(event, Head) and event.is_stream for event in events)


def _is_lost(events: list[WireEvent]) -> bool:
    """Tell whether a fault below loses the connection."""
    return any(isinstance(event, Disconnect) for event in events)


def _to_place(events: Iterator[WireEvent], after: int) -> Cut:
    """Yield the events up to the place where a fault acts, behind the head; return those behind it."""
    if (head := (yield from to_head(events))) is None:
        return iter(())
    yield head
    return (yield from to_chunk(events, after) if head.is_stream else to_half(events))


def _cut_off(events: Iterator[WireEvent], byte: int) -> Iterator[WireEvent]:
    if (head := (yield from to_head(events))) is not None:
        yield head
        yield from to_byte(events, byte)


def _without_end(events: Iterator[WireEvent], marks: Marks) -> Iterator[WireEvent]:
    """Yield a stream without its end mark, however it is cut; nothing waits for what is not sent."""
    if (head := (yield from to_head(events))) is None:
        return
    yield head
    if not head.is_stream:
        yield from events
        return
    played = list(events)
    left = len(marks.without_end(_body(iter(played))))
    for event in played:
        if isinstance(event, Data):
            kept = event.data[:left]
            left -= len(kept)
            if kept or not event.data:
                yield Data(kept, event.chunks)
        elif left > 0 or isinstance(event, Disconnect):
            yield event


def _spoiled(
    after: int, chunk: bytes | Callable[[bytes], bytes], spoil_body: Callable[[bytes], bytes], *, is_last: bool = False
) -> Fault:
    """Return a fault that sends a chunk of its own, or spoils the body of what is not streamed.

    chunk: the whole event, or what makes it of the bytes of the stream before it.
    """

    def spoil(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        if (head := (yield from to_head(events))) is None:
            return
        if not head.is_stream:
            yield from _sized(head, spoil_body(_body(events)))
            return
        yield head
        sent = bytearray()
        rest = yield from _noting(to_chunk(events, after), sent)
        yield Data(chunk(bytes(sent)) if callable(chunk) else chunk, chunks=0 if is_last else 1)
        yield from () if is_last else rest

    return spoil


def _noting(cut: Cut, sent: bytearray) -> Cut:
    """Yield the events before a cut, and note their bytes."""
    while True:
        try:
            event = next(cut)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if isinstance(event, Data):
            sent += event.data
        yield event


def _first_half(body: bytes) -> bytes:
    return body[: len(body) // 2]


def _in_place(after: int, item: bytes) -> Callable[[bytes], bytes]:
    return lambda body: (_first_half(body) if after else b"") + item


def _sized(head: Head, body: bytes) -> Iterator[WireEvent]:
    """Yield a whole answer whose content-length is right; a stream has none."""
    yield head if head.is_stream else _with_header(head, "content-length", str(len(body)))
    if body:
        yield Data(body, chunks=0)


def _body(events: Iterator[WireEvent]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Data))


def _with_header(head: Head, name: str, value: str) -> Head:
    return replace(head, headers=(*(header for header in head.headers if header[0] != name), (name, value)))


def _page(status: int) -> bytes:
    """The page that nginx sends of itself."""
    title = f"{status} {_PHRASES.get(status, 'Error')}"
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    ).encode()


_PHRASES = {status.value: status.phrase for status in HTTPStatus}


def _check_after(name: str, after: object) -> None:
    if after not in COUNT:
        raise UsageError(f"{name}(after=...) takes the number of chunks to send first, 0 or more; got {after!r}")


def _check_byte(name: str, byte: object) -> None:
    if byte not in COUNT:
        raise UsageError(f"{name}(byte) takes the number of body bytes to send first, 0 or more; got {byte!r}")


if not TYPE_CHECKING:  # to a type checker, a misspelt name is an error of its own

    def __getattr__(name: str) -> object:
        raise AttributeError(f"fakellm.faults has no {name!r}{did_you_mean(name, __all__)}")
