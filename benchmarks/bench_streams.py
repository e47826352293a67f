"""What a chunk of a stream costs in the fake, beside what it costs to be read. Run by hand: ``make bench``."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from asked import CHAT, KEY, PROMPT, body
from timing import shares, table

from fakellm import FakeLLM, Pace, faults, framings

CHUNKS = 500
TEXT = " rain" * (CHUNKS - 2)  # beside the chunk of the role and that of the finish reason
STREAM = {**body(PROMPT), "stream": True}
SCRIPTED = {"pace": Pace(ttft=0.0), "framing": framings.per_event(), "fault": faults.stall(0, after=CHUNKS)}
"""A pace, a framing and a fault that change nothing, to see what passing through them costs."""


def read(client: httpx.Client) -> list[bytes]:
    """Return the parts of a stream as they arrive."""
    with client.stream("POST", CHAT, json=STREAM) as response:
        return list(response.iter_raw())


def fake(**reply_fields: object) -> httpx.Client:
    """Return a client of a fake that streams the text."""
    llm = FakeLLM()
    llm.reply(TEXT, times=None, **reply_fields)
    return httpx.Client(transport=llm.transport(httpx), headers=KEY)


def floor(parts: list[bytes]) -> httpx.Client:
    """Return a client whose MockTransport streams prebuilt parts."""

    class Parts(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return iter(parts)

    headers = {"content-type": "text/event-stream; charset=utf-8"}
    return httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=Parts())), headers=KEY
    )


if __name__ == "__main__":
    plain, unscripted, scripted = floor(read(fake())), fake(), fake(**SCRIPTED)
    contenders = {
        "MockTransport, prebuilt parts": lambda: read(plain),
        "fake": lambda: read(unscripted),
        "fake, through pace, framing and fault": lambda: read(scripted),
    }
    goals = {"fake": 0.5, "fake, through pace, framing and fault": 1.0}
    print(table("streams, microseconds a chunk beside the floor", shares(contenders, parts=CHUNKS), goals))
