"""Answers cut once and filled in again: the same bytes but for the ids and what the prompt is billed.

What is filled in is as long as what was there, so that nothing else moves: ids are all of one length, and counts
of more digits are filled into a template of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from fakellm._script.drafts import Draft, fill_draft
from fakellm._script.identity import CREATED, Identity
from fakellm._script.reply import Reply
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.events import Head, Whole, WireEvent, in_one_piece
from fakellm._wire.provider import Provider

__all__ = ["Templates"]

# Bytes of answers that are kept, and what an entry takes beside them.
_MOST_BYTES = 4_000_000
_PER_ENTRY = 500

_Render = Callable[[Completion, ChatRequest], Iterable[WireEvent]]
_Key = tuple[Draft, int, int]


class Templates:
    """Templates by the draft that they render and by how many digits its counts have."""

    def __init__(self) -> None:
        self._known: dict[_Key, _Template | None] = {}  # None for what has to be rendered each time
        self._came: set[_Key] = set()
        self._taken = 0

    def fill(self, draft: Draft, request: ChatRequest, identity: Identity) -> Whole | None:
        """Return the answer that a draft is to a request, or None where it has no template."""
        template = self._known.get(_key(draft, request.facts.prompt_tokens))
        return None if template is None else template.fill(request.facts.prompt_tokens, identity)

    def keep(
        self, draft: Draft, request: ChatRequest, identity: Identity, events: Iterable[WireEvent], render: _Render
    ) -> Iterable[WireEvent]:
        """Return an answer, and make a template of it when it comes for the second time."""
        if not _is_fixed(draft.reply):
            return events
        answer, key = in_one_piece(events), _key(draft, request.facts.prompt_tokens)
        if key not in self._came:
            self._take(_PER_ENTRY)
            self._came.add(key)
        elif key not in self._known and isinstance(answer, Whole) and sum(map(len, answer.parts)) <= _MOST_BYTES:
            template = _template(draft, request, identity, answer)
            self._take(len(template.form))
            self._known[key] = template if _holds(template, draft, request, identity, render) else None
        return answer

    def _take(self, size: int) -> None:
        """Make room for so many bytes."""
        if self._taken + size > _MOST_BYTES:
            self._known.clear()
            self._came.clear()
            self._taken = 0
        self._taken += size


def _key(draft: Draft, prompt_tokens: int) -> _Key:
    return draft, len(str(prompt_tokens)), len(str(prompt_tokens + draft.completion_tokens))


def _is_fixed(reply: Reply) -> bool:
    """Whether nothing of a reply is in the test's hands, where it may change between two calls."""
    changeable = (reply.raw, reply.parsed, reply.chunks, reply.choices, reply.extra, reply.headers, reply.usage)
    return all(value is None for value in changeable)


def _holds(template: _Template, draft: Draft, request: ChatRequest, identity: Identity, render: _Render) -> bool:
    """Whether a template gives what is rendered for another id and another prompt: nothing else depends on them."""
    tokens, other = request.facts.prompt_tokens, replace(identity, seen=identity.seen + 1)
    near = next((near for near in (tokens + 1, tokens - 1) if _key(draft, near) == _key(draft, tokens)), None)
    if near is None:
        return False
    rendered = in_one_piece(render(fill_draft(draft, other, request, prompt_tokens=near), request))
    return template.fill(near, other) == rendered


@dataclass(frozen=True, slots=True)
class _Template:
    """An answer with places for ids and counts.

    form: the parts of the body one behind the other, as a format of bytes; filled: which of the fillings stands at
    each place. cuts: where the parts begin and end.
    """

    draft: Draft
    provider: Provider
    head: Head
    form: bytes
    cuts: Sequence[tuple[int, int]]
    chunks: tuple[int, ...]
    filled: tuple[int, ...]
    request_id: str

    def fill(self, prompt_tokens: int, identity: Identity) -> Whole:
        """Return the answer under the ids of an identity, to a prompt of so many tokens."""
        fillings = _fillings(self.draft, self.provider, prompt_tokens, identity)
        data = self.form % tuple([fillings[n] for n in self.filled])
        new_id = identity.request_id
        headers = tuple([(n, new_id if value == self.request_id else value) for n, value in self.head.headers])
        parts = (data,) if len(self.cuts) == 1 else tuple([data[start:end] for start, end in self.cuts])
        return Whole(Head(self.head.status, headers), parts, self.chunks)


def _template(draft: Draft, request: ChatRequest, identity: Identity, answer: Whole) -> _Template:
    data, cuts = b"".join(answer.parts), tuple(pairwise(accumulate(map(len, answer.parts), initial=0)))
    fillings = _fillings(draft, request.provider, request.facts.prompt_tokens, identity)
    place = re.compile(b"|".join(map(re.escape, fillings)))
    form = place.sub(b"%b", data.replace(b"%", b"%%"))
    filled = tuple([fillings.index(found) for found in place.findall(data)])
    return _Template(draft, request.provider, answer.head, form, cuts, answer.chunks, filled, identity.request_id)


def _fillings(draft: Draft, provider: Provider, prompt_tokens: int, identity: Identity) -> list[bytes]:
    """Return what differs between two answers of a draft; a count with its name, in the quotes that no text has."""
    fillings = [
        provider.completion_id(identity.completion_id, created=CREATED).encode(),
        identity.request_id.encode(),  # some providers repeat it in the body
        b'"prompt_tokens":%d' % prompt_tokens,
        b'"total_tokens":%d' % (prompt_tokens + draft.completion_tokens),
        b'"prompt_cache_miss_tokens":%d' % prompt_tokens,
    ]
    return [*fillings, *[identity.call_id(n).encode() for n in range(draft.calls)]] if draft.calls else fillings
