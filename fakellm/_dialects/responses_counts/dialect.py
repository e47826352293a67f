"""``POST …/responses/input_tokens``: how many tokens the same request to Responses is billed for what it holds.

Source: the OpenAPI document; recorded from api.openai.com, 2026.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Self

from fakellm._dialects.openai.answers import one_object
from fakellm._dialects.openai.dialect import OpenAIDialect
from fakellm._dialects.openai.document import body_of
from fakellm._dialects.responses_checks.patches import PATCHES
from fakellm._dialects.responses_checks.rules import check_model, explain_shape
from fakellm._dialects.responses_stored.kept import StoredResponses
from fakellm._dialects.responses_stored.reader import StoredReader
from fakellm._dialects.shapes import Members
from fakellm._wire.answer import Completion
from fakellm._wire.asked import ChatRequest
from fakellm._wire.claim import Claim, Traffic
from fakellm._wire.dialect import Strictness, alike
from fakellm._wire.errors import Rejected
from fakellm._wire.events import WireEvent, WireRequest, address_of
from fakellm._wire.provider import Json, Provider
from fakellm._wire.voice import Heard
from fakellm.tokens._rates import RESPONSES_RATES

__all__ = ["CountsDialect"]

_OBJECT = "response.input_tokens"


class CountsDialect(OpenAIDialect):
    """``POST …/responses/input_tokens``. stored: the responses that a request may build on."""

    endpoint = "tokens"
    spoken_at = "…/responses/input_tokens"
    rates = RESPONSES_RATES
    takes = frozenset()

    def __init__(self, stored: StoredResponses) -> None:
        self._requests = StoredReader(self, _check, stored, check_kept=StoredResponses.check_names)

    def on(self, stored: StoredResponses) -> Self:
        """Return the same for requests that may build on these responses."""
        made = alike(self)
        made._requests = self._requests.on(made, stored)  # noqa: SLF001  # the same
        return made

    def claims(self, wire: WireRequest) -> Claim | None:
        return _claim(wire.path) if wire.method == "POST" else None

    def read_body(self, wire: WireRequest, claim: Claim, strictness: Strictness, provider: Provider) -> ChatRequest:
        return self._requests.read(wire, claim, strictness, provider)

    def say(self, answer: Completion, asked: ChatRequest) -> Iterable[WireEvent]:
        body = {"object": _OBJECT, "input_tokens": answer.usage["prompt_tokens"]}
        return one_object(body, answer)

    def hear_object(self, answer: Json) -> Heard | None:
        return Heard(f"{answer.get('input_tokens')} tokens") if answer.get("object") == _OBJECT else None


@lru_cache(maxsize=256)
def _claim(path: str) -> Claim | None:
    is_count = address_of("", path).endswith("/responses/input_tokens")
    return Claim("tokens", stream=False, traffic=Traffic.COUNT, by_itself=True) if is_count else None


@cache
def _documented() -> Members:
    # The SDK sends parameters that are younger than the document: those that it does not have are let through.
    return body_of("POST /responses/input_tokens", PATCHES)


def _check(body: Json, model: str, strictness: Strictness, provider: Provider, *, size: int, **known: object) -> None:
    """Raise Rejected for a body that the API of this provider does not take; there may be no input."""
    if error := explain_shape(body, strictness, provider, documented=_documented):
        raise Rejected(error)
    check_model(model, strictness, provider)
