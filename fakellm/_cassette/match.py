"""Which interaction answers a request: an index by hash, and what differs where there is none."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from fakellm._cassette.interaction import Interaction
from fakellm._errors import UsageError
from fakellm._wire.canonical import KEY_PARTS, digest, request_key
from fakellm._wire.events import WireRequest

__all__ = ["Index", "Key", "check_parts", "difference"]

Key = dict[str, str | bytes]


def check_parts(parts: Iterable[str] | None) -> tuple[str, ...]:
    """Return the parts of the key in their order; all of them for None.

    Raises:
        UsageError: there is no such part.
    """
    if parts is None:
        return KEY_PARTS
    wanted = [parts] if isinstance(parts, str) else list(parts)
    if not wanted:
        raise UsageError(f"match=[] would take any recording for any request; name some of {', '.join(KEY_PARTS)}")
    if unknown := [part for part in wanted if part not in KEY_PARTS]:
        raise UsageError(f"match= takes any of {', '.join(KEY_PARTS)}; got {unknown[0]!r}")
    return tuple(part for part in KEY_PARTS if part in wanted)


class Index:
    """The interactions that were not played yet, by key; equal requests come first in, first out."""

    def __init__(self, interactions: Sequence[Interaction], parts: tuple[str, ...]) -> None:
        self._parts = parts
        self._interactions = interactions
        self._waiting: defaultdict[bytes, deque[Interaction]] = defaultdict(deque)
        for interaction in interactions:
            self._waiting[self._hash(interaction.request)].append(interaction)

    def take(self, request: WireRequest) -> Interaction | None:
        """Use up the next interaction for a request, or return None."""
        waiting = self._waiting.get(self._hash(request))
        return waiting.popleft() if waiting else None

    def is_used_up(self, request: WireRequest) -> bool:
        """Whether equal requests are recorded, and all of them were played."""
        return self._hash(request) in self._waiting and not self._waiting[self._hash(request)]

    @property
    def unplayed(self) -> list[Interaction]:
        """What was not played yet, in the order of the file."""
        waiting = {interaction.number for queue in self._waiting.values() for interaction in queue}
        return [interaction for interaction in self._interactions if interaction.number in waiting]

    def closest(self, request: WireRequest) -> Interaction | None:
        """Return the interaction whose request differs least, one that was not played before one that was."""
        wanted = request_key(request)
        unplayed = {interaction.number for interaction in self.unplayed}

        def likeness(interaction: Interaction) -> tuple[int, bool, float]:
            key = request_key(interaction.request)
            equal = sum(key[part] == wanted[part] for part in self._parts)
            return equal, interaction.number in unplayed, _likeness(key["body"], wanted["body"])

        return max(self._interactions, key=likeness, default=None)

    def _hash(self, request: WireRequest) -> bytes:
        key = request_key(request)
        return digest(*(key[part] for part in self._parts))


def difference(recorded: WireRequest, sent: WireRequest, parts: Sequence[str] = KEY_PARTS) -> str:
    """Say in which parts two requests differ, and where their bodies first do where all else is equal."""
    before, now = request_key(recorded), request_key(sent)
    different = [part for part in parts if before[part] != now[part]]
    elsewhere = [f"{part}: recorded {before[part]!r}, sent {now[part]!r}" for part in different if part != "body"]
    if elsewhere:
        return "; ".join(elsewhere + (["and the body"] if "body" in different else []))
    if not different:
        return "they are equal"
    try:
        changes = _changes(json.loads(before["body"]), json.loads(now["body"]), "")
        return next(changes, "body: equal in value, other bytes")
    except (ValueError, RecursionError):
        return f"body: recorded {len(recorded.body)} bytes, sent {len(sent.body)} bytes that are not the same"


def _changes(before: object, now: object, path: str) -> Iterator[str]:
    """Yield ``path: recorded …, sent …`` for each difference between two JSON values."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in {**before, **now}:
            where = f"{path}.{name}" if path else name
            yield from _changes(before.get(name, _ABSENT), now.get(name, _ABSENT), where)
    elif isinstance(before, list) and isinstance(now, list):
        for n in range(max(len(before), len(now))):
            items = [found[n] if n < len(found) else _ABSENT for found in (before, now)]
            yield from _changes(items[0], items[1], f"{path}[{n}]")
    elif type(before) is not type(now) or before != now:
        start = _first_difference(before, now) if isinstance(before, str) and isinstance(now, str) else 0
        yield f"{path}: recorded {_shown(before, start)}, sent {_shown(now, start)}"


_ABSENT = object()
_LONG = 160  # characters of a value that are shown


def _first_difference(before: str, now: str) -> int:
    pairs = enumerate(zip(before, now, strict=False))
    return next((n for n, (one, other) in pairs if one != other), min(len(before), len(now)))


def _shown(value: object, start: int) -> str:
    """Return a value as JSON; of a long text what begins shortly before start."""
    if value is _ABSENT:
        return "nothing"
    if isinstance(value, str) and len(value) > _LONG:
        begin = max(start - _LONG // 3, 0)
        end = begin + _LONG
        return f"{'… ' if begin else ''}{_printable(value[begin:end])}{' …' if end < len(value) else ''}"
    text = _printable(value)
    return text if len(text) <= _LONG else f"{text[:80]} … {text[-80:]}"


def _printable(value: object) -> str:
    # Half of a surrogate pair, which JSON can hold, cannot be printed.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def _likeness(one: str | bytes, other: str | bytes) -> float:
    matcher = SequenceMatcher(None, str(one)[:2000], str(other)[:2000], autojunk=False)
    return matcher.quick_ratio()
