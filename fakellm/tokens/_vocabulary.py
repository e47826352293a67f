"""The vocabularies that ship with the package: tokens by rank and ranks by token, straight from a mapped file.

A ``.vocabulary`` file is made by ``tools/pack_vocabularies.py`` from tiktoken's list of tokens. Nothing is read
when it is opened but the header; the operating system brings in the pages that lookups touch. All numbers
are little-endian, 32 bits:

======== ==================== ==========================================================================
at       field                meaning
======== ==================== ==========================================================================
0        magic                ``fakellm`` and a zero byte
8        version              1
12       tokens               how many there are; their ranks are 0, 1, 2 …
16       homes                how many slots a token can hash to
20       slots                homes, and the slots after the last one that its neighbours spilled into
24       size                 of the file in bytes
28       checksum             CRC-32 of all that follows
32       slot × slots         0: empty; otherwise the rank + 1, and in its top 8 bits those of the token's CRC-32
…        end × (tokens + 1)   where in the file each token starts, and where the last one ends
…        bytes                the tokens, in the order of their ranks
======== ==================== ==========================================================================

A token is in the first free slot from its home on, ``CRC-32 of its bytes % homes``; the last slot of all is
empty, so a search never wraps. Two thirds of the homes are taken: a file is smaller than the list it is made
from, and a search looks at two slots if it finds, at five if not.

The files lie beside this module and are found through ``__file__``; where the package is imported from a zip
file, its loader reads them. The checksum is only compared when all tokens are read, which takes longer anyway.
"""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise
from mmap import ACCESS_READ, mmap
from struct import Struct
from zlib import crc32

from fakellm._errors import FakeLLMError
from fakellm._real_files import real_files

__all__ = ["NO_RANK", "Vocabulary", "pack", "read_shipped"]

# Above all ranks, so that the least rank is the next merge; 24 bits hold any rank.
NO_RANK = 1 << 24

_MAGIC = b"fakellm\0"
_VERSION = 1
_HEADER = Struct("<8s6I")


class Vocabulary:
    """The tokens of one encoding. data: a packed file. source: what errors call it."""

    __slots__ = ("_data", "_ends", "_homes", "_size", "_slots", "_source")

    def __init__(self, data: bytes | mmap, source: str) -> None:
        self._data = data
        self._source = source
        self._size, self._homes, slots = _read_header(data, source)
        ends_at = _HEADER.size + 4 * slots
        view = memoryview(data)
        self._slots = _numbers(view[_HEADER.size : ends_at])
        self._ends = _numbers(view[ends_at : ends_at + 4 * (self._size + 1)])

    def __len__(self) -> int:
        return self._size

    def rank(self, token: bytes) -> int:
        """Return the rank of a token, NO_RANK for bytes that are none."""
        code = crc32(token)
        mark = code >> 24
        slots = self._slots
        at = code % self._homes
        try:
            while slot := slots[at]:
                if slot >> 24 == mark:
                    rank = (slot & 0xFFFFFF) - 1
                    if self._data[self._ends[rank] : self._ends[rank + 1]] == token:
                        return rank
                at += 1
        except IndexError:
            raise _damage(self._source, "a search leads out of it") from None
        return NO_RANK

    def token(self, rank: int) -> bytes:
        """Return the bytes of a token. Raises: IndexError for a rank that there is not."""
        if not 0 <= rank < self._size:
            raise IndexError(rank)
        return self._data[self._ends[rank] : self._ends[rank + 1]]

    def tokens(self) -> list[bytes]:
        """Return all tokens in the order of their ranks. Raises: FakeLLMError when the file is damaged."""
        data = bytes(self._data)
        if crc32(memoryview(data)[_HEADER.size :]) != _HEADER.unpack_from(data)[-1]:
            raise _damage(self._source, "its checksum does not match")
        return [data[start:end] for start, end in pairwise(self._ends)]


def pack(tokens: Sequence[bytes]) -> bytes:
    """Return the packed file of the tokens whose ranks are 0, 1, 2 …; the same bytes for the same tokens."""
    homes = len(tokens) * 3 // 2 + 1
    slots = _fill_slots(tokens, homes)
    first = _HEADER.size + 4 * (len(slots) + len(tokens) + 1)
    ends = list(accumulate(map(len, tokens), initial=first))
    body = Struct(f"<{len(slots)}I{len(ends)}I").pack(*slots, *ends) + b"".join(tokens)
    return _HEADER.pack(_MAGIC, _VERSION, len(tokens), homes, len(slots), ends[-1], crc32(body)) + body


def _fill_slots(tokens: Sequence[bytes], homes: int) -> list[int]:
    slots = [0] * (homes + len(tokens) + 1)
    for rank, token in enumerate(tokens):
        code = crc32(token)
        slots[slots.index(0, code % homes)] = code >> 24 << 24 | rank + 1
    while len(slots) > homes and not slots[-1]:
        slots.pop()
    return [*slots, 0]


def read_shipped(name: str) -> bytes | mmap:
    """Return a file of the package's ``vocabularies``, mapped into memory where it is a file of its own."""
    with real_files():
        return _read(os.path.join(os.path.dirname(__file__), "vocabularies", name), name)


def _read(path: str, name: str) -> bytes | mmap:
    try:
        with open(path, "rb") as file:
            return mmap(file.fileno(), 0, access=ACCESS_READ)
    except ValueError as err:  # mmap's answer to a file of no bytes
        raise _damage(path, "it is empty") from err
    except OSError as err:
        return _read_zipped(path, name, err)


def _read_zipped(path: str, name: str, err: OSError) -> bytes:
    from pkgutil import get_data

    try:
        data = get_data("fakellm.tokens", f"vocabularies/{name}")
    except OSError:
        data = None
    if data is None:
        raise _damage(path, "it cannot be read") from err
    return data


def _read_header(data: bytes | mmap, source: str) -> tuple[int, int, int]:
    """Return how many tokens, homes and slots there are."""
    if len(data) < _HEADER.size or data[: len(_MAGIC)] != _MAGIC:
        raise _damage(source, "it does not begin as one")
    _, version, tokens, homes, slots, size, _ = _HEADER.unpack_from(data)
    if version != _VERSION:
        raise _damage(source, f"it has version {version}, expected {_VERSION}")
    if len(data) != size:
        raise _damage(source, f"it has {len(data)} bytes, expected {size}")
    return tokens, homes, slots


def _numbers(view: memoryview) -> Sequence[int]:
    """Return little-endian numbers as they lie there, or a copy where the machine reads them the other way."""
    if sys.byteorder == "little":
        return view.cast("I")
    numbers = array("I", bytes(view))
    numbers.byteswap()
    return numbers


def _damage(source: str, problem: str) -> FakeLLMError:
    return FakeLLMError(
        f"{source}: not a vocabulary of this release of fakellm: {problem}; "
        "reinstall it: python -m pip install --force-reinstall fakellm-toolkit"
    )
