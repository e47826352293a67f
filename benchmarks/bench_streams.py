"""What a chunk of a stream costs in the fake, beyond what it costs to be read. `make bench-streams`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import httpx
from asked import CHAT, KEY, PROMPT, body, floor
from texts import ALL_KNOWN, known_words, prose
from timing import Clock, Row, Spent, own_share, repeat, report, row, take_turns
from unlayered import Unlayered

from fakellm import FakeLLM, Pace, Reply, faults, framings

ROUNDS, CALLS = 30, 5
MANY = (ROUNDS + 1) * CALLS  # replies that each contender plays: one round warms up
BYTES = 2_500  # of about 500 tokens
STREAM = {**body(PROMPT), "stream": True}
SCRIPTED = {"pace": Pace(ttft=0.0), "framing": framings.per_event(), "fault": faults.stall(0, after=100)}
"""A pace, a framing and a fault that change nothing, to see what passing through them costs."""
CALL, FLOOR, LIMIT = "MockTransport", "floor, ", "limit, "
FIRST, FIRST_CUT, PROSE, SECOND = "first play", "first play of chunks=", "first play of prose", "second play"
LATER, LATER_SCRIPTED = "later plays", "later plays through pace, framing, fault"
GOALS = {FIRST: 0.7, FIRST_CUT: 0.7, LATER: 0.7, LATER_SCRIPTED: 1.0}


def read(client: httpx.Client) -> list[bytes]:
    """Return the parts of a stream as they arrive."""
    with client.stream("POST", CHAT, json=STREAM) as response:
        return list(response.iter_raw())


def fake(reply: Reply) -> httpx.Client:
    """Return a client of a fake that streams a reply, and has not done so yet."""
    llm = FakeLLM()
    llm.reply(reply, times=None)
    return httpx.Client(transport=llm.transport(httpx), headers=KEY)


def unlayered(reply: Reply) -> httpx.Client:
    """Return a client of the transport that does no more than is unavoidable."""
    llm = Unlayered(httpx)
    llm.reply(reply.text, times=None)
    return httpx.Client(transport=llm.transport(), headers=KEY)


def prebuilt(parts: list[bytes]) -> httpx.Client:
    """Return a client whose MockTransport streams prebuilt parts."""

    class Parts(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return iter(parts)

    headers = {"content-type": "text/event-stream; charset=utf-8"}
    return httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=Parts())), headers=KEY
    )


def texts(make: Callable[[int, int], Iterator[str]]) -> Iterator[Reply]:
    """Return replies of new texts, cut into tokens."""
    return map(Reply, make(BYTES, MANY))


def cut_texts() -> Iterator[Reply]:
    """Return replies of new texts, cut at the words by who scripts them."""
    return (Reply(chunks=re.findall(r" ?\S+", text)) for text in known_words(BYTES, MANY))


def playing(replies: Iterator[Reply], *, before: int, make: Callable[[Reply], httpx.Client] = fake) -> Clock:
    """Return the clock of a stream, each of another reply, which was played so many times before."""
    clients = list(map(make, replies))
    for client in clients * before:
        read(client)
    turns = cycle(clients)
    return repeat(lambda: read(next(turns)), CALLS)


def reading(client: httpx.Client) -> Clock:
    """Return the clock of a stream that is the same each time, after three that do not count."""
    for _ in range(3):
        read(client)
    return repeat(lambda: read(client), CALLS)


def over_first(spent: Spent) -> Row:
    """Return the own share of second plays, over that of first ones."""
    rounds = zip(spent[SECOND], spent[FIRST], spent[FLOOR + FIRST], strict=True)
    shares = [(second - base) / (first - base) for second, first, base in rounds]
    return row("second play, over the first", shares, "×", 1)


def fresh(make: Callable[[], Any]) -> Clock:
    """Return the clock of what a test does: make a fake, say a reply of 500 B, stream it once."""
    client, replies = httpx.Client(headers=KEY), known_words(500, (ROUNDS + 1) * 40)

    def test() -> None:
        llm = make()
        llm.reply(next(replies))
        with llm:
            read(client)

    return repeat(test, 40)


def bench_first_stream() -> bool:
    """Print what the stream of a fresh fake costs."""
    plain, whole = prebuilt(read(fake(Reply(next(known_words(500, 1)))))), floor(httpx)
    what = "fresh fake, new stream of 500 B"
    clocks = {
        CALL: repeat(lambda: whole.post(CHAT, json=body(PROMPT)), 40),
        FLOOR: repeat(lambda: read(plain), 40),
        what: fresh(FakeLLM),
        LIMIT: fresh(lambda: Unlayered(httpx)),
    }
    spent = take_turns(clocks, rounds=ROUNDS)
    return report("first stream", [own_share(spent, what, floor=FLOOR, call=CALL, limit=LIMIT)])


def bench_chunks() -> bool:
    """Print what a chunk costs, on the first play of its reply and on later ones."""
    text, cut = next(known_words(BYTES, 1)), next(cut_texts())
    whole, plain, plain_cut = floor(httpx), read(fake(Reply(text))), read(fake(cut))
    clocks = {
        CALL: repeat(lambda: whole.post(CHAT, json=body(PROMPT))),
        FLOOR + FIRST: reading(prebuilt(plain)),
        FLOOR + FIRST_CUT: reading(prebuilt(plain_cut)),
        FIRST: playing(texts(known_words), before=0),
        FIRST_CUT: playing(cut_texts(), before=0),
        PROSE: playing(texts(prose), before=0),
        LIMIT + FIRST: playing(texts(known_words), before=0, make=unlayered),
        LIMIT + PROSE: playing(texts(prose), before=0, make=unlayered),
        SECOND: playing(texts(known_words), before=1),
        LATER: reading(fake(Reply(text))),
        LATER_SCRIPTED: reading(fake(Reply(text, **SCRIPTED))),
    }
    spent = take_turns(clocks, rounds=ROUNDS)
    rows = []
    for what in (FIRST, FIRST_CUT, PROSE, SECOND, LATER, LATER_SCRIPTED):
        under, parts = (what, plain_cut) if what == FIRST_CUT else (FIRST, plain)
        limit = LIMIT + what if LIMIT + what in clocks else None
        goal = GOALS.get(what)
        rows.append(own_share(spent, what, floor=FLOOR + under, call=CALL, goal=goal, limit=limit, parts=len(parts)))
    return report(f"streams, a chunk of {len(plain)}", [*rows, over_first(spent)])


def main() -> int:
    read(fake(Reply(ALL_KNOWN)))
    return int(any([bench_first_stream(), bench_chunks()]))


if __name__ == "__main__":
    sys.exit(main())
