"""Groq: the time that each part took in the usage, ids of its own in ``x_groq``.

Source: recorded from api.groq.com, 2025; the region and the error of the key as users report them.
"""

from __future__ import annotations

from collections.abc import Iterator

from fakellm._dialects.chat.quirks import ChatQuirks, ends
from fakellm._dialects.openai.errors import ErrorQuirks
from fakellm._wire.answer import Completion
from fakellm._wire.errors import ErrorBody
from fakellm._wire.provider import LIMITS, Json, Provider

__all__ = ["GROQ"]

# In seconds; the same for every answer.
_TIMES = {"queue_time": 0.04, "prompt_time": 0.002, "completion_time": 0.01, "total_time": 0.012}


class _GroqChat(ChatQuirks):
    __slots__ = ()

    def completion(self, body: Json, completion: Completion) -> Json:
        body = super().completion(body, completion)
        return {
            **body,
            "service_tier": "on_demand",
            "usage_breakdown": None,
            "x_groq": {"id": completion.request_id},
        }

    def chunks(self, chunks: Iterator[Json], completion: Completion, *, include_usage: bool) -> Iterator[Json]:
        own: Json = {"id": completion.request_id}
        for chunk in super().chunks(chunks, completion, include_usage=include_usage):
            if not chunk.get("usage"):
                chunk.pop("usage", None)
            if ends(chunk) and completion.sends_usage:
                own = {"id": completion.request_id, "usage": self.usage(completion)}
            yield {**chunk, "x_groq": own} if own else chunk
            own = {}

    def usage(self, completion: Completion) -> Json:
        return {**_TIMES, **super().usage(completion)}


class _GroqErrors(ErrorQuirks):
    __slots__ = ()

    def envelope(self, error: ErrorBody, status: int) -> Json:
        members = super().envelope(error, status)["error"]
        return {"error": {name: value for name, value in members.items() if value is not None}}


GROQ = Provider(
    name="groq",
    headers=(
        ("cache-control", "private, max-age=0, no-store, no-cache, must-revalidate"),
        ("vary", "Origin"),
        ("x-groq-region", "us-west-1"),
    ),
    limits=LIMITS,
    quirks={
        "chat": _GroqChat(
            id_form="chatcmpl-{uuid}",
            reasoning_field="reasoning",
            message_omits=frozenset({"annotations", "refusal"}),
            usage_details=frozenset(),
            tells_request_id=True,
        ),
        "openai": _GroqErrors(errors={"invalid_api_key": ErrorBody("Invalid API Key", code="invalid_api_key")}),
    },
)
