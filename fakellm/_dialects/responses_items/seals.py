"""Encrypted contents: the seals that the fake puts on what it thinks, in the form of OpenAI's.

A seal is base64url of a Fernet token: the version 0x80, a time, 16 bytes, text in blocks of 16, a digest of 32. The
fake's own bear a mark in two places, so that a changed one is still known as its own, and say whose they are.
Source: 115 encrypted contents recorded from api.openai.com, of 57 bytes more than a multiple of 16; the form is
https://github.com/fernet/spec/blob/master/Spec.md.
"""

from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64encode

from fakellm._wire.canonical import digest
from fakellm._wire.identity import CREATED

__all__ = ["bears_mark", "is_intact", "is_same", "is_wellformed", "seal"]

_MARK = b"fakellm's seal  "
_HEAD = b"\x80" + CREATED.to_bytes(8) + _MARK
_BLOCKS = 16  # with marks and owner: the shortest recorded one has 329 bytes
_DIGEST = 32


def seal(item_id: str, text: str, stage: str = "") -> str:
    """Return the seal of a reasoning item. stage: in which event it is sent, since each has its own."""
    digests = (digest(item_id, text, stage, str(block)) for block in range(_BLOCKS))
    body = _HEAD + digest(item_id) + b"".join(digests) + _MARK
    return urlsafe_b64encode(body + digest(body, size=_DIGEST)).decode()


def bears_mark(content: str) -> bool:
    """Whether a content was sealed by a fake, and may have been changed since."""
    data = _decoded(content) or b""
    return data.startswith(_HEAD) or data[-_DIGEST - len(_MARK) : -_DIGEST] == _MARK


def is_intact(content: str, item_id: object) -> bool:
    """Whether a fake's seal is as it was issued, for this item. item_id: None where the item has come without."""
    data = _decoded(content) or b""
    owner = data[len(_HEAD) : len(_HEAD) + 16]
    is_its_own = item_id is None or owner == digest(str(item_id))
    return is_its_own and data[-_DIGEST:] == digest(data[:-_DIGEST], size=_DIGEST)


def is_wellformed(content: str) -> bool:
    """Whether the API could have issued a content."""
    data = _decoded(content) or b""
    return len(data) > 57 and data[0] == 0x80 and (len(data) - 57) % 16 == 0


def is_same(content: str, other: str) -> bool:
    """Whether two contents have the same bytes: some clients spell base64 in another alphabet, or do not pad it."""
    return content == other or (_decoded(content) is not None and _decoded(content) == _decoded(other))


def _decoded(content: str) -> bytes | None:
    """Return the bytes of base64 in either alphabet, padded or not; None for anything else."""
    plain = content.rstrip("=").translate(_ALPHABET)
    if _BASE64.fullmatch(plain) is None or len(plain) % 4 == 1:
        return None
    return b64decode(plain + "=" * (-len(plain) % 4))


_ALPHABET = str.maketrans("-_", "+/")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+")
