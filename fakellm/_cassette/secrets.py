"""Secrets of the environment and of requests: which values they are, and the ways in which they may be written."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus, unquote_plus

from fakellm._cassette.notations import looks_drawn
from fakellm._secret_names import REDACTED, is_secret_name, is_secret_parameter, is_secret_variable

__all__ = [
    "PRESENTED_MARKS",
    "environment_secrets",
    "find_presented",
    "holds_secret_parameter",
    "is_telling_header",
    "replace_parameters",
    "replace_presented",
    "spellings",
]

_TELLING_HEADER = re.compile(
    r"[\w-]*organization[\w-]*|openai-project|x-stainless-[\w-]+|http-referer|x-title", re.IGNORECASE
)


def is_telling_header(name: str) -> bool:
    """Whether a header is secret or tells whose recording it is; what else is not kept does no harm."""
    return is_secret_name(name) or _TELLING_HEADER.fullmatch(name) is not None


_PARAMETER = re.compile(r"(?P<before>[?&#;](?P<name>[\w.%\[\]-]{1,80})=)(?P<value>[^&#;\s\"'\\<>]+)")
_ENCODED = re.compile(
    r"(?P<before>(?:%(?:25){0,3}[0-9A-Fa-f]{2}|(?<![\w.-]))(?P<name>[\w.-]{1,80})(?:%(?:25){0,3}(?:5C|22)){0,4}"
    r"%(?:25){0,3}3[AD](?:%(?:25){0,3}(?:5C|2[02])|\+){0,4})"
    r"(?P<value>(?:[\w.~*$!/=-]|%(?:25){0,3}(?:2[14BF]|3D|40))+)",
    re.IGNORECASE,
)
"""A parameter of a URL, or a member of JSON, that is percent-encoded as part of another."""
_PARAMETER_OR_FIELD = re.compile(rb"(?:[?&#;]|\A)([\w.%\[\]-]{1,80})=")


def holds_secret_parameter(data: bytes) -> bool:
    """Whether a text holds what may be a secret parameter of a URL, or is a form with a secret field."""
    names = _PARAMETER_OR_FIELD.findall(data) if b"=" in data else ()
    return any(is_secret_parameter(unquote_plus(name.decode("ascii"))) for name in names)


def replace_parameters(text: str) -> str:
    """Return a text with ``REDACTED`` in place of the values of secret parameters of URLs."""
    text = _PARAMETER.sub(_redact_parameter, text)
    return _ENCODED.sub(_redact_parameter, text) if "%" in text else text


def _redact_parameter(found: re.Match[str]) -> str:
    return f"{found['before']}{REDACTED}" if is_secret_parameter(unquote_plus(found["name"])) else found[0]


_PRESENTED = re.compile(
    r"(?P<before>\b(?P<scheme>bearer|basic)[ ]{1,20})(?P<value>[\w.~+/=-]{8,})"
    r"|(?P<user>://)(?P<login>[^/?#\s\"'@\\<>]{1,2000})@"
    r"|(?P<curl>(?:(?<=\s)|^)(?:-u|--user)[ =]\\{0,15}[\"']?[^\s:\"'\\]{1,80}:)(?P<password>[^\s\"'\\]{4,})",
    re.IGNORECASE | re.MULTILINE,
)
"""What a header, a URL or curl presents to be let in."""


def _may_present(text: str) -> bool:
    lower = text.lower()
    return ("@" in text and "://" in text) or any(mark in lower for mark in PRESENTED_MARKS)


PRESENTED_MARKS = ("bearer ", "basic ", "-u ", "-u=", "--user")
"""What a text holds, in small letters, that presents something; but for URLs."""


_PRESENTED_AS = {"value": "a token", "login": "a password in a URL", "password": "a password"}


def replace_presented(text: str) -> str:
    """Return a text with ``REDACTED`` in place of tokens after Bearer, and of users with passwords."""
    return _PRESENTED.sub(_redact_presented, text) if _may_present(text) else text


def find_presented(text: str) -> Iterable[tuple[str, str]]:
    """Yield what ``replace_presented`` would take out: a word for it, and the secret."""
    for found in _PRESENTED.finditer(text) if _may_present(text) else ():
        if _redact_presented(found) != found[0]:
            yield from ((what, found[name]) for name, what in _PRESENTED_AS.items() if found[name] is not None)


_IS_NONE = re.compile(r"\d+|\$\{?\w+\}?")  # a group's number, a variable of a shell


def _redact_presented(found: re.Match[str]) -> str:
    if found["user"] is not None:
        return f"://{REDACTED}@"
    if found["curl"] is not None:
        return f"{found['curl']}{REDACTED}" if not _IS_NONE.fullmatch(found["password"]) else found[0]
    return f"{found['before']}{REDACTED}" if _opens(found["scheme"].lower(), found["value"]) else found[0]


def _opens(scheme: str, value: str) -> bool:
    """Whether what comes after a scheme of authorization is a token, or name and password in base64."""
    if scheme == "bearer":
        return len(value) >= _SHORTEST_TOKEN and looks_drawn(value)
    try:
        return b":" in b64decode(value + "=" * (-len(value) % 4), validate=True)[1:]
    except ValueError:
        return False


_SHORTEST_TOKEN = 12
_SHORTEST = 8  # shorter values are no secrets worth the name, and occur everywhere
_HARMLESS = re.compile(
    r"[a-z]{,11}"  # a single word, as in DB_PASSWORD=postgres
    r"|(?:~|\.{1,2})?/.*"  # a path, where it is one
    r"|[A-Za-z]:\\.*"
)
# Base64 begins with a slash as often as with any letter; its parts mix capitals and digits, and most are long.
_PATH = re.compile(r"(?:~|\.{1,2})?(?:/[A-Z]?[a-z0-9._@ -]{0,40}|/[A-Z]{1,12})+|[A-Za-z]:\\.*")


def environment_secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of the variables that look secret by their names.

    None are values of fewer than 8 characters, single words of fewer than 12 small letters, and paths: they
    would be found everywhere.
    """
    values = (value.strip() for name, value in environ.items() if is_secret_variable(name))
    return tuple({value: None for value in values if len(value) >= _SHORTEST and not _is_harmless(value)})


def _is_harmless(value: str) -> bool:
    if not _HARMLESS.fullmatch(value):
        return False
    is_path = _PATH.fullmatch(value) is not None and ("/" in value[1:] or "\\" in value)
    return is_path if value[:1] in "/~." or "\\" in value else True


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return each secret as it may be written, the longest first.

    Plain, percent-encoded, escaped as in JSON, in hexadecimal, in base64 with its padding or without, also behind a
    user and a colon, where it begins at another bit.
    """
    found = {way for secret in secrets for way in _ways(secret)}
    return tuple(sorted(found, key=lambda secret: (-len(secret), secret)))


def _ways(secret: str) -> Iterable[str]:
    data = secret.encode("utf-8", "surrogatepass")
    percent = quote(secret, safe="", errors="replace")
    yield from (
        secret,
        percent,
        quote_plus(secret, errors="replace"),
        json.dumps(secret)[1:-1],
        data.hex(),
        data.hex().upper(),
    )
    yield re.sub(r"%[0-9A-F]{2}", lambda escape: escape[0].lower(), percent)
    for spelled in _in_base64(data):
        yield from (spelled, spelled.replace("+", "-").replace("/", "_"))


def _in_base64(data: bytes) -> Iterable[str]:
    """Yield a secret in base64, whole, and what of it never changes when something comes before or behind it."""
    yield from (b64encode(data).decode(), b64encode(data).decode().rstrip("="))
    for offset in range(3):
        whole = b64encode(bytes(offset) + data).decode().rstrip("=")
        core = whole[-(-offset * 8 // 6) : (offset + len(data)) * 8 // 6]
        if len(core) >= _SHORTEST:
            yield core
