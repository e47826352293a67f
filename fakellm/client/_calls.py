"""Tool calls put together from fragments, in whatever disorder they come."""

from __future__ import annotations

from collections.abc import Iterable

from fakellm.client._answer import CallPart, decode_json
from fakellm.client._mending import mended
from fakellm.client._names import normalized_name
from fakellm.models import FunctionCall

__all__ = ["Calls"]


class _Call:
    """A call as far as it has come."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self._arguments: list[str] = []

    @property
    def has_arguments(self) -> bool:
        return any(piece.strip() for piece in self._arguments)

    @property
    def is_complete(self) -> bool:
        """Whether it has arguments, and all of them."""
        last = next((piece for piece in reversed(self._arguments) if piece.strip()), "")
        return last.rstrip().endswith("}") and _is_json(mended("".join(self._arguments)))

    def take(self, part: CallPart) -> None:
        """Take a fragment: the first id stays, the name goes on until arguments come, arguments go on for ever."""
        self.id = self.id or part.id
        name = part.name.strip()
        if name and not (self.name and self.has_arguments):
            # Some repeat the whole name, or what there is of it, in each fragment.
            self.name = name if name.startswith(self.name) else self.name + name
        if part.arguments:
            self._arguments.append(part.arguments)

    def result(self) -> FunctionCall:
        return FunctionCall(id=mended(self.id), arguments=self._whole_arguments(), name=normalized_name(self.name))

    def _whole_arguments(self) -> str:
        """Return the arguments, as the API itself would send them.

        Where they are no JSON, what stands behind an object that was sent first to hold the place, or what was sent
        last, if that is some by itself.
        """
        whole = mended("".join(self._arguments))
        if whole.strip() in ("", "null"):
            return "{}"
        if len(self._arguments) > 1 and not _is_json(whole):
            behind = self._arguments[1:] if self._arguments[0].strip() == "{}" else self._arguments[-1:]
            if _is_json(found := mended("".join(behind))):
                return found
        return whole


class Calls:
    """The calls of one answer, in the order in which they began."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._placed: dict[int, _Call] = {}  # index on the wire -> the call that began last under it
        self._by_id: dict[str, _Call] = {}
        self._last: _Call | None = None

    def __bool__(self) -> bool:
        return bool(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, parts: Iterable[CallPart]) -> None:
        """Take fragments of calls; one that says nothing is none."""
        for part in filter(_says_something, parts):
            call = self._last = self._call_of(part) or self._begin(part)
            call.take(part)
            self._by_id[call.id] = call

    def add_whole(self, parts: Iterable[CallPart]) -> None:
        """Take calls that come in one piece."""
        for part in filter(_says_something, parts):
            self._begin(part).take(part)

    def results(self) -> list[FunctionCall]:
        """Return the calls, their names as the API will accept them."""
        return [call.result() for call in self._calls]

    def _begin(self, part: CallPart) -> _Call:
        call = _Call()
        self._calls.append(call)
        if part.place is not None:
            self._placed[part.place] = call
        return call

    def _call_of(self, part: CallPart) -> _Call | None:
        """Return the call that a fragment goes on with; None for one that begins another."""
        placed = None if part.place is None else self._placed.get(part.place)
        known = placed
        if placed is None or part.id not in ("", placed.id):
            known = self._by_id.get(part.id) if part.id else None
        if not part.name.strip():
            return known or placed or self._open(part)
        if placed is None and known is not None:  # its id under another index
            return known if _repeats(known, part) else None
        nearest = placed or (self._last if part.place is None else None)
        return next((call for call in (nearest, known) if call is not None and _goes_on(call, part)), None)

    def _open(self, part: CallPart) -> _Call | None:
        """Return the call that a fragment without name and place continues; without a name it begins none.

        An id of its own begins another where nothing is missing in the last.
        """
        return None if part.id and self._last is not None and self._last.is_complete else self._last


def _says_something(part: CallPart) -> bool:
    return bool(part.id or part.name.strip() or part.arguments)


def _goes_on(call: _Call, part: CallPart) -> bool:
    """Tell whether a fragment with a name belongs to a call in its place."""
    is_same_name = part.name.strip() == call.name
    if part.id and call.id and part.id != call.id:  # another id begins another call, but in the middle of arguments
        return is_same_name and call.has_arguments and not call.is_complete
    if is_same_name and (part.id == call.id != "" or not part.arguments.strip()):
        return True
    return not call.is_complete


def _repeats(call: _Call, part: CallPart) -> bool:
    """Tell whether a fragment that has a call's id, but another index, belongs to it; some give all calls one id."""
    if part.name.strip() != call.name:
        return False
    return not part.arguments.strip() or not call.is_complete


def _is_json(text: str) -> bool:
    try:
        decode_json(text)
    except ValueError:
        return False
    return True
