"""Secrets that a program is given where no name stands beside them, as a table.

A letter of a command (``mysql -p…``, ``sshpass -p``), the second argument of a call (``HTTPBasicAuth("ada", "…")``), a
statement (``IDENTIFIED BY '…'``), the jar of cookies of curl, what stands behind an AWS key id, the data of a Secret of
Kubernetes, name and password in base64.
"""

from __future__ import annotations

import re
from base64 import b64decode

from fakellm._secret_names import REDACTED

__all__ = ["holds_given", "is_login", "replace_given"]

_ARGUMENTS = r"(?:[^\r\n|;]{0,300}?\s)?"
_QUOTE = r"\\{0,15}[\"']"
_TAB = r"(?:\t|\\{1,15}t)"
_IN_QUOTES = rf"(?P<value>[^\"'\\\r\n]{{4,2000}})(?={_QUOTE})"
_BARE = r"(?P<value>[^\s\"'\\`]{4,200})"
_WORD = rf"(?:{_QUOTE})?{_BARE}"
_USER = rf"(?:{_QUOTE})?[^\s:\"'\\]{{1,80}}:"

_IDENTIFIED = rf"(?i:\bidentified\sby\s(?:password\s)?){_QUOTE}{_IN_QUOTES}"

_GIVEN = {
    " -": (
        rf"\b(?:mysql|mariadb)[\w-]{{0,20}}\s{_ARGUMENTS}-p(?=\S){_WORD}",
        rf"\bsshpass\s{_ARGUMENTS}-p[ =]?{_WORD}",
        rf"\b(?:docker|podman|registry|az|oc) login\s{_ARGUMENTS}-p[ =]?{_WORD}",
        rf"\bldap[a-z]{{3,10}}\s{_ARGUMENTS}-w {_WORD}",
        rf"\bredis-cli\s{_ARGUMENTS}-a {_WORD}",
        rf"\bcurl\s{_ARGUMENTS}-u{_USER}{_BARE}",
        rf"\bcurl\s{_ARGUMENTS}(?:-b|--cookie)[ =]?{_QUOTE}(?=[^\"'\\]{{1,80}}=){_IN_QUOTES}",
        rf"\bhttps? -a {_USER}{_BARE}",
        rf"SecureString\s(?:-String\s)?{_QUOTE}{_IN_QUOTES}",
    ),
    "uth": (
        rf"(?:\bauth\s?=\s?|(?:Basic|Digest)Auth)\(\s{{0,20}}{_QUOTE}[^\"'\\]{{1,80}}{_QUOTE}\s{{0,20}},\s{{0,20}}{_QUOTE}"
        rf"{_IN_QUOTES}",
        rf"\b_?auth(?:{_QUOTE})?\s{{0,5}}[:=]\s{{0,5}}(?:{_QUOTE})?(?P<login>[A-Za-z0-9+/]{{12,2000}}={{0,2}})",
    ),
    "identified by": (_IDENTIFIED,),
    "IDENTIFIED BY": (_IDENTIFIED,),
    "@": (r"\bjdbc:oracle:\w{1,10}:[^\s/@:]{1,80}/(?P<value>[^\s@/\"'\\]{1,80})(?=@)",),
    "Cookie File": (rf"(?:TRUE|FALSE){_TAB}\d{{1,12}}{_TAB}[\w.-]{{1,80}}{_TAB}(?P<value>[^\s\\]{{4,}})",),
    "httpOnly": (
        rf"httpOnly{_QUOTE}[^{{}}]{{0,400}}?{_QUOTE}value{_QUOTE}:\s{{0,3}}{_QUOTE}{_IN_QUOTES}",
        rf"{_QUOTE}value{_QUOTE}:\s{{0,3}}{_QUOTE}{_IN_QUOTES}(?=[^{{}}]{{0,400}}httpOnly)",
    ),
}  # fmt: skip
"""Patterns by the mark that a text holds where it can hold what they find."""

_AWS = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{12,20}\b[^\r\n]{0,60}?[^A-Za-z0-9+/\r\n](?P<value>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])"
)
"""A secret key behind its id, whose shape is looked for anyhow."""

_PATTERNS = {mark: tuple(map(re.compile, patterns)) for mark, patterns in _GIVEN.items()}
_MARKS = {mark.encode(): patterns for mark, patterns in _PATTERNS.items()}
_KUBERNETES = re.compile(r"^[ \t-]*kind:[ ]{1,4}[\"']?Secret\b", re.MULTILINE)
_IN_A_BODY = re.compile(rb"kind\W{1,20}secret\b")
_DOCUMENTS = re.compile(r"(^---.*$)", re.MULTILINE)
_DATA = re.compile(
    r"^(?P<indent> *)(?:data|stringData):[ ]*\r?\n(?P<lines>(?:(?P=indent) +\S.*(?:\r?\n|\Z))+)", re.MULTILINE
)
_ENTRY = re.compile(r"^(?P<before> +[^\s:]+:[ ]+)(?P<value>[^\s|>].*?)(?P<end>\r?)$", re.MULTILINE)
_STAND_IN = re.compile(r"\d+|[$<%{].*|(?:\*|x|\.)+|REDACTED.*", re.IGNORECASE)
_LOGIN = re.compile(rb"[!-9;-~]{1,200}:[ -~]{1,2000}")


def holds_given(data: bytes, lower: bytes) -> bool:
    """Whether a text, escaped or not, holds what programs are given. lower: the same in small letters."""
    found = [pattern for mark, patterns in _MARKS.items() if mark in data for pattern in patterns]
    if found:
        text = data.decode("latin-1")
        if any(pattern.search(text) for pattern in found):
            return True
    return b"secret" in lower and b"kind" in lower and _IN_A_BODY.search(lower) is not None


def replace_given(text: str) -> str:
    """Return a text with ``REDACTED`` in place of what programs are given."""
    for mark, patterns in _PATTERNS.items():
        for pattern in patterns if mark in text else ():
            text = pattern.sub(_redact, text)
    text = _AWS.sub(_redact, text) if "AKIA" in text or "ASIA" in text else text
    return "".join(map(_redact_document, _DOCUMENTS.split(text))) if "Secret" in text else text


def _redact(found: re.Match[str]) -> str:
    name = found.lastgroup or "value"
    value = found[name]
    if _STAND_IN.fullmatch(value) or (name == "login" and not is_login(value)):
        return found[0]
    start = found.start(name) - found.start()
    return f"{found[0][:start]}{REDACTED}{found[0][start + len(value) :]}"


def is_login(value: str) -> bool:
    """Whether a value is a name and a password in base64."""
    try:
        return _LOGIN.fullmatch(b64decode(value + "=" * (-len(value) % 4), validate=True)) is not None
    except ValueError:
        return False


def _redact_document(text: str) -> str:
    """Return a document of YAML without the data of Secrets of Kubernetes."""
    return _DATA.sub(_redact_data, text) if _KUBERNETES.search(text) else text


def _redact_data(found: re.Match[str]) -> str:
    head = found[0][: found.start("lines") - found.start()]
    return head + _ENTRY.sub(rf"\g<before>{REDACTED}\g<end>", found["lines"])
