"""Which requests for completions the real API rejects.

Source: ``CreateCompletionRequest`` of the OpenAPI document; rejections as users report them.
"""

from __future__ import annotations

from functools import cache

from fakellm._dialects.embeddings.inputs import sizes_of
from fakellm._dialects.openai import rejections
from fakellm._dialects.openai.bodies import check_body
from fakellm._dialects.openai.document import Schema, body_of
from fakellm._dialects.shapes import ANY, BOOLEAN, OBJECT, TEXT, Either, Members, Number
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.provider import Json, Provider
from fakellm.tokens import encoding_for_model
from fakellm.tokens._models import facts_of

__all__ = ["USUAL_LIMIT", "check_request"]

USUAL_LIMIT = 16
"""The tokens of a completion where the request says nothing."""


@cache
def _documented() -> Members:
    closed: Schema = {"additionalProperties": False}
    patches = {
        # A deployment may be the model.
        "CreateCompletionRequest": {**closed, "required": []},
        # "between -100 and 100" in the API reference.
        "CreateCompletionRequest.logit_bias[]": {"minimum": -100, "maximum": 100},
        "CreateCompletionRequest.model": {"minLength": 1},
        "ChatCompletionStreamOptions": closed,
    }
    return body_of("POST /completions", patches)


# More than any API of this kind takes, and what a fake still answers in seconds.
_MOST_CHOICES_ANYWHERE = 1024
_MOST_LOGPROBS_ANYWHERE = 128
_TEXTS = Either({str: TEXT, list: ANY})
_PORTABLE = Members(
    {
        "prompt": _TEXTS,
        "logprobs": Number("integer", 0, _MOST_LOGPROBS_ANYWHERE),
        "max_tokens": Number("integer"),
        "n": Number("integer", 1, _MOST_CHOICES_ANYWHERE),
        "stop": _TEXTS,
        "stream": BOOLEAN,
        "stream_options": OBJECT,
    }
)


def check_request(
    body: Json, model: str, strictness: Strictness, provider: Provider, *, size: int, **known: object
) -> None:
    """Raise Rejected for a body that the API of this provider does not take."""
    check_body(body, model, strictness, provider, documented=_documented, portable=_PORTABLE)
    if strictness.strict and provider.rules and (rejected := _refused(body, model, provider)):
        raise rejected


def _refused(body: Json, model: str, provider: Provider) -> Rejected | None:
    if provider.rules == "openai" and facts_of(model).can is not None and "instruct" not in model:
        return Rejected(_CHATS, status=404)
    if body.get("stream_options") is not None and not body.get("stream"):
        return Rejected(rejections.only_when("stream_options", "stream"))
    return _refuse_best_of(body) or _refuse_length(body, model)


_CHATS = ErrorBody(
    "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?",
    param="model",
)


def _refuse_best_of(body: Json) -> Rejected | None:
    n, best_of = body.get("n") or 1, body.get("best_of")
    if best_of is None or best_of >= n:
        return None
    return Rejected(
        ErrorBody(
            "You requested that the server return more choices than it will generate (HINT: you must set 'n' "
            f"(currently {n}) to be at most 'best_of' (currently {best_of}), or omit either parameter if you don't "
            "specifically want to use them.)"
        )
    )


def _refuse_length(body: Json, model: str) -> Rejected | None:
    context = facts_of(model).context
    limit = USUAL_LIMIT if body.get("max_tokens") is None else body["max_tokens"]
    longest = max(sizes_of(body.get("prompt"), encoding_for_model(model)), default=0)
    if context is None or longest + limit <= context:
        return None
    return Rejected(rejections.prompt_too_long(context, longest, limit))
