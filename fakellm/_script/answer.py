"""From what the test said to what the model answered: ids, tokens, finish reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakellm._script.identity import CREATED, Identity
from fakellm._script.reply import Reply
from fakellm._wire.chat import ChatRequest
from fakellm._wire.completion import Choice, Completion, WireToolCall
from fakellm.tokens import Encoding, completion_usage, encoding_for_model

__all__ = ["complete"]


def complete(reply: Reply, request: ChatRequest, identity: Identity) -> Completion:
    """Fill in what a reply leaves open, from the request and its identity alone."""
    encoding = encoding_for_model(request.model)
    choice = Choice(
        index=0,
        finish_reason=reply.finish_reason or ("tool_calls" if reply.tool_calls else "stop"),
        pieces=_text_pieces(reply, encoding),
        tool_calls=tuple(
            WireToolCall(call.id or identity.call_id(n), call.name, encoding.split(call.arguments_text))
            for n, call in enumerate(reply.tool_calls)
        ),
    )
    usage = completion_usage(
        request.body,
        text=choice.text,
        tool_calls=[(call.name, call.arguments_text) for call in reply.tool_calls],
    )
    return Completion(
        id=identity.completion_id,
        request_id=identity.request_id,
        created=CREATED,
        model=request.model,
        system_fingerprint=identity.system_fingerprint,
        choices=(choice,),
        usage=_laid_over(usage, reply.usage or {}),
    )


def _laid_over(usage: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counts with those that the test gave in their place; the total follows unless it is given."""
    merged = {**usage, **given}
    for name in ("prompt_tokens_details", "completion_tokens_details"):
        if isinstance(given.get(name), Mapping):
            merged[name] = {**usage[name], **given[name]}
    parts = (merged["prompt_tokens"], merged["completion_tokens"])
    if "total_tokens" not in given and all(isinstance(part, int) for part in parts):
        merged["total_tokens"] = sum(parts)
    return merged


def _text_pieces(reply: Reply, encoding: Encoding) -> tuple[str, ...] | None:
    """Return the text by tokens; None, JSON null, for an answer that is nothing but tool calls."""
    if reply.text is None and reply.tool_calls:
        return None
    return encoding.split(reply.text or "")
