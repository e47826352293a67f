"""The APIs that no dialect speaks yet: whose business their requests are, how they tell an error, how a stream ends."""

from __future__ import annotations

import re
from functools import lru_cache

from fakellm._anyjson import object_in, object_of
from fakellm._dialects.openai import errors as openai
from fakellm._dialects.providers import is_provider_host
from fakellm._dialects.unspoken.envelopes import envelope_at, openai_envelope
from fakellm._dialects.unspoken.paths import traffic_of
from fakellm._wire.dialect import Traffic
from fakellm._wire.errors import ErrorBody, ScriptedError
from fakellm._wire.events import WireRequest, address_of
from fakellm._wire.provider import Json, Provider
from fakellm._wire.voice import Heard, Marks, Voice

__all__ = ["UNSPOKEN"]

# OpenAI's [DONE], the last events of Responses and of Anthropic, the finish reason of Gemini.
_END = re.compile(
    rb"""(?x)
    (?: ^data:\ ?\[DONE\]
      | ^event:\ ?response\.(?:completed|incomplete|failed)\r?\ndata:[^\r\n]*
      | ^event:\ ?message_stop\r?\ndata:[^\r\n]*
      | ^data:[^\r\n]*"finishReason":[^\r\n]*
    )\s*\Z""",
    re.MULTILINE,
)


class _Unspoken(Voice):
    """The API at one address, as far as it is known: its errors, and the end of its streams."""

    marks = Marks(_END, (b'{"error":', b' {"message": "', b'?"}}'))

    def __init__(self, address: str) -> None:
        self._envelope = envelope_at(address)
        self._is_of_openai = self._envelope is openai_envelope

    def hear(self, body: bytes) -> Heard | None:
        answer = object_in(body) or {}
        usage, message = object_of(answer.get("usage")), object_of(answer.get("error")).get("message")
        counts = {said: usage[name] for name, said in _COUNTS.items() if name in usage}
        error = message if isinstance(message, str) else ""
        return Heard(error=error, usage=counts or None) if error or counts else None

    def envelope(self, error: ErrorBody, status: int, provider: Provider) -> Json:
        return openai.envelope(error, status, provider) if self._is_of_openai else self._envelope(error, status)

    def words(self, error: ScriptedError, provider: Provider) -> ErrorBody:
        return openai.words(error, provider) if self._is_of_openai else super().words(error, provider)


class _Apis:
    """The table of unspoken APIs, by address."""

    def traffic(self, method: str, host: str, path: str) -> Traffic:
        """Say whose business a request is. host: lower case, without port. path: percent-encoded as sent."""
        return _traffic(method, host, path)

    def at(self, wire: WireRequest) -> Voice:
        """Return the API at an address."""
        return _at(wire.host, wire.path)


@lru_cache(maxsize=256)
def _traffic(method: str, host: str, path: str) -> Traffic:
    at_provider = is_provider_host(host)
    if method != "POST":
        return Traffic.PROVIDER if at_provider else Traffic.NONE
    return traffic_of(address_of(host, path), at_provider=at_provider)


@lru_cache(maxsize=256)
def _at(host: str, path: str) -> _Unspoken:
    return _Unspoken(address_of(host, path))


# What Responses and Anthropic call them -> chat's names.
_COUNTS = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}

UNSPOKEN = _Apis()
