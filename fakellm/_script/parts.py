"""A reply that is given in parts: what it comes to for bill and rules, where the request ends it, how it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from fakellm._script.reply import Reply
from fakellm._wire.answer import Logprobs, Pieces, WirePart, WireReasoning, WireText, WireToolCall
from fakellm._wire.asked import ChatRequest
from fakellm._wire.parts import Part, Reasoning, ToolCall
from fakellm._wire.voice import Voice
from fakellm.tokens import Encoding

__all__ = ["as_fields", "as_sent", "ended", "place_of_stop", "shortened", "texts_of"]


def as_fields(reply: Reply, voice: Voice) -> Reply:
    """Return a reply with the text, the calls and the reasoning of all its parts, in place of them."""
    said = [_meaning(part, voice) for part in reply.parts or ()]
    texts = [part for part in said if isinstance(part, str)]
    thoughts = [part.text for part in said if isinstance(part, Reasoning)]
    calls = tuple(part for part in said if isinstance(part, ToolCall))
    text, reasoning = "".join(texts) if texts else None, "".join(thoughts) or None
    return replace(reply, parts=None, text=text, tool_calls=calls, reasoning=reasoning)


def _meaning(part: Part, voice: Voice) -> str | ToolCall | Reasoning | None:
    return voice.hear_part(part) if isinstance(part, Mapping) else part


def ended(parts: Iterable[Part], request: ChatRequest, encoding: Encoding) -> tuple[tuple[Part, ...], bool]:
    """Return the parts up to where the request ends the answer, and whether it is its limit of tokens that does.

    A mapping is never cut: what it says counts, and the next part is the first that is left out.
    """
    kept: list[Part] = []
    left = request.limit
    for part in parts:
        if left is not None and left <= 0:
            return tuple(kept), True
        stopped = part[: place_of_stop(part, request.stop)] if isinstance(part, str) else part
        shown, left = (stopped, None) if left is None else _within(stopped, left, request.voice, encoding)
        kept.append(shown)
        if left is not None and left < 0:
            return tuple(kept), True
        if stopped != part:
            break
    return tuple(kept), False


def _within(part: Part, budget: int, voice: Voice, encoding: Encoding) -> tuple[Part, int]:
    """Return a part of at most so many tokens, and the tokens left; below 0 where it was cut."""
    text = _text(_meaning(part, voice))
    cut, left = shortened(text, budget, encoding)
    if cut == text or isinstance(part, Mapping):
        return part, left
    match part:
        case ToolCall():
            return ToolCall(part.name, cut or "", id=part.id), left
        case Reasoning():
            return replace(part, text=cut or ""), left
        case _:
            return cut or "", left


def _text(meaning: str | ToolCall | Reasoning | None) -> str:
    """Return the text that a part takes tokens for."""
    match meaning:
        case ToolCall():
            return meaning.arguments_text
        case Reasoning():
            return meaning.text
        case _:
            return meaning or ""


def shortened(text: str | None, budget: int, encoding: Encoding) -> tuple[str | None, int]:
    """Return a text of at most so many tokens, whole characters, and the tokens left; below 0 where it was cut."""
    if text is None:
        return None, budget
    if (left := budget - encoding.count(text)) >= 0:
        return text, left
    tokens = encoding.encode(text)[: max(budget, 0)]
    return encoding.decode_bytes(tokens).decode(errors="ignore"), -1


def place_of_stop(text: str, stops: Sequence[str]) -> int:
    """Return where the first of the texts that end an answer begins; the length of the text where there is none."""
    return min([found for stop in stops if (found := text.find(stop)) >= 0], default=len(text))


def texts_of(parts: Iterable[Part], voice: Voice) -> tuple[str, ...]:
    """Return the texts of parts, those of mappings too; what is thought is none."""
    return tuple(meaning for part in parts if isinstance(meaning := _meaning(part, voice), str))


def as_sent(
    parts: Iterable[Part],
    voice: Voice,
    encoding: Encoding,
    *,
    tool_calls: Iterable[WireToolCall],
    logprobs: Logprobs | None,
) -> Iterator[WirePart]:
    """Yield parts cut as a stream sends them.

    tool_calls: those of the parts, in order, with their ids. logprobs: for each piece of their texts.
    """
    calls, entries = iter(tool_calls), iter(logprobs or ())
    for part in parts:
        sent: WirePart | None = None
        match _meaning(part, voice):
            case str(text):
                pieces = Pieces(text, encoding.split)
                sent = WireText(pieces, None if logprobs is None else tuple(islice(entries, len(pieces))))
            case ToolCall():
                sent = next(calls)
            case Reasoning(text, signature=signature, redacted=redacted):
                sent = WireReasoning(Pieces(text, encoding.split), signature, redacted)
        if isinstance(part, Mapping):
            yield part
        elif sent is not None:
            yield sent
