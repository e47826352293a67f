"""From what the test said to what the model answered: ids, tokens, finish reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fakellm._script.contradictions import check_choices, check_fields, check_parts, check_reply
from fakellm._script.logprobs import token_logprobs
from fakellm._script.own_chunks import deltas_of, message_of
from fakellm._script.parts import as_fields, as_sent, ended, place_of_stop, shortened, texts_of
from fakellm._script.reply import Reply, ToolCall, is_text
from fakellm._script.structured import delivered
from fakellm._wire.answer import Choice, Completion, WireToolCall
from fakellm._wire.asked import ChatRequest
from fakellm._wire.identity import CREATED, Identity
from fakellm._wire.said import Part
from fakellm.tokens import Encoding, completion_usage, encoding_for_model

__all__ = ["Draft", "Drafts", "fill_draft"]


def fill_draft(draft: Draft, identity: Identity, request: ChatRequest) -> Completion:
    """Fill in what a draft leaves open: the ids, and what the prompt is billed."""
    reply = draft.reply
    return Completion(
        identity=identity,
        created=CREATED,
        model=request.provider.model_name(request.model) if request.speaker.is_known else request.model,
        choices=draft.choices or _choices(draft.said, request, identity),
        usage=_laid_over(_with_prompt(draft.usage, request.facts.prompt_tokens), reply.usage or {}),
        sends_usage=reply.usage is not False,
        headers=reply.wire_headers,
        vectors=reply.vectors,
    )


class Drafts:
    """What replies come to, remembered for requests that differ in nothing but their messages and ids."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Draft] = {}

    def of(self, reply: Reply, request: ChatRequest) -> Draft:
        """Return the draft of a reply to a request.

        Raises:
            ContradictionError: no model would say this to the request.
        """
        # What is left out is in the test's hands, and may change between two calls.
        if any(getattr(reply, name) is not None for name in _UNKEPT):
            return _draft(reply, request)
        key = (id(reply), request.provider, request.model, request.facts.terms)
        draft = self._known.get(key)
        if draft is None:
            if len(self._known) >= _MOST_DRAFTS:
                self._known.clear()
            draft = self._known[key] = _draft(reply, request)
        return draft


_MOST_DRAFTS = 256
_UNKEPT = ("parsed", "chunks", "choices", "parts", "vectors")


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A reply worked out, but for ids and prompt.

    reply: kept, so that its id is no other's. choices: empty where ids or log probabilities are part of them. usage:
    without the prompt. calls: how many.
    """

    reply: Reply
    said: tuple[_Said, ...]
    choices: tuple[Choice, ...]
    usage: Mapping[str, Any]
    completion_tokens: int
    calls: int


def _draft(reply: Reply, request: ChatRequest) -> Draft:
    check_fields(reply, request)
    check_choices(reply, request)
    said = tuple([_say(each, request) for each in reply.choices or (reply,) * request.n])
    usage, calls = _usage(said, request), sum(len(one.calls) for one in said)
    has_open_choices = calls > 0 or request.top_logprobs is not None
    choices = () if has_open_choices else _choices(said, request, _NO_IDENTITY)
    return Draft(reply, said, choices, usage, usage["completion_tokens"], calls)


_NO_IDENTITY = Identity(0, "", b"", 0)
"""For choices that have no ids."""


def _choices(said: Sequence[_Said], request: ChatRequest, identity: Identity) -> tuple[Choice, ...]:
    choices: list[Choice] = []
    for one in said:
        first_call = sum(len(choice.tool_calls) for choice in choices)
        choices.append(_choice(one, request, identity, index=len(choices), first_call=first_call))
    return tuple(choices)


@dataclass(frozen=True, slots=True)
class _Said:
    """One alternative, as long as the request lets it be.

    chunks: how the test cut it. text: None, JSON null, for an answer that is nothing but tool calls or a refusal.
    reasoned: tokens of reasoning. is_cut: whether the token limit ended it. parts: all of it in order, where the test
    gave parts.
    """

    reply: Reply
    chunks: Sequence[str | Mapping[str, Any]] | None
    encoding: Encoding
    text: str | None
    refusal: str | None
    calls: tuple[ToolCall, ...]
    reasoned: int
    is_cut: bool
    parts: tuple[Part, ...] | None = None


def _say(scripted: Reply, request: ChatRequest) -> _Said:
    """Deliver one alternative, and end it where the request does."""
    encoding = encoding_for_model(request.model)
    if scripted.parts is not None:
        return _say_in_parts(scripted, scripted.parts, request, encoding)
    given = delivered(scripted, request)
    reply = message_of(given)
    check_reply(scripted, reply, request)
    silent = reply.refusal is not None or bool(reply.tool_calls)
    text = reply.text if reply.text is not None or silent else ""
    if text is not None and request.stop:
        text = text[: place_of_stop(text, request.stop)]
    reasoned = encoding.count(reply.reasoning) if reply.reasoning else 0
    said = _Said(reply, given.chunks, encoding, text, reply.refusal, reply.tool_calls, reasoned, is_cut=False)
    return said if request.limit is None else _limited(said, request.limit)


def _say_in_parts(scripted: Reply, parts: Sequence[Part], request: ChatRequest, encoding: Encoding) -> _Said:
    """The same for an alternative that is given in parts, which end where they stand."""
    check_parts(parts, request)
    check_reply(scripted, as_fields(scripted, request.voice), request)
    kept, is_cut = ended(parts, request, encoding)
    reply = as_fields(replace(scripted, parts=kept), request.voice)
    text = reply.text if reply.text is not None or reply.tool_calls else ""
    reasoned = encoding.count(reply.reasoning) if reply.reasoning else 0
    return _Said(reply, None, encoding, text, None, reply.tool_calls, reasoned, is_cut, kept)


def _limited(said: _Said, limit: int) -> _Said:
    """End an answer after so many tokens: of its reasoning, its text, the arguments of its calls."""
    reasoning, left = shortened(said.reply.reasoning, limit, said.encoding)
    text, left = shortened(said.text, left, said.encoding)
    refusal, left = shortened(said.refusal, left, said.encoding)
    calls: list[ToolCall] = []
    for call in said.calls:
        if left <= 0:
            break
        arguments, left = shortened(call.arguments_text, left, said.encoding)
        calls.append(call if arguments == call.arguments_text else ToolCall(call.name, arguments or "", id=call.id))
    if left >= 0 and len(calls) == len(said.calls):
        return said
    reply, reasoned = replace(said.reply, reasoning=reasoning), min(said.reasoned, limit)
    return replace(said, reply=reply, text=text, refusal=refusal, calls=tuple(calls), reasoned=reasoned, is_cut=True)


def _choice(said: _Said, request: ChatRequest, identity: Identity, *, index: int, first_call: int) -> Choice:
    reply, encoding = said.reply, said.encoding
    texts = texts_of(said.parts or (), request.voice)
    pieces = None if said.text is None else _pieces(said.text, said.chunks, encoding)
    if texts:
        pieces = tuple(piece for text in texts for piece in encoding.split(text))
    refusal = None if said.refusal is None else encoding.split(said.refusal)
    choice = Choice(
        index=index,
        finish_reason=_finish_reason(said, request),
        pieces=pieces,
        tool_calls=tuple(
            WireToolCall(
                call.id or identity.call_id(first_call + n, *request.voice.call_ids),
                call.name,
                encoding.split(call.arguments_text),
                request.call_kind(call.name),
            )
            for n, call in enumerate(said.calls)
        ),
        refusal=refusal,
        reasoning=encoding.split(reply.reasoning) if reply.reasoning else None,
        deltas=None if said.is_cut or is_text(said.chunks or ()) else deltas_of(said.chunks or ()),
        extra=reply.extra or {},
    )
    if request.top_logprobs is None:
        return _in_parts(choice, said, request)
    seed = identity.logprobs_seed(index)
    logprobs = token_logprobs(
        refusal or pieces or (), encoding, seed=seed, top=request.top_logprobs, given=reply.logprobs, texts=texts
    )
    return _in_parts(replace(choice, logprobs=logprobs), said, request)


def _in_parts(choice: Choice, said: _Said, request: ChatRequest) -> Choice:
    """Return an alternative with its parts, where the test gave parts."""
    if said.parts is None:
        return choice
    calls, logprobs = choice.tool_calls, choice.logprobs
    sent = as_sent(said.parts, request.voice, said.encoding, tool_calls=calls, logprobs=logprobs)
    return replace(choice, parts=tuple(sent))


def _finish_reason(said: _Said, request: ChatRequest) -> str | None:
    if said.reply.finish_reason == "null":
        return None
    if said.reply.finish_reason is not None:
        return said.reply.finish_reason
    if said.is_cut:
        return "length"
    # OpenAI: "the finish_reason would always be stop rather than tool_calls" where the request names the tool, not
    # where it merely requires one (staff in the forum, 2024; vLLM keeps to it, #49496, July 2026).
    if not said.calls or (request.forced_tool and request.provider.forced_calls_stop and request.speaker.is_known):
        return "stop"
    return "function_call" if request.call_kind(said.calls[0].name) == "function_call" else "tool_calls"


def _pieces(text: str, chunks: Sequence[str | Mapping[str, Any]] | None, encoding: Encoding) -> tuple[str, ...]:
    """Return a text by its own boundaries, or by tokens."""
    if chunks is None or not is_text(chunks):
        return encoding.split(text)
    pieces: list[str] = []
    at = 0
    for chunk in chunks:
        if at >= len(text) and chunk:
            break
        pieces.append(text[at : at + len(chunk)])
        at += len(chunk)
    return tuple(pieces)


def _usage(said: Sequence[_Said], request: ChatRequest) -> dict[str, Any]:
    """Return what the alternatives are billed together."""
    bills = [_bill(one, request) for one in said]
    usage = bills[0]
    if len(bills) > 1:
        usage["completion_tokens"] = sum(bill["completion_tokens"] for bill in bills)
        usage["completion_tokens_details"]["reasoning_tokens"] = sum(one.reasoned for one in said)
    return usage


def _with_prompt(usage: Mapping[str, Any], tokens: int) -> dict[str, Any]:
    """Return the bill of an answer with that of its prompt, none of it shared."""
    return {
        "prompt_tokens": tokens,
        "completion_tokens": usage["completion_tokens"],
        "total_tokens": tokens + usage["completion_tokens"],
        "prompt_tokens_details": dict(usage["prompt_tokens_details"]),
        "completion_tokens_details": dict(usage["completion_tokens_details"]),
    }


def _bill(said: _Said, request: ChatRequest) -> dict[str, Any]:
    bill = completion_usage(
        request.as_chat,
        text=said.text if said.refusal is None else said.refusal,
        tool_calls=[(call.name, call.arguments_text) for call in said.calls],
        reasoning_tokens=said.reasoned,
        prompt_tokens=0,
        rates=request.voice.rates,
    )
    if said.is_cut and request.limit is not None:
        # It took as many tokens as it might, and none to end with.
        bill["completion_tokens"] = request.limit
    return bill


def _laid_over(usage: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counts with those that the test gave in their place; the total follows unless it is given."""
    if not given:
        return usage
    merged = {**usage, **given}
    for name in ("prompt_tokens_details", "completion_tokens_details"):
        if isinstance(given.get(name), Mapping):
            merged[name] = {**usage[name], **given[name]}
    parts = (merged["prompt_tokens"], merged["completion_tokens"])
    if "total_tokens" not in given and all(isinstance(part, int) for part in parts):
        merged["total_tokens"] = sum(parts)
    return merged
