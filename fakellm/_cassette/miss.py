"""What to tell somebody whose request is not in the recording: why, what came closest, what to type."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from fakellm._cassette.interaction import Interaction
from fakellm._cassette.key import READY, Key, Keys
from fakellm._wire.canonical import read_json
from fakellm._wire.events import WireRequest
from fakellm._wire.volatile import volatile_members

__all__ = ["OUR_OWN", "Advice", "Difference", "closest", "differences", "explain_miss"]

_CLOSEST_SHOWN = 3
_DIFFERENCES_SHOWN = 3
_NUMBERS_SHOWN = 10
_MUCH_THE_SAME = 0.6
# To ignore these would be to take any answer for any question.
_THE_QUESTION = ("messages", "input", "contents", "prompt", "model", "tools", "body", "[")
_LONG = 160  # characters of a value that are shown
_WIDE = 60  # characters of two values that stand in one line


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two requests differ. where: a part, or a path into the body. recorded, sent: as they are shown."""

    where: str
    recorded: str
    sent: str

    def lines(self) -> list[str]:
        """Return it in one line, or in three where the values are long."""
        if len(self.recorded) + len(self.sent) <= _WIDE * 2:
            return [f"{self.where}: recorded {self.recorded}, sent {self.sent}"]
        return [f"{self.where}:", f"  recorded {self.recorded}", f"  sent     {self.sent}"]


@dataclass(frozen=True, slots=True)
class Advice:
    """What to type in a miss. record: to record again. argument: where an argument goes, as ``{}``."""

    record: str = "use_cassette(path, mode='rewrite')"
    argument: str = "{}"


OUR_OWN = Advice()
"""For who opened a cassette without more."""


def explain_miss(
    request: WireRequest,
    *,
    path: str,
    interactions: Sequence[Interaction],
    unplayed: Sequence[Interaction],
    equal: Sequence[Interaction],
    keys: Keys,
    off: str,
    advice: Advice,
) -> str:
    """Explain a request that nothing recorded answers, in 30 lines at most.

    equal: the interactions with this very request, all of them played. off: why nothing is recorded.
    """
    lines = [f"{path} {_reason(interactions, equal)}; {off}"]
    lines += _retry(request, equal)
    near = [] if equal else closest(request, interactions, unplayed, keys)
    left = {one.number for one in unplayed}
    sent = keys.of(keys.redacted(request))
    found = [list(islice(differences(keys.of(keys.redacted(one.request)), sent, keys.parts), 20)) for one in near]
    for one, different in zip(near, found, strict=True):
        state = "not played yet" if one.number in left else "played already"
        lines.append(f"{'closest is' if one is near[0] else 'then'} interaction {one.number}{_line(one)}, {state}:")
        lines += [f"  {line}" for line in _shown_differences(different, is_first=one is near[0])]
    lines += _left_out(request, *(one.request for one in near))
    lines += [f"not played yet: {_left(interactions, unplayed)}", "the request was not sent anywhere"]
    if equal:
        again = (advice.argument.format(f"repeat={how!r}") for how in ("last", "cycle"))
        lines.append(f"to play it again: {' or '.join(again)}")
    elif found and (hint := _hint(found[0], keys)):
        lines.append(f"if that does not matter: {advice.argument.format(hint)}")
    lines.append(f"to record again: {advice.record}")
    return "\n".join(f"  {line}" for line in lines)


def _reason(interactions: Sequence[Interaction], equal: Sequence[Interaction]) -> str:
    if not interactions:
        return "holds no request at all"
    if not equal:
        return "holds no such request"
    times = "once" if len(equal) == 1 else f"{len(equal)} times"
    return f"holds it {times} (interaction {_numbers(equal)}), all played already"


def _retry(request: WireRequest, equal: Sequence[Interaction]) -> list[str]:
    """Say that the client repeats a request by itself, which the one that was recorded did not."""
    attempt = request.headers.get("x-stainless-retry-count", "")
    if not equal or attempt in ("", "0"):
        return []
    return [f"it is retry {attempt} of the client's, which the recorded session did not need"]


def _left_out(*requests: WireRequest) -> list[str]:
    """Say what was not compared, since clients make it anew on each run."""
    names = dict.fromkeys(name for request in requests for name in volatile_members(_decoded(request.body)))
    return [f"not compared, as it is new on each run: {', '.join(names)}"] if names else []


def _decoded(body: bytes) -> object:
    try:
        return read_json(body)
    except (ValueError, RecursionError):
        return None


def _shown_differences(found: list[Difference], *, is_first: bool) -> Iterator[str]:
    shown = found[: _DIFFERENCES_SHOWN if is_first else 1]
    for difference in shown:
        yield from difference.lines()
    if len(found) > len(shown):
        yield f"and {len(found) - len(shown)} more"


def _left(interactions: Sequence[Interaction], unplayed: Sequence[Interaction]) -> str:
    return f"interaction {_numbers(unplayed)} of {len(interactions)}" if unplayed else "nothing"


def _numbers(interactions: Sequence[Interaction]) -> str:
    shown = ", ".join(str(one.number) for one in interactions[:_NUMBERS_SHOWN])
    return f"{shown}, …" if len(interactions) > _NUMBERS_SHOWN else shown


def _line(interaction: Interaction) -> str:
    return "" if interaction.line is None else f" (line {interaction.line})"


def _hint(found: Sequence[Difference], keys: Keys) -> str:
    """Return what to type for a request that differs in nothing but this; empty where nothing would help."""
    names = [different.where for different in found]
    parts = [name for name in names if name in keys.parts and name != "body"]
    if parts:
        return f"match={[part for part in keys.parts if part not in parts]}" if parts == names else ""
    for name, pattern in READY.items():
        if all(pattern.sub("", one.recorded) == pattern.sub("", one.sent) for one in found):
            return f"normalize=[{name!r}]"
    paths = [name.partition(", line ")[0] for name in names]
    is_aside = all(path and not path.startswith(_THE_QUESTION) for path in paths)
    return f"ignore={paths}" if is_aside and len(paths) <= _DIFFERENCES_SHOWN else ""


def closest(
    request: WireRequest, interactions: Sequence[Interaction], unplayed: Sequence[Interaction], keys: Keys
) -> list[Interaction]:
    """Return up to three interactions that differ least, the nearest first; of equals, those not played yet.

    All have as many parts in common as the nearest, and those behind it bodies that are much the same.
    """
    wanted, left = keys.of(keys.redacted(request)), {one.number for one in unplayed}
    found = [(one, keys.of(keys.redacted(one.request))) for one in interactions]
    equal = [sum(key[part] == wanted[part] for part in keys.parts) for _, key in found]
    best = [
        (one.number not in left, -_likeness(key["body"], wanted["body"]), one.number, one)
        for (one, key), count in zip(found, equal, strict=True)
        if count == max(equal)
    ]
    ranked = sorted(best, key=lambda near: near[:3])[:_CLOSEST_SHOWN]
    return [near[3] for near in ranked if near is ranked[0] or -near[1] > _MUCH_THE_SAME]


def _likeness(one: str | bytes, other: str | bytes) -> float:
    """Return how much of two bodies is left and right of all differences, from 0 to 1."""
    size, shorter = max(len(one), len(other)), min(len(one), len(other))
    before = _shared(lambda n: one[:n] == other[:n], shorter)
    behind = _shared(lambda n: one[len(one) - n :] == other[len(other) - n :], shorter - before)
    return (before + behind) / size if size else 1.0


def _shared(is_equal: Callable[[int], bool], size: int) -> int:
    """Return the largest count up to size for which two texts are equal, which holds for all smaller ones."""
    return bisect_left(range(1, size + 1), 1, key=lambda n: not is_equal(n))


def differences(before: Key, now: Key, parts: Sequence[str]) -> Iterator[Difference]:
    """Yield where two requests differ: in the parts beside the body, then at each place in their bodies."""
    for part in parts:
        if part != "body" and before[part] != now[part]:
            yield Difference(part, _shown(before[part], 0), _shown(now[part], 0))
    if "body" in parts and before["body"] != now["body"]:
        yield from _in_bodies(bytes(before["body"]), bytes(now["body"]))  # type: ignore[arg-type]


def _in_bodies(before: bytes, now: bytes) -> Iterator[Difference]:
    try:
        recorded, sent = json.loads(before), json.loads(now)
    except (ValueError, RecursionError):
        yield _between_bytes(before, now)
        return
    found = _changes(recorded, sent, "")
    first = next(found, None)
    yield first or Difference("body", "bytes of the same value", "other bytes")
    yield from found


def _between_bytes(before: bytes, now: bytes) -> Difference:
    try:
        return _between_texts("body", before.decode(), now.decode())
    except UnicodeDecodeError:
        return Difference("body", f"{len(before)} bytes", f"{len(now)} bytes that are not the same")


def _changes(before: object, now: object, path: str) -> Iterator[Difference]:
    """Yield each difference between two JSON values."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in {**before, **now}:
            where = f"{path}.{name}" if path else name
            yield from _changes(before.get(name, _ABSENT), now.get(name, _ABSENT), where)
    elif isinstance(before, list) and isinstance(now, list):
        for n in range(max(len(before), len(now))):
            items = [found[n] if n < len(found) else _ABSENT for found in (before, now)]
            yield from _changes(items[0], items[1], f"{path}[{n}]")
    elif isinstance(before, str) and isinstance(now, str):
        if before != now:
            yield _between_texts(path, before, now)
    elif type(before) is not type(now) or before != now:
        yield Difference(path or "body", _shown(before, 0), _shown(now, 0))


_ABSENT = object()


def _between_texts(where: str, before: str, now: str) -> Difference:
    """Return the first line in which two texts differ."""
    lines, others = before.split("\n"), now.split("\n")
    n = next((n for n, pair in enumerate(zip(lines, others, strict=False)) if pair[0] != pair[1]), None)
    if n is None:  # one goes on where the other ends
        n = min(len(lines), len(others))
    pair = [found[n] if n < len(found) else _ABSENT for found in (lines, others)]
    start = _first_difference(*pair) if _ABSENT not in pair else 0  # type: ignore[arg-type]
    is_long = len(lines) > 1 or len(others) > 1
    return Difference(f"{where}, line {n + 1}" if is_long else where, _shown(pair[0], start), _shown(pair[1], start))


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
