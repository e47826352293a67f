"""One request in, one answer out: the straight line that every fake and every replay runs on.

1. a dialect claims the path          else 404 in that API's own error envelope
2. it decodes the request             else the error that the real API would send
3. the first live rule answers        else a source (a cassette), else otherwise(), else 400 with the near misses
4. the call is written down           under the lock, before any byte goes out; what asks no model, in a list of its own
5. the dialect renders the reply
6. framing, pace and fault are laid over the events, in this order

No step does I/O or reads a clock; what must wait is a Wait event. A player (``_io``) plays the events.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from threading import RLock
from typing import Any, NamedTuple

from fakellm._dialects.providers import provider_of
from fakellm._dialects.table import Claim, Dialect, asks_model, claim, find_dialect, is_model_call, render_not_spoken
from fakellm._errors import (
    CassetteMismatchError,
    ContradictionError,
    RejectedRequestError,
    UnmatchedRequestError,
    UnusedReplyError,
    UsageError,
)
from fakellm._script import explain
from fakellm._script.hooks import Hooks, Play, Snapshot
from fakellm._script.identity import Identity
from fakellm._script.journal import Answer, Call, Journal, Outcome, Undecoded
from fakellm._script.match import Matcher
from fakellm._script.pace import Pace
from fakellm._script.recordings import Recorded, Recorder, Source
from fakellm._script.render import UNMATCHED_CODE, Renderer, break_off, guarded
from fakellm._script.rule import Fallback, Rule, caller
from fakellm._script.script import Script
from fakellm._wire.allowed_hosts import AllowedHosts, is_allowed
from fakellm._wire.asked import ChatRequest
from fakellm._wire.canonical import canonical_body, digest
from fakellm._wire.errors import DO_NOT_RETRY, ErrorBody, Rejected, render_error
from fakellm._wire.events import WireEvent, WireRequest
from fakellm._wire.provider import Provider
from fakellm._wire.provider_answers import render_error_from
from fakellm._wire.strictness import LENIENT, STRICT, Strictness

__all__ = ["UNMATCHED_CODE", "Answer", "Engine"]


class _Pending(NamedTuple):
    """A call to write down, and what to do then, outside the lock, to get the events that answer it."""

    call: Call
    play: Play
    take: Any = None


class Engine:
    """Rules, sources, fallback and journal of one fake; safe to call from any thread.

    seed, test_id: what ids derive from, beside the request. strictness: what of the requests that the real API
    rejects is rejected here. provider: who answers; None takes the one at the URL of each request. pace: of
    replies without their own. full_headers: whether every answer carries all headers of the real API.
    allow_unmatched, allow_rejected, allow_unused: what ``check`` lets pass.

    allowed_hosts: those that are left to the network, model calls aside. journal: what asked a model. other_traffic:
    what did not, and so may come whenever it likes. hooks: what comes between a call and its answer, for
    ``explore``.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        test_id: str = "",
        strictness: Strictness = STRICT,
        provider: Provider | None = None,
        pace: Pace | None = None,
        full_headers: bool = False,
        allow_unmatched: bool = False,
        allow_rejected: bool = False,
        allow_unused: bool = False,
    ) -> None:
        self.sources: list[Source] = []
        self.allowed_hosts: AllowedHosts = ()
        self.hooks: Hooks | None = None
        self.recorder: Recorder | None = None
        self.fallback: Fallback | None = None
        self.journal = Journal()
        self.other_traffic = Journal()
        self.seed = seed
        self.test_id = test_id
        self.strictness = strictness
        self.provider = provider
        self.allow_unmatched = allow_unmatched
        self.allow_rejected = allow_rejected
        self.allow_unused = allow_unused
        self._script = Script()
        self._speech = Renderer(pace=pace, full_headers=full_headers)
        self._seen: dict[bytes, int] = {}  # path and hash of the body -> how often they came
        self.lock = RLock()  # a predicate may look at the fake that asks it

    @property
    def rules(self) -> list[Rule]:
        """The rules in order of registration, used up or not."""
        return self._script.rules

    def new_rule(self, matcher: Matcher, *, where: str | None = None) -> Rule:
        """Make a rule that is not registered yet. where: the place to name in messages; the user's line by default."""
        return Rule(matcher, number=len(self.rules) + 1, where=where or caller())

    def register(self, rule: Rule) -> Rule:
        """Put a rule behind those that are there; it answers once it has replies."""
        with self.lock:
            self._script.add(rule)
        return rule

    def set_fallback(self, fallback: Fallback) -> Fallback:
        """Let a rule answer what no other rule and no source answers.

        Raises:
            UsageError: there is one already.
        """
        __tracebackhide__ = True
        with self.lock:
            if self.fallback is not None:
                raise UsageError(f"there is {self.fallback} already; give all replies in one otherwise(...) call")
            self.fallback = fallback
        return fallback

    def claims(self, method: str, host: str, path: str, *, port: int | None = None, body: bytes = b"") -> bool:
        """Whether a request is to be answered here rather than by the network. port: None for the scheme's own."""
        if is_model_call(method, host, path, body):
            return True
        if is_allowed(host, self.allowed_hosts):
            return False
        if self.recorder is not None or claim(method, host, path) in (Claim.COUNT, Claim.PROVIDER):
            return True
        return any(source.claims(host, port) for source in self.sources)

    def handle(self, request: WireRequest) -> Answer:
        """Answer a request: a Head, then Data, Wait or Disconnect; never raises for what was sent."""
        with self.lock:
            dialect = find_dialect(request)
            written = self.journal if dialect is not None or asks_model(request) else self.other_traffic
            hooks = self.hooks if written is self.journal else None
            if hooks is not None:
                hooks.before(request)
            pending = self._answer(request, dialect, written)
            written.append(pending.call)
            play = pending.play
            if hooks is not None:
                play = hooks.over(pending.call, play)
        # A callable of the test's may ask the model itself, from another thread even, and wait for it.
        return Answer(pending.call, play(), pending.take)

    def check(self) -> None:
        """Raise for what must not pass: unmatched and rejected requests, unused replies.

        Raises:
            UnmatchedRequestError: a request that no rule answers or that the API rejects; its text
                lists unused replies below, but for those that it tells of as near misses.
            CassetteMismatchError: the same where all there is to answer is a cassette.
            UnusedReplyError: a scripted reply that nothing asked for.
        """
        __tracebackhide__ = True
        allowed = {Outcome.UNMATCHED: self.allow_unmatched, Outcome.REJECTED: self.allow_rejected}
        refused = [call for call in (*self.journal, *self.other_traffic) if not allowed.get(call.outcome, True)]
        parts = [call.explanation for call in refused]
        parts += [] if self.allow_unused else explain.left_over(self.rules, refused, self.journal)
        if not parts:
            return
        text = "\n\n".join(parts if self.journal else [*parts, explain.NOBODY_ASKED])
        cause = next((call.cause for call in refused if call.cause), None)
        if not refused:
            raise UnusedReplyError(text)
        if all(isinstance(call.cause, ContradictionError) for call in refused):
            raise ContradictionError(text)
        if all(call.outcome is Outcome.REJECTED for call in refused):
            raise RejectedRequestError(text)
        only_cassettes = bool(self.sources) and not self.rules
        raise (CassetteMismatchError if only_cassettes else UnmatchedRequestError)(text) from cause

    def reset(self) -> None:
        """Forget rules, fallback and journal; sources have all their answers again."""
        with self.lock:
            for source in self.sources:
                source.rewind()
            self._script.clear()
            self.fallback = None
            self.journal.clear()
            self.other_traffic.clear()
            self._seen.clear()

    def renew_lock(self) -> None:
        """Let go of a lock that another thread held when this process was forked."""
        self.lock = RLock()

    def decode(self, wire: WireRequest, *, is_rejected: bool = False) -> ChatRequest | None:
        """Return a request as it is read here; None for what is no model call, or one that the API rejects.

        is_rejected: whether to read that one as well, as far as it is well-formed.
        """
        dialect = find_dialect(wire)
        try:
            strictness = LENIENT if is_rejected else self.strictness
            return None if dialect is None else dialect.decode(wire, strictness, self.provider)
        except Rejected:
            return None

    def snapshot(self) -> Snapshot:
        """Return what ``restore`` brings back."""
        with self.lock:
            return Snapshot(
                rules=tuple((rule, rule.state) for rule in self.rules),
                fallback=(self.fallback, self.fallback.state) if self.fallback else None,
                calls=tuple(self.journal),
                other_traffic=tuple(self.other_traffic),
                seen=dict(self._seen),
                sources=tuple((source, source.state) for source in self.sources),
            )

    def restore(self, snapshot: Snapshot) -> None:
        """Be as it was; a call that is being answered meanwhile goes on."""
        with self.lock:
            rules = [*snapshot.rules, *([snapshot.fallback] if snapshot.fallback else [])]
            for rule, given in rules:
                rule.restore(given)
            for source, taken in snapshot.sources:
                source.restore(taken)
            self._script.hold([rule for rule, _ in snapshot.rules])
            self.fallback = snapshot.fallback[0] if snapshot.fallback else None
            self.sources[:] = [source for source, _ in snapshot.sources]
            self._seen = dict(snapshot.seen)
            self.journal.hold(snapshot.calls)
            self.other_traffic.hold(snapshot.other_traffic)

    def give_back(self, call: Call) -> None:
        """Have the reply or recorded answer again that a call has used up: the next request gets it."""
        with self.lock:
            if call.rule is not None:
                call.rule.give_back()
                self._script.hold(list(self.rules))
            elif call.outcome is Outcome.REPLAYED:
                for source in self.sources:
                    source.give_back(call.wire)

    def use_up(self, call: Call) -> None:
        """Use up once more what ``give_back`` gave back, unless another request has done so."""
        with self.lock:
            if call.rule is not None:
                if call.rule.is_live:
                    call.rule.next_reply()
                    self._retire(call.rule)
            elif call.outcome is Outcome.REPLAYED:
                for source in self.sources:
                    source.take(call.wire)

    def _named(self, number: int, written: Journal) -> str:
        """Return how messages name a call."""
        return f"call {number}" if written is self.journal else f"request {number} of other_traffic"

    def _retire(self, rule: Rule) -> None:
        """Pass over a rule that is used up."""
        if not rule.is_live and rule is not self.fallback:
            self._script.retire(rule)

    def _answer(self, wire: WireRequest, dialect: Dialect | None, written: Journal) -> _Pending:
        """Answer a request. written: the list that it is written down in, which a predicate may make longer."""
        if dialect is None:
            return self._from_source(wire, written) or self._not_spoken(wire, written)
        if not self.rules and (recorded := self._from_source(wire, written)):
            return recorded
        try:
            request = dialect.decode(wire, self.strictness, self.provider)
        except Rejected as rejected:
            # What a provider accepted when it was recorded is never rejected.
            recorded = self._from_source(wire, written) if self.rules else None
            return recorded or self._rejected(wire, rejected)
        try:
            rule = self._script.find(request, wire.headers)
        except Exception as err:  # noqa: BLE001  # from a predicate or callable of the test's: check() raises it again
            return self._broken(wire, request, err)
        if rule is None and self.rules and (recorded := self._from_source(wire, written)):
            return recorded
        rule = rule or self._live_fallback()
        return self._from_rule(rule, wire, request, dialect) if rule else self._unmatched(wire, request)

    def _live_fallback(self) -> Fallback | None:
        return self.fallback if self.fallback and self.fallback.is_live else None

    def _from_rule(self, rule: Rule, wire: WireRequest, request: ChatRequest, dialect: Dialect) -> _Pending:
        scripted = rule.next_reply()
        self._retire(rule)
        for source in self.sources:
            source.excuse(wire)
        call = Call(len(self.journal) + 1, wire, Outcome.ANSWERED, 200, request.undecoded(), rule)
        identity = self._identify(wire, request)
        return _Pending(call, partial(self._speech.say, scripted, request, call, identity, dialect))

    def _from_source(self, wire: WireRequest, written: Journal) -> _Pending | None:
        if not self.sources and self.recorder is None:
            return None
        request = partial(self.decode, wire)
        for source in self.sources:
            if (found := source.take(wire)) is not None:
                call = Call(len(written) + 1, wire, Outcome.REPLAYED, found.status, request, recorded=found.body)
                call.fault = found.fault
                return _Pending(call, partial(guarded, _broken_off(found), call) if found.fault else found.events)
        return None if self.recorder is None else self._to_record(self.recorder, wire, request, written)

    def _to_record(self, recorder: Recorder, wire: WireRequest, request: Undecoded, written: Journal) -> _Pending:
        number = len(written) + 1
        if text := recorder.refusal(wire):
            call = Call(number, wire, Outcome.UNMATCHED, 400, request)
            call.explanation = f"{self._named(number, written)} was {text}"
            return self._refuse(call, ErrorBody(call.explanation, code=UNMATCHED_CODE))
        call = Call(number, wire, Outcome.RECORDED, 0, request)
        text = f"{wire.method} {wire.shown_url} is to be recorded, but what took it cannot send it on"
        unsent = partial(render_error, 400, ErrorBody(text), request_id="", headers=DO_NOT_RETRY)
        return _Pending(call, unsent, recorder.begin(call))

    def _unmatched(self, wire: WireRequest, request: ChatRequest) -> _Pending:
        if self.sources:
            return self._missed(wire, request, self.journal)
        call = Call(len(self.journal) + 1, wire, Outcome.UNMATCHED, 400, request)
        call.explanation = self._explain(call, request)
        return self._refuse(call, ErrorBody(call.explanation, code=UNMATCHED_CODE))

    def _broken(self, wire: WireRequest, request: ChatRequest, err: Exception) -> _Pending:
        call = Call(len(self.journal) + 1, wire, Outcome.UNMATCHED, 400, request)
        text = explain.broken(err, number=call.number)
        return _Pending(call, partial(break_off, call, err, self._identify(wire, request), text))

    def _missed(
        self, wire: WireRequest, request: ChatRequest | None, written: Journal, *, rejection: str = ""
    ) -> _Pending:
        call = Call(len(written) + 1, wire, Outcome.UNMATCHED, 400, request)
        parts = [f"{self._named(call.number, written)} is not in the recording: {wire.method} {wire.shown_url}"]
        parts += [source.explain(wire) for source in self.sources]
        if request is not None and self.rules:
            parts.append(self._explain(call, request))
        call.explanation = "\n".join([*parts, rejection] if rejection else parts)
        return self._refuse(call, ErrorBody(call.explanation, code=UNMATCHED_CODE))

    def _explain(self, call: Call, request: ChatRequest) -> str:
        before = self.journal[-1] if self.journal else None
        retry_of = before if call.attempt else None
        rules = [*self.rules, *([self.fallback] if self.fallback else [])]
        return explain.unmatched(request, rules, number=call.number, headers=call.wire.headers, retry_of=retry_of)

    def _rejected(self, wire: WireRequest, rejected: Rejected) -> _Pending:
        number = len(self.journal) + 1
        is_strict = self.strictness.strict
        text = explain.rejected(wire, rejected.error, number=number, status=rejected.status, is_strict=is_strict)
        if self.sources and not self.strictness.strict:
            return self._missed(wire, None, self.journal, rejection=text)
        request = partial(self.decode, wire, is_rejected=True)
        call = Call(number, wire, Outcome.REJECTED, rejected.status, request, explanation=text)
        provider = self.provider or provider_of(wire.host, wire.path)
        request_id = self._identify(wire).request_id
        status, error = rejected.status, rejected.error
        return _Pending(call, partial(render_error_from, provider, status, error, request_id, DO_NOT_RETRY))

    def _not_spoken(self, wire: WireRequest, written: Journal) -> _Pending:
        is_call = written is self.journal
        if self.sources and (is_call or any(source.knows(wire) for source in self.sources)):
            return self._missed(wire, None, written)
        number = len(written) + 1
        if is_call:
            text = explain.not_spoken(wire, number=number)
            call = Call(number, wire, Outcome.UNMATCHED, 404, explanation=text)
        else:
            text = f"no model call, answered with 404 instead of by the network: {wire.method} {wire.shown_url}"
            if self.sources:
                text += f"\n  to let it through: allowed_hosts=[{wire.host!r}]"
            call = Call(number, wire, Outcome.OTHER, 404, explanation=text)
        return _Pending(call, partial(render_not_spoken, wire, text, request_id=self._identify(wire).request_id))

    def _refuse(self, call: Call, error: ErrorBody) -> _Pending:
        request_id = self._identify(call.wire, call.request).request_id
        return _Pending(call, partial(render_error, call.status, error, request_id=request_id, headers=DO_NOT_RETRY))

    def _identify(self, wire: WireRequest, request: ChatRequest | None = None) -> Identity:
        body = request.facts.canonical if request else digest(canonical_body(wire.body))
        asked = wire.path.encode("utf-8", "surrogatepass") + body
        seen = self._seen.get(asked, 0)
        self._seen[asked] = seen + 1
        return Identity(self.seed, self.test_id, asked, seen)


def _broken_off(recorded: Recorded) -> Iterator[WireEvent]:
    if recorded.fault is not None:
        yield from recorded.fault(iter(recorded.events()))
