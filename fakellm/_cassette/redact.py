"""Secrets out of a recording, the same way on both sides of matching.

What is written goes through ``Redactor.request`` and its siblings; what is compared goes through
``Redactor.asked``, so that a request with a live key finds the recording that holds none. Redacting twice
changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fakellm._cassette.content_encoding import decoded
from fakellm._cassette.secrets import (
    BEARER,
    NAMED,
    PARAMETER,
    PEM,
    SECRET_NAME,
    TRIGGERS,
    USER_INFO,
    VALUE,
    spellings,
)
from fakellm._cassette.tree import Number, load_json, write_json
from fakellm._errors import CassetteFormatError, UsageError
from fakellm._wire.events import WireRequest, split_url

__all__ = ["REDACTED", "Redactor", "check_redact", "make_redactor"]

REDACTED = "REDACTED"

_FIXED = frozenset({"idempotency-key"})  # new on each run, so that a recording never changes for it
_REQUEST_HEADERS = frozenset({"content-type", "accept", "openai-beta", "anthropic-version", "anthropic-beta"}) | _FIXED
_REQUEST_IDS = frozenset({"x-request-id", "request-id"})  # OpenAI's, Anthropic's
_RESPONSE_HEADERS = _REQUEST_IDS | frozenset(
    {
        "content-type",
        "content-encoding",  # only where the body is stored as it came over the wire
        "retry-after",
        "retry-after-ms",
        "x-should-retry",
        "openai-model",
        "openai-version",
        "openai-processing-ms",
        "location",
    }
)
_KEPT_PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-")

_DATA_LINE = re.compile(r"^((?:data:)?[ \t]*)([{\[].*?)(\r?)$", re.MULTILINE)
_FORM = re.compile(r"[\w.%+\[\]-]+=[^&\s]*(?:&[\w.%+\[\]-]+=[^&\s]*)*")
_PART = re.compile(
    rf"(?P<before>content-disposition:[^\r\n]*?name=\"?{SECRET_NAME.pattern}\"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)"
    r".*?(?=\r\n--)",
    re.IGNORECASE | re.DOTALL,
)


class Redactor:
    """Takes secrets out of what is recorded, and of what is compared with a recording.

    secrets: exact texts that are secret besides what looks so, as ``environment_secrets`` finds them.
    patterns: more of what looks so.
    """

    def __init__(self, secrets: Iterable[str] = (), patterns: Iterable[re.Pattern[str]] = ()) -> None:
        self._patterns = tuple(patterns)
        self._secrets = spellings(secrets)
        self._secret_bytes = [secret.encode() for secret in self._secrets]

    def asked(self, request: WireRequest) -> WireRequest:
        """Return what of a request is compared, the URL and the body, redacted; the same object where nothing is."""
        request = decoded(request)
        url, body = self.url(request.url), self.body(request.body)
        if url == request.url and body == request.body:
            return request
        return WireRequest(request.method, url, request.headers, body)

    def request(self, request: WireRequest) -> WireRequest:
        """Return a request with the headers that may be kept, and no secret in URL, headers and body."""
        kept = {name.lower(): value for name, value in request.headers.items() if name.lower() in _REQUEST_HEADERS}
        headers = {name: REDACTED if name in _FIXED else self.text(value) for name, value in kept.items()}
        return WireRequest(request.method, self.url(request.url), headers, self.body(decoded(request).body))

    def response_headers(self, headers: Iterable[tuple[str, str]], *, number: int) -> tuple[tuple[str, str], ...]:
        """Return the headers of a response that may be kept, without secrets. number: of the interaction."""
        return tuple((name, self._header(name, value, number)) for name, value in headers if _is_kept(name.lower()))

    def url(self, url: str) -> str:
        """Return a URL without user info and without secret parameters."""
        parts = split_url(url) if "@" in url else None
        if parts is not None and "@" in parts.netloc:
            url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        return self.text(url)

    def body(self, data: bytes) -> bytes:
        """Return a body, JSON, a stream, a form, several parts or binary, without secrets."""
        if not self._is_suspicious(data):
            return data
        try:
            return self._text_body(data.decode()).encode("utf-8", "backslashreplace")
        except UnicodeDecodeError:
            return self._binary_body(data)

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        if not self._is_suspicious(text.encode("utf-8", "surrogatepass")):
            return text
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        for pattern in (*self._patterns, PEM):
            text = pattern.sub(REDACTED, text)
        for pattern in (NAMED, PARAMETER, BEARER):
            text = pattern.sub(_keep_before, text)
        return USER_INFO.sub(rf"\g<before>{REDACTED}@", VALUE.sub(REDACTED, text))

    def _is_suspicious(self, data: bytes) -> bool:
        """Whether there can be something to redact; a few searches, which most bodies are spared more than."""
        lower = data.lower()
        if self._patterns or any(word in lower for word in TRIGGERS) or (b"@" in lower and b"://" in lower):
            return True
        return any(secret in data for secret in self._secret_bytes)

    def _header(self, name: str, value: str, number: int) -> str:
        if name.lower() in _REQUEST_IDS:
            return f"req_REDACTED_{number}"
        return self.url(value) if name.lower() == "location" else self.text(value)

    def _text_body(self, text: str) -> str:
        if text.lstrip()[:1] in ("{", "["):
            redacted = self._json(text)
            if redacted is not None:
                return redacted
        if _FORM.fullmatch(text):
            return self.text(text)
        text = _DATA_LINE.sub(self._data_line, _PART.sub(_keep_before, text))
        return self.text(text)

    def _binary_body(self, data: bytes) -> bytes:
        for secret in self._secret_bytes:
            data = data.replace(secret, REDACTED.encode())
        # Every byte is a character here, so that the patterns can be looked for between bytes that are no text.
        return self.text(_PART.sub(_keep_before, data.decode("latin-1"))).encode("latin-1")

    def _data_line(self, line: re.Match[str]) -> str:
        redacted = self._json(line[2])
        return line[0] if redacted is None else f"{line[1]}{redacted}{line[3]}"

    def _json(self, text: str) -> str | None:
        """Redact a JSON text; the same text where there is nothing to redact, None where it is no JSON."""
        try:
            value = load_json(text, path="")
            redacted = self._value(value)
        except (CassetteFormatError, RecursionError):
            return None
        return text if redacted == value else write_json(redacted)

    def _value(self, value: Any) -> Any:
        match value:
            case Number():
                return value
            case str():
                return self.string(value)
            case list():
                return [self._value(item) for item in value]
            case dict():
                is_remote_tool = value.get("type") == "mcp"
                return {self.text(k): self._member(k, v, is_remote_tool=is_remote_tool) for k, v in value.items()}
        return value

    def _member(self, name: str, value: Any, *, is_remote_tool: bool) -> Any:
        if SECRET_NAME.fullmatch(name):
            return self._secret_member(value)
        if name == "headers" and is_remote_tool and isinstance(value, dict):
            return {key: _blacked_out(held) for key, held in value.items()}  # they go to the tool's own server
        return self._value(value)

    def _secret_member(self, value: Any) -> Any:
        """Black out a value; what is an object is rather the schema of a parameter of that name."""
        if isinstance(value, list):
            return [self._secret_member(item) for item in value]
        return self._value(value) if isinstance(value, dict) else _blacked_out(value)

    def string(self, text: str) -> str:
        """Return a text that may be JSON, as in a JSON string, without secrets."""
        if text[:1] in ("{", "[") and (redacted := self._json(text)) is not None:
            return redacted  # the arguments of a tool call, say
        return self.text(text)


_SHORTEST = 4  # a shorter text occurs everywhere


def check_redact(redact: Iterable[str | re.Pattern[str]]) -> list[str | re.Pattern[str]]:
    """Return what a user wants blacked out.

    Raises:
        UsageError: neither a text of four characters or more nor a compiled pattern.
    """
    wanted: list[str | re.Pattern[str]] = [redact] if isinstance(redact, str) else list(redact)
    for one in wanted:
        if not isinstance(one, re.Pattern) and not (isinstance(one, str) and len(one) >= _SHORTEST):
            raise UsageError(
                f"redact= takes texts of {_SHORTEST} characters or more, and compiled patterns; got {one!r}"
            )
    return wanted


def make_redactor(redact: Iterable[str | re.Pattern[str]], secrets: Iterable[str]) -> Redactor:
    """Return a redactor for what a user wants blacked out, for secrets, and for what looks like one."""
    wanted = list(redact)
    texts = [one for one in wanted if isinstance(one, str)]
    return Redactor([*texts, *secrets], [one for one in wanted if isinstance(one, re.Pattern)])


def _blacked_out(value: Any) -> Any:
    return REDACTED if isinstance(value, str) and value else value


def _keep_before(found: re.Match[str]) -> str:
    return f"{found['before']}{REDACTED}"


def _is_kept(header: str) -> bool:
    return header in _RESPONSE_HEADERS or header.startswith(_KEPT_PREFIXES)
