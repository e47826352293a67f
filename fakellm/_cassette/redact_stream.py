"""Secrets that a body delivers in pieces, a few characters an event or a token, so that no text in it holds one.

Which pieces belong together is told by where they stand, whatever the API: by the names that lead to a piece, by the
``index`` (``output_index`` …) of what holds it or else its position in a list, and by the ``id`` and ``type``
(``item_id`` …) around it. The latter are not relied on: some APIs tell them in the first piece only, or anew in each.
The tokens of a list, known by their log probabilities, are the pieces of one text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from fakellm._cassette.json_events import Event, read_events, write_events
from fakellm._cassette.tree import Number
from fakellm._secret_names import REDACTED

__all__ = ["redact_stream"]

Redact = Callable[[str], str]
Place = tuple[Hashable, ...]
Span = tuple[int, int, str]
"""Where a secret begins and ends in a text, and what stands for it."""

_INDEX = ("index", "Index")  # how the names end of what tells where a text is
_LABEL = ("id", "Id", "type")  # and of what tells which text it is
_OF_A_TOKEN = frozenset({"logprob", "logProbability"})  # OpenAI and who speaks its API; Gemini
_OF_TOKENS = "token_logprobs"  # OpenAI's completions list tokens apart from their log probabilities
_IN_A_ROW = ("*",)
_DEEPEST = 200  # names and positions; no API comes near


class _Piece(NamedTuple):
    """A text in an event. event: its number. holder, name: the object or list that holds it, and where.

    place: the same for all pieces of a text. labels: the ids and types around it. A tuple, since a stream has hundreds
    of thousands.
    """

    event: int
    holder: Any
    name: Any
    place: Place
    labels: Place

    @property
    def text(self) -> str:
        return str(self.holder[self.name])


def redact_stream(body: bytes, redact: Redact) -> bytes:
    """Return a body without the secrets that its pieces spell together; the same object where there are none.

    redact: takes the secrets out of a whole text; the pieces of a text, joined again, are what it makes of them joined.
    The piece in which a secret begins gets what stands for it; the others lose their part of it.
    """
    # A body that was cut inside a character is no UTF-8, and is looked through all the same.
    text = body.decode("utf-8", "surrogateescape")
    events = read_events(text)
    changed = {event for pieces in _by_place(events) for event in _redact_place(pieces, redact)}
    return write_events(text, events, changed) if changed else body


def _by_place(events: Sequence[Event]) -> Iterable[list[_Piece]]:
    places: defaultdict[Place, list[_Piece]] = defaultdict(list)
    for number, event in enumerate(events):
        with suppress(RecursionError):
            for piece in list(_pieces(number, event.value, (), ())):
                places[piece.place].append(piece)
    return places.values()


def _pieces(event: int, value: Any, place: Place, labels: Place, *, in_a_row: bool = False) -> Iterator[_Piece]:
    """Yield the texts in a JSON value. place, labels: of the value. in_a_row: whether items are pieces of one text.

    Raises:
        RecursionError: the value is nested too deeply to be written anew.
    """
    if len(place) > _DEEPEST:
        raise RecursionError
    if isinstance(value, dict):
        place += _indexes(value)
        labels += tuple(held for name, held in value.items() if name.endswith(_LABEL) and type(held) is str)
        members: Iterable[tuple[Any, Any, Place]] = ((name, held, (name,)) for name, held in value.items())
        in_a_row = _OF_TOKENS in value
    elif isinstance(value, list):
        members = ((n, held, _IN_A_ROW if in_a_row else _step(n, held)) for n, held in enumerate(value))
    else:
        return
    for name, held, step in members:
        if type(held) is str:  # a number is a str that remembers how it was written
            yield _Piece(event, value, name, place + step, labels)
        elif not (_is_token(value) and isinstance(held, list)):  # other tokens that it might have been
            yield from _pieces(event, held, place + step, labels, in_a_row=in_a_row)


def _indexes(value: dict[str, Any]) -> Place:
    return tuple((name, held) for name, held in value.items() if name.endswith(_INDEX) and isinstance(held, Number))


def _step(n: int, item: Any) -> Place:
    """Return what tells an item of a list from others, beside the indexes that it tells itself."""
    if _is_token(item):
        return _IN_A_ROW
    return () if isinstance(item, dict) and isinstance(item.get("index"), Number) else (("index", str(n)),)


def _is_token(value: Any) -> bool:
    return isinstance(value, dict) and not _OF_A_TOKEN.isdisjoint(value)


def _redact_place(pieces: list[_Piece], redact: Redact) -> Iterator[int]:
    """Redact the texts at one place; yield the numbers of the events that have changed.

    Where labels come by turns, they tell texts that come by turns, which are joined apart first. Where each label is
    new, or the first piece has another, there is one text, or one behind the other.
    """
    labelled: defaultdict[Place, list[_Piece]] = defaultdict(list)
    for piece in pieces:
        labelled[piece.labels].append(piece)
    runs = sum(1 for _ in groupby(pieces, attrgetter("labels")))
    if len(labelled) < runs:
        for some in labelled.values():
            yield from _redact_pieces(some, redact)
    if _may_spell(pieces, redact):
        yield from _redact_pieces(pieces, redact)


_REPEATED = 1000  # characters of what each event repeats, which are enough to see whether a secret is in them


def _may_spell(pieces: Sequence[_Piece], redact: Redact) -> bool:
    """Whether texts may hold more secrets together than each by itself."""
    first = pieces[0].text
    if len(pieces) == 1:
        return _is_token(pieces[0].holder)  # which tells its bytes as well
    if any(piece.text != first for piece in pieces):
        return True
    some = first * min(len(pieces), _REPEATED // max(len(first), 1) + 2)  # an id or a model
    return redact(first) == first and redact(some) != some


def _redact_pieces(pieces: Sequence[_Piece], redact: Redact) -> list[int]:
    """Redact texts in place as if they were one; return the numbers of the events that have changed."""
    texts = [piece.text for piece in pieces]
    joined = "".join(texts)
    redacted = redact(joined)
    if redacted == joined:
        return []
    spread = _spread(texts, joined, _spans(joined, redacted))
    return [piece.event for piece, text in zip(pieces, spread, strict=True) if _set(piece, text)]


def _spans(text: str, redacted: str) -> list[Span]:
    """Return what of a text became what in the redacted one, in order."""
    first, *others = redacted.split(REDACTED)
    place, spans = len(first), []
    for n, kept in enumerate(others, 1):
        found = text.find(kept, place) if n < len(others) else len(text) - len(kept)
        if found < place:
            return _one_span(text, redacted)
        spans.append((place, found, REDACTED))
        place = found + len(kept)
    is_told = spans and text.startswith(first) and text.endswith(others[-1])
    return spans if is_told else _one_span(text, redacted)


def _one_span(text: str, redacted: str) -> list[Span]:
    """Return all from the first to the last difference as one: JSON may have been written anew between them."""
    # A secret may begin or end with the same letters as what stands for it, which must stay in one piece.
    begin = min(_common_length(text, redacted), redacted.find(REDACTED) % (len(redacted) + 1))
    behind = redacted.rfind(REDACTED) + len(REDACTED) if REDACTED in redacted else 0
    same_end = min(_common_length(text[begin:][::-1], redacted[begin:][::-1]), len(redacted) - behind)
    return [(begin, len(text) - same_end, redacted[begin : len(redacted) - same_end])]


def _common_length(one: str, other: str) -> int:
    """Return how many characters two texts begin with that are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _spread(texts: list[str], joined: str, spans: list[Span]) -> Iterator[str]:
    """Yield each text without its part of the spans; where one begins, what stands for it."""
    waiting = iter([*spans, (len(joined) + 1, len(joined) + 1, "")])
    begin, end, stand_in = next(waiting)
    stop = 0
    for n, text in enumerate(texts, 1):
        place, stop = stop, stop + len(text)
        kept = []
        while begin < stop or (begin == stop and n == len(texts)):
            if begin >= place:
                kept += [joined[place:begin], stand_in]
            place = min(end, stop)
            if end > stop:
                break
            begin, end, stand_in = next(waiting)
        yield "".join([*kept, joined[place:stop]])


def _set(piece: _Piece, text: str) -> bool:
    """Put a text into its place, and wherever a token says the same again; return whether that changes anything."""
    before = piece.text
    piece.holder[piece.name] = text
    if before != text and _is_token(piece.holder):
        for name, held in piece.holder.items():
            if isinstance(held, list):
                piece.holder[name] = _said_anew(held, before, text)
    return before != text


def _said_anew(value: Any, before: str, text: str) -> Any:
    """Return a JSON value in which another text, or the list of its bytes, is in the place of the one before."""
    if type(value) is str:
        return text if value == before else value
    if isinstance(value, dict):
        return {name: _said_anew(held, before, text) for name, held in value.items()}
    if isinstance(value, list):
        return _bytes(text) if value == _bytes(before) else [_said_anew(item, before, text) for item in value]
    return value


def _bytes(text: str) -> list[Number]:
    return [Number(byte) for byte in text.encode("utf-8", "surrogatepass")]
