"""How OpenAI's APIs say an error: their envelope, and the words that a test leaves to them.

Source: answers of api.openai.com as users report them, read in November 2026. ``{model}`` stands for the model asked
for, ``{wait}`` for how long to wait, ``{limit}`` and ``{used}`` for tokens. What no report shows has "Scripted error"
for a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from fakellm._dialects.openai.rejections import model_not_found
from fakellm._wire.errors import ErrorBody, ScriptedError, error_object
from fakellm._wire.provider import Json, Provider

__all__ = ["ErrorQuirks", "envelope", "own_words", "words"]


class ErrorQuirks(NamedTuple):
    """How a provider says the errors of OpenAI's APIs, on all of them; the entry ``openai`` of its quirks."""

    errors: Mapping[str | int, ErrorBody] = MappingProxyType({})
    """By OpenAI's code, or by status: its words for an error that the test leaves to it."""

    def envelope(self, error: ErrorBody, status: int) -> Json:
        """Return the JSON object that carries an error."""
        return error_object(error)


_AS_OPENAI = ErrorQuirks()


def _quirks(provider: Provider) -> ErrorQuirks:
    quirks: ErrorQuirks = provider.quirks.get("openai", _AS_OPENAI)
    return quirks


def envelope(error: ErrorBody, status: int, provider: Provider) -> Json:
    """Return the JSON object that carries an error, as a provider sends it."""
    return _quirks(provider).envelope(error, status)


def words(error: ScriptedError, provider: Provider) -> ErrorBody:
    """Return a scripted error with what the test leaves open, in a provider's words."""
    usual = _usual(error.status, error.code)
    said = ErrorBody(
        error.message or usual.message, error.type or usual.type, error.param or usual.param, error.code or usual.code
    )
    return _quirks(provider).errors.get(usual.code or error.status, usual) if said == usual else said


def own_words(provider: Provider, code: str) -> ErrorBody | None:
    """Return what a provider says for OpenAI's error of a code; None where it says the same."""
    return _quirks(provider).errors.get(code)


_HELP = "You can retry your request, or contact us through our help center at help.openai.com if the error persists."
_OVERLOADED = ErrorBody(f"That model is currently overloaded with other requests. {_HELP}", "server_error")

_BY_CODE: Mapping[str, ErrorBody] = MappingProxyType(
    {
        error.code or "": error
        for error in (
            ErrorBody(
                "Incorrect API key provided: sk-fakellm. You can find your API key at "
                "https://platform.openai.com/account/api-keys.",
                code="invalid_api_key",
            ),
            ErrorBody(
                "Country, region, or territory not supported",
                "request_forbidden",
                code="unsupported_country_region_territory",
            ),
            model_not_found("{model}"),
            ErrorBody(
                "Rate limit reached for {model} in organization org-fakellm on requests per min (RPM): Limit 10000, "
                "Used 10000, Requested 1. Please try again in {wait}. Visit "
                "https://platform.openai.com/account/rate-limits to learn more.",
                "requests",
                code="rate_limit_exceeded",
            ),
            ErrorBody(
                "You exceeded your current quota, please check your plan and billing details. For more information on "
                "this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
                "insufficient_quota",
                code="insufficient_quota",
            ),
            # Of Azure, which alone filters prompts; other hosts pass it on.
            ErrorBody(
                "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. "
                "Please modify your prompt and retry. To learn more about our content filtering policies please read "
                "our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
                param="prompt",
                code="content_filter",
            ),
            ErrorBody(
                "This model's maximum context length is {limit} tokens. However, your messages resulted in {used} "
                "tokens. Please reduce the length of the messages.",
                param="messages",
                code="context_length_exceeded",
            ),
        )
    }
)

_BY_STATUS: Mapping[int, ErrorBody] = MappingProxyType(
    {
        401: _BY_CODE["invalid_api_key"],
        403: _BY_CODE["unsupported_country_region_territory"],
        404: _BY_CODE["model_not_found"],
        429: _BY_CODE["rate_limit_exceeded"],
        500: ErrorBody(
            f"The server had an error while processing your request. Sorry about that! {_HELP}", "server_error"
        ),
        502: ErrorBody("Bad gateway.", "server_error"),
        503: _OVERLOADED,
        504: ErrorBody("Gateway timeout.", "server_error"),
        529: _OVERLOADED,
    }
)


def _usual(status: int, code: str | None) -> ErrorBody:
    """Return the error that goes with a code, or with a status where there is no code or an unknown one."""
    if code is not None and code in _BY_CODE:
        return _BY_CODE[code]
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return _BY_STATUS.get(status) or ErrorBody(f"Scripted error {status}", kind)
