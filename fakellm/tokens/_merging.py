"""Byte-pair encoding in Python: at once, but slow for long pieces, so that it can give up.

tiktoken's CoreBPE is many times as fast per piece, and takes a quarter of a second to build, in which the caller waits
and so does every other thread. So this one works on each text until that has taken about as long, and then says so:
whoever goes on with CoreBPE has never waited more than twice as long as necessary, and a call that can do without it
never waits for it, however many there were before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, pairwise

from fakellm._memo import Memo
from fakellm.tokens._vocabulary import NO_RANK, Vocabulary

__all__ = ["Merging", "TooMuchWorkError"]

# Characters that the words and the ranks of their parts take; a word that was seen costs a tenth of a microsecond.
_REMEMBERED = 2 << 20


class TooMuchWorkError(Exception):
    """What was asked of a Merging is more than it was made for."""


class Merging:
    """Encodes texts over a vocabulary. cut: text to pieces. effort: how much it does for one text before it gives up.

    A piece that was not seen before takes an effort of its bytes, and of their square where they are many; in
    a vocabulary of 100,000 tokens a unit is about a microsecond.
    """

    def __init__(self, vocabulary: Vocabulary, cut: Callable[[str], Sequence[str]], *, effort: float) -> None:
        self._cut = cut
        self._rank_of = Memo(vocabulary.rank, limit=_REMEMBERED).__getitem__
        self._tokens_of = Memo(self._encode_piece, limit=_REMEMBERED).__getitem__
        self._effort = effort
        self._left = effort  # for the text at hand; threads that share it have a little more patience, or less

    def encode(self, text: str) -> list[int]:
        """Return the ranks of the tokens of a text.

        Raises: UnicodeEncodeError for a lone surrogate; TooMuchWorkError when the effort is used up.
        """
        self._left = self._effort
        return list(chain.from_iterable(map(self._tokens_of, self._cut(text))))

    def _encode_piece(self, piece: str) -> tuple[int, ...]:
        data = piece.encode()
        self._left -= len(data) + len(data) ** 2 / 256
        if self._left < 0:
            raise TooMuchWorkError
        rank = self._rank_of(data)
        return (rank,) if rank != NO_RANK else self._merge(data)

    def _merge(self, data: bytes) -> tuple[int, ...]:
        """Join the two neighbours that make the token of least rank, the first such pair, as long as there is one."""
        rank_of = self._rank_of
        bounds = list(range(len(data) + 1))
        joined = [rank_of(data[at : at + 2]) for at in range(len(data) - 1)]
        while joined and (least := min(joined)) != NO_RANK:
            at = joined.index(least)
            del bounds[at + 1], joined[at]
            if at:
                joined[at - 1] = rank_of(data[bounds[at - 1] : bounds[at + 1]])
            if at < len(joined):
                joined[at] = rank_of(data[bounds[at] : bounds[at + 2]])
        return tuple(rank_of(data[start:end]) for start, end in pairwise(bounds))
