"""Secrets out of a recording, the same way on both sides of matching.

What is written goes through ``Redactor.request`` and its siblings; what is compared goes through
``Redactor.asked``, so that a request with a live key finds the recording that holds none. Redacting twice
changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from fakellm._cassette.columns import replace_columns
from fakellm._cassette.content_encoding import decoded
from fakellm._cassette.given import is_login, replace_given
from fakellm._cassette.look import Look
from fakellm._cassette.notations import is_secret_member, looks_drawn, replace_named
from fakellm._cassette.secrets import replace_parameters, replace_presented, spellings
from fakellm._cassette.shapes import PEM, replace_shapes
from fakellm._cassette.tree import Number, load_json, write_json
from fakellm._errors import CassetteFormatError, UsageError
from fakellm._secret_names import REDACTED, is_secret_name, is_secret_parameter
from fakellm._wire.events import WireRequest, split_url

__all__ = ["REDACTED", "Redactor", "check_redact", "make_redactor"]

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
_FORM = re.compile(r"[\w.%+\[\]-]+=[^&\s\"';<>]*(?:&[\w.%+\[\]-]+=[^&\s\"';<>]*)*")
_FIELD = re.compile(r"(?P<before>(?P<name>[^&=]+)=)(?P<value>[^&]*)")
_PART = re.compile(r"content-disposition:[^\r\n]{0,400}?name=\"?(?P<name>[^\r\n\";]{1,80})", re.IGNORECASE)
_SHORT = 100  # characters of a text that is worth remembering
_LONGEST_HEAD = 4000  # of a part of a form


class Redactor:
    """Takes secrets out of what is recorded, and of what is compared with a recording.

    secrets: exact texts that are secret besides what looks so, as ``environment_secrets`` finds them.
    patterns: more of what looks so.
    """

    def __init__(self, secrets: Iterable[str] = (), patterns: Iterable[re.Pattern[str]] = ()) -> None:
        self._patterns = tuple(patterns)
        known = list(secrets)
        self._secrets = spellings(known)
        self._secret_bytes = [secret.encode("utf-8", "surrogatepass") for secret in self._secrets]
        self._look = Look(known)
        # Names, roles and ids come again and again; what a text becomes never changes.
        self._short = lru_cache(maxsize=1024)(self._text)

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
        return self._short(text) if len(text) < _SHORT else self._text(text)

    def _text(self, text: str) -> str:
        if not self._is_suspicious(text.encode("utf-8", "surrogatepass")):
            return text
        text = self._without_known(text)
        text = replace_presented(replace_parameters(replace_named(replace_given(replace_columns(text)))))
        return replace_shapes(text, REDACTED)

    def _without_known(self, text: str) -> str:
        """Return a text without what is secret wherever it stands."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        for pattern in self._patterns:
            text = pattern.sub(REDACTED, text)
        return PEM.sub(REDACTED, text) if "-----BEGIN" in text or "PuTTY-User" in text else text

    def _is_suspicious(self, data: bytes) -> bool:
        return bool(self._patterns) or self._look.is_suspicious(data)

    def _header(self, name: str, value: str, number: int) -> str:
        if name.lower() in _REQUEST_IDS:
            return f"req_REDACTED_{number}"
        return self.url(value) if name.lower() == "location" else self.text(value)

    def _text_body(self, text: str) -> str:
        if text.lstrip()[:1] in ("{", "["):
            redacted = self._json(text)
            if redacted is not None:
                return redacted
        form = self._without_known(text)  # lest it becomes a form only then
        if _FORM.fullmatch(form):
            return self.text(_FIELD.sub(_redact_field, form))
        text = _DATA_LINE.sub(self._data_line, _redact_parts(text))
        return self.text(text)

    def _binary_body(self, data: bytes) -> bytes:
        for secret in self._secret_bytes:
            data = data.replace(secret, REDACTED.encode())
        # Every byte is a character here, so that the patterns can be looked for between bytes that are no text.
        return self.text(_redact_parts(data.decode("latin-1"))).encode("latin-1")

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
                return self._list(value)
            case dict():
                return self._object(value)
        return value

    def _list(self, values: list[Any]) -> list[Any]:
        texts = [value for value in values if type(value) is str]
        if any("PRIVATE KEY" in text for text in texts) and PEM.search("\n".join(texts)):
            return [
                REDACTED if type(value) is str and value else self._value(value) for value in values
            ]  # line by line
        if len(texts) == len(values) == 2 and is_secret_name(texts[0]) and looks_drawn(texts[1]):
            return [texts[0], REDACTED]  # a header with its value
        return [
            REDACTED if after and type(value) is str and not value.startswith("-") else self._value(value)
            for after, value in zip([False, *map(_is_option, values)], values, strict=False)
        ]

    def _object(self, members: dict[str, Any]) -> dict[str, Any]:
        named = members.get("name", members.get("key"))
        if isinstance(named, str) and isinstance(held := members.get("value"), str) and is_secret_member(named, held):
            members = {**members, "value": _blacked_out(held)}  # a variable, a header or an option with its value
        if members.keys() >= _COOKIE:
            members = {**members, "value": _blacked_out(members["value"])}
        if members.get("kind") == "Secret":  # of Kubernetes
            members = {name: _all_blacked_out(held) if name in _DATA else held for name, held in members.items()}
        is_remote_tool = members.get("type") == "mcp"
        is_piece = any(name.lower().startswith("logprob") for name in members)  # with the token that it is of
        return {
            self.text(name): self._member(name, value, is_remote_tool=is_remote_tool)
            if not (is_piece and name == "token")
            else self._value(value)
            for name, value in members.items()
        }

    def _member(self, name: str, value: Any, *, is_remote_tool: bool) -> Any:
        if is_secret_name(name):
            return self._secret_member(name, value)
        if name in _LOGIN and isinstance(value, str) and is_login(value):
            return REDACTED
        if name == "headers" and is_remote_tool and isinstance(value, dict):
            return {key: _blacked_out(held) for key, held in value.items()}  # they go to the tool's own server
        return self._value(value)

    def _secret_member(self, name: str, value: Any) -> Any:
        """Black out a value; what is an object is rather the schema of a parameter of that name."""
        if isinstance(value, list):
            return [self._secret_member(name, item) for item in value]
        if isinstance(value, dict) and isinstance(value.get("value"), str) and "type" not in value:
            return {key: _blacked_out(held) if key == "value" else self._value(held) for key, held in value.items()}
        if isinstance(value, dict) or (isinstance(value, Number) and "token" in name.lower()):
            return self._value(value)  # the number of a token
        is_secret = not isinstance(value, str) or is_secret_member(name, value)
        return _blacked_out(value) if is_secret else self._value(value)

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


_COOKIE = {"name", "value", "httpOnly"}  # as browsers tell it
_DATA = ("data", "stringData")
_LOGIN = ("auth", "_auth")  # of Docker; of npm


def _is_option(value: Any) -> bool:
    return type(value) is str and value[:1] == "-" and is_secret_name(value)


def _all_blacked_out(value: Any) -> Any:
    return {name: _blacked_out(held) for name, held in value.items()} if isinstance(value, dict) else value


def _blacked_out(value: Any) -> Any:
    return REDACTED if isinstance(value, str) and value else value


def _redact_field(found: re.Match[str]) -> str:
    is_secret = found["value"] and is_secret_parameter(unquote_plus(found["name"]))
    return f"{found['before']}{REDACTED}" if is_secret else found[0]


def _redact_parts(text: str) -> str:
    """Return a form of several parts without what its secret fields hold."""
    kept, place = [], 0
    for part in _PART.finditer(text):
        start = text.find("\r\n\r\n", part.end(), part.end() + _LONGEST_HEAD) + 4
        if part.start() < place or start < 4 or not is_secret_parameter(part["name"]):
            continue
        end = text.find("\r\n--", start)
        kept += [text[place:start], REDACTED]
        place = end if end >= 0 else len(text)
    return "".join([*kept, text[place:]]) if place else text


def _is_kept(header: str) -> bool:
    return header in _RESPONSE_HEADERS or header.startswith(_KEPT_PREFIXES)
