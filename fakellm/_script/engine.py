"""One request in, one answer out: the straight line that every fake and every replay runs on.

1. a dialect claims the path          else 404 in that API's own error envelope
2. it decodes the request             else the error that the real API would send
3. the first live rule answers        else a source (a cassette), else 400 with the near misses
4. the call is written down           under the lock, before any byte goes out
5. the dialect renders the reply
6. a fault is laid over the events

No step does I/O or reads a clock; what must wait is a Wait event. A player (``_io``) plays the events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from threading import RLock
from typing import Protocol

from fakellm._errors import CassetteMismatchError, UnmatchedRequestError, UnusedReplyError
from fakellm._script import explain
from fakellm._script.answer import complete
from fakellm._script.identity import Identity
from fakellm._script.journal import Call, Journal, Outcome
from fakellm._script.match import Matcher
from fakellm._script.reply import ErrorReply, Reply, Scripted
from fakellm._script.rule import Rule, caller
from fakellm._wire.canonical import canonical_body
from fakellm._wire.chat import ChatRequest
from fakellm._wire.dialects import Claim, Dialect, claim, find_dialect, render_not_spoken
from fakellm._wire.errors import DO_NOT_RETRY, ErrorBody, Rejected, render_error
from fakellm._wire.events import WireEvent, WireRequest

__all__ = ["Engine", "Recorded", "Source"]


class Recorded(Protocol):
    """An answer that a source holds."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def body(self) -> bytes:
        """The whole body, for the transcript."""
        ...

    def events(self) -> Iterator[WireEvent]:
        """Yield the answer as it is played."""
        ...


class Source(Protocol):
    """Something beside the rules that holds answers: a cassette."""

    def claims(self, host: str) -> bool:
        """Whether requests to this host, model calls aside, are this source's business."""
        ...

    def take(self, request: WireRequest) -> Recorded | None:
        """Use up the answer to a request and return it, or None where there is none."""
        ...

    def explain(self, request: WireRequest) -> str:
        """Say why there is no answer, what came closest, and what to type."""
        ...


@dataclass(frozen=True, slots=True)
class _Answer:
    """A call to write down, and the events that answer it."""

    call: Call
    events: Iterator[WireEvent]


class Engine:
    """Rules, sources and journal of one fake; safe to call from any thread.

    seed, test_id: what ids derive from, beside the request. allow_unmatched, allow_rejected,
    allow_unused: what ``check`` lets pass.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        test_id: str = "",
        allow_unmatched: bool = False,
        allow_rejected: bool = False,
        allow_unused: bool = False,
    ) -> None:
        self.rules: list[Rule] = []
        self.sources: list[Source] = []
        self.journal = Journal()
        self.seed = seed
        self.test_id = test_id
        self.allow_unmatched = allow_unmatched
        self.allow_rejected = allow_rejected
        self.allow_unused = allow_unused
        self._seen: Counter[str] = Counter()
        self._lock = RLock()  # a reply's callable may script the next reply, or ask the model itself

    def add_rule(self, matcher: Matcher) -> Rule:
        """Register a rule behind those that are there; it answers once it has replies."""
        with self._lock:
            rule = Rule(matcher, number=len(self.rules) + 1, where=caller())
            self.rules.append(rule)
        return rule

    def claims(self, method: str, host: str, path: str) -> bool:
        """Whether a request is to be answered here rather than by the network."""
        if claim(method, host, path) is not Claim.NONE:
            return True
        return any(source.claims(host) for source in self.sources)

    def handle(self, request: WireRequest) -> Iterator[WireEvent]:
        """Answer a request: a Head, then Data, Wait or Disconnect; never raises for what was sent."""
        with self._lock:
            answer = self._answer(request)
            self.journal.append(answer.call)
        return answer.events

    def check(self) -> None:
        """Raise for what must not pass: unmatched and rejected requests, unused replies.

        Raises:
            UnmatchedRequestError: a request that no rule answers or that the API rejects; its text
                lists unused replies below.
            CassetteMismatchError: the same where all there is to answer is a cassette.
            UnusedReplyError: a scripted reply that nothing asked for.
        """
        outcomes = {Outcome.UNMATCHED: self.allow_unmatched, Outcome.REJECTED: self.allow_rejected}
        refused = [call for call in self.journal if not outcomes.get(call.outcome, True)]
        unused = [] if self.allow_unused else [r for r in self.rules if r.unused or not r.has_replies]
        if not refused and not unused:
            return
        text = "\n\n".join([call.explanation for call in refused] + [explain.unused(rule) for rule in unused])
        cause = next((call.cause for call in refused if call.cause), None)
        if not refused:
            raise UnusedReplyError(text)
        only_cassettes = bool(self.sources) and not self.rules
        raise (CassetteMismatchError if only_cassettes else UnmatchedRequestError)(text) from cause

    def reset(self) -> None:
        """Forget rules and journal."""
        with self._lock:
            self.rules.clear()
            self.journal.clear()
            self._seen.clear()

    def _answer(self, wire: WireRequest) -> _Answer:
        dialect = find_dialect(wire)
        if dialect is None:
            return self._from_source(wire, None) or self._not_spoken(wire)
        try:
            request = dialect.decode(wire)
        except Rejected as rejected:
            # What a provider accepted when it was recorded is never rejected.
            return self._from_source(wire, None) or self._rejected(wire, rejected)
        try:
            answer = self._from_rule(wire, request, dialect)
        except Exception as err:  # noqa: BLE001  # from a predicate or callable of the test's: check() raises it again
            return self._broken(wire, request, err)
        return answer or self._from_source(wire, request) or self._unmatched(wire, request)

    def _from_rule(self, wire: WireRequest, request: ChatRequest, dialect: Dialect) -> _Answer | None:
        rule = next((rule for rule in self.rules if rule.is_live and rule.matcher.accepts(request)), None)
        if rule is None:
            return None
        identity = self._identify(wire, request)
        reply = _resolve(rule.next_reply(), request)
        status = reply.status if isinstance(reply, ErrorReply) else 200
        call = Call(len(self.journal) + 1, wire, Outcome.ANSWERED, status, request, rule, reply)
        return _Answer(call, _render(reply, request, identity, dialect))

    def _from_source(self, wire: WireRequest, request: ChatRequest | None) -> _Answer | None:
        for source in self.sources:
            if (found := source.take(wire)) is not None:
                call = Call(len(self.journal) + 1, wire, Outcome.REPLAYED, found.status, request, recorded=found.body)
                return _Answer(call, found.events())
        return None

    def _unmatched(self, wire: WireRequest, request: ChatRequest) -> _Answer:
        number = len(self.journal) + 1
        if self.sources:
            return self._missed(wire, request)
        before = self.journal[-1] if self.journal else None
        call = Call(number, wire, Outcome.UNMATCHED, 400, request)
        retry_of = before if call.attempt else None
        call.explanation = explain.unmatched(request, self.rules, number=number, retry_of=retry_of)
        return self._refuse(call, ErrorBody(call.explanation, code="fakellm_unmatched"))

    def _broken(self, wire: WireRequest, request: ChatRequest, err: Exception) -> _Answer:
        number = len(self.journal) + 1
        call = Call(number, wire, Outcome.UNMATCHED, 400, request, cause=err)
        call.explanation = explain.broken(err, number=number)
        return self._refuse(call, ErrorBody(call.explanation, code="fakellm_unmatched"))

    def _missed(self, wire: WireRequest, request: ChatRequest | None) -> _Answer:
        number = len(self.journal) + 1
        parts = [f"call {number} is not in the recording: {wire.method} {wire.url}"]
        parts += [source.explain(wire) for source in self.sources]
        if request is not None and self.rules:
            parts.append(explain.unmatched(request, self.rules, number=number, retry_of=None))
        text = "\n".join(parts)
        call = Call(number, wire, Outcome.UNMATCHED, 400, request, explanation=text)
        return self._refuse(call, ErrorBody(text, code="fakellm_unmatched"))

    def _rejected(self, wire: WireRequest, rejected: Rejected) -> _Answer:
        if self.sources:
            return self._missed(wire, None)
        number = len(self.journal) + 1
        text = explain.rejected(wire, rejected.error, number=number, status=rejected.status)
        call = Call(number, wire, Outcome.REJECTED, rejected.status, explanation=text)
        return self._refuse(call, rejected.error)

    def _not_spoken(self, wire: WireRequest) -> _Answer:
        if self.sources:
            return self._missed(wire, None)
        number = len(self.journal) + 1
        if claim(wire.method, wire.host, wire.path) is Claim.MODEL:
            text = explain.not_spoken(wire, number=number)
            call = Call(number, wire, Outcome.UNMATCHED, 404, explanation=text)
        else:
            text = f"no model call, answered with 404 instead of by the network: {wire.method} {wire.url}"
            call = Call(number, wire, Outcome.OTHER, 404, explanation=text)
        return _Answer(call, render_not_spoken(wire, text, request_id=self._identify(wire).request_id))

    def _refuse(self, call: Call, error: ErrorBody) -> _Answer:
        request_id = self._identify(call.wire, call.request).request_id
        events = render_error(call.status, error, request_id=request_id, headers=DO_NOT_RETRY)
        return _Answer(call, events)

    def _identify(self, wire: WireRequest, request: ChatRequest | None = None) -> Identity:
        body = request.canonical if request else canonical_body(wire.body).decode("utf-8", "backslashreplace")
        canonical = f"{wire.path} {body}"
        seen = self._seen[canonical]
        self._seen[canonical] += 1
        return Identity(self.seed, self.test_id, canonical, seen)


def _resolve(scripted: Scripted, request: ChatRequest) -> Reply | ErrorReply:
    """Compute the reply where the test gave a callable."""
    return scripted if isinstance(scripted, Reply | ErrorReply) else scripted(request)


def _render(
    reply: Reply | ErrorReply, request: ChatRequest, identity: Identity, dialect: Dialect
) -> Iterator[WireEvent]:
    if isinstance(reply, ErrorReply):
        return render_error(reply.status, reply.body, request_id=identity.request_id, headers=reply.wire_headers)
    events = dialect.render(complete(reply, request, identity), request)
    return events if reply.fault is None else reply.fault(events)
