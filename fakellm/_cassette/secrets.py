"""What a secret looks like: by its own shape, by the name beside it, or as the value of an environment variable."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import quote

__all__ = [
    "BEARER",
    "NAMED",
    "PARAMETER",
    "PEM",
    "SECRET_NAME",
    "TELLING_HEADER",
    "TRIGGERS",
    "USER_INFO",
    "VALUE",
    "environment_secrets",
    "spellings",
]

# A word may not run into a secret from the left; a percent escape or an escaped line end may.
_LEFT = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"

VALUE = re.compile(
    _LEFT + r"(?:"
    r"sk-(?:(?=[a-zA-Z_*-]*[0-9*])[\w*-]{8,}|[\w*-]{16,})"  # OpenAI, Anthropic, OpenRouter; masked ones, too
    r"|(?:gsk_|csk-|hf_|sk_(?:live|test)_|rk_live_|ek_|xai-|pplx-|tvly-|r8_|nvapi-|fw_)[\w-]{16,}"
    r"|AIza[\w-]{20,}|ya29\.[\w-]{16,}"  # Google
    r"|(?:AKIA|ASIA)[0-9A-Z]{12,}"  # AWS
    r"|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}"
    r"|xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}"  # Slack
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?"  # JSON Web Token
    r"|org-[A-Za-z0-9]{16,}|proj_[A-Za-z0-9]{16,}"  # who the customer is, in OpenAI's error texts
    r")"
)
"""A secret that its own shape gives away."""

PEM = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL)

BEARER = re.compile(r"(?P<before>\b(?:bearer|basic|token) +)(?=[\w.~+/=-]*[0-9])[\w.~+/=-]{12,}", re.IGNORECASE)
"""A token as an authorization header holds it."""

_NAME = (
    r"(?:[\w-]*[_-])?(?:"
    r"(?:access|refresh|id|auth|session|bearer|api|sas|security)[_-]?token"
    r"|client[_-]?secret|client[_-]?assertion|secret[_-]?(?:access[_-]?)?key|(?:api|subscription|private)[_-]?key"
    r"|passw(?:or)?d|passphrase|(?:proxy[_-]?)?authorization|(?:set[_-]?)?cookie)"
)

SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
"""The name of a JSON member, a form field or a header whose value is secret."""

TELLING_HEADER = re.compile(
    rf"{_NAME}|[\w-]*organization[\w-]*|openai-project|x-stainless-[\w-]+|http-referer|x-title", re.IGNORECASE
)
"""A header that is secret or tells whose recording it is; what else is not kept does no harm."""

NAMED = re.compile(
    rf"(?P<before>(?P<quote>[\"']){_NAME}(?P=quote)\s*[:=]\s*(?P<open>[\"']))"
    r"(?:(?!(?P=open))[^\\]|\\.)*",
    re.IGNORECASE | re.DOTALL,
)
"""A quoted name with its quoted value, in the middle of a text."""

PARAMETER = re.compile(
    rf"(?P<before>(?:[?&#]|^)(?:key|token|sig|signature|code|apikey|x-(?:amz|goog)-[\w-]+|{_NAME})=)[^&#\s\"'\\<>]+",
    re.IGNORECASE,
)
"""A parameter of a URL, or a field of a form, whose value is secret."""

USER_INFO = re.compile(r"(?P<before>://)[^/?#\s\"'@]+@")

TRIGGERS = tuple(
    word.encode()
    for word in (
        "sk-", "sk_", "gsk_", "hf_", "rk_", "ek_", "xai-", "pplx-", "tvly-", "r8_", "nvapi-", "fw_", "aiza", "ya29.",
        "akia", "asia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "xapp-", "eyj", "org-",
        "proj_", "private key", 'token"', "token'", "token=", "token ", 'secret"', "secret'", "secret=", 'key"', "key'",
        "key=", "passw", "passphrase", "authorization", "assertion", "bearer", "basic ", "cookie", "sig=", "signature=",
        "code=", "x-amz-", "x-goog-", '"headers"', "\\u00",
    )
)  # fmt: skip
"""What a text holds, in lower case, wherever one of the patterns above can match; a test keeps them in step."""

_SECRET_VARIABLE = re.compile(r"KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|COOKIE|_AUTH$|_DSN$|CONNECTION_STRING")
_SHORTEST = 8  # shorter values are no secrets worth the name, and occur everywhere
_HARMLESS = re.compile(r"[a-z]{,11}|[/~].*")  # a single word, as in DB_PASSWORD=postgres; a path


def environment_secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of the variables that look secret by their names.

    None are values of fewer than 8 characters, single words of fewer than 12 small letters, and paths: they
    would be found everywhere.
    """
    values = (value.strip() for name, value in environ.items() if _SECRET_VARIABLE.search(name.upper()))
    return tuple({value: None for value in values if len(value) >= _SHORTEST and not _HARMLESS.fullmatch(value)})


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return each secret as it may be written: plain, percent-encoded, in base64; the longest first."""
    found = {way for secret in secrets for way in (secret, quote(secret, safe=""), b64encode(secret.encode()).decode())}
    return tuple(sorted(found, key=lambda secret: (-len(secret), secret)))
