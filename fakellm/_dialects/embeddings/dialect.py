"""Embeddings: a vector for each input, which the fake makes by itself.

Source: ``CreateEmbeddingRequest`` of the OpenAPI document; answers recorded from api.openai.com, 2025; rejections as
users report them, 2024 to 2026.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from struct import pack

from fakellm._anyjson import object_of, objects_of, text_of
from fakellm._dialects.embeddings.inputs import inputs_of, is_input, sizes_of, texts_of
from fakellm._dialects.embeddings.vectors import vector
from fakellm._dialects.openai import rejections
from fakellm._dialects.openai.answers import one_object
from fakellm._dialects.openai.bodies import check_body
from fakellm._dialects.openai.dialect import OpenAIDialect, deployment, model_of
from fakellm._dialects.openai.document import body_of
from fakellm._dialects.openai.misfits import sentence
from fakellm._dialects.shapes import ANY, Members, Number
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.claim import Claim
from fakellm._wire.dialect import Strictness
from fakellm._wire.errors import ErrorBody, Rejected
from fakellm._wire.events import WireEvent, WireRequest, address_of
from fakellm._wire.provider import Json, Provider
from fakellm._wire.reader import Reader
from fakellm._wire.voice import Heard
from fakellm.tokens import Encoding, encoding_for_model
from fakellm.tokens._model_table import Vectors
from fakellm.tokens._models import facts_of

__all__ = ["EMBEDDINGS", "EmbeddingsDialect"]

# Of models that nobody knows.
_USUAL = Vectors(1536)

_MOST_INPUTS = 2048
_MOST_TOKENS = 8192
_MOST_TOKENS_TOGETHER = 300_000

_INVALID_INPUT = ErrorBody(
    "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."
)
_NO_EMBEDDINGS = ErrorBody("You are not allowed to generate embeddings from this model")
_NO_EMBEDDINGS_AZURE = (
    "The embeddings operation does not work with the specified model, {model}. Please choose different model and try "
    "again. You can learn more about which models can be used with each operation here: "
    "https://go.microsoft.com/fwlink/?linkid=2197993."
)
_FIXED_SIZE = ErrorBody("This model does not support specifying dimensions.")


class EmbeddingsDialect(OpenAIDialect):
    """``POST …/embeddings``."""

    endpoint = "embeddings"
    spoken_at = "…/embeddings"
    takes = frozenset({"vectors"})

    def __init__(self) -> None:
        self._reader = Reader(
            self, model_of=model_of, check=_check, to_chat=_to_chat, count=_count, no_json=rejections.INVALID_JSON
        )

    def claims(self, wire: WireRequest) -> Claim | None:
        return _claim(wire.path) if wire.method == "POST" else None

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        vectors = answer.vectors or _made(answer, asked)
        write = _packed if asked.body.get("encoding_format") == "base64" else list
        body: Json = {
            "object": "list",
            "data": [{"object": "embedding", "index": n, "embedding": write(one)} for n, one in enumerate(vectors)],
            "model": answer.model,
            "usage": {name: answer.usage[name] for name in ("prompt_tokens", "total_tokens")},
        }
        if not answer.sends_usage:
            del body["usage"]
        return one_object(body, answer)

    def hear_object(self, answer: Json) -> Heard | None:
        data = objects_of(answer.get("data"))
        if answer.get("object") != "list" or not data:
            return None
        usage = object_of(answer.get("usage"))
        text = f"{len(data)} vector{'' if len(data) == 1 else 's'} of {_length(data[0].get('embedding'))} numbers"
        return Heard(text, usage={**usage, "completion_tokens": 0} if usage else None)


@lru_cache(maxsize=256)
def _claim(path: str) -> Claim | None:
    return (
        Claim("embeddings", model=deployment(path), by_itself=True)
        if address_of("", path).endswith("/embeddings")
        else None
    )


def _to_chat(body: Json) -> Json:
    """Return a request in chat's form: each input is a message of the user's."""
    texts = texts_of(body.get("input"), _encoding(text_of(body.get("model"))))
    kept = {name: value for name, value in body.items() if name != "input"}
    return {**kept, "messages": [{"role": "user", "content": text} for text in texts]}


def _count(body: Json, model: str) -> int:
    return sum(sizes_of(body.get("input"), _encoding(model)))


def _encoding(model: str) -> Encoding:
    """Return the encoding of a model; of one that nobody knows the one that all of OpenAI's for embeddings have."""
    return encoding_for_model(model, default="cl100k_base")


def _made(answer: Completion, asked: ChatRequest) -> list[tuple[float, ...]]:
    dimensions = asked.body.get("dimensions") or _vectors_of(asked.model).size
    texts = [text_of(message["content"]) for message in asked.messages]
    return [vector(text, seed=answer.identity.seed, model=asked.model, dimensions=dimensions) for text in texts]


def _vectors_of(model: str) -> Vectors:
    return facts_of(model).vectors or _USUAL


def _packed(numbers: Sequence[float]) -> str:
    """Return numbers in single precision, as the SDKs ask for them."""
    return b64encode(pack(f"<{len(numbers)}f", *numbers)).decode()


def _length(embedding: object) -> int:
    if isinstance(embedding, str):
        return len(embedding.rstrip("=")) * 3 // 16  # four letters are three bytes, four bytes a number
    return len(embedding) if isinstance(embedding, list) else 0


@cache
def _documented() -> Members:
    # A deployment may be the model. What is wrong with an input is not told.
    request = {"required": ["input"], "properties": {"input": {}}}
    return body_of(
        "POST /embeddings", {"CreateEmbeddingRequest": request, "CreateEmbeddingRequest.model": {"minLength": 1}}
    )


# More than any model has, and what a fake still answers in seconds.
_MOST_DIMENSIONS_ANYWHERE = 65_536
_PORTABLE = Members({"dimensions": Number("integer", 1, _MOST_DIMENSIONS_ANYWHERE), "input": ANY}, ("input",))


def _check(body: Json, model: str, strictness: Strictness, provider: Provider, *, size: int, **known: object) -> None:
    """Raise Rejected for a body that the API of this provider does not take."""
    check_body(body, model, strictness, provider, documented=_documented, portable=_PORTABLE)
    if strictness.strict and provider.rules and (rejected := _refused(body, model, provider, size)):
        raise rejected


def _refused(body: Json, model: str, provider: Provider, size: int) -> Rejected | None:
    given = body["input"]
    if not is_input(given) or len(inputs_of(given)) > _MOST_INPUTS:
        return Rejected(_INVALID_INPUT)
    if facts_of(model).can is not None:  # it chats
        return _no_embeddings(model, provider)
    return _refuse_dimensions(body.get("dimensions"), model) or _refuse_length(given, model, size)


def _no_embeddings(model: str, provider: Provider) -> Rejected:
    if provider.rules == "azure":
        message = _NO_EMBEDDINGS_AZURE.replace("{model}", model)
        return Rejected(ErrorBody(message, type=None, code="OperationNotSupported"))
    return Rejected(_NO_EMBEDDINGS, status=403)


def _refuse_dimensions(dimensions: int | None, model: str) -> Rejected | None:
    if dimensions is None:
        return None
    most, is_cut = _vectors_of(model)
    if not is_cut:
        return Rejected(_FIXED_SIZE)
    # The words for a number above its maximum on other parameters.
    misfit = Number("integer", maximum=most).misfit(dimensions)
    return Rejected(sentence(misfit.below("dimensions"))) if misfit else None


def _refuse_length(given: object, model: str, size: int) -> Rejected | None:
    """Return the rejection of inputs that are too long. size: bytes of the body; a token has one at least."""
    if size <= _MOST_TOKENS:
        return None
    sizes = sizes_of(given, _encoding(model))
    if (longest := max(sizes)) > _MOST_TOKENS:
        return Rejected(rejections.prompt_too_long(_MOST_TOKENS, longest))
    if (together := sum(sizes)) > _MOST_TOKENS_TOGETHER:
        kind = "max_tokens_per_request"
        message = f"Requested {together} tokens, max {_MOST_TOKENS_TOGETHER} tokens per request"
        return Rejected(ErrorBody(message, kind, code=kind))
    return None


EMBEDDINGS = EmbeddingsDialect()
