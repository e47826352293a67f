"""What a request is recognised by in a cassette: its parts, without what the test says to leave out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fakellm._errors import UsageError, did_you_mean
from fakellm._wire.canonical import (
    KEY_PARTS,
    canonical_body,
    digest,
    read_json,
    stable,
    url_key,
    write_canonical,
)
from fakellm._wire.events import WireRequest

__all__ = ["READY", "Key", "Keys", "check_ignored", "check_normalized", "check_parts"]

Key = dict[str, str | bytes]

Path = tuple[str | int | None, ...]
"""The way to a value in JSON: a member's name, an item's place, or None for every item."""

READY = {
    "uuids": re.compile(r"\b[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\b"),
    "timestamps": re.compile(
        r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z| ?[+-]\d\d:?\d\d)?"  # ISO 8601
        r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? \d\d? [A-Z][a-z]+ \d{4} \d\d:\d\d:\d\d(?: GMT| UTC)?"  # RFC 9110
        r"|\b1[5-9]\d{8}(?:\d{3})?\b"  # seconds or milliseconds since 1970, of the years 2017 to 2033
    ),
}
"""The patterns that a test may name instead of writing them."""


def check_parts(parts: Iterable[str] | None) -> tuple[str, ...]:
    """Return the parts of the key in their order; all of them for None.

    Raises:
        UsageError: there is no such part.
    """
    __tracebackhide__ = True
    if parts is None:
        return KEY_PARTS
    wanted = [parts] if isinstance(parts, str) else list(parts)
    if not wanted:
        raise UsageError(f"match=[] would take any recording for any request; name some of {', '.join(KEY_PARTS)}")
    if unknown := [part for part in wanted if part not in KEY_PARTS]:
        hint = did_you_mean(unknown[0], KEY_PARTS)
        raise UsageError(f"match= takes any of {', '.join(KEY_PARTS)}; got {unknown[0]!r}{hint}")
    return tuple(part for part in KEY_PARTS if part in wanted)


_STEP = re.compile(r"(?:^|(?<=[^.])\.)([^.\[\]*]+)|\[(\d+|\*)\]")


def check_ignored(paths: Iterable[str]) -> tuple[Path, ...]:
    """Return the paths of members that do not count.

    Raises:
        UsageError: one is no path.
    """
    __tracebackhide__ = True
    return tuple(map(_parse_path, [paths] if isinstance(paths, str) else paths))


def _parse_path(path: object) -> Path:
    __tracebackhide__ = True
    found = list(_STEP.finditer(path)) if isinstance(path, str) else []
    if not found or "".join(step[0] for step in found) != path:
        raise UsageError(
            "ignore= takes paths into a JSON body, such as 'user', 'metadata.run', 'messages[*].name' or "
            f"'messages[0].content'; got {path!r}"
        )
    return tuple(step[1] or (None if step[2] == "*" else int(step[2])) for step in found)


def check_normalized(patterns: Iterable[str | re.Pattern[str]]) -> tuple[re.Pattern[str], ...]:
    """Return the patterns whose matches in texts do not count.

    Raises:
        UsageError: one is neither a pattern nor the name of a ready one.
    """
    __tracebackhide__ = True
    wanted = [patterns] if isinstance(patterns, str | re.Pattern) else list(patterns)
    found = [READY.get(pattern) if isinstance(pattern, str) else pattern for pattern in wanted]
    for given, pattern in zip(wanted, found, strict=True):
        if not isinstance(pattern, re.Pattern) or not isinstance(pattern.pattern, str):
            raise UsageError(
                f"normalize= takes {' or '.join(map(repr, READY))}, or a pattern of your own such as "
                f"re.compile(r'run-\\d+'); got {given!r}"
            )
    return tuple(found)  # type: ignore[arg-type]


@dataclass(slots=True)
class Keys:
    """Makes keys of requests, recorded ones and sent ones alike.

    parts: the names of the parts that count. ignore: paths of members of a JSON body that do not. normalize:
    patterns whose matches in texts do not. redact: takes the secrets out of a request first.
    """

    parts: tuple[str, ...] = KEY_PARTS
    ignore: tuple[Path, ...] = ()
    normalize: tuple[re.Pattern[str], ...] = ()
    redact: Callable[[WireRequest], WireRequest] | None = None
    _places: dict[tuple[str, str], bytes] = field(default_factory=dict, repr=False)

    def of(self, request: WireRequest) -> Key:
        """Return the parts of a request by name, all of them, as they are compared."""
        return {"method": request.method.upper(), **self._url(request.url), "body": self._body(request.body)}

    def hash(self, request: WireRequest) -> bytes:
        """Return a digest of the parts that count, of a request that holds no secret."""
        return digest(self._place(request.method, request.url), self._body(request.body))

    def address(self, url: str) -> tuple[str, ...]:
        """Return where a request goes: the path and, where they count, host and port."""
        parts = self._url(url)
        return (*(parts[name] for name in ("host", "port") if name in self.parts), parts["path"])

    def redacted(self, request: WireRequest) -> WireRequest:
        """Return a request as a recording holds it."""
        return self.redact(request) if self.redact else request

    def _place(self, method: str, url: str) -> bytes:
        """Return a digest of all that counts but the body; sessions ask few places often."""
        if (known := self._places.get((method, url))) is not None:
            return known
        if len(self._places) >= _URLS_KEPT:
            self._places.clear()
        key = {"method": method.upper(), **self._url(url)}
        found = self._places[method, url] = digest(*(key[part] for part in self.parts if part != "body"))
        return found

    def _url(self, url: str) -> dict[str, str]:
        parts = url_key(url)
        return parts | {name: self._text(parts[name]) for name in ("path", "query")} if self.normalize else parts

    def _body(self, body: bytes) -> bytes:
        if "body" not in self.parts:
            return b""
        if not self.ignore and not self.normalize:
            return canonical_body(body)
        try:
            value = stable(read_json(body))
            for path in self.ignore:
                value = _without(value, path)
            return write_canonical(self._value(value)).encode("utf-8", "surrogatepass")
        except (ValueError, RecursionError):
            return self._text(canonical_body(body).decode("latin-1")).encode("latin-1")

    def _value(self, value: Any) -> Any:
        """Return a JSON value with its texts normalised."""
        match value:
            case str():
                return self._text(value)
            case list():
                return [self._value(item) for item in value]
            case dict():
                return {name: self._value(item) for name, item in value.items()}
        return value

    def _text(self, text: str) -> str:
        for pattern in self.normalize:
            text = pattern.sub(_ANYTHING, text) if text else text
        return text


_ANYTHING = "<any>"
_URLS_KEPT = 1000


def _without(value: Any, path: Path) -> Any:
    """Return a JSON value without what a path leads to; the same value where it leads nowhere."""
    step, *rest = path
    if isinstance(value, dict) and isinstance(step, str) and step in value:
        if rest:
            return {**value, step: _without(value[step], tuple(rest))}
        return {name: item for name, item in value.items() if name != step}
    if isinstance(value, list) and not isinstance(step, str):
        places = range(len(value)) if step is None else range(step, min(step + 1, len(value)))
        changed = [_without(item, tuple(rest)) if rest else None for item in value]
        return [changed[n] if n in places else item for n, item in enumerate(value)]
    return value
