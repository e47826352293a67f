"""Requests that may build on what a fake has stored, in the neutral form: with it before their own input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from fakellm._anyjson import object_of, parsed
from fakellm._dialects.openai import rejections
from fakellm._dialects.responses.read import to_chat
from fakellm._dialects.responses_checks.rules import model_of
from fakellm._dialects.responses_stored.kept import StoredResponses
from fakellm._wire.asked import ChatRequest
from fakellm._wire.claim import Claim
from fakellm._wire.dialect import Dialect, Strictness
from fakellm._wire.events import WireRequest
from fakellm._wire.provider import Json, Provider
from fakellm._wire.reader import Check, Reader

__all__ = ["StoredReader"]

# What a body holds that builds on what was said before, or brings it back; a backslash may hide any of them.
_REFERS = (b'"call_id"', b'"id"', b'"encrypted_content"', b"previous_response_id", b"conversation", b"\\u")


class StoredReader:
    """Reads the requests of one dialect.

    check: of a body by itself. stored: what a body may build on. check_kept: of a body and what it builds on, raises
    Rejected. alone: reads the bodies that build on nothing, and remembers them.
    """

    def __init__(
        self,
        dialect: Dialect,
        check: Check,
        stored: StoredResponses,
        *,
        check_kept: Callable[[StoredResponses, Json, Provider], None],
        alone: Reader | None = None,
    ) -> None:
        self._dialect = dialect
        self._check = check
        self._stored = stored
        self._check_kept = check_kept
        self._alone = alone or self._on()

    def _on(self, before: Sequence[Json] = (), referred: Mapping[str, Json] = MappingProxyType({})) -> Reader:
        """Return a reader of requests that build on these items, and refer to those."""
        read = partial(to_chat, before=before, referred=referred)
        return Reader(
            self._dialect, model_of=model_of, check=self._check, to_chat=read, no_json=rejections.INVALID_JSON
        )

    def read(self, wire: WireRequest, claim: Claim, strictness: Strictness, provider: Provider) -> ChatRequest:
        """Read a request.

        Raises:
            Rejected: it is not taken, or does not go with what it builds on.
        """
        if not any(name in wire.body for name in _REFERS):
            return self._alone.read(wire, claim, strictness, provider, voice=self._dialect)
        # What was kept is no part of the body: a request that builds on it is read anew each time.
        before, referred = self._stored.before(object_of(parsed(wire.body)))
        reader = self._on(before, referred) if before or referred else self._alone
        asked = reader.read(wire, claim, strictness, provider, voice=self._dialect)
        if strictness.strict:
            self._check_kept(self._stored, asked.body, provider)
        return asked

    def on(self, dialect: Dialect, stored: StoredResponses) -> StoredReader:
        """Return the reader of a copy of the dialect; both remember the same bodies."""
        return StoredReader(dialect, self._check, stored, check_kept=self._check_kept, alone=self._alone)
