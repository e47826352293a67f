"""Deliberate breaks of the protocol, to see what the code under test makes of them.

A fault takes the events of an answer and gives those that are played instead; any callable of that shape
is one. Give it to a reply: ``fake_llm.reply("half an ans", fault=faults.drop(after=2))``.
"""

from __future__ import annotations

from collections.abc import Iterator

from fakellm._errors import UsageError
from fakellm._script.reply import Fault
from fakellm._wire.events import Data, Disconnect, Head, WireEvent

__all__ = ["Fault", "drop"]


def drop(after: int) -> Fault:
    """Lose the connection once ``after`` chunks of the stream were sent.

    0 loses it before the head, so that there is no response at all. An answer that is not streamed is
    lost after its head and half its body. The first chunk of a chat stream carries the role and no text.
    A stream that ends before there are so many chunks fails the test.
    """
    if not isinstance(after, int) or isinstance(after, bool) or after < 0:
        raise UsageError(f"drop(after=...) takes the number of chunks to send first, 0 or more; got {after!r}")

    def drop_fault(events: Iterator[WireEvent]) -> Iterator[WireEvent]:
        if after > 0:
            yield from _first_chunks(list(events), after)
        yield Disconnect()

    drop_fault.__name__ = f"drop(after={after})"
    return drop_fault


def _first_chunks(events: list[WireEvent], wanted: int) -> Iterator[WireEvent]:
    """Yield the events up to the wanted number of chunks, or half the body of what is no stream."""
    is_stream = any(isinstance(event, Head) and event.is_stream for event in events)
    chunks = sum(event.chunks for event in events if isinstance(event, Data))
    if is_stream and chunks < wanted:
        raise UsageError(f"drop(after={wanted}) can never take effect: the stream has {chunks} chunks")
    sent = 0
    for event in events:
        match event:
            case Data(data) if not is_stream:
                yield Data(data[: len(data) // 2], chunks=0)
                return
            case Data():
                yield event
                sent += event.chunks
                if sent >= wanted:
                    return
            case _:
                yield event
