"""One request in, one answer out: the straight line that every fake and every replay runs on.

1. a dialect claims the path          else 404 in that API's own error envelope
2. it reads the request               else the error that the real API would send
3. the first live rule answers        else a source (a cassette), else the API by itself where it needs no model,
                                      else otherwise(), else 400 with the near misses
4. the call is written down           under the lock, before any byte goes out; what asks no model, in a list of its own
5. the dialect says the reply
6. framing, pace and fault are laid over the events, in this order

No step does I/O or reads a clock; what must wait is a Wait event. A player (``_io``) plays the events.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any

from fakellm._errors import (
    CassetteMismatchError,
    ContradictionError,
    RejectedRequestError,
    UnmatchedRequestError,
    UnusedReplyError,
    UsageError,
)
from fakellm._script import explain
from fakellm._script.journal import Answer, Call, Journal, Outcome, Undecoded
from fakellm._script.match import Matcher
from fakellm._script.pace import Pace
from fakellm._script.render import UNMATCHED_CODE, Renderer, break_off, guarded
from fakellm._script.rule import Fallback, Rule, caller
from fakellm._script.script import Script
from fakellm._script.scripted import Scripted
from fakellm._wire.asked import ChatRequest
from fakellm._wire.canonical import canonical_body, digest
from fakellm._wire.dialect import LENIENT, STRICT, Dialect, Strictness, Traffic
from fakellm._wire.errors import DO_NOT_RETRY, ErrorBody, Rejected
from fakellm._wire.events import WireEvent, WireRequest
from fakellm._wire.hosts import AllowedHosts, is_allowed
from fakellm._wire.identity import Identity, key_of
from fakellm._wire.provider import Provider
from fakellm._wire.table import Route, Table
from fakellm._wire.voice import Speaker

if TYPE_CHECKING:
    from fakellm._script.recordings import Hooks, Recorded, Recorder, Source

__all__ = ["UNMATCHED_CODE", "Answer", "Engine"]


class Engine:
    """Rules, sources, fallback and journal of one fake; safe to call from any thread.

    dialects: the APIs that it speaks. seed, test_id: what ids derive from, beside the request. strictness: what of the
    requests that the real API rejects is rejected here. provider: who answers; None takes the one at the URL of each
    request. pace: of replies without their own. full_headers: whether every answer carries all headers of the real API.
    allow_unmatched, allow_rejected, allow_unused: what ``check`` lets pass.

    allowed_hosts: those that are left to the network, model calls aside. journal: what asked a model. other_traffic:
    what did not, and so may come whenever it likes. hooks: what comes between calls and their answers, for
    ``explore`` and for children that tell what they ask. ledger: what forked children tell; None until there was one.
    renderer: plays replies.
    """

    def __init__(
        self,
        dialects: Table,
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
        self._dialects = dialects
        self.dialects = dialects.copied()
        self.sources: list[Source] = []
        self.allowed_hosts: AllowedHosts = ()
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
        self.script = Script()
        self.hooks: Hooks | None = None
        self.ledger: Any = None
        self.renderer = Renderer(pace=pace, full_headers=full_headers)
        self.seen: dict[bytes, int] = {}  # path and hash of the body -> how often they came
        self.lock = RLock()  # a predicate may look at the fake that asks it

    @property
    def rules(self) -> list[Rule]:
        """The rules in order of registration, used up or not."""
        return self.script.rules

    def new_rule(self, matcher: Matcher, *, where: str | None = None) -> Rule:
        """Make a rule that is not registered yet. where: the place to name in messages; the user's line by default."""
        return Rule(matcher, number=len(self.script.rules) + 1, where=where or caller())

    def register(self, rule: Rule) -> Rule:
        """Put a rule behind those that are there; it answers once it has replies."""
        with self.lock:
            self.script.add(rule)
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

    def claims(self, wire: WireRequest) -> bool | None:
        """Whether a request is to be answered here rather than by the network; None where its body has to tell.

        The body may be left empty until then.
        """
        kind = self.dialects.route(wire).traffic
        if kind is Traffic.MODEL:
            return True
        if not is_allowed(wire.host, self.allowed_hosts):
            if self.recorder is not None or kind in (Traffic.COUNT, Traffic.PROVIDER):
                return True
            if any(source.claims(wire.host, wire.port) for source in self.sources):
                return True
        if not self.dialects.told_by_body(wire):
            return False
        return self.dialects.is_model_call(wire) if wire.body else None

    def handle(self, request: WireRequest, now: float = 0.0) -> Answer:
        """Answer a request: a Head, then Data, Wait or Disconnect; never raises for what was sent.

        now: when it came, in seconds by the player's clock.
        """
        with self.lock:
            route = self.dialects.route(request)
            is_call = route.traffic is Traffic.MODEL if route.claim else self.dialects.asks_model(request)
            hooks = self.hooks
            if hooks is not None and is_call:
                hooks.before(request)
            answer = self._answer(request, route, self.journal if is_call else self.other_traffic, now)
            is_call = is_call or answer.call.rule is not None
            (self.journal if is_call else self.other_traffic).append(answer.call)
            if hooks is not None and is_call:
                answer.play = hooks.over(answer.call, answer.play)
        # A callable of the test's may ask the model itself, from another thread even, and wait for it.
        answer.begin(now)
        return answer

    def check(self) -> None:
        """Raise for what must not pass: unmatched and rejected requests, unused replies.

        Raises:
            UnmatchedRequestError: a request that no rule answers or that the API rejects; its text
                lists unused replies below, but for those that it tells of as near misses.
            CassetteMismatchError: the same where all there is to answer is a cassette.
            UnusedReplyError: a scripted reply that nothing asked for.
        """
        __tracebackhide__ = True
        allowed = ((Outcome.UNMATCHED, self.allow_unmatched), (Outcome.REJECTED, self.allow_rejected))
        told = [outcome for outcome, may_pass in allowed if not may_pass]
        refused = [call for calls in (self.journal, self.other_traffic) for call in calls if call.outcome in told]
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
            self.dialects = self._dialects.copied()
            self.script.clear()
            self.fallback = None
            self.journal.clear()
            self.other_traffic.clear()
            self.seen.clear()
            if self.renderer.prompts is not None:
                self.renderer.prompts.restore(frozenset())

    def renew_lock(self) -> None:
        """Let go of a lock that another thread held when this process was forked."""
        self.lock = RLock()

    def read(self, wire: WireRequest, *, is_rejected: bool = False) -> ChatRequest | None:
        """Return a request as it is read here; None for what is no model call, or one that the API rejects.

        is_rejected: whether to read that one as well, as far as it is well-formed.
        """
        route, strictness = self.dialects.route(wire), LENIENT if is_rejected else self.strictness
        if (found := self.dialects.at(route)) is None:
            return None
        dialect, claim = found
        try:
            return dialect.read(wire, claim, strictness, self.provider or route.provider)
        except Exception:  # noqa: BLE001  # rejected, or a dialect of the test's own failed, which it was told by then
            return None

    def use_up(self, rule: Rule) -> Scripted:
        """Use up one reply of a rule and return it; pass over the rule from now on where it was the last."""
        reply = rule.next_reply()
        if not rule.is_live and rule is not self.fallback:
            self.script.retire(rule)
        return reply

    def _speaker(self, wire: WireRequest) -> Speaker:
        return self.dialects.speaker(wire, self.provider)

    def _named(self, number: int, written: Journal) -> str:
        """Return how messages name a call."""
        return f"call {number}" if written is self.journal else f"request {number} of other_traffic"

    def _answer(self, wire: WireRequest, route: Route, written: Journal, now: float) -> Answer:
        """Answer a request. written: the list that it is written down in, which a predicate may make longer."""
        if (found := self.dialects.at(route)) is None:
            return self._from_source(wire, written) or self._not_spoken(wire, written)
        if not self.script.rules and (recorded := self._from_source(wire, written)):
            return recorded
        dialect, claim = found
        try:
            request = dialect.read(wire, claim, self.strictness, self.provider or route.provider)
            request.now = now
        except Rejected as rejected:
            # What a provider accepted when it was recorded is never rejected.
            recorded = self._from_source(wire, written) if self.rules else None
            return recorded or self._rejected(wire, rejected, written)
        except Exception as err:  # noqa: BLE001  # from a dialect of the test's own
            return self._broken(wire, None, err, written)
        try:
            rule = self.script.find(request, wire.headers)
        except Exception as err:  # noqa: BLE001  # from a predicate or callable of the test's: check() raises it again
            return self._broken(wire, request, err, written)
        if rule is None and self.rules and (recorded := self._from_source(wire, written)):
            return recorded
        if (rule := rule or self._live_fallback(request)) is None:
            if not request.claim.by_itself:
                return self._unmatched(wire, request)
            if self.sources:  # beside a recording nothing is made up
                return self._not_spoken(wire, written, request)
        return self._said(rule, wire, request, dialect, written)

    def _live_fallback(self, request: ChatRequest) -> Fallback | None:
        return self.fallback if self.fallback and self.fallback.is_live and self.fallback.is_for(request) else None

    def _said(
        self, rule: Rule | None, wire: WireRequest, request: ChatRequest, dialect: Dialect, written: Journal
    ) -> Answer:
        """Let a rule answer; the API itself, where it is None."""
        scripted, outcome = None, Outcome.ITSELF
        if rule is not None:
            scripted, outcome, written = self.use_up(rule), Outcome.ANSWERED, self.journal
            for source in self.sources:
                source.excuse(wire)
        call = Call(len(written) + 1, wire, outcome, 200, request.undecoded(), rule, voice=dialect)
        identity = self._identify(wire, request)
        return Answer(call, partial(self.renderer.say, scripted, request, call, identity, dialect))

    def _from_source(self, wire: WireRequest, written: Journal) -> Answer | None:
        request, speaker = partial(self.read, wire), partial(self._speaker, wire)
        for source in self.sources:
            if (found := source.take(wire, speaker)) is not None:
                call = self._call(wire, written, Outcome.REPLAYED, found.status, request)
                call.recorded, call.fault, call.source = found.body, found.fault, source
                return Answer(call, partial(guarded, _broken_off(found), call) if found.fault else found.events)
        return None if self.recorder is None else self._to_record(self.recorder, wire, request, written)

    def _to_record(self, recorder: Recorder, wire: WireRequest, request: Undecoded, written: Journal) -> Answer:
        if text := recorder.refusal(wire):
            call = self._call(wire, written, Outcome.UNMATCHED, 400, request)
            call.explanation = f"{self._named(call.number, written)} was {text}"
            return self._refuse(call)
        call = self._call(wire, written, Outcome.RECORDED, 0, request)
        text = f"{wire.method} {wire.shown_url} is to be recorded, but what took it cannot send it on"
        error, speaker = ErrorBody(text), self._speaker(wire).itself
        unsent = partial(speaker.refuse, 400, error, request_id="", headers=DO_NOT_RETRY)
        return Answer(call, unsent, recorder.begin(call))

    def _unmatched(self, wire: WireRequest, request: ChatRequest) -> Answer:
        if self.sources:
            return self._missed(wire, request, self.journal)
        call = self._call(wire, self.journal, Outcome.UNMATCHED, 400, request)
        call.explanation = self._explain(call, request)
        return self._refuse(call)

    def _broken(self, wire: WireRequest, request: ChatRequest | None, err: Exception, written: Journal) -> Answer:
        call = self._call(wire, written, Outcome.UNMATCHED, 400, request)
        text = explain.broken(err, name=self._named(call.number, written))
        return Answer(call, partial(break_off, call, err, self._speaker(wire), self._identify(wire, request), text))

    def _missed(
        self, wire: WireRequest, request: ChatRequest | None, written: Journal, *, rejection: str = ""
    ) -> Answer:
        call = self._call(wire, written, Outcome.UNMATCHED, 400, request)
        parts = [f"{self._named(call.number, written)} is not in the recording: {wire.method} {wire.shown_url}"]
        parts += [source.explain(wire) for source in self.sources]
        if request is not None and self.rules:
            parts.append(self._explain(call, request))
        call.explanation = "\n".join([*parts, rejection] if rejection else parts)
        return self._refuse(call)

    def _explain(self, call: Call, request: ChatRequest) -> str:
        before = self.journal[-1] if self.journal else None
        retry_of = before if call.attempt else None
        rules = [*self.rules, *([self.fallback] if self.fallback else [])]
        return explain.unmatched(request, rules, number=call.number, headers=call.wire.headers, retry_of=retry_of)

    def _rejected(self, wire: WireRequest, rejected: Rejected, written: Journal) -> Answer:
        status, is_strict = rejected.status, self.strictness.strict
        name = self._named(len(written) + 1, written)
        text = explain.rejected(wire, rejected.error, name=name, status=status, is_strict=is_strict)
        if self.sources and not is_strict:
            return self._missed(wire, None, written, rejection=text)
        request = partial(self.read, wire, is_rejected=True)
        call = self._call(wire, written, Outcome.REJECTED, status, request)
        call.explanation = text
        return self._refuse(call, rejected.error)

    def _not_spoken(self, wire: WireRequest, written: Journal, request: ChatRequest | None = None) -> Answer:
        is_call = written is self.journal
        if self.sources and (is_call or any(source.knows(wire) for source in self.sources)):
            return self._missed(wire, request, written)
        call = self._call(wire, written, Outcome.UNMATCHED if is_call else Outcome.OTHER, 404)
        if is_call:
            is_told_by_body = self.dialects.traffic(wire) is Traffic.BODY
            spoken = self.dialects.spoken_at
            call.explanation = explain.not_spoken(
                wire, number=call.number, spoken=spoken, is_told_by_body=is_told_by_body
            )
        else:
            text = f"no model call, answered with 404 instead of by the network: {wire.method} {wire.shown_url}"
            allow = f"\n  to let it through: allowed_hosts=[{wire.host!r}]" if self.sources else ""
            call.explanation = text + allow
        return self._refuse(call, ErrorBody(call.explanation))

    def _call(
        self,
        wire: WireRequest,
        written: Journal,
        outcome: Outcome,
        status: int,
        request: ChatRequest | Undecoded | None = None,
    ) -> Call:
        """Return the next call of a list."""
        return Call(len(written) + 1, wire, outcome, status, request, voice=self.dialects.voice(wire))

    def _refuse(self, call: Call, error: ErrorBody | None = None) -> Answer:
        """Answer a call in the envelope of its API. error: the API's own; None for the explanation of the call."""
        said = error or ErrorBody(call.explanation, code=UNMATCHED_CODE)
        known = call.outcome is Outcome.UNMATCHED and call.request
        request_id = self._identify(call.wire, known or None).request_id
        speaker = self._speaker(call.wire) if error else self._speaker(call.wire).itself
        return Answer(call, partial(speaker.refuse, call.status, said, request_id=request_id, headers=DO_NOT_RETRY))

    def _identify(self, wire: WireRequest, request: ChatRequest | None = None) -> Identity:
        asked = request.key if request else key_of(wire.path, digest(canonical_body(wire.body)))
        seen = self.seen.get(asked, 0)
        self.seen[asked] = seen + 1
        return Identity(self.seed, self.test_id, asked, seen)


def _broken_off(recorded: Recorded) -> Iterator[WireEvent]:
    if recorded.fault is not None:
        yield from recorded.fault(iter(recorded.events()))
