"""Answers as OpenAI's APIs frame them: one object, the head of a stream, an error; each with the id of its request."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic_core import to_json

from fakellm._wire.answer import Completion, json_answer, stream_head
from fakellm._wire.asked import ChatRequest
from fakellm._wire.errors import ErrorBody
from fakellm._wire.events import Head, Whole, WireEvent, in_one_piece
from fakellm._wire.provider import Json

__all__ = ["head_of_stream", "one_object", "refused"]

_REQUEST_ID = "x-request-id"


def one_object(body: Json, answer: Completion) -> Whole:
    """Return the head and the one object of an answer."""
    return json_answer(to_json(body), (_REQUEST_ID, answer.request_id), answer.headers)


def head_of_stream(answer: Completion) -> Head:
    """Return the head of an answer that is streamed."""
    return stream_head((_REQUEST_ID, answer.request_id), answer.headers)


def refused(answer: Completion, asked: ChatRequest, status: int, error: ErrorBody) -> Iterable[WireEvent]:
    """Return an error in place of an answer."""
    return in_one_piece(asked.speaker.refuse(status, error, request_id=answer.request_id))
