"""Render a reply into events, then apply framing, pace and fault, in that order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fakellm._errors import ContradictionError, UsageError
from fakellm._script import explain
from fakellm._script.drafts import Drafts
from fakellm._script.journal import Call, Outcome
from fakellm._script.pace import Pace, paced, seconds_of
from fakellm._script.prompt_cache import PromptCache
from fakellm._script.reply import ErrorReply, Reply
from fakellm._script.scripted import Scripted
from fakellm._script.transform import at_speaker
from fakellm._wire.answer import raw_answer
from fakellm._wire.asked import ChatRequest
from fakellm._wire.dialect import Dialect
from fakellm._wire.errors import DO_NOT_RETRY, ErrorBody
from fakellm._wire.events import Disconnect, Head, Whole, WireEvent, in_one_piece
from fakellm._wire.identity import Identity
from fakellm._wire.provider import add_headers
from fakellm._wire.voice import Speaker

__all__ = ["UNMATCHED_CODE", "Renderer", "break_off", "error_events", "guarded"]

UNMATCHED_CODE = "fakellm_unmatched"
"""The ``code`` of the error object that a request gets which nothing answers."""


_VALUES = (Reply, ErrorReply)
_BY_ITSELF = Reply(deliberate=True)  # nothing that was scripted contradicts the request


class Renderer:
    """How one fake says its replies, and what it remembers of them.

    pace: of replies without their own. full_headers: whether all headers of a provider are sent.
    """

    def __init__(self, *, pace: Pace | None, full_headers: bool) -> None:
        self.pace = pace
        self.full_headers = full_headers
        self.prompts: PromptCache | None = None
        """What caches of the API would hold; None where their prices are not billed."""
        self._drafts = Drafts()

    def say(
        self, scripted: Scripted | None, request: ChatRequest, call: Call, identity: Identity, dialect: Dialect
    ) -> Iterable[WireEvent]:
        """Return the events of a reply; what the test's own callable, framing or fault raises is put on the call.

        scripted: None for what the API answers by itself.
        """
        try:
            if scripted is None:
                reply: Reply | ErrorReply = _BY_ITSELF
            else:
                # A callable of the test's may change what it is given.
                call.reply = reply = scripted if isinstance(scripted, _VALUES) else scripted(request.again())
            if isinstance(reply, ErrorReply):
                call.status = request.speaker.status(reply)
                return in_one_piece(error_events(reply, request.speaker, identity.request_id))
            pace = reply.pace or self.pace
            events = self._rendered(reply, request, call, identity, dialect, pace=pace)
            if isinstance(events, Whole):
                call.status = events.head.status
            if self.full_headers or reply.headers == "full":
                events = add_headers(iter(events), request.provider.headers_for(200, identity.request_id))
            completion = None if pace is None else call.completion
            if completion and completion.seconds is not None:  # the model goes on behind the answer
                pace = None
            if reply.framing is None and reply.fault is None and pace is None:
                return in_one_piece(events)
            events = iter(events)
            if reply.framing is not None:
                events = reply.framing(events)
            if pace is not None:
                tokens = completion.token_count if completion else 0
                events = paced(events, pace, identity=identity.pace_seed, tokens=tokens)
            if reply.fault is not None:
                events = at_speaker(reply.fault, request.speaker)(events)
            return events if reply.framing is reply.fault is None else guarded(events, call)
        except ContradictionError as err:
            text = explain.contradiction(err, call.rule, number=call.number)
            return break_off(call, err, request.speaker, identity, text)
        except Exception as err:  # noqa: BLE001  # check() raises it again
            return break_off(call, err, request.speaker, identity, explain.broken(err, name=f"call {call.number}"))

    def _rendered(
        self, reply: Reply, request: ChatRequest, call: Call, identity: Identity, dialect: Dialect, *, pace: Pace | None
    ) -> Iterable[WireEvent]:
        if reply.raw is not None:
            request_id = request.voice.request_id_header, identity.request_id
            return raw_answer(reply.raw, request_id, reply.wire_headers, is_stream=request.stream)
        call.completion = completion = self._drafts.complete(reply, request, identity)
        if self.prompts is not None:
            self.prompts.bill(completion, request, reply)
        if pace is not None and dialect.runs_on(request):
            completion.seconds = seconds_of(pace, identity=identity.pace_seed, tokens=completion.token_count)
        return dialect.say(completion, request)


def error_events(error: ErrorReply, speaker: Speaker, request_id: str) -> Iterator[WireEvent]:
    """Yield a scripted error as it is played."""
    body = speaker.words(error, **error.facts)
    at_once = error.is_retried_at_once
    status = speaker.status(error)
    for event in speaker.refuse(status, body, request_id=request_id, headers=error.wire_headers, wait=error.wait):
        yield replace(event, is_retried_at_once=at_once) if isinstance(event, Head) else event


def guarded(events: Iterator[WireEvent], call: Call) -> Iterator[WireEvent]:
    """Yield what a framing or a fault gives; lose the connection where it raises, so that the client is told."""
    try:
        yield from events
    except UsageError as err:  # a fault of fakellm's that cannot act on this answer
        _blame(call, err, explain.contradiction(err, call.rule, number=call.number))
        yield Disconnect()
    except Exception as err:  # noqa: BLE001  # check() raises it again
        _blame(call, err, explain.broken(err, name=f"call {call.number}"))
        yield Disconnect()


def break_off(
    call: Call, err: Exception, speaker: Speaker, identity: Identity, explanation: str
) -> Iterator[WireEvent]:
    """Yield the error that tells a client what the test's own code raised, and blame the call."""
    _blame(call, err, explanation)
    call.status, call.completion = 400, None
    error = ErrorBody(call.explanation, code=UNMATCHED_CODE)
    return speaker.itself.refuse(call.status, error, request_id=identity.request_id, headers=DO_NOT_RETRY)


def _blame(call: Call, err: Exception, explanation: str) -> None:
    """Make a call one that fails the test, since the test's own code raised on it or contradicts it."""
    call.outcome, call.cause, call.explanation = Outcome.UNMATCHED, err, explanation
