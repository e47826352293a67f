"""From the body of a request to ``ChatRequest``, once: what is expensive to know of a body is remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from pydantic_core import from_json

from fakellm._memo import Memo
from fakellm._wire.asked import ChatRequest
from fakellm._wire.dialect import Claim, Dialect, Strictness
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.events import WireRequest
from fakellm._wire.identity import key_of
from fakellm._wire.known import BodyFacts, KnownMessage, KnownTerms, keys_of, message_keys
from fakellm._wire.provider import Json, Provider
from fakellm._wire.voice import Voice

__all__ = ["Check", "Reader"]

# Bytes of bodies that are known when they come again; an agent's session of 50 calls has 500,000. The same of their
# parts, which take some five times as much when they are decoded.
_REMEMBERED = 2_000_000

_NO_JSON = ErrorBody("the body of the request is no JSON object")


class _Asker:
    """Whose requests are read: what was accepted for one is accepted for it again.

    by: URL, claim, rules and provider. prefix: what the keys of the requests begin with.
    """

    __slots__ = ("by", "prefix")

    def __init__(self, by: tuple[str, Claim, Strictness, Provider], prefix: bytes) -> None:
        self.by = by
        self.prefix = prefix


class Check(Protocol):
    """A dialect's test of a body."""

    def __call__(
        self,
        body: Json,
        model: str,
        strictness: Strictness,
        provider: Provider,
        *,
        size: int,
        new_messages: Sequence[Any] | None,
    ) -> float | None:
        """Raise Rejected for a body that the API of a provider does not take.

        size: of the body in bytes. new_messages: those that no accepted body held, where all that stands beside them
        was accepted before; None where anything may be new. Returns, to a reader that ``only_reads``: up to how many
        bytes a body of plain messages is taken, too, where all that stands beside them is the same; None where each has
        to be looked at.
        """
        ...


class Reader:
    """Reads the bodies of one dialect, and remembers of them what is expensive to know."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        model_of: Callable[[Json, WireRequest], str] | None = None,
        check: Check = lambda body, model, strictness, provider, **known: None,
        to_chat: Callable[[Json], Json] | None = None,
        count: Callable[[Json, str], int] | None = None,
        no_json: ErrorBody = _NO_JSON,
        only_reads: bool = False,
    ) -> None:
        self._dialect = dialect
        self._model_of = model_of
        """The model that a body asks for, raises Rejected where there is none; None where the claim has it."""
        self._check = check
        self._to_chat = to_chat
        """Makes chat's form of a body that was checked; None where it has that form."""
        self._count = count
        """Counts what a body is billed, given the model as well; None where its messages are billed as a chat's."""
        self._no_json = no_json
        self._only_reads = only_reads
        """Whether none of these functions changes a body. It may share what it holds with others, then, and who looks
        into the request decodes it again."""
        self._facts = Memo(partial(BodyFacts, to_chat=to_chat), limit=_REMEMBERED)
        self._terms = Memo(partial(KnownTerms, rates=dialect.rates), limit=_REMEMBERED)
        self._messages = Memo(KnownMessage, limit=_REMEMBERED)
        self._asker: _Asker | None = None  # the last one
        self._last: KnownTerms | None = None
        """Those of the last body that was decoded as a whole, as soon as they have come twice."""

    def read(
        self,
        wire: WireRequest,
        claim: Claim,
        strictness: Strictness,
        provider: Provider,
        *,
        voice: Voice | None = None,
    ) -> ChatRequest:
        """Read a request. voice: who answers it, a copy of the dialect; None for the dialect itself.

        Raises:
            Rejected: it is no JSON object, names no model, or is not taken.
        """
        facts, by, voice = self._facts[wire.body], (wire.url, claim, strictness, provider), voice or self._dialect
        if (accepted := facts.accepted) is not None and accepted[0] == by:
            return ChatRequest(facts, accepted[1], provider, voice, claim, key=accepted[2])
        if (asker := self._asker) is None or asker.by != by:
            asker = self._asker = _Asker(by, key_of(wire.path, b""))
        body, known = self._decoded(wire.body)
        model = self._model_of(body, wire) if self._model_of else claim.model or ""
        if self._to_chat is None:
            given = {} if self._only_reads else {"body": body, "as_chat": body}
            terms, messages = self._taken(wire.body, body, known, model, asker)
        else:
            self._check(body, model, strictness, provider, size=len(wire.body), new_messages=None)
            given = {"body": body, "as_chat": self._to_chat(body)}
            terms, messages = self._parts(given["as_chat"])
        if accepted is None:
            facts.learn(terms, messages, None if self._count is None else self._count(body, model))
        facts.accepted = by, model, (key := asker.prefix + facts.canonical)
        return ChatRequest(facts, model, provider, voice, claim, key=key, **given)

    def _taken(
        self, data: bytes, body: Json, terms: KnownTerms | None, model: str, asker: _Asker
    ) -> tuple[KnownTerms, Sequence[KnownMessage]]:
        """Check a body in chat's form, and return what is known of its parts. terms: where they are known already."""
        was_whole, (terms, messages) = terms is None, self._parts(body, terms)
        accepted_by, most = terms.accepted
        is_known, size = accepted_by is asker and bool(messages), len(data)
        # A list, which takes a third of the time.
        is_plain = is_known and size <= most and all([one.is_plain for one in messages])  # noqa: C419
        if not is_plain:
            new = None
            if is_known:
                known = zip(body["messages"], messages, strict=True)
                new = [message for message, one in known if one.accepted is not asker]
            _, _, strictness, provider = asker.by
            room = self._check(body, model, strictness, provider, size=size, new_messages=new)
            terms.accepted = asker, (room or 0) if self._only_reads else 0
            for one in messages:
                one.accepted = asker
        if was_whole and accepted_by is not None and self._only_reads:
            terms.look_around(data)
            self._last = terms
        return terms, messages

    def _parts(self, as_chat: Json, terms: KnownTerms | None = None) -> tuple[KnownTerms, Sequence[KnownMessage]]:
        """Return what is known of the parts of a request; those of one that is rejected then were never accepted.

        terms: where they are known already.
        """
        if terms is None:
            key, keys = keys_of(as_chat)
            terms = self._terms[key]
        else:
            keys = message_keys(as_chat["messages"])
        return terms, list(map(self._messages.__getitem__, keys))

    def _decoded(self, body: bytes) -> tuple[Json, KnownTerms | None]:
        """Decode a body; of one that says beside its messages what an earlier one said, the messages alone.

        Returns: the body, and what is known of it beside its messages; None for a body that was decoded as a whole.
        """
        if (last := self._last) is not None and (messages := last.messages_in(body)) is not None:
            return {**last.as_chat, "messages": messages}, last
        try:
            decoded = from_json(body, allow_inf_nan=False)
        except ValueError:
            decoded = None
        if not isinstance(decoded, dict):
            raise Rejected(self._no_json)
        return decoded, None
