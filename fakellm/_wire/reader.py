"""From the body of a request to ``ChatRequest``, once: what is expensive to know of a body is remembered."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Protocol

from pydantic_core import from_json, to_json

from fakellm._memo import Memo
from fakellm._wire.asked import BodyFacts, ChatRequest, Terms
from fakellm._wire.dialect import Claim, Dialect, Strictness
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.events import WireRequest
from fakellm._wire.provider import Json, Provider

__all__ = ["Check", "Reader"]

# Bytes of bodies that are known when they come again; an agent's session of 50 calls has 500,000.
_REMEMBERED = 2_000_000

_NO_JSON = ErrorBody("the body of the request is no JSON object")


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
        are_terms_known: bool,
    ) -> None:
        """Raise Rejected for a body that the API of a provider does not take.

        size: of the body in bytes. are_terms_known: whether a body was accepted that differs in its messages alone.
        """
        ...


class Reader:
    """Reads the bodies of one dialect, and remembers of them what is expensive to know."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        model_of: Callable[[Json, WireRequest], str] | None = None,
        check: Check = lambda body, model, strictness, provider, *, size, are_terms_known: None,
        to_chat: Callable[[Json], Json] | None = None,
        count: Callable[[Json, str], int] | None = None,
        no_json: ErrorBody = _NO_JSON,
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
        self._facts = Memo(partial(BodyFacts, to_chat=to_chat), limit=_REMEMBERED)
        self._terms = Memo(partial(Terms, rates=dialect.rates), limit=_REMEMBERED)

    def read(self, wire: WireRequest, claim: Claim, strictness: Strictness, provider: Provider) -> ChatRequest:
        """Read a request.

        Raises:
            Rejected: it is no JSON object, names no model, or is not taken.
        """
        facts, by = self._facts[wire.body], (wire.path, claim, strictness, provider)
        if (accepted := facts.accepted) is not None and accepted[0] == by:
            return ChatRequest(facts, accepted[1], provider, self._dialect, claim)
        body = self._decoded(wire.body)
        model = self._model_of(body, wire) if self._model_of else claim.model or ""
        key = _terms_of(body) if self._to_chat is None else None
        known = self._terms.get(key) if key is not None else None
        are_known = known is not None and by in known.accepted
        self._check(body, model, strictness, provider, size=len(wire.body), are_terms_known=are_known)
        as_chat = body if self._to_chat is None else self._to_chat(body)
        terms = self._terms[_terms_of(as_chat) if key is None else key]
        terms.accepted.add(by)
        if accepted is None:
            facts.learn(as_chat, terms, None if self._count is None else self._count(body, model))
        facts.accepted = by, model
        return ChatRequest(facts, model, provider, self._dialect, claim, body=body, as_chat=as_chat)

    def copied(self, dialect: Dialect) -> Reader:
        """Return the reader of a copy of the dialect; both remember the same bodies."""
        reader = copy(self)
        reader._dialect = dialect  # noqa: SLF001  # it is one of these
        return reader

    def _decoded(self, body: bytes) -> Json:
        try:
            decoded = from_json(body, allow_inf_nan=False)
        except ValueError:
            decoded = None
        if not isinstance(decoded, dict):
            raise Rejected(self._no_json)
        return decoded


def _terms_of(as_chat: Json) -> bytes:
    """Return what a body says beside its messages, which most calls of a session have in common."""
    return to_json({name: value for name, value in as_chat.items() if name != "messages"}, inf_nan_mode="constants")
