"""From what the test said to what the model answered: ids, tokens, finish reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

from fakellm._script.contradictions import check_fields, check_parts, check_reply
from fakellm._script.logprobs import token_logprobs
from fakellm._script.own_chunks import deltas_of, message_of
from fakellm._script.parts import as_fields, as_sent, ended, place_of_stop, shortened, texts_of
from fakellm._script.reply import Reply, ToolCall, is_text
from fakellm._script.structured import delivered
from fakellm._wire.answer import Choice, Completion, Counted, Pieces, WireToolCall
from fakellm._wire.asked import ChatRequest
from fakellm._wire.identity import CREATED, Identity
from fakellm._wire.known import BodyFacts, KnownTerms
from fakellm._wire.parts import Part
from fakellm._wire.provider import Provider
from fakellm.tokens import Encoding, encoding_for_model
from fakellm.tokens._billing import usage_of

__all__ = ["Draft", "Drafts"]


class Drafts:
    """What replies come to, remembered for requests that differ in nothing but their messages and ids."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Draft] = {}

    def complete(self, reply: Reply, request: ChatRequest, identity: Identity) -> Completion:
        """Return the answer that a reply comes to.

        Raises:
            ContradictionError: no model would say this to the request.
        """
        key = (id(reply), request.provider, request.model, request.facts.terms, identity.seed)
        if (draft := self._known.get(key)) is None:
            draft = Draft(reply, request, identity.seed)
            if _is_constant(reply):
                if len(self._known) >= _MOST_DRAFTS:
                    self._known.clear()
                self._known[key] = draft
        return draft.filled(identity, request)


def _is_constant(reply: Reply) -> bool:
    """Whether nothing of a reply is in the test's hands, where it may change between two calls."""
    if reply.parsed is not None or reply.choices is not None or reply.parts is not None or reply.vectors is not None:
        return False
    return reply.extra is None and (reply.chunks is None or is_text(reply.chunks))


_MOST_DRAFTS = 256
_MOST_BILLS = 256


class Draft:
    """A reply worked out, but for ids and prompt.

    reply: kept, so that its id is no other's.
    """

    __slots__ = ("_billed", "_choices", "_counted", "_headers", "_kept", "_said", "_setting", "_shared", "reply")

    def __init__(self, reply: Reply, request: ChatRequest, seed: int) -> None:
        self.reply = reply
        terms, voice = request.facts.terms, request.voice
        self._setting = setting = _setting(
            terms, request.model, request.provider, voice.endpoint, voice.family, seed=seed
        )
        self._said: Sequence[_Said]
        self._choices: tuple[Choice, ...]
        if setting.is_plain and reply.is_text_alone and "text" in voice.takes:
            # What all that stands below comes to; most replies of most suites are such, and each is said once.
            text = reply.text or ""
            self._said = (_Said(reply, setting, None, text, None, (), 0, is_cut=False),)
            self._choices = (Choice(0, "stop", Pieces(text, setting.encoding.split)),)
            self._shared: dict[str, Any] | None = setting.shared
        else:
            check_fields(reply, request)
            self._said = [_say(each, request, setting) for each in reply.choices or (reply,) * setting.n]
            has_ids = setting.top_logprobs is not None or any(one.calls for one in self._said)
            self._choices = () if has_ids else _choices(self._said, request, _NO_IDENTITY)
            self._shared = None
        self._headers = reply.wire_headers
        self._kept: dict[str, Any] = {}
        self._counted: tuple[int, int] | None = None  # tokens of the answer, and of the reasoning among them
        self._billed: tuple[BodyFacts, Counted] | None = None
        """The last body that it answered, and the usage of that."""

    def filled(self, identity: Identity, request: ChatRequest) -> Completion:
        """Return the answer with what is left open: the ids, and what the prompt is billed."""
        reply, facts, billed = self.reply, request.facts, self._billed
        return Completion(
            identity,
            CREATED,
            self._setting.model,
            self._choices or _choices(self._said, request, identity),
            billed[1] if billed is not None and billed[0] is facts else partial(self._bill, facts),
            sends_usage=reply.usage is not False,
            headers=self._headers,
            vectors=reply.vectors,
            kept=self._kept if self._choices else {},
            shared=self._shared,
        )

    def _bill(self, facts: BodyFacts) -> Counted:
        """Return the usage of an answer to a body."""
        if self._counted is None:
            self._counted = _count(self._said)
        if self.reply.usage:  # it is in the test's hands, where it may change
            return Counted(_laid_over(usage_of(facts.prompt_tokens, *self._counted), self.reply.usage))
        counts = (facts.prompt_tokens, *self._counted)
        bills = self._setting.bills
        if (bill := bills.get(counts)) is None:
            if len(bills) >= _MOST_BILLS:
                bills.clear()
            bill = bills[counts] = Counted(usage_of(*counts))
        self._billed = facts, bill
        return bill


class _Setting(NamedTuple):
    """What the answers to requests have in common that differ in nothing but their messages.

    model: the name with which it answers, where it is known how the provider speaks. is_known: whether that is so.
    n, stop, limit, top_logprobs: what is asked for, see ``Terms``. is_plain: whether a text is an answer as it stands:
    nothing cuts it, nothing is told beside it, nothing calls for another. shared: what a dialect keeps of such answers.
    bills: usages by their tokens, of prompt, answer and reasoning, shared as the bytes are that a dialect made of them.
    """

    terms: KnownTerms
    encoding: Encoding
    model: str
    is_known: bool
    n: int
    stop: tuple[str, ...]
    limit: int | None
    top_logprobs: int | None
    is_plain: bool
    shared: dict[str, Any]
    bills: dict[tuple[int, int, int], Counted]


# As most requests of a suite have the same, each is found out once.
@lru_cache(maxsize=256)
def _setting(terms: KnownTerms, model: str, provider: Provider, endpoint: str, family: str, *, seed: int) -> _Setting:
    """Return the setting of a request. seed: of the fake that answers, which what is kept depends on."""
    is_known = provider.is_known_at(endpoint, family)
    answering = provider.model_name(model) if is_known else model
    n, stop, limit, top_logprobs = terms.n, terms.stop, terms.limit, terms.top_logprobs
    is_plain = n == 1 and not stop and limit is None and top_logprobs is None and terms.must_call is None
    encoding = encoding_for_model(model)
    return _Setting(terms, encoding, answering, is_known, n, stop, limit, top_logprobs, is_plain, shared={}, bills={})


_NO_IDENTITY = Identity(0, "", b"", 0)
"""For choices that have no ids."""


def _choices(said: Sequence[_Said], request: ChatRequest, identity: Identity) -> tuple[Choice, ...]:
    choices: list[Choice] = []
    calls = 0
    for one in said:
        choices.append(_choice(one, request, identity, index=len(choices), first_call=calls))
        calls += len(one.calls)
    return tuple(choices)


class _Said(NamedTuple):
    """One alternative, as long as the request lets it be.

    setting: what the request says of it. chunks: how the test cut it. text: None, JSON null, for an answer that is
    nothing but tool calls or a refusal. reasoned: tokens of reasoning. is_cut: whether the token limit ended it. parts:
    all of it in order, where the test gave parts.
    """

    reply: Reply
    setting: _Setting
    chunks: Sequence[str | Mapping[str, Any]] | None
    text: str | None
    refusal: str | None
    calls: tuple[ToolCall, ...]
    reasoned: int
    is_cut: bool
    parts: tuple[Part, ...] | None = None


def _say(scripted: Reply, request: ChatRequest, setting: _Setting) -> _Said:
    """Deliver one alternative, and end it where the request does."""
    terms, encoding = setting.terms, setting.encoding
    if scripted.parts is not None:
        return _say_in_parts(scripted, scripted.parts, request, setting)
    given = scripted if scripted.parsed is None else delivered(scripted, terms)
    reply = given if given.chunks is None else message_of(given)
    check_reply(scripted, reply, terms)
    silent = reply.refusal is not None or bool(reply.tool_calls)
    text = reply.text if reply.text is not None or silent else ""
    if text is not None and setting.stop:
        text = text[: place_of_stop(text, setting.stop)]
    reasoned = encoding.count(reply.reasoning) if reply.reasoning else 0
    said = _Said(reply, setting, given.chunks, text, reply.refusal, reply.tool_calls, reasoned, is_cut=False)
    return said if setting.limit is None else _limited(said, setting.limit)


def _say_in_parts(scripted: Reply, parts: Sequence[Part], request: ChatRequest, setting: _Setting) -> _Said:
    """The same for an alternative that is given in parts, which end where they stand."""
    encoding = setting.encoding
    check_parts(parts, request)
    check_reply(scripted, as_fields(scripted, request.voice), setting.terms)
    kept, is_cut = ended(parts, request, encoding)
    reply = as_fields(replace(scripted, parts=kept), request.voice)
    text = reply.text if reply.text is not None or reply.tool_calls else ""
    reasoned = encoding.count(reply.reasoning) if reply.reasoning else 0
    return _Said(reply, setting, None, text, None, reply.tool_calls, reasoned, is_cut, kept)


def _limited(said: _Said, limit: int) -> _Said:
    """End an answer after so many tokens: of its reasoning, its text, the arguments of its calls."""
    encoding = said.setting.encoding
    reasoning, left = shortened(said.reply.reasoning, limit, encoding)
    text, left = shortened(said.text, left, encoding)
    refusal, left = shortened(said.refusal, left, encoding)
    calls: list[ToolCall] = []
    for call in said.calls:
        if left <= 0:
            break
        arguments, left = shortened(call.arguments_text, left, encoding)
        calls.append(call if arguments == call.arguments_text else ToolCall(call.name, arguments or "", id=call.id))
    if left >= 0 and len(calls) == len(said.calls):
        return said
    reply, reasoned = replace(said.reply, reasoning=reasoning), min(said.reasoned, limit)
    return said._replace(reply=reply, text=text, refusal=refusal, calls=tuple(calls), reasoned=reasoned, is_cut=True)


def _choice(said: _Said, request: ChatRequest, identity: Identity, *, index: int, first_call: int) -> Choice:
    reply, setting, split = said.reply, said.setting, said.setting.encoding.split
    texts = () if said.parts is None else texts_of(said.parts, request.voice)
    choice = Choice(
        index,
        _finish_reason(said, request),
        None if said.text is None else Pieces(said.text, _cut_of(said, texts) if texts or said.chunks else split),
        tool_calls=_wire_calls(said, request, identity, first_call) if said.calls else (),
        refusal=None if said.refusal is None else Pieces(said.refusal, split),
        reasoning=Pieces(reply.reasoning, split) if reply.reasoning else None,
        deltas=None if said.chunks is None or said.is_cut or is_text(said.chunks) else deltas_of(said.chunks),
        extra=reply.extra or {},
    )
    if (top := setting.top_logprobs) is not None:
        pieces, seed, given = choice.refusal or choice.pieces or (), identity.logprobs_seed(index), reply.logprobs
        choice.logprobs = token_logprobs(pieces, setting.encoding, seed=seed, top=top, given=given, texts=texts)
    return choice if said.parts is None else _in_parts(choice, said.parts, said, request)


def _cut_of(said: _Said, texts: Sequence[str]) -> Callable[[str], Sequence[str]]:
    """Return what cuts the text of an alternative that is not cut by its tokens alone.

    texts: those of its parts, whose tokens never run together.
    """
    split = said.setting.encoding.split
    if texts:
        return lambda _: [piece for text in texts for piece in split(text)]
    return partial(_cut, chunks=said.chunks or (), split=split)


def _wire_calls(said: _Said, request: ChatRequest, identity: Identity, first: int) -> tuple[WireToolCall, ...]:
    """Return the calls of an alternative. first: the place of the first one among those of the whole answer."""
    return tuple(
        WireToolCall(
            call.id or identity.call_id(first + n, *request.voice.call_ids),
            call.name,
            Pieces(call.arguments_text, said.setting.encoding.split),
            request.facts.terms.call_kind(call.name),
        )
        for n, call in enumerate(said.calls)
    )


def _in_parts(choice: Choice, parts: Sequence[Part], said: _Said, request: ChatRequest) -> Choice:
    """Return an alternative with the parts that the test gave."""
    calls, logprobs = choice.tool_calls, choice.logprobs
    encoding = said.setting.encoding
    choice.parts = tuple(as_sent(parts, request.voice, encoding, tool_calls=calls, logprobs=logprobs))
    return choice


def _finish_reason(said: _Said, request: ChatRequest) -> str | None:
    if (given := said.reply.finish_reason) is not None:
        return None if given == "null" else given
    if said.is_cut:
        return "length"
    # OpenAI: "the finish_reason would always be stop rather than tool_calls" where the request names the tool, not
    # where it merely requires one (staff in the forum, 2024; vLLM keeps to it, #49496, July 2026).
    if not said.calls:
        return "stop"
    terms = said.setting.terms
    if terms.forced_tool and request.provider.forced_calls_stop and said.setting.is_known:
        return "stop"
    return "function_call" if terms.call_kind(said.calls[0].name) == "function_call" else "tool_calls"


def _cut(text: str, *, chunks: Sequence[Any], split: Callable[[str], Sequence[str]]) -> Sequence[str]:
    """Return a text by its own boundaries, or by tokens where it has none. split: what cuts it so."""
    if not is_text(chunks):
        return split(text)
    if sum(map(len, chunks)) == len(text):  # nothing ended it early
        return chunks
    pieces: list[str] = []
    at = 0
    for chunk in chunks:
        if at >= len(text) and chunk:
            break
        pieces.append(text[at : at + len(chunk)])
        at += len(chunk)
    return pieces


def _count(said: Sequence[_Said]) -> tuple[int, int]:
    """Return the tokens of the alternatives together, and those of their reasoning among them."""
    tokens = reasoned = 0
    for one in said:
        reasoned += one.reasoned
        if one.is_cut:
            tokens += one.setting.limit or 0  # it took as many as it might, and none to end with
            continue
        text = one.text if one.refusal is None else one.refusal
        calls = [(call.name, call.arguments_text) for call in one.calls] if one.calls else ()
        tokens += one.setting.terms.bill.count_completion(text or "", calls, reasoning_tokens=one.reasoned)
    return tokens, reasoned


def _laid_over(usage: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counts with those that the test gave in their place; the total follows unless it is given."""
    merged = {**usage, **given}
    for name in ("prompt_tokens_details", "completion_tokens_details"):
        if isinstance(given.get(name), Mapping):
            merged[name] = {**usage[name], **given[name]}
    parts = (merged["prompt_tokens"], merged["completion_tokens"])
    if "total_tokens" not in given and all(isinstance(part, int) for part in parts):
        merged["total_tokens"] = sum(parts)
    return merged
