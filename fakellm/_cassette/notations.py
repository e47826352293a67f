"""Secrets beside their names, in the middle of a text and in whatever notation.

JSON at any depth of quoting, YAML, ``.env`` files, assignments in code, header lines, options of commands, XML,
connection strings. A name is found by its stem, then what stands between name and value is read, then the value.
Each is tried once for a name, and no part of a text is read again for the next, so that time grows with the text.

A quoted value is one as it is. A bare one must look drawn by lot, unless its place leaves no doubt (``DB_PASSWORD=…``):
prose and code have other things to say after ``password:`` and ``token=``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fakellm._secret_names import REDACTED, is_secret_name, stems

__all__ = ["holds_secret_name", "is_secret_member", "looks_drawn", "replace_named"]

_NAME = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
_NAME_BYTES = _NAME.encode()
_LONGEST_NAME = 80
_STEMS = tuple(stem.encode() for stem in stems())
_WORD_BEFORE = re.compile(r"[A-Za-z]{1,20} \Z")
_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]?|\\)\Z")

_QUOTE = r"\\{0,15}[\"'`]"
_LINE = r"(?:\r?\n|(?:\\{1,15}r)?\\{1,15}n)"  # the end of one, also where it is escaped
_GAP = re.compile(
    rf"(?P<close>{_QUOTE})?\]?(?:"
    # "name": "API_KEY", "value": "…"; the same in YAML
    rf"(?P<pair>(?:\s{{0,20}},\s{{0,80}}|{_LINE} {{1,40}})(?:{_QUOTE})?value(?:{_QUOTE})?\s{{0,20}}:\s{{0,20}}"
    # <add key="ApiKey" value="…"/>, <input name="password" class="wide" value="…">
    rf"|(?:\s{{1,20}}(?!value)[a-z-]{{1,30}}={_QUOTE}[^\"'<>\\]{{0,80}}{_QUOTE}){{0,5}}"
    r"\s{1,20}(?:value|content)\s?=\s?"
    rf"|:\s{{0,20}}{{\s{{0,20}}(?:{_QUOTE})?value(?:{_QUOTE})?\s{{0,20}}:\s{{0,20}}"  # "client_secret": {"value": "…"
    rf"|{_LINE}  [^\r\n]{{1,160}}? input_value=)"  # pydantic, of a setting that is wrong
    r"|(?P<tuple>,\s{0,20})"  # (b"x-api-key", b"…")
    r"|(?P<tag>>)"  # <password>…
    # api_key: str = "…"; := and =>; YAML's blocks
    r"|(?::\s{0,3}[A-Za-z][\w.\[\]| ]{0,40}?(?=\s=))?"
    r"(?P<sign>\s{0,40}(?::=|={1,3}>?|:)[ \t]{0,40}(?:[|>][-+]?)?(?:(?:\r?\n|\\{1,15}n)[ \t]{1,40})?)"
    r"|(?P<said>[ \t](?:is|to|was)[ \t:]{1,3})"  # my password is …
    r"|(?P<call>\(\s{0,20})"  # setApiKey("…")
    r"|(?P<blank>[ \t]{1,20}))"  # --api-key …
)
"""What stands between a name and its value."""

_OPEN = re.compile(rf"[bruf@$]{{0,2}}(?:\"\"(?=\")|''(?='))?(?P<quote>{_QUOTE})", re.IGNORECASE)
_OPEN_TUPLE = re.compile(r"[(\[]\s{0,3}b?\\{0,15}[\"']\Z")
_SCHEME = re.compile(
    r"(?:Bearer|Basic|Token|ApiKey|Digest|Negotiate|NTLM|OAuth|Key|AWS4-HMAC-SHA256)[ \t]+", re.IGNORECASE
)
_FIELDS = re.compile(
    r"[A-Za-z_-]{1,30}=(?:\\{0,15}\"[^\"\\\r\n]{0,500}\\{0,15}\"|[^\s,\"'\\]{1,500})"
    r"(?:,[ \t]{0,4}[A-Za-z_-]{1,30}=(?:\\{0,15}\"[^\"\\\r\n]{0,500}\\{0,15}\"|[^\s,\"'\\]{1,500})){1,20}"
)
"""Several fields behind a scheme, as Digest and AWS have them."""
# An ampersand ends a field of a form or a command; otherwise it may be a letter of a password.
_BARE_END = re.compile(r"[\s\x00-\x1f\"'`,;<>\\(){}\[\]|]|&(?=[\w.%\[\]-]{0,80}=|[&\s]|\Z|amp;)")
_LINE_END = re.compile(r"[\r\n\"'`<>]|\\[nr]")
_QUOTES = {quote: re.compile(rf"(?<!\\)\\*{quote}") for quote in "\"'`"}

_EMPTY = re.compile(
    r"|null|nil|none|true|false|undefined|any|str(?:ing)?|int(?:eger)?|number|bool(?:ean)?|bytes|object|float"
    r"|.{0,40}(?:REDACTED|\*\*\*|\.\.\.|…|x{4}).{0,40}"
    r"|test|testing|fake|dummy|mock|unused|EMPTY|[~^<>=]{0,2}v?\d{1,4}(?:\.\d{1,4}){1,2}"
    r"|[<{\[(%$].*|.*[>})\]]|(?:your|my|the|some|example|placeholder|insert|enter)(?:[_\- ].*)?|.*[_\- ]here",
    re.IGNORECASE | re.DOTALL,
)
"""Stands for a value and is none: a type, a place to fill in, an expression."""

_PLAIN = re.compile(
    r"[A-Za-z]+|[\d.,:%_/-]+|[A-Za-z_]\w*(?:\.[A-Za-z_]\w{0,30})+|(?:sha|md|utf|oauth|rsa|aes|http|base|ipv|gpt)[-_]?[\d.]+"
    r"|(?:https?|file|wss?):.*|[./~].*/.*|[a-z]+[_-][a-z]+\d?",
    re.IGNORECASE | re.DOTALL,
)
"""A word, a number, a name in code, an address: what else may follow a colon."""

_SIGNS = re.compile(r"[0-9!@#$^*+=~]")
_JUDGED = 200  # characters of a value; a longer one is no word
_SHORTEST = 7  # characters of a bare value; shorter ones are words, versions and numbers


def looks_drawn(value: str) -> bool:
    """Whether a bare value looks like a secret rather than like a word, a number or code."""
    begin = value[:_JUDGED]
    if len(begin) < _SHORTEST or _EMPTY.fullmatch(begin) or _PLAIN.fullmatch(begin) or is_secret_name(begin):
        return False
    return _SIGNS.search(begin) is not None or begin.count("-") > 1


def is_secret_member(name: str, value: str) -> bool:
    """Whether a value is one to black out beside its name, which is all that says so.

    A ``token`` alone is a piece of text as well, in log probabilities and in streams of many servers: there it must
    be as long as no piece is.
    """
    if not is_secret_name(name) or _is_stand_in(value):
        return False
    return name.lower() != "token" or looks_drawn(value) or (len(value) > _LONGEST_PIECE and " " not in value)


_LONGEST_PIECE = 20


def _is_stand_in(value: str) -> bool:
    """Whether a quoted value is none, or the label of a field: {"password": "Password"}."""
    return _EMPTY.fullmatch(value) is not None or (value.isalpha() and is_secret_name(value))


def holds_secret_name(data: bytes, lower: bytes) -> bool:
    """Whether a text, escaped or not, holds the name of a secret, where it can have a value.

    lower: the same in small letters.
    """
    found = [stem for stem in _STEMS if stem in lower]
    return any(_is_named(data, place) for stem in found for place in _places(lower, stem))


_SEEN = 300  # bytes on either side of a stem that a name and what follows it may take


def _is_named(data: bytes, place: int) -> bool:
    if _is_plainly_harmless(data, place):
        return False
    begin = max(place - _SEEN, 0)
    text = data[begin : place + _SEEN].decode("latin-1")
    start, end = _name_around(text, place - begin)
    if not _is_secret(text, start, end):
        return False
    return _gap_behind(text, start, end) is not None or _CLOSE.match(text, end) is not None


def _is_plainly_harmless(data: bytes, place: int) -> bool:
    """Whether a name stands between quotes, as most do, and is none of a secret; the quick answer of two."""
    window = data[max(place - _LONGEST_NAME, 0) : place]
    before = window.rstrip(_NAME_BYTES)
    if before[-1:] != b'"':
        return False
    after = data[place : place + _LONGEST_NAME]
    name = window[len(before) :] + after[: len(after) - len(after.lstrip(_NAME_BYTES))]
    return not is_secret_name(name.strip(b".-").decode("ascii"))


_CLOSE = re.compile(rf"{_QUOTE}|%|[ ]{{0,20}}(?:[,|]|{_LINE}[ ]?[|+-])")
"""Or what is percent-encoded, or the head of a column."""


def _places(text: bytes, wanted: bytes) -> Iterator[int]:
    place = text.find(wanted)
    while place >= 0:
        yield place
        place = text.find(wanted, place + 1)


def _name_around(text: str, place: int) -> tuple[int, int]:
    """Return where the name begins and ends that holds a place; a longer one than any name may be cut."""
    window = text[max(place - _LONGEST_NAME, 0) : place]
    after = text[place : place + _LONGEST_NAME]
    return place - len(window) + len(window.rstrip(_NAME)), place + len(after) - len(after.lstrip(_NAME))


def _is_secret(text: str, start: int, end: int) -> bool:
    """Whether a name is secret: as it stands, behind an escape, or with the word in front."""
    name, before = text[start:end].strip(".-"), text[max(start - 24, 0) : start]
    if is_secret_name(name):
        return True
    if _ESCAPE.search(before) and (is_secret_name(name[1:]) or is_secret_name(name[2:])):
        return True
    word = _WORD_BEFORE.search(before)
    return word is not None and is_secret_name(word[0] + name)


def _gap_behind(text: str, start: int, end: int) -> re.Match[str] | None:
    """Return what stands between a name and its value; None where no value can follow."""
    gap = _GAP.match(text, end)
    if gap is None:
        return None
    before = text[max(start - 24, 0) : start]
    name = text[start:end]
    if name.endswith(".") and gap.lastgroup in _LOOSE:
        return None  # a sentence
    match gap.lastgroup:
        case "tag":
            return gap if before[-1:] in ("<", ":") else None
        case "tuple":
            return gap if gap["close"] and _OPEN_TUPLE.search(before) else None
        case "call":
            return gap if name.rpartition(".")[2].lower().startswith(_SETTERS) else None
        case "blank":
            is_name = name.isupper() or "_" in name or "-" in name or _OPEN.match(text, gap.end())
            return gap if is_name or _LAST_OF_LINE.match(text, gap.end()) else None
        case "sign" if before.endswith("://"):
            return None  # the user of a URL
    return gap


_LAST_OF_LINE = re.compile(r"[^\s\"'\\]{7,200}(?:[ \t]{0,10}[\r\n]|\\[nr]|\Z)")  # login me password …
_SETTERS = ("set", "with", "add", "use")
_LOOSE = frozenset({"tuple", "said", "call", "blank"})  # between what need not be a name and its value


def replace_named(text: str) -> str:
    """Return a text with ``REDACTED`` in place of the values beside secret names."""
    kept, place = [], 0
    for start, end in _Reader(text).values():
        kept += [text[place:start], REDACTED]
        place = end
    return "".join([*kept, text[place:]]) if place else text


class _Reader:
    """Finds the values in a text, from left to right. What was searched for once is not searched for again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._run = (0, 0)
        self._unclosed: set[str] = set()

    def values(self) -> Iterator[tuple[int, int]]:
        """Yield where the values of secret names lie, in order."""
        done = 0
        for place in self._stems():
            if place < done:
                continue
            start, done = _name_around(self._text, place)
            if not _is_secret(self._text, start, done):
                continue
            if (span := self._value(start, done)) is not None and span[0] < span[1]:
                yield span
                done = span[1]

    def _stems(self) -> list[int]:
        """Return where stems begin, in order."""
        lower = self._text.encode("latin-1", "replace").lower()  # a byte for each character
        return sorted(place for stem in _STEMS for place in _places(lower, stem))

    def _value(self, start: int, end: int) -> tuple[int, int] | None:
        gap = _gap_behind(self._text, start, end)
        if gap is None:
            return None
        if gap.lastgroup == "tag":
            return self._element(gap.end())
        quote = _OPEN.match(self._text, gap.end())
        return self._bare(start, gap) if quote is None else self._quoted(self._text[start:end], gap, quote)

    def _element(self, start: int) -> tuple[int, int] | None:
        end = self._text.find("</", start, start + _LONGEST_ELEMENT)
        end = end if end >= 0 else self._text.find(r"<\/", start, start + _LONGEST_ELEMENT)
        value = self._begin(start, end).strip()
        return (start, end) if end > start and value and not _EMPTY.fullmatch(value) else None

    def _quoted(self, name: str, gap: re.Match[str], quote: re.Match[str]) -> tuple[int, int] | None:
        start = quote.end()
        end = self._closing(quote["quote"], start)
        value = self._begin(start, end)
        if _is_stand_in(value):
            return None
        if gap.lastgroup in _LOOSE and (" " in value or not looks_drawn(value)):
            return None
        if not is_secret_member(name, value) and name.lower() == "token":
            return None
        if gap["close"] or gap.lastgroup == "pair":
            return start, end
        # What follows a name without quotes may be the end of one text and the beginning of the next.
        behind = self._text[end : end + len(quote["quote"]) + 1].replace('""', '"').replace("''", "'")
        is_closed = len(behind) >= len(quote["quote"])
        next_one = behind[len(quote["quote"]) :]
        is_text = value[0] not in " \t\n,;:)]}+" and not next_one.isalnum() and next_one not in ("(", "{")
        is_alone = next_one not in ('"', "'") or self._ends_the_outer(next_one, quote, value)
        return (start, end) if is_closed and is_text and is_alone else None

    def _ends_the_outer(self, next_one: str, quote: re.Match[str], value: str) -> bool:
        """Whether a quote behind a quoted value ends the text around it: ``{"code": "password = '…'"}``."""
        return next_one != quote["quote"][-1] and len(value) < _JUDGED and next_one not in value

    def _closing(self, quote: str, start: int) -> int:
        """Return where a quoted text ends that is quoted as deeply as it begins; the end of all where it does not."""
        depth = len(quote) - 1
        searches = () if quote in self._unclosed else _QUOTES[quote[-1]].finditer(self._text, start)
        for found in searches:
            backslashes = len(found[0]) - 1
            if backslashes < depth or (backslashes - depth) % (2 * (depth + 1)) == 0:
                return max(found.end() - 1 - depth, found.start())
        self._unclosed.add(quote)
        return len(self._text)

    def _bare(self, name_start: int, gap: re.Match[str]) -> tuple[int, int] | None:
        text, name = self._text, self._text[name_start : gap.start()]
        scheme = _SCHEME.match(text, gap.end())
        start = scheme.end() if scheme else gap.end()
        if "authorization" in name.lower() and (fields := _FIELDS.match(text, start)):
            return start, fields.end()
        end = self._end_of_run(start)
        value = self._begin(start, end)
        if text[end : end + 1] in ("(", "[", "{") or _EMPTY.fullmatch(value):
            return None
        if name.lower().endswith("cookie") and "=" in value:
            found = _LINE_END.search(text, start)
            return start, found.start() if found else len(text)
        if self._leaves_no_doubt(name, name_start, gap) and not is_secret_name(value):
            return start, end
        is_key = scheme is not None and len(value) > _SHORTEST and _CAPITAL.search(value) is not None
        is_option = name.startswith("--") and len(value) > _SHORTEST and re.search(r"[0-9]", value) is not None
        return (start, end) if is_key or is_option or looks_drawn(value) else None

    def _leaves_no_doubt(self, name: str, start: int, gap: re.Match[str]) -> bool:
        """Whether a name with a value is a setting: NAME=value, --name=value, between semicolons, in a list of them."""
        if gap.lastgroup == "pair":
            return True
        is_setting = name.isupper() or name.startswith("--") or ";" in self._text[max(start - 2, 0) : start]
        return gap["sign"] == "=" and is_setting

    def _begin(self, start: int, end: int) -> str:
        """Return as much of a value as is judged; a copy of each would take long where values are."""
        return self._text[start : min(end, start + _JUDGED)]

    def _end_of_run(self, start: int) -> int:
        if not self._run[0] <= start < self._run[1]:
            found = _BARE_END.search(self._text, start)
            self._run = start, found.start() if found else len(self._text)
        return self._run[1]


_CAPITAL = re.compile(r"[A-Z0-9]")
_LONGEST_ELEMENT = 5000
