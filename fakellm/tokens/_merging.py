"""Byte-pair encoding in Python: at once, but slow for texts that are long and new, so that it can give up.

tiktoken's CoreBPE is many times as fast per piece, and takes a quarter of a second to build, in which the caller waits
and so does every other thread. So this one works on each text until that has taken about as long, and then says so:
whoever goes on with CoreBPE has never waited more than twice as long as necessary, and a call that can do without it
never waits for it, however many there were before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain, pairwise

from fakellm._memo import Memo
from fakellm.tokens._vocabulary import NO_RANK, Vocabulary

__all__ = ["Merging"]

# Characters that the words take; a word that was seen costs a tenth of a microsecond.
_REMEMBERED = 2 << 20
# Pairs of tokens of which it is known what they make; each takes 130 bytes.
_MOST_PAIRS = 1 << 15
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
        self._bytes = [vocabulary.rank(bytes([byte])) for byte in range(256)]
        self._pairs = _Pairs(vocabulary)
        self._tokens_of = Memo(self._encode_piece, limit=_REMEMBERED).__getitem__
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
            return sum(map(len, map(self._tokens_of, self._cut(text))))
        except _TooMuchWorkError:
            return len(self._otherwise(text))

    def _encode_piece(self, piece: str) -> tuple[int, ...]:
        data = piece.encode()
        self._left -= len(data)
        if self._left < 0:
            raise _TooMuchWorkError
        rank = self._rank(data)
        if rank != NO_RANK:
            return (rank,)
        return self._merge(data) if len(data) < _LONG else self._merge_long(data)

    def _merge(self, data: bytes) -> tuple[int, ...]:
        """Join the two neighbours that make the token of least rank, the first such pair, as long as there is one."""
        ranks, pairs = [self._bytes[byte] for byte in data], self._pairs
        joined = [pairs[left << _BITS | right] for left, right in pairwise(ranks)]
        while joined and (least := min(joined)) != NO_RANK:
            at = joined.index(least)
            ranks[at] = least
            del ranks[at + 1], joined[at]
            if at:
                joined[at - 1] = pairs[ranks[at - 1] << _BITS | least]
            if at < len(joined):
                joined[at] = pairs[least << _BITS | ranks[at + 1]]
        return tuple(ranks)

    def _merge_long(self, data: bytes) -> tuple[int, ...]:
        """Do the same in a time that does not grow with the square: with a heap of pairs, and what is left linked.

        A pair in the heap counts no more where other neighbours stand at its place by now.
        """
        ranks, pairs, end = [self._bytes[byte] for byte in data], self._pairs, len(data)
        joined = [*(pairs[left << _BITS | right] for left, right in pairwise(ranks)), NO_RANK]
        before, after = list(range(-1, end - 1)), list(range(1, end + 1))
        heap = [rank * end + at for at, rank in enumerate(joined) if rank != NO_RANK]
        heapify(heap)
        while heap:
            least, at = divmod(heappop(heap), end)
            if joined[at] != least:
                continue
            gone = after[at]
            behind = after[at] = after[gone]
            ranks[at], ranks[gone], joined[at], joined[gone] = least, NO_RANK, NO_RANK, NO_RANK
            changed = [(before[at], at)]
            if behind < end:
                before[behind] = at
                changed.append((at, behind))
            for left, right in changed:
                if left >= 0 and (rank := pairs[ranks[left] << _BITS | ranks[right]]) != joined[left]:
                    joined[left] = rank
                    if rank != NO_RANK:
                        heappush(heap, rank * end + left)
        return tuple([rank for rank in ranks if rank != NO_RANK])


_BITS = NO_RANK.bit_length()


class _Pairs(dict[int, int]):
    """The rank of the token that two neighbours make, NO_RANK where they make none; by both their ranks in one int."""

    __slots__ = ("_rank", "_token")

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._rank, self._token = vocabulary.rank, vocabulary.token

    def __missing__(self, pair: int) -> int:
        if len(self) >= _MOST_PAIRS:
            self.clear()
        left, right = divmod(pair, 1 << _BITS)
        rank = self[pair] = self._rank(self._token(left) + self._token(right))
        return rank
