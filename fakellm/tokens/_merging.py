"""Byte-pair encoding in Python: at once, but slow for texts that are long and new, so that it can give up.

tiktoken's CoreBPE is many times as fast per piece, and takes a quarter of a second to build, in which the caller waits
and so does every other thread. So this one works on each text until that has taken about as long, and then says so:
whoever goes on with CoreBPE has never waited more than twice as long as necessary, and a call that can do without it
never waits for it, however many there were before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain, pairwise
from typing import Any

from fakellm._memo import Memo
from fakellm.tokens._vocabulary import NO_RANK, Vocabulary

__all__ = ["Merging"]

# Characters that the words take, counted and encoded each; a word that was seen costs a tenth of a microsecond.
_REMEMBERED = 2 << 20
# Neighbours of which it is known what token they make, or none; each takes 150 bytes.
_MOST_NEIGHBOURS = 1 << 15
# Bytes of a piece; in one with more, a heap is quicker than to look at all pairs again for each token.
_LONG = 80


class _TooMuchWorkError(Exception):
    """What was asked of a Merging is more than it was made for."""


class Merging:
    """Encodes texts over a vocabulary.

    cut: text to pieces. effort: how much it does for one text before it gives up. otherwise: encodes what it gives up.

    A piece that was not seen before takes an effort of its bytes, of which each takes about a microsecond.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        cut: Callable[[str], Sequence[str]],
        *,
        effort: float,
        otherwise: Callable[[str], list[int]],
    ) -> None:
        self._cut = cut
        self._otherwise = otherwise
        self._rank = vocabulary.rank
        self._ranks = _Ranks(vocabulary.rank)
        self._rank_of_two = _Ranks(vocabulary.rank).__getitem__
        self._tokens_of = Memo(self._encode_piece, limit=_REMEMBERED).__getitem__
        self._length_of = Memo(self._count_piece, limit=_REMEMBERED).__getitem__
        self._effort = effort
        self._left = effort  # for the text at hand; threads that share it have a little more patience, or less

    def encode(self, text: str) -> list[int]:
        """Return the ranks of the tokens of a text.

        Raises: UnicodeEncodeError for a lone surrogate.
        """
        self._left = self._effort
        try:
            return list(chain.from_iterable(map(self._tokens_of, self._cut(text))))
        except _TooMuchWorkError:
            return self._otherwise(text)

    def count(self, text: str) -> int:
        """Return how many tokens a text has, which is quicker to know than what they are."""
        self._left = self._effort
        try:
            return sum(map(self._length_of, self._cut(text)))
        except _TooMuchWorkError:
            return len(self._otherwise(text))

    def _encode_piece(self, piece: str) -> tuple[int, ...]:
        data, ranks = piece.encode(), self._ranks
        return tuple([ranks[data[start:end]] for start, end in pairwise(self._bounds(data))])

    def _count_piece(self, piece: str) -> int:
        return len(self._bounds(piece.encode())) - 1

    def _bounds(self, data: bytes) -> Collection[int]:
        """Return where the tokens of a piece begin, and its end."""
        self._left -= len(data)
        if self._left < 0:
            raise _TooMuchWorkError
        if self._rank(data) != NO_RANK:
            return 0, len(data)
        return self._merge(data) if len(data) < _LONG else self._merge_long(data)

    def _merge(self, data: bytes) -> Collection[int]:
        """Join the two neighbours that make the token of least rank, the first such pair, as long as there is one.

        Returns where the tokens begin, and the end. data: no token itself.
        """
        ranks = self._ranks
        bounds = list(range(len(data) + 1))
        joined = list(map(self._rank_of_two, pairwise(data)))
        while (least := min(joined)) != NO_RANK:
            at = joined.index(least)
            del bounds[at + 1], joined[at]
            if len(joined) == 1:  # of all of it, which is no token
                break
            if at:
                joined[at - 1] = ranks[data[bounds[at - 1] : bounds[at + 1]]]
            if at < len(joined):
                joined[at] = ranks[data[bounds[at] : bounds[at + 2]]]
        return bounds

    def _merge_long(self, data: bytes) -> Collection[int]:
        """Do the same in a time that does not grow with the square: with a heap of pairs, and what is left linked.

        A pair in the heap counts no more where other neighbours stand at its place by now.
        """
        ranks, end = self._ranks, len(data)
        bounds = dict.fromkeys(range(end + 1))
        joined = [*map(self._rank_of_two, pairwise(data)), NO_RANK]
        before, after = list(range(-1, end - 1)), list(range(1, end + 1))
        heap = [rank * end + at for at, rank in enumerate(joined) if rank != NO_RANK]
        heapify(heap)
        while heap:
            least, at = divmod(heappop(heap), end)
            if joined[at] != least:
                continue
            gone = after[at]
            behind = after[at] = after[gone]
            del bounds[gone]
            joined[at] = joined[gone] = NO_RANK
            changed = [before[at]]
            if behind < end:
                before[behind] = at
                changed.append(at)
            for left in changed:
                if left >= 0 and (rank := ranks[data[left : after[after[left]]]]) != joined[left]:
                    joined[left] = rank
                    if rank != NO_RANK:
                        heappush(heap, rank * end + left)
        return bounds


class _Ranks(dict[Any, int]):
    """The rank of the token that neighbours make, NO_RANK where they make none. rank: finds it.

    A key is their bytes, or a tuple of them: all pairs of a piece come as tuples in half the time.
    """

    __slots__ = ("_rank",)

    def __init__(self, rank: Callable[[bytes], int]) -> None:
        super().__init__()
        self._rank = rank

    def __missing__(self, token: bytes | tuple[int, ...]) -> int:
        if len(self) >= _MOST_NEIGHBOURS:
            self.clear()
        rank = self[token] = self._rank(bytes(token))
        return rank
