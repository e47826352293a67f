"""Answers that were given before, given again: the same bytes but for the ids, which are all of one length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from fakellm._script.identity import CREATED, Identity
from fakellm._script.reply import Reply
from fakellm._wire.chat import ChatRequest
from fakellm._wire.events import Head, Whole, WireEvent, in_one_piece
from fakellm._wire.providers import Provider

__all__ = ["Templates"]

# Bytes of answers that are kept.
_MOST_BYTES = 4_000_000


class Templates:
    """Answers by the reply and the body that they answered."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], _Template] = {}
        self._taken = 0

    def fill(self, reply: Reply, request: ChatRequest, identity: Identity) -> Whole | None:
        """Return the answer of a reply under the ids of an identity, or None where it is not known."""
        template = self._known.get(_key(reply, request))
        return template.fill(identity) if template and template.reply is reply else None

    def keep(
        self, reply: Reply, request: ChatRequest, identity: Identity, events: Iterable[WireEvent]
    ) -> Iterable[WireEvent]:
        """Return an answer, and remember it if all that may change in it are the ids."""
        answer = in_one_piece(events)
        ids = tuple(_ids(identity, request.provider, len(reply.tool_calls) * request.n))
        if isinstance(answer, Whole) and _is_fixed(reply) and request.top_logprobs is None and _are_plain(ids, answer):
            self._add(_key(reply, request), _template(reply, request.provider, answer, ids, identity.request_id))
        return answer

    def _add(self, key: tuple[object, ...], template: _Template) -> None:
        size = len(template.data)
        if self._taken + size > _MOST_BYTES:
            self._known.clear()
            self._taken = 0
        if size <= _MOST_BYTES:
            self._taken += size
            self._known[key] = template


def _are_plain(ids: Sequence[bytes], answer: Whole) -> bool:
    """Whether the id of the answer is there, and no part has one twice: the test's own text may hold it, too."""
    return any(ids[0] in part for part in answer.parts) and all(
        part.count(each) <= 1 for part in answer.parts for each in ids
    )


def _key(reply: Reply, request: ChatRequest) -> tuple[object, ...]:
    # The facts stand for the body; what they are of does not change, and they stay as long as they are a key.
    return id(reply), request.facts, request.provider, request.model


def _is_fixed(reply: Reply) -> bool:
    """Whether nothing of a reply is in the test's hands, where it may change between two calls."""
    changeable = (reply.raw, reply.parsed, reply.chunks, reply.choices, reply.extra, reply.headers, reply.usage)
    return all(value is None for value in changeable)


def _ids(identity: Identity, provider: Provider, calls: int) -> Iterator[bytes]:
    yield provider.completion_id(identity.completion_id, created=CREATED).encode()
    yield identity.request_id.encode()  # some providers repeat it in the body
    for n in range(calls):
        yield identity.call_id(n).encode()


@dataclass(frozen=True, slots=True)
class _Template:
    """An answer under the ids it was given first. reply: kept, so that nothing else gets its place in memory."""

    reply: Reply
    provider: Provider
    head: Head
    data: bytes
    cuts: Sequence[tuple[int, int]]
    chunks: tuple[int, ...]
    ids: Sequence[bytes]
    request_id: str

    def fill(self, identity: Identity) -> Whole:
        """Return the answer under the ids of an identity."""
        data = self.data
        for old, new in zip(self.ids, _ids(identity, self.provider, len(self.ids) - 2), strict=True):
            data = data.replace(old, new)
        new_id = identity.request_id
        headers = tuple([(n, new_id if value == self.request_id else value) for n, value in self.head.headers])
        parts = tuple([data[start:end] for start, end in self.cuts])
        return Whole(replace(self.head, headers=headers), parts, self.chunks)


def _template(reply: Reply, provider: Provider, answer: Whole, ids: Sequence[bytes], request_id: str) -> _Template:
    cuts = tuple(pairwise(accumulate(map(len, answer.parts), initial=0)))
    return _Template(reply, provider, answer.head, b"".join(answer.parts), cuts, answer.chunks, ids, request_id)
